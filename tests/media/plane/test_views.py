from hypothesis import given
from hypothesis import strategies as st

from media.plane.views import fill, order


def test_keeps_what_may_stay_and_fills_the_free_in_order():
    assert fill(["b", None, "x"], ["a", "b", "c"]) == ["b", "a", "c"]


def test_leaves_out_what_is_less_important_than_the_slots_allow():
    assert fill([None, "c"], ["a", "b", "c"]) == ["a", "b"]


def test_frees_slots_that_nobody_wants():
    assert fill(["a", "b"], []) == [None, None]


def test_never_shows_a_track_twice():
    assert fill(["a", "a"], ["a"]) == ["a", None]


def test_order_puts_wanted_first_and_knows_only_what_exists():
    assert order(["b", "gone", "b"], ["a", "b"], every=False) == ["b"]
    assert order(["b"], ["a", "b", "c"], every=True) == ["b", "a", "c"]


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=6),
    st.lists(st.integers(0, 9), unique=True, max_size=10),
)
def test_fills_as_much_as_possible_and_moves_nobody(current, wanted):
    held = [track if track not in current[:at] else None for at, track in enumerate(current)]
    result = fill(held, wanted)
    chosen = set(wanted[: len(held)])
    assert {track for track in result if track is not None} == chosen
    assert all(
        after == before for before, after in zip(held, result, strict=True) if before in chosen
    )
