"""The routes as clients see them: methods, kinds, tokens, CORS, faults."""

import json
import re
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.convex_sync import number
from support.identity import Identity

from server.auth.tokens import TokenSigner
from server.config import ConvexSettings
from server.dialects.convex.ids import Table, encode_id
from server.dialects.convex.routes import FAILURE_BURST
from signaling.ids import new_id
from signaling.model import Role

RUN = "/api/run/meetings/webrtc/index/getActiveSessions"
PATH = "meetings/webrtc/index:getActiveSessions"
KEY = {"Authorization": "Bearer rt_dev"}
PROVIDER = Identity("https://id.test", "ES256", "key-1")
ERROR = re.compile(r"\[Request ID: [0-9a-f]{16}\] Server Error\n(.*)\n", re.DOTALL)


async def call(convex: Any, path: str, body: Any, **headers: str) -> Any:
    given = {"Authorization": "Bearer rt_dev"} | headers
    response = await convex.http.post(path, json=body, headers=given)
    return response.status, await response.json()


async def test_the_real_http_clients_requests(convex, world):
    """As the npm and PyPI clients send them: the list form and the object form."""
    meeting = await world.meeting()
    args = {"meetingId": encode_id(Table.MEETINGS, meeting.id)}
    for client, form in (("npm-1.48.0", [args]), ("python-0.8.1", args)):
        body = {"path": PATH, "format": "convex_encoded_json", "args": form}
        found = await call(convex, "/api/query", body, **{"Convex-Client": client})
        assert found == (200, {"status": "success", "value": []})


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        (
            "/api/run/meetings/webrtc/index/nope",
            {"args": {}},
            (
                "Could not find function for 'meetings/webrtc/index:nope'. "
                "Did you forget to run `npx convex dev`?"
            ),
        ),
        (
            "/api/query",
            {"path": "meetings/webrtc/index:nope", "args": {}},
            "Could not find public function for 'meetings/webrtc/index:nope'.",
        ),
        (
            "/api/mutation",
            {"path": PATH, "args": {}},
            (
                "Trying to execute meetings/webrtc/index.js:getActiveSessions as Mutation, "
                "but it is defined as Query."
            ),
        ),
        (
            "/api/action",
            {"path": "meetings/webrtc/index.js:getActiveSessions", "args": {}},
            (
                "Trying to execute meetings/webrtc/index.js:getActiveSessions as Action, "
                "but it is defined as Query."
            ),
        ),
    ],
)
async def test_calling_the_wrong_thing_is_a_200(convex, path: str, body: Any, text: str):
    status, answer = await call(convex, path, body)
    assert status == 200
    assert set(answer) == {"status", "errorMessage"}
    match = ERROR.fullmatch(answer["errorMessage"])
    assert match is not None
    assert match[1] == text


async def test_arguments_are_checked_before_identity(convex):
    response = await convex.http.post(RUN, json={"args": {}})
    assert "missing the required field `meetingId`" in (await response.json())["errorMessage"]


async def test_a_given_request_id_is_shown(convex):
    headers = {"convex-request-id": "0123456789abcdef"}
    _, answer = await call(convex, RUN, {"args": {}}, **headers)
    assert answer["errorMessage"].startswith("[Request ID: 0123456789abcdef] Server Error\n")


class TestCredentials:
    async def test_a_key_in_its_own_header(self, convex, world):
        meeting = await world.meeting()
        body = {"args": {"meetingId": meeting.id}}
        response = await convex.http.post(RUN, json=body, headers={"x-api-key": "rt_dev"})
        assert (await response.json())["status"] == "success"

    @pytest.mark.parametrize(
        "headers",
        [
            {"Authorization": "Bearer hello"},
            {"x-api-key": "hello"},
            {"Authorization": "Bearer rt_unknown"},
            {"x-api-key": "rt_unknown"},
        ],
    )
    async def test_what_is_neither_key_nor_token_is_a_401(self, convex, headers):
        response = await convex.http.post(RUN, json={"args": {}}, headers=headers)
        assert response.status == 401
        assert (await response.json())["code"] == "InvalidAuthHeader"

    async def test_tokens_are_told_apart(self, convex, world):
        now = int(world.clock.utc().timestamp())
        stranger = TokenSigner(b"x" * 32, world.clock)
        tokens = {
            "header is 'key-1'": PROVIDER.token(aud="app", exp=now + 60),
            "app_id=app)]": PROVIDER.token(aud="else", exp=now + 60),
            "did not sign this join token": stranger.issue_join(
                meeting_id=new_id(), name="Ada", role=Role.HOST, participant_id="p", ttl=60
            ),
            "Token expired 100 seconds ago": world.signer.issue_join(
                meeting_id=new_id(), name="Ada", role=Role.HOST, participant_id="p", ttl=-100
            ),
        }
        for words, token in tokens.items():
            authorization = {"Authorization": f"Bearer {token}"}
            status, answer = await call(convex, RUN, {"args": {}}, **authorization)
            assert status == 401
            assert words in answer["message"]

    async def test_a_cookie_is_not_a_credential(self, convex, world):
        meeting = await world.meeting()
        body = {"args": {"meetingId": meeting.id}}
        cookies = {"roomtone_session": "rt_dev"}
        response = await convex.http.post(RUN, json=body, cookies=cookies)
        assert (await response.json())["errorData"]["code"] == "UNAUTHORIZED"


class TestMethods:
    @pytest.mark.parametrize(
        ("method", "path", "allow"),
        [
            ("GET", RUN, "POST"),
            ("PUT", RUN, "POST"),
            ("DELETE", "/api/query", "GET,POST"),
            ("GET", "/api/mutation", "POST"),
        ],
    )
    async def test_a_wrong_one_is_an_empty_405(self, convex, method: str, path: str, allow: str):
        response = await convex.http.request(method, path)
        assert (response.status, await response.text()) == (405, "")
        assert response.headers["Allow"] == allow

    @pytest.mark.parametrize("path", ["/api/nope", "/api/"])
    async def test_an_unknown_route_still_has_code_and_message(self, convex, path: str):
        response = await convex.http.get(path)
        assert response.status == 404
        assert set(await response.json()) == {"code", "message"}

    @pytest.mark.parametrize("path", ["/api/run/x", "/api/run/"])
    async def test_an_address_without_a_function_is_a_400(self, convex, path: str):
        status, answer = await call(convex, path, {"args": {}})
        assert (status, answer["code"]) == (400, "MissingIdentifier")


ORIGIN = {"Origin": "https://app.test"}


class TestCors:
    async def test_a_preflight_needs_no_token(self, convex):
        wanted = {"Access-Control-Request-Headers": "authorization,content-type,convex-client"}
        response = await convex.http.options("/api/query", headers=ORIGIN | wanted)
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.test"
        assert response.headers["Access-Control-Allow-Headers"].endswith("convex-client")

    @pytest.mark.parametrize(
        ("method", "path", "headers", "status"),
        [
            ("POST", RUN, {"Authorization": "Bearer hello"}, 401),
            ("POST", RUN, {"Content-Type": "text/plain"}, 400),
            ("POST", RUN, {}, 200),
            ("GET", RUN, {}, 405),
            ("GET", "/api/nope", {}, 404),
        ],
    )
    async def test_every_answer_can_be_read(self, convex, method, path, headers, status):
        given = {"Content-Type": "application/json"} | ORIGIN | headers
        response = await convex.http.request(method, path, data='{"args":{}}', headers=given)
        assert response.status == status
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.test"


class TestFaults:
    async def test_a_bug_is_a_500_without_detail(self, convex, world, monkeypatch):
        def broken(_: str) -> None:
            raise RuntimeError("secret detail")

        monkeypatch.setattr(world.tracker, "connections", broken)
        meeting = await world.meeting()
        with capture_logs() as logs:
            status, answer = await call(convex, RUN, {"args": {"meetingId": meeting.id}})
        assert [entry["log_level"] for entry in logs] == ["error"]
        assert (status, answer) == (
            500,
            {
                "code": "InternalServerError",
                "message": "Your request couldn't be completed. Try again later.",
            },
        )

    async def test_many_refused_credentials_are_slowed_down(self, convex, world, monkeypatch):
        monkeypatch.setattr("server.services.throttle._counted", lambda _: True)
        bad = {"Authorization": "Bearer hello"}
        seen = [
            (await call(convex, RUN, {"args": {}}, **bad))[0] for _ in range(int(FAILURE_BURST))
        ]
        assert set(seen) == {401}
        status, answer = await call(convex, RUN, {"args": {}}, **bad)
        assert (status, answer["code"]) == (429, "TooManyRequests")
        assert (await call(convex, RUN, {"args": {}}))[0] == 200  # a good one is not held back
        world.clock.advance(1)
        assert (await call(convex, RUN, {"args": {}}, **bad))[0] == 401


async def test_the_answer_is_compact_and_sorted(convex, world):
    meeting = await world.meeting()
    world.join(meeting, "Ada")
    body = {"args": {"meetingId": meeting.id}}
    headers = {"Authorization": "Bearer rt_dev"}
    response = await convex.http.post(RUN, json=body, headers=headers)
    text = await response.text()
    assert text.startswith('{"status":"success","value":[{"_creationTime":1')
    assert re.search(r'"createdAt":\d{13}\.0,', text)
    assert text == json.dumps(json.loads(text), separators=(",", ":"))


class TestTimestamps:
    async def test_a_consistent_query(self, convex, world):
        meeting = await world.meeting()
        response = await convex.http.post("/api/query_ts")
        assert response.status == 200
        asked = await response.json()
        body = {"path": PATH, "args": {"meetingId": meeting.id}, **asked}
        response = await convex.http.post("/api/query_at_ts", json=body, headers=KEY)
        assert await response.json() == {"status": "success", "value": []}

    async def test_they_grow_with_changes(self, convex, world):
        first = await (await convex.http.post("/api/query_ts")).json()
        world.join(await world.meeting(), "Ada")
        second = await (await convex.http.post("/api/query_ts")).json()
        assert number(second["ts"]) > number(first["ts"])

    @pytest.mark.parametrize("ts", [{}, {"ts": 1}, {"ts": "AAAA"}])
    async def test_a_query_at_no_time(self, convex, ts):
        response = await convex.http.post("/api/query_at_ts", json={"path": PATH, "args": {}, **ts})
        assert (response.status, (await response.json())["code"]) == (400, "BadJsonBody")


class TestBatch:
    async def test_each_query_has_its_own_answer(self, convex, world):
        meeting = await world.meeting()
        queries = [
            {"path": PATH, "args": {"meetingId": meeting.id}},
            {"path": PATH, "args": {}},
            {"path": "a:b", "args": {}, "format": "json"},
        ]
        response = await convex.http.post(
            "/api/query_batch", json={"queries": queries}, headers=KEY
        )
        results = (await response.json())["results"]
        assert [one["status"] for one in results] == ["success", "error", "error"]
        assert results[0]["value"] == []

    @pytest.mark.parametrize(
        "body", [{}, {"queries": 1}, {"queries": [1]}, {"queries": [{}] * 257}]
    )
    async def test_what_is_no_batch(self, convex, body):
        response = await convex.http.post("/api/query_batch", json=body)
        assert (response.status, (await response.json())["code"]) == (400, "BadJsonBody")


@pytest.mark.parametrize("path", ["/version", "/instance_name", "/instance_version"])
async def test_health_checks(convex, path: str):
    response = await convex.http.get(path)
    assert response.status == 200
    assert await response.text()


class TestRedaction:
    @pytest.fixture
    def settings(self, settings):
        return settings.model_copy(update={"convex": ConvexSettings(redact_errors=True)})

    async def test_only_the_data_is_left(self, convex, world):
        headers = {"convex-request-id": "748b359ae90af522"}
        body = {"args": {"meetingId": (await world.meeting()).id}}
        response = await convex.http.post(RUN, json=body, headers=headers)
        assert await response.json() == {
            "status": "error",
            "errorMessage": "[Request ID: 748b359ae90af522] Server Error",
            "errorData": {
                "code": "UNAUTHORIZED",
                "message": "Authentication required",
                "statusCode": 401.0,
            },
        }

    async def test_issuers_are_not_named(self, convex):
        stranger = Identity("https://elsewhere.test", "ES256", "key-1")
        headers = {"Authorization": f"Bearer {stranger.token()}"}
        response = await convex.http.post(RUN, json={"args": {}}, headers=headers)
        assert await response.json() == {
            "code": "NoAuthProvider",
            "message": "No auth provider found matching the given token",
        }

    async def test_nor_is_a_key(self, convex):
        stranger = Identity("https://id.test", "ES256", "another")
        token = stranger.token(aud="app")
        headers = {"Authorization": f"Bearer {token}"}
        response = await convex.http.post(RUN, json={"args": {}}, headers=headers)
        assert (await response.json())["message"].endswith("or the JWT signature is invalid.")
