"""Sessions: start, list, get, stop, erase, people, log."""

from collections.abc import Mapping
from typing import Final, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from media.captions.speech import understands
from server.api.policy import actor, demand_target, sees
from server.connectors.links import LONGEST
from server.dialects.buddy import objects
from server.dialects.buddy.call import Call
from server.dialects.buddy.errors import BuddyError, invalid
from server.dialects.buddy.ids import searched
from server.http.call import Call as HttpCall
from server.http.problem import Problem
from server.records import Bot
from server.services.bot_machine import BotStatus
from server.services.bots import BotWish
from signaling.errors import Refused

PAGE_SIZE, LARGEST_PAGE = 20, 100
_LONGEST_KEY: Final = 255
_LEVELS: Final = ("info", "warning", "error")


class VideoQuality(BaseModel):
    """Kept; without effect."""

    preset: Literal["standard", "high", "ultra"] = "standard"
    fps: int = Field(default=30, ge=15, le=60)
    resolution: Literal["720p", "1080p"] = "720p"


class StartSession(BaseModel):
    """A wish for a bot; fields that are not known are ignored."""

    model_config = ConfigDict(strict=True)

    meeting_link: str = Field(min_length=1, max_length=LONGEST)
    bot_name: str = Field(
        default="Meeting Buddy", min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$"
    )
    transcription_enabled: bool = True
    transcription_language: str = Field(
        default="en", max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
    )
    debug_mode: bool = False
    recording_mode: Literal["audio_only", "audio_video"] = "audio_only"
    video_quality: VideoQuality | None = None
    participation_mode: Literal["listener", "participant"] = "listener"
    voice_profile_id: str | None = Field(default=None, max_length=128)
    voice_agent_config: dict[str, object] | None = None
    visibility: Literal["private", "participants", "department", "organization"] | None = None
    shared_department_ids: list[str] | None = Field(default=None, max_length=100)


class Labels(BaseModel):
    """Names for speakers, by key."""

    labels: dict[str, str] = Field(max_length=1000)


async def create(call: Call) -> web.Response:
    """Route 1."""
    body = await call.body(StartSession)
    await _demand_meeting(call, body.meeting_link)
    transcription = call.app.settings.transcription
    if (
        transcription.required
        and body.transcription_enabled
        and not understands(transcription.engine, body.transcription_language)
    ):
        text = f"The speech engine does not understand {body.transcription_language}."
        raise BuddyError(503, "TRANSCRIPTION_UNAVAILABLE", text, headers={"Retry-After": "30"})
    key = call.request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= _LONGEST_KEY:
        raise invalid("Idempotency-Key", "An Idempotency-Key has 1 to 255 characters")
    wish = BotWish(
        account=call.principal.account,
        by=actor(call.principal),
        link=body.meeting_link,
        name=body.bot_name,
        transcribe=body.transcription_enabled,
        language=body.transcription_language,
        debug=body.debug_mode,
        request=body.model_dump(mode="json"),
        key=key,
    )
    bot, repeated = await call.app.bots.create(wish)
    headers = {"Idempotent-Replayed": "true"} if repeated else {}
    people = await call.app.bots.people(bot.id) if repeated else []
    return web.json_response(objects.session(bot, people), status=201, headers=headers)


async def _demand_meeting(call: Call, link: str) -> None:
    try:
        await demand_target(HttpCall(call.request, call.app, call.principal, ""), link)
    except (Problem, Refused) as error:
        text = "You may not send a bot to this meeting."
        raise BuddyError(403, "FORBIDDEN", text) from error


async def listing(call: Call) -> web.Response:
    """Route 2."""
    page = call.number("page", 1, 1, 1_000_000)
    size = call.number("page_size", PAGE_SIZE, 1, LARGEST_PAGE)
    status = call.text("status")
    if status is not None and status not in set(BotStatus):
        raise invalid("status", "status must be one of " + ", ".join(BotStatus))
    query = call.query(
        limit=size,
        offset=(page - 1) * size,
        statuses=(status,) if status else (),
        search=searched(call.text("search") or "") or None,
        since=call.date("start_date"),
        until=call.date("end_date", end=True),
    )
    bots, total = await call.app.bots.page(query)
    people = await call.app.bots.people_of(bots)
    return web.json_response(
        {
            "sessions": [objects.session(bot, people[bot.id]) for bot in bots],
            "total": total,
            "page": page,
            "page_size": size,
            "total_pages": -(-total // size),
        }
    )


async def get(call: Call) -> web.Response:
    """Route 3."""
    return await shown(call, await call.bot())


async def stop(call: Call) -> web.Response:
    """Routes 4 and 5."""
    return await shown(call, await call.app.bots.stop(await call.bot()))


async def erase(call: Call) -> web.Response:
    """Route 6."""
    await call.app.bots.erase(await call.bot())
    return web.Response(status=204)


async def participants(call: Call) -> web.Response:
    """Route 12."""
    bot = await call.bot()
    people = await call.app.bots.people(bot.id)
    return web.json_response(objects.participants(bot, people, call.app.clock.utc()))


async def put_labels(call: Call) -> web.Response:
    """Route 17."""
    bot, body = await call.bot(), await call.body(Labels)
    return await shown(call, await call.app.bots.label(bot, _checked(body.labels)))


def _checked(labels: Mapping[str, str]) -> Mapping[str, str]:
    for key, name in labels.items():
        if not key.isdecimal() or len(key) > 6 or not 0 < len(name) <= 128:
            raise invalid(f"labels.{key[:20]}", "A label is a name for a speaker_key")
    return labels


async def transcribe_again(call: Call) -> web.Response:
    """Route 18."""
    return await shown(call, await call.app.bots.transcribe_again(await call.bot()))


async def log(call: Call) -> web.Response:
    """Route 19."""
    bot = await call.bot()
    level = call.text("severity")
    if level is not None and level not in _LEVELS:
        raise invalid("severity", "severity must be info, warning or error")
    entries, total = await call.app.storage.bot_log(
        bot.id,
        limit=call.number("limit", 100, 1, 1000),
        offset=call.number("offset", 0, 0, 1_000_000),
        category=call.text("category"),
        level=level,
    )
    return web.json_response(
        {"logs": [objects.log_entry(entry) for entry in entries], "total": total}
    )


async def active(call: Call) -> web.Response:
    """Route 21."""
    now = call.app.clock.utc()
    bots = [
        bot
        for bot in await call.app.bots.unfinished(call.principal.account)
        if sees(call.principal, bot) and bot.status != BotStatus.LEAVING
    ]
    people = await call.app.bots.people_of(bots)
    return web.json_response([objects.active(bot, people[bot.id], now) for bot in bots])


async def shown(call: Call, bot: Bot) -> web.Response:
    """A Session as it is now."""
    return web.json_response(objects.session(bot, await call.app.bots.people(bot.id)))
