"""Recordings beside the engine of the same process: the adapter of `media.types.Recorders`."""

from media.clock import Clock
from media.recording.recorder import Recorder
from media.recording.writer import WriterThread
from media.types import (
    EndedBy,
    RecordingListener,
    RecordingResult,
    RecordingSpec,
    RunningRecording,
)
from media.video import RoomTaps


class LocalRecorders:
    """Records rooms of an engine in this process, with one writer thread.

    Args:
        taps: The engine.
        writer: The thread, not started yet.
        clock: The process's clock.
    """

    def __init__(self, taps: RoomTaps, writer: WriterThread, clock: Clock) -> None:
        self._taps = taps
        self._writer = writer
        self._clock = clock

    def start(self) -> None:
        """Start the writer thread."""
        self._writer.start()

    async def record(
        self, spec: RecordingSpec, listener: RecordingListener, *, disk_floor_bytes: int
    ) -> RunningRecording:
        """Record every audio track of a room from now on, and its pictures when they are wanted.

        Raises:
            RecordingError: As `Recorder.start`.
        """
        recorder = await Recorder.start(
            spec, self._writer, self._clock, listener, disk_floor_bytes=disk_floor_bytes
        )
        running = _Tapping(self._taps, spec.room_id, recorder)
        try:
            with recorder.attaching():
                self._taps.add_tap(spec.room_id, recorder)
            if spec.media == "audio_video":
                self._taps.add_video_tap(spec.room_id, recorder)
        except BaseException:
            _ = await running.stop("write_error")
            raise
        return running

    def stop(self) -> None:
        """Serve what runs once more, let go of what has not ended. Blocks."""
        self._writer.stop()


class _Tapping:
    """A recorder that hears a room until it is stopped."""

    def __init__(self, taps: RoomTaps, room_id: str, recorder: Recorder) -> None:
        self._taps = taps
        self._room_id = room_id
        self._recorder = recorder

    def pause(self) -> None:
        self._recorder.pause()

    def resume(self) -> None:
        self._recorder.resume()

    async def stop(self, ended_by: EndedBy = "user") -> RecordingResult:
        self._taps.remove_video_tap(self._room_id, self._recorder)
        self._taps.remove_tap(self._room_id, self._recorder)
        return await self._recorder.stop(ended_by)
