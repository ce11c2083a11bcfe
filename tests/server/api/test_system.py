import asyncio
import platform
from collections.abc import AsyncIterator
from pathlib import Path

import aiortc
import pytest
from support.webserver import Web, serving

SERVERS = [
    {"urls": ["stun:stun.example.org"]},
    {"urls": ["turn:turn.example.org"], "username": "u", "credential": "hidden words"},
]


@pytest.fixture
async def relayed(tmp_path: Path) -> AsyncIterator[Web]:
    async with serving(tmp_path, rtc={"ice_servers": SERVERS}) as web:
        yield web


async def test_process_is_healthy(web: Web) -> None:
    assert await (await web.client.get("/healthz")).json() == {"status": "ok"}


class TestReadiness:
    async def refused(self, web: Web) -> str:
        answer = await web.client.get("/readyz")
        assert answer.status == 503
        assert answer.headers["Retry-After"]
        return (await answer.json())["code"]

    async def test_ready_when_started(self, web: Web) -> None:
        assert (await web.client.get("/readyz")).status == 200

    async def test_not_while_starting(self, web: Web) -> None:
        web.app.health.ready = False
        assert await self.refused(web) == "not_ready"

    async def test_not_while_stopping(self, web: Web) -> None:
        web.app.health.draining = True
        assert await self.refused(web) == "draining"

    async def test_not_without_a_database(self, web: Web, monkeypatch) -> None:
        async def broken() -> None:
            raise OSError("disk")

        monkeypatch.setattr(web.app.storage, "check", broken)
        assert await self.refused(web) == "storage_unavailable"

    async def test_not_with_a_database_that_hangs(self, web: Web, monkeypatch) -> None:
        async def hangs() -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(web.app.storage, "check", hangs)
        monkeypatch.setattr("server.api.system.READY_SECONDS", 0)
        assert await self.refused(web) == "storage_unavailable"


async def test_metrics_are_prometheus_text(web: Web) -> None:
    answer = await web.client.get("/metrics")
    assert answer.content_type == "text/plain"
    assert "# TYPE roomtone_http_request_seconds histogram" in await answer.text()


async def test_version_tells_what_runs(web: Web) -> None:
    body = await (await web.client.get("/version")).json()
    assert (body["name"], body["dev"]) == ("roomtone", True)
    assert (body["python"], body["aiortc"]) == (platform.python_version(), aiortc.__version__)
    assert body["version"]
    assert body["av"]


async def test_page_learns_the_dev_key_and_no_password(relayed: Web) -> None:
    answer = await relayed.client.get("/v1/client-config")
    body = await answer.json()
    assert (body["dev"], body["dev_key"], body["sign_in_required"]) == (True, "rt_dev", False)
    assert body["ice_servers"] == [{"urls": ["stun:stun.example.org"]}]
    assert body["slots"] == {"audio": 3, "video": 9}
    assert "hidden words" not in await answer.text()


async def test_local_issuer_shows_its_public_key(web: Web) -> None:
    body = await (await web.client.get("/.well-known/jwks.json")).json()
    (key,) = body["keys"]
    assert key["kty"] == "EC"
    assert "d" not in key


async def test_without_a_local_issuer_there_is_no_key(tmp_path: Path) -> None:
    async with serving(tmp_path, dev=False) as web:
        answer = await web.client.get("/.well-known/jwks.json")
        assert (answer.status, (await answer.json())["code"]) == (404, "no_local_issuer")


async def test_security_contact_is_shown_where_there_is_one(tmp_path: Path, web: Web) -> None:
    missing = await web.client.get("/.well-known/security.txt")
    assert (missing.status, (await missing.json())["code"]) == (404, "no_security_contact")
    http = {"security_contact": "mailto:security@example.org"}
    async with serving(tmp_path / "other", http=http) as other:
        answer = await other.client.get("/.well-known/security.txt")
        lines = (await answer.text()).splitlines()
    assert answer.content_type == "text/plain"
    assert lines[:2] == ["Contact: mailto:security@example.org", "Expires: 2026-12-20T09:00:00Z"]
