"""Reading tokens step by step."""

import base64
import json

import jwt
import pytest

from server.auth.compact import (
    MAX_TOKEN_CHARACTERS,
    check_times,
    optional_text,
    read_unverified,
    text_claim,
    verify_signature,
)
from server.auth.errors import AuthCode, TokenRefused

SECRET = b"s" * 32


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class TestReadUnverified:
    def test_gives_header_and_claims(self):
        token = f"{segment({'alg': 'ES256'})}.{segment({'sub': 'ada'})}.sig"
        read = read_unverified(token)
        assert (read.header, read.claims) == ({"alg": "ES256"}, {"sub": "ada"})

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "abc",
            "a.b",
            "a.b.c",
            "a.b.c.d",
            f"{segment({})}.{segment([1])}.x",
            f"{segment('text')}.{segment({})}.x",
            f"{segment({})}.not*base64.x",
            f"{segment({})}.{base64.urlsafe_b64encode(b'{nope').decode().rstrip('=')}.x",
            f"{segment({})}.{base64.urlsafe_b64encode(b'[' * 9000).decode().rstrip('=')}.x",
            f"{segment({})}.{segment({'pad': 'x' * MAX_TOKEN_CHARACTERS})}.x",
            "ü.ü.ü",
        ],
    )
    def test_refuses_what_is_no_token(self, text: str):
        with pytest.raises(TokenRefused) as refused:
            read_unverified(text)
        assert refused.value.reason is AuthCode.TOKEN_MALFORMED


class TestVerifySignature:
    def test_accepts_the_right_key(self):
        token = jwt.encode({"a": 1}, SECRET, algorithm="HS256")
        assert verify_signature(token, SECRET, "HS256") is None

    def test_refuses_another_key(self):
        token = jwt.encode({"a": 1}, SECRET, algorithm="HS256")
        with pytest.raises(TokenRefused) as refused:
            verify_signature(token, b"t" * 32, "HS256")
        assert refused.value.reason is AuthCode.SIGNATURE_INVALID

    def test_refuses_another_algorithm(self):
        token = jwt.encode({"a": 1}, SECRET * 2, algorithm="HS512")
        with pytest.raises(TokenRefused):
            verify_signature(token, SECRET * 2, "HS256")


class TestCheckTimes:
    def test_accepts_within_leeway(self):
        assert check_times({"exp": 100, "nbf": 109, "iat": 109.5}, 105, 5) is None

    def test_needs_an_expiry(self):
        with pytest.raises(TokenRefused) as refused:
            check_times({}, 0, 5)
        assert (refused.value.reason, refused.value.data) == (
            AuthCode.CLAIM_MISSING,
            {"claim": "exp"},
        )

    def test_tells_how_long_ago_it_expired(self):
        with pytest.raises(TokenRefused) as refused:
            check_times({"exp": 100}, 163.9, 5)
        assert refused.value.reason is AuthCode.TOKEN_EXPIRED
        assert refused.value.data == {"seconds": "63"}

    @pytest.mark.parametrize("claim", ["nbf", "iat"])
    def test_tells_when_it_begins(self, claim: str):
        with pytest.raises(TokenRefused) as refused:
            check_times({"exp": 1000, claim: 160}, 100, 5)
        assert refused.value.reason is AuthCode.TOKEN_NOT_YET_VALID
        assert refused.value.data == {"seconds": "60"}

    @pytest.mark.parametrize("value", ["100", True, [], 1e300, float("inf")])
    def test_refuses_times_that_are_none(self, value: object):
        with pytest.raises(TokenRefused) as refused:
            check_times({"exp": value}, 0, 5)
        assert refused.value.reason is AuthCode.CLAIM_INVALID


class TestTextClaims:
    def test_reads_text(self):
        assert text_claim({"sub": "ada"}, "sub") == "ada"

    @pytest.mark.parametrize(
        ("claims", "reason"),
        [
            ({}, AuthCode.CLAIM_MISSING),
            ({"sub": None}, AuthCode.CLAIM_MISSING),
            ({"sub": ""}, AuthCode.CLAIM_INVALID),
            ({"sub": 7}, AuthCode.CLAIM_INVALID),
        ],
    )
    def test_refuses_missing_or_other(self, claims: dict[str, object], reason: AuthCode):
        with pytest.raises(TokenRefused) as refused:
            text_claim(claims, "sub")
        assert refused.value.reason is reason

    @pytest.mark.parametrize(
        ("value", "text"), [("Ada", "Ada"), ("", None), (7, None), (None, None)]
    )
    def test_optional_text_is_text_or_nothing(self, value: object, text: str | None):
        assert optional_text({"name": value}, "name") == text
