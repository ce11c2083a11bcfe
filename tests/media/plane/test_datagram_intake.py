import pytest
from support.plane import MID, RTX, RTX_SSRC, SPEECH, VP8, Rig

from media.plane.datagram_intake import DECRYPT_EVERY, MAX_LEARNED
from media.plane.speakers import HANGOVER_PACKETS
from media.types import MediaKind, TrackSource

NOTHING = b"\xf8\xff\xfe"


@pytest.fixture
def rig():
    return Rig()


class Tap:
    """Remembers what it is handed."""

    def __init__(self):
        self.packets = []
        self.withheld = []  # after how many packets, up to which number
        self.closed = False

    def open_track(self, participant_id, label, source, connection_id, ssrc):
        self.facts = (participant_id, label, source, connection_id, ssrc)
        return self

    def rtp(self, arrival_ns, sequence, timestamp, payload, level):
        self.packets.append((arrival_ns, sequence, timestamp, payload, level))

    def skipped(self, sequence):
        self.withheld.append((len(self.packets), sequence))

    def sender_report(self, arrival_ns, ntp, rtp_timestamp): ...

    def close(self):
        self.closed = True


class TestGate:
    def test_silence_is_not_forwarded_after_the_hangover(self, rig):
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        ada.speak(10, 1)
        ada.speak(11, 30, level=127)
        assert len(rig.received(bob)) == 1 + HANGOVER_PACKETS
        assert ada.connection.counters.gated == 30 - HANGOVER_PACKETS

    def test_numbers_close_up_behind_silence_and_time_does_not(self, rig):
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        ada.speak(1, 1)
        ada.speak(2, 100, level=127)
        ada.speak(102, 2)
        got = rig.received(bob)
        numbers = [packet.sequence for packet in got]
        assert numbers == list(range(100, 100 + len(got)))
        assert got[-2].timestamp - got[0].timestamp == 101 * 960
        assert got[-2].marker
        assert not got[-1].marker

    def test_silent_stream_survives_a_wrap_of_its_sequence_numbers(self, rig):
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        ada.speak(60000, 1)
        ada.speak(60001, 70000, level=127)
        rig.received(bob)
        ada.speak(60000 + 70001, 3)
        got = rig.received(bob)
        assert [packet.payload for packet in got] == [SPEECH] * 3
        assert ada.connection.counters.auth_failed == 0

    def test_a_listener_that_skips_its_own_voice_sees_no_jump(self, rig):
        ada = rig.speaker("ada")
        bob = rig.person("bob")
        bob.track(ssrc=2000)
        bob.slot()
        bob.join()
        ada.speak(1, 2)
        bob.speak(1, 200, ssrc=2000)
        ada.speak(3, 2)
        got = rig.received(bob)
        assert [packet.sequence for packet in got] == [100, 101, 102, 103]
        assert {packet.ssrc for packet in got} == {bob.connection.slots["s0"].ssrc}

    def test_a_forged_loud_packet_gets_no_place(self, rig):
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        forged = bytearray(ada.protect(5))
        forged[-1] ^= 1
        rig.take(ada, bytes(forged))
        assert rig.sent() == []
        assert bob.connection.slots["s0"].track is None
        assert ada.connection.counters.auth_failed == 1
        assert ada.connection.heard_ns is None

    def test_source_without_levels_speaks_while_it_sends_more_than_dtx(self, rig):
        ada, bob = rig.speaker("ada", level=0), rig.listener("bob")
        ada.speak(1, 2, level=None)
        ada.speak(3, 50, level=None, payload=b"\xf8")
        assert len(rig.received(bob)) == 2 + HANGOVER_PACKETS

    def test_taps_learn_the_time_of_a_muted_track_and_not_its_sound(self, rig):
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        tap = Tap()
        rig.room.add_tap(tap)
        ada.speak(1, 3)
        rig.room.mute(ada.connection.tracks["m0"], muted=True)
        rig.received(bob)
        ada.speak(4, DECRYPT_EVERY)
        rig.take(ada, ada.protect(4 + DECRYPT_EVERY)[:-1] + b"\0")  # forged
        assert len(tap.packets) == 3
        ada.speak(4 + DECRYPT_EVERY)
        last = 4 + DECRYPT_EVERY
        assert [(packet[1], *packet[3:]) for packet in tap.packets[3:]] == [(last, b"", 127)]
        assert tap.withheld == [(3, last - 1)]
        assert rig.sent() == []

    def test_muted_track_is_dropped_before_listeners(self, rig):
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        ada.speak(1, 3)
        rig.room.mute(ada.connection.tracks["m0"], muted=True)
        rig.received(bob)
        ada.speak(4, 2 * DECRYPT_EVERY)
        assert rig.sent() == []
        assert ada.connection.counters.muted == 2 * DECRYPT_EVERY
        rig.room.mute(ada.connection.tracks["m0"], muted=False)
        ada.speak(4 + 2 * DECRYPT_EVERY, 1)
        assert [packet.sequence for packet in rig.received(bob)] == [103]


class TestTap:
    def test_hears_silence_too_and_nothing_is_forwarded_for_it(self, rig):
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        tap = Tap()
        rig.room.add_tap(tap)
        ada.speak(7, 30, level=127)
        assert rig.sent() == []
        assert [packet[1] for packet in tap.packets] == list(range(7, 37))
        assert {packet[3:] for packet in tap.packets} == {(SPEECH, 127)}
        assert tap.facts == ("p-ada", "Ada", TrackSource.MICROPHONE, "ada", 1000)
        assert bob.connection.slots["s0"].track is None

    def test_runs_of_digital_silence_are_withheld_and_told(self, rig):
        ada = rig.speaker("ada")
        tap = Tap()
        rig.room.add_tap(tap)
        ada.speak(1, 2)
        ada.speak(3, 50, level=127, payload=NOTHING)
        ada.speak(53, 2)
        heard = [packet[1] for packet in tap.packets]
        assert heard == [1, 2, *range(3, 3 + HANGOVER_PACKETS), 53, 54]
        assert tap.withheld == [(2 + HANGOVER_PACKETS, 52)]
        assert [packet[3] for packet in tap.packets].count(NOTHING) == HANGOVER_PACKETS

    def test_a_long_silence_tells_the_time_now_and_then(self, rig):
        ada = rig.speaker("ada")
        tap = Tap()
        rig.room.add_tap(tap)
        ada.speak(1, 2 * DECRYPT_EVERY + 3, level=127, payload=NOTHING)
        assert [(packet[1], packet[3]) for packet in tap.packets] == [
            (1, NOTHING),  # the track begins, however quiet
            (2 + DECRYPT_EVERY, b""),
            (3 + 2 * DECRYPT_EVERY, b""),
        ]
        assert [packet[2] for packet in tap.packets] == [960 * packet[1] for packet in tap.packets]
        assert tap.withheld == [(1, 1 + DECRYPT_EVERY), (2, 2 + 2 * DECRYPT_EVERY)]

    def test_a_tap_that_comes_later_begins_in_the_silence(self, rig):
        ada, first, second = rig.speaker("ada"), Tap(), Tap()
        rig.room.add_tap(first)
        ada.speak(1, 30, level=127, payload=NOTHING)
        rig.room.add_tap(second)
        ada.speak(31, 30, level=127, payload=NOTHING)
        assert [(packet[1], packet[3]) for packet in second.packets] == [(31, NOTHING)]
        assert first.withheld == [(1, 30)]

    def test_silence_that_is_larger_than_nothing_is_handed_out(self, rig):
        ada, tap = rig.speaker("ada"), Tap()
        rig.room.add_tap(tap)
        ada.speak(1, 30, level=127)
        ada.speak(31, 30, level=126, payload=NOTHING)
        assert [packet[1] for packet in tap.packets] == list(range(1, 61))

    def test_forged_silence_claims_no_more_than_the_next_authentic_packet(self, rig):
        ada, tap = rig.speaker("ada"), Tap()
        rig.room.add_tap(tap)
        ada.speak(1, 20, level=127, payload=NOTHING)
        rig.take(ada, ada.protect(900, level=127, payload=NOTHING)[:-1] + b"\0")
        ada.speak(21, 1)
        assert tap.withheld == [(1, 20)]
        assert tap.packets[-1][1] == 21

    def test_padding_is_left_out(self, rig):
        ada = rig.speaker("ada")
        tap = Tap()
        rig.room.add_tap(tap)
        ada.speak(1, 1, padding=8)
        assert tap.packets[0][3] == SPEECH

    def test_impossible_padding_is_dropped(self, rig):
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        ada.send(1, payload=b"", padding=1)
        rig.sent()
        ada.claim_padding(3, 200)
        assert rig.received(bob) == []
        assert ada.connection.counters.malformed == 1


class TestStrangers:
    def test_stream_without_ssrc_line_is_found_by_its_mid(self, rig):
        ada, bob = rig.speaker("ada", ssrc=None), rig.listener("bob")
        ada.connection.mid_extension = MID
        ada.speak(1, 3, ssrc=77, mid="m0")
        assert len(rig.received(bob)) == 2
        assert ada.connection.tracks["m0"].ssrc == 77

    def test_stream_of_an_unknown_mid_is_ignored(self, rig):
        ada = rig.speaker("ada", ssrc=None)
        ada.connection.mid_extension = MID
        ada.speak(1, 3, ssrc=77, mid="zz")
        assert ada.connection.by_ssrc == {}
        assert ada.connection.counters.unknown_ssrc == 3

    def test_stream_is_found_by_its_payload_type_when_only_one_fits(self, rig):
        ada, bob = rig.speaker("ada", ssrc=None), rig.listener("bob")
        ada.speak(1, 3, ssrc=77)
        assert len(rig.received(bob)) == 2

    def test_two_lines_of_one_payload_type_are_not_guessed(self, rig):
        ada = rig.speaker("ada", ssrc=None)
        ada.track(TrackSource.SCREEN_AUDIO, ssrc=None)
        ada.speak(1, 3, ssrc=77)
        assert ada.connection.by_ssrc == {}

    def test_forged_stream_is_not_learned(self, rig):
        ada = rig.speaker("ada", ssrc=None)
        forged = bytearray(ada.protect(1, ssrc=77))
        forged[-1] ^= 1
        rig.take(ada, bytes(forged))
        assert ada.connection.by_ssrc == {}
        assert ada.connection.learned == 0

    def test_new_ssrc_continues_the_track_and_opens_a_new_tap(self, rig):
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        taps = []

        class Taps:
            def open_track(self, *facts):
                taps.append(Tap())
                return taps[-1]

        rig.room.add_tap(Taps())
        ada.speak(1, 2)
        ada.speak(500, 3, ssrc=2222)
        got = rig.received(bob)
        assert [packet.sequence for packet in got] == [100, 101, 102, 103]
        assert [tap.closed for tap in taps] == [True, False]
        assert set(ada.connection.by_ssrc) == {2222}

    def test_number_of_streams_is_bounded(self, rig):
        ada = rig.speaker("ada", ssrc=None)
        for ssrc in range(1, MAX_LEARNED + 20):
            ada.speak(1, 1, ssrc=ssrc)
        assert ada.connection.learned == MAX_LEARNED
        assert len(ada.connection.by_ssrc) == 1

    def test_foreign_payload_type_is_dropped(self, rig):
        ada, bob = rig.speaker("ada"), rig.listener("bob")
        ada.speak(1, 1, payload_type=13)
        assert rig.received(bob) == []
        assert ada.connection.counters.unknown_payload_type == 1

    def test_header_that_claims_more_than_the_datagram_has(self, rig):
        ada = rig.speaker("ada", level=0)
        datagram = bytes([0x9F, 111]) + bytes(6) + (1000).to_bytes(4, "big") + bytes(20)
        for _ in range(2):
            rig.take(ada, datagram)
        assert ada.connection.counters.auth_failed == 2
        assert not ada.connection.tracks["m0"].flowing


class TestVideo:
    KEY = bytes([0x10, 0x00]) + bytes(50)
    DELTA = bytes([0x10, 0x01]) + bytes(50)

    def send(self, person, sequence, payload, **facts):
        person.send(
            sequence,
            timestamp=sequence * 3000,
            payload=payload,
            payload_type=VP8,
            ssrc=3000,
            level=None,
            **facts,
        )
        person.rig.now_ns += 10_000_000

    def camera(self, rig):
        ada = rig.person("ada")
        ada.track(TrackSource.CAMERA, ssrc=3000)
        return ada.join()

    def test_unwatched_video_is_not_decrypted(self, rig):
        ada = self.camera(rig)
        for sequence in range(1, 100):
            self.send(ada, sequence, self.DELTA)
        assert ada.connection.counters.gated == 99
        assert ada.connection.tracks["m0"].skipped == 98

    def test_gaps_are_reported_only_while_somebody_watches(self, rig):
        ada, bob = self.camera(rig), rig.listener("bob", 1, MediaKind.VIDEO)
        self.send(ada, 1, self.KEY)
        self.send(ada, 5, self.DELTA)
        assert rig.events.gaps == []
        bob.connection.every_video = True
        rig.room.refresh(bob.connection)
        self.send(ada, 9, self.KEY)
        assert rig.events.gaps == []
        self.send(ada, 11, self.DELTA)
        assert rig.events.gaps == [ada.connection.tracks["m0"]]

    def test_bandwidth_probes_are_not_forwarded(self, rig):
        ada, bob = self.camera(rig), rig.listener("bob", 1, MediaKind.VIDEO)
        bob.connection.every_video = True
        self.send(ada, 1, self.DELTA)
        self.send(ada, 2, self.KEY)
        self.send(ada, 3, b"", padding=200)
        self.send(ada, 4, self.DELTA)
        assert [packet.sequence for packet in rig.received(bob)] == [100, 101]


class TestRetransmissions:
    """RFC 4588: what is missed comes again in another stream."""

    KEY, DELTA = b"\x10\x00" + bytes(30), b"\x10\x01" + bytes(30)

    def start(self, rig, ssrc=3000):
        ada, eye = rig.person("ada"), rig.listener("eye", 1, MediaKind.VIDEO)
        ada.track(TrackSource.CAMERA, ssrc=ssrc)
        ada.join()
        eye.connection.every_video = True
        return ada, eye

    def frame(self, ada, sequence, payload):
        ada.send(sequence, payload=payload, payload_type=VP8, ssrc=3000, level=None)

    def repeat(self, ada, sequence, payload, *, number=1, **facts):
        again = sequence.to_bytes(2, "big") + payload
        facts = {"payload_type": RTX, "ssrc": RTX_SSRC, "level": None} | facts
        ada.send(number, payload=again, timestamp=sequence, **facts)

    def test_a_missing_packet_is_forwarded_in_its_place_once(self, rig):
        ada, eye = self.start(rig)
        self.frame(ada, 1, self.KEY)
        for sequence in (2, 3, 6, 7):
            self.frame(ada, sequence, self.KEY if sequence == 2 else self.DELTA)
        rig.received(eye)
        body = b"\x10\x01again" + bytes(20)
        for number in range(2):
            self.repeat(ada, 5, body, number=number)
        got = rig.received(eye)
        assert [(one.sequence, one.payload, one.timestamp) for one in got] == [
            (104, body, (got[0].timestamp))
        ]
        assert ada.connection.counters.repaired == 1
        track = ada.connection.tracks["m0"]
        assert len(track.missing) == 1
        bucket = track.meter.settle(rig.now_ns + 1_000_000_000)
        assert (bucket.received, bucket.recovered, bucket.lost) == (5, 1, 1)

    def test_probes_and_nonsense_end_at_the_server(self, rig):
        ada, eye = self.start(rig)
        self.repeat(ada, 5, self.DELTA)  # before the stream began
        self.frame(ada, 1, self.KEY)
        self.frame(ada, 2, self.KEY)
        self.frame(ada, 5, self.DELTA)
        rig.received(eye)
        self.repeat(ada, 2, self.KEY, number=2)
        self.repeat(ada, 4, b"", number=3)
        self.repeat(ada, 4, self.DELTA, number=4, payload_type=VP8)
        rig.take(ada, b"\x80\x61\x00\x09" + bytes(6) + RTX_SSRC.to_bytes(2, "big") + bytes(40))
        assert rig.received(eye) == []
        assert ada.connection.counters.repaired == 0
        assert ada.connection.counters.unknown_payload_type == 1
        assert ada.connection.counters.auth_failed == 1

    def test_their_stream_is_found_by_its_m_line(self, rig):
        ada, eye = self.start(rig)
        ada.connection.repairs.clear()
        ada.connection.mid_extension = MID
        for sequence in (1, 2, 4):
            self.frame(ada, sequence, self.KEY)
        rig.received(eye)
        self.repeat(ada, 3, self.DELTA, mid="m0", ssrc=77)
        self.repeat(ada, 3, self.DELTA, number=2, ssrc=77)
        assert len(rig.received(eye)) == 1
        rig.room.end_track(ada.connection.tracks["m0"])
        assert ada.connection.repairs == {}


class TestMade:
    """Packets of a microphone that this process is itself."""

    def test_they_are_forwarded_like_received_ones(self, rig):
        bot, bob = rig.speaker("bot"), rig.listener("bob")
        track = bot.connection.tracks["m0"]
        for number in range(3):
            rig.intake.made(track, SPEECH, 2**32 - 960 + number * 960, 30, rig.now_ns)
        got = rig.received(bob)
        assert [packet.payload for packet in got] == [SPEECH] * 3
        assert [packet.sequence for packet in got] == [100, 101, 102]
        assert got[2].timestamp - got[0].timestamp == 1920
        assert got[0].marker

    def test_quiet_ones_take_no_slot(self, rig):
        bot, bob = rig.speaker("bot"), rig.listener("bob")
        rig.intake.made(bot.connection.tracks["m0"], SPEECH, 0, 127, rig.now_ns)
        assert bob.connection.slots["s0"].track is None
        assert bot.connection.counters.gated == 1
