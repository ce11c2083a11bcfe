"""API keys: `rt_` and 32 URL-safe characters, kept only as a SHA-256.

A key has 192 bits of entropy, so a plain fast hash is enough: there is nothing to guess.
"""

import hashlib
import secrets
from collections.abc import Sequence

from media.clock import Clock
from server.auth.errors import AuthCode, AuthRefused
from server.auth.principal import DEFAULT_ACCOUNT
from server.config import DEV_KEY
from server.records import ApiKey
from server.storage.port import KeyStore
from signaling.ids import new_id

KEY_PREFIX = "rt_"
_SECRET_BYTES = 24  # 32 base64url characters
_SHOWN_CHARACTERS = 7  # `rt_` and four: enough to tell keys apart in a list

_SHOWN_FOREIGN = 4


def pair_of(email: str, key: str) -> str:
    """A key that is good with its owner's address alone, as one credential."""
    return f"{email.strip().lower()}\n{key}"


def is_api_key(credential: str) -> bool:
    """Whether a credential claims to be an API key."""
    return credential.startswith(KEY_PREFIX)


def digest_of(key: str) -> str:
    """What storage keeps of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


class KeyRing:
    """Makes, checks and revokes API keys.

    Args:
        store: Where they are kept.
        clock: Tells creation and revocation times.
        dev: Accept `rt_dev`.
    """

    def __init__(self, store: KeyStore, clock: Clock, *, dev: bool) -> None:
        self._store = store
        self._clock = clock
        now = clock.utc()
        self._dev_key = (
            ApiKey("dev", DEFAULT_ACCOUNT, "development", digest_of(DEV_KEY), DEV_KEY, now)
            if dev
            else None
        )

    async def create(self, name: str, account: str = DEFAULT_ACCOUNT) -> tuple[str, ApiKey]:
        """Make a key; its text is returned once and never again."""
        text = KEY_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        key = ApiKey(
            id=new_id(),
            account=account,
            name=name,
            hash=digest_of(text),
            hint=text[:_SHOWN_CHARACTERS],
            created_at=self._clock.utc(),
        )
        await self._store.insert_key(key)
        return text, key

    async def register(self, value: str, name: str, account: str = DEFAULT_ACCOUNT) -> ApiKey:
        """Accept a credential that somebody else made, from now on; kept as a hash as well."""
        known = await self._store.find_key_by_hash(digest_of(value))
        if known is not None and known.revoked_at is None:
            return known
        key = ApiKey(
            id=new_id(),
            account=account,
            name=name,
            hash=digest_of(value),
            hint=value[:_SHOWN_FOREIGN],
            created_at=self._clock.utc(),
        )
        await self._store.insert_key(key)
        return key

    async def check(self, value: str) -> ApiKey:
        """The key behind a credential.

        Raises:
            AuthRefused: `api_key_invalid`; unknown and revoked look the same from outside.
        """
        digest = digest_of(value)
        if self._dev_key is not None and secrets.compare_digest(digest, self._dev_key.hash):
            return self._dev_key
        key = await self._store.find_key_by_hash(digest)
        if key is None or key.revoked_at is not None:
            raise AuthRefused(AuthCode.API_KEY_INVALID, "This API key is not known or was revoked.")
        return key

    async def list(self, account: str = DEFAULT_ACCOUNT) -> Sequence[ApiKey]:
        """Every stored key of an account, newest first."""
        return await self._store.list_keys(account)

    async def revoke(self, key_id: str) -> bool:
        """Refuse a key from now on; False when no good key has this id."""
        return await self._store.revoke_key(key_id, self._clock.utc())
