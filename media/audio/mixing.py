"""Mixes of rooms on demand: one for all who listen, one for each while they speak."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final

from media.audio.decode import BLOCK
from media.audio.gate import SpeechGate
from media.audio.hear import TrackHearing
from media.audio.jitter import MixBuffer
from media.audio.mixer import Decoding, Mixer, MixOutput
from media.audio.playout import LATE_BLOCKS
from media.audio.port import MixPackets
from media.clock import Clock
from media.plane.speakers import GATE_LEVEL
from media.rtp.opus import TICKS_PER_SECOND
from media.tasks import OnError, TaskScope
from media.types import ConnectionSpec, MediaKind, MixTrack, TrackSource, TrackTap

THREADS: Final = 2
BLOCK_SECONDS: Final = BLOCK / TICKS_PER_SECOND
TRACKS: Final = 256
"""Tracks of one room that are mixed at the same time."""


class Mixes:
    """Mixes rooms while somebody wants it. Satisfies `media.types.Mixing`.

    Args:
        packets: The engine.
        clock: The process's clock.
        on_error: Told of bugs.
    """

    def __init__(self, packets: MixPackets, clock: Clock, on_error: OnError) -> None:
        self._packets = packets
        self._clock = clock
        self._scope = TaskScope(on_error)
        self._threads: ThreadPoolExecutor | None = None
        self._rooms: dict[str, _RoomMix] = {}

    @property
    def running(self) -> int:
        """Rooms that are mixed now."""
        return len(self._rooms)

    def wanted(self, spec: ConnectionSpec) -> None:
        """A connection came that wants a mix; the first one starts it."""
        room = self._rooms.get(spec.room_id)
        if room is None:
            self._threads = self._threads or ThreadPoolExecutor(THREADS, thread_name_prefix="mix")
            room = _RoomMix(spec.room_id, self._packets, self._threads, self._clock)
            self._rooms[spec.room_id] = room
            room.begin(self._scope)
        room.add(spec)

    def unwanted(self, spec: ConnectionSpec) -> None:
        """It is gone; the last one ends the mix."""
        room = self._rooms.get(spec.room_id)
        if room is not None and not room.remove(spec):
            del self._rooms[spec.room_id]
            room.end()

    async def close(self) -> None:
        """End every mix."""
        for room in self._rooms.values():
            room.end()
        self._rooms.clear()
        await self._scope.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False)


class _Input:
    """A track that is mixed."""

    def __init__(self, participant_id: str, wake: Callable[[], None]) -> None:
        self.participant_id = participant_id
        self.hearing = TrackHearing(TICKS_PER_SECOND, wake, SpeechGate(GATE_LEVEL, 0))
        self.buffer = MixBuffer()

    def decoding(self) -> Decoding:
        work = self.hearing.take() if self.hearing.waiting else None
        return Decoding(self.participant_id, self.buffer, work)

    @property
    def active(self) -> bool:
        return self.hearing.waiting or not self.buffer.empty


class _Output:
    """A stream of the mix with the track that carries it."""

    def __init__(self, without: str | None, track: MixTrack) -> None:
        self.mix = MixOutput(without)
        self.track = track


class _RoomMix:
    """The mix of one room."""

    def __init__(self, room_id: str, packets: MixPackets, threads: Executor, clock: Clock) -> None:
        self._room_id = room_id
        self._packets = packets
        self._threads = threads
        self._clock = clock
        self._listeners: dict[str, ConnectionSpec] = {}
        self._inputs: list[_Input] = []
        self._outputs: dict[str | None, _Output] = {}  # by who is not in it
        self._mixer = Mixer()
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.busy = False  # blocks are made
        self._zero = clock.monotonic()
        self._blocks = 0  # of 20 ms since then

    def begin(self, scope: TaskScope) -> None:
        self._packets.add_tap(self._room_id, self)
        self._task = scope.spawn(self._run(), name=f"mix {self._room_id}")

    def end(self) -> None:
        self._packets.remove_tap(self._room_id, self)
        if self._task is not None:
            _ = self._task.cancel()
        for output in self._outputs.values():
            output.track.close()

    def add(self, spec: ConnectionSpec) -> None:
        self._listeners[spec.connection_id] = spec
        self._arrange()

    def remove(self, spec: ConnectionSpec) -> bool:
        """Forget a listener; False when none is left."""
        _ = self._listeners.pop(spec.connection_id, None)
        self._arrange()
        return bool(self._listeners)

    # What the engine calls

    def open_track(
        self, participant_id: str, label: str, source: TrackSource, connection_id: str, ssrc: int
    ) -> TrackTap | None:
        """Mix an audio track that appeared."""
        del label, connection_id, ssrc
        if source.kind is not MediaKind.AUDIO or len(self._inputs) >= TRACKS:
            return None
        one = _Input(participant_id, self._work.set)
        self._inputs.append(one)
        self._arrange()
        return one.hearing

    # Inside

    def _arrange(self) -> None:
        """Who may speak gets a track of their own, all others the common one."""
        speakers = {one.participant_id for one in self._inputs if not one.hearing.closed}
        wanted: dict[str | None, list[str]] = {}
        for spec in self._listeners.values():
            without = spec.participant_id if spec.participant_id in speakers else None
            wanted.setdefault(without, []).append(spec.connection_id)
        for without, connections in wanted.items():
            output = self._outputs.get(without)
            if output is None:
                output = _Output(without, self._packets.mix(self._room_id))
                self._outputs[without] = output
            for connection_id in connections:
                output.track.give(connection_id)
        for without in [one for one in self._outputs if one not in wanted]:
            self._outputs.pop(without).track.close()

    async def _run(self) -> None:
        while True:
            _ = await self._work.wait()
            self._work.clear()
            self.busy = True
            await self._speak()
            self.busy = False

    async def _speak(self) -> None:
        """Make blocks until nobody speaks and the last word has faded."""
        due = self._clock.monotonic()
        fading = True
        while fading or any(one.active for one in self._inputs):
            fading = await self._block(due)
            due += BLOCK_SECONDS
            late = self._clock.monotonic() - due
            if late > LATE_BLOCKS * BLOCK_SECONDS:
                due += late
            elif late < 0:
                await asyncio.sleep(-late)

    async def _block(self, due: float) -> bool:
        """Make 20 ms and send them; whether there was anything to hear."""
        self._forget_ended()
        tracks = [one.decoding() for one in self._inputs if one.active]
        outputs = list(self._outputs.values())
        mixes = [output.mix for output in outputs]
        loop = asyncio.get_running_loop()
        coded = await loop.run_in_executor(self._threads, self._mixer.block, tracks, mixes)
        self._blocks = max(self._blocks + 1, round((due - self._zero) / BLOCK_SECONDS))
        heard = False
        for output, one in zip(outputs, coded, strict=True):
            if one.payload is not None:
                heard = True
                output.track.send(one.payload, self._blocks * BLOCK, one.level)
        return heard

    def _forget_ended(self) -> None:
        now_ns = self._clock.monotonic_ns()
        for one in self._inputs:
            one.hearing.rest(now_ns)
        ended = [one for one in self._inputs if one.hearing.over and one.buffer.empty]
        if ended:
            self._inputs = [one for one in self._inputs if one not in ended]
            self._arrange()
