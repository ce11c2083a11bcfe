from datetime import UTC, datetime

import pytest

from server.dialects.realtimekit.digest import summary
from server.records import TranscriptSegment

SAID = [
    "good morning everybody",
    "the budget of the project is too small",
    "um",
    "we need a larger budget for the project",
    "my cat is asleep",
    "then the project budget goes to the board on Friday",
]


def segments(*texts):
    return [
        TranscriptSegment(
            f"t{at}", "s", None, "p", "c", "Ada", at, at + 1, text, (), "en", "e", None,
            datetime(2026, 11, 20, tzinfo=UTC),
        )
        for at, text in enumerate(texts)
    ]  # fmt: skip


def test_what_the_meeting_is_about_is_kept_in_its_order():
    lines = summary(segments(*SAID), 28).splitlines()
    assert lines == [
        "Ada: the budget of the project is too small",
        "Ada: we need a larger budget for the project",
        "Ada: then the project budget goes to the board on Friday",
    ]


def test_it_is_as_long_as_wished_but_never_empty():
    assert len(summary(segments(*SAID), 10).splitlines()) == 1
    assert len(summary(segments(*SAID), 1).splitlines()) == 1
    assert summary([], 100) == ""


def test_markdown_is_a_list():
    assert summary(segments("yes"), 100, markdown=True) == "- Ada: yes\n"


@pytest.mark.parametrize("text", ["ja", "", "…"])
def test_talk_of_grammar_alone_has_no_weight(text):
    assert summary(segments(text, "about the budget"), 4) == "Ada: about the budget\n"
