"""What services refuse, in the dialect's words."""

import json
from datetime import UTC, datetime

import pytest

from server.dialects.buddy.errors import BuddyError, envelope, from_refusal
from signaling.errors import RefusalKind, Refused


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("invalid_link", 422, "INVALID_MEETING_LINK"),
        ("bot_limit_reached", 429, "BOT_LIMIT_REACHED"),
        ("bot_not_found", 404, "SESSION_NOT_FOUND"),
        ("bot_running", 422, "SESSION_ALREADY_ACTIVE"),
        ("something_else", 404, "SOMETHING_ELSE"),
    ],
)
def test_refusals_are_translated(code: str, status: int, told: str):
    error = from_refusal(Refused(RefusalKind.NOT_FOUND, code, "No."), "mbsess_1")
    assert (error.status, error.code) == (status, told)


def test_no_refusal_is_a_conflict_that_the_client_would_repeat():
    for code in ("bot_running", "bot_not_finished", "recording_not_ready", "recording_held", "x"):
        assert from_refusal(Refused(RefusalKind.CONFLICT, code, "No."), None).status != 409


def test_the_envelope_tells_whose_fault_it_is():
    at = datetime(2025, 12, 11, 10, tzinfo=UTC)
    response = envelope(BuddyError(503, "X", "No.", headers={"Retry-After": "5"}), "t1", at)
    assert json.loads(response.body) == {
        "success": False,
        "error": {
            "code": "X",
            "message": "No.",
            "type": "server_error",
            "status": 503,
            "details": {},
            "trace_id": "t1",
            "timestamp": "2025-12-11T10:00:00Z",
        },
    }
    assert response.headers["Retry-After"] == "5"
