"""From a credential to a Principal: API keys, join tokens and user tokens through one door."""

from collections.abc import Mapping, Sequence

from media.clock import Clock
from server.auth.compact import (
    check_times,
    optional_text,
    read_unverified,
    text_claim,
    verify_signature,
)
from server.auth.errors import AuthCode, TokenRefused
from server.auth.issuer import LOCAL_ISSUER, LocalIssuer
from server.auth.jwks import Documents, JwksKeys, StaticKeys
from server.auth.keys import KeyRing, is_api_key
from server.auth.principal import ANONYMOUS, Principal, PrincipalKind
from server.auth.providers import Provider, TrustedProvider, choose_provider
from server.auth.tokens import OWN_ISSUER, TokenSigner

USER_LEEWAY_SECONDS = 5.0


class Authenticator:
    """Tells who is behind a credential.

    Args:
        signer: Reads join tokens.
        keys: Checks API keys.
        trusted: Identity providers, first match wins.
        clock: Tells the time of day.
    """

    def __init__(
        self,
        signer: TokenSigner,
        keys: KeyRing,
        trusted: Sequence[TrustedProvider],
        clock: Clock,
    ) -> None:
        self._signer = signer
        self._keys = keys
        self._trusted = tuple(trusted)
        self._clock = clock

    @property
    def providers(self) -> tuple[Provider, ...]:
        """The identity providers, in the order in which they are tried."""
        return tuple(entry.provider for entry in self._trusted)

    async def identify(self, credential: str | None) -> Principal:
        """Who shows this; None and nothing at all are the anonymous principal.

        Raises:
            AuthRefused: The credential is not accepted; the code tells why.
        """
        if not credential:
            return ANONYMOUS
        if is_api_key(credential):
            key = await self._keys.check(credential)
            return Principal(PrincipalKind.API_KEY, account=key.account, key_id=key.id)
        claims = read_unverified(credential).claims
        if claims.get("iss") == OWN_ISSUER:
            return self._join_principal(credential)
        return await self._user_principal(credential)

    def _join_principal(self, token: str) -> Principal:
        claims = self._signer.read_join(token)
        return Principal(
            PrincipalKind.JOIN,
            account=claims.account,
            sub=claims.sub,
            name=claims.name,
            meeting_id=claims.meeting_id,
            participant_id=claims.participant_id,
            role=claims.role,
            user_id=claims.user_id,
            invitation_id=claims.invitation_id,
        )

    async def _user_principal(self, token: str) -> Principal:
        unverified = read_unverified(token)
        entry = choose_provider(self._trusted, unverified.claims)
        try:
            await _verify(token, unverified.header, entry)
            check_times(unverified.claims, self._clock.utc().timestamp(), USER_LEEWAY_SECONDS)
            sub = text_claim(unverified.claims, "sub")
        except TokenRefused as refused:
            refused.data["provider"] = entry.provider.kind.value
            raise
        return Principal(
            PrincipalKind.USER,
            sub=sub,
            name=_display_name(unverified.claims),
            avatar_url=optional_text(unverified.claims, "picture"),
            user_id=sub,
            claims=dict(unverified.claims),
        )


def build_trusted(
    providers: Sequence[Provider],
    local: LocalIssuer | None,
    documents: Documents,
    clock: Clock,
) -> list[TrustedProvider]:
    """Every provider with its keys; the local issuer, when it is on, comes first."""
    trusted = [
        TrustedProvider(provider, JwksKeys(provider, documents, clock)) for provider in providers
    ]
    if local is None:
        return trusted
    provider = Provider(LOCAL_ISSUER, ("ES256",), jwks="/.well-known/jwks.json")
    return [TrustedProvider(provider, StaticKeys(local.jwks())), *trusted]


async def _verify(token: str, header: Mapping[str, object], entry: TrustedProvider) -> None:
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenRefused(AuthCode.KEY_ID_MISSING, "The token's header has no 'kid'.")
    algorithm = header.get("alg")
    key = None
    if isinstance(algorithm, str) and algorithm in entry.provider.algorithms:
        key = await entry.keys.key(kid, algorithm)
    if key is None or "crit" in header:
        raise TokenRefused(
            AuthCode.SIGNATURE_INVALID,
            "No key of the provider fits the token's 'kid' and 'alg'.",
            {"kid": kid},
        )
    try:
        verify_signature(token, key, key.algorithm_name)
    except TokenRefused as refused:
        refused.data["kid"] = kid
        raise


def _display_name(claims: Mapping[str, object]) -> str | None:
    """The name that the provider gives, from the standard claims (OpenID Connect Core 5.1)."""
    name = optional_text(claims, "name")
    if name is not None:
        return name
    parts = [optional_text(claims, part) for part in ("given_name", "family_name")]
    joined = " ".join(part for part in parts if part)
    return joined or optional_text(claims, "nickname")
