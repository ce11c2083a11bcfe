from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.webserver import KEY, Web, serving

FRIEND = "https://app.example.org"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization",
}


@pytest.fixture
async def open_web(tmp_path: Path) -> AsyncIterator[Web]:
    async with serving(tmp_path, http={"allowed_origins": [FRIEND]}) as web:
        yield web


async def test_nobody_is_allowed_by_default(web: Web) -> None:
    answer = await web.client.get("/v1/me", headers={**KEY, "Origin": FRIEND})
    assert "Access-Control-Allow-Origin" not in answer.headers
    preflight = await web.client.options("/v1/meetings", headers={"Origin": FRIEND, **PREFLIGHT})
    assert preflight.status == 405


async def test_allowed_origin_reads_answers_and_refusals(open_web: Web) -> None:
    for path, headers in (("/v1/me", KEY), ("/v1/me", {})):
        answer = await open_web.client.get(path, headers={**headers, "Origin": FRIEND})
        assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_allowed_origin_gets_its_preflight(open_web: Web) -> None:
    answer = await open_web.client.options("/v1/meetings", headers={"Origin": FRIEND, **PREFLIGHT})
    assert answer.status == 204
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", FRIEND + ".evil.example"])
async def test_other_origins_stay_out(open_web: Web, origin: str) -> None:
    answer = await open_web.client.get("/v1/me", headers={**KEY, "Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers
    preflight = await open_web.client.options(
        "/v1/meetings", headers={"Origin": origin, **PREFLIGHT}
    )
    assert preflight.status == 405


async def test_pages_are_not_shared(open_web: Web) -> None:
    answer = await open_web.client.get("/docs", headers={"Origin": FRIEND})
    assert "Access-Control-Allow-Origin" not in answer.headers
