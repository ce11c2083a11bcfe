"""From the model's nouns to the words of the wire."""

from collections.abc import Iterable

from media.types import Reading, SlotState
from signaling.model import (
    CaptionLine,
    CaptionsNotice,
    ChatMessage,
    Connection,
    Meeting,
    Participant,
    RecordingNotice,
    RecordingState,
    Session,
    Track,
    Visitor,
)
from signaling.ports import IceServer
from signaling.replies import (
    Caption,
    CaptionsView,
    CaptionView,
    ChatView,
    IceServerView,
    MeetingView,
    ParticipantView,
    Quality,
    RecordingView,
    SessionView,
    SlotView,
    TrackView,
    VisitorView,
)

_OVER = (RecordingState.PROCESSING, RecordingState.READY, RecordingState.FAILED)


def participant_view(
    participant: Participant, newest: Connection, tracks: Iterable[Track]
) -> ParticipantView:
    """Somebody in the roster, as their newest connection stands."""
    return ParticipantView(
        id=participant.id,
        name=participant.name,
        role=participant.role,
        kind=participant.kind,
        state=newest.state,
        quality=newest.quality,
        quality_reason=newest.quality_reason,
        tracks=[
            TrackView(source=track.source, muted=track.muted, muted_by=track.muted_by)
            for track in tracks
        ],
        joined_at=participant.joined_at,
    )


def slot_views(slots: Iterable[SlotState]) -> list[SlotView]:
    """Every slot of a connection."""
    return [
        SlotView(
            mid=slot.mid,
            kind=slot.kind,
            participant=slot.participant_id,
            source=slot.source,
            paused=slot.paused,
            reason=slot.reason,
        )
        for slot in slots
    ]


def recording_view(notice: RecordingNotice | None) -> RecordingView | None:
    """A recording that still concerns the people in the meeting, None when it is over."""
    if notice is None or notice.state in _OVER:
        return None
    return any_recording_view(notice)


def any_recording_view(notice: RecordingNotice) -> RecordingView:
    """A recording, whatever its state."""
    return RecordingView(
        id=notice.id,
        state=notice.state,
        started_by=notice.started_by,
        started_at=notice.started_at,
        media=notice.media,
    )


def captions_view(notice: CaptionsNotice) -> CaptionsView:
    """How captions stand."""
    return CaptionsView(
        state=notice.state,
        language=notice.language,
        engine=notice.engine,
        message=notice.message,
    )


def caption_message(line: CaptionLine) -> Caption:
    """Something that was said, as it is shown."""
    view = CaptionView(
        id=line.id,
        participant=line.participant_id,
        name=line.name,
        text=line.text,
        start=line.start,
        end=line.end,
        language=line.language,
        final=line.final,
    )
    return Caption(caption=view)


def chat_view(message: ChatMessage) -> ChatView:
    """A line of chat."""
    return ChatView(
        id=message.id,
        participant=message.participant_id,
        name=message.name,
        text=message.text,
        at=message.at,
    )


def visitor_views(visitors: Iterable[Visitor]) -> list[VisitorView]:
    """Who waits at the door, as those who may admit see it."""
    return [VisitorView(id=one.id, name=one.name, since=one.since) for one in visitors]


def meeting_view(meeting: Meeting) -> MeetingView:
    """The meeting as its people may know it."""
    return MeetingView(
        id=meeting.id,
        title=meeting.title,
        record=meeting.record,
        max_participants=meeting.max_participants,
    )


def session_view(session: Session) -> SessionView:
    """The session as its people may know it."""
    return SessionView(id=session.id, state=session.state, started_at=session.started_at)


def quality_view(reading: Reading) -> Quality:
    """A client's own quality."""
    return Quality(
        label=reading.label,
        reason=reading.reason,
        loss_percent=reading.loss_percent,
        round_trip_ms=reading.round_trip_ms,
        jitter_ms=reading.jitter_ms,
        direction=reading.direction,
        source=reading.source,
    )


def ice_server_views(servers: Iterable[IceServer]) -> list[IceServerView]:
    """What clients hand to RTCPeerConnection."""
    return [
        IceServerView(
            urls=list(server.urls), username=server.username, credential=server.credential
        )
        for server in servers
    ]
