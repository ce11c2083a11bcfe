"""Who calls: the credential in the headers, and refusals of it in this dialect's words.

The sign-in cookie does not count here: answers may be read from any origin.
"""

from collections.abc import Sequence

from multidict import CIMultiDictProxy

from server.auth.authenticate import Authenticator
from server.auth.compact import read_unverified
from server.auth.errors import AuthCode, AuthRefused, TokenRefused
from server.auth.keys import is_api_key
from server.auth.principal import ANONYMOUS, Principal
from server.auth.providers import Provider, ProviderKind, normal_issuer
from server.dialects.convex.errors import Rejection

_BEARER = "bearer "

_NOT_A_TOKEN = (
    "Could not parse JWT payload. Check that the token is a valid JWT format with three "  # noqa: S105
    "base64-encoded parts separated by dots."
)
_NO_ISSUER = (
    "Missing issuer claim ('iss') in JWT payload. The JWT must include an 'iss' claim that "
    "matches one of your configured auth providers."
)
_NO_PROVIDER = "No auth provider found matching the given token"
_NO_KEY = (
    "Could not decode token. The JWT's 'kid' (key ID) header doesn't match any key in the "
    "provider's JWKS, or the JWT signature is invalid."
)
_OPENID_FAULT = (
    "Could not verify OIDC token claim. Check that the token signature is valid and the token "
    "hasn't expired."
)


def read_credential(headers: CIMultiDictProxy[str]) -> str | None:
    """The credential that a request shows; None when it shows none.

    Raises:
        Rejection: 400: the header has another form than `Bearer <credential>`.
    """
    header = headers.get("Authorization")
    if header is None:
        return headers.get("x-api-key")
    if len(header) < len(_BEARER):
        raise Rejection(400, "InvalidHeaderFailure", "Invalid authentication header")
    if not header.lower().startswith(_BEARER):  # admin keys (`Convex <key>`) do not exist here
        raise Rejection(400, "InvalidAdminKey", "Invalid admin key")
    return header[len(_BEARER) :].strip()


async def identify(
    authenticator: Authenticator, credential: str | None, *, redact: bool = False
) -> Principal:
    """Who shows this; nobody at all is not an error.

    Raises:
        Rejection: 401, or 503 when the provider's keys cannot be had.
    """
    if credential is None:
        return ANONYMOUS
    try:
        if not credential:
            raise TokenRefused(AuthCode.TOKEN_MALFORMED, "The credential is empty.")
        return await authenticator.identify(credential)
    except AuthRefused as refused:
        raise reject(refused, authenticator.providers, redact=redact) from refused


def expiry_of(credential: str | None) -> float | None:
    """When a credential that was accepted ends, in seconds since 1970; None for never."""
    if credential is None or is_api_key(credential):
        return None
    expires = read_unverified(credential).claims.get("exp")
    return float(expires) if isinstance(expires, int | float) else None


def reject(
    refused: AuthRefused, providers: Sequence[Provider], *, redact: bool = False
) -> Rejection:
    """A refused credential in the words that this dialect's clients know."""
    if refused.reason is AuthCode.KEYS_UNAVAILABLE:
        return Rejection(503, "AuthProviderUnavailable", refused.message)
    if refused.reason is AuthCode.ISSUER_UNKNOWN:
        if redact:
            return Rejection(401, "NoAuthProvider", _NO_PROVIDER)
        known = ", ".join(_show_provider(provider) for provider in providers)
        return Rejection(
            401,
            "NoAuthProvider",
            f"{_NO_PROVIDER}. Check that your JWT's issuer and "
            f"audience match one of your configured providers: [{known}]",
        )
    if refused.data.get("provider") == ProviderKind.OIDC:
        return Rejection(401, "Unauthenticated", _OPENID_FAULT)
    no_key = refused.reason in (AuthCode.SIGNATURE_INVALID, AuthCode.KEY_ID_MISSING)
    return Rejection(401, "InvalidAuthHeader", _NO_KEY if redact and no_key else _explain(refused))


def _explain(refused: AuthRefused) -> str:
    match refused.reason:
        case AuthCode.TOKEN_MALFORMED:
            return _NOT_A_TOKEN
        case AuthCode.ISSUER_MISSING:
            return _NO_ISSUER
        case AuthCode.KEY_ID_MISSING:
            return "Could not decode token. JWT may be missing a 'kid' (key ID) header."
        case AuthCode.SIGNATURE_INVALID | AuthCode.API_KEY_INVALID:
            return _explain_key(refused)
        case _:
            return f"Could not validate token: {_explain_claim(refused)}"


def _explain_key(refused: AuthRefused) -> str:
    kid = refused.data.get("kid")
    if refused.reason is AuthCode.API_KEY_INVALID:
        return f"Could not validate API key: {refused.message}"
    if kid is None:
        return "Could not decode token. This server's secret did not sign this join token."
    return (
        f"Could not decode token. The JWT's 'kid' (key ID) header is '{kid}', does this key match "
        "any key in the provider's JWKS?"
    )


def _explain_claim(refused: AuthRefused) -> str:
    seconds = refused.data.get("seconds")
    if refused.reason is AuthCode.TOKEN_EXPIRED:
        return f"Token expired {seconds} seconds ago"
    if refused.reason is AuthCode.TOKEN_NOT_YET_VALID:
        return f"Token will be valid in {seconds} seconds"
    return refused.message


def _show_provider(provider: Provider) -> str:
    issuer = normal_issuer(provider.issuer)
    audience = provider.audience or "none"
    if provider.kind is ProviderKind.OIDC:
        return f"OIDC(domain={issuer}, app_id={audience})"
    return f"CustomJWT(issuer={issuer}, app_id={audience})"
