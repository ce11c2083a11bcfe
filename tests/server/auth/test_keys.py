"""API keys."""

import re
from datetime import datetime

import pytest
from support.clock import FakeClock

from server.auth.errors import AuthCode, AuthRefused
from server.auth.keys import KeyRing, digest_of, is_api_key
from server.records import ApiKey


class Keys:
    """A key store in a dict."""

    def __init__(self) -> None:
        self.rows: dict[str, ApiKey] = {}

    async def insert_key(self, key: ApiKey) -> None:
        self.rows[key.id] = key

    async def find_key_by_hash(self, digest: str) -> ApiKey | None:
        return next((key for key in self.rows.values() if key.hash == digest), None)

    async def list_keys(self, account: str) -> list[ApiKey]:
        return [key for key in self.rows.values() if key.account == account]

    async def revoke_key(self, key_id: str, at: datetime) -> bool:
        key = self.rows.get(key_id)
        if key is None or key.revoked_at is not None:
            return False
        self.rows[key_id] = ApiKey(
            key.id, key.account, key.name, key.hash, key.hint, key.created_at, at
        )
        return True


@pytest.fixture
def store() -> Keys:
    return Keys()


@pytest.fixture
def ring(store: Keys) -> KeyRing:
    return KeyRing(store, FakeClock(), dev=False)


async def test_a_key_has_its_form(ring: KeyRing):
    text, key = await ring.create("laptop")
    assert re.fullmatch(r"rt_[A-Za-z0-9_-]{32}", text)
    assert is_api_key(text)
    assert text.startswith(key.hint)


async def test_a_key_is_kept_as_its_hash_only(ring: KeyRing, store: Keys):
    text, key = await ring.create("laptop")
    assert store.rows[key.id].hash == digest_of(text)
    assert text not in repr(store.rows)


async def test_a_key_is_known_again(ring: KeyRing):
    text, key = await ring.create("laptop", account="acme")
    assert await ring.check(text) == key


@pytest.mark.parametrize("value", ["rt_", "rt_nope", "rt_dev"])
async def test_an_unknown_key_is_refused(ring: KeyRing, value: str):
    with pytest.raises(AuthRefused) as refused:
        await ring.check(value)
    assert refused.value.reason is AuthCode.API_KEY_INVALID


async def test_a_revoked_key_is_refused(ring: KeyRing):
    text, key = await ring.create("laptop")
    assert await ring.revoke(key.id)
    assert not await ring.revoke(key.id)
    with pytest.raises(AuthRefused):
        await ring.check(text)


async def test_keys_are_listed_by_account(ring: KeyRing):
    _, mine = await ring.create("laptop")
    await ring.create("phone", account="acme")
    assert list(await ring.list()) == [mine]


async def test_development_mode_has_a_key_of_its_own(store: Keys):
    ring = KeyRing(store, FakeClock(), dev=True)
    assert (await ring.check("rt_dev")).account == "default"
    assert store.rows == {}
