"""Random requests, good and bad, against the described API: the description must hold."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from aiohttp import web as aiohttp_web
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from support.webserver import KEY, Inbox, starting

from server.api.document import native_document
from server.edge import create_application
from server.services.views import CreateMeeting
from signaling.ports import JoinRequest

EXAMPLES = 5


class Background:
    """The application on a loop of its own in a thread, as schemathesis is synchronous."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.url = ""
        self.ids: dict[str, str] = {}

    def __enter__(self) -> "Background":
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with starting(self._data) as (app, engine, _):
            meeting = await app.meetings.create(CreateMeeting(), account="default", by=None)
            live = await app.live.join(
                JoinRequest(meeting.id, None, "Ada"), protocol="websocket", outbox=Inbox()
            )
            engine.up(live.id)
            recording = await app.recordings.start(meeting.id, None)
            view = app.sessions.live(meeting.id)
            assert view is not None
            self.ids = {
                "meeting": meeting.id,
                "session_id": view.session.id,
                "participant_id": live.participant_id,
                "recording_id": recording.id,
            }
            runner = aiohttp_web.AppRunner(
                await asyncio.to_thread(create_application, app),
                access_log=None,
                shutdown_timeout=1,
            )
            await runner.setup()
            site = aiohttp_web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._ready.set()
            await self._stop.wait()
            await runner.cleanup()


@pytest.fixture(scope="module")
def background(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Background]:
    with Background(tmp_path_factory.mktemp("data")) as background:
        yield background


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag")
def plain_text(_context: schemathesis.SerializationContext, value: object) -> str:
    return str(value)


described = schemathesis.openapi.from_dict(native_document())
everything = described.exclude(path="/v1/events")  # its stream never ends
existing = described.exclude(method="DELETE").exclude(path_regex="^[^{]*$|/end$|/kick$|whip|whep")


@everything.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_described_answers_come(case: schemathesis.Case, background: Background) -> None:
    case.call_and_validate(
        base_url=background.url,
        headers=KEY,
        timeout=10,
        # no JSON schema tells a good SDP offer or a meeting's link from other text
        excluded_checks=[positive_data_acceptance]
        if case.path.endswith(("whip", "whep", "/bots"))
        else [],
    )


@existing.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_described_answers_come_for_what_exists(
    case: schemathesis.Case, background: Background
) -> None:
    case.path_parameters = {**case.path_parameters, **background.ids}
    case.call_and_validate(
        base_url=background.url,
        headers={**KEY, "Accept": "application/json"},
        timeout=10,
        excluded_checks=[negative_data_rejection],  # the bad part may have been the id
    )


def test_nothing_but_the_endless_stream_is_left_out() -> None:
    total = sum(1 for _ in described.get_all_operations())
    assert sum(1 for _ in everything.get_all_operations()) == total - 1
    assert sum(1 for _ in existing.get_all_operations()) >= 15
