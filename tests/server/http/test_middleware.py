import pytest
from aiohttp import web as aiohttp_web
from structlog.testing import capture_logs
from support.webserver import KEY, Web

from server.http.call import APP
from server.http.middleware import add_headers, guard, map_errors, observe


async def faulty(_: aiohttp_web.Request) -> aiohttp_web.Response:
    raise RuntimeError("a secret detail")


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/healthz", "/v1/me", "/v1/nothing", "/assets/x.js"]
)
async def test_every_answer_has_safe_headers(web: Web, path: str) -> None:
    answer = await web.client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "camera=(self)" in answer.headers["Permissions-Policy"]
    assert "Server" not in answer.headers
    assert answer.headers["X-Request-Id"]


async def test_transport_security_is_promised_only_behind_https(web: Web) -> None:
    assert "Strict-Transport-Security" not in (await web.client.get("/healthz")).headers


async def test_request_id_of_the_client_is_kept_when_it_is_one(web: Web) -> None:
    good = await web.client.get("/healthz", headers={"X-Request-Id": "trace-0001"})
    assert good.headers["X-Request-Id"] == "trace-0001"
    for bad in ("short", "a b c d e f g", "x" * 65):
        answer = await web.client.get("/healthz", headers={"X-Request-Id": bad})
        assert answer.headers["X-Request-Id"] != bad


async def test_problem_names_the_request(web: Web) -> None:
    answer = await web.client.get("/v1/nothing", headers={"X-Request-Id": "trace-0002"})
    assert (await answer.json())["request_id"] == "trace-0002"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/nothing.js", 404, "not_found"),
        ("GET", "/v1/meetings/", 404, "not_found"),
        ("PUT", "/v1/meetings", 405, "method_not_allowed"),
        ("GET", "/v1/sign-in", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("OPTIONS", "/v1/meetings", 405, "method_not_allowed"),
        ("TRACE", "/v1/meetings", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_a_problem(web: Web, method, path, status, code) -> None:
    answer = await web.client.request(method, path, headers=KEY)
    assert answer.content_type == "application/problem+json"
    assert (answer.status, (await answer.json())["code"]) == (status, code)
    assert ("Allow" in answer.headers) is (status == 405)


async def test_expectation_other_than_continue_fails(web: Web) -> None:
    answer = await web.client.post("/v1/meetings", headers={**KEY, "Expect": "miracle"})
    assert (answer.status, (await answer.json())["code"]) == (417, "expectation_failed")


async def test_continue_is_given(web: Web) -> None:
    answer = await web.client.post("/v1/meetings", json={}, headers=KEY, expect100=True)
    assert answer.status == 201


async def test_fault_is_answered_without_its_detail(web: Web, aiohttp_client) -> None:
    application = aiohttp_web.Application(middlewares=[observe, map_errors, guard])
    application[APP] = web.app
    application.on_response_prepare.append(add_headers)
    application.router.add_get("/", faulty)
    client = await aiohttp_client(application)
    with capture_logs() as logs:
        answer = await client.get("/")
    body = await answer.text()
    assert answer.status == 500
    assert "secret" not in body
    assert (await answer.json())["request_id"] == answer.headers["X-Request-Id"]
    fault = next(line for line in logs if line["event"] == "request failed")
    assert (fault["log_level"], fault["exc_info"]) == ("error", True)


async def test_requests_are_counted_by_route_not_by_id(web: Web) -> None:
    made = await web.meeting()
    await web.client.get(f"/v1/meetings/{made['id']}", headers=KEY)
    text = await (await web.client.get("/metrics")).text()
    assert 'route="/v1/meetings/{meeting}"' in text
    assert made["id"] not in text


class TestRebinding:
    """A foreign domain that resolves to this machine must not be same origin with it."""

    @pytest.mark.parametrize("path", ["/", "/v1/client-config", "/openapi.json"])
    async def test_browser_at_a_foreign_name_is_refused(self, web: Web, path: str) -> None:
        headers = {"Host": "evil.example:8080", "Sec-Fetch-Site": "same-origin"}
        answer = await web.client.get(path, headers=headers)
        assert (answer.status, (await answer.json())["code"]) == (421, "unknown_host")

    @pytest.mark.parametrize(
        "headers",
        [
            {"Host": "evil.example:8080"},
            {"Host": "localhost:8080", "Sec-Fetch-Site": "same-origin"},
            {"Host": "127.0.0.1:9", "Origin": "http://127.0.0.1:9"},
        ],
    )
    async def test_programs_and_local_names_pass(self, web: Web, headers) -> None:
        assert (await web.client.get("/v1/client-config", headers=headers)).status == 200
