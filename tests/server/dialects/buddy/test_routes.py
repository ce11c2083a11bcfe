"""The envelope: one form for every refusal."""

import pytest

from server.dialects.buddy.routes import TABLE

UNKNOWN = "mbsess_" + "0" * 32


def filled(path: str) -> str:
    return path.replace("{session}", UNKNOWN)


@pytest.mark.parametrize("path", sorted(TABLE))
async def test_every_route_wants_a_credential(buddy, path: str):
    for method in TABLE[path]:
        answer = await buddy.web.client.request(method, "/v1/meeting-buddy" + filled(path))
        body = await answer.json()
        assert answer.status == 401
        error = body["error"]
        assert (body["success"], error["code"]) == (False, "AUTHENTICATION_REQUIRED")
        assert error["message"] == "Authentication is required to access this resource."
        assert error["trace_id"] == answer.headers["x-request-id"]
        assert set(error) == {
            "code", "message", "type", "status", "details", "trace_id", "timestamp",
        }  # fmt: skip


@pytest.mark.parametrize("path", sorted(path for path in TABLE if "{session}" in path))
async def test_an_unknown_session_is_missing_and_a_wrong_id_invalid(buddy, path: str):
    for method in TABLE[path]:
        if method == "PUT":
            continue
        gone = await buddy.call(method, filled(path), 404)
        assert gone["error"]["code"] == "SESSION_NOT_FOUND"
        wrong = await buddy.call(method, path.replace("{session}", "sess_1"), 422)
        assert wrong["error"]["code"] == "INVALID_SESSION_ID"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "INVALID_MEETING_LINK", "meeting_link"),
        ({"meeting_link": "http://zoom.us/j/1"}, "INVALID_MEETING_LINK", "meeting_link"),
        ({"meeting_link": 5}, "INVALID_MEETING_LINK", "meeting_link"),
        ({"meeting_link": "https://example.org/"}, "UNSUPPORTED_PLATFORM", "meeting_link"),
        ({"meeting_link": "https://zoom.us/j/1", "bot_name": 1}, "VALIDATION_ERROR", "bot_name"),
    ],
)
async def test_a_wrong_body_names_its_field(buddy, body, code: str, field: str):
    refused = await buddy.call("POST", "/sessions", 422, json=body)
    error = refused["error"]
    assert (error["code"], error["details"]["field"], error["type"]) == (
        code,
        field,
        "client_error",
    )
    assert (await buddy.call("GET", "/sessions"))["total"] == 0


async def test_what_is_not_there_is_missing_and_never_501(buddy):
    gone = await buddy.call("GET", "/calendars", 404)
    assert gone["error"]["code"] == "NOT_FOUND"
    wrong = await buddy.call("PATCH", "/sessions", 405)
    assert wrong["error"]["code"] == "METHOD_NOT_ALLOWED"
    text = await buddy.call("POST", "/sessions", 422, data=b"{")
    assert text["error"]["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    "query", ["status=x", "page=0", "page_size=101", "page=a", "start_date=yesterday"]
)
async def test_a_wrong_query_is_named(buddy, query: str):
    refused = await buddy.call("GET", f"/sessions?{query}", 422)
    assert refused["error"]["details"]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("buddy", [{"bots": {"requests_per_minute": 2}}], indirect=True)
async def test_answers_tell_how_many_requests_are_left(buddy):
    path = "/v1/meeting-buddy" + "/analytics/active"
    for left in ("1", "0"):
        answer = await buddy.web.client.get(path, headers={"x-api-key": "rt_dev"})
        assert answer.headers["x-ratelimit-limit-requests"] == "2"
        assert answer.headers["x-ratelimit-remaining-requests"] == left
    answer = await buddy.web.client.get(path, headers={"x-api-key": "rt_dev"})
    assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
    assert (await answer.json())["error"]["code"] == "RATE_LIMIT_EXCEEDED"
