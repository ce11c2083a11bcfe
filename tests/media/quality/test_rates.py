import numpy as np
import pytest

from media.quality.rates import PacketRateModes


class PacketRateMode:
    """One row of several, beside one that always has another rate."""

    def __init__(self, initial):
        self.modes = PacketRateModes()
        self.modes.grow(3)
        self.modes.start(0, 11)
        self.modes.start(2, initial)

    def add(self, packets):
        self.modes.add(np.array([0, 2]), np.array([11, packets]))

    @property
    def value(self):
        assert self.modes.value[0] == 11
        return self.modes.value[2]


def test_initial_rate_stands_until_enough_was_seen():
    mode = PacketRateMode(50)
    for _ in range(110):
        mode.add(2)
    for _ in range(10):
        mode.add(100)
    assert mode.value == 50


@pytest.mark.parametrize("pps", [25, 50, 100])
def test_usual_rate_is_found(pps):
    mode = PacketRateMode(50)
    for _ in range(120):
        mode.add(pps)
    assert mode.value == pps


def test_near_silence_does_not_count_even_when_it_prevails():
    mode = PacketRateMode(33)
    for second in range(240):
        mode.add(50 if second % 10 < 3 else 2)
    assert mode.value == 50


def test_tie_goes_to_the_higher_rate():
    mode = PacketRateMode(50)
    for second in range(120):
        mode.add(20 if second % 2 else 60)
    assert mode.value == 60


def test_old_readings_fade():
    mode = PacketRateMode(50)
    for _ in range(240):
        mode.add(50)
    for _ in range(240):
        mode.add(25)
    assert mode.value == 25


def test_absurd_rate_is_capped():
    mode = PacketRateMode(50)
    for _ in range(120):
        mode.add(5000)
    assert mode.value == 500
