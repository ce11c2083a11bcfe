"""What a listener's link takes, from what its reports say of what it was sent.

A link that shows no trouble has no limit: a receiver's estimate (REMB) grows only as far as it is
used, so it says something only when it falls below what was sent. Trouble sets a limit; quiet
raises it step by step, and a step that fails makes the next one wait twice as long. Pure.
"""

LOSS = 0.08  # above this packets are dropped by a queue, not by the air; RTX repairs less
ESTIMATE = 0.9  # a receiver's estimate this far below what was sent means a growing queue
DELAY_MS = 400.0  # a round trip this much above the best one is a full queue
BACK_OFF = 0.85  # of what arrived, as receivers' own estimators do
STEP = 1.5  # from one layer to the next takes two or three steps
FIRST_HOLD = 4.0  # seconds of quiet before the first step
LONGEST_HOLD = 60.0
FAILED_WITHIN = 6.0  # seconds: trouble this soon after a step is the step's fault
FORGIVEN_AFTER = 90.0  # seconds of quiet that halve the waits; longer than any of them
UNLIMITED = 12_000_000  # bits a second: nine large pictures
LEAST = 30_000  # bits a second: what a paused listener is tried with first grows from here
SMOOTHING = 0.5  # of the rate sent: a key frame is not a trend


class Downlink:
    """One listener's link; `budget` is for video alone."""

    __slots__ = ("_best_trip", "_hold", "_low", "_quiet_since", "_sent", "_stepped", "budget")

    def __init__(self) -> None:
        self.budget: int | None = None
        self._sent = 0.0
        self._hold = FIRST_HOLD
        self._low = False
        self._quiet_since: float | None = None
        self._stepped: float | None = None
        self._best_trip: float | None = None

    def tick(
        self,
        at: float,
        *,
        sent: int,
        estimate: int | None,
        loss: float,
        trip_ms: float | None,
        least: int = LEAST,
    ) -> int | None:
        """Take one second.

        Args:
            at: Monotonic seconds.
            sent: Video bits a second sent to it.
            estimate: Its own estimate (REMB), None when it sent none lately.
            loss: Share of packets that it reports lost, 0 to 1; the worst of its streams.
            trip_ms: A new round trip, None without one.
            least: Bits a second of the smallest pictures of all. Less is set by loss alone: delay
                may be a busy machine's, and hiding pictures would not help it.

        Returns:
            Bits a second for video, None without a limit.
        """
        self._sent += (sent - self._sent) * SMOOTHING
        arrived = self._sent * (1.0 - loss)
        low = estimate is not None and estimate < ESTIMATE * min(sent, self._sent)
        crowded, self._low = low and self._low, low  # once is a key frame's own queue
        if loss > LOSS or crowded or self._queued(trip_ms):
            limit = arrived * BACK_OFF
            if crowded and estimate is not None:
                limit = min(limit, estimate) if loss > LOSS else estimate
            self._trouble(at, max(limit, LEAST if loss > LOSS else least))
        else:
            self._quiet(at)
        return self.budget

    def _queued(self, trip_ms: float | None) -> bool:
        if trip_ms is None:
            return False
        best = self._best_trip
        self._best_trip = trip_ms if best is None else min(best, trip_ms)
        return trip_ms > self._best_trip + DELAY_MS

    def _trouble(self, at: float, limit: float) -> None:
        failed = self._stepped is not None and at - self._stepped < FAILED_WITHIN
        if failed:
            self._hold = min(self._hold * 2, LONGEST_HOLD)
            self._stepped = None
        self._quiet_since = None
        self.budget = round(limit if self.budget is None else min(limit, self.budget))

    def _quiet(self, at: float) -> None:
        if self._quiet_since is None:
            self._quiet_since = at
        waited_from = max(self._quiet_since, self._stepped or 0.0)
        if at - self._quiet_since > FORGIVEN_AFTER and self._hold > FIRST_HOLD:
            self._hold = max(FIRST_HOLD, self._hold / 2)
            self._quiet_since = at
        if self.budget is None or at - waited_from < self._hold:
            return
        self._stepped = at
        raised = round(self.budget * STEP)
        self.budget = raised if raised < UNLIMITED else None
