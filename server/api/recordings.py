"""Routes of recordings: start, stop, pause, resume, list, get, files, delete."""

from collections.abc import Iterable

from aiohttp import web

from server.api import shapes, views
from server.api.policy import (
    Rights,
    actor,
    canonical_id,
    demand,
    meeting_for,
    member_of,
    rights,
)
from server.auth.principal import PrincipalKind
from server.facts import utc_text
from server.http.call import Call
from server.http.download import send
from server.http.problem import Problem
from server.http.registry import Answer, Content, Header, Registry
from server.records import RecordingView, Tombstone
from server.services.products import ProductKind
from signaling.errors import RefusalKind, Refused

routes = Registry()
_TAG = "Recordings"
_PATH = "/v1/recordings/{recording_id}"
_FILE = _PATH + "/files/{file_id}"
_DENIED = {403: ("forbidden",), 404: ("recording_not_found",), 410: ("recording_deleted",)}
_CHANGE = {**_DENIED, 409: ("invalid_state",)}
_BYTES = {"type": "string", "contentEncoding": "binary"}
_FILE_HEADERS = ("ETag", "Last-Modified", "Accept-Ranges", "Content-Disposition")
_CONDITIONS = (
    Header("Range", "Which bytes; one range (RFC 9110 section 14).", example="bytes=0-1023"),
    Header("If-Range", "The strong ETag, or the date, for which `Range` holds."),
    Header("If-None-Match", "ETags that the client has already."),
    Header("If-Match", "ETags that the file must have."),
    Header("If-Modified-Since", "A date."),
    Header("If-Unmodified-Since", "A date."),
)
_FILE_CONTENTS = {
    200: Content("The whole file.", "audio/ogg", _BYTES, _FILE_HEADERS),
    206: Content("The bytes asked for.", "audio/ogg", _BYTES, (*_FILE_HEADERS, "Content-Range")),
    304: Content("The client has it already.", headers=("ETag",)),
}
_FILE_PROBLEMS = {
    403: ("forbidden",),
    404: ("recording_not_found", "file_not_found"),
    409: ("recording_not_ready", "file_not_ready"),
    410: ("file_gone", "recording_deleted"),
    412: ("precondition_failed",),
    416: ("range_not_satisfiable",),
    503: ("object_storage_unavailable", "object_storage_denied", "object_differs"),
}


@routes.route(
    "POST",
    "/v1/meetings/{meeting}/recordings",
    tag=_TAG,
    status=201,
    answer=shapes.Recording,
    problems={
        403: ("forbidden", "recording_off"),
        404: ("meeting_not_found",),
        409: ("recording_running", "no_active_session"),
        422: ("invalid_request",),
        507: ("storage_full",),
    },
)
async def start_recording(call: Call, meeting: str, body: shapes.NewRecording) -> Answer:
    """Start recording a meeting's live session: one file for each speaker.

    With `media: audio_video` also one for each camera and screen, and another whenever the size of
    its pictures changes.

    While one runs a second start is refused with 409 `recording_running` and the running
    `recording_id`.
    """
    found = await meeting_for(call, meeting, "moderate")
    notice = await call.app.recordings.start(found.id, actor(call.principal), body.media)
    recording = await call.app.recordings.get(notice.id)
    return Answer(
        views.recording(recording, {found.id: found.title}),
        {"Location": f"/v1/recordings/{notice.id}"},
    )


@routes.route("POST", _PATH + "/stop", tag=_TAG, answer=shapes.Recording, problems=_CHANGE)
async def stop_recording(call: Call, recording_id: str) -> shapes.Recording:
    """Stop a recording; it is `ready` a moment later. Stopping a stopped one changes nothing."""
    await recording_for(call, recording_id, "moderate")
    await call.app.recordings.stop(recording_id, actor(call.principal))
    return await _shown(call, recording_id)


@routes.route("POST", _PATH + "/pause", tag=_TAG, answer=shapes.Recording, problems=_CHANGE)
async def pause_recording(call: Call, recording_id: str) -> shapes.Recording:
    """Pause a recording; nothing said until it goes on is kept."""
    await recording_for(call, recording_id, "moderate")
    await call.app.recordings.pause(recording_id)
    return await _shown(call, recording_id)


@routes.route("POST", _PATH + "/resume", tag=_TAG, answer=shapes.Recording, problems=_CHANGE)
async def resume_recording(call: Call, recording_id: str) -> shapes.Recording:
    """Go on after a pause."""
    await recording_for(call, recording_id, "moderate")
    await call.app.recordings.resume(recording_id)
    return await _shown(call, recording_id)


@routes.route(
    "GET",
    "/v1/recordings",
    tag=_TAG,
    answer=shapes.RecordingPage,
    problems={403: ("forbidden",), 404: ("meeting_not_found",), 422: ("invalid_request",)},
)
async def list_recordings(call: Call, query: shapes.RecordingQuery) -> shapes.RecordingPage:
    """List recordings.

    A host's join token lists those of its own meeting, which `meeting` may leave out.
    """
    meeting, member = query.meeting, None
    if call.principal.kind is PrincipalKind.JOIN:
        wanted = meeting or call.principal.meeting_id or ""
        meeting = (await meeting_for(call, wanted, "moderate")).id
    else:
        member = member_of(call.principal)
        meeting = await canonical_id(call, meeting)
    page = await call.app.recordings.kept.page(
        account=call.principal.account,
        state=query.state,
        meeting=meeting,
        session=query.session,
        cursor=query.cursor,
        limit=query.limit,
        member=member,
        text=(query.q or "").strip() or None,
        since=query.since,
        until=query.until,
    )
    titles = await _titles(call, page.items)
    products = await call.app.recordings.products.of(item.id for item in page.items)
    said = await call.app.storage.transcribed(page.items)
    return shapes.RecordingPage(
        items=[
            views.recording(item, titles, products[item.id], transcribed=item.id in said)
            for item in page.items
        ],
        next_cursor=page.next_cursor,
    )


@routes.route(
    "GET",
    "/v1/storage",
    tag=_TAG,
    answer=shapes.RecordingStorage,
    problems={403: ("forbidden",)},
)
async def get_storage(call: Call) -> shapes.RecordingStorage:
    """How much the account's recordings take, how much room is left, how long they are kept."""
    if call.principal.kind is PrincipalKind.JOIN:
        raise Problem(403, "forbidden", "An invitation to a meeting does not tell this.")
    use = await call.app.recordings.storage(call.principal.account)
    limits = call.app.settings.recording
    return shapes.RecordingStorage(
        recordings=use.recordings,
        bytes=use.bytes,
        free_bytes=use.free_bytes,
        floor_bytes=limits.floor_bytes,
        retention_days=limits.retention_days,
    )


@routes.route("GET", _PATH, tag=_TAG, answer=shapes.Recording, problems=_DENIED)
async def get_recording(call: Call, recording_id: str) -> shapes.Recording:
    """Get a recording with its state and files."""
    await recording_for(call, recording_id, "read")
    return await _shown(call, recording_id)


@routes.route(
    "POST",
    _PATH + "/files",
    tag=_TAG,
    status=202,
    answer=shapes.RecordingFile,
    body_required=True,
    problems={
        **_DENIED,
        409: ("recording_not_ready",),
        422: ("invalid_request", "format_unsupported"),
    },
)
async def make_recording_file(
    call: Call, recording_id: str, body: shapes.NewRecordingFile
) -> shapes.RecordingFile:
    """Have a mix, stems or peaks made of a finished recording, in the background.

    The file is among the recording's `files` at once, with `state` and `progress`; what exists
    already is answered again.
    """
    need = "read" if body.kind is ProductKind.PEAKS else "moderate"  # each player draws peaks
    await recording_for(call, recording_id, need)
    product = await call.app.recordings.make(recording_id, body.kind, body.format)
    return views.product(product)


@routes.route(
    "PATCH",
    _PATH + "/participants/{participant_id}",
    tag=_TAG,
    answer=shapes.Recording,
    body_required=True,
    problems={
        **_CHANGE,
        404: ("recording_not_found", "participant_not_found"),
        409: ("recording_not_ready",),
        422: ("invalid_request",),
    },
)
async def rename_recorded_participant(
    call: Call, recording_id: str, participant_id: str, body: shapes.RecordedName
) -> shapes.Recording:
    """Call a recorded person otherwise: in lists, players and transcripts, not in the manifest."""
    await recording_for(call, recording_id, "moderate")
    await call.app.recordings.rename(recording_id, participant_id, body.name)
    return await _shown(call, recording_id)


@routes.route(
    "PUT", _PATH + "/hold", tag=_TAG, answer=shapes.Recording, body_required=True, problems=_DENIED
)
async def hold_recording(call: Call, recording_id: str, body: shapes.NewHold) -> shapes.Recording:
    """Let nobody and nothing delete a recording, retention neither, until it is released.

    Holding one that is held changes nothing.
    """
    await recording_for(call, recording_id, "own")
    await call.app.recordings.hold(recording_id, actor(call.principal), body.reason)
    return await _shown(call, recording_id)


@routes.route("DELETE", _PATH + "/hold", tag=_TAG, answer=shapes.Recording, problems=_DENIED)
async def release_recording(call: Call, recording_id: str) -> shapes.Recording:
    """Let a held recording be deleted again."""
    await recording_for(call, recording_id, "own")
    await call.app.recordings.release(recording_id, actor(call.principal))
    return await _shown(call, recording_id)


@routes.route(
    "GET",
    "/v1/deleted-recordings",
    tag=_TAG,
    answer=shapes.DeletedRecordingPage,
    problems={403: ("forbidden",), 422: ("invalid_request", "invalid_cursor")},
)
async def list_deleted_recordings(
    call: Call, query: shapes.PageQuery
) -> shapes.DeletedRecordingPage:
    """List what was deleted: when, by whom and why, and nothing of what was in it."""
    if member_of(call.principal) is not None:
        raise Problem(403, "forbidden", "This is for API keys.")
    account = call.principal.account
    page = await call.app.recordings.kept.tombstones(account, query.cursor, query.limit)
    return shapes.DeletedRecordingPage(
        items=[views.deleted(one) for one in page.items], next_cursor=page.next_cursor
    )


@routes.route(
    "DELETE",
    _PATH,
    tag=_TAG,
    status=204,
    problems={
        **_DENIED,
        409: ("recording_not_ready", "recording_held"),
        503: ("object_storage_unavailable", "object_storage_denied"),
    },
)
async def delete_recording(call: Call, recording_id: str) -> None:
    """Delete a recording with everything it left, here and in object storage.

    It must not be running, and nobody may hold it. That it was there is kept.
    """
    await recording_for(call, recording_id, "moderate")
    await call.app.recordings.delete(recording_id, actor(call.principal))
    await call.app.recorded_transcripts.drop(recording_id)  # what comes of it is not kept


@routes.route(
    "HEAD",
    _FILE,
    tag=_TAG,
    contents={
        status: Content(c.description, headers=c.headers) for status, c in _FILE_CONTENTS.items()
    },
    headers=_CONDITIONS,
    problems=_FILE_PROBLEMS,
)
@routes.route(
    "GET",
    _FILE,
    tag=_TAG,
    contents=_FILE_CONTENTS,
    headers=_CONDITIONS,
    problems=_FILE_PROBLEMS,
)
async def get_recording_file(
    call: Call, recording_id: str, file_id: str, query: shapes.FileQuery
) -> web.StreamResponse:
    """Get the bytes of a recorded file, whole or in part.

    The ETag is strong, made of the content. `download=1` offers it as a file to keep.
    """
    await recording_for(call, recording_id, "read")
    stored = await call.app.recordings.file(recording_id, file_id)
    return await send(call.request, stored, attachment=query.download == "1")


async def recording_for(call: Call, recording_id: str, need: str) -> RecordingView:
    """The recording, if the caller may do what is needed.

    Members of a meeting may read its recordings; of join tokens only a host's.
    """
    try:
        found = await call.app.recordings.get(recording_id)
    except Refused:
        stone = await call.app.recordings.kept.tombstone(recording_id)
        if stone is not None and (await _rights(call, stone)).read:
            raise _deleted(stone) from None
        raise
    allowed = await _rights(call, found)
    if not allowed.read:
        raise Problem(404, "recording_not_found", "There is no such recording.")
    joined = call.principal.kind is PrincipalKind.JOIN
    demand(allowed, "moderate" if joined and need == "read" else need)
    return found


async def _rights(call: Call, found: RecordingView | Tombstone) -> Rights:
    creator = None
    try:
        creator = (await call.app.meetings.get(found.meeting_id)).created_by
    except Refused as refused:
        if refused.kind is not RefusalKind.NOT_FOUND:
            raise  # else the meeting is deleted; its recordings stay readable
    return await rights(call, found.meeting_id, account=found.account, creator=creator)


def _deleted(stone: Tombstone) -> Problem:
    return Problem(
        410,
        "recording_deleted",
        "This recording was deleted.",
        data={"deleted_at": utc_text(stone.deleted_at), "why": stone.why},
    )


async def _shown(call: Call, recording_id: str) -> shapes.Recording:
    found = await call.app.recordings.get(recording_id)
    products = await call.app.recordings.products.of((found.id,))
    said = await call.app.storage.transcribed((found,))
    titles = await _titles(call, (found,))
    return views.recording(found, titles, products[found.id], transcribed=found.id in said)


async def _titles(call: Call, recordings: Iterable[RecordingView]) -> dict[str, str]:
    """Titles of the meetings that still exist."""
    titles: dict[str, str] = {}
    for meeting_id in {recording.meeting_id for recording in recordings}:
        try:
            titles[meeting_id] = (await call.app.meetings.get(meeting_id)).title
        except Refused as refused:
            if refused.kind is not RefusalKind.NOT_FOUND:
                raise
    return titles
