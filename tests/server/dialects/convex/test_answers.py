import pytest
from support.clock import FakeClock

from server.auth.principal import ANONYMOUS
from server.dialects.convex import answers as module
from server.dialects.convex.answers import FRESH_SECONDS, Answers, answer
from server.dialects.convex.topics import Topics

KEY = (ANONYMOUS, "module:function", "[]")
GIVEN = answer("[]", {"rows/m"})


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def topics():
    return Topics()


@pytest.fixture
def answers(topics, clock):
    return Answers(topics, clock)


def test_the_next_who_asks_the_same_gets_the_same(answers, topics):
    answers.keep(KEY, GIVEN, topics.changes)
    assert answers.get(KEY) is GIVEN
    assert answers.get((ANONYMOUS, "module:function", "[1]")) is None


def test_a_change_ends_it(answers, topics):
    answers.keep(KEY, GIVEN, topics.changes)
    topics.changed("other")
    assert answers.get(KEY) is None
    answers.keep(KEY, GIVEN, topics.changes)
    assert answers.get(KEY) is GIVEN


def test_time_ends_it(answers, topics, clock):
    answers.keep(KEY, GIVEN, topics.changes)
    clock.advance(FRESH_SECONDS)
    assert answers.get(KEY) is None


def test_a_change_while_it_was_found_keeps_it_from_others(answers, topics):
    before = topics.changes
    topics.changed("rows/m")
    answers.keep(KEY, GIVEN, before)
    assert answers.get(KEY) is None


def test_answers_of_two_moments_do_not_mix(answers, topics):
    answers.keep(KEY, GIVEN, topics.changes)
    topics.changed("rows/m")
    answers.keep((ANONYMOUS, "other", "[]"), GIVEN, topics.changes)
    assert answers.get(KEY) is None


def test_they_are_bounded(answers, topics, monkeypatch):
    monkeypatch.setattr(module, "MAX_ANSWERS", 1)
    answers.keep(KEY, GIVEN, topics.changes)
    answers.keep((ANONYMOUS, "other", "[]"), GIVEN, topics.changes)
    assert answers.get((ANONYMOUS, "other", "[]")) is None


def test_a_failure_is_no_value_and_its_data_tell_it_apart():
    digests = {
        answer("x", set()).digest,
        answer("x", set(), failed=True).digest,
        answer("x", set(), failed=True, data={"code": 1.0}).digest,
    }
    assert len(digests) == 3
