"""A memory that is bounded."""

from signaling.recent import RecentIds


def test_it_forgets_the_oldest():
    ids = RecentIds(2)
    for one in ("a", "b", "c"):
        ids.add(one)
    assert [one in ids for one in ("a", "b", "c")] == [False, True, True]


def test_the_same_id_takes_one_place():
    ids = RecentIds(2)
    for one in ("a", "b", "b", "b"):
        ids.add(one)
    assert "a" in ids
