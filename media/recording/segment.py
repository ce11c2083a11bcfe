"""One segment of a track on disk: pages into a file, and its entry in the manifest."""

import logging
import os
from dataclasses import dataclass

from media.recording.align import SegmentClock
from media.recording.describe import (
    TICKS_PER_MS,
    TimeZero,
    describe_packets,
    describe_time,
    early_ticks,
    skipped_ns,
)
from media.recording.files import AppendFile, RecordingDirectory
from media.recording.manifest import Segment
from media.recording.plan import Counters, Fill, NewSegment, Packet
from media.recording.pyav import OpusMuxer
from media.recording.salvage import trim_start
from media.rtp.opus import packet_ticks

VENDOR = "roomtone"
_logger = logging.getLogger(__name__)


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
        self._directory = directory
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
        return self.follow(packet.payload, packet.ticks, packet.position, packet.arrival_ns)

    def follow(self, payload: bytes, ticks: int, position: int, arrival_ns: int) -> bool:
        """As `packet`."""
        self.clock.packet(position, arrival_ns)
        page = self._stream.add(payload, ticks)
        if page:
            self._file.append(page)
        return bool(page)

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
        self._trim()

    def describe(self) -> None:
        """Bring the manifest's entry up to date."""
        entry = self.entry
        entry.duration_ms = max(0, self._stream.position - entry.pre_skip) / TICKS_PER_MS
        entry.bytes = self._file.size
        describe_packets(entry, self._counters)
        describe_time(entry, self.clock.alignment(), self._zero)

    def _trim(self) -> None:
        """Leave out what was spoken before the recording began, once that is known for good."""
        early = early_ticks(self.entry)
        if not early:
            return
        try:
            with self._directory.opened(self.entry.file, os.O_RDWR) as fd:
                self.entry.sha256 = trim_start(fd, early)
        except OSError:  # it plays a moment too much; recovery would try again
            _logger.warning("start of a recorded file not trimmed", exc_info=True)
            return
        self.entry.pre_skip += early
        self.describe()

    def _add(self, payload: bytes, ticks: int) -> bool:
        page = self._stream.add(payload, ticks)
        if page:
            self._file.append(page)
        return bool(page)


def new_entry(name: str, number: int, start: NewSegment, zero: TimeZero, origin: Origin) -> Segment:
    """The manifest's entry of a segment that begins; its offset is the first arrival for now."""
    start_ns = start.arrival_ns + skipped_ns(start.pre_skip)
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


def _comments(origin: Origin, entry: Segment) -> dict[str, str]:
    return {
        "ENCODER": VENDOR,
        "ROOMTONE_RECORDING": origin.recording_id,
        "ROOMTONE_TRACK": str(origin.track_number),
        "ROOMTONE_SEGMENT": str(entry.number),
        "DATE": entry.first_sample_time.isoformat(),
    }
