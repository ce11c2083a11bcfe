from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from support.clock import FakeClock
from support.domain import NOW, open_storage

from server.auth.keys import KeyRing, pair_of
from server.dialects.realtimekit.access import DEFAULT_APP, check_account, find_app, identify
from server.dialects.realtimekit.answers import KitError
from server.records import ApiKey, Workspace
from server.storage.sql import SqlStorage


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqlStorage]:
    opened = await open_storage(tmp_path)
    yield opened
    await opened.stop()


async def keys(storage: SqlStorage) -> KeyRing:
    ring = KeyRing(storage, FakeClock(), dev=True)
    await ring.register("token-of-theirs", "theirs", "acc")
    await ring.register(pair_of("Ada@example.org", "key-of-theirs"), "theirs", "acc")
    return ring


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer token-of-theirs"},
        {"X-Auth-Email": "ada@Example.org", "X-Auth-Key": "key-of-theirs"},
        {"X-Auth-User-Service-Key": "token-of-theirs"},
        {"Authorization": "Bearer rt_dev"},
        {"X-Auth-Key": "rt_dev", "X-Auth-Email": "ada@example.org"},
    ],
)
async def test_each_form_names_its_key(storage: SqlStorage, headers: dict[str, str]):
    key = await identify(await keys(storage), CIMultiDictProxy(CIMultiDict(headers)))
    assert key.account == ("default" if "rt_dev" in str(headers) else "acc")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic token-of-theirs"},
        {"X-Auth-Key": "key-of-theirs"},
        {"X-Auth-Email": "eve@example.org", "X-Auth-Key": "key-of-theirs"},
        {"Authorization": "Bearer " + "x" * 5000},
    ],
)
async def test_everything_else_is_refused(storage: SqlStorage, headers: dict[str, str]):
    with pytest.raises(KitError, match="Authentication error"):
        await identify(await keys(storage), CIMultiDictProxy(CIMultiDict(headers)))


def key_of(account: str) -> ApiKey:
    return ApiKey("k", account, "n", "h", "h", NOW)


async def test_apps_belong_to_accounts(storage: SqlStorage):
    await storage.save_record(Workspace("ours", "acc", "Ours", NOW))
    mine, other, own = key_of("acc"), key_of("other"), key_of("default")
    assert (await find_app(storage, mine, "acc", "ours", dev=False)).account == "ours"
    assert (await find_app(storage, own, "acc", "ours", dev=False)).name == "Ours"
    assert (await find_app(storage, own, "any", "any", dev=True)).account == "default"
    assert (await find_app(storage, own, "any", DEFAULT_APP, dev=False)).id == DEFAULT_APP
    for key, account, app, dev in (
        (other, "acc", "ours", True),
        (mine, "other", "ours", True),
        (own, "other", "ours", True),
        (own, "acc", "unknown", False),
        (mine, "acc", DEFAULT_APP, False),
    ):
        with pytest.raises(KitError, match="No app found with id"):
            await find_app(storage, key, account, app, dev=dev)
    with pytest.raises(KitError, match="No account found with id acc"):
        check_account(other, "acc")
    check_account(own, "acc")
