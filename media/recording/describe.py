"""What the manifest says of one segment, from its counters and its clock; pure.

The writer says it while it writes, and recovery says it again from the packet log.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from media.recording.align import Alignment
from media.recording.manifest import FillMs, ListedGap, Packets, Segment
from media.recording.plan import PRE_SKIP, Counters, FillKind
from media.rtp.opus import TICKS_PER_SECOND

TICKS_PER_MS = TICKS_PER_SECOND / 1000
MAX_PRE_SKIP = 0xFFFF
"""1.36 s, what the file's head can leave out (RFC 7845 section 5.1)."""


@dataclass(frozen=True, slots=True)
class TimeZero:
    """The recording's zero on both clocks, so that a step of the time of day moves nothing."""

    utc: datetime
    monotonic_ns: int

    def at(self, monotonic_ns: int) -> datetime:
        """The time of day of a moment of the monotonic clock."""
        return self.utc + timedelta(microseconds=(monotonic_ns - self.monotonic_ns) / 1e3)


def describe_packets(entry: Segment, counters: Counters) -> None:
    """Counters and gaps."""
    entry.packets = Packets(
        received=counters.received,
        lost=counters.lost,
        late=counters.late,
        duplicate=counters.duplicate,
        malformed=counters.malformed,
        overlap=counters.overlap,
        dropped=counters.dropped,
        withheld=counters.withheld,
    )
    filled = counters.filled
    entry.fill_ms = FillMs(
        concealed=filled[FillKind.CONCEALED] / TICKS_PER_MS,
        dtx=filled[FillKind.DTX] / TICKS_PER_MS,
        silence=filled[FillKind.SILENCE] / TICKS_PER_MS,
    )
    entry.gaps = [
        ListedGap(
            at_ms=max(0, gap.at - entry.pre_skip) / TICKS_PER_MS,
            dur_ms=gap.ticks / TICKS_PER_MS,
            cause=gap.cause.value,
        )
        for gap in counters.gaps
    ]
    entry.gaps_omitted = counters.gaps_omitted


def describe_time(entry: Segment, found: Alignment | None, zero: TimeZero) -> None:
    """Where its first sample lies; nothing changes before the first packet."""
    if found is None:
        return
    start_ns = found.start_ns + skipped_ns(entry.pre_skip)
    entry.offset_ms = (start_ns - zero.monotonic_ns) / 1e6
    entry.first_sample_time = zero.at(start_ns)
    entry.method = found.method
    entry.clock_skew_ppm = round(found.clock_skew_ppm, 3)
    entry.est_error_ms = round(found.est_error_ms, 3)


def early_ticks(entry: Segment) -> int:
    """How much of a segment was spoken before the recording began, as far as it can be left out.

    Packets that were under way when the recording began, or that a network held back, belong to
    the time before it.
    """
    early = math.ceil(max(0.0, -entry.offset_ms) * TICKS_PER_MS)
    longest = math.floor(entry.duration_ms * TICKS_PER_MS)
    return max(0, min(early, longest, MAX_PRE_SKIP - entry.pre_skip))


def skipped_ns(pre_skip: int) -> int:
    """Sound before a file's first sample; the encoder's own delay comes before any sound."""
    return (pre_skip - PRE_SKIP) * 1_000_000_000 // TICKS_PER_SECOND
