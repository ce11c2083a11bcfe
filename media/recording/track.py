"""One published track from its queue to its segments, and what a failing disk does to it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from media.recording.attempts import Attempts
from media.recording.describe import TimeZero
from media.recording.files import RecordingDirectory, error_code, slug
from media.recording.handover import OverloadItem, ReportItem
from media.recording.manifest import Segment, TrackEntry
from media.recording.plan import NewSegment, Packet, Reason, TrackPlan, Write
from media.recording.replay import REASONS
from media.recording.rtplog import CUT, LogHeader, Mark, MarkKind
from media.recording.segment import Origin, SegmentFile, new_entry
from media.recording.sidecar import Sidecar
from media.recording.tap import Item, QueuedTap, RtpItem, SkippedItem
from media.types import TrackSource


@dataclass(frozen=True, slots=True)
class TrackIdentity:
    """Whose track it is and which stream carries it now."""

    participant_id: str
    name: str
    source: TrackSource
    connection_id: str
    ssrc: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recording's tracks are written and described.

    Attributes:
        recording_id: For the files' tags.
        directory: Where the files go.
        zero: The recording's zero on both clocks.
        fsync_ns: Longest time that written pages stay off the disk; 0 for none.
        rtplog: Whether the arrival of every packet is logged.
        cut_pauses: A pause ends the segment instead of filling it with silence.
        entry_for: The manifest's entry of the logical track, made at its first file.
        changed: Called when a segment began or ended, so that the manifest is written.
        failed: Called with a code when the track is given up.
        sender_clocks: By connection, how far our clock is ahead of its sender's.
    """

    recording_id: str
    directory: RecordingDirectory
    zero: TimeZero
    fsync_ns: int
    rtplog: bool
    cut_pauses: bool
    entry_for: Callable[[TrackIdentity], TrackEntry]
    changed: Callable[[], None]
    failed: Callable[[str], None]
    sender_clocks: dict[str, int] = field(default_factory=dict)

    def first_sync_ns(self, track: TrackEntry, now_ns: int) -> int:
        """When a file that begins now is first synced: not every track's in the same moment."""
        return now_ns + self.fsync_ns * (track.number % 8 + 1) // 8


class TrackWriter:
    """Writes what one tap queues; blocking, for the writer thread only.

    Args:
        identity: Whose track.
        tap: Its queue.
        place: Where to write.
        reason: Why its first segment begins, when the logical track has others already.
        running_ns: A first packet before this moment continues a stream that ran already.
    """

    def __init__(
        self,
        identity: TrackIdentity,
        tap: QueuedTap,
        place: Place,
        reason: Reason,
        running_ns: int = 0,
    ) -> None:
        self._identity = identity
        self._tap = tap
        self._place = place
        self._plan = TrackPlan(reason, running_ns)
        self._log = Sidecar(enabled=place.rtplog)
        self._log.mark(Mark(MarkKind.BEGIN, 0, REASONS.index(reason), running_ns))
        self._paused = False
        self._segment: SegmentFile | None = None
        self._opened_ns = 0
        self._sync_ns = 0
        self._attempts = Attempts()
        self._dropped = 0
        self._batch: deque[Item] = deque()  # holds one drained queue at most

    def service(self, now_ns: int) -> bool:
        """Write what has come; False when the track has ended and its files are closed."""
        closed_ns = self._tap.closed_ns  # read first: nothing is queued after it is set
        items = self._tap.drain()
        if not items and closed_ns is None and self._is_idle(now_ns):
            return True
        now_ns = now_ns if closed_ns is None else min(now_ns, closed_ns)
        if self._is_waiting(now_ns):
            self._dropped += sum(isinstance(item, RtpItem) for item in items)
        else:
            self._batch.extend(items)
            self._guard(now_ns, lambda: self._take_all(now_ns))
            self._log.flush()
        if closed_ns is None:
            return True
        self._guard(now_ns, lambda: self._finish(closed_ns))
        self._log.close()
        return False

    def describe(self) -> None:
        """Bring the manifest's entry of the open segment up to date."""
        if self._segment is not None:
            self._segment.describe()
            self._note_clock(self._segment)

    def abandon(self) -> None:
        """Close the open file where it is; recovery completes it."""
        if self._segment is not None:
            self._segment.abandon()
            self._segment = None
        self._log.close()

    def _is_idle(self, now_ns: int) -> bool:
        """Whether there is nothing to do without packets, as for most tracks most of the time."""
        if self._segment is None or self._plan.waiting or self._tap.paused != self._paused:
            return False
        due_ns = self._plan.due_ns
        return now_ns < self._sync_ns and (due_ns is None or now_ns < due_ns)

    def _is_waiting(self, now_ns: int) -> bool:
        """Whether a failed disk is left alone for now."""
        if self._attempts.are_resting(now_ns):
            return True
        if self._attempts.go_on():
            self._log.mark(Mark(MarkKind.BEGIN, 0, REASONS.index(Reason.WRITE_ERROR)))
            self._log.mark(Mark(MarkKind.RESUME if not self._paused else MarkKind.PAUSE, now_ns))
            self._plan.interrupt(now_ns, Reason.WRITE_ERROR, self._dropped)
            self._dropped = 0
        return False

    def _guard(self, now_ns: int, act: Callable[[], None]) -> None:
        try:
            act()
        except OSError as error:
            self._broke(error, now_ns)

    def _broke(self, error: OSError, now_ns: int) -> None:
        """Close the segment where it is; try again later, or give the track up."""
        begun_ns = None if self._segment is None else self._opened_ns
        self.abandon()
        self._place.changed()
        self._plan.interrupt(now_ns, Reason.WRITE_ERROR)
        self._dropped += sum(isinstance(item, RtpItem) for item in self._batch)
        self._batch.clear()
        if not self._attempts.failed(now_ns, begun_ns):
            self._place.failed(error_code(error))

    def _take_all(self, now_ns: int) -> None:
        while self._batch:
            item = self._batch.popleft()
            if not isinstance(item, RtpItem) or not self._follow(item):
                self._take(item, now_ns)
        self._set_paused(paused=self._tap.paused, now_ns=now_ns)
        waiting = self._plan.waiting
        writes = self._plan.tick(now_ns)
        if waiting or writes:  # else nothing changed, ten times a second
            self._log.mark(Mark(MarkKind.TICK, now_ns))
        self._write_all(writes, now_ns)
        if self._segment is not None and now_ns >= self._sync_ns:
            self._segment.sync()
            self._log.sync()
            self._sync_ns = now_ns + self._place.fsync_ns

    def _follow(self, item: RtpItem) -> bool:
        """Write a packet that goes on where the last one ended; False when it does not."""
        arrival_ns, sequence, timestamp, payload, stored = item
        segment, plan = self._segment, self._plan
        if segment is None or self._paused or not stored:
            return False
        placed = plan.follow(arrival_ns, sequence, timestamp, payload)
        if placed is None:
            return False
        position, ticks = placed
        self._log.follow(item, ticks)
        if segment.follow(payload, ticks, position, arrival_ns) and not self._place.fsync_ns:
            segment.sync()
        return True

    def _take(self, item: Item, now_ns: int) -> None:
        match item:
            case RtpItem(arrival_ns, sequence, timestamp, payload, stored):
                if self._place.cut_pauses:
                    self._cut(paused=not stored, at_ns=arrival_ns)
                    if not stored:
                        return
                self._log.packet(item)
                self._set_paused(paused=not stored)
                writes = self._plan.packet(arrival_ns, sequence, timestamp, payload)
                self._write_all(writes, now_ns)
            case SkippedItem(sequence):
                self._log.mark(Mark(MarkKind.SKIPPED, 0, value=sequence))
                self._write_all(self._plan.skipped(sequence), now_ns)
            case ReportItem(ntp, timestamp):
                self._log.report(item)
                position = self._plan.position_of(timestamp)
                if self._segment is not None and position is not None:
                    self._segment.clock.report(ntp, position)
            case OverloadItem(at_ns, dropped):
                self._log.mark(Mark(MarkKind.OVERLOAD, at_ns, value=dropped))
                self._write_all(self._plan.interrupt(at_ns, Reason.OVERLOAD, dropped), now_ns)

    def _set_paused(self, *, paused: bool, now_ns: int | None = None) -> None:
        """Pause or go on; a packet's own record says so, anything else is marked in the log."""
        if now_ns is not None and self._place.cut_pauses:
            self._cut(paused=paused, at_ns=now_ns)
        if now_ns is not None and paused != self._paused:
            self._log.mark(Mark(MarkKind.PAUSE if paused else MarkKind.RESUME, now_ns))
        self._paused = paused
        if paused:
            self._plan.pause()
        else:
            self._plan.resume()

    def _cut(self, *, paused: bool, at_ns: int) -> None:
        """End the segment where a pause begins; the first packet after it begins another."""
        if paused and not self._paused and self._segment is not None:
            self._log.mark(Mark(MarkKind.PAUSE, at_ns, CUT))
            self._write_all(self._plan.interrupt(at_ns, Reason.RESUME), at_ns)
            self._end_segment()
        self._paused = paused

    def _finish(self, closed_ns: int) -> None:
        self._log.mark(Mark(MarkKind.FINISH, closed_ns))
        self._write_all(self._plan.finish(closed_ns), closed_ns)
        self._end_segment()

    def _write_all(self, writes: list[Write], now_ns: int) -> None:
        for write in writes:
            self._write(write, now_ns)

    def _write(self, write: Write, now_ns: int) -> None:
        if isinstance(write, NewSegment):
            self._end_segment()
            self._begin_segment(write, now_ns)
            return
        segment = self._segment
        if segment is None:
            return  # the disk failed while a batch was written; the plan is interrupted after it
        paged = segment.packet(write) if isinstance(write, Packet) else segment.fill_all(write)
        if paged and not self._place.fsync_ns:
            segment.sync()

    def _begin_segment(self, start: NewSegment, now_ns: int) -> None:
        place, identity = self._place, self._identity
        track = place.entry_for(identity)
        number = len(track.segments) + 1
        origin = Origin(place.recording_id, track.number, identity.connection_id, identity.ssrc)
        entry = new_entry(file_name(track, number, "ogg"), number, start, place.zero, origin)
        if number == 1:
            entry.reason = Reason.START.value
        self._open_log(entry)
        track.segments.append(entry)  # before the file: a number is never used twice
        self._segment = SegmentFile(place.directory, entry, start, place.zero, origin)
        self._opened_ns = now_ns
        self._sync_ns = place.first_sync_ns(track, now_ns)
        place.changed()

    def _open_log(self, entry: Segment) -> None:
        zero = self._place.zero
        header = LogHeader(
            entry.number, entry.ssrc or 0, zero.monotonic_ns, round(zero.utc.timestamp() * 1e6)
        )
        self._log.open(self._place.directory, log_name(entry.file), header)
        entry.rtplog = self._log.name

    def _end_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            self._note_clock(segment)
            segment.finish()
            self._place.changed()

    def _note_clock(self, segment: SegmentFile) -> None:
        offset_ns = segment.clock.sender_offset_ns()
        if offset_ns is not None:
            self._place.sender_clocks[self._identity.connection_id] = offset_ns


def log_name(file_name: str) -> str:
    """The packet log that begins with a file."""
    return file_name.removesuffix(".ogg") + ".rtplog"


def file_name(track: TrackEntry, segment: int, ending: str) -> str:
    """What a track's file is called; recovery reads it again."""
    kind = "audio" if track.label is TrackSource.MICROPHONE else track.label.value
    number = "" if segment == 1 else f".{segment}"
    return f"{track.number:03d}-{slug(track.name)}-{kind}{number}.{ending}"
