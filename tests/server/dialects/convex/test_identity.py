"""Credentials in headers, and refusals in the dialect's words."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from server.auth.errors import AuthCode, AuthRefused, TokenRefused
from server.auth.principal import ANONYMOUS, PrincipalKind
from server.auth.providers import Provider, ProviderKind
from server.dialects.convex.errors import Rejection
from server.dialects.convex.identity import expiry_of, identify, read_credential, reject

PROVIDERS = [
    Provider("https://api.workos.com/user_management/client_X", ("RS256",), "https://x.test/jwks"),
    Provider("id.test/", ("RS256",), audience="app", kind=ProviderKind.OIDC),
]


def headers(**values: str) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(
        CIMultiDict({name.replace("_", "-"): value for name, value in values.items()})
    )


class TestReadCredential:
    @pytest.mark.parametrize(
        ("given", "credential"),
        [
            (headers(), None),
            (headers(Authorization="Bearer abc"), "abc"),
            (headers(Authorization="bearer  abc "), "abc"),
            (headers(x_api_key="rt_dev"), "rt_dev"),
            (headers(x_api_key="rt_dev", Authorization="Bearer abc"), "abc"),
            (headers(Cookie="roomtone_session=abc"), None),
        ],
    )
    def test_finds_it(self, given: CIMultiDictProxy[str], credential: str | None):
        assert read_credential(given) == credential

    @pytest.mark.parametrize(
        ("value", "code", "message"),
        [
            ("", "InvalidHeaderFailure", "Invalid authentication header"),
            ("Bearer", "InvalidHeaderFailure", "Invalid authentication header"),
            ("Convex key|0123", "InvalidAdminKey", "Invalid admin key"),
            ("Basic dXNlcjpwdw==", "InvalidAdminKey", "Invalid admin key"),
        ],
    )
    def test_refuses_other_forms(self, value: str, code: str, message: str):
        with pytest.raises(Rejection) as rejection:
            read_credential(headers(Authorization=value))
        found = rejection.value
        assert (found.status, found.code, found.message) == (400, code, message)


class TestIdentify:
    async def test_nothing_is_nobody(self, world):
        assert await identify(world.authenticator, None) is ANONYMOUS

    async def test_a_good_credential(self, world):
        principal = await identify(world.authenticator, "rt_dev")
        assert principal.kind is PrincipalKind.API_KEY

    @pytest.mark.parametrize("credential", ["", "hello", "rt-dev"])
    async def test_what_is_no_token_is_a_401(self, world, credential: str):
        with pytest.raises(Rejection, match="Could not parse JWT payload") as rejection:
            await identify(world.authenticator, credential)
        assert (rejection.value.status, rejection.value.code) == (401, "InvalidAuthHeader")


OIDC = {"provider": "oidc"}


@pytest.mark.parametrize(
    ("code", "data", "expected", "message"),
    [
        (
            AuthCode.TOKEN_MALFORMED,
            {},
            "InvalidAuthHeader",
            (
                "Could not parse JWT payload. Check that the token is a valid JWT format with "
                "three base64-encoded parts separated by dots."
            ),
        ),
        (
            AuthCode.ISSUER_MISSING,
            {},
            "InvalidAuthHeader",
            (
                "Missing issuer claim ('iss') in JWT payload. The JWT must include an 'iss' claim "
                "that matches one of your configured auth providers."
            ),
        ),
        (
            AuthCode.ISSUER_UNKNOWN,
            {},
            "NoAuthProvider",
            (
                "No auth provider found matching the given token. Check that your JWT's issuer and "
                "audience match one of your configured providers: [CustomJWT("
                "issuer=https://api.workos.com/user_management/client_X, app_id=none), "
                "OIDC(domain=https://id.test, app_id=app)]"
            ),
        ),
        (
            AuthCode.SIGNATURE_INVALID,
            {"kid": "K"},
            "InvalidAuthHeader",
            (
                "Could not decode token. The JWT's 'kid' (key ID) header is 'K', does this key "
                "match any key in the provider's JWKS?"
            ),
        ),
        (
            AuthCode.KEY_ID_MISSING,
            {},
            "InvalidAuthHeader",
            "Could not decode token. JWT may be missing a 'kid' (key ID) header.",
        ),
        (
            AuthCode.TOKEN_EXPIRED,
            {"seconds": "63"},
            "InvalidAuthHeader",
            "Could not validate token: Token expired 63 seconds ago",
        ),
        (
            AuthCode.TOKEN_NOT_YET_VALID,
            {"seconds": "9"},
            "InvalidAuthHeader",
            "Could not validate token: Token will be valid in 9 seconds",
        ),
        (
            AuthCode.TOKEN_EXPIRED,
            {"seconds": "63"} | OIDC,
            "Unauthenticated",
            (
                "Could not verify OIDC token claim. Check that the token signature is valid and "
                "the token hasn't expired."
            ),
        ),
        (
            AuthCode.SIGNATURE_INVALID,
            {},
            "InvalidAuthHeader",
            "Could not decode token. This server's secret did not sign this join token.",
        ),
        (
            AuthCode.CLAIM_MISSING,
            {"claim": "sub"},
            "InvalidAuthHeader",
            "Could not validate token: Because.",
        ),
        (
            AuthCode.API_KEY_INVALID,
            {},
            "InvalidAuthHeader",
            "Could not validate API key: Because.",
        ),
    ],
)
def test_a_refusal_in_exact_words(
    code: AuthCode, data: dict[str, str], expected: str, message: str
):
    rejection = reject(TokenRefused(code, "Because.", data), PROVIDERS)
    assert (rejection.status, rejection.code, rejection.message) == (401, expected, message)


def test_missing_keys_are_not_the_callers_fault():
    rejection = reject(AuthRefused(AuthCode.KEYS_UNAVAILABLE, "Later."), PROVIDERS)
    assert (rejection.status, rejection.message) == (503, "Later.")


class TestExpiry:
    def test_a_token_says_it_itself(self, issuer, clock):
        token = issuer.issue("ada", ttl=60)
        assert expiry_of(token) == int(clock.utc().timestamp()) + 60

    @pytest.mark.parametrize("credential", [None, "rt_dev"])
    def test_others_have_none(self, credential):
        assert expiry_of(credential) is None
