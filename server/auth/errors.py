"""Refusals of authentication; each code is stable, and edges map `Refused` once.

Refused (signaling)
    AuthRefused        the credential is not accepted
        TokenRefused   the credential is a token, and something about it is wrong
"""

from enum import StrEnum

from signaling.errors import RefusalKind, Refused


class AuthCode(StrEnum):
    """Why a credential is not accepted."""

    TOKEN_MALFORMED = "token_malformed"  # noqa: S105  (words of the wire, not secrets)
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    TOKEN_NOT_YET_VALID = "token_not_yet_valid"  # noqa: S105
    TOKEN_WRONG_PURPOSE = "token_wrong_purpose"  # noqa: S105
    ISSUER_MISSING = "issuer_missing"
    ISSUER_UNKNOWN = "issuer_unknown"
    CLAIM_MISSING = "claim_missing"
    CLAIM_INVALID = "claim_invalid"
    KEY_ID_MISSING = "key_id_missing"
    SIGNATURE_INVALID = "signature_invalid"
    API_KEY_INVALID = "api_key_invalid"
    KEYS_UNAVAILABLE = "keys_unavailable"


class AuthRefused(Refused):
    """A credential is not accepted.

    Args:
        code: Why.
        message: One sentence for a person; never holds the credential.
        data: What an edge needs to phrase it in its own words, such as `kid` or `seconds`.
    """

    def __init__(self, code: AuthCode, message: str, data: dict[str, str] | None = None) -> None:
        unavailable = code is AuthCode.KEYS_UNAVAILABLE
        kind = RefusalKind.UNAVAILABLE if unavailable else RefusalKind.UNAUTHENTICATED
        super().__init__(kind, code.value, message, data)
        self.reason = code


class TokenRefused(AuthRefused):
    """A token is not accepted."""
