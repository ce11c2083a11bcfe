import json

import pytest
from aiohttp import web

from server.http.problem import (
    STATUS_OF_KIND,
    Problem,
    complete,
    from_framework,
    from_refusal,
    phrase,
)
from signaling.errors import RefusalKind, Refused


def body_of(response: web.Response) -> dict:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


def test_every_kind_of_refusal_has_a_status() -> None:
    assert set(STATUS_OF_KIND) == set(RefusalKind)
    assert all(400 <= status < 600 for status in STATUS_OF_KIND.values())


def test_refusal_keeps_code_message_and_data() -> None:
    refused = Refused(RefusalKind.CONFLICT, "recording_running", "It runs.", {"recording_id": "r"})
    response = from_refusal(refused).response("req-1")
    assert response.content_type == "application/problem+json"
    assert body_of(response) == {
        "type": "urn:roomtone:problem:recording_running",
        "title": "Conflict",
        "status": 409,
        "detail": "It runs.",
        "code": "recording_running",
        "request_id": "req-1",
        "recording_id": "r",
    }


def test_data_never_hides_a_standard_member() -> None:
    problem = Problem(422, "x", "y", data={"status": 200, "code": "fine"})
    assert (problem.body("r")["status"], problem.body("r")["code"]) == (422, "x")


def test_refused_credential_says_how_to_show_one() -> None:
    refused = Refused(RefusalKind.UNAUTHENTICATED, "token_expired", "Too late.")
    assert from_refusal(refused).headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert Problem(401, "a", "b").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("kind", [RefusalKind.UNAVAILABLE, RefusalKind.TOO_MANY])
def test_what_may_pass_says_when_to_come_back(kind: RefusalKind) -> None:
    assert int(from_refusal(Refused(kind, "a", "b")).headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (web.HTTPNotFound(), "not_found"),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), "method_not_allowed"),
        (web.HTTPRequestEntityTooLarge(10), "body_too_large"),
        (web.HTTPBadRequest(), "bad_request"),
        (web.HTTPGone(), "request_refused"),
    ],
)
def test_framework_errors_become_problems(error: web.HTTPException, code: str) -> None:
    problem = from_framework(error, "/x")
    assert (problem.status, problem.code) == (error.status, code)
    assert problem.detail


def test_wrong_method_names_the_right_ones() -> None:
    problem = from_framework(web.HTTPMethodNotAllowed("PUT", ["GET", "HEAD"]), "/x")
    assert problem.headers["Allow"] == "GET,HEAD"


def test_foreign_problem_gets_the_request_id() -> None:
    response = web.json_response(
        {"type": "about:blank", "code": "odd"}, content_type="application/problem+json"
    )
    complete(response, "req-2")
    assert body_of(response) == {
        "type": "urn:roomtone:problem:odd", "code": "odd", "request_id": "req-2",
    }  # fmt: skip


def test_own_problems_and_other_answers_stay_as_they_are() -> None:
    own, other = Problem(404, "a", "b").response("one"), web.json_response({"code": "x"})
    for response in (own, other):
        before = response.body
        complete(response, "two")
        assert response.body == before


def test_unknown_status_still_has_a_phrase() -> None:
    assert (phrase(404), phrase(599)) == ("Not Found", "Error")
