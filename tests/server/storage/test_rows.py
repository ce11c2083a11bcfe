import pytest
from support.domain import meeting, occupied, recording, session

from server.storage.rows import from_row, to_row
from signaling.model import Connection, Meeting, Participant, Session


def test_enumerations_become_words_and_come_back():
    one = meeting()
    row = to_row(one)
    assert row["status"] == "ACTIVE"
    assert type(row["status"]) is str
    assert from_row(Meeting, row) == one


def test_every_entity_survives():
    live, person, link, _ = occupied(meeting())
    for kind, entity in ((Session, live), (Participant, person), (Connection, link)):
        assert from_row(kind, to_row(entity)) == entity


def test_columns_beyond_the_entity_are_left_out_and_more_is_taken():
    view = recording(session(meeting()))
    row = to_row(view) | {"position": 3}
    del row["files"]
    assert from_row(type(view), row, files=()) == view


def test_only_entities_have_rows():
    with pytest.raises(TypeError):
        to_row("text")
    with pytest.raises(TypeError):
        to_row(Meeting)
