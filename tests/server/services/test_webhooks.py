import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.domain import NOW, open_storage

from server.records import DeliveryState, Webhook
from server.services.signing_key import SigningKey
from server.services.webhooks import THROTTLE_AFTER, WAITING_LIMIT, HeaderNames, WebhooksService
from server.storage.sql import SqlStorage

HOOK = Webhook("w", "default", "n", "http://x/", ["a"], True, "app", NOW, NOW)
NAMES = HeaderNames(signature=("sign", "old-sign"), delivery=("uuid",), webhook=("hook",))


class Post:
    """Answers with the next status of `answers`, then 200; None is no answer."""

    def __init__(self) -> None:
        self.answers: list[int | None] = []
        self.sent: list[tuple[bytes, Mapping[str, str]]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        await self.gate.wait()
        self.sent.append((body, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if answer is None:
            raise OSError("no answer")
        return answer


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return SigningKey.load_or_create(tmp_path_factory.mktemp("key") / "key.pem")


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqlStorage]:
    opened = await open_storage(tmp_path)
    await opened.save_record(HOOK)
    yield opened
    await opened.stop()


def fail(_name: str, error: BaseException) -> None:
    raise error


def service(storage: SqlStorage, key: SigningKey, post: Post) -> WebhooksService:
    return WebhooksService(
        store=storage,
        key=key,
        post=post,
        names=NAMES,
        clock=FakeClock(),
        on_error=fail,
        pauses=(0, 0),
    )


async def settled(hooks: WebhooksService, count: int) -> list[DeliveryState]:
    async with asyncio.timeout(10):
        while True:
            states = [one.state for one in await hooks.log("w")]
            if len(states) == count and DeliveryState.PENDING not in states:
                return states
            await asyncio.sleep(0.005)


async def test_an_account_has_what_was_saved_and_not_what_was_deleted(storage, key):
    hooks = service(storage, key, Post())
    assert list(await hooks.of_account(HOOK.account)) == [HOOK]
    off = dataclasses.replace(HOOK, enabled=False)
    await hooks.save(off)
    assert list(await hooks.of_account(HOOK.account)) == [off]
    await hooks.delete(off)
    assert list(await hooks.of_account(HOOK.account)) == []
    await hooks.stop()


async def test_events_of_a_session_arrive_in_order_and_once(storage, key):
    post = Post()
    hooks = service(storage, key, post)
    post.answers = [500, None]
    for number in range(3):
        await hooks.send(HOOK, "a", "s", f"{number}")
    assert await settled(hooks, 3) == [DeliveryState.DELIVERED] * 3
    assert [body for body, _ in post.sent] == [b"0", b"0", b"0", b"1", b"2"]
    headers = post.sent[0][1]
    assert headers["sign"] == headers["old-sign"] == key.sign(b"0")
    assert (headers["hook"], headers["Content-Type"]) == ("w", "application/json")
    assert len({sent["uuid"] for _, sent in post.sent}) == 3
    assert (await hooks.log("w"))[0].attempts == 3
    await hooks.stop()


@pytest.mark.parametrize("status", [302, 400, 404, 410])
async def test_a_refusal_is_not_repeated(storage, key, status: int):
    post = Post()
    hooks = service(storage, key, post)
    post.answers = [status]
    await hooks.send(HOOK, "a", "s", "{}")
    assert await settled(hooks, 1) == [DeliveryState.FAILED]
    (logged,) = await hooks.log("w")
    assert (logged.status, len(post.sent)) == (status, 1)
    await hooks.stop()


async def test_a_webhook_that_never_answers_is_throttled(storage, key):
    post = Post()
    hooks = service(storage, key, post)
    post.answers = [None] * (3 * THROTTLE_AFTER + 1)
    for number in range(THROTTLE_AFTER + 1):
        await hooks.send(HOOK, "a", "s", f"{number}")
    states = await settled(hooks, THROTTLE_AFTER + 1)
    assert set(states) == {DeliveryState.FAILED}
    assert len(post.sent) == 3 * THROTTLE_AFTER + 1
    await hooks.stop()


async def test_what_was_pending_goes_on_after_a_restart(storage, key):
    post = Post()
    post.gate.clear()
    first = service(storage, key, post)
    await first.send(HOOK, "a", "s", "{}")
    await first.stop()
    post.gate.set()
    second = service(storage, key, post)
    await second.start()
    assert await settled(second, 1) == [DeliveryState.DELIVERED]
    await second.stop()


async def test_a_webhook_that_is_off_or_gone_gets_nothing(storage, key):
    post = Post()
    hooks = service(storage, key, post)
    await hooks.delete(HOOK)
    await hooks.send(HOOK, "a", "s", "{}")
    assert await settled(hooks, 1) == [DeliveryState.FAILED]
    assert post.sent == []
    assert await hooks.of_account("default") == []
    assert await hooks.find("default", "w") is None
    assert hooks.public_pem == key.public_pem
    await hooks.stop()


async def test_a_lane_is_bounded(storage, key, monkeypatch):
    monkeypatch.setattr("server.services.webhooks.WAITING_LIMIT", 2)
    post = Post()
    post.gate.clear()
    hooks = service(storage, key, post)
    made = [await hooks.send(HOOK, "a", "s", "{}") for _ in range(3)]
    assert [one.state for one in made][2] is DeliveryState.FAILED
    assert WAITING_LIMIT > 2
    await hooks.stop()
