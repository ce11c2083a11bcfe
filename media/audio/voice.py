"""A program's voice in a room: PCM in, encoded in a thread, sent at the pace of speech."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from media.audio.decode import BLOCK, NOTHING, Coded, Converter, OpusEncoder, mono
from media.audio.frames import Samples
from media.audio.playout import Playout
from media.clock import Clock
from media.rtp.opus import TICKS_PER_SECOND
from media.tasks import OnError, TaskScope
from media.types import Publication

BUFFERED_BLOCKS: Final = 250
"""Five seconds; whoever says more waits until it has been said."""
SLICE_SECONDS: Final = 1
"""Encoded at a time, so that a long text begins to sound at once."""
LOWEST_RATE: Final = 8_000
HIGHEST_RATE: Final = 192_000
_NEAR_END: Final = 1  # blocks left when an unfinished one is completed with silence


class Voice:
    """Says what a program wants said; others hear it as a participant's microphone.

    Args:
        publication: Its microphone; closed with the voice.
        threads: Encode.
        clock: The process's clock.
        on_error: Told of bugs.
    """

    def __init__(
        self, publication: Publication, threads: Executor, clock: Clock, on_error: OnError
    ) -> None:
        self._publication = publication
        self._threads = threads
        self._clock = clock
        self._playout = Playout()
        self._encoding = _Encoding()
        self._one = asyncio.Lock()  # says one thing after the other
        self._encoder = asyncio.Lock()  # its state is for one thread at a time
        self._moved = asyncio.Condition()
        self._hushed = 0
        self._closed = False
        self._scope = TaskScope(on_error)
        self._wake = asyncio.Event()
        _ = self._scope.spawn(self._pace(), name="voice")

    async def say(self, samples: npt.ArrayLike, *, rate: int = TICKS_PER_SECOND) -> None:
        """Say a piece of sound after what was said before.

        Returns when at most five seconds wait to be heard, so that a program is held to the pace
        of its listeners. After `aclose`, and for what `hush` cut off, nothing happens.

        Args:
            samples: Mono, shape (n,); floating point from -1 to 1, or 16-bit integers.
            rate: Samples per second.

        Raises:
            ValueError: Not such sound.
        """
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise ValueError(f"sound has {LOWEST_RATE} to {HIGHEST_RATE} samples a second")
        sound = mono(samples)
        hushed = self._hushed
        async with self._one:
            for at in range(0, len(sound), rate * SLICE_SECONDS):
                if self._closed or hushed != self._hushed:
                    return
                piece = sound[at : at + rate * SLICE_SECONDS]
                blocks = await self._in_thread(partial(self._encoding.take, piece, rate))
                if hushed == self._hushed:
                    self._put(blocks)
                async with self._moved:
                    _ = await self._moved.wait_for(self._has_room)

    def hush(self) -> None:
        """Fall silent at once; what waits is forgotten."""
        self._hushed += 1
        self._playout.clear()
        self._encoding.cut = True
        self._wake.set()

    async def said(self) -> None:
        """Wait until everything has been said."""
        async with self._moved:
            _ = await self._moved.wait_for(
                lambda: self._closed or not (self._playout.busy or self._encoding.unfinished)
            )

    async def aclose(self) -> None:
        """Fall silent and leave; idempotent."""
        if self._closed:
            return
        self._closed = True
        self._publication.close()
        async with self._moved:
            self._moved.notify_all()
        await self._scope.close()

    # Inside

    def _has_room(self) -> bool:
        return self._closed or self._playout.blocks <= BUFFERED_BLOCKS

    def _put(self, blocks: list[Coded]) -> None:
        self._playout.put(blocks, self._clock.monotonic_ns())
        self._wake.set()

    async def _in_thread(self, work: Callable[[], list[Coded]]) -> list[Coded]:
        async with self._encoder:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _pace(self) -> None:
        while True:
            self._wake.clear()
            due, again_ns = self._playout.take(self._clock.monotonic_ns())
            for packet in due:
                self._publication.send(packet.payload, packet.timestamp, packet.level)
            if self._playout.blocks <= _NEAR_END and self._encoding.unfinished and not self._closed:
                await self._finish()
                continue
            async with self._moved:
                self._moved.notify_all()
            await self._sleep(again_ns)

    async def _finish(self) -> None:
        """Complete an unfinished block, unless its other part is coming just now."""
        hushed = self._hushed

        def finish() -> list[Coded]:
            near = self._playout.blocks <= _NEAR_END
            return self._encoding.finish() if near else []

        blocks = await self._in_thread(finish)
        if hushed == self._hushed:
            self._playout.put(blocks, self._clock.monotonic_ns())

    async def _sleep(self, again_ns: int | None) -> None:
        if again_ns is None:
            _ = await self._wake.wait()
            return
        seconds = (again_ns - self._clock.monotonic_ns()) / 1e9
        if seconds > 0:
            await asyncio.sleep(seconds)


class _Encoding:
    """The half of a voice that lives in threads, one call at a time.

    Attributes:
        unfinished: Sound waits for the rest of its block, or inside the encoder.
        cut: Set to forget that sound.
    """

    def __init__(self) -> None:
        self.unfinished = False
        self.cut = False
        self._encoder: OpusEncoder | None = None  # made when the first word is said
        self._converter: Converter | None = None
        self._rate = 0
        self._rest: Samples = NOTHING

    def take(self, samples: Samples, rate: int) -> list[Coded]:
        self._forget_cut()
        self.unfinished = True
        return self._encode(self._at_48k(samples, rate))

    def finish(self) -> list[Coded]:
        """Complete the block; one of silence after it brings out what the encoder kept."""
        self._forget_cut()
        left = NOTHING if self._converter is None else self._converter.finish()
        self._converter = None
        blocks = self._encode(left)
        padding = BLOCK - len(self._rest) if len(self._rest) else 0
        blocks += self._encode(np.zeros(padding + BLOCK, np.float32))
        self.unfinished = False
        return blocks

    def _forget_cut(self) -> None:
        if self.cut:
            self.cut = False
            self._converter, self._rest = None, NOTHING

    def _at_48k(self, samples: Samples, rate: int) -> Samples:
        if self._converter is None or rate != self._rate:
            left = NOTHING if self._converter is None else self._converter.finish()
            self._converter, self._rate = Converter(rate, TICKS_PER_SECOND), rate
            return np.concatenate([left, self._converter.take(samples)])
        return self._converter.take(samples)

    def _encode(self, samples: Samples) -> list[Coded]:
        encoder = self._encoder = self._encoder or OpusEncoder()
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // BLOCK * BLOCK
        self._rest = samples[whole:]
        return [encoder.take(samples[at : at + BLOCK]) for at in range(0, whole, BLOCK)]
