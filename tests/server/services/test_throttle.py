import pytest
from support.clock import FakeClock

from server.services import throttle as module
from server.services.throttle import Throttle

FAR = "203.0.113.5"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def throttle(clock: FakeClock) -> Throttle:
    return Throttle(clock, burst=2, per_second=0.5)


def test_a_burst_passes_and_then_one_every_two_seconds(throttle: Throttle, clock: FakeClock):
    assert [throttle.take(FAR) for _ in range(3)] == [True, True, False]
    assert not throttle.allows(FAR)
    clock.advance(2)
    assert throttle.allows(FAR)
    assert throttle.take(FAR)
    assert not throttle.take(FAR)
    clock.advance(1000)
    assert [throttle.take(FAR) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.1", "::1", None])
def test_this_machine_is_never_held_back(throttle: Throttle, address: str | None):
    assert all(throttle.take(address) for _ in range(100))
    assert throttle.allows(address)


def test_what_is_no_address_counts_as_one(throttle: Throttle):
    assert [throttle.take("unknown") for _ in range(3)] == [True, True, False]


def test_the_longest_unused_address_is_forgotten(throttle: Throttle, monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 2)
    for address in ("198.51.100.1", FAR, FAR, "198.51.100.2"):
        _ = throttle.take(address)
    assert not throttle.allows(FAR)
    assert list(throttle._buckets) == ["198.51.100.2", FAR]
