"""Public keys of identity providers: fetched, cached, and never from an address in a token."""

import asyncio
import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import aiohttp
import jwt

from media.clock import Clock
from server.auth.errors import AuthCode, AuthRefused
from server.auth.providers import ALGORITHMS, Provider, normal_issuer

REFETCH_SECONDS = 10.0
"""Between two fetches, so that made-up key ids cannot turn this server against a provider."""

FRESH_SECONDS = 600.0
"""After that, keys are fetched again even when the wanted one is known: it may be withdrawn."""

MAX_DOCUMENT_BYTES = 1 << 20
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_JSON_TYPES = ("application/json", "application/jwk-set+json")


class DocumentError(Exception):
    """A document could not be had or is not what it should be."""


class Documents(Protocol):
    """Where JSON documents come from."""

    async def get(self, url: str) -> object:
        """The parsed document at `https:`, `http:`, `file:` or `data:`.

        Raises:
            DocumentError: With one sentence about why not.
        """
        ...


class WebDocuments:
    """Documents from the web, from files and from `data:` addresses.

    The HTTP session is opened at first use and closed with `close`.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str) -> object:
        """The parsed document at this address."""
        parts = urlsplit(url)
        if parts.scheme == "data":
            return _parsed(_data_bytes(parts.path))
        if parts.scheme == "file":
            return _parsed(await asyncio.to_thread(_file_bytes, Path(unquote(parts.path))))
        if parts.scheme in ("http", "https"):
            return _parsed(await self._fetch(url))
        raise DocumentError(f"addresses beginning {parts.scheme}: are not supported")

    async def close(self) -> None:
        """Close the HTTP session."""
        if self._session is not None:
            await self._session.close()

    async def _fetch(self, url: str) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        try:
            async with self._session.get(url, headers={"Accept": "application/json"}) as response:
                if response.status != 200:
                    raise DocumentError(f"{url} answered {response.status}")
                if response.content_type not in _JSON_TYPES:
                    raise DocumentError(f"{url} answered with type {response.content_type}")
                body = await response.content.read(MAX_DOCUMENT_BYTES + 1)
                while len(body) <= MAX_DOCUMENT_BYTES and not response.content.at_eof():
                    body += await response.content.read(MAX_DOCUMENT_BYTES + 1 - len(body))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DocumentError(f"{url} cannot be reached: {error!r}") from error
        return body


class JwksKeys:
    """The keys of one provider.

    Known keys answer at once; an unknown id causes a fetch, at most every ten seconds. When a
    fetch fails, the keys of the last good one stay in use.

    Args:
        provider: Whose.
        documents: Where documents come from.
        clock: Tells how old the keys are.
    """

    def __init__(self, provider: Provider, documents: Documents, clock: Clock) -> None:
        self._provider = provider
        self._documents = documents
        self._clock = clock
        self._keys: Mapping[tuple[str, str], jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._failure: str | None = None
        self._lock = asyncio.Lock()

    async def key(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        """The key of this id that is for this algorithm."""
        known = self._keys.get((kid, algorithm))
        if known is not None and not self._stale():
            return known
        async with self._lock:
            if self._may_fetch():
                await self._refresh()
        if self._fetched_at is None:
            raise AuthRefused(
                AuthCode.KEYS_UNAVAILABLE,
                f"The keys of {self._provider.issuer} cannot be had now: {self._failure}.",
            )
        return self._keys.get((kid, algorithm))

    def _stale(self) -> bool:
        now = self._clock.monotonic()
        return self._fetched_at is None or now - self._fetched_at > FRESH_SECONDS

    def _may_fetch(self) -> bool:
        now = self._clock.monotonic()
        return self._tried_at is None or now - self._tried_at >= REFETCH_SECONDS

    async def _refresh(self) -> None:
        self._tried_at = self._clock.monotonic()
        try:
            document = await self._documents.get(await self._address())
            self._keys = read_jwks(document, self._provider.algorithms)
        except DocumentError as error:
            self._failure = str(error)
            return
        self._fetched_at = self._clock.monotonic()

    async def _address(self) -> str:
        if self._provider.jwks is not None:
            return self._provider.jwks
        issuer = normal_issuer(self._provider.issuer)
        document = await self._documents.get(f"{issuer}/.well-known/openid-configuration")
        address = document.get("jwks_uri") if isinstance(document, dict) else None
        if not isinstance(address, str) or urlsplit(address).scheme not in ("http", "https"):
            raise DocumentError(f"the OpenID configuration of {issuer} names no keys")
        return address


class StaticKeys:
    """Keys that this process holds itself, such as those of the local issuer."""

    def __init__(self, jwks: object) -> None:
        self._keys = read_jwks(jwks, ALGORITHMS)

    async def key(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        """The key of this id that is for this algorithm."""
        return self._keys.get((kid, algorithm))


def read_jwks(document: object, algorithms: tuple[str, ...]) -> Mapping[tuple[str, str], jwt.PyJWK]:
    """The usable keys of a JWK set (RFC 7517 section 5) by key id and algorithm.

    Keys of other kinds, without an id, or for encryption are passed over as section 5 demands.

    Raises:
        DocumentError: It is not a JWK set.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise DocumentError("the key document is not a JWK set")
    keys: dict[tuple[str, str], jwt.PyJWK] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        for algorithm in algorithms:
            key = _usable_key(entry, algorithm)
            if key is not None:
                keys[entry["kid"], algorithm] = key
    return keys


def _usable_key(entry: dict[str, object], algorithm: str) -> jwt.PyJWK | None:
    if not isinstance(entry.get("kid"), str) or entry.get("use", "sig") != "sig":
        return None
    if entry.get("alg", algorithm) != algorithm:
        return None
    public = {name: value for name, value in entry.items() if name != "d"}
    try:
        key = jwt.PyJWK.from_dict(public, algorithm)
    except jwt.PyJWTError:  # among others: a key of another type than the algorithm's
        return None
    weak = key.Algorithm.check_key_length(key.key)  # an RSA key of less than 2048 bits
    return None if weak else key


def _parsed(body: bytes) -> object:
    if len(body) > MAX_DOCUMENT_BYTES:
        raise DocumentError(f"a key document is larger than {MAX_DOCUMENT_BYTES} bytes")
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DocumentError("a key document is not JSON") from error
    return parsed


def _data_bytes(path: str) -> bytes:
    kind, comma, data = path.partition(",")
    if not comma:
        raise DocumentError("a data: address has no comma")
    if not kind.endswith(";base64"):
        return unquote_to_bytes(data)
    try:
        return base64.b64decode(unquote(data), validate=True)
    except binascii.Error as error:
        raise DocumentError("a data: address is not base64") from error


def _file_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}") from error
