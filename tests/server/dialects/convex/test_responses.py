"""Envelopes to the byte, and CORS headers."""

import json

import pytest
from aiohttp.test_utils import make_mocked_request

from server.dialects.convex.errors import Rejection, convex_error, thrown_error
from server.dialects.convex.responses import (
    add_cors,
    failure,
    preflight,
    rejected,
    request_id_of,
    success,
    wrong_method,
)
from server.dialects.convex.values import Format


def test_success_to_the_byte():
    response = success([{"b": 1700000000000.0, "a": "ü"}], Format.JSON)
    assert response.status == 200
    assert response.content_type == "application/json"
    assert response.body == (b'{"status":"success","value":[{"a":"\xc3\xbc","b":1700000000000.0}]}')


def test_failure_to_the_byte():
    failed = convex_error("UNAUTHORIZED", "Authentication required", 401)
    assert failure(failed, "748b359ae90af522", Format.JSON).text == (
        '{"status":"error","errorMessage":"[Request ID: 748b359ae90af522] Server Error\\n'
        'Uncaught ConvexError: {\\"code\\":\\"UNAUTHORIZED\\",\\"message\\":\\"Authentication '
        'required\\",\\"statusCode\\":401}\\n","errorData":{"code":"UNAUTHORIZED",'
        '"message":"Authentication required","statusCode":401.0}}'
    )


def test_a_plain_failure_has_no_data():
    body = json.loads(failure(thrown_error("Oh."), "1", Format.JSON).body)
    assert body == {
        "status": "error",
        "errorMessage": "[Request ID: 1] Server Error\nUncaught Error: Oh.\n",
    }


def test_a_rejection_has_code_and_message():
    response = rejected(Rejection(401, "InvalidAuthHeader", "No.", {"x-more": "1"}))
    assert (response.status, response.text) == (
        401,
        '{"code":"InvalidAuthHeader","message":"No."}',
    )
    assert (response.headers["WWW-Authenticate"], response.headers["x-more"]) == ("Bearer", "1")


def test_lone_surrogates_do_not_break_a_response():
    assert success("\ud800", Format.JSON).body == b'{"status":"success","value":"?"}'


def test_a_wrong_method_is_empty():
    response = wrong_method(frozenset({"POST", "GET"}))
    assert (response.status, response.body, response.headers["Allow"]) == (405, None, "GET,POST")


class TestCors:
    def test_a_page_may_read_whatever_comes_back(self):
        request = make_mocked_request("POST", "/api/query", {"Origin": "https://app.test"})
        response = rejected(Rejection(401, "InvalidAuthHeader", "No."))
        add_cors(request, response)
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.test"
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert "origin" in response.headers["Vary"]
        assert "Access-Control-Allow-Methods" not in response.headers

    def test_a_preflight_mirrors_what_is_asked(self):
        wanted = "authorization,content-type,convex-client"
        asked = {"Origin": "https://app.test", "Access-Control-Request-Headers": wanted}
        response = preflight()
        add_cors(make_mocked_request("OPTIONS", "/api/query", asked), response)
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Headers"] == wanted
        assert (
            response.headers["Access-Control-Allow-Methods"] == "GET,POST,OPTIONS,PATCH,DELETE,PUT"
        )
        assert response.headers["Access-Control-Max-Age"] == "86400"

    def test_a_program_gets_no_cors_headers(self):
        response = preflight()
        add_cors(make_mocked_request("OPTIONS", "/api/query"), response)
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>"])
def test_an_odd_request_id_is_replaced(given: str):
    request = make_mocked_request("POST", "/", {"convex-request-id": given})
    assert len(request_id_of(request)) == 16
    assert int(request_id_of(request), 16) >= 0


def test_a_callers_request_id_is_kept():
    request = make_mocked_request("POST", "/", {"convex-request-id": "0123456789abcdef"})
    assert request_id_of(request) == "0123456789abcdef"
