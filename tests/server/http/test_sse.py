import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from server.http.sse import STREAMS, Message, close_streams, last_event_id, stream, wanted


def request(**headers: str) -> web.Request:
    return make_mocked_request("GET", "/", {k.replace("_", "-"): v for k, v in headers.items()})


def test_message_is_one_line_of_data() -> None:
    message = Message("7", "chat.sent", {"text": "a\nb\r\u2028"})
    assert message.encode() == (
        'id: 7\nevent: chat.sent\ndata: {"text":"a\\nb\\r\u2028"}\n\n'.encode()
    )
    assert Message(None, "lagged", {}).encode() == b"event: lagged\ndata: {}\n\n"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [("text/event-stream", True), ("text/event-stream, */*", True), ("*/*", False), ("", False)],
)
def test_stream_is_wanted_by_name(accept: str, expected: bool) -> None:
    assert wanted(request(Accept=accept)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("41", 41), (" 0 ", 0), ("", None), ("-1", None), ("x", None), ("9" * 19, None), ("²", None)],
)
def test_last_id_is_one_of_our_numbers(text: str, expected: int | None) -> None:
    assert last_event_id(request(Last_Event_ID=text)) == expected


async def test_stream_writes_messages_and_signs_of_life(aiohttp_client) -> None:
    async def messages():
        yield Message("1", "a", 1)
        yield None
        yield Message("2", "b", 2)

    async def handler(asked: web.Request) -> web.StreamResponse:
        return await stream(asked, messages())

    application = web.Application()
    application.router.add_get("/", handler)
    client = await aiohttp_client(application)
    answer = await client.get("/")
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert (await answer.read()).split(b"\n\n") == [
        b"retry: 2000", b"id: 1\nevent: a\ndata: 1", b": still here", b"id: 2\nevent: b\ndata: 2",
        b"",
    ]  # fmt: skip


async def test_stop_closes_every_source() -> None:
    class Source:
        closed = False

        def close(self) -> None:
            self.closed = True

    application, source = web.Application(), Source()
    application[STREAMS] = {source}
    await close_streams(application)
    assert source.closed
