import random
from itertools import pairwise

import pytest

from media.plane.downlink import FIRST_HOLD, LEAST, LONGEST_HOLD, UNLIMITED, Downlink
from media.plane.layers import Demand, Layer, allot

RATES = (150_000, 500_000, 1_500_000)
LAYERS = tuple(Layer(rate) for rate in RATES)


def feed(link, at, sent=1_000_000, estimate=None, loss=0.0, trip_ms=30.0, **facts):
    return link.tick(at, sent=sent, estimate=estimate, loss=loss, trip_ms=trip_ms, **facts)


@pytest.fixture
def link():
    link = Downlink()
    for at in range(4):
        feed(link, at)
    return link


def test_a_link_without_trouble_has_no_limit(link):
    assert feed(link, 10, estimate=5_000_000, loss=0.02) is None
    assert feed(link, 11, trip_ms=None) is None


def test_loss_limits_it_to_what_arrived(link):
    assert feed(link, 10, loss=0.5) == pytest.approx(425_000, rel=0.1)


def test_the_receivers_estimate_counts_only_below_what_was_sent(link):
    assert feed(link, 9, estimate=950_000) is None
    assert feed(link, 10, estimate=400_000) is None  # once is no trend
    assert feed(link, 11, estimate=400_000) == 400_000
    assert feed(link, 12, estimate=300_000, loss=0.2) == 300_000


def test_a_full_queue_is_seen_by_the_round_trip(link):
    assert feed(link, 10, trip_ms=900) < 1_000_000


def test_the_limit_is_never_nothing(link):
    feed(link, 10, estimate=0)
    assert feed(link, 11, estimate=0) == LEAST


def test_quiet_raises_it_step_by_step_until_there_is_none(link):
    feed(link, 9, estimate=400_000)
    feed(link, 10, estimate=400_000)
    budgets = [feed(link, at, sent=300_000) for at in range(11, 400)]
    seen = [budget for budget in budgets if budget is not None]
    assert seen == sorted(seen)
    assert seen[0] == 400_000
    assert max(seen) < UNLIMITED
    assert budgets[-1] is None


def test_a_step_that_fails_makes_the_next_one_wait_longer(link):
    feed(link, 9, estimate=400_000)
    feed(link, 10, estimate=400_000)
    waits, raised, at = [], 10, 10
    budget = 400_000
    while len(waits) < 6:
        at += 1
        now = feed(link, at, sent=300_000)
        if now > budget:
            waits.append(at - raised)
            feed(link, at + 1, sent=900_000, estimate=390_000)
            feed(link, at + 2, sent=900_000, estimate=390_000)
            at += 2
            raised, budget = at, 390_000
    assert waits[0] >= FIRST_HOLD
    assert waits == sorted(waits)
    assert waits[-1] >= LONGEST_HOLD


def test_long_quiet_makes_the_waits_short_again(link):
    link._hold = LONGEST_HOLD
    feed(link, 10, estimate=400_000)
    for at in range(11, 500):
        feed(link, at, sent=300_000)
    assert link._hold == FIRST_HOLD


def test_delay_alone_hides_no_picture(link):
    for at in (10, 11, 12):
        budget = feed(link, at, estimate=50_000, trip_ms=900, least=300_000)
    assert budget == 300_000
    assert (
        link.tick(13.0, sent=300_000, estimate=50_000, loss=0.5, trip_ms=None, least=300_000)
        == 50_000
    )


class Wire:
    """A bottleneck with a queue, and a receiver that estimates what it takes."""

    def __init__(self, seed, capacity):
        self.random = random.Random(seed)
        self.capacity = capacity
        self.queue = 0

    def second(self, sent):
        """What a second of sending at this rate makes the receiver report."""
        self.queue = max(0, self.queue + sent - self.capacity)
        lost = max(0, self.queue - self.capacity // 2)
        self.queue -= lost
        noise = self.random.uniform(0.95, 1.05)
        estimate = self.capacity * 0.85 if self.queue else sent * 1.5 + 10_000
        return {
            "estimate": round(estimate * noise),
            "loss": lost / sent if sent else 0.0,
            "trip_ms": 30 + self.queue * 1000 / self.capacity,
        }


def call(seed, capacities):
    """The layer shown each second (None: paused) while the link changes."""
    link, shown, facts, sent = Downlink(), 2, None, 0
    wire = Wire(seed, capacities[0])
    places = []
    for at, capacity in enumerate(capacities):
        wire.capacity = capacity
        jitter = wire.random.uniform(0.8, 1.2)
        sent = 0 if shown is None else round(RATES[shown] * jitter)
        facts = wire.second(sent)
        budget = link.tick(float(at), sent=sent, least=RATES[0] * 3 // 2, **facts)
        shown = allot([Demand(LAYERS, 2, shown)], budget)[0]
        places.append(shown)
    return places


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    ("capacity", "best"), [(5_000_000, 2), (900_000, 1), (300_000, 0), (60_000, None)]
)
def test_settles_on_what_the_link_takes_without_flapping(seed, capacity, best):
    places = call(seed, [capacity] * 180)
    late = places[60:]
    assert late.count(best) / len(late) > 0.8
    changes = sum(a is not b for a, b in pairwise(late))
    assert changes <= 10


@pytest.mark.parametrize("seed", range(8))
def test_comes_back_when_the_link_does(seed):
    places = call(seed, [5_000_000] * 10 + [250_000] * 20 + [5_000_000] * 90)
    assert places[9] == 2
    assert places[20] in (0, None)
    assert places[-1] == 2
