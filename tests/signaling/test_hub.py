"""Who is admitted where, and what concerns everybody."""

import asyncio
from dataclasses import replace

import pytest
from support.signaling import MEETING, World
from support.wait import until

from media.errors import MediaError
from media.types import MediaKind, TrackSource
from signaling.errors import Refused
from signaling.model import (
    EndReason,
    ParticipantKind,
    Permissions,
    RecordingNotice,
    RecordingState,
    SessionState,
)


async def refused(awaitable) -> str:
    with pytest.raises(Refused) as caught:
        await awaitable
    return caught.value.code


def notice(world: World, state: RecordingState) -> RecordingNotice:
    return RecordingNotice("r1", state, None, world.clock.utc())


class TestJoining:
    async def test_the_first_one_opens_a_pending_session(self, world):
        ada = await world.join("Ada")
        assert ada.welcome.session.state == "pending"
        assert world.log.types() == [
            "session.changed",
            "participant.joined",
            "connection.changed",
        ]

    async def test_the_welcome_is_a_snapshot(self, world):
        ada = await world.join("Ada", token="host")
        ada.connects()
        bob = await world.join("Bob")
        welcome = bob.welcome
        assert [one.name for one in welcome.participants] == ["Ada"]
        assert welcome.participants[0].state == "connected"
        assert (welcome.you.name, welcome.you.role, welcome.you.state) == (
            "Bob",
            "participant",
            "connecting",
        )
        assert welcome.sequence == world.log.entries[-1].sequence
        assert welcome.kept is False
        assert welcome.meeting.title == "Standup"
        assert (welcome.slots.audio, welcome.slots.video) == (3, 9)

    async def test_the_engine_is_told_how_they_take_part(self, world):
        observer = await world.join("Olga", token="observer")
        whip = await world.join("Obs", protocol="whip")
        whep = await world.join("Tv", protocol="whep", only_participant="p9")
        phone = await world.join("Phone", mix=True)
        assert world.engine.specs[phone.live.id].mix
        specs = [world.engine.specs[one.live.id] for one in (observer, whip, whep)]
        assert [(s.publish, s.subscribe, s.every_video) for s in specs] == [
            (False, True, False),
            (True, False, False),
            (False, True, True),
        ]
        assert specs[2].only_participant == "p9"
        assert {s.room_id for s in specs} == {world.session().id}

    async def test_two_meetings_have_two_sessions(self, world):
        ada = await world.join("Ada")
        bob = await world.join("Bob", meeting="m2")
        assert bob.welcome.participants == []
        assert ada.outbox.of("roster") == []
        assert {one.meeting.id for one in world.live.sessions()} == {"m1", "m2"}

    async def test_a_full_meeting(self, world):
        world.gate.meeting = replace(MEETING, max_participants=1)
        ada = await world.join("Ada")
        before = len(ada.outbox.messages)
        assert await refused(world.join("Bob")) == "meeting_full"
        assert len(ada.outbox.messages) == before

    async def test_a_full_meeting_takes_back_who_is_inside(self, world):
        world.gate.meeting = replace(MEETING, max_participants=1)
        ada = (await world.join("Ada")).connects()
        again = await world.join(resume=ada.resume)
        assert again.id == ada.id

    async def test_a_draining_server_admits_nobody(self, world):
        world.live.draining = True
        assert await refused(world.join("Ada")) == "server_draining"

    @pytest.mark.parametrize("token", ["expired", "foreign"])
    async def test_a_refused_token_leaves_no_session(self, world, token):
        await refused(world.join("Ada", token=token))
        assert world.session() is None
        assert world.log.entries == []

    async def test_media_that_cannot_be_had(self, world, monkeypatch):
        def fail(spec, listener):
            raise MediaError("stopped")

        monkeypatch.setattr(world.engine, "open", fail)
        assert await refused(world.join("Ada")) == "media_unavailable"
        assert world.session() is None
        assert world.log.types() == ["session.changed", "session.discarded"]


class TestComingBack:
    async def test_a_new_connection_replaces_the_old_in_the_same_step(self, world):
        ada = (await world.join("Ada")).connects()
        bob = (await world.join("Bob")).connects()
        before = len(world.log.entries)
        again = await world.join(resume=ada.resume)
        assert again.id == ada.id
        assert again.live.record.replaces == ada.live.id
        assert (ada.state, ada.live.record.reason) == ("closed", "replaced")
        assert ada.outbox.closed == (4409, "replaced")
        assert world.log.types(before) == ["connection.changed", "connection.changed"]
        assert not any(message.left for message in bob.outbox.of("roster"))
        assert bob.outbox.of("roster")[-1].changed[0].state == "connecting"
        assert again.outbox.messages[0].type == "welcome"

    async def test_a_kept_transport_only_gets_a_new_socket(self, world):
        ada = (await world.join("Ada")).connects()
        ada.live.signaling_closed(ada.outbox)
        again = await world.join(resume=ada.resume, transport="keep", connection=ada.live.id)
        assert again.live is ada.live
        assert again.welcome.kept is True
        assert ada.outbox.closed == (1000, "replaced")
        world.schedule.advance(4)
        assert again.state == "connected"

    async def test_news_of_the_replaced_socket_changes_nothing(self, world):
        ada = (await world.join("Ada")).connects()
        again = await world.join(resume=ada.resume, transport="keep", connection=ada.live.id)
        ada.live.signaling_closed(ada.outbox)
        world.schedule.advance(4)
        assert again.state == "connected"

    async def test_a_transport_that_is_gone_cannot_be_kept(self, world):
        ada = (await world.join("Ada")).connects()
        (await world.join("Bob")).connects()
        ada.live.leave()
        again = await world.join(resume=ada.resume, transport="keep", connection=ada.live.id)
        assert again.welcome.kept is False
        assert again.live.id != ada.live.id
        assert again.id == ada.id

    async def test_after_failed_it_is_the_same_participant_while_the_session_lives(self, world):
        ada = (await world.join("Ada")).connects()
        bob = (await world.join("Bob")).connects()
        ada.live.transport_failed(ada.live.id, "ice_failed")
        assert bob.outbox.of("roster")[-1].left[0].reason == "ice_failed"
        again = await world.join(resume=ada.resume)
        assert again.id == ada.id
        assert [one.id for one in bob.outbox.of("roster")[-1].joined] == [ada.id]

    async def test_after_a_restart_it_is_a_new_participant_in_a_session_that_continues(self, world):
        ada = await world.join(resume="old-session/old-participant")
        assert ada.id != "old-participant"
        assert world.session().session.continues == "old-session"

    async def test_a_guest_who_was_faster_does_not_hide_what_is_continued(self, world):
        await world.join("Bob")
        await world.join(resume="old-session/old-participant")
        assert world.session().session.continues == "old-session"

    async def test_a_session_that_left_no_history_is_not_continued(self, world):
        ada = await world.join("Ada")
        ada.live.leave()
        assert world.session() is None
        await world.join(resume=ada.resume)
        assert world.session().session.continues is None

    async def test_a_join_token_names_its_participant_once(self, world):
        ada = (await world.join("Ada", token="id:p1")).connects()
        second = await world.join("Ada", token="id:p1")
        assert ada.id == "p1"
        assert second.id not in ("p1", None)
        assert ada.state == "connected"

    async def test_a_join_token_names_the_same_participant_in_the_next_session(self, world):
        (await world.join("Ada", token="id:p1")).connects()
        await world.live.end_meeting("m1", by=None)
        assert (await world.join("Ada", token="id:p1")).id == "p1"

    async def test_a_join_token_takes_over_from_a_connection_nobody_attends(self, world):
        ada = (await world.join("Ada", token="id:p1")).connects()
        ada.live.signaling_closed(ada.outbox)
        again = await world.join("Ada", token="id:p1")
        assert again.id == "p1"
        assert ada.live.record.reason == "replaced"


class TestModeration:
    async def test_a_kicked_participant_cannot_resume(self, world):
        ada = (await world.join("Ada")).connects()
        bob = (await world.join("Bob")).connects()
        await world.live.kick(ada.id, by=None)
        assert ada.outbox.closed == (4403, "kicked")
        assert ada.outbox.of("goodbye")[0].rejoin is False
        assert bob.outbox.of("roster")[-1].left[0].reason == "kicked"
        assert await refused(world.join(resume=ada.resume)) == "kicked"

    async def test_a_kick_that_is_not_for_good_lets_them_resume(self, world):
        ada = (await world.join("Ada")).connects()
        _ = (await world.join("Bob")).connects()
        await world.live.kick(ada.id, by=None, for_good=False)
        assert ada.outbox.closed == (4403, "kicked")
        assert (await world.join(resume=ada.resume)).id == ada.id

    async def test_an_invitation_limits_what_is_published_and_done(self, world, monkeypatch):
        admit = world.gate.admit

        async def invited(request):
            admission = await admit(request)
            camera = Permissions(sources=frozenset({TrackSource.CAMERA}), chat=False)
            return replace(admission, invitation_id="i1", permissions=camera)

        monkeypatch.setattr(world.gate, "admit", invited)
        ada = (await world.join("Ada")).connects()
        assert world.engine.muted[ada.live.id, TrackSource.MICROPHONE]
        assert (ada.live.id, TrackSource.CAMERA) not in world.engine.muted
        ada.says('{"type": "publish", "source": "microphone", "muted": false}')
        ada.says('{"type": "chat", "text": "hi"}')
        assert ada.errors() == ["forbidden", "forbidden"]
        assert world.live.permit("i1", Permissions(end=True)) == 1
        assert not world.engine.muted[ada.live.id, TrackSource.MICROPHONE]
        ada.says('{"type": "chat", "text": "hi"}')
        assert len(ada.outbox.of("chat")) == 1
        ada.says('{"type": "end"}')
        assert world.session() is None
        assert world.live.permit("i1", Permissions()) == 0

    async def test_nobody_there_to_kick_or_mute(self, world):
        assert await refused(world.live.kick("nobody", by=None)) == "participant_not_found"
        muting = world.live.mute("nobody", MediaKind.AUDIO, muted=True, by=None)
        assert await refused(muting) == "participant_not_found"

    async def test_muting_a_kind_mutes_every_source_of_it(self, world):
        ada = (await world.join("Ada")).connects()
        await world.live.mute(ada.id, MediaKind.AUDIO, muted=True, by=None)
        assert {source for (_, source), muted in world.engine.muted.items() if muted} == {
            TrackSource.MICROPHONE,
            TrackSource.SCREEN_AUDIO,
        }

    async def test_ending_the_meeting(self, world):
        ada = (await world.join("Ada")).connects()
        await world.live.end_meeting("m1", by=None)
        assert ada.outbox.closed == (4410, "meeting_ended")
        assert world.session() is None
        assert world.log.types()[-3:] == [
            "connection.changed",
            "participant.left",
            "session.changed",
        ]
        assert await refused(world.live.end_meeting("m1", by=None)) == "no_active_session"

    async def test_at_the_end_nobody_is_told_that_the_others_go(self, world):
        ada = await world.join("Ada", token="host")
        bob = await world.join("Bob")
        await world.live.end_meeting("m1", by=None)
        for client in (ada, bob):
            assert client.outbox.closed is not None
            assert not any(message.left for message in client.outbox.of("roster"))


class TestRecording:
    async def test_everybody_is_told(self, world):
        ada = (await world.join("Ada")).connects()
        world.live.recording_changed(world.session().id, notice(world, RecordingState.RECORDING))
        assert ada.outbox.of("recording")[0].recording.state == "recording"
        bob = await world.join("Bob")
        assert bob.welcome.recording.id == "r1"

    async def test_one_that_is_over_is_not_shown_to_newcomers(self, world):
        (await world.join("Ada")).connects()
        world.live.recording_changed(world.session().id, notice(world, RecordingState.READY))
        bob = await world.join("Bob")
        assert bob.welcome.recording is None

    async def test_what_happens_to_it_after_the_session_is_still_logged(self, world):
        (await world.join("Ada")).connects()
        session = world.session().id
        await world.live.end_meeting("m1", by=None)
        last = world.log.entries[-1].sequence
        world.live.recording_changed(session, notice(world, RecordingState.READY))
        assert world.log.entries[-1].sequence == last + 1
        assert world.log.types()[-1] == "recording.changed"

    async def test_of_a_session_nobody_remembers_it_is_ignored(self, world):
        world.live.recording_changed("unknown", notice(world, RecordingState.READY))
        assert world.log.entries == []


class TestStopping:
    async def test_everybody_hears_goodbye_and_the_log_is_complete(self, world):
        ada = (await world.join("Ada")).connects()
        await world.join("Bob", meeting="m2")
        await world.live.stop()
        goodbye = ada.outbox.of("goodbye")[0]
        assert (goodbye.reason, goodbye.rejoin) == ("server_stopped", True)
        assert ada.outbox.closed == (1001, "server_stopped")
        ended = [e.fact.session for e in world.log.entries if e.fact.type == "session.changed"]
        assert (ended[-1].state, ended[-1].reason) == (
            SessionState.ENDED,
            EndReason.SERVER_STOPPED,
        )
        assert world.log.types()[-1] == "session.discarded"
        assert world.engine.specs == {}
        assert list(world.live.sessions()) == []

    async def test_it_can_be_started(self, world):
        world.live.draining = True
        await world.live.start()
        await world.join("Ada")
        assert world.session() is not None


class TestWatcher:
    async def test_it_is_told_the_start_and_the_end_once_and_in_order(self, world):
        told = []
        started = asyncio.Event()

        class Watcher:
            async def session_started(self, meeting, session_id):
                await started.wait()
                told.append(("started", meeting.id, session_id))

            async def session_ended(self, meeting_id, session_id):
                told.append(("ended", meeting_id, session_id))

        world.live.watcher = Watcher()
        assert world.live.watcher is not None
        ada = await world.join("Ada")
        session = world.session().id
        ada.connects()
        ada.live.leave()
        again = (await world.join(resume=ada.resume)).connects()
        again.live.leave()
        world.schedule.advance(60)
        await until(lambda: not world.engine.specs)
        assert told == []
        started.set()
        await until(lambda: len(told) == 2)
        assert told == [("started", "m1", session), ("ended", "m1", session)]


class TestNothingIsLeft:
    async def test_a_thousand_joins_and_leaves(self, world):
        host = (await world.join("Host")).connects()
        for number in range(1000):
            (await world.join(f"P{number}")).connects().live.leave()
        await until(lambda: set(world.engine.specs) == {host.live.id})
        assert len(list(world.session().connections())) == 1
        sequences = [entry.sequence for entry in world.log.entries]
        assert sequences == list(range(1, len(sequences) + 1))


class TestBots:
    async def test_a_bot_is_in_the_roster_until_it_is_dismissed(self, world):
        ada = await world.join("Ada")
        ada.connects()
        bot = world.live.admit_bot(MEETING.id, "Buddy")
        assert (bot.name, bot.kind) == ("Buddy", ParticipantKind.BOT)
        bob = await world.join("Bob")
        assert [one.name for one in bob.welcome.participants] == ["Ada", "Buddy"]
        world.live.dismiss_bot(bot)
        world.live.dismiss_bot(bot)
        cy = await world.join("Cy")
        assert [one.name for one in cy.welcome.participants] == ["Ada", "Bob"]

    async def test_a_bot_needs_a_session_and_a_place(self, world):
        with pytest.raises(Refused) as caught:
            world.live.admit_bot(MEETING.id, "Buddy")
        assert caught.value.code == "no_active_session"
        world.gate.meeting = replace(MEETING, max_participants=2)
        await world.join("Ada")
        await world.join("Bob")
        with pytest.raises(Refused) as caught:
            world.live.admit_bot(MEETING.id, "Buddy")
        assert caught.value.code == "meeting_full"

    async def test_a_stopping_server_takes_no_bot(self, world):
        await world.join("Ada")
        world.live.draining = True
        with pytest.raises(Refused) as caught:
            world.live.admit_bot(MEETING.id, "Buddy")
        assert caught.value.code == "server_draining"

    async def test_who_speaks_is_told_to_programs(self, world):
        ada = await world.join("Ada")
        ada.connects()
        heard: list[tuple[str, bool]] = []
        stop = world.live.on_sound(lambda meeting, sounding: heard.append((meeting, sounding)))
        room = world.engine.rooms[ada.welcome.session.id]
        room.speakers_changed(ada.welcome.session.id, ("someone",))
        room.speakers_changed(ada.welcome.session.id, ())
        stop()
        room.speakers_changed(ada.welcome.session.id, ("someone",))
        assert heard == [(MEETING.id, True), (MEETING.id, False)]
