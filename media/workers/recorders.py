"""Recordings in media workers, which go on in a worker's successor."""

import asyncio
import dataclasses
from collections.abc import Callable

from media.clock import Clock
from media.errors import MediaError, RecordingError
from media.recording.recovery import recover
from media.tasks import OnError, TaskScope
from media.types import (
    EndedBy,
    RecordingListener,
    RecordingResult,
    RecordingSpec,
    RunningRecording,
)
from media.workers import messages as m
from media.workers.link import Link, WorkerLostError


class RemoteRecorders:
    """Satisfies `media.types.Recorders`.

    Args:
        link_of: The worker that a room lives in.
        clock: The process's clock.
        on_error: Told of bugs.
    """

    def __init__(self, link_of: Callable[[str], Link], clock: Clock, on_error: OnError) -> None:
        self.clock = clock
        self._link_of = link_of
        self._scope = TaskScope(on_error)
        self._running: dict[str, _RemoteRecording] = {}

    def start(self) -> None:
        """Workers start their own writers."""

    def stop(self) -> None:
        """Workers close their recordings when they end."""

    async def close(self) -> None:
        """Continue no recording any more."""
        await self._scope.close()

    async def record(
        self, spec: RecordingSpec, listener: RecordingListener, *, disk_floor_bytes: int
    ) -> RunningRecording:
        """Record every audio track of a room from now on.

        Raises:
            RecordingError: The worker cannot; `worker_lost` when it died meanwhile.
        """
        link = self._link_of(spec.room_id)
        one = _RemoteRecording(link, spec, listener, disk_floor_bytes, self)
        try:
            await one.begin(spec)
        except RecordingError:
            raise
        except MediaError as error:
            raise RecordingError("worker_lost", str(error)) from error
        self._running[spec.recording_id] = one
        return one

    def failed(self, recording_id: str, code: str) -> None:
        """Writing broke down for good."""
        one = self._running.get(recording_id)
        if one is not None:
            one.listener.recording_failed(recording_id, code)

    def lost(self, link: Link) -> None:
        """Continue the recordings of a worker that died in its successor."""
        for one in self._running.values():
            if one.link is link and one.settled.is_set():
                one.settled.clear()
                _ = self._scope.spawn(one.continue_it(), name="continue recording")

    def forget(self, recording_id: str) -> None:
        """It was stopped."""
        self._running.pop(recording_id, None)


class _RemoteRecording:
    """One recording in a worker."""

    def __init__(
        self,
        link: Link,
        spec: RecordingSpec,
        listener: RecordingListener,
        disk_floor_bytes: int,
        home: RemoteRecorders,
    ) -> None:
        self._clock = home.clock
        self.link = link
        self.listener = listener
        self.settled = asyncio.Event()
        self._spec = spec
        self._disk_floor_bytes = disk_floor_bytes
        self._home = home
        self._paused = False
        self._broken = False

    async def begin(self, spec: RecordingSpec) -> None:
        floor = self._disk_floor_bytes
        _ = await self.link.call(lambda call: m.Record(call, spec, floor))
        self.settled.set()

    async def continue_it(self) -> None:
        """Go on in the successor; its files so far are made whole on the way."""
        try:
            while True:
                try:
                    await self.begin(dataclasses.replace(self._spec, continues=True))
                except WorkerLostError:
                    continue  # the successor died as well: its own successor will do
                break
        except MediaError as error:
            code = error.code if isinstance(error, RecordingError) else "worker_lost"
            self._broken = True
            self.settled.set()
            self.listener.recording_failed(self._spec.recording_id, code)
            return
        if self._paused:
            self.link.send(m.PauseRecording(self._spec.recording_id, on=True))

    def pause(self) -> None:
        self._paused = True
        self.link.send(m.PauseRecording(self._spec.recording_id, on=True))

    def resume(self) -> None:
        self._paused = False
        self.link.send(m.PauseRecording(self._spec.recording_id, on=False))

    async def stop(self, ended_by: EndedBy = "user") -> RecordingResult:
        name = self._spec.recording_id
        try:
            while True:
                _ = await self.settled.wait()
                if self._broken:  # nobody writes any more: what there is is made whole here
                    return await asyncio.to_thread(recover, self._spec.directory, self._clock)
                try:
                    reply = await self.link.call(lambda call: m.StopRecording(call, name, ended_by))
                except WorkerLostError:
                    continue  # it goes on in the successor and is stopped there
                if reply.result is None:
                    raise RecordingError("abandoned", "the media worker gave no result")
                return reply.result
        finally:
            self._home.forget(name)
