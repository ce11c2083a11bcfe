"""One file of pictures on disk: clusters appended while it grows, made searchable at its end."""

import hashlib
import logging
import os

from media.recording.align import Alignment, SegmentClock
from media.recording.describe import TimeZero
from media.recording.files import AppendFile, RecordingDirectory
from media.recording.manifest import Frames, ListedGap, Packets, Segment
from media.recording.salvage import write_at
from media.recording.segment import VENDOR, Origin
from media.recording.video import matroska
from media.recording.video.matroska import TICKS_PER_MS, Block, Patch, Placed, Walked
from media.recording.video.plan import Counters, NewFile, Picture

CLUSTER_NS = 1_000_000_000
"""What a killed writer loses of whole pictures at most, beside what it waits for."""
CLUSTER_BYTES = 1 << 20
CLUSTER_MS = 5000
"""Of media time; far below what the times of blocks can say."""
HASHED_AT_ONCE = 64 << 20
"""A tenth of a second or less: the other tracks are served in between."""
MOST_APART_NS = 1_000_000_000
"""Reports that put pictures further from their arrival than this are not believed."""

_logger = logging.getLogger(__name__)


class VideoFile:
    """Writes one file; blocking, for the writer thread only.

    Args:
        directory: Where the file is made.
        entry: The manifest's entry, with its file name; kept up to date by `describe`.
        start: What the plan said about it.
        zero: The recording's zero.
        origin: Where it comes from.

    Raises:
        OSError: The file cannot be made or its head not written.
    """

    def __init__(
        self,
        directory: RecordingDirectory,
        entry: Segment,
        start: NewFile,
        zero: TimeZero,
        origin: Origin,
    ) -> None:
        self.entry = entry
        self.clock = SegmentClock()
        self._counters: Counters = start.counters
        self._zero = zero
        self._directory = directory
        self._head = matroska.head(start.format, VENDOR, _tags(origin, entry))
        self._found: Walked = matroska.walk(self._head)
        self._waiting: list[Block] = []
        self._size = 0
        self._since_ns = 0
        self._file: AppendFile = directory.create(entry.file)
        try:
            self._file.append(self._head)
            directory.sync()
        except OSError:
            self._file.close()
            raise

    def picture(self, picture: Picture, now_ns: int) -> bool:
        """Take one picture; True when something went to the file.

        Raises:
            OSError: It could not be written.
        """
        self.clock.packet(as_samples(picture.position), picture.arrival_ns)
        block = Block(round(picture.position / TICKS_PER_MS), picture.data, picture.key)
        full = bool(self._waiting) and (
            block.key
            or self._size >= CLUSTER_BYTES
            or block.at_ms - self._waiting[0].at_ms >= CLUSTER_MS
        )
        wrote = full and self._flush()
        if not self._waiting:
            self._since_ns = now_ns
        self._waiting.append(block)
        self._size += len(block.data)
        return wrote

    def flush_due(self, now_ns: int) -> bool:
        """Write what has waited for long enough; True when something did.

        Raises:
            OSError: It could not be written.
        """
        return now_ns - self._since_ns >= CLUSTER_NS and self._flush()

    def sync(self) -> None:
        """Bring the file to the disk.

        Raises:
            OSError: The kernel could not.
        """
        self._file.sync()

    def finish(self, position: int, sender_offset_ns: int | None = None) -> None:
        """Write the rest, say how long it plays and where its key frames are, close it.

        Args:
            position: Up to where the last picture is shown, in ticks.
            sender_offset_ns: As in `describe`.

        Raises:
            OSError: That is not on the disk; the file is closed all the same, and plays.
        """
        try:
            self._flush()
            last = self._found.last_ms
            duration_ms = max(position / TICKS_PER_MS, last + 1)
            cues, patches = matroska.ending(self._head, self._found, duration_ms)
            self._file.append(cues)
            self._file.sync()
            self._patch(patches)
            self.entry.duration_ms = duration_ms
            self.entry.complete = True
        finally:
            self._file.close()
            self._describe(sender_offset_ns)

    def abandon(self) -> None:
        """Close the file where it is."""
        self._file.close()
        self.describe()

    def describe(self, sender_offset_ns: int | None = None) -> None:
        """Bring the manifest's entry up to date.

        Args:
            sender_offset_ns: How far our clock is ahead of the sender's, as its sound tells.
        """
        self.entry.duration_ms = self._found.last_ms + 1.0
        self._describe(sender_offset_ns)

    def _describe(self, sender_offset_ns: int | None) -> None:
        entry, counters = self.entry, self._counters
        entry.bytes = self._file.size
        entry.packets = Packets(
            received=counters.received,
            lost=counters.lost,
            late=counters.late,
            duplicate=counters.duplicate,
            dropped=counters.dropped,
        )
        if entry.frames is not None:
            entry.frames.written, entry.frames.broken = self._found.frames, counters.broken
        entry.gaps = [
            ListedGap(
                at_ms=gap.at / TICKS_PER_MS, dur_ms=gap.ticks / TICKS_PER_MS, cause=gap.cause.value
            )
            for gap in counters.gaps
        ]
        entry.gaps_omitted = counters.gaps_omitted
        found = self.clock.alignment()
        if found is not None:
            self._place(found, sender_offset_ns)

    def _place(self, found: Alignment, sender_offset_ns: int | None) -> None:
        """Say where the first picture lies: by the sender's clock beside its sound, if it told."""
        entry, start_ns, method = self.entry, found.start_ns, found.method
        zero_ns = self.clock.sender_zero_ns()
        if zero_ns is not None and sender_offset_ns is not None:
            told_ns = zero_ns + sender_offset_ns
            if abs(told_ns - start_ns) < MOST_APART_NS:
                start_ns, method = told_ns, "sr"
        entry.offset_ms = (start_ns - self._zero.monotonic_ns) / 1e6
        entry.first_sample_time = self._zero.at(start_ns)
        entry.method = method
        entry.clock_skew_ppm = round(found.clock_skew_ppm, 3)
        entry.est_error_ms = round(found.est_error_ms, 3)

    def _flush(self) -> bool:
        blocks, self._waiting, self._size = self._waiting, [], 0
        if not blocks:
            return False
        at = self._file.size
        self._file.append(matroska.cluster(blocks))
        found = self._found
        if blocks[0].key:
            found.keys.append(Placed(blocks[0].at_ms, at))
        found.frames += len(blocks)
        found.last_ms, found.end = blocks[-1].at_ms, self._file.size
        return True

    def _patch(self, patches: list[Patch]) -> None:
        with self._directory.opened(self.entry.file, os.O_RDWR) as fd:
            write_patches(fd, patches)


class Digesting:
    """Hashes a finished file piece by piece, as its head was changed after it was written."""

    def __init__(self, directory: RecordingDirectory, entry: Segment) -> None:
        self._directory = directory
        self._entry = entry
        self._hash = hashlib.sha256()
        self._at = 0

    def step(self) -> bool:
        """Hash the next piece; False when the entry says the whole file's hash, or none."""
        try:
            with self._directory.opened(self._entry.file, os.O_RDONLY) as fd:
                data = os.pread(fd, HASHED_AT_ONCE, self._at)
        except OSError:  # recovery would hash it
            _logger.warning("recorded pictures not hashed", exc_info=True)
            return False
        self._hash.update(data)
        self._at += len(data)
        if len(data) == HASHED_AT_ONCE:
            return True
        self._entry.bytes = self._at
        if self._entry.frames is not None and self._entry.frames.written:
            self._entry.sha256 = self._hash.hexdigest()
        return False


def new_entry(name: str, number: int, start: NewFile, zero: TimeZero, origin: Origin) -> Segment:
    """The manifest's entry of a file that begins; its offset is the first arrival for now."""
    form = start.format
    return Segment(
        file=name,
        content_type=matroska.content_type(form),
        number=number,
        connection_id=origin.connection_id,
        ssrc=start.ssrc,
        channels=0,
        pre_skip=0,
        reason=start.reason.value,
        first_sample_time=zero.at(start.arrival_ns),
        offset_ms=(start.arrival_ns - zero.monotonic_ns) / 1e6,
        frames=Frames(width=form.width, height=form.height),
    )


def write_patches(fd: int, patches: list[Patch]) -> None:
    """Change places of a file, in order. Blocks.

    Raises:
        OSError: It cannot be written.
    """
    for patch in patches:
        write_at(fd, patch.data, patch.offset)
    os.fsync(fd)


def as_samples(ticks: int) -> int:
    """Ticks of video as ticks of 48 kHz, which the clock model counts in."""
    return ticks * 8 // 15


def _tags(origin: Origin, entry: Segment) -> dict[str, str]:
    return {
        "ROOMTONE_RECORDING": origin.recording_id,
        "ROOMTONE_TRACK": str(origin.track_number),
        "ROOMTONE_SEGMENT": str(entry.number),
        "DATE": entry.first_sample_time.isoformat(),
    }
