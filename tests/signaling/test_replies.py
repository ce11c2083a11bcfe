"""What the server says, as text."""

import json

from signaling.model import SessionState
from signaling.replies import ErrorMessage, Roster, SessionMessage


def test_a_message_is_written_once():
    message = SessionMessage(sequence=3, state=SessionState.LIVE)
    assert json.loads(message.text) == {"type": "session", "sequence": 3, "state": "live"}
    assert message.text is message.text


def test_members_of_an_error_that_are_unknown_are_absent():
    error = ErrorMessage(code="bad_message", message="no", fatal=True)
    assert set(json.loads(error.text)) == {"type", "code", "message", "fatal"}
    error = ErrorMessage(code="x", message="no", fatal=False, in_reply_to="offer", id=0)
    assert json.loads(error.text)["id"] == 0


def test_a_roster_always_has_its_three_lists():
    assert json.loads(Roster(sequence=1).text) == {
        "type": "roster",
        "sequence": 1,
        "joined": [],
        "changed": [],
        "left": [],
    }
