import json
from datetime import UTC, datetime

import pytest

from server.dialects.realtimekit.answers import (
    KitError,
    bad,
    failure,
    no_session,
    not_found,
    success,
    time_text,
    whole_ms,
)


def test_a_refusal_reads_the_same_in_both_places():
    body = json.loads(failure(KitError(404, "No x found with id y")).body)
    assert body == {
        "success": False,
        "error": {"code": 404, "message": "No x found with id y"},
        "errors": [{"code": 404, "message": "No x found with id y"}],
    }


def test_clients_are_told_not_to_repeat():
    assert failure(KitError(429, "slow")).headers["x-should-retry"] == "false"
    assert "x-should-retry" not in failure(KitError(404, "no")).headers


def test_a_wrong_credential_has_the_gateways_code():
    answer = failure(KitError(401, "Authentication error"))
    assert json.loads(answer.body)["errors"][0]["code"] == 10000
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_success_keeps_what_stands_beside_data():
    assert json.loads(success([], paging={"total_count": 0}).body) == {
        "success": True,
        "data": [],
        "paging": {"total_count": 0},
    }


def test_times_have_milliseconds():
    at = datetime(2022, 1, 12, 14, 21, 34, 388999, tzinfo=UTC)
    assert time_text(at) == "2022-01-12T14:21:34.388Z"
    assert time_text(None) is None
    assert whole_ms(at).microsecond == 388000


def test_named_refusals():
    assert str(no_session("m")) == "No active session found for meeting_id m"
    assert bad("why").status == 400
    with pytest.raises(KitError, match="No preset found with id p"):
        not_found("preset", "p")
