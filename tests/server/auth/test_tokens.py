"""Join tokens and resume tokens."""

import jwt
import pytest
from support.clock import FakeClock

from server.auth.errors import AuthCode, TokenRefused
from server.auth.tokens import TokenSigner
from signaling.model import Role

SECRET = b"0123456789abcdef0123456789abcdef"
JOIN = {"meeting_id": "m1", "name": "Ada", "role": Role.HOST, "participant_id": "p1", "ttl": 60}
RESUME = {**JOIN, "session_id": "s1"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def signer(clock: FakeClock) -> TokenSigner:
    return TokenSigner(SECRET, clock)


def reason(read, token: str) -> AuthCode:
    with pytest.raises(TokenRefused) as refused:
        read(token)
    return refused.value.reason


def forged(signer: TokenSigner, **changes: object) -> str:
    claims = jwt.decode(signer.issue_join(**JOIN), options={"verify_signature": False})
    claims = {key: value for key, value in (claims | changes).items() if value is not None}
    return jwt.encode(claims, SECRET, algorithm="HS256")


class TestJoinTokens:
    def test_come_back_as_they_were_made(self, signer: TokenSigner):
        claims = signer.read_join(signer.issue_join(**JOIN, user_id="u1", account="acme"))
        assert (claims.meeting_id, claims.name, claims.role) == ("m1", "Ada", Role.HOST)
        assert (claims.user_id, claims.participant_id, claims.account) == ("u1", "p1", "acme")

    def test_stand_for_the_user(self, signer: TokenSigner):
        assert signer.read_join(signer.issue_join(**JOIN, user_id="u1")).sub == "u1"

    def test_of_guests_stand_for_the_participant(self, signer: TokenSigner):
        claims = signer.read_join(signer.issue_join(**JOIN))
        assert (claims.user_id, claims.sub) == (None, "p1")

    def test_end_at_their_expiry(self, signer: TokenSigner, clock: FakeClock):
        token = signer.issue_join(**JOIN)
        expires_at = signer.read_join(token).expires_at
        assert (expires_at - clock.utc()).total_seconds() == 60
        clock.advance(60)
        assert signer.read_join(token).name == "Ada"
        clock.advance(1)
        assert reason(signer.read_join, token) is AuthCode.TOKEN_EXPIRED

    def test_differ_each_time(self, signer: TokenSigner):
        ids = {signer.read_join(signer.issue_join(**JOIN)).token_id for _ in range(10)}
        assert len(ids) == 10

    def test_are_no_resume_tokens(self, signer: TokenSigner):
        token = signer.issue_join(**JOIN)
        assert reason(signer.read_resume, token) is AuthCode.TOKEN_WRONG_PURPOSE

    def test_of_another_secret_are_refused(self, signer: TokenSigner, clock: FakeClock):
        token = TokenSigner(b"x" * 32, clock).issue_join(**JOIN)
        assert reason(signer.read_join, token) is AuthCode.SIGNATURE_INVALID

    def test_of_another_issuer_are_refused(self, signer: TokenSigner):
        assert reason(signer.read_join, forged(signer, iss="else")) is AuthCode.ISSUER_UNKNOWN

    def test_without_signature_are_refused(self, signer: TokenSigner):
        claims = jwt.decode(signer.issue_join(**JOIN), options={"verify_signature": False})
        token = jwt.encode(claims, None, algorithm="none")
        assert reason(signer.read_join, token) is AuthCode.SIGNATURE_INVALID

    @pytest.mark.parametrize("claim", ["exp", "meeting", "name", "role", "participant", "jti"])
    def test_need_each_claim(self, signer: TokenSigner, claim: str):
        token = forged(signer, **{claim: None})
        assert reason(signer.read_join, token) is AuthCode.CLAIM_MISSING

    def test_of_an_unknown_role_are_refused(self, signer: TokenSigner):
        token = forged(signer, role="emperor")
        assert reason(signer.read_join, token) is AuthCode.CLAIM_INVALID

    def test_of_the_future_are_refused(self, signer: TokenSigner, clock: FakeClock):
        token = forged(signer, nbf=int(clock.utc().timestamp()) + 31)
        assert reason(signer.read_join, token) is AuthCode.TOKEN_NOT_YET_VALID


class TestResumeTokens:
    def test_come_back_as_they_were_made(self, signer: TokenSigner):
        claims = signer.read_resume(signer.issue_resume(**RESUME, user_id="u1"))
        assert (claims.meeting_id, claims.session_id, claims.participant_id) == ("m1", "s1", "p1")
        assert (claims.name, claims.role, claims.user_id) == ("Ada", Role.HOST, "u1")

    def test_are_no_join_tokens(self, signer: TokenSigner):
        token = signer.issue_resume(**RESUME)
        assert reason(signer.read_join, token) is AuthCode.TOKEN_WRONG_PURPOSE


def test_a_short_secret_is_refused(clock: FakeClock):
    with pytest.raises(ValueError, match="32 bytes"):
        TokenSigner(b"short", clock)
