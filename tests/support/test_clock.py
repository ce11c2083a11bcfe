from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.clock import FakeClock

if TYPE_CHECKING:
    from media.clock import Clock


def test_clock_moves_only_when_told_and_all_readings_together():
    clock = FakeClock(start=5.0)
    as_port: Clock = clock
    before = as_port.utc()
    assert as_port.monotonic() == 5.0
    clock.advance(0.25)
    assert as_port.monotonic() == 5.25
    assert as_port.monotonic_ns() == 5_250_000_000
    assert as_port.utc() - before == timedelta(seconds=0.25)


def test_monotonic_time_never_goes_back_but_the_time_of_day_may():
    clock = FakeClock()
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)
    before = clock.utc()
    clock.step_utc(-3600)
    assert clock.utc() == before - timedelta(hours=1)
    assert clock.monotonic() == 1000.0
