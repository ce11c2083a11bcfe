"""Scripts for machines and alarms on a clock that only the test moves."""

import heapq
from collections.abc import Callable, Sequence
from itertools import count
from typing import Protocol

from support.clock import FakeClock


class Machine(Protocol):
    state: object

    def handle(self, event: object, at: float) -> list[object]: ...


def play(machine: Machine, *scenes: tuple[float, object, Sequence[object]]) -> None:
    """Inject events at their times and compare all commands; a difference prints the transcript."""
    transcript = []
    for at, event, expected in scenes:
        commands = machine.handle(event, at)
        transcript.append(f"{at:7.2f}  {event}\n         -> {commands}  [{machine.state}]")
        assert commands == list(expected), "\n".join(
            ["the last line should give", f"            {list(expected)}", *transcript]
        )


class FakeAlarm:
    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class FakeSchedule:
    """Satisfies `signaling.driver.Schedule`; alarms ring, in order, while time is advanced."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self._heap: list[tuple[float, int, FakeAlarm]] = []
        self._order = count()

    def __call__(self, when: float, call: Callable[[], None]) -> FakeAlarm:
        alarm = FakeAlarm(call)
        heapq.heappush(self._heap, (when, next(self._order), alarm))
        return alarm

    def advance(self, seconds: float) -> None:
        end = self.clock.monotonic() + seconds
        while self._heap and self._heap[0][0] <= end:
            when, _, alarm = heapq.heappop(self._heap)
            self.clock.advance(max(0.0, when - self.clock.monotonic()))
            if alarm.call is not None:
                alarm.call()
        self.clock.advance(max(0.0, end - self.clock.monotonic()))
