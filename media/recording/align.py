"""When a segment's samples were captured, on the server's clock: straight lines, no I/O; pure.

The packet that travelled fastest in each ten seconds tells most about the path; a line through
those tells the sender's drift. Sender reports first turn RTP ticks into the sender's own clock, so
that a sound card's rate does not pass for drift of the path (RFC 3550 section 6.4.1).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from media.rtp.opus import TICKS_PER_SECOND

BLOCK_TICKS = 10 * TICKS_PER_SECOND
BLOCKS = 360
"""An hour of blocks, the whole of an ordinary segment; longer ones keep the latest hour."""
FIT_BLOCKS = 4
"""With fewer, drift is less than the jitter of the minimum."""
REPORTS = 20
FIT_REPORTS = 4
MAX_SKEW = 1e-3
USUAL_SKEW = 100e-6
"""What the crystals of computers and phones are specified for."""
_FLOOR_SECONDS = 100e-6
_FIRST_BLOCK_ERROR = 0.02  # the published bound, while one block says nothing about its own error


@dataclass(frozen=True, slots=True)
class Line:
    """`value(x) = at_zero + slope * x`, with the standard deviation of what it leaves over."""

    at_zero: float
    slope: float
    sigma: float

    def value(self, x: float) -> float:
        """The line at x."""
        return self.at_zero + self.slope * x


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where a segment lies on the server's clock.

    Attributes:
        start_ns: Monotonic nanoseconds of its first sample.
        method: `sr` when the sender's reports were used, else `arrival`.
        clock_skew_ppm: How much slower the sender's samples run than the server's clock.
        est_error_ms: Three standard deviations.
    """

    start_ns: int
    method: str
    clock_skew_ppm: float
    est_error_ms: float


def fit(points: Sequence[tuple[float, float]]) -> Line:
    """Least squares through at least one point; then once more without points beyond 3 sigma."""
    line = _least_squares(points)
    bound = 3 * max(line.sigma, _FLOOR_SECONDS)
    kept = [(x, y) for x, y in points if abs(y - line.value(x)) <= bound]
    return line if len(kept) in (0, len(points)) else _least_squares(kept)


def tempered(line: Line, points: Sequence[tuple[float, float]]) -> Line:
    """The likeliest line, given that drift beyond `USUAL_SKEW` is rare.

    Over a bad network a minute of blocks would tell a drift ten times too high. The slope is
    weighed against what is usual by how sure it is; the line still goes through the middle.
    """
    if len(points) < FIT_BLOCKS:
        return line
    middle = sum(x for x, _ in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    variance = line.sigma**2 * len(points) / (len(points) - 2)
    certainty = spread * USUAL_SKEW**2
    slope = line.slope * certainty / (certainty + variance)
    return Line(line.value(middle) - slope * middle, slope, line.sigma)


class SegmentClock:
    """Folds the arrivals and sender reports of one segment into its alignment."""

    def __init__(self) -> None:
        self._origin_ns: int | None = None
        self._block_ends = 0
        self._least_ns = 0  # transit of the block's fastest packet
        self._fastest: deque[tuple[int, int]] = deque(maxlen=BLOCKS)  # position, transit in ns
        self._reports: deque[tuple[float, float]] = deque(maxlen=REPORTS)
        self._report_origin: int | None = None

    def packet(self, position: int, arrival_ns: int) -> None:
        """A packet with this position, in ticks from the segment's first, arrived."""
        if self._origin_ns is None:
            self._origin_ns = arrival_ns
        transit_ns = arrival_ns - position * 1_000_000_000 // TICKS_PER_SECOND
        if position >= self._block_ends or not self._fastest:
            self._block_ends = position - position % BLOCK_TICKS + BLOCK_TICKS
            self._fastest.append((position, transit_ns))
            self._least_ns = transit_ns
        elif transit_ns < self._least_ns:
            self._fastest[-1] = (position, transit_ns)
            self._least_ns = transit_ns

    def report(self, ntp: int, position: int) -> None:
        """The sender said that this position has this 64-bit NTP time."""
        if self._report_origin is None:
            self._report_origin = ntp
        sender = (ntp - self._report_origin) / (1 << 32)
        self._reports.append((position / TICKS_PER_SECOND, sender))

    def alignment(self) -> Alignment | None:
        """The best answer so far; None before the first packet."""
        if self._origin_ns is None:
            return None
        fastest = [
            (position / TICKS_PER_SECOND, (transit_ns - self._origin_ns) / 1e9)
            for position, transit_ns in self._fastest
        ]
        if len(fastest) < FIT_BLOCKS:  # too short for a drift to show
            transit = min(transit for _, transit in fastest)
            start = self._origin_ns + round(transit * 1e9)
            return Alignment(start, "arrival", 0.0, _FIRST_BLOCK_ERROR * 1e3)
        reported = self._sender_line()
        to_sender = reported or Line(0.0, 1.0, 0.0)
        blocks = [
            (sender := to_sender.value(seconds), seconds + transit - sender)
            for seconds, transit in fastest
        ]
        line = tempered(fit(blocks), blocks)
        start = self._origin_ns + round((to_sender.at_zero + line.value(to_sender.at_zero)) * 1e9)
        skew = (to_sender.slope * (1 + line.slope) - 1) * 1e6
        return Alignment(start, "sr" if reported else "arrival", skew, 3e3 * line.sigma)

    def sender_zero_ns(self) -> int | None:
        """What the sender's own clock (NTP) showed at the first sample; None without a report."""
        if self._report_origin is None:
            return None
        line = self._sender_line()
        at_zero = line.at_zero if line else median(sender - at for at, sender in self._reports)
        return (self._report_origin * 1_000_000_000 >> 32) + round(at_zero * 1e9)

    def sender_offset_ns(self) -> int | None:
        """How far our clock is ahead of the sender's own; None without a report.

        What else a sender captures is put beside its sound by this: both carry its clock.
        """
        zero_ns, found = self.sender_zero_ns(), self.alignment()
        return None if zero_ns is None or found is None else found.start_ns - zero_ns

    def _sender_line(self) -> Line | None:
        """Seconds of samples to seconds of the sender's clock; None while that is unknown."""
        if len(self._reports) < FIT_REPORTS:
            return None
        line = fit(self._reports)
        # A stepped clock or a liar bends the line; real oscillators stay within 1000 ppm.
        return line if abs(line.slope - 1) < MAX_SKEW else None


def _least_squares(points: Sequence[tuple[float, float]]) -> Line:
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
    at_zero = mean_y - slope * mean_x
    left = sum((y - at_zero - slope * x) ** 2 for x, y in points)
    return Line(at_zero, slope, (left / count) ** 0.5)
