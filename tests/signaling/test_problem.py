"""Refusals as problem details."""

import json
from http import HTTPStatus

import pytest

from signaling.errors import RefusalKind, Refused
from signaling.problem import STATUSES, problem, refusal_problem


def test_every_kind_of_refusal_has_a_status():
    assert set(STATUSES) == set(RefusalKind)


def test_the_shape():
    answer = problem(HTTPStatus.NOT_FOUND, "meeting_not_found", "no such meeting")
    assert answer.content_type == "application/problem+json"
    assert json.loads(answer.body) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no such meeting",
        "code": "meeting_not_found",
    }


@pytest.mark.parametrize(
    ("kind", "code", "status", "header"),
    [
        (RefusalKind.UNAUTHENTICATED, "token_expired", 401, "WWW-Authenticate"),
        (RefusalKind.UNAVAILABLE, "server_draining", 503, "Retry-After"),
        (RefusalKind.TOO_MANY, "meeting_full", 503, "Retry-After"),
        (RefusalKind.TOO_MANY, "rate_limited", 429, "Content-Type"),
    ],
)
def test_refusals(kind, code, status, header):
    answer = refusal_problem(Refused(kind, code, "no"))
    assert answer.status == status
    assert header in answer.headers
