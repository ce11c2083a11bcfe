"""The server's own tokens: join tokens and resume tokens, HS256 with the installation's secret.

The audience tells the two apart; neither passes for the other. A join token admits whoever holds
it to one meeting; a resume token lets one participant come back.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from media.clock import Clock
from server.auth.compact import (
    check_times,
    optional_text,
    read_unverified,
    text_claim,
    verify_signature,
)
from server.auth.errors import AuthCode, TokenRefused
from server.auth.principal import DEFAULT_ACCOUNT
from signaling.model import Role

OWN_ISSUER = "roomtone"
LEEWAY_SECONDS = 30.0
"""For tokens made by `roomtone token join` on a machine whose clock is ahead. Expiry needs none."""
MIN_SECRET_BYTES = 32
"""RFC 7518 section 3.2: an HS256 key is at least as long as the hash."""

_JOIN = "roomtone:join"
_RESUME = "roomtone:resume"
_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class JoinClaims:
    """What a join token says.

    Attributes:
        user_id: The identity its maker gave the holder; None for a guest.
        participant_id: Stands for the holder until and after he joins.
        invitation_id: The invitation that the token stands on; without it the token is void.
    """

    meeting_id: str
    name: str
    role: Role
    user_id: str | None
    participant_id: str
    account: str
    token_id: str
    expires_at: datetime
    invitation_id: str | None = None

    @property
    def sub(self) -> str:
        """The holder's identity: the user id, else the participant id."""
        return self.user_id or self.participant_id


@dataclass(frozen=True, slots=True)
class ResumeClaims:
    """What a resume token says: who comes back, and where he was."""

    meeting_id: str
    session_id: str
    participant_id: str
    name: str
    role: Role
    user_id: str | None
    token_id: str
    expires_at: datetime
    invitation_id: str | None = None


class TokenSigner:
    """Issues and reads the server's own tokens.

    Args:
        secret: At least 32 bytes; changing it voids every token.
        clock: Tells issue and expiry times.

    Raises:
        ValueError: The secret is too short.
    """

    def __init__(self, secret: bytes, clock: Clock) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            raise ValueError(f"the secret needs at least {MIN_SECRET_BYTES} bytes")
        self._secret = secret
        self._clock = clock

    def issue_join(  # noqa: PLR0913  (the claims, all by keyword)
        self,
        *,
        meeting_id: str,
        name: str,
        role: Role,
        participant_id: str,
        ttl: float,
        user_id: str | None = None,
        account: str = DEFAULT_ACCOUNT,
        invitation_id: str | None = None,
        more: Mapping[str, object] | None = None,
    ) -> str:
        """A join token for one meeting, good for `ttl` seconds; `more` is for its holder's eyes."""
        claims = {
            **(more or {}),
            "sub": user_id or participant_id,
            "meeting": meeting_id,
            "participant": participant_id,
            "user": user_id,
            "name": name,
            "role": role.value,
            "account": account,
            "invitation": invitation_id,
        }
        return self._issue(_JOIN, claims, ttl)

    def read_join(self, token: str) -> JoinClaims:
        """Verify a join token.

        Raises:
            TokenRefused: It is not one, not ours, or not valid now.
        """
        claims = self._read(token, _JOIN)
        return JoinClaims(
            meeting_id=text_claim(claims, "meeting"),
            name=text_claim(claims, "name"),
            role=_role(claims),
            user_id=optional_text(claims, "user"),
            participant_id=text_claim(claims, "participant"),
            account=text_claim(claims, "account"),
            token_id=text_claim(claims, "jti"),
            expires_at=_expiry(claims),
            invitation_id=optional_text(claims, "invitation"),
        )

    def issue_resume(  # noqa: PLR0913  (the claims, all by keyword)
        self,
        *,
        meeting_id: str,
        session_id: str,
        participant_id: str,
        name: str,
        role: Role,
        ttl: float,
        user_id: str | None = None,
        invitation_id: str | None = None,
    ) -> str:
        """A resume token for one participant, good for `ttl` seconds."""
        claims = {
            "sub": user_id or participant_id,
            "meeting": meeting_id,
            "session": session_id,
            "participant": participant_id,
            "user": user_id,
            "name": name,
            "role": role.value,
            "invitation": invitation_id,
        }
        return self._issue(_RESUME, claims, ttl)

    def read_resume(self, token: str) -> ResumeClaims:
        """Verify a resume token.

        Raises:
            TokenRefused: It is not one, not ours, or not valid now.
        """
        claims = self._read(token, _RESUME)
        return ResumeClaims(
            meeting_id=text_claim(claims, "meeting"),
            session_id=text_claim(claims, "session"),
            participant_id=text_claim(claims, "participant"),
            name=text_claim(claims, "name"),
            role=_role(claims),
            user_id=optional_text(claims, "user"),
            token_id=text_claim(claims, "jti"),
            expires_at=_expiry(claims),
            invitation_id=optional_text(claims, "invitation"),
        )

    def derive(self, purpose: str) -> bytes:
        """32 bytes that only this installation knows, different for each purpose."""
        return hmac.digest(self._secret, f"roomtone:{purpose}".encode(), "sha256")

    def _issue(self, audience: str, claims: Mapping[str, object], ttl: float) -> str:
        now = self._clock.utc()
        payload: dict[str, object] = {
            key: value for key, value in claims.items() if value is not None
        }
        payload |= {
            "iss": OWN_ISSUER,
            "aud": audience,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(seconds=ttl)).timestamp()),
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode(payload, self._secret, algorithm=_ALGORITHM)

    def _read(self, token: str, audience: str) -> dict[str, object]:
        unverified = read_unverified(token)
        claims = dict(unverified.claims)
        if claims.get("iss") != OWN_ISSUER:
            raise TokenRefused(AuthCode.ISSUER_UNKNOWN, "This server did not issue this token.")
        verify_signature(token, self._secret, _ALGORITHM)
        if claims.get("aud") != audience:
            raise TokenRefused(AuthCode.TOKEN_WRONG_PURPOSE, "The token is for another purpose.")
        check_times(claims, self._clock.utc().timestamp(), LEEWAY_SECONDS, late=0.0)
        return claims


def _role(claims: dict[str, object]) -> Role:
    word = text_claim(claims, "role")
    try:
        return Role(word)
    except ValueError as error:
        raise TokenRefused(
            AuthCode.CLAIM_INVALID, f"The token's role {word!r} is not known.", {"claim": "role"}
        ) from error


def _expiry(claims: dict[str, object]) -> datetime:
    expires = claims["exp"]
    assert isinstance(expires, int | float)  # noqa: S101  (check_times has seen it)
    return datetime.fromtimestamp(expires, UTC)
