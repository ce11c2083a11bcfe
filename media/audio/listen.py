"""Listens to a room: everybody's speech as one stream of frames, decoded in a few threads."""

import asyncio
import math
from collections import deque
from concurrent.futures import Executor
from dataclasses import replace
from typing import Final, Self

from media.audio.frames import Frame
from media.audio.hear import Piece, TrackHearing
from media.audio.port import Packets
from media.clock import Clock
from media.tasks import OnError, TaskScope
from media.types import MediaKind, TrackSource, TrackTap

EVERY_SECONDS: Final = 0.04
"""Two packets of each speaker make one hop to a thread; while nobody speaks there is none."""
FRAMES: Final = 500
"""Ten seconds of one speaker; a program that takes none for so long loses the oldest."""
TRACKS: Final = 256
"""Tracks of one room that are heard at the same time."""
TOUCHING_SECONDS: Final = 0.001
"""Frames nearer than this touch: clocks of sender and server drift by parts per million."""


class Listening:
    """What a room says, as an async iterator of `Frame`s; also an async context manager.

    Frames of several speakers alternate; those of one track come in order, never overlapping. It
    ends when `aclose` is called, and then by `StopAsyncIteration`. One task may iterate.

    Args:
        packets: The engine.
        room_id: Whom to hear.
        zero_ns: The session's start on the monotonic clock.
        rate: Samples per second, 48,000 or 16,000.
        threads: Decode.
        clock: The process's clock.
        on_error: Told of bugs.
        without: A participant who is not heard: the program itself.

    Attributes:
        dropped: Frames that were not taken in time.
        closed: It has ended.
    """

    def __init__(  # noqa: PLR0913  (what listening needs, one by one)
        self,
        packets: Packets,
        room_id: str,
        *,
        zero_ns: int,
        rate: int,
        threads: Executor,
        clock: Clock,
        on_error: OnError,
        without: str | None = None,
    ) -> None:
        if rate not in (48_000, 16_000):
            raise ValueError(f"sound is heard at 48000 or 16000 samples a second, not at {rate}")
        self.dropped = 0
        self._packets = packets
        self._room_id = room_id
        self._zero_ns = zero_ns
        self._rate = rate
        self._threads = threads
        self._clock = clock
        self._without = without
        self._tracks: list[_Heard] = []
        self._frames: deque[tuple[_Heard, Frame]] = deque()
        self._work = asyncio.Event()
        self._ready = asyncio.Event()
        self.closed = False
        self._scope = TaskScope(on_error)
        packets.add_tap(room_id, self)
        _ = self._scope.spawn(self._run(), name=f"listen to {room_id}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        while not self._frames:
            if self.closed:
                raise StopAsyncIteration
            self._ready.clear()
            _ = await self._ready.wait()
        track, frame = self._frames.popleft()
        return track.following(frame)

    async def aclose(self) -> None:
        """Stop listening; idempotent. What was not taken is forgotten."""
        if self.closed:
            return
        self.closed = True
        self._packets.remove_tap(self._room_id, self)
        self._frames.clear()
        self._ready.set()
        await self._scope.close()

    # What the engine calls

    def open_track(
        self, participant_id: str, label: str, source: TrackSource, connection_id: str, ssrc: int
    ) -> TrackTap | None:
        """Hear an audio track that appeared."""
        del ssrc
        if source.kind is not MediaKind.AUDIO or participant_id == self._without:
            return None
        if len(self._tracks) >= TRACKS:
            return None
        hearing = TrackHearing(self._rate, self._work.set)
        self._tracks.append(_Heard(hearing, participant_id, label, source, connection_id))
        return hearing

    # Inside

    async def _run(self) -> None:
        while True:
            _ = await self._work.wait()
            await asyncio.sleep(EVERY_SECONDS)
            self._work.clear()
            await self._round()
            if any(track.hearing.speaking or track.hearing.waiting for track in self._tracks):
                self._work.set()  # to see them fall silent

    async def _round(self) -> None:
        now_ns = self._clock.monotonic_ns()
        for track in self._tracks:
            track.hearing.rest(now_ns)
        due = [track for track in self._tracks if track.hearing.waiting]
        self._tracks = [each for each in self._tracks if not each.hearing.over]
        if not due:
            return
        work = [track.hearing.take() for track in due]
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self._threads, lambda: [decode() for decode in work])
        for track, pieces in zip(due, made, strict=True):
            for piece in pieces:
                self._give(track, track.frame(piece, self._zero_ns, self._rate))

    def _give(self, track: "_Heard", frame: Frame) -> None:
        if len(self._frames) >= FRAMES:
            _ = self._frames.popleft()
            self.dropped += 1
        self._frames.append((track, frame))
        self._ready.set()


class _Heard:
    """A track with what its frames say of it."""

    def __init__(
        self,
        hearing: TrackHearing,
        participant_id: str,
        name: str,
        source: TrackSource,
        connection_id: str,
    ) -> None:
        self.hearing = hearing
        self._participant_id = participant_id
        self._name = name
        self._source = source
        self._connection_id = connection_id
        self._end = -math.inf  # of what the program took last, in seconds

    def frame(self, piece: Piece, zero_ns: int, rate: int) -> Frame:
        """A decoded piece on the session's clock."""
        return Frame(
            participant_id=self._participant_id,
            name=self._name,
            source=self._source,
            connection_id=self._connection_id,
            at=(piece.at_ns - zero_ns) / 1e9,
            samples=piece.samples,
            rate=rate,
            ends=piece.ends,
        )

    def following(self, frame: Frame) -> Frame:
        """The frame, with the hole between it and the one that the program took before."""
        hole = frame.at - self._end
        if hole < 0:  # a later packet came so early that the earlier ones must have been late
            frame = replace(frame, at=self._end)
        elif hole > TOUCHING_SECONDS:
            frame = replace(frame, gap=hole)
        self._end = frame.at + frame.seconds
        return frame
