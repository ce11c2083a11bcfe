"""One session: roster, states over time, mutes, chat."""

import json
from dataclasses import replace

import pytest
from support.signaling import World

from media.picture import Picture
from media.types import (
    Answer,
    Heard,
    MediaKind,
    QualityLabel,
    Reading,
    SlotState,
    TrackSource,
    TrackState,
)
from signaling.errors import Refused
from signaling.model import Role

MICROPHONE = TrackState(TrackSource.MICROPHONE, "0", "audio/opus", flowing=True)
CAMERA = TrackState(TrackSource.CAMERA, "1", "video/VP8", flowing=True)


def hears(world: World, client, *, media: bool = True) -> None:
    world.engine.heard_of[client.live.id] = Heard(world.clock.monotonic(), media=media)


def publishes(client, *tracks: TrackState) -> None:
    client.live.tracks_changed(client.live.id, tracks)


@pytest.fixture
async def ada(world):
    return (await world.join("Ada", token="host")).connects()


@pytest.fixture
async def bob(world, ada):
    return (await world.join("Bob")).connects()


def changes(client) -> list[list[str]]:
    return [[one.state for one in message.changed] for message in client.outbox.of("roster")]


class TestStates:
    async def test_the_walk_of_a_cut_network(self, world, ada, bob):
        for _ in range(3):
            world.schedule.advance(1)
            hears(world, ada)
            hears(world, bob)
        for _ in range(40):
            world.schedule.advance(1)
            hears(world, ada)
        walk = [
            (e.fact.connection.state, e.fact.connection.reason)
            for e in world.log.entries
            if e.fact.type == "connection.changed" and e.fact.connection.id == bob.live.id
        ]
        assert walk == [
            ("connecting", None),
            ("connected", None),
            ("disconnected", "no_packets"),
            ("failed", "transport_lost"),
        ]
        assert ada.state == "connected"
        assert bob.outbox.closed == (4408, "transport_lost")
        assert ada.outbox.of("roster")[-1].left[0].id == bob.id

    async def test_back_within_the_grace_time(self, world, ada, bob):
        world.schedule.advance(8)
        assert bob.state == "disconnected"
        hears(world, bob)
        world.schedule.advance(0.5)
        assert bob.state == "connected"
        assert bob.live.record.reason is None

    async def test_a_killed_tab_leaves_within_two_seconds(self, world, ada, bob):
        hears(world, bob)
        world.schedule.advance(1)
        bob.live.signaling_closed(bob.outbox)
        assert world.engine.probes == [bob.live.id]
        world.schedule.advance(1.5)
        assert (bob.state, bob.live.record.reason) == ("closed", "left")

    async def test_a_dtls_close_counts_at_once(self, ada, bob):
        bob.live.transport_closed(bob.live.id)
        assert ada.outbox.of("roster")[-1].left[0].reason == "left"

    async def test_times_are_kept(self, world, bob):
        world.schedule.advance(3)
        bob.live.leave()
        record = bob.live.record
        assert (record.closed_at - record.connected_at).total_seconds() == 3

    async def test_the_path_is_kept_for_timelines(self, bob):
        assert bob.live.details == {
            "path": "host",
            "srtp_profile": "SRTP_AEAD_AES_256_GCM",
            "join_ms": 42.0,
        }


class TestRoster:
    async def test_everybody_hears_of_everybody_in_the_order_of_the_log(self, ada, bob):
        roster = ada.outbox.of("roster")
        assert [one.name for one in roster[0].changed] == ["Ada"]
        assert [one.name for one in roster[1].joined] == ["Bob"]
        sequences = [message.sequence for message in roster]
        assert sequences == sorted(sequences)
        assert bob.outbox.of("roster")[0].sequence > bob.welcome.sequence

    async def test_tracks(self, world, ada, bob):
        publishes(ada, MICROPHONE, CAMERA)
        assert [t.source for t in bob.outbox.of("roster")[-1].changed[0].tracks] == [
            "microphone",
            "camera",
        ]
        publishes(ada, MICROPHONE)
        assert world.log.types()[-1] == "track.ended"
        assert len(bob.outbox.of("roster")[-1].changed[0].tracks) == 1

    async def test_a_track_that_only_began_to_flow_is_no_news(self, world, ada, bob):
        publishes(ada, TrackState(TrackSource.MICROPHONE, "0", "audio/opus", flowing=False))
        before = len(world.log.entries)
        publishes(ada, MICROPHONE)
        assert len(world.log.entries) == before

    async def test_tracks_end_with_their_connection(self, world, ada, bob):
        publishes(bob, MICROPHONE)
        before = len(world.log.entries)
        bob.live.leave()
        assert world.log.types(before) == ["track.ended", "connection.changed", "participant.left"]
        publishes(bob, MICROPHONE)
        assert world.log.types()[-1] == "participant.left"

    async def test_who_speaks(self, world, ada, bob):
        listener = world.engine.rooms[world.session().id]
        listener.speakers_changed(world.session().id, (bob.id, ada.id))
        assert ada.outbox.of("speaking")[0].participants == [bob.id, ada.id]

    async def test_the_session_becomes_live_and_is_told(self, ada):
        assert [message.state for message in ada.outbox.of("session")] == ["live"]

    async def test_everybody_gets_the_same_text(self, ada, bob):
        publishes(ada, MICROPHONE)
        assert ada.outbox.of("roster")[-1] is bob.outbox.of("roster")[-1]
        assert json.loads(ada.outbox.messages[-1].text)["type"] == "roster"


class TestQuality:
    async def test_a_changed_label_is_told_to_all_and_its_details_to_oneself(self, ada, bob):
        reading = Reading(QualityLabel.FAIR, 70.0, "loss", 3.0, 40.0, 5.0)
        bob.live.quality_changed(bob.live.id, reading)
        assert ada.outbox.of("roster")[-1].changed[0].quality == "fair"
        assert ada.outbox.of("quality") == []
        assert bob.outbox.of("quality")[0].loss_percent == 3.0

    async def test_a_confirmed_label_is_only_logged(self, world, ada, bob):
        reading = Reading(QualityLabel.GOOD, 80.0, "delay", 0.0, None, 1.0)
        bob.live.quality_changed(bob.live.id, reading)
        before = len(ada.outbox.messages)
        bob.live.quality_changed(bob.live.id, reading)
        assert len(ada.outbox.messages) == before
        assert world.log.types()[-2:] == ["connection.quality"] * 2
        assert world.log.entries[-1].fact.reading == reading

    async def test_owner_of_a_bad_connection_gets_fresh_figures_and_their_origin(self, ada, bob):
        reading = Reading(QualityLabel.FAIR, 65.0, "loss", 6.0, None, 1.0, "uplink", "microphone")
        bob.live.quality_changed(bob.live.id, reading)
        bob.live.quality_changed(bob.live.id, replace(reading, loss_percent=7.0))
        told = bob.outbox.of("quality")
        assert [each.loss_percent for each in told] == [6.0, 7.0]
        assert (told[0].direction, told[0].source) == ("uplink", "microphone")

    async def test_what_somebody_sees_is_logged_until_the_end(self, world, bob):
        picture = Picture("mid", 2, 640, 360, "bandwidth")
        bob.live.picture_changed(bob.live.id, picture)
        assert world.log.types()[-1] == "connection.picture"
        fact = world.log.entries[-1].fact
        assert (fact.connection_id, fact.picture) == (bob.live.id, picture)
        bob.live.leave()
        before = len(world.log.entries)
        bob.live.picture_changed(bob.live.id, None)
        assert len(world.log.entries) == before

    async def test_after_the_end_nothing_is_judged(self, world, ada, bob):
        bob.live.leave()
        bob.live.quality_changed(
            bob.live.id, Reading(QualityLabel.GOOD, 80.0, None, 0.0, None, 1.0)
        )
        assert world.log.types()[-1] == "participant.left"


class TestSlots:
    async def test_a_slot_that_changed(self, ada, bob):
        slot = SlotState("3", MediaKind.AUDIO, bob.id, TrackSource.MICROPHONE)
        ada.live.slots_changed(ada.live.id, (slot,))
        assert ada.outbox.of("slots")[0].slots[0].participant == bob.id

    async def test_a_page_that_comes_back_gets_them_again(self, world, ada):
        slot = SlotState("3", MediaKind.AUDIO)
        ada.live.slots_changed(ada.live.id, (slot,))
        again = await world.join(resume=ada.resume, transport="keep", connection=ada.live.id)
        assert [message.type for message in again.outbox.messages] == ["welcome", "slots"]

    async def test_the_answer_carries_them(self, world, ada):
        slot = SlotState("3", MediaKind.VIDEO)
        ada.live.answered(1, Answer("v=0", (slot,)))
        assert ada.outbox.of("answer")[0].slots[0].kind == "video"


class TestMute:
    async def test_a_host_mutes_and_only_the_owner_opens_again(self, world, ada, bob):
        publishes(bob, MICROPHONE)
        ada.says(json.dumps({"type": "mute", "participant": bob.id, "source": "microphone"}))
        assert bob.outbox.of("muted")[0].by == ada.id
        track = ada.outbox.of("roster")[-1].changed[0].tracks[0]
        assert (track.muted, track.muted_by) == (True, ada.id)
        bob.says('{"type":"publish","source":"microphone","muted":false}')
        assert bob.errors() == ["muted_by_host"]
        assert world.engine.muted[bob.live.id, TrackSource.MICROPHONE] is True
        ada.says(
            json.dumps(
                {"type": "mute", "participant": bob.id, "source": "microphone", "muted": False}
            )
        )
        track = ada.outbox.of("roster")[-1].changed[0].tracks[0]
        assert (track.muted, track.muted_by) == (True, None)
        bob.says('{"type":"publish","source":"microphone","muted":false}')
        assert world.engine.muted[bob.live.id, TrackSource.MICROPHONE] is False

    async def test_it_outlives_a_reconnect(self, world, ada, bob):
        publishes(bob, MICROPHONE)
        await world.live.mute(bob.id, TrackSource.MICROPHONE, muted=True, by=ada.id)
        again = (await world.join(resume=bob.resume)).connects()
        publishes(again, MICROPHONE)
        assert world.engine.muted[again.live.id, TrackSource.MICROPHONE] is True
        assert ada.outbox.of("roster")[-1].changed[0].tracks[0].muted_by == ada.id

    async def test_muting_oneself(self, world, ada, bob):
        publishes(bob, MICROPHONE)
        bob.says('{"type":"publish","source":"microphone","muted":true}')
        assert ada.outbox.of("roster")[-1].changed[0].tracks[0].muted is True
        before = len(ada.outbox.messages)
        bob.says('{"type":"publish","source":"microphone","muted":true}')
        assert len(ada.outbox.messages) == before


class TestChat:
    async def test_everybody_gets_it_and_newcomers_the_last_hundred(self, world, ada, bob):
        for number in range(101):
            ada.says(json.dumps({"type": "chat", "text": f"line {number}"}))
        assert bob.outbox.of("chat")[0].message.text == "line 0"
        assert ada.outbox.of("chat")[-1].message.name == "Ada"
        cleo = await world.join("Cleo")
        assert [line.text for line in cleo.welcome.chat][::99] == ["line 1", "line 100"]


class TestBotThatSpeaks:
    """A program of this process with a microphone."""

    @pytest.fixture
    def bot(self, world, ada):
        return world.live.admit_bot("m1", "Echo", Role.PARTICIPANT)

    def roster_of(self, client, bot):
        views = [view for message in client.outbox.of("roster") for view in message.changed]
        return [view for view in views if view.id == bot.id][-1]

    def test_its_microphone_is_in_the_roster(self, world, ada, bot):
        spec = world.live.give_microphone(bot)
        assert (spec.room_id, spec.participant_id, spec.label) == (bot.session_id, bot.id, "Echo")
        assert not spec.subscribe
        (track,) = self.roster_of(ada, bot).tracks
        assert (track.source, track.muted) == (TrackSource.MICROPHONE, False)

    async def test_a_host_mutes_it_and_lets_it_speak_again(self, world, ada, bot):
        spec = world.live.give_microphone(bot)
        name = (spec.connection_id, TrackSource.MICROPHONE)
        await world.live.mute(bot.id, MediaKind.AUDIO, muted=True, by=ada.id)
        assert world.engine.muted[name]
        assert self.roster_of(ada, bot).tracks[0].muted_by == ada.id
        await world.live.mute(bot.id, MediaKind.AUDIO, muted=False, by=ada.id)
        assert not world.engine.muted[name]
        assert not self.roster_of(ada, bot).tracks[0].muted

    def test_one_that_left_gets_none(self, world, ada, bot):
        world.live.dismiss_bot(bot)
        with pytest.raises(Refused, match="left"):
            world.live.give_microphone(bot)

    def test_an_observer_is_mute(self, world, ada):
        bot = world.live.admit_bot("m1", "Listener")
        world.live.give_microphone(bot)
        assert self.roster_of(ada, bot).tracks[0].muted
