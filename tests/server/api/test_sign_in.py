from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.webserver import KEY, Web, serving


async def problem(answer) -> tuple[int, str]:
    return answer.status, (await answer.json())["code"]


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[Web]:
    http = {"public_url": "https://meet.example.org"}
    async with serving(tmp_path, dev=False, http=http) as web:
        yield web


async def test_api_key_becomes_a_cookie(web: Web) -> None:
    answer = await web.client.post("/v1/sign-in", json={"credential": " rt_dev "})
    assert (answer.status, await answer.read()) == (204, b"")
    cookie = answer.cookies["roomtone_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "rt_dev" not in cookie.value
    assert (await web.client.get("/v1/meetings")).status == 200


async def test_user_token_becomes_a_cookie_for_as_long_as_it_is_good(web: Web) -> None:
    token = web.user("user_01")["Authorization"].removeprefix("Bearer ")
    await web.client.post("/v1/sign-in", json={"credential": token})
    assert (await (await web.client.get("/v1/me")).json())["sub"] == "user_01"
    web.clock.advance(700)
    assert await problem(await web.client.get("/v1/me")) == (401, "token_expired")


async def test_signed_out_is_nobody(web: Web) -> None:
    await web.client.post("/v1/sign-in", json={"credential": "rt_dev"})
    assert (await web.client.post("/v1/sign-out")).status == 204
    assert await problem(await web.client.get("/v1/me")) == (401, "credential_required")


async def test_revoked_key_ends_the_sign_in(web: Web) -> None:
    text, key = await web.app.keys.create("test")
    await web.client.post("/v1/sign-in", json={"credential": text})
    assert (await web.client.get("/v1/me")).status == 200
    assert await web.app.keys.revoke(key.id)
    assert await problem(await web.client.get("/v1/me")) == (401, "api_key_invalid")


@pytest.mark.parametrize(
    ("credential", "status", "code"),
    [
        ("rt_wrong", 401, "api_key_invalid"),
        ("nonsense", 401, "token_malformed"),
        ("", 422, "invalid_request"),
        (None, 422, "invalid_request"),
    ],
)
async def test_bad_credential_is_refused(web: Web, credential, status: int, code: str) -> None:
    answer = await web.client.post("/v1/sign-in", json={"credential": credential})
    assert await problem(answer) == (status, code)
    assert not answer.cookies


async def test_join_token_is_no_sign_in(web: Web) -> None:
    made = await web.meeting()
    token = (await web.token(made["id"]))["Authorization"].removeprefix("Bearer ")
    answer = await web.client.post("/v1/sign-in", json={"credential": token})
    assert await problem(answer) == (403, "join_token_given")


@pytest.mark.parametrize("path", ["/v1/sign-in", "/v1/sign-out"])
async def test_other_sites_sign_nobody_in_or_out(web: Web, path: str) -> None:
    answer = await web.client.post(
        path, json={"credential": "rt_dev"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert await problem(answer) == (403, "cross_origin")


class TestOutsideDevelopment:
    async def test_dev_key_is_unknown(self, public: Web) -> None:
        answer = await public.client.post("/v1/meetings", json={}, headers=KEY)
        assert await problem(answer) == (401, "api_key_invalid")
        assert (await (await public.client.get("/v1/client-config")).json())["dev_key"] is None

    async def test_cookie_travels_by_https_alone(self, public: Web) -> None:
        text, _ = await public.app.keys.create("test")
        answer = await public.client.post("/v1/sign-in", json={"credential": text})
        assert answer.cookies["roomtone_session"]["secure"]
        assert "max-age=" in answer.headers["Strict-Transport-Security"]

    async def test_meetings_want_a_token_and_links_are_public(self, public: Web) -> None:
        text, _ = await public.app.keys.create("test")
        answer = await public.client.post("/v1/meetings", json={}, headers={"x-api-key": text})
        body = await answer.json()
        assert body["access"] == "token"
        assert body["url"] == f"https://meet.example.org/m/{body['id']}"
