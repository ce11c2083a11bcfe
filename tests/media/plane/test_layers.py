import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.plane.layers import HEADROOM, Demand, Layer, allot, fitting, ranked

LOW, MID, HIGH = Layer(150_000, 180), Layer(500_000, 360), Layer(1_500_000, 720)
ALL = (LOW, MID, HIGH)


def demand(wanted=2, current=None, layers=ALL):
    return Demand(layers, wanted, current)


@pytest.mark.parametrize(
    ("layers", "order"),
    [
        (ALL, [0, 1, 2]),
        ((HIGH, MID, LOW), [2, 1, 0]),
        ((Layer(1_500_000), Layer(500_000), Layer(150_000)), [2, 1, 0]),
        ((Layer(150_000), Layer(-1), Layer(0)), [0, 1, 2]),
        ((Layer(200_000), Layer(500_000), Layer(150_000)), [0, 1, 2]),
    ],
)
def test_layers_are_put_in_order_whatever_the_sender_says(layers, order):
    assert ranked(layers) == order


@pytest.mark.parametrize(
    ("tile", "place"), [(0, 0), (240, 0), (241, 1), (480, 1), (700, 2), (5000, 2)]
)
def test_the_smallest_layer_that_fills_the_tile(tile, place):
    assert fitting(ALL, tile) == place


def test_unknown_heights_double_from_layer_to_layer():
    assert fitting((Layer(1), Layer(1), Layer(1)), 241) == 1
    assert fitting((Layer(1), Layer(1, 360), Layer(1)), 481) == 2


def test_layers_that_rest_are_passed_over():
    assert fitting((LOW, MID, Layer(0, 720)), 700) == 1
    assert fitting((Layer(0), Layer(0), Layer(0)), 700) == 0
    assert fitting((Layer(0, 180), MID, HIGH), 100) == 1


def test_without_a_limit_everybody_gets_what_fits():
    assert allot([demand(2), demand(0)], None) == [2, 0]


def test_everybody_gets_something_before_anybody_gets_more():
    assert allot([demand(), demand()], 400_000) == [0, 0]
    assert allot([demand(), demand()], 800_000) == [1, 0]
    assert allot([demand(), demand()], 20_000_000) == [2, 2]


def test_the_least_important_is_paused_first():
    assert allot([demand(), demand(), demand()], 360_000) == [0, 0, None]
    assert allot([demand()], 30_000) == [None]


def test_a_better_layer_needs_room_to_spare_and_the_present_one_does_not():
    tight = 1_500_000 + 10_000
    assert allot([demand(current=2)], tight) == [2]
    assert allot([demand(current=1)], tight) == [1]
    assert allot([demand(current=1)], round(1_500_000 * HEADROOM) + 150_000) == [2]
    assert allot([demand(wanted=0, current=0)], 150_000) == [0]
    assert allot([demand(wanted=0)], 150_000) == [None]


def test_a_layer_that_rests_is_not_chosen():
    assert allot([demand(wanted=2, layers=(LOW, MID, Layer(0)))], 9_000_000) == [1]
    assert allot([demand(wanted=1, layers=(Layer(0), MID, HIGH))], 9_000_000) == [1]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.none() | st.integers(0, 2)), max_size=9),
    st.integers(0, 20_000_000),
)
def test_the_budget_is_kept_and_nobody_gets_more_than_asked(wishes, budget):
    chosen = allot([demand(*wish) for wish in wishes], budget)
    assert sum(ALL[place].rate for place in chosen if place is not None) <= budget
    for (wanted, _), place in zip(wishes, chosen, strict=True):
        assert place is None or place <= wanted
