"""The dialect's commit timestamps: nanoseconds that only grow, also across a restart.

A file holds a timestamp that was not reached yet, so that a clock set back does no harm.
"""

import asyncio
import base64
import binascii
import os
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

from media.clock import Clock

RESERVED_NS = 20_000_000_000
"""How far the file is ahead: one small write for twenty seconds of changes."""

MAX_TIMESTAMP = (1 << 63) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wall_ns(clock: Clock) -> int:
    """Nanoseconds since the epoch."""
    return (clock.utc() - _EPOCH) // timedelta(microseconds=1) * 1000


def encode_ts(timestamp: int) -> str:
    """Padded base64 of the little-endian u64, as the wire has it."""
    return base64.b64encode(struct.pack("<Q", timestamp)).decode()


def decode_ts(text: str) -> int:
    """Read what `encode_ts` wrote.

    Raises:
        ValueError: It is not base64 of 8 bytes.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("a timestamp is base64") from error
    if len(raw) != 8:
        raise ValueError("a timestamp has 8 bytes")
    number: int = struct.unpack("<Q", raw)[0]
    return number


class Timestamps:
    """The clock of commits.

    Args:
        clock: The process's clock.
        path: Where the reservation is kept.

    Attributes:
        latest: The last commit's timestamp.
    """

    def __init__(self, clock: Clock, path: Path) -> None:
        self._clock = clock
        self._path = path
        self._reserved = 0
        self._writing = asyncio.Lock()
        self.latest = wall_ns(clock)

    def next(self) -> int:
        """A timestamp for a new commit."""
        self.latest = max(self.latest + 1, wall_ns(self._clock))
        return self.latest

    @property
    def running_low(self) -> bool:
        """Half of the reservation is used up and nobody is making a new one: call `reserve`."""
        return not self._writing.locked() and self._low

    @property
    def _low(self) -> bool:
        return self.latest > self._reserved - RESERVED_NS // 2

    async def start(self) -> None:
        """Go on after the last run.

        Raises:
            OSError: The file cannot be read or written.
        """
        self.latest = max(self.latest, await asyncio.to_thread(self._read))
        await self.reserve()

    async def reserve(self) -> None:
        """Keep a timestamp ahead of the latest.

        Raises:
            OSError: The file cannot be written.
        """
        async with self._writing:
            if self._low:
                ahead = self.latest + RESERVED_NS
                await asyncio.to_thread(self._write, ahead)
                self._reserved = ahead

    async def stop(self) -> None:
        """Keep the latest itself: nothing was given out beyond it."""
        async with self._writing:
            await asyncio.to_thread(self._write, self.latest)

    def _read(self) -> int:
        try:
            kept = int(self._path.read_text("ascii"))
        except FileNotFoundError:
            return 0
        except ValueError:
            return 0  # a torn file costs nothing while the clock is right
        return kept if 0 <= kept < MAX_TIMESTAMP - RESERVED_NS else 0

    def _write(self, timestamp: int) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(str(timestamp), "ascii")
        os.replace(draft, self._path)  # noqa: PTH105  (atomic; blocks, but in a thread)
