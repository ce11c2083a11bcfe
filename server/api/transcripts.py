"""Routes of captions and transcripts: start, stop, read, export, make again."""

from collections.abc import Iterable, Mapping

from aiohttp import web

from server.api import transcript_shapes as shapes
from server.api.policy import meeting_for
from server.api.recordings import recording_for
from server.api.sessions import session_for
from server.http.call import Call
from server.http.registry import Answer, Content, Registry
from server.records import RecordingView, TranscriptSegment
from server.services.recorded_transcripts import TranscriptJob
from server.services.transcript_formats import CONTENT_TYPES, FORMATS, Layout, document
from signaling.errors import RefusalKind, Refused
from signaling.model import CaptionsNotice

routes = Registry()
_TAG = "Transcripts"
_TEXT: dict[str, object] = {}  # JSON or a text, as asked
TRANSCRIPT_CONTENTS = {
    200: Content(
        "The transcript as `format` says: JSON (`heading`, `segments`), text, SubRip or WebVTT.",
        "*/*",
        _TEXT,
        ("Content-Disposition",),
    )
}


@routes.route(
    "POST",
    "/v1/meetings/{meeting}/captions/start",
    tag=_TAG,
    answer=shapes.Captions,
    problems={
        403: ("forbidden", "captions_off"),
        404: ("meeting_not_found",),
        409: ("no_active_session",),
        503: ("transcription_unavailable",),
    },
)
async def start_captions(call: Call, meeting: str, body: shapes.StartCaptions) -> shapes.Captions:
    """Start captions of a meeting's live session, for everybody in it.

    Captions that run go on in their language. When the speech engine cannot run, or does not
    understand the language, `state` says so and the meeting goes on; with
    `transcription.required` that is a 503.
    """
    found = await meeting_for(call, meeting, "moderate")
    return _captions(await call.app.transcripts.start(found.id, body.language, owner="api"))


@routes.route(
    "POST",
    "/v1/meetings/{meeting}/captions/stop",
    tag=_TAG,
    status=204,
    problems={403: ("forbidden",), 404: ("meeting_not_found",), 409: ("no_active_session",)},
)
async def stop_captions(call: Call, meeting: str) -> None:
    """Stop captions of a meeting's live session, whoever started them.

    What was said until then is transcribed first, for up to ten seconds.
    """
    found = await meeting_for(call, meeting, "moderate")
    live = call.app.sessions.live(found.id)
    if live is None:
        raise Refused(RefusalKind.CONFLICT, "no_active_session", "Nobody is in this meeting.")
    await call.app.transcripts.stop_all(live.session.id)


@routes.route(
    "GET",
    "/v1/sessions/{session_id}/transcript",
    tag=_TAG,
    contents=TRANSCRIPT_CONTENTS,
    problems={403: ("forbidden",), 404: ("session_not_found",)},
)
async def get_session_transcript(
    call: Call, session_id: str, query: shapes.TranscriptQuery
) -> web.Response:
    """Read what was said in a session so far, in seconds from its start.

    To follow it live, read the session's events: `caption.added` carries each segment.
    """
    view = await session_for(call, session_id, "read")
    segments = await call.app.transcripts.of_session(view.session.id)
    notice = call.app.transcripts.state(view.session.id)
    heading: dict[str, object] = {"id": session_id, "meeting_id": view.session.meeting_id}
    heading["captions"] = None if notice is None else _captions(notice).model_dump(mode="json")
    return _transcript("session", heading, segments, query)


@routes.route(
    "GET",
    "/v1/recordings/{recording_id}/transcript",
    tag=_TAG,
    contents=TRANSCRIPT_CONTENTS,
    problems={403: ("forbidden",), 404: ("recording_not_found",)},
)
async def get_recording_transcript(
    call: Call, recording_id: str, query: shapes.TranscriptQuery
) -> web.Response:
    """Read the transcript of a recording, in seconds from the recording's start.

    It is what was captioned while it was recorded, or, once that was asked for, what was made
    from the recorded tracks. As JSON, `recording.transcript` says which, and how far a
    transcription is. Without any segment the file is valid and empty.
    """
    recording = await recording_for(call, recording_id, "read")
    return await recorded_transcript(call, recording, query)


@routes.route(
    "POST",
    "/v1/recordings/{recording_id}/transcript",
    tag=_TAG,
    status=202,
    answer=shapes.TranscriptJob,
    problems={
        403: ("forbidden",),
        404: ("recording_not_found",),
        409: ("recording_not_ready",),
        422: ("invalid_request", "unsupported_language"),
    },
)
async def make_recording_transcript(
    call: Call, recording_id: str, body: shapes.StartCaptions
) -> Answer:
    """Transcribe a finished recording's tracks again, in the background, in place of what was.

    Ask for the transcript as JSON to see how far it is.
    """
    recording = await recording_for(call, recording_id, "moderate")
    job = await call.app.recorded_transcripts.make(recording, body.language)
    where = {"Location": f"/v1/recordings/{recording.id}/transcript"}
    return Answer(_job(job), where)


async def recorded_transcript(
    call: Call, recording: RecordingView, query: shapes.TranscriptQuery
) -> web.Response:
    """The transcript of a recording that the caller may read."""
    transcripts = call.app.recorded_transcripts
    segments = await transcripts.segments(recording)
    job = _job(await transcripts.job(recording)).model_dump(mode="json")
    heading: dict[str, object] = {
        "id": recording.id,
        "session_id": recording.session_id,
        "meeting_id": recording.meeting_id,
        "transcript": job,
    }
    return _transcript("recording", heading, segments, query)


def _captions(notice: CaptionsNotice) -> shapes.Captions:
    return shapes.Captions(
        state=notice.state,
        language=notice.language,
        engine=notice.engine,
        message=notice.message,
    )


def _job(job: TranscriptJob) -> shapes.TranscriptJob:
    return shapes.TranscriptJob(state=job.state, progress=job.progress, reason=job.failure)


def _transcript(
    noun: str,
    heading: Mapping[str, object],
    segments: list[TranscriptSegment],
    query: shapes.TranscriptQuery,
) -> web.Response:
    layout = Layout(
        query.chars_per_caption, query.max_lines, query.max_chars_per_line, query.speakers
    )
    if query.format == "json":
        text = document({noun: heading}, _shown(segments))
    else:
        text = FORMATS[query.format](segments, layout)
    name = f"transcript-{heading['id']}.{query.format}"
    headers = {
        "Content-Type": CONTENT_TYPES[query.format],
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return web.Response(body=text.encode(), headers=headers)


def _shown(segments: Iterable[TranscriptSegment]) -> Iterable[Mapping[str, object]]:
    for one in segments:
        yield shapes.TranscriptSegment(
            id=one.id,
            participant_id=one.participant_id,
            name=one.name,
            start=one.start,
            end=one.end,
            text=one.text,
            language=one.language,
            engine=one.engine,
            confidence=one.confidence,
            words=[shapes.TranscriptWord.model_validate(word) for word in one.words],
        ).model_dump(mode="json")
