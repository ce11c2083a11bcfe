"""Recordings: list, start, read, stop, pause, resume; one file for each speaker."""

import asyncio
from datetime import datetime

from aiohttp import web

from server.dialects.realtimekit.answers import bad, no_session, not_found, success
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.meetings import document as meeting_document
from server.dialects.realtimekit.reading import (
    Body,
    matches,
    needed_text,
    newest_first,
    number_of,
    object_of,
    read_paging,
    read_words,
    switch_of,
    text_of,
    texts_of,
    within,
)
from server.dialects.realtimekit.recording_documents import (
    STATUSES,
    base_name,
    document,
    expiry_of,
)
from server.records import Extra, RecordingView
from server.storage.port import RecordingQuery
from signaling.errors import RefusalKind, Refused
from signaling.model import RecordPolicy

SHORTEST, LONGEST = 60, 86_400
_CHUNK = 500
_CONFIGS = (
    "video_config",
    "audio_config",
    "storage_config",
    "realtimekit_bucket_config",
    "rtmp_out_config",
    "interactive_config",
)
_ACTIONS = ("stop", "pause", "resume")


async def listing(call: Call) -> web.Response:
    """`GET /recordings`."""
    statuses, expired = read_words(call.query, "status"), call.query.get("expired", "").lower()
    now, found = call.app.clock.utc(), []
    for view in await all_recordings(call, call.query.get("meeting_id") or None):
        meeting = await call.meeting_or_none(view.meeting_id)
        title = meeting.title if meeting else ""
        if (
            (not statuses or STATUSES[view.state] in statuses)
            and within(view.started_at, call.query)
            and matches(call.query, view.meeting_id, title)
            and expired in ("", "true" if _expired(view, now) else "false")
        ):
            found.append(view)
    if not newest_first(call.query):
        found.reverse()
    page, offsets = read_paging(call.query).cut(found)
    rows = []
    for view in page:
        row = dict(await shown(call, view))
        meeting = await call.meeting_or_none(view.meeting_id)
        if meeting is not None:
            extra = await call.app.storage.find_record(Extra, meeting.id)
            row["meeting"] = meeting_document(call, meeting, extra, ai=False)
        rows.append(row)
    return success(rows, paging=offsets)


async def start(call: Call) -> web.Response:
    """`POST /recordings`: while one runs, the running one is the answer."""
    body = await call.body()
    return success(await _start(call, body, {}))


async def start_track(call: Call) -> web.Response:
    """`POST /recordings/track`: every recording here is by track."""
    body = await call.body()
    layers = object_of(body, "layers")
    wanted = {"track": True, "user_ids": texts_of(body, "user_ids"), "layers": layers or {}}
    return success({"recording": await _start(call, body, wanted)})


async def _start(call: Call, body: Body, more: Body) -> Body:
    meeting_id = needed_text(body, "meeting_id")
    seconds = number_of(body, "max_seconds", SHORTEST, LONGEST)
    kept: dict[str, object] = {name: object_of(body, name) for name in _CONFIGS}
    prefix = text_of(body, "file_name_prefix")
    _ = switch_of(body, "allow_multiple_recordings")
    active = await call.active(meeting_id)
    meeting = await call.meeting(meeting_id)
    config = (await call.beside(meeting.id)).get("recording_config")
    defaults: Body = config if isinstance(config, dict) else {}
    kept = {name: value or defaults.get(name) for name, value in kept.items()}
    longest = seconds or defaults.get("max_seconds") or LONGEST
    try:
        notice = await call.app.recordings.start(meeting.id, None)
    except Refused as refused:
        running = call.app.recordings.running_in(active.session.id)
        if refused.code == "recording_running" and running is not None:
            return await shown(call, running)
        if refused.code == "no_active_session":
            raise no_session(meeting_id) from refused
        if refused.kind in (RefusalKind.FORBIDDEN, RefusalKind.CONFLICT):
            raise bad(refused.message) from refused
        raise
    view = await call.app.recordings.get(notice.id)
    invoked = call.app.clock.utc()
    data: dict[str, object] = {name: value for name, value in kept.items() if value is not None}
    data |= {
        **more,
        "prefix": prefix or defaults.get("file_name_prefix"),
        "name": base_name(view, prefix or defaults.get("file_name_prefix")),
        "by_api": True,
        "invoked": invoked.isoformat(),
    }
    await call.keep(view.id, data)
    if isinstance(longest, int | float):
        _ = call.kit.limits.spawn(_limit(call, view.id, longest), name="recording limit")
    return {**await shown(call, view), "status": "INVOKED", "started_time": None}


async def _limit(call: Call, recording_id: str, seconds: float) -> None:
    """Stop a recording that has its longest duration."""
    await asyncio.sleep(seconds)
    try:
        _ = await call.app.recordings.stop(recording_id, None)
    except Refused as refused:
        if refused.kind is not RefusalKind.NOT_FOUND:
            raise


async def active(call: Call) -> web.Response:
    """`GET /recordings/active-recording/{meeting}`."""
    wanted = call.part("meeting")
    meeting = await call.meeting_or_none(wanted)
    live = call.app.sessions.live(meeting.id) if meeting else None
    running = call.app.recordings.running_in(live.session.id) if live else None
    if running is None:
        not_found("active recording", wanted)
    return success(await shown(call, running))


async def get(call: Call) -> web.Response:
    """`GET /recordings/{recording}`."""
    return success(await shown(call, await recording(call)))


async def command(call: Call) -> web.Response:
    """`PUT /recordings/{recording}`: what does not fit the state changes nothing."""
    view, action = await recording(call), needed_text(await call.body(), "action")
    if action not in _ACTIONS:
        raise bad('"action" must be one of stop, pause, resume')
    service = call.app.recordings
    try:
        if action == "stop":
            if view.state.active:
                data = {**await call.beside(view.id), "stopped_by_api": True}
                await call.keep(view.id, data)
            _ = await service.stop(view.id, None)
        elif action == "pause":
            _ = await service.pause(view.id)
        else:
            _ = await service.resume(view.id)
    except Refused as refused:
        if refused.kind not in (RefusalKind.CONFLICT, RefusalKind.NOT_FOUND):
            raise
    return success(await shown(call, await service.get(view.id)))


async def recording(call: Call) -> RecordingView:
    """The recording of the path."""
    wanted = call.part("recording")
    try:
        view = await call.app.recordings.get(wanted)
    except Refused as refused:
        if refused.kind is not RefusalKind.NOT_FOUND:
            raise
        not_found("recording", wanted)
    if view.account != call.ref.account:
        not_found("recording", wanted)
    return view


async def shown(call: Call, view: RecordingView) -> Body:
    """A recording as the dialect shows it."""
    meeting = await call.meeting_or_none(view.meeting_id)
    always = meeting is not None and meeting.record is RecordPolicy.ALWAYS
    data = await call.beside(view.id)
    return document(
        view,
        data,
        on_start=always and "by_api" not in data and view.started_by is None,
        link=lambda kind, entity, name: absolute(call, kind, entity, name, view),
        now=call.app.clock.utc(),
    )


def absolute(call: Call, kind: str, entity_id: str, name: str, view: RecordingView) -> str:
    """A download link of a recording."""
    expires = expiry_of(view)
    assert expires is not None  # noqa: S101  (only finished recordings have links)
    base = call.app.meetings.public_url.rstrip("/")
    return base + call.kit.links.path(kind, entity_id, name, expires)


async def all_recordings(call: Call, meeting_id: str | None = None) -> list[RecordingView]:
    """Every recording of the app, newest first; running ones as they are now."""
    found: list[RecordingView] = []
    while True:
        before = found[-1].id if found else None
        query = RecordingQuery(call.ref.account, _CHUNK, before, meeting_id=meeting_id)
        page = await call.app.storage.list_recordings(query)
        found.extend(page)
        if len(page) < _CHUNK:
            return found


def _expired(view: RecordingView, now: datetime) -> bool:
    expires = expiry_of(view)
    return expires is not None and expires <= now
