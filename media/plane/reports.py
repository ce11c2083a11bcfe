"""RTCP with the peers: what their reports and requests cause, and what we report to them."""

from collections.abc import Sequence

from media.clock import Clock
from media.plane import filming, rtcp
from media.plane.pictures import wanted_height
from media.plane.port import FIRST_CYCLE, Connection, Plane, Slot, Track
from media.quality.measure import SETTLE_NS

KEYFRAME_INTERVAL_NS = 1_000_000_000  # an encoder that is asked more often only loses quality
VIDEO_BITS_PER_SECOND = 1_500_000  # per video track upstream: 720p at 30 frames looks good in VP8
# Of the layers up to the one that a tile of so many lines needs, with a margin: the page sends
# 150, 500 and 1500 kb/s at 180, 360 and 720 lines.
LAYER_BITS = ((240, 250_000), (480, 800_000))
ALL_LAYERS_BITS = 2_500_000
NEED_HELD_NS = 10_000_000_000
MAX_RESENT = 128  # packets answered per NACK; who misses more needs a key frame


class Reports:
    """Reads and writes RTCP for all connections of a plane.

    Args:
        plane: Sends.
        clock: For the rate limits.
    """

    def __init__(self, plane: Plane, clock: Clock) -> None:
        self._plane = plane
        self._clock = clock

    def receive(self, connection: Connection, compound: bytes, at_ns: int) -> None:
        """Take an authenticated compound."""
        try:
            facts = rtcp.parse(compound)
        except ValueError:
            connection.counters.malformed += 1
            return
        for fact in facts:
            self._take(connection, fact, at_ns)

    def keyframe_wanted(self, track: Track) -> None:
        """Send a picture loss indication, at most once a second."""
        now_ns = self._clock.monotonic_ns()
        connection = track.connection
        if track.ssrc is None or connection.tx is None:
            return
        if track.feedback_ns and now_ns - track.feedback_ns < KEYFRAME_INTERVAL_NS:
            return
        track.feedback_ns = now_ns
        connection.counters.plis_sent += 1
        self._plane.send_rtcp(
            connection,
            rtcp.receiver_report(connection.ssrc) + rtcp.picture_loss(connection.ssrc, track.ssrc),
        )

    def missing(self, track: Track, at_ns: int) -> None:
        """Ask for a video track's missing packets that are due."""
        connection = track.connection
        trip = connection.round_trip_ns
        given_up = track.missing.forgotten
        due = track.missing.due(at_ns / 1e9, trip / 1e9 if trip is not None else 0.1)
        if due and track.ssrc is not None:
            connection.counters.nacks_sent += 1
            self._plane.send_rtcp(
                connection,
                rtcp.receiver_report(connection.ssrc) + rtcp.nack(connection.ssrc, track.ssrc, due),
            )
        if track.missing.forgotten > given_up:
            self.keyframe_wanted(track)

    def report(self, connection: Connection, now_ns: int) -> None:
        """Send a receiver report about everything that a connection publishes; once a second."""
        tracks = [
            stream
            for track in connection.tracks.values()
            for stream in track.layers
            if stream.head >= 0
        ]
        if not tracks or connection.tx is None:
            return
        blocks = [_block(track, now_ns) for track in tracks if track.ssrc is not None]
        compound = rtcp.receiver_report(connection.ssrc, blocks)
        compound += rtcp.source_description(connection.ssrc, b"roomtone")
        video = [track.ssrc for track in tracks if not track.audio and track.ssrc is not None]
        if video:
            limit = sum(_need(each, now_ns) for each in {track.owner for track in tracks})
            compound += rtcp.bitrate_limit(connection.ssrc, limit, video)
        self._plane.send_rtcp(connection, compound)

    def tell_arrivals(self, connection: Connection, now_ns: int) -> None:
        """Say when the packets of a connection's video came; ten times a second."""
        log = connection.arrivals
        if log is None or connection.tx is None:
            return
        head = rtcp.receiver_report(connection.ssrc)
        for control in log.take(now_ns):
            connection.counters.feedbacks_sent += 1
            told = rtcp.transport_feedback(connection.ssrc, 0, control)
            self._plane.send_rtcp(connection, head + told)

    def _take(self, connection: Connection, fact: rtcp.Fact, at_ns: int) -> None:
        match fact:
            case rtcp.SenderReport():
                self._sender_report(connection, fact, at_ns)
            case rtcp.ReportBlock():
                _report_block(connection, fact, at_ns)
            case rtcp.Nack():
                self._nack(connection, fact.ssrc, fact.sequences)
            case rtcp.KeyframeRequest():
                slot = connection.slots_by_ssrc.get(fact.ssrc)
                stream = None if slot is None else slot.stream or slot.target
                if stream is not None and not stream.audio:
                    connection.counters.plis_received += 1
                    self.keyframe_wanted(stream)
            case rtcp.Estimate():
                connection.estimate = (fact.bits_per_second, at_ns)
            case rtcp.Goodbye():
                pass  # a stream that ends; its m-line or its connection ends it for us

    def _sender_report(self, connection: Connection, report: rtcp.SenderReport, at_ns: int) -> None:
        track = connection.by_ssrc.get(report.ssrc)
        if track is None:
            return
        middle = report.ntp >> 16 & 0xFFFFFFFF
        track.sender_report = (middle, at_ns)
        track.idle = report.packets == track.reported_packets
        track.reported_packets = report.packets
        for _, tap in track.taps:
            tap.sender_report(at_ns, report.ntp, report.rtp_timestamp)
        filming.report(track, at_ns, report.ntp, report.rtp_timestamp)
        if track.muted:
            return
        for slot in track.slots:
            packets, octets = slot.rewriter.sent(track.progress)
            timestamp = (report.rtp_timestamp + slot.rewriter.timestamp_offset) & 0xFFFFFFFF
            slot.report = (middle, at_ns)
            self._plane.send_rtcp(
                slot.connection,
                rtcp.sender_report(slot.ssrc, report.ntp, timestamp, packets, octets)
                + rtcp.source_description(slot.ssrc, connection.cname),
            )

    def _nack(self, connection: Connection, ssrc: int, sequences: Sequence[int]) -> None:
        connection.counters.nacks_received += 1
        slot = connection.slots_by_ssrc.get(ssrc)
        if slot is None:
            return
        for sequence in sequences[:MAX_RESENT]:
            packet = _cached(slot, sequence)
            if packet is not None:
                # without a stream of their own the listener's reports count them already
                if _in_time(connection):
                    slot.resent += slot.payload_type in slot.spec.repair_types
                self._plane.resend(slot, packet)


def _in_time(connection: Connection) -> bool:
    """Whether a listener gets what is sent again before it counts as lost.

    The same time as on the way up: from the gap to the packet takes a round trip.
    """
    trip_ns = connection.round_trip_ns
    return trip_ns is None or trip_ns <= SETTLE_NS


def _cached(slot: Slot, sequence: int) -> bytes | None:
    track = slot.stream
    if track is None or track.cache is None:
        return None
    number = slot.rewriter.number_of(sequence, track.progress)
    return None if number is None else track.cache.get(number & 0xFFFF)


def _report_block(connection: Connection, block: rtcp.ReportBlock, at_ns: int) -> None:
    slot = connection.slots_by_ssrc.get(block.ssrc)
    if slot is None:
        return
    if slot.report is not None and block.last_report == slot.report[0]:
        trip = at_ns - slot.report[1] - block.delay * 1_000_000_000 // 65536
        if trip >= 0:
            connection.measured(trip)
    if slot.track is None:
        return
    holes = slot.rewriter.holes(slot.stream.progress if slot.stream is not None else None)
    lost = block.packets_lost & 0xFFFFFF
    if slot.losses is not None:  # what the link does, whatever was mended
        slot.losses.report(block.highest, lost, block.jitter, holes)
    if slot.meter is not None:  # what the listener gets: reports count before retransmission
        slot.meter.report(block.highest, lost, block.jitter, holes + slot.resent)


def _need(track: Track, now_ns: int) -> int:
    """What a source may send: one stream its fill, layers as much as the tallest tile needs.

    More is allowed at once, less after a while: senders climb slowly.
    """
    if track.audio:
        return 0
    if len(track.layers) == 1:
        return VIDEO_BITS_PER_SECOND
    height = wanted_height(track)
    bits = next((bits for lines, bits in LAYER_BITS if height <= lines), ALL_LAYERS_BITS)
    before, since_ns = track.need
    if bits >= before or now_ns - since_ns > NEED_HELD_NS:
        track.need = (bits, now_ns)
    return track.need[0]


def _block(track: Track, now_ns: int) -> rtcp.ReportBlock:
    """RFC 3550 section 6.4.1 and appendix A.3."""
    expected = track.head - track.base + 1
    interval = expected - track.report_expected
    lost = max(0, interval - (track.received - track.report_received))
    track.report_expected = expected
    track.report_received = track.received
    last, delay = 0, 0
    if track.sender_report is not None:
        last = track.sender_report[0]
        delay = (now_ns - track.sender_report[1]) * 65536 // 1_000_000_000
    return rtcp.ReportBlock(
        ssrc=track.ssrc or 0,
        fraction_lost=min(255, lost * 256 // interval) if interval > 0 else 0,
        packets_lost=max(0, expected - track.received),
        highest=(track.head - FIRST_CYCLE) & 0xFFFFFFFF,
        jitter=round(track.jitter_ms * track.spec.clock_rate / 1000),
        last_report=last,
        delay=min(delay, 0xFFFFFFFF),
    )
