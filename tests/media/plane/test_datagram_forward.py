import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.plane import VP8, Rig

from media.plane.datagram_batch import CAPACITY
from media.plane.datagram_forward import MAX_GAP
from media.types import MediaKind, TileRequest, TrackSource


def vp8(*, key=False, picture=None, tl0=None, start=True):
    """A VP8 payload with a descriptor as asked (RFC 7741)."""
    first = 0x10 if start else 0
    body = bytes([0x00 if key else 0x01]) + bytes(40)
    if picture is None and tl0 is None:
        return bytes([first]) + body
    flags, fields = 0, b""
    if picture is not None:
        flags |= 0x80
        fields += bytes([0x80 | picture >> 8, picture & 0xFF])
    if tl0 is not None:
        flags |= 0x40
        fields += bytes([tl0])
    return bytes([first | 0x80, flags]) + fields + body


class Studio:
    """Cameras and viewers in a room."""

    def __init__(self):
        self.rig = Rig()

    def camera(self, name, ssrc=3000, codec=None):
        person = self.rig.person(name)
        person.track(TrackSource.CAMERA, ssrc=ssrc, codec=codec)
        return person.join()

    def viewer(self, name, *wanted, slots=1):
        person = self.rig.listener(name, slots, MediaKind.VIDEO)
        self.view(person, *wanted)
        return person

    def view(self, person, *wanted):
        tiles = tuple(TileRequest(f"p-{who}", TrackSource.CAMERA, 640, 360) for who in wanted)
        self.rig.room.set_view(person.connection, tiles)

    def send(self, person, sequence, payload, *, timestamp=None, ssrc=3000, marker=False):
        timestamp = sequence * 3000 if timestamp is None else timestamp
        person.send(
            sequence,
            timestamp=timestamp & 0xFFFFFFFF,
            payload=payload,
            payload_type=VP8,
            ssrc=ssrc,
            level=None,
            marker=marker,
        )
        self.rig.now_ns += 33_000_000


@pytest.fixture
def studio():
    return Studio()


class TestAudio:
    def test_every_listener_gets_its_own_payload_type_and_ssrc(self):
        rig = Rig()
        ada = rig.speaker("ada")
        bob, eve = rig.listener("bob"), rig.listener("eve")
        eve.connection.slots.clear()
        eve.slot(types={"audio/opus": 63})
        ada.speak(1, 1)
        sent = {to: to.unprotect(data) for to, data in rig.sent()}
        assert sent[bob].payload_type == 109
        assert sent[eve].payload_type == 63
        assert sent[bob].ssrc != sent[eve].ssrc
        assert sent[bob].payload == sent[eve].payload

    def test_lost_packets_stay_lost_and_late_ones_keep_their_place(self):
        rig = Rig()
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        for sequence in (10, 11, 14, 12):
            ada.send(sequence, timestamp=sequence)
        assert [packet.sequence for packet in rig.received(bob)] == [100, 101, 104, 102]

    def test_packet_from_before_a_silence_is_too_late(self):
        rig = Rig()
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        ada.speak(10, 2)
        ada.speak(13, 30, level=127)
        rig.received(bob)
        ada.speak(44, 1)
        ada.send(12)
        ada.send(43)  # lost until now, between silence and speech
        assert len(rig.received(bob)) == 1

    def test_stream_goes_on_after_an_outage(self):
        rig = Rig()
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        ada.speak(10, 2)
        rig.now_ns += 20_000_000_000
        ada.speak(12 + 2 * MAX_GAP, 2)
        assert [packet.sequence for packet in rig.received(bob)] == [100, 101, 102, 103]

    def test_slot_changes_hands_without_a_jump(self):
        rig = Rig(audio_slots=1)
        ada, bob = rig.speaker("ada"), rig.listener("bob", 1)
        eve = rig.speaker("eve", ssrc=2000)
        ada.speak(60000, 5)
        rig.room.leave(ada.connection)
        eve.speak(5, 5, ssrc=2000)
        got = rig.received(bob)
        assert [packet.sequence for packet in got] == list(range(100, 110))
        steps = [b.timestamp - a.timestamp for a, b in pairwise(got)]
        assert steps == [960] * 9
        assert got[5].marker

    def test_more_listeners_than_a_batch_holds(self):
        rig = Rig()
        ada = rig.speaker("ada")
        for index in range(CAPACITY + 1):
            rig.listener(f"l{index}", 1)
        ada.speak(1, 1)
        assert rig.batch.sent + rig.batch.dropped == CAPACITY
        assert len(rig.sent()) == 1

    def test_listener_that_is_not_connected_yet_is_left_out(self):
        rig = Rig()
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        bob.connection.tx = None
        ada.speak(1, 1)
        assert rig.sent() == []
        assert bob.connection.counters.protect_failed == 0


class TestVideo:
    def test_starts_at_a_key_frame_and_asks_for_one(self, studio):
        ada, bob = studio.camera("ada"), studio.viewer("bob", "ada")
        studio.send(ada, 1, vp8())
        assert studio.rig.received(bob) == []
        assert studio.rig.events.keyframes
        studio.send(ada, 2, vp8(key=True))
        studio.send(ada, 3, vp8(), marker=True)
        got = studio.rig.received(bob)
        assert [packet.sequence for packet in got] == [100, 101]
        assert [packet.marker for packet in got] == [False, True]
        assert got[0].payload_type == 120

    def test_switch_continues_numbers_and_picture_ids(self, studio):
        ada, eve = studio.camera("ada"), studio.camera("eve", ssrc=4000)
        bob = studio.viewer("bob", "ada")
        studio.send(ada, 1, vp8())
        studio.send(eve, 1, vp8(), ssrc=4000)
        studio.send(ada, 2, vp8(key=True, picture=0x7FFF, tl0=200))
        studio.send(ada, 3, vp8(picture=0, tl0=201))
        studio.view(bob, "eve")
        studio.send(ada, 4, vp8(picture=1, tl0=202))
        studio.send(eve, 900, vp8(key=True, picture=77, tl0=3), ssrc=4000)
        got = studio.rig.received(bob)
        assert [packet.sequence for packet in got] == [100, 101, 102]
        ids = [(packet.payload[2] & 0x7F) << 8 | packet.payload[3] for packet in got]
        assert ids == [0, 1, 2]
        assert [packet.payload[4] for packet in got] == [0, 1, 2]
        assert got[2].timestamp > got[1].timestamp

    def test_narrow_picture_ids_stay_narrow(self, studio):
        ada, bob = studio.camera("ada"), studio.viewer("bob", "ada")
        studio.send(ada, 1, vp8())
        studio.send(ada, 2, bytes([0x90, 0x80, 0x45, 0x00]) + bytes(30))
        studio.send(ada, 3, bytes([0x90, 0x80, 0x46, 0x01]) + bytes(30))
        assert [packet.payload[2] for packet in studio.rig.received(bob)] == [0, 1]

    def test_late_packet_from_before_the_start_is_not_shown(self, studio):
        ada, eve = studio.camera("ada"), None
        bob = studio.viewer("bob", "ada")
        studio.send(ada, 1, vp8())
        studio.send(ada, 2, vp8(key=True))
        eve = studio.viewer("eve", "ada")
        studio.send(ada, 10, vp8(key=True))
        studio.rig.sent()
        studio.send(ada, 5, vp8())
        assert [to for to, _ in studio.rig.sent()] == [bob]
        studio.send(ada, 11, vp8())
        assert {to for to, _ in studio.rig.sent()} == {bob, eve}

    def test_truncated_vp8_is_dropped(self, studio):
        ada, bob = studio.camera("ada"), studio.viewer("bob", "ada")
        studio.send(ada, 1, vp8())
        studio.send(ada, 2, vp8(key=True))
        studio.send(ada, 3, b"\x90\x80")
        assert len(studio.rig.received(bob)) == 1
        assert ada.connection.counters.malformed == 1

    def test_other_codecs_pass_whole(self, studio):
        ada = studio.camera("ada", codec="video/H264")
        bob = studio.rig.person("bob")
        bob.slot(MediaKind.VIDEO, {"video/h264": 102})
        bob.join()
        studio.view(bob, "ada")
        studio.send(ada, 1, b"\x41" + bytes(30))
        studio.send(ada, 2, b"\x65" + bytes(30))
        studio.send(ada, 3, b"\x41" + bytes(30))
        got = studio.rig.received(bob)
        assert [packet.payload[0] for packet in got] == [0x65, 0x41]
        assert got[0].payload_type == 102

    def test_resent_packet_is_the_one_that_was_sent(self, studio):
        ada, bob = studio.camera("ada"), studio.viewer("bob", "ada")
        studio.send(ada, 1, vp8())
        for sequence in range(2, 6):
            studio.send(ada, sequence, vp8(key=sequence == 2, picture=sequence), marker=True)
        first = [data for _, data in studio.rig.sent()]
        slot = bob.connection.slots["s0"]
        track = ada.connection.tracks["m0"]
        number = slot.rewriter.number_of(102, track.progress)
        studio.rig.fanout.resend(slot, track.cache.get(number & 0xFFFF))
        assert [data for _, data in studio.rig.sent()] == [first[2]]
        assert bob.connection.counters.retransmitted == 1

    def test_who_negotiated_it_gets_repetitions_in_a_stream_of_their_own(self, studio):
        ada = studio.camera("ada")
        bob = studio.rig.person("bob")
        slot = bob.slot(MediaKind.VIDEO, repairs={120: 121})
        bob.join()
        studio.view(bob, "ada")
        studio.send(ada, 1, vp8())
        for sequence in range(2, 5):
            studio.send(ada, sequence, vp8(key=sequence == 2, picture=sequence), marker=True)
        first = studio.rig.received(bob)
        track = ada.connection.tracks["m0"]
        for wanted in (101, 102, 101):
            number = slot.rewriter.number_of(wanted, track.progress)
            studio.rig.fanout.resend(slot, track.cache.get(number & 0xFFFF))
        again = studio.rig.received(bob)
        assert {(one.payload_type, one.ssrc, one.marker) for one in again} == {
            (121, slot.spec.repair_ssrc, True)
        }
        assert [one.sequence - again[0].sequence for one in again] == [0, 1, 2]
        for one, wanted in zip(again, (101, 102, 101), strict=True):
            original = first[wanted - 100]
            assert one.payload == wanted.to_bytes(2, "big") + original.payload
            assert one.timestamp == original.timestamp

    def test_repetitions_wait_until_the_listener_is_connected(self, studio):
        ada = studio.camera("ada")
        bob = studio.rig.person("bob")
        slot = bob.slot(MediaKind.VIDEO, repairs={120: 121})
        bob.join()
        studio.view(bob, "ada")
        studio.send(ada, 1, vp8())
        studio.send(ada, 2, vp8(key=True))
        studio.rig.sent()
        bob.connection.tx = None
        track = ada.connection.tracks["m0"]
        studio.rig.fanout.resend(slot, track.cache.get(track.progress.number & 0xFFFF))
        assert studio.rig.sent() == []

    def test_repetitions_fill_batch_after_batch(self, studio):
        ada = studio.camera("ada")
        bob = studio.rig.person("bob")
        slot = bob.slot(MediaKind.VIDEO, repairs={120: 121})
        bob.join()
        studio.view(bob, "ada")
        studio.send(ada, 1, vp8())
        studio.send(ada, 2, vp8(key=True))
        studio.rig.sent()
        track = ada.connection.tracks["m0"]
        packet = track.cache.get(track.progress.number & 0xFFFF)
        for _ in range(CAPACITY + 1):
            studio.rig.fanout.resend(slot, packet)
        assert len(studio.rig.sent()) == 1


@given(st.integers(0, 2**32))
def test_however_people_take_turns_a_slot_is_one_stream(seed: int):
    chance, rig = random.Random(seed), Rig(audio_slots=1)
    people = [rig.speaker("ada"), rig.speaker("bob", ssrc=2000)]
    ear = rig.listener("ear", slots=1)
    numbers = [chance.randrange(1 << 16), chance.randrange(1 << 16)]
    heard, lost = [], 0
    for _ in range(chance.randrange(2, 12)):
        speaker = chance.randrange(2)
        for _ in range(chance.randrange(1, 60)):
            for who, person in enumerate(people):
                numbers[who] += 1
                loud = who == speaker
                if loud and chance.random() < 0.05:
                    lost += 1
                    continue
                person.send(
                    numbers[who],
                    timestamp=numbers[who] * 960 & 0xFFFFFFFF,
                    level=25 if loud else 127,
                    ssrc=1000 * (who + 1),
                )
            rig.now_ns += 20_000_000
            heard += rig.received(ear)
    assert heard
    for before, after in pairwise(heard):
        step = (after.sequence - before.sequence) & 0xFFFF
        assert 0 < step < 0x8000
        lost -= step - 1
        assert 0 < (after.timestamp - before.timestamp) & 0xFFFFFFFF < 1 << 31
    assert lost >= 0  # no gap that the sources did not have
