from dataclasses import replace

import pytest
from aiortc.rtp import RtcpPacket
from support.clock import FakeClock
from support.plane import RTX, RTX_SSRC, TRANSPORT, Rig

from media.plane import rtcp
from media.plane.reports import (
    ALL_LAYERS_BITS,
    KEYFRAME_INTERVAL_NS,
    LAYER_BITS,
    MAX_RESENT,
    VIDEO_BITS_PER_SECOND,
    Reports,
)
from media.quality.measure import ReportMeter
from media.rtp.transport_cc import ArrivalLog
from media.types import MediaKind, TrackSource

KEY, DELTA = b"\x10\x00" + bytes(30), b"\x10\x01" + bytes(30)


class Wire:
    """Notes what would be sent."""

    def __init__(self, rig):
        self.rig = rig
        self.compounds = []

    def send_rtcp(self, connection, compound):
        self.compounds.append((connection.connection_id, rtcp.parse(compound), compound))

    def resend(self, slot, packet):
        self.rig.fanout.resend(slot, packet)

    def facts(self, who):
        return [fact for to, facts, _ in self.compounds if to == who for fact in facts]


class Call:
    """Ada publishes, Bob watches and listens."""

    def __init__(self):
        self.rig = Rig()
        self.clock = FakeClock(start=1.0)
        self.wire = Wire(self.rig)
        self.reports = Reports(self.wire, self.clock)
        self.rig.events.keyframe_wanted = self.reports.keyframe_wanted
        self.ada, self.bob = self.rig.person("ada"), self.rig.person("bob")
        self.mic = self.ada.track()
        self.cam = self.ada.track(TrackSource.CAMERA, ssrc=3000)
        self.ada.join()
        self.ear, self.eye = self.bob.slot(), self.bob.slot(MediaKind.VIDEO)
        self.bob.connection.every_video = True
        self.bob.join()

    def frame(self, sequence, payload=DELTA):
        self.ada.send(
            sequence, payload=payload, payload_type=96, ssrc=3000, level=None, timestamp=sequence
        )

    def receive(self, person, compound):
        self.reports.receive(person.connection, compound, self.rig.now_ns)


@pytest.fixture
def call():
    return Call()


class TestKeyframes:
    def test_asked_for_at_once_and_then_once_a_second(self, call):
        call.frame(1)
        call.frame(2)
        assert call.wire.facts("ada") == [rtcp.KeyframeRequest(3000)]
        call.clock.advance(KEYFRAME_INTERVAL_NS / 1e9)
        call.frame(3)
        assert len(call.wire.facts("ada")) == 2

    def test_listeners_requests_reach_the_publisher(self, call):
        call.frame(1)
        call.frame(2, KEY)
        call.clock.advance(2)
        call.receive(call.bob, rtcp.picture_loss(1, call.eye.ssrc))
        assert len(call.wire.facts("ada")) == 2
        assert call.bob.connection.counters.plis_received == 1

    def test_requests_for_audio_or_nothing_are_ignored(self, call):
        call.ada.speak(1)
        call.receive(call.bob, rtcp.picture_loss(1, call.ear.ssrc))
        call.receive(call.bob, rtcp.picture_loss(1, call.eye.ssrc))
        call.receive(call.bob, rtcp.picture_loss(1, 99))
        assert call.wire.facts("ada") == []

    def test_not_sent_to_who_is_not_connected(self, call):
        call.ada.connection.tx = None
        call.reports.keyframe_wanted(call.cam)
        assert call.wire.compounds == []


def about(ssrc, *, highest, lost):
    return rtcp.receiver_report(1, [rtcp.ReportBlock(ssrc, 0, lost, highest, 0, 0, 0)])


class TestNack:
    def test_publisher_is_asked_for_gaps(self, call):
        call.frame(1)
        call.frame(2, KEY)
        call.wire.compounds.clear()
        for sequence in (4, 5, 6, 7):
            call.frame(sequence)
        call.reports.missing(call.cam, call.rig.now_ns)
        assert call.wire.facts("ada") == [rtcp.Nack(3000, (3,))]
        call.ada.connection.measured(30_000_000)
        call.reports.missing(call.cam, call.rig.now_ns)
        assert len(call.wire.facts("ada")) == 1

    def test_given_up_gap_asks_for_a_key_frame(self, call):
        call.frame(1)
        call.frame(2, KEY)
        for sequence in (4, 5, 6, 7):
            call.frame(sequence)
        for _ in range(8):
            call.rig.now_ns += 200_000_000
            call.clock.advance(0.2)
            call.reports.missing(call.cam, call.rig.now_ns)
        assert call.wire.facts("ada").count(rtcp.KeyframeRequest(3000)) == 2

    def test_listeners_gaps_are_filled_from_the_cache(self, call):
        call.frame(1)
        for sequence in range(2, 8):
            call.frame(sequence, KEY if sequence == 2 else DELTA)
        call.rig.sent()
        call.receive(call.bob, rtcp.nack(1, call.eye.ssrc, (99, 102, 103)))
        assert [packet.sequence for packet in call.rig.received(call.bob)] == [102, 103]
        assert call.bob.connection.counters.nacks_received == 1

    @pytest.mark.parametrize(
        ("repairs", "trip_ms", "lost"),
        [({120: 121}, None, 1), ({120: 121}, 200, 1), ({120: 121}, 201, 3), ({}, None, 3)],
    )
    def test_a_gap_that_was_filled_in_time_is_no_loss_to_the_listener(
        self, call, repairs, trip_ms, lost
    ):
        """Where reports count the stream before retransmissions, which have one of their own."""
        call.bob.connection.round_trip_ns = None if trip_ms is None else trip_ms * 1_000_000
        call.eye.spec = replace(call.eye.spec, repair_types=repairs)
        call.eye.losses = ReportMeter(90000)
        call.frame(1)
        for sequence in range(2, 60):
            call.frame(sequence, KEY if sequence == 2 else DELTA)
        call.receive(call.bob, about(call.eye.ssrc, highest=102, lost=0))
        call.receive(call.bob, rtcp.nack(1, call.eye.ssrc, (110, 111)))
        call.receive(call.bob, about(call.eye.ssrc, highest=122, lost=3))
        told, link = call.eye.meter.settle(), call.eye.losses.settle()
        assert (told.lost, link.lost) == (lost, 3)

    def test_audio_has_no_cache(self, call):
        call.ada.speak(1, 3)
        call.rig.sent()
        call.receive(call.bob, rtcp.nack(1, call.ear.ssrc, (100,)))
        call.receive(call.bob, rtcp.nack(1, 12345, (100,)))
        assert call.rig.sent() == []

    def test_a_huge_request_is_answered_in_part(self, call):
        call.frame(1)
        for sequence in range(2, 400):
            call.frame(sequence, KEY if sequence == 2 else DELTA)
        call.rig.sent()
        call.receive(call.bob, rtcp.nack(1, call.eye.ssrc, range(100, 100 + 2 * MAX_RESENT)))
        assert len(call.rig.sent()) == MAX_RESENT


class TestReports:
    def test_sender_reports_are_mapped_to_each_slot_and_told_to_taps(self, call):
        told = []

        class Tap:
            def open_track(self, *facts):
                return self

            def rtp(self, *facts): ...

            def close(self): ...

            def sender_report(self, *facts):
                told.append(facts)

        call.rig.room.add_tap(Tap())
        call.ada.speak(10, 3)
        call.receive(call.ada, rtcp.sender_report(1000, 7 << 32, 10 * 960, 3, 180))
        (report,) = call.wire.facts("bob")
        assert report == rtcp.SenderReport(call.ear.ssrc, 7 << 32, 5000, 3)
        assert told == [(call.rig.now_ns, 7 << 32, 9600)]
        call.receive(call.ada, rtcp.sender_report(4444, 7 << 32, 0, 0, 0))
        assert len(call.wire.facts("bob")) == 1

    def test_two_reports_of_the_same_count_show_an_idle_sender(self, call):
        call.ada.speak(10, 3)
        mic = call.ada.connection.by_ssrc[1000]
        seen = []
        for packets in (3, 4, 4, 5):
            call.receive(call.ada, rtcp.sender_report(1000, 7 << 32, 10 * 960, packets, 180))
            seen.append(mic.idle)
        assert seen == [False, False, True, False]

    def test_a_muted_track_sends_no_reports(self, call):
        call.frame(1)
        call.frame(2, KEY)
        call.cam.muted = True
        call.receive(call.ada, rtcp.sender_report(3000, 7 << 32, 5, 1, 1))
        assert call.wire.facts("bob") == []

    def test_round_trip_and_loss_come_from_receiver_reports(self, call):
        call.ada.speak(1, 3)
        call.receive(call.ada, rtcp.sender_report(1000, 7 << 32, 0, 3, 180))
        call.rig.now_ns += 80_000_000
        last = 7 << 16
        block = rtcp.ReportBlock(call.ear.ssrc, 0, 0, 102, 0, last, 65536 // 50)
        call.receive(call.bob, rtcp.receiver_report(1, [block]))
        assert call.bob.connection.round_trip_ns == pytest.approx(60_000_000, rel=0.01)
        lost = rtcp.ReportBlock(call.ear.ssrc, 128, 5, 112, 0, 0, 0)
        call.receive(call.bob, rtcp.receiver_report(1, [lost]))
        assert call.ear.meter.settle().lost == 5
        unknown = rtcp.ReportBlock(31337, 0, 0, 0, 0, 0, 0)
        call.receive(call.bob, rtcp.receiver_report(1, [unknown]))

    def test_impossible_round_trip_is_ignored(self, call):
        call.ada.speak(1, 3)
        call.receive(call.ada, rtcp.sender_report(1000, 7 << 32, 0, 3, 180))
        block = rtcp.ReportBlock(call.ear.ssrc, 0, 0, 102, 0, 7 << 16, 65536)
        call.receive(call.bob, rtcp.receiver_report(1, [block]))
        assert call.bob.connection.round_trip_ns is None

    def test_publishers_are_told_loss_delay_and_their_limit(self, call):
        call.ada.speak(1, 4)
        call.ada.speak(9, 2)
        call.frame(1)
        call.receive(call.ada, rtcp.sender_report(1000, 7 << 32, 0, 3, 180))
        call.wire.compounds.clear()
        call.reports.report(call.ada.connection, call.rig.now_ns + 1_000_000_000)
        *reports, limit = call.wire.facts("ada")
        assert limit.bits_per_second == pytest.approx(VIDEO_BITS_PER_SECOND, rel=1e-4)
        blocks = {block.ssrc: block for block in reports}
        mic = blocks[1000]
        assert (mic.packets_lost, mic.fraction_lost, mic.highest) == (4, 4 * 256 // 10, 10)
        assert (mic.last_report, mic.delay) == (7 << 16, 65536)
        assert blocks[3000].last_report == 0
        compound = call.wire.compounds[0][2]
        assert (
            rtcp.bitrate_limit(call.ada.connection.ssrc, VIDEO_BITS_PER_SECOND, [3000]) in compound
        )
        call.reports.report(call.ada.connection, call.rig.now_ns + 2_000_000_000)
        assert call.wire.facts("ada")[-3].fraction_lost == 0

    def test_who_publishes_nothing_gets_no_report(self, call):
        call.reports.report(call.bob.connection, 0)
        assert call.wire.compounds == []

    def test_damage_and_goodbyes_are_harmless(self, call):
        call.receive(call.ada, b"\x80")
        call.receive(call.ada, b"\x81\xcb\x00\x01\x00\x00\x03\xe8")
        assert call.ada.connection.counters.malformed == 1


class TestNeed:
    """Senders of layers are limited to what somebody looks at."""

    def limit(self, call, seconds):
        call.wire.compounds.clear()
        call.reports.report(call.ada.connection, round(seconds * 1e9))
        return call.wire.facts("ada")[-1].bits_per_second

    def test_the_limit_follows_the_tallest_tile_down_slowly(self, call):
        call.rig.room.end_track(call.cam)
        source = call.ada.track(TrackSource.CAMERA, ssrc=3000, layers=("q", "f"))
        call.frame(1, KEY)
        call.frame(2, KEY)
        assert call.eye.track is source
        assert self.limit(call, 1) == pytest.approx(ALL_LAYERS_BITS, rel=1e-3)
        for height, bits in LAYER_BITS:
            before = self.limit(call, 99 + height)
            call.eye.height = height
            assert self.limit(call, 108 + height) == before
            assert self.limit(call, 111 + height) == pytest.approx(bits, rel=1e-3)
            call.eye.height = 2000
            assert self.limit(call, 112 + height) == before

    def test_a_receivers_estimate_is_kept(self, call):
        call.receive(call.bob, rtcp.bitrate_limit(1, 640_000, [call.eye.ssrc]))
        bits, at_ns = call.bob.connection.estimate
        assert bits == pytest.approx(640_000, rel=1e-3)
        assert at_ns == call.rig.now_ns


class TestArrivals:
    def test_nobody_is_told_who_did_not_ask(self, call):
        call.reports.tell_arrivals(call.ada.connection, 0)
        assert call.wire.compounds == []

    def test_they_are_told_of_every_packet_of_video_watched_or_not(self, call):
        connection = call.ada.connection
        connection.arrivals, connection.transport_extension = ArrivalLog(), TRANSPORT
        call.reports.tell_arrivals(connection, 0)
        assert call.wire.compounds == []
        call.bob.connection.every_video = False
        facts = {"payload": DELTA, "level": None}
        call.ada.send(1, payload_type=96, ssrc=3000, transport=700, **facts)
        call.ada.send(2, payload_type=96, ssrc=3000, **facts)  # without a number
        call.ada.send(9, payload_type=RTX, ssrc=RTX_SSRC, transport=701, **facts)
        call.ada.send(1, payload_type=96, ssrc=4444, transport=702, **facts)  # a stranger
        call.reports.tell_arrivals(connection, call.rig.now_ns)
        ((_, _, compound),) = call.wire.compounds
        feedback = RtcpPacket.parse(compound)[1]
        assert (feedback.fmt, feedback.ssrc) == (15, connection.ssrc)
        assert compound[20:24] == (700).to_bytes(2) + (3).to_bytes(2)
        assert connection.counters.feedbacks_sent == 1
        call.reports.tell_arrivals(connection, call.rig.now_ns)
        assert len(call.wire.compounds) == 1
