import asyncio
from pathlib import Path

import pytest
from support.webserver import serving

from server.dialects.realtimekit.routes import PREFIXES, TABLE

BASE = "/accounts/acc/realtime/kit"


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_both_prefixes_lead_to_the_same(kit, prefix: str):
    status, body, headers = await kit.raw("GET", prefix + BASE + "/app/meetings")
    assert (status, body["data"]) == (200, [])
    assert headers["Content-Type"].startswith("application/json")
    assert "Access-Control-Allow-Origin" not in headers


async def test_unknown_paths_methods_and_keys_are_refused_in_the_envelope(kit):
    for path, status in (
        (BASE + "/app/nothing", 404),
        ("/client/v4/zones", 404),
        (BASE, 404),
    ):
        found, body, _ = await kit.raw("GET", path)
        assert (found, body["success"], body["error"]["code"]) == (status, False, status)
    status, _, headers = await kit.raw("DELETE", BASE + "/app/meetings")
    assert (status, headers["Allow"]) == (405, "GET, POST")
    status, body, _ = await kit.raw("GET", BASE + "/app/meetings", headers={})
    assert (status, body["errors"][0]["code"], body["result"]) == (401, 10000, None)
    status, body, _ = await kit.raw("GET", BASE + "/app/meetings", headers={"X-Auth-Key": "x"})
    assert status == 401


async def test_ids_are_decoded_and_opaque(kit):
    where = "/accounts/p%2Fq%20r/realtime/kit/a%2Fb/meetings/x%2Fy%20z"
    status, body, _ = await kit.raw("GET", where)
    assert (status, body["error"]["message"]) == (404, "No meeting found with id x/y z")
    status, body, _ = await kit.raw("GET", where + "/active-session")
    assert body["error"]["message"] == "No active session found for meeting_id x/y z"


async def test_the_key_document_is_for_everybody(kit):
    status, body, headers = await kit.raw("GET", "/.well-known/webhooks.json", headers={})
    assert (status, body["success"], body["message"]) == (200, True, "")
    assert body["data"]["publicKey"].startswith("-----BEGIN PUBLIC KEY-----\n")
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_pages_of_listed_origins_alone_may_call(tmp_path: Path):
    async def work() -> None:
        origin = "https://shop.example"
        async with serving(tmp_path, http={"allowed_origins": [origin]}) as web:
            for sent, allowed in ((origin, origin), ("https://evil.example", None)):
                headers = {"Origin": sent, "Host": "localhost"}
                async with web.client.get(BASE + "/app/meetings", headers=headers) as answer:
                    assert answer.headers.get("Access-Control-Allow-Origin") == allowed

    asyncio.run(work())


def test_every_call_of_the_contract_has_a_route():
    assert sum(len(methods) for methods in TABLE.values()) >= 54 - 2  # apps stand alone
