from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.clock import FakeClock, PatientClock

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


def test_a_patient_clock_never_leaps_by_itself():
    clock = PatientClock()
    before = clock.monotonic_ns()
    clock._looked_ns -= 10**9  # the loop hung
    assert clock.monotonic_ns() - before == clock.MOST_NS
    clock.leap(0.5)
    assert clock.monotonic() - before / 1e9 >= 0.52


def test_a_patient_clock_may_stand_still():
    clock = PatientClock()
    clock.stands = True
    before = clock.monotonic_ns()
    clock._looked_ns -= 10**9
    assert clock.monotonic_ns() == before
