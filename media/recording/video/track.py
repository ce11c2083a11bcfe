"""One camera or screen from its queue to its files, and what a failing disk does to it."""

from collections.abc import Callable, Iterable

from media.recording.attempts import Attempts
from media.recording.files import error_code
from media.recording.handover import OverloadItem, ReportItem
from media.recording.segment import Origin
from media.recording.track import Place, TrackIdentity, file_name
from media.recording.video.file import Digesting, VideoFile, as_samples, new_entry
from media.recording.video.matroska import suffix
from media.recording.video.plan import EndFile, NewFile, Picture, Reason, VideoPlan, Write
from media.recording.video.tap import Item, QueuedVideoTap, TurnItem, VideoItem, WithheldItem
from media.video import VideoStream


class VideoTrackWriter:
    """Writes what one tap queues; blocking, for the writer thread only.

    Args:
        identity: Whose pictures.
        stream: The RTP stream that they come in first.
        tap: Their queue.
        place: Where to write.
        reason: Why the first file begins, when the logical track has others already.
    """

    def __init__(
        self,
        identity: TrackIdentity,
        stream: VideoStream,
        tap: QueuedVideoTap,
        place: Place,
        reason: Reason,
    ) -> None:
        self._identity = identity
        self._stream = stream
        self._tap = tap
        self._place = place
        self._plan = VideoPlan(stream.codec, stream.ssrc, reason)
        self._paused = False
        self._file: VideoFile | None = None
        self._opened_ns = 0
        self._sync_ns = 0
        self._attempts = Attempts()
        self._dropped = 0
        self._digesting: list[Digesting] = []
        self._ended = False

    def service(self, now_ns: int) -> bool:
        """Write what has come; False when the track has ended and its files are described."""
        closed_ns = self._tap.closed_ns  # read first: nothing is queued after it is set
        items = self._tap.drain()
        if not self._ended:
            now_ns = now_ns if closed_ns is None else min(now_ns, closed_ns)
            self._take_all(items, now_ns)
            self._tap.starving = self._plan.wanting and not self._attempts.given_up
        if closed_ns is not None and not self._ended:
            self._ended = True
            self._guard(now_ns, lambda: self._write_all(self._interrupt(now_ns), now_ns))
        if self._digesting and not self._digesting[0].step():
            self._digesting.pop(0)
            self._place.changed()
        return not self._ended or bool(self._digesting)

    def describe(self) -> None:
        """Bring the manifest's entry of the open file up to date."""
        if self._file is not None:
            self._file.describe(self._sender_offset_ns())

    def abandon(self) -> None:
        """Close the open file where it is; recovery completes it."""
        file, self._file = self._file, None
        if file is not None:
            file.abandon()
            self._digesting.append(Digesting(self._place.directory, file.entry))

    def _interrupt(self, now_ns: int) -> list[Write]:
        return self._plan.interrupt(now_ns, Reason.RESUME)

    def _take_all(self, items: list[Item], now_ns: int) -> None:
        if self._is_waiting(now_ns):
            self._skip(items)
            return
        rest = iter(items)
        done = self._guard(now_ns, lambda: self._take_each(rest, now_ns))
        if not done:
            self._skip(list(rest))

    def _take_each(self, items: Iterable[Item], now_ns: int) -> None:
        for item in items:
            if isinstance(item, VideoItem) and item.stored and not self._paused:
                arrival_ns, sequence, timestamp, payload, marker, _ = item
                writes = self._plan.packet(arrival_ns, sequence, timestamp, payload, marker=marker)
                if writes:
                    self._write_all(writes, now_ns)
            else:
                self._take(item, now_ns)
        self._set_paused(paused=self._tap.paused, at_ns=now_ns)
        self._write_all(self._plan.tick(now_ns), now_ns)
        file = self._file
        if file is None:
            return
        file.flush_due(now_ns)
        if now_ns >= self._sync_ns:
            file.sync()
            self._sync_ns = now_ns + self._place.fsync_ns

    def _skip(self, items: list[Item]) -> None:
        """Let items pass that cannot be written, but not a change of the stream."""
        for item in items:
            self._dropped += isinstance(item, VideoItem)
            if isinstance(item, TurnItem):
                self._turn(item)

    def _is_waiting(self, now_ns: int) -> bool:
        """Whether a failed disk is left alone for now."""
        if self._attempts.are_resting(now_ns):
            return True
        if self._attempts.go_on():
            self._plan.interrupt(now_ns, Reason.WRITE_ERROR, self._dropped)
            self._dropped = 0
        return False

    def _guard(self, now_ns: int, act: Callable[[], None]) -> bool:
        try:
            act()
        except OSError as error:
            self._broke(error, now_ns)
            return False
        return True

    def _broke(self, error: OSError, now_ns: int) -> None:
        """Close the file where it is; try again later, or give the track up."""
        begun_ns = None if self._file is None else self._opened_ns
        self.abandon()
        self._place.changed()
        self._plan.interrupt(now_ns, Reason.WRITE_ERROR)
        if not self._attempts.failed(now_ns, begun_ns):
            self._place.failed(error_code(error))

    def _take(self, item: Item, now_ns: int) -> None:
        match item:
            case VideoItem(arrival_ns, sequence, timestamp, payload, marker, stored):
                self._set_paused(paused=not stored, at_ns=arrival_ns)
                if stored:
                    writes = self._plan.packet(
                        arrival_ns, sequence, timestamp, payload, marker=marker
                    )
                    self._write_all(writes, now_ns)
            case ReportItem(ntp, timestamp):
                position = self._plan.position_of(timestamp)
                if self._file is not None and position is not None:
                    self._file.clock.report(ntp, as_samples(position))
            case TurnItem():
                self._write_all(self._turn(item), now_ns)
            case WithheldItem():
                self._plan.withhold()
            case OverloadItem(at_ns, dropped):
                self._write_all(self._plan.interrupt(at_ns, Reason.OVERLOAD, dropped), now_ns)

    def _turn(self, item: TurnItem) -> list[Write]:
        before, self._stream = self._stream, item.stream
        another = before.layer != item.stream.layer
        reason = Reason.LAYER if another else Reason.SSRC
        return self._plan.turn(item.at_ns, item.stream.codec, item.stream.ssrc, reason)

    def _set_paused(self, *, paused: bool, at_ns: int) -> None:
        """A pause ends the file; the first key frame after it begins another."""
        if paused and not self._paused:
            self._write_all(self._plan.interrupt(at_ns, Reason.RESUME), at_ns)
        self._paused = paused

    def _write_all(self, writes: list[Write], now_ns: int) -> None:
        for write in writes:
            match write:
                case NewFile():
                    self._begin_file(write, now_ns)
                case EndFile(position):
                    self._end_file(position)
                case Picture():
                    if self._file is not None:  # else the disk failed in the middle of a batch
                        self._file.picture(write, now_ns)

    def _begin_file(self, start: NewFile, now_ns: int) -> None:
        place, identity = self._place, self._identity
        track = place.entry_for(identity)
        track.codec = start.format.codec
        number = len(track.segments) + 1
        origin = Origin(place.recording_id, track.number, identity.connection_id, start.ssrc)
        name = file_name(track, number, suffix(start.format))
        entry = new_entry(name, number, start, place.zero, origin)
        if entry.frames is not None:
            entry.frames.layer = self._stream.layer
        if number == 1:
            entry.reason = Reason.START.value
        track.segments.append(entry)  # before the file: a number is never used twice
        self._file = VideoFile(place.directory, entry, start, place.zero, origin)
        self._opened_ns = now_ns
        self._sync_ns = place.first_sync_ns(track, now_ns)
        place.changed()

    def _end_file(self, position: int) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.finish(position, self._sender_offset_ns())
            finally:
                self._digesting.append(Digesting(self._place.directory, file.entry))
                self._place.changed()

    def _sender_offset_ns(self) -> int | None:
        return self._place.sender_clocks.get(self._identity.connection_id)
