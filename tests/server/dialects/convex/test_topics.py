"""Who hears of which change."""

from server.dialects.convex.topics import (
    Topics,
    access_to,
    meeting_itself,
    rows_of,
    signals_for,
    user_behind,
)


def test_a_watcher_hears_of_its_topics_alone():
    topics, heard = Topics(), []
    topics.watch(["a", "b"], heard.append)
    for topic in ("a", "c", "b"):
        topics.changed(topic)
    assert heard == ["a", "b"]
    assert topics.changes == 3


def test_one_that_stopped_hears_nothing_and_leaves_nothing():
    topics, heard = Topics(), []
    topics.watch(["a"], heard.append)
    topics.unwatch(["a", "never"], heard.append)
    topics.changed("a")
    assert heard == []
    assert len(topics) == 0


def test_a_watcher_may_stop_while_it_is_told():
    topics, heard = Topics(), []

    def once(topic: str) -> None:
        heard.append(topic)
        topics.unwatch([topic], once)

    topics.watch(["a"], once)
    topics.changed("a")
    topics.changed("a")
    assert heard == ["a"]


def test_topics_of_different_things_differ():
    names = [rows_of("m"), meeting_itself("m"), access_to("m"), user_behind("m")]
    assert len({*names, signals_for("m", "u")}) == 5
