"""No bot is stuck: those that hang, those that nobody runs, and what a crash left open."""

import asyncio
import dataclasses

import pytest
from support.bots import DEADLINE, ended, playing, seen, status, stored, wish
from support.domain import NOW
from support.wait import until

from server.connectors.links import Platform
from server.connectors.port import Admitted
from server.connectors.scripted import ScriptedConnector
from server.records import Bot, BotPerson
from server.services import bot_reaper
from server.services.bot_reaper import GRACE_SECONDS
from server.services.context import App
from signaling.ids import new_id

LOST = stored(status="recording", joined_at=NOW, details={"transcription": "active"})


class Hanging(ScriptedConnector):
    """Never comes back from joining; may not even be cancelled."""

    def __init__(self, *, stubborn: bool) -> None:
        super().__init__((), lambda *_: None, platform=Platform.ZOOM)
        self.stubborn = stubborn
        self.entered = asyncio.Event()
        self.released = asyncio.Event()

    async def join(self, *_: object) -> None:
        self.entered.set()
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                if not self.stubborn:
                    raise


async def hang(app: App, *, stubborn: bool = False, **members: object) -> tuple[Bot, Hanging]:
    bots, connector = playing(app), Hanging(stubborn=stubborn)
    bots._connectors = {Platform.ZOOM: lambda: connector}
    bot, _ = await bots.create(wish(**members))
    await connector.entered.wait()
    return bot, connector


async def test_a_bot_that_hangs_has_crashed_after_the_grace(app: App):
    bot, _ = await hang(app)
    app.clock.advance(GRACE_SECONDS)
    await app.bots.reaper.look()
    assert (await app.bots.get(bot.id)).status == "joining"
    app.clock.advance(1)
    await app.bots.reaper.look()
    found = await ended(app.bots, bot.id)
    assert (found.status, found.error_code) == ("failed", "BOT_CRASHED")
    assert app.bots.active == 0


async def test_a_bot_that_cannot_even_be_cancelled_is_ended_without_it(app: App):
    bot, connector = await hang(app, stubborn=True)
    for _ in range(2):
        app.clock.advance(GRACE_SECONDS + 1)
        await app.bots.reaper.look()
    assert app.bots.active == 0
    found = await app.bots.get(bot.id)
    assert (found.status, found.error_code) == ("failed", "BOT_CRASHED")
    connector.released.set()


async def test_a_bot_that_is_well_is_left_alone(app: App):
    bots = playing(app, [(0, Admitted())])
    bot, _ = await bots.create(wish())
    await seen(bots, bot.id, status("active"))
    await app.bots.reaper.look()
    assert (await bots.get(bot.id)).status == "active"
    await bots.stop(bot)


async def test_a_bot_that_nobody_runs_has_crashed_after_the_grace(app: App):
    await app.storage.save_records([LOST, BotPerson(new_id(), LOST.id, "p1", "Ann", NOW)])
    await app.bots.reaper.look()
    assert (await app.bots.get(LOST.id)).status == "recording"
    app.clock.advance(GRACE_SECONDS + 1)
    await app.bots.reaper.look()
    found = await app.bots.get(LOST.id)
    assert (found.status, found.error_code) == ("failed", "BOT_CRASHED")
    assert (await app.bots.people(LOST.id))[0].left_at == NOW
    await until(lambda: app.bots._after == {})
    assert (await app.bots.get(LOST.id)).details["transcription"] == "completed"


async def test_a_bot_that_ends_during_a_look_has_not_crashed(app: App, monkeypatch):
    bots = playing(app, [(0, Admitted())])
    bot, _ = await bots.create(wish())
    await seen(bots, bot.id, status("active"))
    await bots.ledger.settled()
    bots_in = app.storage.bots_in

    async def slowly(*asked: object) -> object:
        found = await bots_in(*asked)
        await bots.stop(bot)
        return found

    app.clock.advance(GRACE_SECONDS)
    bots._runs[bot.id]._beat()
    app.clock.advance(1)
    monkeypatch.setattr(app.storage, "bots_in", slowly)
    await bots.reaper.look()
    found = await bots.get(bot.id)
    assert (found.status, found.end_reason) == ("completed", "stopped")


async def test_a_look_that_fails_is_not_the_last(app: App, monkeypatch):
    looks, faults, again = [], [], asyncio.Event()

    async def look() -> None:
        looks.append(None)
        if len(looks) == 1:
            raise OSError("disk full")
        again.set()

    monkeypatch.setattr(bot_reaper, "EVERY_SECONDS", 0)
    monkeypatch.setattr(app.bots.reaper, "look", look)
    monkeypatch.setattr(app.bots.reaper, "_on_error", lambda name, _error: faults.append(name))
    watching = asyncio.create_task(app.bots.watch())
    async with asyncio.timeout(DEADLINE):
        await again.wait()
    watching.cancel()
    assert faults == ["watch bots"]


@pytest.mark.parametrize(
    ("left", "found"),
    [
        (
            {"recording": "finalizing", "transcription": "active"},
            {
                "recording": "failed",
                "transcription": "completed",
                "warnings": ["recording_not_found"],
            },
        ),
        (
            {"recording": "completed", "transcription": "processing"},
            {
                "recording": "completed",
                "transcription": "failed",
                "warnings": ["transcription_interrupted"],
            },
        ),
    ],
)
async def test_what_was_to_be_finished_is_settled_at_the_start(app: App, left, found):
    recording = new_id() if left["recording"] == "finalizing" else None
    bot = dataclasses.replace(
        LOST, status="completed", details=left, recording_id=recording, own_recording=True
    )
    await app.storage.save_record(bot)
    await app.bots.recover()
    await until(lambda: app.bots._after == {})
    settled = await app.bots.get(bot.id)
    assert (settled.status, settled.details) == ("completed", found)


async def test_nothing_is_pending_for_a_bot_that_was_never_in(app: App):
    bot, connector = await hang(app, transcribe=True)
    connector.released.set()
    stopped = await app.bots.stop(bot)
    assert (stopped.status, stopped.details["transcription"]) == ("completed", "completed")
    bot = dataclasses.replace(LOST, joined_at=None, details={"transcription": "pending"})
    await app.storage.save_record(bot)
    await app.bots.recover()
    assert (await app.bots.get(bot.id)).details["transcription"] == "failed"
