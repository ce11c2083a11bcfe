"""Who is asking: the one form in which every edge sees an accepted credential."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from types import MappingProxyType

from signaling.model import Role

DEFAULT_ACCOUNT = "default"
"""The account of everything until an installation serves several."""


def _no_claims() -> Mapping[str, object]:
    return MappingProxyType({})


class PrincipalKind(StrEnum):
    """What sort of credential was shown."""

    API_KEY = auto()
    USER = auto()
    JOIN = auto()
    ANONYMOUS = auto()


@dataclass(frozen=True, slots=True)
class Principal:
    """An accepted credential, or the lack of one.

    Attributes:
        kind: API key, user token, join token or nothing.
        account: Whose meetings it may touch.
        sub: Stable identity: the user token's `sub`; for a join token the user id, else the
            participant id; None for API keys and anonymous callers.
        name: Display name, when the credential carries one.
        avatar_url: Picture, when the credential carries one.
        meeting_id: The one meeting a join token is good for.
        participant_id: The participant a join token names.
        role: The role a join token gives.
        user_id: The identity a join token's maker gave its holder, None for a guest.
        invitation_id: The invitation a join token stands on.
        key_id: Which API key.
        claims: Every claim of a verified user token.
    """

    kind: PrincipalKind
    account: str = DEFAULT_ACCOUNT
    sub: str | None = None
    name: str | None = None
    avatar_url: str | None = None
    meeting_id: str | None = None
    participant_id: str | None = None
    role: Role | None = None
    user_id: str | None = None
    invitation_id: str | None = None
    key_id: str | None = None
    claims: Mapping[str, object] = field(default_factory=_no_claims, hash=False)


ANONYMOUS = Principal(PrincipalKind.ANONYMOUS)
"""Nobody showed anything."""
