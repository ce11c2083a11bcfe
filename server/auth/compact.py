"""Reading JSON Web Tokens in compact form (RFC 7515 section 7.1, RFC 7519), step by step.

The steps are apart because an edge must be able to say which one failed. Times are arguments.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from server.auth.errors import AuthCode, TokenRefused

MAX_TOKEN_CHARACTERS = 16_384
"""Longer ones are refused unread: header fields in practice end at 8 to 16 KiB."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a token says about itself before anybody has checked its signature."""

    header: Mapping[str, object]
    claims: Mapping[str, object]


def read_unverified(token: str) -> Unverified:
    """Take a token apart; nothing in the result may be trusted.

    Raises:
        TokenRefused: `token_malformed`.
    """
    parts = token.split(".")
    if len(parts) != 3 or len(token) > MAX_TOKEN_CHARACTERS:
        raise _malformed()
    return Unverified(_json_object(parts[0]), _json_object(parts[1]))


def verify_signature(token: str, key: jwt.PyJWK | bytes, algorithm: str) -> None:
    """Check the signature with one key and exactly one algorithm.

    Raises:
        TokenRefused: `signature_invalid`.
    """
    try:
        jwt.api_jws.decode(token, key, algorithms=[algorithm])
    except (jwt.InvalidTokenError, jwt.InvalidKeyError) as error:
        raise TokenRefused(
            AuthCode.SIGNATURE_INVALID, "The token's signature does not fit its key."
        ) from error


def check_times(
    claims: Mapping[str, object], now: float, leeway: float, *, late: float | None = None
) -> None:
    """Check `exp` (required), `nbf` and `iat` (RFC 7519 section 4.1) against seconds since 1970.

    Args:
        claims: The token's, unchecked.
        now: Seconds since 1970.
        leeway: Seconds by which the issuer's clock may differ from ours.
        late: Seconds for which an expired token is still good; None: `leeway`.

    Raises:
        TokenRefused: `claim_missing`, `claim_invalid`, `token_expired` or `token_not_yet_valid`;
            the last two with whole `seconds`.
    """
    expires = _moment(claims, "exp")
    if expires is None:
        raise TokenRefused(
            AuthCode.CLAIM_MISSING, "The token has no 'exp' claim.", {"claim": "exp"}
        )
    if now > expires + (leeway if late is None else late):
        seconds = str(int(now - expires))
        raise TokenRefused(
            AuthCode.TOKEN_EXPIRED,
            f"The token expired {seconds} seconds ago.",
            {"seconds": seconds},
        )
    for name in ("nbf", "iat"):
        begins = _moment(claims, name)
        if begins is not None and now < begins - leeway:
            seconds = str(int(begins - now))
            raise TokenRefused(
                AuthCode.TOKEN_NOT_YET_VALID,
                f"The token will be valid in {seconds} seconds.",
                {"seconds": seconds},
            )


def text_claim(claims: Mapping[str, object], name: str) -> str:
    """A claim that must be there and be non-empty text.

    Raises:
        TokenRefused: `claim_missing` or `claim_invalid`, with `claim`.
    """
    value = claims.get(name)
    if value is None:
        raise TokenRefused(
            AuthCode.CLAIM_MISSING, f"The token has no '{name}' claim.", {"claim": name}
        )
    if not isinstance(value, str) or not value:
        raise _invalid(name)
    return value


def optional_text(claims: Mapping[str, object], name: str) -> str | None:
    """A claim's text; None when it is absent, empty or something else."""
    value = claims.get(name)
    return value if isinstance(value, str) and value else None


def _moment(claims: Mapping[str, object], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
        raise _invalid(name)
    return float(value)


def _json_object(segment: str) -> Mapping[str, object]:
    try:
        padded = segment + "=" * (-len(segment) % 4)
        value = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _malformed() from error
    if not isinstance(value, dict):
        raise _malformed()
    return value


def _malformed() -> TokenRefused:
    return TokenRefused(AuthCode.TOKEN_MALFORMED, "This is not a JSON Web Token.")


def _invalid(name: str) -> TokenRefused:
    return TokenRefused(
        AuthCode.CLAIM_INVALID, f"The token's '{name}' claim is malformed.", {"claim": name}
    )
