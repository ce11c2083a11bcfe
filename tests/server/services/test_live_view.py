import dataclasses

from support.domain import NOW, connection, entries, meeting, occupied, participant, session

from media.types import TrackSource
from server.services import live_view
from server.services.live_view import LiveView, present
from signaling.log import (
    ChatSent,
    ConnectionChanged,
    ParticipantJoined,
    ParticipantLeft,
    QualityChanged,
    SessionChanged,
    SessionDiscarded,
    TrackChanged,
    TrackEnded,
)
from signaling.model import (
    ChatMessage,
    ConnectionState,
    ParticipantState,
    SessionState,
    Track,
)


def told(view: LiveView, of, *facts, account="default"):
    for entry in entries(of, facts):
        view.apply(entry, account)


def left(person):
    return dataclasses.replace(person, state=ParticipantState.LEFT, left_at=NOW)


def test_facts_become_the_session_as_it_is():
    view = LiveView()
    live, person, link, facts = occupied(meeting())
    track = Track(person.id, link.id, TrackSource.MICROPHONE, muted=False)
    told(view, live, *facts, TrackChanged(track), account="acme")
    found = view.of_meeting(live.meeting_id)
    assert found is not None
    shown = found.view()
    assert (shown.session, shown.account) == (live, "acme")
    (one,) = shown.participants
    assert (one.participant, one.connections, one.tracks) == (person, (link,), (track,))
    assert found.sequence == 4
    assert view.account_of(live.id) == "acme"


def test_quality_replaces_the_connection():
    view = LiveView()
    live, person, link, facts = occupied(meeting())
    judged = dataclasses.replace(link, quality_reason="loss")
    told(view, live, *facts, QualityChanged(judged))
    assert view.find(live.id).connections == {person.id: {link.id: judged}}


def test_a_track_goes_when_it_ends_or_its_connection_does():
    view = LiveView()
    live, person, link, facts = occupied(meeting())
    camera, voice = (
        Track(person.id, link.id, source, muted=False)
        for source in (TrackSource.CAMERA, TrackSource.MICROPHONE)
    )
    told(view, live, *facts, TrackChanged(camera), TrackChanged(voice))
    told(view, live, TrackEnded(person.id, link.id, TrackSource.CAMERA))
    assert list(view.find(live.id).tracks.values()) == [voice]
    closed = dataclasses.replace(link, state=ConnectionState.CLOSED)
    told(view, live, ConnectionChanged(closed, link.state))
    assert view.find(live.id).tracks == {}


def test_who_left_is_still_shown_and_not_counted():
    view = LiveView()
    live, person, _, facts = occupied(meeting())
    told(view, live, *facts, ParticipantJoined(participant(live)))
    assert present(view.find(live.id)) == 2
    told(view, live, ParticipantLeft(left(person)))
    assert present(view.find(live.id)) == 1
    assert len(view.find(live.id).view().participants) == 2


def test_the_longest_gone_are_forgotten(monkeypatch):
    monkeypatch.setattr(live_view, "KEEP_GONE", 2)
    view = LiveView()
    live = session(meeting())
    people = [participant(live) for _ in range(4)]
    told(view, live, SessionChanged(live))
    for person in people:
        link = connection(person, state=ConnectionState.CLOSED)
        told(view, live, ParticipantJoined(person), ConnectionChanged(link, None))
        told(view, live, ParticipantLeft(left(person)))
    assert list(view.find(live.id).participants) == [people[2].id, people[3].id]
    assert set(view.find(live.id).connections) == {people[2].id, people[3].id}


def test_one_who_came_back_is_not_forgotten(monkeypatch):
    monkeypatch.setattr(live_view, "KEEP_GONE", 0)
    view = LiveView()
    live, person, _, facts = occupied(meeting())
    told(view, live, *facts, ParticipantJoined(person))
    assert person.id in view.find(live.id).participants


def test_of_one_participant_only_so_many_connections_are_kept(monkeypatch):
    monkeypatch.setattr(live_view, "KEEP_GONE", 3)
    view = LiveView()
    live, person, _, facts = occupied(meeting())
    links = [connection(person) for _ in range(5)]
    told(view, live, *facts, *(ConnectionChanged(link, None) for link in links))
    assert list(view.find(live.id).connections[person.id]) == [link.id for link in links[2:]]


def test_an_ended_or_discarded_session_is_gone():
    view = LiveView()
    for end in (
        lambda live: SessionChanged(dataclasses.replace(live, state=SessionState.ENDED)),
        SessionDiscarded,
    ):
        live, _, _, facts = occupied(meeting())
        told(view, live, *facts, end(live))
        assert view.find(live.id) is None
        assert view.of_meeting(live.meeting_id) is None
        assert view.account_of(live.id) is None
    assert list(view) == []


def test_the_end_of_an_old_session_leaves_the_new_one():
    view, of = LiveView(), meeting()
    old, new = session(of), session(of)
    told(view, old, SessionChanged(old))
    told(view, new, SessionChanged(new))
    told(view, old, SessionChanged(dataclasses.replace(old, state=SessionState.ENDED)))
    assert view.of_meeting(of.id).session == new


def test_a_changed_session_keeps_its_people():
    view = LiveView()
    live, _, _, facts = occupied(meeting())
    empty = dataclasses.replace(live, state=SessionState.KEEP_ALIVE)
    told(view, live, *facts, SessionChanged(empty))
    assert view.find(live.id).session == empty
    assert len(view.find(live.id).participants) == 1


def test_facts_of_unknown_sessions_and_chat_change_nothing():
    view = LiveView()
    live, person, _, facts = occupied(meeting())
    told(view, live, facts[1])
    assert list(view) == []
    told(view, live, *facts, ChatSent(ChatMessage("1", person.id, "Ada", "hi", NOW)))
    assert view.find(live.id).sequence == 4
