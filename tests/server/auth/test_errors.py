"""Refusals of authentication."""

from server.auth.errors import AuthCode, AuthRefused, TokenRefused
from signaling.errors import RefusalKind, Refused


def test_a_bad_credential_is_unauthenticated():
    refused = TokenRefused(AuthCode.TOKEN_EXPIRED, "Too late.", {"seconds": "3"})
    assert isinstance(refused, Refused)
    assert (refused.kind, refused.code) == (RefusalKind.UNAUTHENTICATED, "token_expired")
    assert refused.data == {"seconds": "3"}


def test_missing_keys_are_the_servers_trouble():
    refused = AuthRefused(AuthCode.KEYS_UNAVAILABLE, "Later.")
    assert refused.kind is RefusalKind.UNAVAILABLE
