"""Everybody's sound on one time line: decoded, set right by the manifest, summed, limited."""

import os
from collections.abc import Iterator

import numpy as np

from media.recording.codec import Resampler, Samples, decode
from media.recording.files import RecordingDirectory
from media.recording.manifest import Manifest, Segment
from media.rtp.opus import TICKS_PER_SECOND

BLOCK = 10 * TICKS_PER_SECOND
"""Ten seconds: memory stays flat however long the meeting was."""
HOP = TICKS_PER_SECOND // 200
"""5 ms, the limiter's look-ahead."""
CEILING = np.float32(10 ** (-1 / 20))
"""-1 dBFS, so that lossy formats do not clip."""
RELEASE = np.float32(1 / 20)
"""Share of full gain that comes back in each hop: a tenth of a second from silence."""
UNSTRETCHED_PPM = 0.5
"""2 ms in an hour: not worth resampling."""


class Voice:
    """The sound of some segments from the recording's start, a block at a time.

    Args:
        place: The recording's directory.
        segments: Of one track or one participant, in any order.
    """

    def __init__(self, place: RecordingDirectory, segments: list[Segment]) -> None:
        self._sources = [_Source(place, segment) for segment in segments]

    def block(self, start: int, length: int) -> Samples | None:
        """The samples of a stretch; None when there are none. Stretches follow one another."""
        out: Samples | None = None
        for source in self._sources:
            if source.start >= start + length or source.ended:
                continue
            if out is None:
                out = np.zeros(length, np.float32)
            source.add_to(out, start)
        return out


class _Source:
    """One segment, decoded as it is asked for."""

    def __init__(self, place: RecordingDirectory, segment: Segment) -> None:
        self.start = round(segment.offset_ms * TICKS_PER_SECOND / 1e3)
        self.ended = False
        self._skip = max(0, -self.start)  # what lies before the recording's start
        self._pieces = _pieces(place, segment)
        self._rest: Samples = np.zeros(0, np.float32)

    def add_to(self, out: Samples, start: int) -> None:
        """Add what falls into the block that begins at `start`."""
        at = max(0, self.start - start)
        while at < len(out):
            if not len(self._rest) and not self._refill():
                return
            count = min(len(out) - at, len(self._rest))
            out[at : at + count] += self._rest[:count]
            self._rest = self._rest[count:]
            at += count

    def _refill(self) -> bool:
        for piece in self._pieces:
            kept = piece[self._skip :]
            self._skip -= len(piece) - len(kept)
            if len(kept):
                self._rest = kept
                return True
        self.ended = True
        return False


def _pieces(place: RecordingDirectory, segment: Segment) -> Iterator[Samples]:
    with os.fdopen(place.open(segment.file, os.O_RDONLY), "rb") as file:
        if abs(segment.clock_skew_ppm) < UNSTRETCHED_PPM:
            yield from decode(file)
            return
        stretch = Resampler(segment.clock_skew_ppm)
        for piece in decode(file):
            yield from stretch.take(piece)
        yield from stretch.finish()


class Limiter:
    """Keeps a sum below the ceiling: gain falls before a peak and comes back slowly after it."""

    def __init__(self) -> None:
        self._held: Samples = np.zeros(0, np.float32)
        self._gain = np.float32(1)
        self._released = np.float32(1)

    def take(self, samples: Samples) -> Samples:
        """Take whole hops; return what lies at least one hop back."""
        data = np.concatenate((self._held, samples))
        hops = data.reshape(-1, HOP)
        gains = self._gains(np.abs(hops).max(axis=1))
        self._held = hops[-1].copy()
        return self._apply(hops[:-1], gains)

    def finish(self) -> Samples:
        """The last hop."""
        if not len(self._held):
            return self._held
        peak = np.abs(self._held).max()
        gain = min(self._gain, np.float32(1) if peak <= CEILING else CEILING / peak)
        last = self._held * gain
        self._held = self._held[:0]
        return last

    def _gains(self, peaks: Samples) -> Samples:
        """For each hop the most gain that it bears, coming back slowly."""
        wanted: Samples = np.where(peaks > CEILING, CEILING / np.maximum(peaks, CEILING), 1).astype(
            np.float32
        )
        if wanted.min(initial=1) < 1 or self._released < 1:
            released = self._released
            for at, gain in enumerate(wanted):
                if at == len(wanted) - 1:
                    self._released = released  # the last hop comes again with the next block
                released = min(gain, released + RELEASE)
                wanted[at] = released
        return wanted

    def _apply(self, hops: Samples, gains: Samples) -> Samples:
        """Ramp between the gains at the hops' edges, each the lower of its two neighbours'."""
        edges = np.empty(len(hops) + 1, np.float32)
        edges[0] = min(self._gain, gains[0])
        edges[1:] = np.minimum(gains[: len(hops)], gains[1 : len(hops) + 1])
        self._gain = edges[-1]
        if edges.min() >= 1:
            return hops.reshape(-1)
        ramp = np.linspace(0, 1, HOP, endpoint=False, dtype=np.float32)
        limited: Samples = hops * (edges[:-1, None] + (edges[1:] - edges[:-1])[:, None] * ramp)
        return limited.reshape(-1)


def total_samples(manifest: Manifest) -> int:
    """The length that every product has: the recording's."""
    return max(0, round(manifest.duration_ms * TICKS_PER_SECOND / 1e3))
