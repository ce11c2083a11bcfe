"""Which identity providers are trusted, as data, and which of them a token belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import jwt

from server.auth.errors import AuthCode, TokenRefused
from server.auth.tokens import OWN_ISSUER
from server.config import IssuerSettings
from server.errors import ConfigError

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Signatures that a provider may use: asymmetric ones only, so no public key is ever a secret."""


class ProviderKind(StrEnum):
    """How a provider publishes its keys."""

    JWT = "jwt"
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class Provider:
    """A trusted identity provider.

    Attributes:
        issuer: What its tokens carry as `iss`, give or take `https://` and a slash at the end.
        algorithms: Signatures it may use.
        jwks: Where its keys are (`https:`, `http:`, `file:` or `data:`); None means OpenID
            Connect discovery beneath the issuer.
        audience: Must be in the token's `aud`; None leaves `aud` unchecked.
        kind: Whether faults are told in the words of OpenID Connect.
    """

    issuer: str
    algorithms: tuple[str, ...]
    jwks: str | None = None
    audience: str | None = None
    kind: ProviderKind = ProviderKind.JWT

    def __post_init__(self) -> None:
        if normal_issuer(self.issuer) == normal_issuer(OWN_ISSUER):
            raise ConfigError(f"auth.issuers: {self.issuer!r} is this server's own name")
        unknown = [name for name in self.algorithms if name not in ALGORITHMS]
        if unknown or not self.algorithms:
            raise ConfigError(
                f"auth.issuers: algorithms {', '.join(unknown) or 'none'} of {self.issuer} "
                "cannot be used",
                f"Use some of {', '.join(ALGORITHMS)}.",
            )
        if self.kind is ProviderKind.JWT and self.jwks is None:
            raise ConfigError(
                f"auth.issuers: {self.issuer} has no `jwks`",
                'Say where its keys are, or set its type to "oidc".',
            )

    def accepts(self, issuer: str, audience: object) -> bool:
        """Whether a token with this `iss` and `aud` is this provider's."""
        if normal_issuer(issuer) != normal_issuer(self.issuer):
            return False
        if self.audience is None:
            return True
        if self.kind is ProviderKind.JWT and isinstance(audience, list):
            return self.audience in audience
        return audience in (self.audience, [self.audience])


class KeySource(Protocol):
    """Where the public keys of a provider come from."""

    async def key(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        """The key of this id that is for this algorithm; None when there is none.

        Raises:
            AuthRefused: `keys_unavailable`: the keys cannot be had now.
        """
        ...


@dataclass(frozen=True, slots=True)
class TrustedProvider:
    """A provider with its keys."""

    provider: Provider
    keys: KeySource


def configured_providers(
    issuers: Sequence[IssuerSettings], workos_client_id: str | None
) -> list[Provider]:
    """The providers that the settings name.

    Raises:
        ConfigError: One of them cannot be used.
    """
    providers = [
        Provider(
            issuer=entry.issuer,
            algorithms=tuple(entry.algorithms),
            jwks=entry.jwks,
            audience=entry.audience,
            kind=ProviderKind(entry.type),
        )
        for entry in issuers
    ]
    if workos_client_id:
        providers += _workos(workos_client_id)
    return providers


def choose_provider(
    trusted: Sequence[TrustedProvider], claims: Mapping[str, object]
) -> TrustedProvider:
    """The first provider that a token's `iss` and `aud` fit; the rest of the token is unread.

    Raises:
        TokenRefused: `issuer_missing` or `issuer_unknown`.
    """
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer:
        raise TokenRefused(AuthCode.ISSUER_MISSING, "The token has no 'iss' claim.")
    for candidate in trusted:
        if candidate.provider.accepts(issuer, claims.get("aud")):
            return candidate
    raise TokenRefused(
        AuthCode.ISSUER_UNKNOWN,
        "No configured identity provider has this token's issuer and audience.",
    )


def normal_issuer(issuer: str) -> str:
    """The form in which issuers are compared: with `https://`, without slashes at the end."""
    full = issuer if "://" in issuer else f"https://{issuer}"
    return full.rstrip("/")


def _workos(client_id: str) -> list[Provider]:
    """WorkOS AuthKit: one key set per client; the issuer names the client or the audience does."""
    jwks = f"https://api.workos.com/sso/jwks/{client_id}"
    by_client = f"https://api.workos.com/user_management/{client_id}"
    return [
        Provider("https://api.workos.com/", ("RS256",), jwks, client_id),
        Provider(by_client, ("RS256",), jwks),
    ]
