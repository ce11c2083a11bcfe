"""Every way a bot's life goes, played by scripted connectors."""

import pytest
from support.bots import ended, playing, seen, status, wish

from server.connectors.links import Platform
from server.connectors.port import (
    Admitted,
    BotEnd,
    Denied,
    Ended,
    Failed,
    FailureCode,
    Lobby,
    NotRecorded,
    PersonJoined,
    PersonLeft,
    PersonRenamed,
    RecordingBegan,
    SoundChanged,
    TrackAdded,
    TrackRemoved,
)
from server.services.context import App

NORMAL = ((0, Admitted()), (0, PersonJoined("p1", "Ann")), (0, RecordingBegan("r1", own=False)))
LOST = Failed(FailureCode.JOIN_FAILED, "The network is gone.", transient=True)


async def outcome(app: App, *scenarios, **settings: object) -> tuple[str, str | None]:
    bots = playing(app, *scenarios)
    bot, _ = await bots.create(wish())
    bot = await ended(bots, bot.id)
    return bot.status, bot.error_code or bot.end_reason


async def test_a_whole_life_is_recorded(app: App):
    scenario = (
        (0, Lobby()),
        (0, Admitted("m1")),
        (0, TrackAdded("t1")),
        (0, PersonJoined("p1", "Ann")),
        (0, SoundChanged(sounding=True)),
        (0, RecordingBegan("r1", own=False)),
        (0, PersonRenamed("p1", "Anna")),
        (0, PersonLeft("p1")),
        (0, TrackRemoved("t1")),
        (0, Ended(BotEnd.MEETING_ENDED)),
    )
    bots = playing(app, scenario)
    bot, _ = await bots.create(wish())
    bot = await ended(bots, bot.id)
    assert (bot.status, bot.end_reason, bot.meeting_id) == ("completed", "meeting_ended", "m1")
    assert bot.joined_at is not None
    assert bot.duration_seconds == 0.0
    assert [who.name for who in await bots.people(bot.id)] == ["Ann", "Anna"]
    entries, total = await app.storage.bot_log(bot.id, limit=100, category="status")
    words = [one.message for one in entries if one.type == "status_changed"]
    assert words == [
        f"Bot is {one}" for one in ("joining", "active", "recording", "leaving", "completed")
    ]
    assert total > 5


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (Denied("no"), "ADMISSION_DENIED"),
        (Denied("log in", FailureCode.LOGIN_REQUIRED), "LOGIN_REQUIRED"),
        (Failed(FailureCode.MEETING_NOT_FOUND, "none"), "MEETING_NOT_FOUND"),
        (Failed(FailureCode.BLOCKED_BY_CAPTCHA, "x", transient=True), "BLOCKED_BY_CAPTCHA"),
    ],
)
async def test_what_is_final_is_not_tried_again(app: App, event, code: str):
    assert await outcome(app, [(0, event)], NORMAL) == ("failed", code)


async def test_a_passing_fault_stays_joining_and_is_tried_again(running):
    async with running(bots={"retry_seconds": [0.01, 0.01]}) as app:
        bots = playing(app, [(0, LOST)], [(0, LOST)], [*NORMAL, (0, Ended(BotEnd.REMOVED))])
        bot, _ = await bots.create(wish())
        bot = await ended(bots, bot.id)
        assert (bot.status, bot.end_reason) == ("completed", "removed")


async def test_after_the_last_try_it_has_failed(running):
    async with running(bots={"retry_seconds": [0.01]}) as app:
        assert await outcome(app, [(0, LOST)], [(0, LOST)], NORMAL) == ("failed", "JOIN_FAILED")


async def test_it_is_listed_as_joining_while_it_waits_to_try_again_and_can_be_stopped(app: App):
    bots = playing(app, [(0, LOST)])
    bot, _ = await bots.create(wish())
    await seen(bots, bot.id, lambda data: data["entry"].type == "join_retry", "log")
    assert [one.status for one in await bots.unfinished("default")] == ["joining"]
    stopped = await bots.stop(bot)
    assert (stopped.status, stopped.end_reason) == ("completed", "stopped")
    assert stopped.joined_at is None


@pytest.mark.parametrize(
    ("setting", "scenario", "said"),
    [
        ("waiting_room_seconds", [(0, Lobby())], ("failed", "WAITING_ROOM_TIMEOUT")),
        ("nobody_joined_seconds", [(0, Admitted())], ("completed", "nobody_joined")),
        (
            "everyone_left_seconds",
            [*NORMAL, (0, PersonLeft("p1"))],
            ("completed", "everyone_left"),
        ),
        ("max_seconds", NORMAL, ("completed", "max_duration")),
    ],
)
async def test_every_patience_has_an_end(running, setting: str, scenario, said):
    async with running(bots={setting: 0.01}) as app:
        assert await outcome(app, scenario) == said


async def test_silence_ends_it(running):
    async with running(bots={"silence_seconds": 0.01, "silence_armed_seconds": 0.01}) as app:
        assert await outcome(app, NORMAL) == ("completed", "silence")


async def test_a_connector_that_ends_without_a_word_has_crashed(app: App):
    bots = playing(app, NORMAL)
    made = bots._connectors
    kept = []
    zoom = made[Platform.ZOOM]

    def make():
        kept.append(zoom())
        return kept[-1]

    bots._connectors = {**made, Platform.ZOOM: make}
    bot, _ = await bots.create(wish())
    await seen(bots, bot.id, status("recording"))
    kept[0]._told.end()
    assert (await ended(bots, bot.id)).error_code == "BOT_CRASHED"


async def test_what_cannot_be_recorded_is_a_warning(app: App):
    bots = playing(app, [(0, Admitted()), (0, NotRecorded("disk_full", "No space."))])
    bot, _ = await bots.create(wish())
    await seen(bots, bot.id, lambda data: data["entry"].type == "disk_full", "log")
    assert (await bots.stop(bot)).details["warnings"] == ["disk_full"]


async def test_a_users_stop_dominates(app: App):
    bots = playing(app, NORMAL)
    bot, _ = await bots.create(wish())
    await seen(bots, bot.id, status("recording"))
    stopped = await bots.stop(bot)
    assert (stopped.status, stopped.end_reason) == ("completed", "stopped")


async def test_the_servers_stop_is_a_failure_with_a_code(app: App):
    bots = playing(app, NORMAL)
    bot, _ = await bots.create(wish())
    await seen(bots, bot.id, status("recording"))
    await bots.close()
    bot = await bots.get(bot.id)
    assert (bot.status, bot.error_code, bot.end_reason) == ("failed", "SERVER_RESTARTED", None)


async def test_a_bot_that_goes_already_keeps_its_reason_when_the_server_stops(app: App):
    bots = playing(app, NORMAL)
    bot, _ = await bots.create(wish())
    await seen(bots, bot.id, status("recording"))
    bots._runs[bot.id].stop()
    await bots.close()
    bot = await bots.get(bot.id)
    assert (bot.status, bot.end_reason) == ("completed", "stopped")


async def test_a_missing_connector_says_why(app: App):
    bots = playing(app, missing="no browser")
    bot, _ = await bots.create(wish())
    bot = await ended(bots, bot.id)
    assert bot.error_code == "PLATFORM_NOT_AVAILABLE"
    assert bot.error_message == "Zoom: no browser"
