from datetime import UTC, datetime, timedelta, timezone

from media.types import QualityLabel, TrackSource
from server.api import views
from server.services.views import ParticipantView, SessionView
from signaling.model import (
    Connection,
    ConnectionState,
    EndReason,
    Participant,
    ParticipantKind,
    ParticipantState,
    Role,
    Session,
    SessionState,
    Track,
)

AT = datetime(2026, 11, 20, 9, 0, 0, 123_456, tzinfo=UTC)


def participant(name: str, state: ParticipantState) -> Participant:
    return Participant(
        id=name, session_id="s", meeting_id="m", name=name, role=Role.HOST,
        kind=ParticipantKind.PERSON, state=state, joined_at=AT, user_id="u",
    )  # fmt: skip


def session(*people: Participant) -> SessionView:
    whole = Session(id="s", meeting_id="m", state=SessionState.LIVE, created_at=AT)
    return SessionView(whole, tuple(ParticipantView(who, ()) for who in people))


def test_times_are_utc_with_milliseconds() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert views.utc(elsewhere).isoformat() == "2026-11-20T09:00:00.123000+00:00"
    assert views.utc_or_none(None) is None


def test_connection_keeps_its_reason_and_quality() -> None:
    found = views.connection(
        Connection(
            id="c",
            session_id="s",
            meeting_id="m",
            participant_id="p",
            state=ConnectionState.FAILED,
            created_at=AT,
            updated_at=AT,
            client_name="c",
            reason=EndReason.TRANSPORT_LOST,
            quality=QualityLabel.POOR,
            quality_reason="loss",
        )
    )
    dumped = found.model_dump(mode="json")
    assert (dumped["state"], dumped["reason"]) == ("failed", "transport_lost")
    assert (dumped["quality"], dumped["quality_reason"]) == ("poor", "loss")


def test_participant_shows_tracks() -> None:
    track = Track("ada", "c", TrackSource.MICROPHONE, muted=True, codec="audio/opus")
    view = ParticipantView(participant("ada", ParticipantState.PRESENT), (), (track,))
    (shown,) = views.participant(view).tracks
    assert (shown.source, shown.muted, shown.codec) == ("microphone", True, "audio/opus")


def test_only_those_present_are_inside() -> None:
    view = session(
        participant("ada", ParticipantState.PRESENT), participant("bob", ParticipantState.LEFT)
    )
    assert [who.name for who in views.people_inside(view)] == ["ada"]
    assert views.people_inside(None) == []
