"""What every adapter of `server.storage.port.Storage` must do."""

import asyncio
import dataclasses
from datetime import timedelta

from support.domain import (
    NOW,
    connection,
    meeting,
    occupied,
    participant,
    placed,
    recording,
    recording_file,
    session,
    tombstone,
)

from media.types import QualityLabel, TrackSource
from server.records import ApiKey, RecordingPlace, Registration, Tombstone, User
from server.storage.port import (
    MeetingQuery,
    RecordingQuery,
    SessionQuery,
    Storage,
)
from signaling.ids import new_id
from signaling.log import (
    ChatSent,
    ConnectionChanged,
    ParticipantLeft,
    QualityChanged,
    RecordingChanged,
    SessionChanged,
    SessionDiscarded,
    TrackChanged,
    TrackEnded,
)
from signaling.model import (
    ChatMessage,
    ConnectionState,
    EndReason,
    MeetingStatus,
    ParticipantState,
    RecordingNotice,
    RecordingState,
    Role,
    SessionState,
    Track,
)


def everything(**members) -> MeetingQuery:
    return MeetingQuery(**({"account": "default", "limit": 50} | members))


def registration(of, sub="user_01", **members) -> Registration:
    values = {"name": "Ada", "role": Role.PARTICIPANT, "participant_id": new_id()}
    return Registration(of.id, sub, created_at=NOW, **(values | members))


class TestMeetings:
    async def test_a_meeting_comes_back_as_it_was(self, storage: Storage):
        kept = meeting(title="Zoë ☕", created_by="user_01")
        await storage.insert_meeting(kept)
        assert await storage.find_meeting(kept.id) == kept

    async def test_an_unknown_meeting_is_none(self, storage: Storage):
        assert await storage.find_meeting(new_id()) is None

    async def test_lists_are_newest_first_and_go_on_after_an_item(self, storage: Storage):
        kept = [meeting() for _ in range(5)]
        for one in kept:
            await storage.insert_meeting(one)
        first = await storage.list_meetings(everything(limit=2))
        rest = await storage.list_meetings(everything(before=first[-1].id))
        assert first + rest == kept[::-1]

    async def test_lists_keep_accounts_and_states_apart(self, storage: Storage):
        mine, closed, other = (
            meeting(),
            meeting(status=MeetingStatus.INACTIVE),
            meeting(account="b"),
        )
        for one in (mine, closed, other):
            await storage.insert_meeting(one)
        assert await storage.list_meetings(everything(account="b")) == [other]
        assert await storage.list_meetings(everything(status=MeetingStatus.INACTIVE)) == [closed]

    async def test_changes_are_kept(self, storage: Storage):
        old = meeting()
        await storage.insert_meeting(old)
        new = dataclasses.replace(old, title="Retro", status=MeetingStatus.INACTIVE)
        assert await storage.update_meeting(new)
        assert await storage.find_meeting(old.id) == new
        assert not await storage.update_meeting(meeting())

    async def test_a_deleted_meeting_is_gone_once(self, storage: Storage):
        gone = meeting(created_by="user_01")
        await storage.insert_meeting(gone)
        assert await storage.delete_meeting(gone.id, NOW)
        assert not await storage.delete_meeting(gone.id, NOW)
        assert await storage.find_meeting(gone.id) is None
        assert await storage.list_meetings(everything()) == []
        assert not await storage.update_meeting(gone)


class TestMembership:
    async def test_registering_again_renews_all_but_the_participant(self, storage: Storage):
        of = meeting()
        await storage.insert_meeting(of)
        first = await storage.register(registration(of))
        again = await storage.register(registration(of, name="Ada L.", role=Role.HOST))
        assert again == dataclasses.replace(first, name="Ada L.", role=Role.HOST)
        assert await storage.find_registration(of.id, "user_01") == again
        assert await storage.find_registration(of.id, "user_02") is None

    async def test_creator_registered_and_participants_are_members(self, storage: Storage):
        of, other = meeting(created_by="creator"), meeting()
        for one in (of, other):
            await storage.insert_meeting(one)
        _ = await storage.register(registration(of, "registered"))
        _, guest, _, facts = occupied(of, user_id="joined")
        await storage.write_facts(placed(_session_of(facts), facts))
        for sub in ("creator", "registered", "joined", guest.id):
            assert await storage.is_member(of.id, sub), sub
            assert not await storage.is_member(other.id, sub), sub
            assert await storage.list_meetings(everything(member=sub)) == [of], sub
        assert not await storage.is_member(of.id, "stranger")


def _session_of(facts):
    return facts[0].session


class TestUsers:
    async def test_a_user_keeps_id_and_what_is_not_renewed(self, storage: Storage):
        first = await storage.ensure_user(User(new_id(), "user_01", "Ada", None, NOW))
        again = await storage.ensure_user(User(new_id(), "user_01", None, "https://a/b.png", NOW))
        assert again == dataclasses.replace(first, avatar="https://a/b.png")
        same = await storage.ensure_user(User(new_id(), "user_01"))
        assert same == again == await storage.find_user("user_01")
        assert await storage.find_user("user_02") is None

    async def test_two_at_the_same_moment_become_one(self, storage: Storage):
        users = await asyncio.gather(
            *(storage.ensure_user(User(new_id(), "user_01", "Ada")) for _ in range(8))
        )
        assert len({user.id for user in users}) == 1


class TestFacts:
    async def test_entities_take_their_last_state(self, storage: Storage):
        of = meeting()
        live, person, link, facts = occupied(of)
        later = dataclasses.replace(
            link, quality=QualityLabel.FAIR, quality_reason="loss", quality_at=NOW
        )
        gone = dataclasses.replace(
            person, state=ParticipantState.LEFT, left_at=NOW, reason=EndReason.KICKED
        )
        await storage.write_facts(placed(live, facts))
        await storage.write_facts(
            placed(live, [QualityChanged(later), ParticipantLeft(gone)], position=4, first=4)
        )
        found = await storage.find_session(live.id)
        assert found is not None
        assert (found.session, found.account, found.last_sequence) == (live, "default", 5)
        assert found.participants == (gone,)
        assert found.connections == (later,)

    async def test_metadata_survives(self, storage: Storage):
        live, person, _, facts = occupied(meeting())
        link = connection(person, metadata={"browser": "x", "n": 1.5, "ok": True})
        await storage.write_facts(placed(live, [*facts[:2], ConnectionChanged(link, None)]))
        found = await storage.find_session(live.id)
        assert found is not None
        assert found.connections == (link,)

    async def test_events_are_numbered_and_read_in_order(self, storage: Storage):
        live, _, _, facts = occupied(meeting())
        await storage.write_facts(placed(live, facts, position=7))
        events = await storage.list_events(live.id, after=1, limit=10)
        assert [(event.sequence, event.position) for event in events] == [(2, 8), (3, 9)]
        assert events[0].type == "participant.joined"
        assert events[0].data["participant"]["name"] == "Ada"
        assert len(await storage.list_events(live.id, after=0, limit=2)) == 2
        assert await storage.last_position() == 9

    async def test_an_empty_log_ends_at_zero(self, storage: Storage):
        assert await storage.last_position() == 0

    async def test_events_of_an_account_cross_sessions(self, storage: Storage):
        one, _, _, facts = occupied(meeting())
        two = session(meeting())
        await storage.write_facts(placed(one, facts[:1], position=1))
        await storage.write_facts(placed(two, [SessionChanged(two)], position=2))
        await storage.write_facts(
            placed(session(meeting()), [SessionChanged(two)], position=3, account="b")
        )
        events = await storage.list_events_of_account("default", after=0, limit=10)
        assert [event.session_id for event in events] == [one.id, two.id]
        after = await storage.list_events_of_account("default", after=1, limit=10)
        assert [event.session_id for event in after] == [two.id]

    async def test_every_fact_can_be_stored(self, storage: Storage):
        live, person, link, facts = occupied(meeting())
        source = TrackSource.CAMERA
        more = [
            TrackChanged(Track(person.id, link.id, source, muted=True, codec="video/VP8")),
            TrackEnded(person.id, link.id, source),
            ChatSent(ChatMessage(new_id(), person.id, "Ada", "hi", NOW)),
            RecordingChanged(RecordingNotice(new_id(), RecordingState.RECORDING, None, NOW)),
        ]
        await storage.write_facts(placed(live, [*facts, *more]))
        kinds = [event.type for event in await storage.list_events(live.id, after=3, limit=9)]
        assert kinds == ["track.changed", "track.ended", "chat.sent", "recording.changed"]

    async def test_the_same_facts_twice_change_nothing(self, storage: Storage):
        live, _, _, facts = occupied(meeting())
        await storage.write_facts(placed(live, facts))
        await storage.write_facts(placed(live, facts))
        assert len(await storage.list_events(live.id, after=0, limit=10)) == 3

    async def test_a_discarded_session_leaves_nothing(self, storage: Storage):
        live, _, _, facts = occupied(meeting())
        await storage.write_facts(placed(live, facts[:2]))
        await storage.write_facts(
            placed(live, [facts[2], SessionDiscarded(live)], position=3, first=3)
        )
        assert await storage.find_session(live.id) is None
        assert await storage.list_events(live.id, after=0, limit=9) == []

    async def test_the_same_participant_id_in_two_sessions_stays_two_rows(self, storage: Storage):
        of = meeting()
        first, person, _, facts = occupied(of)
        second = session(of)
        again = participant(second, id=person.id, name="Ada again")
        await storage.write_facts(placed(first, facts))
        await storage.write_facts(
            placed(second, [SessionChanged(second), type(facts[1])(again)], position=4)
        )
        one, two = await storage.find_session(first.id), await storage.find_session(second.id)
        assert one is not None
        assert one.participants == (person,)
        assert two is not None
        assert two.participants == (again,)

    async def test_a_thousand_facts_in_one_go(self, storage: Storage):
        live, person, _, facts = occupied(meeting())
        many = [ConnectionChanged(connection(person), None) for _ in range(1000)]
        await storage.write_facts(placed(live, [*facts, *many]))
        found = await storage.find_session(live.id)
        assert found is not None
        assert len(found.connections) == 1001


class TestSessions:
    async def test_pending_ones_are_hidden_and_the_rest_filtered(self, storage: Storage):
        of = meeting(created_by="creator")
        await storage.insert_meeting(of)
        pending = session(of, state=SessionState.PENDING, started_at=None)
        live = session(of)
        ended = session(of, state=SessionState.ENDED, ended_at=NOW, reason=EndReason.EMPTY)
        other = session(meeting())
        for position, one in enumerate((pending, live, ended, other), start=1):
            await storage.write_facts(placed(one, [SessionChanged(one)], position=position))

        async def listed(**members):
            query = SessionQuery(**({"account": "default", "limit": 9} | members))
            return [stored.session for stored in await storage.list_sessions(query)]

        assert await listed() == [other, ended, live]
        assert await listed(limit=1) == [other]
        assert await listed(before=ended.id) == [live]
        assert await listed(states=(SessionState.ENDED,)) == [ended]
        assert await listed(meeting_id=of.id) == [ended, live]
        assert await listed(member="creator") == [ended, live]
        assert await listed(account="b") == []
        unfinished = {stored.session.id for stored in await storage.unfinished_sessions()}
        assert unfinished == {pending.id, live.id, other.id}

    async def test_old_events_of_ended_sessions_are_pruned(self, storage: Storage):
        of = meeting()
        live = session(of)
        ended = session(of, state=SessionState.ENDED, ended_at=NOW)
        await storage.write_facts(placed(live, [SessionChanged(live)], position=1))
        await storage.write_facts(placed(ended, [SessionChanged(ended)], position=2))
        assert await storage.prune_events(NOW) == 0
        assert await storage.prune_events(NOW + timedelta(days=1)) == 1
        assert await storage.list_events(ended.id, after=0, limit=9) == []
        assert len(await storage.list_events(live.id, after=0, limit=9)) == 1


class TestRecordings:
    async def test_a_recording_is_replaced_with_its_files_in_order(self, storage: Storage):
        view = recording(session(meeting()), state=RecordingState.RECORDING)
        await storage.save_recording(view)
        files = tuple(recording_file(view.id, segment=n) for n in (2, 1, 3))
        done = dataclasses.replace(
            view, state=RecordingState.READY, files=files, duration_seconds=4.5, ended_at=NOW
        )
        await storage.save_recording(done)
        await storage.save_recording(done)
        assert await storage.find_recording(view.id) == done
        assert await storage.find_file(view.id, files[0].id) == files[0]
        assert await storage.find_file(new_id(), files[0].id) is None

    async def test_lists_are_filtered(self, storage: Storage):
        of = meeting(created_by="creator")
        await storage.insert_meeting(of)
        one, two = session(of), session(meeting())
        ready = recording(one)
        running = recording(two, state=RecordingState.PAUSED)
        for view in (ready, running):
            await storage.save_recording(view)

        async def listed(**members):
            return await storage.list_recordings(
                RecordingQuery(**({"account": "default", "limit": 9} | members))
            )

        assert await listed() == [running, ready]
        assert await listed(before=running.id) == [ready]
        assert await listed(states=(RecordingState.READY,)) == [ready]
        assert await listed(meeting_id=of.id) == [ready]
        assert await listed(session_id=two.id) == [running]
        assert await listed(member="creator") == [ready]
        assert await listed(account="b") == []
        assert await storage.unfinished_recordings() == [running]

    async def test_they_are_found_by_text_and_time(self, storage: Storage):
        of = meeting(title="Design 100% review")
        await storage.insert_meeting(of)
        titled = recording(session(of))
        other = recording(session(meeting()), started_at=NOW + timedelta(days=1))
        named = dataclasses.replace(other, files=(recording_file(other.id, name="Zoe", bytes=7),))
        for view in (titled, named):
            await storage.save_recording(view)

        async def found(**members):
            query = RecordingQuery(account="default", limit=9, **members)
            return await storage.list_recordings(query)

        assert await found(text="DESIGN") == [titled]
        assert await found(text="zo") == [named]
        assert await found(text="100%") == [titled]
        assert await found(text="1%review") == []
        assert await found(since=NOW + timedelta(hours=1)) == [named]
        assert await found(until=NOW + timedelta(hours=1)) == [titled]
        assert await found(since=NOW, until=NOW) == []
        assert await storage.recorded_total("default") == (2, 7)
        assert await storage.recorded_total("b") == (0, 0)

    async def test_deleting_takes_the_files_along(self, storage: Storage):
        view = recording(session(meeting()))
        file = recording_file(view.id)
        await storage.save_recording(dataclasses.replace(view, files=(file,)))
        stone = tombstone(view)
        assert await storage.delete_recording(view.id, stone)
        assert not await storage.delete_recording(view.id, stone)
        assert await storage.find_file(view.id, file.id) is None
        assert await storage.find_record(Tombstone, view.id) == stone

    async def test_what_never_was_leaves_no_tombstone(self, storage: Storage):
        view = recording(session(meeting()))
        assert not await storage.delete_recording(view.id, tombstone(view))
        assert await storage.find_record(Tombstone, view.id) is None

    async def test_some_columns_change_and_the_others_stay(self, storage: Storage):
        view = recording(session(meeting()), failure="x")
        await storage.save_recording(view)
        await storage.change_recording(view.id, place=RecordingPlace.STORED, stored_at=NOW)
        changed = dataclasses.replace(view, place=RecordingPlace.STORED, stored_at=NOW)
        assert await storage.find_recording(view.id) == changed

    async def test_they_are_found_by_place_and_holds_keep_them(self, storage: Storage):
        of = session(meeting())
        local, there = recording(of, ended_at=NOW), recording(of, place=RecordingPlace.MOVED)
        running = recording(of, state=RecordingState.RECORDING)
        for view in (local, there, running):
            await storage.save_recording(view)
        assert await storage.recordings_at(RecordingPlace.LOCAL) == [local]
        every = await storage.recordings_at(RecordingPlace.LOCAL, RecordingPlace.MOVED)
        assert every == [local, there]
        later = NOW + timedelta(days=1)
        assert await storage.recordings_ended_before(later) == [local]
        await storage.change_recording(local.id, held_at=NOW)
        assert await storage.recordings_ended_before(later) == []


class TestKeys:
    async def test_keys_are_found_by_hash_listed_and_revoked_once(self, storage: Storage):
        old, new = (
            ApiKey(new_id(), "default", name, name * 3, "rt_abcd", NOW) for name in ("a", "b")
        )
        for key in (old, new):
            await storage.insert_key(key)
        assert await storage.find_key_by_hash("aaa") == old
        assert await storage.find_key_by_hash("nope") is None
        assert await storage.list_keys("default") == [new, old]
        assert await storage.list_keys("b") == []
        assert await storage.revoke_key(old.id, NOW)
        assert not await storage.revoke_key(old.id, NOW)
        assert await storage.find_key_by_hash("aaa") == dataclasses.replace(old, revoked_at=NOW)


async def test_it_answers_when_it_is_well(storage: Storage):
    assert await storage.check() is None


async def test_connection_states_are_stored_as_words(storage: Storage):
    live, person, _, facts = occupied(meeting())
    links = [connection(person, state=state) for state in ConnectionState]
    await storage.write_facts(
        placed(live, [*facts[:2], *(ConnectionChanged(link, None) for link in links)])
    )
    found = await storage.find_session(live.id)
    assert found is not None
    assert {link.state for link in found.connections} == set(ConnectionState)
