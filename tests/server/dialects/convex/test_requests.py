"""Bodies and query strings, and the order in which their faults are told."""

import io
import json
from typing import Any

import pytest

from server.dialects.convex.ids import Table, encode_id
from server.dialects.convex.requests import MAX_ANONYMOUS_BODY_BYTES, MAX_BODY_BYTES
from signaling.ids import new_id

RUN = "/api/run/meetings/webrtc/index/getActiveSessions"
PATH = "meetings/webrtc/index:getActiveSessions"
JSON = {"Content-Type": "application/json"}
DEV = {"Authorization": "Bearer rt_dev"}
JSON_FAULT = "Failed to parse the request body as JSON: "
TYPE_FAULT = "Failed to deserialize the JSON body into the target type: "


async def post(convex: Any, path: str, body: Any, headers: dict[str, str]) -> Any:
    response = await convex.http.post(path, data=body, headers=headers)
    return response.status, await response.json()


class TestBodies:
    @pytest.mark.parametrize(
        ("path", "body", "message"),
        [
            (RUN, "{", JSON_FAULT + "EOF while parsing an object at line 1 column 1"),
            (RUN, "", JSON_FAULT + "EOF while parsing a value at line 1 column 0"),
            (RUN, "{}", TYPE_FAULT + "missing field `args` at line 1 column 2"),
            (RUN, "[]", TYPE_FAULT + "invalid type: sequence, expected a map at line 1 column 2"),
            ("/api/query", "{}", TYPE_FAULT + "missing field `path` at line 1 column 2"),
            (
                "/api/query",
                '{"path":"a:b"}',
                TYPE_FAULT + "missing field `args` at line 1 column 14",
            ),
            (
                "/api/query",
                '{"path":1,"args":{}}',
                TYPE_FAULT
                + "path: invalid type: floating point, expected a string at line 1 column 20",
            ),
            (
                RUN,
                '{"args":null}',
                TYPE_FAULT
                + "args: invalid type: null, expected a map or a sequence at line 1 column 13",
            ),
            (
                RUN,
                '{"args":{},"format":true}',
                TYPE_FAULT + "format: invalid type: boolean, expected a string at line 1 column 25",
            ),
            (
                RUN,
                '{"args":{"$x":1}}',
                TYPE_FAULT
                + "args: $x is not a type, or its content is malformed at line 1 column 17",
            ),
        ],
    )
    async def test_a_fault_is_a_400(self, convex, path: str, body: str, message: str):
        status, answer = await post(convex, path, body, JSON)
        assert (status, answer) == (400, {"code": "BadJsonBody", "message": message})

    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/x-www-form-urlencoded", "text/json"]
    )
    async def test_another_content_type_is_a_400(self, convex, kind: str):
        status, answer = await post(convex, RUN, "{}", {"Content-Type": kind})
        assert (status, answer["code"]) == (400, "BadJsonBody")
        assert answer["message"] == "Expected request with `Content-Type: application/json`"

    @pytest.mark.parametrize(
        "kind", ["application/json; charset=utf-8", "application/vnd.x+json", "APPLICATION/JSON"]
    )
    async def test_kinds_of_json_are_taken(self, convex, kind: str):
        body = json.dumps({"args": {}, "unknown": 1})
        status, answer = await post(convex, RUN, body, {"Content-Type": kind})
        assert (status, answer["status"]) == (200, "error")

    async def test_both_forms_of_arguments(self, convex, world):
        meeting = await world.meeting()
        args = {"meetingId": meeting.id}
        for form in (args, [args]):
            status, answer = await post(convex, RUN, json.dumps({"args": form}), JSON | DEV)
            assert (status, answer) == (200, {"status": "success", "value": []})


class TestBodyLimit:
    def body(self, size: int) -> io.BytesIO:
        start = b'{"args":{"meetingId":"'
        return io.BytesIO(start + b"x" * (size - len(start) - 3) + b'"}}')

    @pytest.mark.parametrize(
        ("size", "headers"),
        [(MAX_BODY_BYTES + 1, DEV), (MAX_BODY_BYTES + 1, {}), (MAX_ANONYMOUS_BODY_BYTES + 1, {})],
    )
    async def test_a_larger_body_is_a_400(self, convex, size: int, headers: dict[str, str]):
        status, answer = await post(convex, RUN, self.body(size), JSON | headers)
        assert (status, answer) == (
            400,
            {
                "code": "BadJsonBody",
                "message": "Failed to buffer the request body: length limit exceeded",
            },
        )

    @pytest.mark.parametrize(
        ("size", "headers"), [(MAX_BODY_BYTES, DEV), (MAX_ANONYMOUS_BODY_BYTES, {})]
    )
    async def test_a_body_of_the_limit_is_read(self, convex, size: int, headers: dict[str, str]):
        status, answer = await post(convex, RUN, self.body(size), JSON | headers)
        assert status == 200
        assert "Value does not match validator" in answer["errorMessage"]


class TestQueryString:
    async def get(self, convex: Any, headers: dict[str, str] = DEV, **params: str) -> Any:
        response = await convex.http.get("/api/query", params=params, headers=headers)
        return response.status, await response.json()

    async def test_a_query(self, convex, world):
        meeting = await world.meeting()
        args = json.dumps({"meetingId": encode_id(Table.MEETINGS, meeting.id)})
        found = await self.get(convex, path=PATH, args=args, format="json")
        assert found == (200, {"status": "success", "value": []})

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"args": "{}"}, "Failed to deserialize query string: missing field `path`"),
            ({"path": PATH}, "Failed to deserialize query string: missing field `args`"),
            (
                {"path": PATH, "args": "{"},
                (
                    "Failed to parse the query string's args as JSON: "
                    "EOF while parsing an object at line 1 column 1"
                ),
            ),
        ],
    )
    async def test_a_fault_is_a_400(self, convex, params: dict[str, str], message: str):
        status, answer = await self.get(convex, **params)
        assert (status, answer) == (400, {"code": "BadQueryArgs", "message": message})

    async def test_a_bad_token_is_a_401(self, convex):
        bad = {"Authorization": "Bearer hello"}
        status, answer = await self.get(convex, bad, path=PATH, args="{}")
        assert (status, answer["code"]) == (401, "InvalidAuthHeader")


class TestFormats:
    @pytest.mark.parametrize(
        "form", ["json", "convex_clean_json", "convex_encoded_json", "convex_json", "export_json"]
    )
    async def test_every_word_is_known(self, convex, world, form: str):
        meeting = await world.meeting()
        body = json.dumps({"args": {"meetingId": meeting.id}, "format": form})
        status, answer = await post(convex, RUN, body, JSON | DEV)
        assert (status, answer["status"]) == (200, "success")

    async def test_another_word_is_refused(self, convex, world):
        meeting = await world.meeting()
        body = json.dumps({"args": {"meetingId": meeting.id}, "format": "xml"})
        status, answer = await post(convex, RUN, body, JSON | DEV)
        assert (status, answer) == (
            400,
            {"code": "BadFormat", "message": "format param must be one of [`json`]. Got xml"},
        )


class TestOrderOfChecks:
    """Each request has every fault from one step on; the first of them is told."""

    STEPS = (
        ("Authorization", "Basic x", "InvalidAdminKey"),
        ("Convex-Client", "nonsense", "InvalidClientVersion"),
        ("Content-Type", "text/plain", "BadJsonBody"),
        ("body", "{", "BadJsonBody"),
        ("token", "Bearer hello", "InvalidAuthHeader"),
        ("path", "a:b-c", "BadConvexFunctionIdentifier"),
        ("name", "a:b", None),
        ("args", {}, None),
    )

    @pytest.mark.parametrize("first", range(len(STEPS)))
    async def test_the_first_fault_is_told(self, convex, first: int):
        wrong = {name: value for name, value, _ in self.STEPS[first:]}
        good_args = {"meetingId": new_id()}
        body = {
            "path": wrong.get("path") or wrong.get("name") or PATH,
            "args": wrong.get("args", good_args),
            "format": "xml",
        }
        headers = {
            "Authorization": wrong.get("Authorization") or wrong.get("token") or "Bearer rt_dev",
            "Convex-Client": wrong.get("Convex-Client", "npm-1.48.0"),
            "Content-Type": wrong.get("Content-Type", "application/json"),
        }
        status, answer = await post(
            convex, "/api/query", wrong.get("body") or json.dumps(body), headers
        )
        code = self.STEPS[first][2] or "BadFormat"  # a function's error is told in a format
        assert answer["code"] == code
        assert status == (401 if code == "InvalidAuthHeader" else 400)
