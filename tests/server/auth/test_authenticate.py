"""From credentials to principals, and every forgery that must not pass."""

from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from support.clock import FakeClock
from support.identity import Identity, unsigned

from server.auth.authenticate import Authenticator, build_trusted
from server.auth.errors import AuthCode, AuthRefused
from server.auth.issuer import LOCAL_ISSUER, LocalIssuer
from server.auth.jwks import WebDocuments
from server.auth.keys import KeyRing
from server.auth.principal import ANONYMOUS, PrincipalKind
from server.auth.providers import Provider, ProviderKind, TrustedProvider
from server.auth.tokens import TokenSigner
from server.records import ApiKey
from signaling.model import Role

SECRET = b"0123456789abcdef0123456789abcdef"
CLOCK = FakeClock()
NOW = int(CLOCK.utc().timestamp())
SIGNER = TokenSigner(SECRET, CLOCK)
RSA = Identity("https://rsa.test", "RS256", "rsa-key")
EC = Identity("https://ec.test", "ES256", "ec-key")
ED = Identity("https://ed.test", "EdDSA", "ed-key")
JOIN = {"meeting_id": "m1", "name": "Ada", "role": Role.HOST, "participant_id": "p1", "ttl": 60}


class NoKeys:
    """A store without API keys."""

    async def find_key_by_hash(self, digest: str) -> ApiKey | None:
        return None


@pytest.fixture
def local(tmp_path: Path) -> LocalIssuer:
    return LocalIssuer.load_or_create(tmp_path / "issuer.json", CLOCK)


@pytest.fixture
def authenticator(local: LocalIssuer) -> Authenticator:
    providers = [
        Provider(RSA.issuer, ("RS256",), RSA.jwks_url(), audience="app"),
        Provider(EC.issuer, ("ES256", "RS256"), EC.jwks_url()),
        Provider(ED.issuer, ("EdDSA",), ED.jwks_url(), kind=ProviderKind.OIDC),
    ]
    trusted = build_trusted(providers, local, WebDocuments(), CLOCK)
    return Authenticator(SIGNER, KeyRing(NoKeys(), CLOCK, dev=True), trusted, CLOCK)


class TestIdentify:
    @pytest.mark.parametrize("nothing", [None, ""])
    async def test_nothing_is_nobody(self, authenticator: Authenticator, nothing: str | None):
        assert await authenticator.identify(nothing) is ANONYMOUS

    async def test_an_api_key(self, authenticator: Authenticator):
        principal = await authenticator.identify("rt_dev")
        assert principal.kind is PrincipalKind.API_KEY
        assert (principal.key_id, principal.sub) == ("dev", None)

    async def test_a_join_token_of_a_user(self, authenticator: Authenticator):
        token = SIGNER.issue_join(**JOIN, user_id="u1", account="acme")
        principal = await authenticator.identify(token)
        assert principal.kind is PrincipalKind.JOIN
        assert (principal.sub, principal.user_id, principal.participant_id) == ("u1", "u1", "p1")
        assert (principal.meeting_id, principal.role, principal.account) == (
            "m1",
            Role.HOST,
            "acme",
        )

    async def test_a_join_token_of_a_guest(self, authenticator: Authenticator):
        principal = await authenticator.identify(SIGNER.issue_join(**JOIN))
        assert (principal.sub, principal.user_id) == ("p1", None)

    @pytest.mark.parametrize(
        ("identity", "claims"),
        [(RSA, {"aud": "app"}), (RSA, {"aud": ["x", "app"]}), (EC, {}), (ED, {"nbf": NOW + 4})],
    )
    async def test_a_user_token(
        self, authenticator: Authenticator, identity: Identity, claims: dict[str, object]
    ):
        principal = await authenticator.identify(identity.token(exp=NOW + 60, **claims))
        assert principal.kind is PrincipalKind.USER
        assert principal.sub == "user_01"
        assert principal.claims["iss"] == identity.issuer

    async def test_a_token_of_the_local_issuer(
        self, authenticator: Authenticator, local: LocalIssuer
    ):
        principal = await authenticator.identify(local.issue("user_01", "Ada", 60))
        assert (principal.sub, principal.name) == ("user_01", "Ada")
        assert authenticator.providers[0].issuer == LOCAL_ISSUER

    @pytest.mark.parametrize(
        ("claims", "name"),
        [
            ({"name": "Ada L."}, "Ada L."),
            ({"given_name": "Ada", "family_name": "Lovelace"}, "Ada Lovelace"),
            ({"family_name": "Lovelace"}, "Lovelace"),
            ({"nickname": "ada"}, "ada"),
            ({"name": 7}, None),
        ],
    )
    async def test_a_display_name(
        self, authenticator: Authenticator, claims: dict[str, object], name: str | None
    ):
        principal = await authenticator.identify(EC.token(exp=NOW + 60, **claims))
        assert principal.name == name

    async def test_a_picture(self, authenticator: Authenticator):
        token = EC.token(exp=NOW + 60, picture="https://id.test/ada.png")
        assert (await authenticator.identify(token)).avatar_url == "https://id.test/ada.png"


async def test_the_local_issuer_can_be_off(local: LocalIssuer):
    ring = KeyRing(NoKeys(), CLOCK, dev=False)
    authenticator = Authenticator(
        SIGNER, ring, build_trusted([], None, WebDocuments(), CLOCK), CLOCK
    )
    with pytest.raises(AuthRefused) as refused:
        await authenticator.identify(local.issue("user_01"))
    assert refused.value.reason is AuthCode.ISSUER_UNKNOWN


GOOD = {"iss": EC.issuer, "sub": "user_01", "exp": NOW + 60}


def public_pem(identity: Identity) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return identity.private.public_key().public_bytes(serialization.Encoding.PEM, form)


def signed_with_public_key() -> str:
    """HS256 over a public key as the secret, made by hand: the library refuses to."""
    draft = unsigned({"alg": "HS256", "kid": "ec-key"}, GOOD)
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    raw = signature.sign(draft.rstrip(".").encode(), public_pem(EC))
    return draft + jwt.utils.base64url_encode(raw).decode()


def with_other_claims() -> str:
    header, _, signature = EC.token(exp=NOW + 60).split(".")
    claims = unsigned({}, GOOD | {"sub": "root"}).split(".")[1]
    return f"{header}.{claims}.{signature}"


STRANGER = Identity(EC.issuer, "ES256", "ec-key")
FORGERIES: dict[str, tuple[Callable[[], str], AuthCode]] = {
    "text": (lambda: "hello", AuthCode.TOKEN_MALFORMED),
    "two parts": (lambda: "a.b", AuthCode.TOKEN_MALFORMED),
    "unknown key rt_": (lambda: "rt_unknown", AuthCode.API_KEY_INVALID),
    "alg none": (
        lambda: unsigned({"alg": "none", "kid": "ec-key"}, GOOD),
        AuthCode.SIGNATURE_INVALID,
    ),
    "alg None": (
        lambda: unsigned({"alg": "None", "kid": "ec-key"}, GOOD),
        AuthCode.SIGNATURE_INVALID,
    ),
    "no alg": (lambda: unsigned({"kid": "ec-key"}, GOOD), AuthCode.SIGNATURE_INVALID),
    "alg is a list": (
        lambda: unsigned({"alg": ["ES256"], "kid": "ec-key"}, GOOD),
        AuthCode.SIGNATURE_INVALID,
    ),
    "empty signature": (
        lambda: unsigned({"alg": "ES256", "kid": "ec-key"}, GOOD),
        AuthCode.SIGNATURE_INVALID,
    ),
    "public key as secret": (signed_with_public_key, AuthCode.SIGNATURE_INVALID),
    "server secret for a user": (
        lambda: jwt.encode(GOOD, SECRET, algorithm="HS256", headers={"kid": "ec-key"}),
        AuthCode.SIGNATURE_INVALID,
    ),
    "other key, same kid": (lambda: STRANGER.token(exp=NOW + 60), AuthCode.SIGNATURE_INVALID),
    "key of another provider": (
        lambda: RSA.token(iss=EC.issuer, exp=NOW + 60),
        AuthCode.SIGNATURE_INVALID,
    ),
    "changed claims": (with_other_claims, AuthCode.SIGNATURE_INVALID),
    "unknown kid": (
        lambda: EC.token({"kid": "other"}, exp=NOW + 60),
        AuthCode.SIGNATURE_INVALID,
    ),
    "no kid": (lambda: EC.token({"kid": None}, exp=NOW + 60), AuthCode.KEY_ID_MISSING),
    "kid is a number": (
        lambda: unsigned({"alg": "ES256", "kid": 1}, GOOD, "AA"),
        AuthCode.KEY_ID_MISSING,
    ),
    "keys in the token": (
        lambda: STRANGER.token({"jwk": STRANGER.jwk(), "jku": STRANGER.jwks_url()}, exp=NOW + 60),
        AuthCode.SIGNATURE_INVALID,
    ),
    "critical extension": (
        lambda: unsigned({"alg": "ES256", "kid": "ec-key", "crit": ["x"]}, GOOD, "AA"),
        AuthCode.SIGNATURE_INVALID,
    ),
    "expired": (lambda: EC.token(exp=NOW - 6), AuthCode.TOKEN_EXPIRED),
    "not yet": (lambda: EC.token(exp=NOW + 60, nbf=NOW + 6), AuthCode.TOKEN_NOT_YET_VALID),
    "made tomorrow": (
        lambda: EC.token(exp=NOW + 99_999, iat=NOW + 86_400),
        AuthCode.TOKEN_NOT_YET_VALID,
    ),
    "no issuer": (lambda: EC.token(iss=None, exp=NOW + 60), AuthCode.ISSUER_MISSING),
    "other issuer": (
        lambda: EC.token(iss="https://evil.test", exp=NOW + 60),
        AuthCode.ISSUER_UNKNOWN,
    ),
    "no subject": (lambda: EC.token(sub=None, exp=NOW + 60), AuthCode.CLAIM_MISSING),
    "empty subject": (lambda: EC.token(sub="", exp=NOW + 60), AuthCode.CLAIM_INVALID),
    "no expiry": (EC.token, AuthCode.CLAIM_MISSING),
    "expiry as text": (lambda: EC.token(exp=str(NOW + 60)), AuthCode.CLAIM_INVALID),
    "no audience": (lambda: RSA.token(exp=NOW + 60), AuthCode.ISSUER_UNKNOWN),
    "wrong audience": (lambda: RSA.token(exp=NOW + 60, aud="x"), AuthCode.ISSUER_UNKNOWN),
    "resume token": (
        lambda: SIGNER.issue_resume(**JOIN, session_id="s1"),
        AuthCode.TOKEN_WRONG_PURPOSE,
    ),
    "join token of another server": (
        lambda: TokenSigner(b"x" * 32, CLOCK).issue_join(**JOIN),
        AuthCode.SIGNATURE_INVALID,
    ),
    "join token by a provider": (
        lambda: EC.token(iss="roomtone", aud="roomtone:join", exp=NOW + 60),
        AuthCode.SIGNATURE_INVALID,
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forgery_does_not_pass(authenticator: Authenticator, name: str):
    make, reason = FORGERIES[name]
    with pytest.raises(AuthRefused) as refused:
        await authenticator.identify(make())
    assert refused.value.reason is reason


async def test_an_algorithm_that_is_not_allowed_asks_nobody_for_keys():
    class Keys:
        async def key(self, kid: str, algorithm: str) -> None:
            raise AssertionError(f"asked for {kid} {algorithm}")

    provider = Provider(EC.issuer, ("RS256",), EC.jwks_url())
    ring = KeyRing(NoKeys(), CLOCK, dev=False)
    authenticator = Authenticator(SIGNER, ring, [TrustedProvider(provider, Keys())], CLOCK)
    with pytest.raises(AuthRefused) as refused:
        await authenticator.identify(EC.token(exp=NOW + 60))
    assert refused.value.reason is AuthCode.SIGNATURE_INVALID


async def test_a_refusal_names_the_key_and_kind_of_provider(authenticator: Authenticator):
    with pytest.raises(AuthRefused) as refused:
        await authenticator.identify(EC.token({"kid": "other"}, exp=NOW + 60))
    assert refused.value.data == {"kid": "other", "provider": "jwt"}
    with pytest.raises(AuthRefused) as refused:
        await authenticator.identify(ED.token(exp=NOW - 60))
    assert refused.value.data == {"seconds": "60", "provider": "oidc"}
