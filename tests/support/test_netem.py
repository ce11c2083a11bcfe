import pytest
from support.netem import Link

COUNT = 20_000


def run(link, count=COUNT, spacing=0.02):
    """Send numbered packets and return (number, arrival) pairs in order of arrival."""
    arrived = []
    for n in range(count):
        at = n * spacing
        while link.next_at is not None and link.next_at <= at:
            when = link.next_at
            arrived += [(packet, when) for packet in link.deliver(when)]
        link.send(n, at)
    while link.next_at is not None:
        when = link.next_at
        arrived += [(packet, when) for packet in link.deliver(when)]
    return arrived


def test_perfect_link_delivers_everything_at_once_in_order():
    assert run(Link(1), 100) == [(n, n * 0.02) for n in range(100)]


def test_same_seed_same_fate_and_another_seed_another():
    settings = {"loss": 0.1, "delay": 0.05, "jitter": 0.02, "reorder": 0.1, "duplicate": 0.1}
    assert run(Link(7, **settings), 500) == run(Link(7, **settings), 500)
    assert run(Link(7, **settings), 500) != run(Link(8, **settings), 500)


@pytest.mark.parametrize("burst", [1, 4])
@pytest.mark.parametrize("loss", [0.02, 0.12, 0.5])
def test_share_of_losses_is_the_one_asked_for(loss, burst):
    link = Link(3, loss=loss, burst=burst)
    arrived = run(link)
    assert link.lost / link.sent == pytest.approx(loss, rel=0.15)
    assert len(arrived) == link.sent - link.lost


def test_bursts_have_the_length_asked_for():
    numbers = {n for n, _ in run(Link(5, loss=0.1, burst=4))}
    starts = [n for n in range(1, COUNT) if n not in numbers and n - 1 in numbers]
    assert (COUNT - len(numbers)) / len(starts) == pytest.approx(4, rel=0.15)


def test_total_loss_and_a_link_that_is_down_deliver_nothing():
    assert run(Link(1, loss=1.0), 50) == []
    assert run(Link(1, down=True), 50) == []


def test_packets_arrive_after_the_delay_and_not_before():
    link = Link(1, delay=0.1)
    link.send("a", 1.0)
    assert link.next_at == pytest.approx(1.1)
    assert link.deliver(1.09) == []
    assert len(link) == 1
    assert link.deliver(1.11) == ["a"]
    assert link.deliver(2.0) == []


def test_jitter_spreads_arrivals_but_keeps_order():
    arrived = run(Link(2, delay=0.1, jitter=0.05), 2000)
    delays = [when - n * 0.02 for n, when in arrived]
    assert [n for n, _ in arrived] == list(range(2000))
    assert min(delays) == pytest.approx(0.05, abs=0.01)
    assert max(delays) == pytest.approx(0.15, abs=0.01)


def test_reordered_packets_overtake():
    order = [n for n, _ in run(Link(4, delay=0.1, reorder=0.1), 2000)]
    overtakers = sum(1 for i in range(1, 2000) if order[i] < order[i - 1])
    assert sorted(order) == list(range(2000))
    assert overtakers / 2000 == pytest.approx(0.1, rel=0.25)


def test_duplicates_arrive_twice():
    order = [n for n, _ in run(Link(6, duplicate=0.2), 2000)]
    assert len(order) - 2000 == pytest.approx(400, rel=0.15)
    assert set(order) == set(range(2000))
