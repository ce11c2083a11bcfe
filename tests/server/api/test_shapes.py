import pytest
from pydantic import ValidationError

from server.api.shapes import EventQuery, MeetingQuery, NewMeeting, NewToken


@pytest.mark.parametrize("name", ["A", "Ada Lovelace", "李", "😀", " x ", "a" * 80])
def test_names_that_can_be_seen_are_taken(name: str) -> None:
    assert NewToken(name=name).name == name


@pytest.mark.parametrize("name", ["", " ", "\t\n", "\x00", "\u2003", "\x7f\x9f", "a" * 81])
def test_names_that_cannot_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        NewToken(name=name)


@pytest.mark.parametrize("sub", ["u", "user|01", "a b", "x" * 256])
def test_user_ids_are_taken_as_they_are(sub: str) -> None:
    assert NewToken(name="A", user_id=sub).user_id == sub


@pytest.mark.parametrize("sub", ["", " ", " u", "u ", "\nu", "x" * 257])
def test_user_ids_with_blanks_around_them_are_refused(sub: str) -> None:
    with pytest.raises(ValidationError):
        NewToken(name="A", user_id=sub)


@pytest.mark.parametrize(("raw", "people"), [("3", 3), ("3.0", 3), ("1000", 1000), ("null", None)])
def test_whole_numbers_are_numbers(raw: str, people: int | None) -> None:
    found = NewMeeting.model_validate_json(f'{{"max_participants": {raw}}}', strict=True)
    assert found.max_participants == people


@pytest.mark.parametrize("raw", ["3.5", '"3"', "true", "0", "1001", "[]", "1e400"])
def test_other_values_are_not(raw: str) -> None:
    with pytest.raises(ValidationError):
        NewMeeting.model_validate_json(f'{{"max_participants": {raw}}}', strict=True)


def test_queries_have_defaults() -> None:
    assert MeetingQuery().limit == 50
    assert (EventQuery().after, EventQuery().limit) == (0, 200)
