"""Meetings: create, list, read, replace, update."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from server.dialects.realtimekit.answers import bad, success, time_text
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.reading import (
    Body,
    matches,
    newest_first,
    number_of,
    object_of,
    read_paging,
    switch_of,
    text_of,
    within,
)
from server.records import Extra
from server.services.views import CreateMeeting, PatchMeeting
from server.storage.port import MeetingQuery, Storage
from signaling.errors import RefusalKind, Refused
from signaling.model import CaptionPolicy, Meeting, MeetingStatus, RecordPolicy

KEEP_ALIVE_LIMIT = 600
SECRETS = ("access_key", "secret", "password", "private_key")
"""Members of `storage_config` that are never given back."""
_SWITCHES = ("live_stream_on_start", "persist_chat", "summarize_on_end", "transcribe_on_end")
_SPOKEN = ("transcribe_on_end", "summarize_on_end")
_OBJECTS = ("ai_config", "recording_config")
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What a body asks for; None where it says nothing."""

    title: str | None
    record_on_start: bool | None
    keep_alive: float | None
    status: MeetingStatus | None
    kept: Mapping[str, object]

    @property
    def record(self) -> RecordPolicy | None:
        """The same in the server's words."""
        if self.record_on_start is None:
            return None
        return RecordPolicy.ALWAYS if self.record_on_start else RecordPolicy.MANUAL

    @property
    def captions(self) -> CaptionPolicy | None:
        """What a transcript or a summary at the end is made of."""
        wanted = [self.kept[one] for one in _SPOKEN if one in self.kept]
        if not wanted:
            return None
        return CaptionPolicy.AUTO if any(wanted) else CaptionPolicy.ON


def read_wish(body: Body) -> Wish:
    """A meeting's members in a body; unknown ones are ignored.

    Raises:
        KitError: 400.
    """
    kept: dict[str, object] = {name: switch_of(body, name) for name in _SWITCHES}
    kept |= {name: object_of(body, name) for name in _OBJECTS}
    status = text_of(body, "status")
    if status not in (None, *MeetingStatus):
        raise bad('"status" must be one of ACTIVE, INACTIVE')
    return Wish(
        title=text_of(body, "title"),
        record_on_start=switch_of(body, "record_on_start"),
        keep_alive=number_of(body, "session_keep_alive_time_in_secs", 1, KEEP_ALIVE_LIMIT),
        status=None if status is None else MeetingStatus(status),
        kept={name: value for name, value in kept.items() if value is not None},
    )


def title_of(meeting: Meeting, extra: Body) -> str:
    """The title that the client gave; empty when it gave none."""
    return "" if extra.get("untitled") else meeting.title


def public_config(config: object) -> object:
    """A configuration without the secrets of its storage."""
    if not isinstance(config, dict):
        return config
    storage = config.get("storage_config")
    if not isinstance(storage, dict):
        return config
    shown = {name: value for name, value in storage.items() if name not in SECRETS}
    return {**config, "storage_config": shown}


def document(call: Call, meeting: Meeting, extra: Extra | None, *, ai: bool = True) -> Body:
    """A meeting as the dialect shows it."""
    data: Body = extra.data if extra is not None else {}
    keep_alive = meeting.keep_alive_seconds
    if keep_alive is None:
        keep_alive = call.app.settings.rtc.keep_alive_seconds
    shown: dict[str, object] = {
        "id": meeting.id,
        "title": title_of(meeting, data),
        "status": meeting.status.value,
        "record_on_start": meeting.record is RecordPolicy.ALWAYS,
        **{name: bool(data.get(name)) for name in _SWITCHES},
        "session_keep_alive_time_in_secs": keep_alive,
        "created_at": time_text(meeting.created_at),
        "updated_at": time_text(extra.updated_at if extra is not None else meeting.created_at),
    }
    if "recording_config" in data:
        shown["recording_config"] = public_config(data["recording_config"])
    if ai and "ai_config" in data:
        shown["ai_config"] = data["ai_config"]
    return shown


async def all_meetings(store: Storage, account: str) -> list[Meeting]:
    """Every meeting of an account, newest first."""
    found: list[Meeting] = []
    while True:
        before = found[-1].id if found else None
        page = await store.list_meetings(MeetingQuery(account, _CHUNK, before))
        found.extend(page)
        if len(page) < _CHUNK:
            return found


async def create(call: Call) -> web.Response:
    """`POST /meetings`."""
    wish = read_wish(await call.body())
    try:
        meeting = await call.app.meetings.create(
            CreateMeeting(
                title=wish.title,
                record=wish.record or RecordPolicy.MANUAL,
                keep_alive_seconds=wish.keep_alive,
                captions=wish.captions,
            ),
            account=call.ref.account,
            by=None,
        )
    except Refused as refused:
        raise _refused(refused) from refused
    await call.keep(meeting.id, {**wish.kept, "untitled": not wish.title})
    return success(await _shown(call, meeting), 201)


async def listing(call: Call) -> web.Response:
    """`GET /meetings`."""
    paging, status = read_paging(call.query), call.query.get("status")
    found = [
        meeting
        for meeting in await all_meetings(call.app.storage, call.ref.account)
        if within(meeting.created_at, call.query)
        and status in (None, "", meeting.status.value)
        and matches(call.query, meeting.id, meeting.title)
    ]
    if not newest_first(call.query):
        found.reverse()
    page, offsets = paging.cut(found)
    return success([await _shown(call, one, ai=False) for one in page], paging=offsets)


async def get(call: Call) -> web.Response:
    """`GET /meetings/{meeting}`."""
    return success(await _shown(call, await call.meeting()))


async def replace(call: Call) -> web.Response:
    """`PUT /meetings/{meeting}`: what the body does not say takes its default."""
    meeting = await call.meeting()
    wish = read_wish(await call.body())
    keep_alive = wish.keep_alive or call.app.settings.rtc.keep_alive_seconds
    data = {**wish.kept, "untitled": not wish.title}
    change = PatchMeeting(
        title=wish.title,
        record=wish.record or RecordPolicy.MANUAL,
        keep_alive_seconds=keep_alive,
        captions=wish.captions or CaptionPolicy.ON,
        status=wish.status,
    )
    return await _changed(call, meeting, change, data)


async def update(call: Call) -> web.Response:
    """`PATCH /meetings/{meeting}`."""
    meeting = await call.meeting()
    wish = read_wish(await call.body())
    data = {**await call.beside(meeting.id), **wish.kept}
    if wish.title is not None:
        data["untitled"] = not wish.title
    change = PatchMeeting(
        title=wish.title,
        record=wish.record,
        keep_alive_seconds=wish.keep_alive,
        captions=wish.captions,
        status=wish.status,
    )
    return await _changed(call, meeting, change, data)


async def _changed(call: Call, old: Meeting, change: PatchMeeting, data: Body) -> web.Response:
    try:
        meeting = await call.app.meetings.patch(old.id, change)
    except Refused as refused:
        raise _refused(refused) from refused
    await call.keep(meeting.id, data)
    return success(await _shown(call, meeting))


async def _shown(call: Call, meeting: Meeting, *, ai: bool = True) -> Body:
    extra = await call.app.storage.find_record(Extra, meeting.id)
    return document(call, meeting, extra, ai=ai)


def _refused(refused: Refused) -> Exception:
    return bad(refused.message) if refused.kind is RefusalKind.INVALID else refused
