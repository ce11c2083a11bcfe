"""From the services' data to the API's JSON."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from server.api import shapes
from server.http.problem import Problem
from server.records import LogEntryView, RecordingFileView, RecordingView, Tombstone
from server.services.context import App
from server.services.products import CONTENT_TYPES, Product, ProductState
from server.services.views import ParticipantView, SessionView
from signaling import model


def meeting(app: App, found: model.Meeting) -> shapes.Meeting:
    """A meeting."""
    return shapes.Meeting(
        id=found.id,
        convex_id=app.meetings.aliases(found.id)["convex_id"],
        title=found.title,
        url=app.meetings.url(found.id),
        status=found.status,
        access=found.access,
        record=found.record,
        captions=found.captions,
        waiting_room=found.waiting_room,
        max_participants=found.max_participants,
        created_at=utc(found.created_at),
    )


def session(view: SessionView) -> shapes.Session:
    """A session with everybody in it."""
    found = view.session
    return shapes.Session(
        id=found.id,
        meeting_id=found.meeting_id,
        state=found.state,
        created_at=utc(found.created_at),
        started_at=utc_or_none(found.started_at),
        ended_at=utc_or_none(found.ended_at),
        reason=found.reason,
        continues=found.continues,
        participants=[participant(who) for who in view.participants],
    )


def participant(view: ParticipantView) -> shapes.Participant:
    """A participant with connections and tracks."""
    who = view.participant
    return shapes.Participant(
        id=who.id,
        name=who.name,
        user_id=who.user_id,
        role=who.role,
        kind=who.kind,
        state=who.state,
        joined_at=utc(who.joined_at),
        left_at=utc_or_none(who.left_at),
        reason=who.reason,
        connections=[connection(one) for one in view.connections],
        tracks=[
            shapes.Track(source=one.source, muted=one.muted, muted_by=one.muted_by, codec=one.codec)
            for one in view.tracks
        ],
    )


def connection(found: model.Connection) -> shapes.Connection:
    """A connection."""
    return shapes.Connection(
        id=found.id,
        state=found.state,
        reason=found.reason,
        quality=found.quality,
        quality_reason=found.quality_reason,
        protocol=found.protocol,
        replaces=found.replaces,
        created_at=utc(found.created_at),
        connected_at=utc_or_none(found.connected_at),
        closed_at=utc_or_none(found.closed_at),
        updated_at=utc(found.updated_at),
    )


def people_inside(live: SessionView | None) -> list[model.Participant]:
    """Who is present in a live session."""
    if live is None:
        return []
    return [
        view.participant
        for view in live.participants
        if view.participant.state is model.ParticipantState.PRESENT
    ]


def event(entry: LogEntryView) -> shapes.Event:
    """A fact of the session log."""
    return shapes.Event(
        position=entry.position,
        session_id=entry.session_id,
        meeting_id=entry.meeting_id,
        sequence=entry.sequence,
        at=utc(entry.at),
        type=entry.type,
        data=dict(entry.data),
    )


def recording(
    found: RecordingView,
    titles: Mapping[str, str],
    products: Iterable[Product] = (),
    *,
    transcribed: bool = False,
) -> shapes.Recording:
    """A recording; `titles` has those of meetings that still exist."""
    return shapes.Recording(
        id=found.id,
        meeting_id=found.meeting_id,
        session_id=found.session_id,
        title=titles.get(found.meeting_id),
        state=found.state,
        recovered=found.recovered,
        reason=found.failure,
        media=found.media,
        started_at=utc(found.started_at),
        started_by=found.started_by,
        ended_at=utc_or_none(found.ended_at),
        duration_seconds=found.duration_seconds,
        stored=shapes.RecordingCopy(
            state=found.place, since=utc_or_none(found.stored_at), error=found.upload_error
        ),
        held=hold(found),
        transcribed=transcribed,
        files=[
            *(recording_file(file) for file in found.files),
            *(product(one) for one in products),
        ],
    )


def hold(found: RecordingView) -> shapes.RecordingHold | None:
    """Why a recording may not be deleted; None when it may."""
    if found.held_at is None:
        return None
    return shapes.RecordingHold(since=utc(found.held_at), by=found.held_by, reason=found.held_why)


def deleted(stone: Tombstone) -> shapes.DeletedRecording:
    """What is known of a deleted recording."""
    return shapes.DeletedRecording(
        id=stone.id,
        meeting_id=stone.meeting_id,
        session_id=stone.session_id,
        started_at=utc(stone.started_at),
        ended_at=utc_or_none(stone.ended_at),
        duration_seconds=stone.duration_seconds,
        files=stone.files,
        bytes=stone.bytes,
        deleted_at=utc(stone.deleted_at),
        deleted_by=stone.deleted_by,
        why="retention" if stone.why == "retention" else "request",
    )


def product(made: Product) -> shapes.RecordingFile:
    """A file made of a recording."""
    return shapes.RecordingFile(
        id=made.id,
        participant_id=None,
        name=None,
        kind=shapes.FileKind(made.kind.value),
        source=None,
        format=made.format,
        state=made.state,
        progress=made.progress,
        reason=made.failure,
        content_type=CONTENT_TYPES[made.format],
        duration_seconds=made.duration_seconds,
        bytes=made.bytes,
        offset_seconds=0.0,
        segment=1,
        complete=made.state is ProductState.READY,
        clock_skew_ppm=0.0,
        url=f"/v1/recordings/{made.recording_id}/files/{made.id}",
    )


def recording_file(file: RecordingFileView) -> shapes.RecordingFile:
    """A recorded file, with the address of its bytes."""
    return shapes.RecordingFile(
        id=file.id,
        participant_id=file.participant_id,
        name=file.name,
        kind=shapes.FileKind(file.kind.value),
        format=file.file_name.rpartition(".")[2],
        state=ProductState.READY,
        progress=1.0,
        reason=None,
        source=file.source,
        content_type=file.content_type,
        duration_seconds=file.duration_seconds,
        bytes=file.bytes,
        offset_seconds=file.offset_seconds,
        segment=file.segment,
        complete=file.complete,
        clock_skew_ppm=file.clock_skew_ppm,
        url=f"/v1/recordings/{file.recording_id}/files/{file.id}",
    )


def no_active_session() -> Problem:
    """The refusal where something needs a live session."""
    return Problem(404, "no_active_session", "Nobody is in this meeting now.")


def utc(moment: datetime) -> datetime:
    """In UTC and whole milliseconds: what clients of every language can hold."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def utc_or_none(moment: datetime | None) -> datetime | None:
    """The same where there may be none."""
    return None if moment is None else utc(moment)
