"""One segment of a track on disk: pages into a file, and its entry in the manifest."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from media.recording.align import SegmentClock
from media.recording.files import AppendFile, RecordingDirectory
from media.recording.manifest import FillMs, ListedGap, Packets, Segment
from media.recording.plan import PRE_SKIP, Counters, Fill, FillKind, NewSegment, Packet
from media.recording.pyav import OpusMuxer
from media.rtp.opus import TICKS_PER_SECOND, packet_ticks

VENDOR = "roomtone"
_TICKS_PER_MS = TICKS_PER_SECOND / 1000


@dataclass(frozen=True, slots=True)
class TimeZero:
    """The recording's zero on both clocks, so that a step of the time of day moves nothing."""

    utc: datetime
    monotonic_ns: int

    def at(self, monotonic_ns: int) -> datetime:
        """The time of day of a moment of the monotonic clock."""
        return self.utc + timedelta(microseconds=(monotonic_ns - self.monotonic_ns) / 1e3)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a segment comes from.

    Attributes:
        recording_id: For the file's tags.
        track_number: Number of the logical track.
        connection_id: The connection that sent it.
        ssrc: Its RTP stream.
    """

    recording_id: str
    track_number: int
    connection_id: str
    ssrc: int


class SegmentFile:
    """Writes one segment; blocking, for the writer thread only.

    Args:
        directory: Where the file is made.
        entry: The manifest's entry, with its file name; kept up to date by `describe`.
        start: What the plan said about the segment.
        zero: The recording's zero.
        origin: Where it comes from.

    Raises:
        OSError: The file cannot be made or its headers not written.
    """

    def __init__(
        self,
        directory: RecordingDirectory,
        entry: Segment,
        start: NewSegment,
        zero: TimeZero,
        origin: Origin,
    ) -> None:
        self.entry = entry
        self.clock = SegmentClock()
        self._counters: Counters = start.counters
        self._zero = zero
        self._stream = OpusMuxer(
            channels=entry.channels, pre_skip=entry.pre_skip, comments=_comments(origin, entry)
        )
        self._file: AppendFile = directory.create(entry.file)
        try:
            self._file.append(self._stream.headers())
            directory.sync()
        except OSError:
            self._stream.abandon()
            self._file.close()
            raise

    def packet(self, packet: Packet) -> bool:
        """Write one received packet; True when a page went to the file.

        Raises:
            OSError: The page could not be written.
        """
        self.clock.packet(packet.position, packet.arrival_ns)
        return self._add(packet.payload, packet.ticks)

    def fill_all(self, fill: Fill) -> bool:
        """Write packets that stand in for missing audio; True when a page went to the file.

        Raises:
            OSError: A page could not be written.
        """
        pages = [self._add(packet, packet_ticks(packet)) for packet in fill.packets]
        return any(pages)

    def sync(self) -> None:
        """Bring the file to the disk.

        Raises:
            OSError: The kernel could not.
        """
        self._file.sync()

    def finish(self) -> None:
        """End the stream and close the file.

        Raises:
            OSError: The last page is not on the disk; the file is closed all the same.
        """
        try:
            self._file.append(self._stream.finish())
            self._file.sync()
            self.entry.complete = True
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the file where it is."""
        self._stream.abandon()
        self._file.close()
        self.describe()
        self.entry.sha256 = self._file.sha256

    def describe(self) -> None:
        """Bring the manifest's entry up to date."""
        entry, counters = self.entry, self._counters
        ticks = max(0, self._stream.position - entry.pre_skip)
        entry.duration_ms = ticks / _TICKS_PER_MS
        entry.bytes = self._file.size
        entry.packets = Packets(
            received=counters.received,
            lost=counters.lost,
            late=counters.late,
            duplicate=counters.duplicate,
            malformed=counters.malformed,
            overlap=counters.overlap,
            dropped=counters.dropped,
            withheld=counters.withheld,
        )
        filled = counters.filled
        entry.fill_ms = FillMs(
            concealed=filled[FillKind.CONCEALED] / _TICKS_PER_MS,
            dtx=filled[FillKind.DTX] / _TICKS_PER_MS,
            silence=filled[FillKind.SILENCE] / _TICKS_PER_MS,
        )
        entry.gaps = [
            ListedGap(
                at_ms=max(0, gap.at - entry.pre_skip) / _TICKS_PER_MS,
                dur_ms=gap.ticks / _TICKS_PER_MS,
                cause=gap.cause.value,
            )
            for gap in counters.gaps
        ]
        entry.gaps_omitted = counters.gaps_omitted
        self._describe_time()

    def _add(self, payload: bytes, ticks: int) -> bool:
        page = self._stream.add(payload, ticks)
        if page:
            self._file.append(page)
        return bool(page)

    def _describe_time(self) -> None:
        found = self.clock.alignment()
        if found is None:
            return
        start_ns = found.start_ns + _skipped_ns(self.entry.pre_skip)
        self.entry.offset_ms = (start_ns - self._zero.monotonic_ns) / 1e6
        self.entry.first_sample_time = self._zero.at(start_ns)
        self.entry.method = found.method
        self.entry.clock_skew_ppm = round(found.clock_skew_ppm, 3)
        self.entry.est_error_ms = round(found.est_error_ms, 3)


def new_entry(name: str, number: int, start: NewSegment, zero: TimeZero, origin: Origin) -> Segment:
    """The manifest's entry of a segment that begins; its offset is the first arrival for now."""
    start_ns = start.arrival_ns + _skipped_ns(start.pre_skip)
    return Segment(
        file=name,
        number=number,
        connection_id=origin.connection_id,
        ssrc=origin.ssrc,
        channels=2 if start.stereo else 1,
        pre_skip=start.pre_skip,
        reason=start.reason.value,
        first_sample_time=zero.at(start_ns),
        offset_ms=(start_ns - zero.monotonic_ns) / 1e6,
    )


def _skipped_ns(pre_skip: int) -> int:
    """Sound before a file's first sample; the encoder's own delay comes before any sound."""
    return (pre_skip - PRE_SKIP) * 1_000_000_000 // TICKS_PER_SECOND


def _comments(origin: Origin, entry: Segment) -> dict[str, str]:
    return {
        "ENCODER": VENDOR,
        "ROOMTONE_RECORDING": origin.recording_id,
        "ROOMTONE_TRACK": str(origin.track_number),
        "ROOMTONE_SEGMENT": str(entry.number),
        "DATE": entry.first_sample_time.isoformat(),
    }
