"""Fetching and caching the keys of providers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from support.clock import FakeClock
from support.identity import Identity, encoded

from server.auth.errors import AuthCode, AuthRefused
from server.auth.jwks import (
    FRESH_SECONDS,
    MAX_DOCUMENT_BYTES,
    REFETCH_SECONDS,
    DocumentError,
    JwksKeys,
    StaticKeys,
    WebDocuments,
    read_jwks,
)
from server.auth.providers import ALGORITHMS, Provider, ProviderKind
from signaling.errors import RefusalKind

ISSUER = "https://id.test"
JWKS = f"{ISSUER}/jwks"


class Shelf:
    """Documents by address; an exception is raised, a request counted."""

    def __init__(self, **documents: object) -> None:
        self.documents: dict[str, object] = documents
        self.asked: list[str] = []

    async def get(self, url: str) -> object:
        self.asked.append(url)
        await asyncio.sleep(0)
        document = self.documents.get(url, DocumentError("gone"))
        if isinstance(document, Exception):
            raise document
        return document


@pytest.fixture
def identity() -> Identity:
    return Identity(ISSUER)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def shelf(identity: Identity) -> Shelf:
    return Shelf(**{JWKS: identity.jwks()})


@pytest.fixture
def keys(shelf: Shelf, clock: FakeClock) -> JwksKeys:
    return JwksKeys(Provider(ISSUER, ("ES256", "RS256"), JWKS), shelf, clock)


class TestCache:
    async def test_a_known_key_is_fetched_once(self, keys: JwksKeys, shelf: Shelf):
        found = [await keys.key("k1", "ES256") for _ in range(5)]
        assert all(key is not None and key.key_id == "k1" for key in found)
        assert shelf.asked == [JWKS]

    async def test_many_at_once_cause_one_fetch(self, keys: JwksKeys, shelf: Shelf):
        found = await asyncio.gather(*(keys.key("k1", "ES256") for _ in range(20)))
        assert None not in found
        assert shelf.asked == [JWKS]

    async def test_unknown_ids_cause_a_fetch_now_and_then(
        self, keys: JwksKeys, shelf: Shelf, clock: FakeClock
    ):
        for attempt in range(20):
            assert await keys.key(f"made-up-{attempt}", "ES256") is None
        assert len(shelf.asked) == 1
        clock.advance(REFETCH_SECONDS)
        assert await keys.key("made-up", "ES256") is None
        assert len(shelf.asked) == 2

    async def test_a_rotated_key_is_found(self, keys: JwksKeys, shelf: Shelf, clock: FakeClock):
        await keys.key("k1", "ES256")
        shelf.documents[JWKS] = Identity(ISSUER, kid="k2").jwks()
        clock.advance(REFETCH_SECONDS)
        assert await keys.key("k2", "ES256") is not None
        assert await keys.key("k1", "ES256") is None

    async def test_a_withdrawn_key_is_forgotten(
        self, keys: JwksKeys, shelf: Shelf, clock: FakeClock
    ):
        await keys.key("k1", "ES256")
        shelf.documents[JWKS] = {"keys": []}
        clock.advance(FRESH_SECONDS + 1)
        assert await keys.key("k1", "ES256") is None

    async def test_keys_outlive_an_outage(self, keys: JwksKeys, shelf: Shelf, clock: FakeClock):
        await keys.key("k1", "ES256")
        shelf.documents.clear()
        clock.advance(FRESH_SECONDS + 1)
        assert await keys.key("k1", "ES256") is not None

    async def test_without_any_keys_it_is_unavailable(
        self, keys: JwksKeys, shelf: Shelf, identity: Identity, clock: FakeClock
    ):
        shelf.documents.clear()
        with pytest.raises(AuthRefused, match="gone") as refused:
            await keys.key("k1", "ES256")
        assert refused.value.reason is AuthCode.KEYS_UNAVAILABLE
        assert refused.value.kind is RefusalKind.UNAVAILABLE
        shelf.documents[JWKS] = identity.jwks()
        clock.advance(REFETCH_SECONDS)
        assert await keys.key("k1", "ES256") is not None

    async def test_a_key_serves_its_own_algorithm_only(self, keys: JwksKeys):
        assert await keys.key("k1", "RS256") is None


class TestDiscovery:
    def keys(self, shelf: Shelf, clock: FakeClock) -> JwksKeys:
        provider = Provider(f"{ISSUER}/", ("ES256",), kind=ProviderKind.OIDC)
        return JwksKeys(provider, shelf, clock)

    async def test_follows_the_configured_issuer(self, shelf: Shelf, clock: FakeClock):
        configuration = f"{ISSUER}/.well-known/openid-configuration"
        shelf.documents[configuration] = {"issuer": ISSUER, "jwks_uri": JWKS}
        assert await self.keys(shelf, clock).key("k1", "ES256") is not None
        assert shelf.asked == [configuration, JWKS]

    @pytest.mark.parametrize(
        "configuration", [{}, [], {"jwks_uri": 7}, {"jwks_uri": "file:///etc/passwd"}]
    )
    async def test_refuses_a_configuration_without_keys(
        self, shelf: Shelf, clock: FakeClock, configuration: object
    ):
        shelf.documents[f"{ISSUER}/.well-known/openid-configuration"] = configuration
        with pytest.raises(AuthRefused, match="names no keys"):
            await self.keys(shelf, clock).key("k1", "ES256")


class TestReadJwks:
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_reads_each_kind(self, algorithm: str):
        found = read_jwks(Identity(ISSUER, algorithm).jwks(), ALGORITHMS)
        assert list(found) == [("k1", algorithm)]

    def test_a_key_without_algorithm_serves_what_fits_it(self, identity: Identity):
        entry = identity.jwk()
        del entry["alg"]
        assert list(read_jwks({"keys": [entry]}, ALGORITHMS)) == [("k1", "ES256")]

    def test_passes_over_what_it_cannot_use(self, identity: Identity):
        entries = [
            "text",
            identity.jwk(kid=None),
            identity.jwk(use="enc"),
            identity.jwk(alg="ES384"),
            identity.jwk(x="AA"),
            {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
            identity.jwk(kid="good"),
        ]
        assert list(read_jwks({"keys": entries}, ALGORITHMS)) == [("good", "ES256")]

    def test_passes_over_weak_keys(self):
        weak = {"kty": "RSA", "kid": "weak", "e": "AQAB", "n": "w" * 128}
        assert read_jwks({"keys": [weak]}, ALGORITHMS) == {}

    @pytest.mark.parametrize("document", [None, [], {}, {"keys": {}}, "keys"])
    def test_refuses_other_documents(self, document: object):
        with pytest.raises(DocumentError):
            read_jwks(document, ALGORITHMS)


async def test_static_keys_need_no_fetch(identity: Identity):
    keys = StaticKeys(identity.jwks())
    assert await keys.key("k1", "ES256") is not None
    assert await keys.key("k2", "ES256") is None


@pytest.fixture
async def documents() -> AsyncIterator[WebDocuments]:
    documents = WebDocuments()
    yield documents
    await documents.close()


class TestWebDocuments:
    @pytest.fixture
    async def site(self, aiohttp_server) -> str:
        async def answer(request: web.Request) -> web.Response:
            kind = request.match_info["kind"]
            body = {"big": b" " * (MAX_DOCUMENT_BYTES + 9), "broken": b"{"}.get(kind, b'{"a":1}')
            status = 404 if kind == "missing" else 200
            types = {"html": "text/html", "set": "application/jwk-set+json"}
            content_type = types.get(kind, "application/json")
            return web.Response(body=body, status=status, content_type=content_type)

        application = web.Application()
        application.router.add_get("/{kind}", answer)
        server = await aiohttp_server(application)
        return str(server.make_url("/"))

    @pytest.mark.parametrize("kind", ["json", "set"])
    async def test_fetches_json(self, documents: WebDocuments, site: str, kind: str):
        assert await documents.get(site + kind) == {"a": 1}

    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            ("missing", "answered 404"),
            ("html", "type text/html"),
            ("broken", "not JSON"),
            ("big", "larger than"),
        ],
    )
    async def test_refuses_other_answers(
        self, documents: WebDocuments, site: str, kind: str, words: str
    ):
        with pytest.raises(DocumentError, match=words):
            await documents.get(site + kind)

    async def test_tells_when_nobody_answers(self, documents: WebDocuments, unused_tcp_port: int):
        with pytest.raises(DocumentError, match="cannot be reached"):
            await documents.get(f"http://127.0.0.1:{unused_tcp_port}/jwks")

    async def test_reads_files(self, documents: WebDocuments, tmp_path: Path):
        path = tmp_path / "my keys.json"
        path.write_text('{"keys": []}')
        assert await documents.get(path.as_uri()) == {"keys": []}

    async def test_tells_when_a_file_is_missing(self, documents: WebDocuments, tmp_path: Path):
        with pytest.raises(DocumentError, match="cannot be read"):
            await documents.get((tmp_path / "none.json").as_uri())

    @pytest.mark.parametrize(
        "url",
        [f"data:application/json;base64,{encoded({'a': 1})}", "data:text/plain,{%22a%22:1}"],
    )
    async def test_reads_data_addresses(self, documents: WebDocuments, url: str):
        assert await documents.get(url) == {"a": 1}

    @pytest.mark.parametrize("url", ["data:nothing", "data:;base64,***", "ftp://id.test/", "x"])
    async def test_refuses_other_addresses(self, documents: WebDocuments, url: str):
        with pytest.raises(DocumentError):
            await documents.get(url)
