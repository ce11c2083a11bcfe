"""The queries of one client: versions, staleness, and what counts as news."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.dialects.convex import querysets
from server.dialects.convex.frames import Add, FrameError, ModifyQuerySet
from server.dialects.convex.querysets import QuerySet
from server.dialects.convex.topics import Topics


@pytest.fixture
def topics() -> Topics:
    return Topics()


@pytest.fixture
def woken() -> list[int]:
    return []


@pytest.fixture
def queries(topics, woken) -> QuerySet:
    return QuerySet(topics, lambda: woken.append(1))


def change(base: int, added: tuple[int, ...] = (), removed: tuple[int, ...] = ()):
    return ModifyQuerySet(base, base + 1, tuple(Add(one, "a:b", []) for one in added), removed)


def run_all(queries: QuerySet, *reads: str) -> list[int]:
    ran = []
    for query in queries.stale():
        query.stale = False
        queries.ran(query, reads)
        ran.append(query.query_id)
    return ran


def test_new_ones_are_run_in_order(queries):
    queries.modify(change(0, (5, 1, 3)))
    assert queries.version == 1
    assert run_all(queries) == [1, 3, 5]
    assert not queries.any_stale


def test_another_base_version_breaks_the_protocol(queries):
    with pytest.raises(FrameError) as broken:
        queries.modify(change(5))
    assert str(broken.value) == ("Base version 5 passed up doesn't match the current version 0")


def test_an_id_is_used_once(queries):
    queries.modify(change(0, (1,)))
    with pytest.raises(FrameError, match="already"):
        queries.modify(change(1, (1,)))


def test_there_is_an_end(queries, monkeypatch):
    monkeypatch.setattr(querysets, "MAX_QUERIES", 2)
    with pytest.raises(FrameError, match="at most"):
        queries.modify(change(0, (1, 2, 3)))


def test_only_what_read_a_topic_becomes_stale(queries, topics, woken):
    queries.modify(change(0, (1,)))
    run_all(queries, "rows/a")
    queries.modify(change(1, (2,)))
    run_all(queries, "rows/b")
    topics.changed("rows/b")
    assert [query.query_id for query in queries.stale()] == [2]
    assert woken == [1]
    topics.changed("rows/c")
    assert woken == [1]


def test_topics_follow_the_last_run(queries, topics):
    queries.modify(change(0, (1,)))
    run_all(queries, "access/a")
    queries.invalidate()
    run_all(queries, "rows/a")
    topics.changed("access/a")
    assert not queries.any_stale
    topics.changed("rows/a")
    assert queries.any_stale


def test_removed_ones_are_told_once_and_watch_nothing(queries, topics):
    queries.modify(change(0, (1, 2)))
    run_all(queries, "rows/a")
    queries.modify(change(1, (), (2, 1, 9)))
    assert queries.take_removed() == [1, 2]
    assert queries.take_removed() == []
    assert len(topics) == 0


def test_one_that_goes_while_it_runs_leaves_nothing(queries, topics):
    queries.modify(change(0, (1,)))
    [query] = queries.stale()
    queries.modify(change(1, (), (1,)))
    queries.ran(query, ["rows/a"])
    assert not queries.keeps(query)
    assert len(topics) == 0


def test_the_same_result_is_no_news(queries):
    queries.modify(change(0, (1,)))
    [query] = queries.stale()
    assert query.is_news("[]")
    assert not query.is_news("[]")
    assert query.is_news("[1]")


def test_closing_forgets_everything(queries, topics):
    queries.modify(change(0, (1,)))
    run_all(queries, "rows/a")
    queries.close()
    assert (len(queries), len(topics)) == (0, 0)


@given(st.lists(st.tuples(st.sampled_from("arx"), st.integers(0, 4)), max_size=40))
def test_watchers_are_exactly_the_topics_that_queries_read(steps):
    topics = Topics()
    queries = QuerySet(topics, lambda: None)
    reads: dict[int, str] = {}
    for what, number in steps:
        if what == "a" and number not in reads:
            queries.modify(change(queries.version, (number,)))
            run_all(queries, f"t{number % 2}")
            reads[number] = f"t{number % 2}"
        elif what == "r":
            queries.modify(change(queries.version, (), (number,)))
            reads.pop(number, None)
        elif what == "x":
            topics.changed(f"t{number}")
            run_all(queries, "t9")
            for one, topic in reads.items():
                reads[one] = "t9" if topic == f"t{number}" else topic
        assert len(topics) == len(set(reads.values()))


def test_arguments_are_bounded(queries):
    long = Add(1, "a:b", [{"meetingId": "x" * querysets.MAX_ARGUMENTS}])
    with pytest.raises(FrameError, match="too long"):
        queries.modify(ModifyQuerySet(0, 1, (long,), ()))
