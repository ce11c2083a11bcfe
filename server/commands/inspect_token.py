"""`roomtone token inspect`: what a token says, and why this server accepts it or does not."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from media.clock import SystemClock
from server.auth.authenticate import Authenticator, build_trusted
from server.auth.compact import Unverified, read_unverified
from server.auth.errors import AuthCode, AuthRefused, TokenRefused
from server.auth.issuer import ISSUER_FILE, LocalIssuer
from server.auth.jwks import WebDocuments
from server.auth.keys import is_api_key
from server.auth.principal import Principal
from server.auth.providers import Provider, configured_providers
from server.auth.tokens import OWN_ISSUER, TokenSigner
from server.commands.parts import installed_secret, keys_of
from server.config import Settings

_TIMES = ("iat", "nbf", "exp")
_HINTS: Mapping[AuthCode, str] = {
    AuthCode.TOKEN_MALFORMED: "A token is three base64url parts with dots between them. "
    "Was it cut, or is this something else?",
    AuthCode.TOKEN_EXPIRED: "Get a new one; if it is new, compare the clocks of both machines.",
    AuthCode.TOKEN_NOT_YET_VALID: "Compare the clocks of this machine and of the issuer's.",
    AuthCode.ISSUER_MISSING: "The provider must put `iss` into its tokens.",
    AuthCode.ISSUER_UNKNOWN: "Set auth.issuers or auth.workos_client_id so that issuer and "
    "audience match what the token says.",
    AuthCode.KEY_ID_MISSING: "The provider must name its key (`kid`) in the header.",
    AuthCode.SIGNATURE_INVALID: "The provider's key set has no such key for this algorithm, or "
    "another key signed it: check `jwks`, `algorithms` and, for join tokens, auth.secret.",
    AuthCode.KEYS_UNAVAILABLE: "This machine must reach the provider's key address.",
    AuthCode.TOKEN_WRONG_PURPOSE: "A resume token only brings back who it was given to.",
}


def inspect_token(settings: Settings, token: str) -> tuple[bool, list[str]]:
    """Whether the server would accept a token now, and what there is to say about it.

    Raises:
        ConfigError: The settings name a provider that cannot be used.
        StartError: A file cannot be read.
    """
    return asyncio.run(_inspect(settings, token.strip()))


async def _inspect(settings: Settings, token: str) -> tuple[bool, list[str]]:
    lines = list(_contents(token))
    documents = WebDocuments()
    try:
        async with keys_of(settings) as keys:
            authenticator = Authenticator(
                TokenSigner(await asyncio.to_thread(installed_secret, settings), SystemClock()),
                keys,
                build_trusted(
                    configured_providers(settings.auth.issuers, settings.auth.workos_client_id),
                    await asyncio.to_thread(_local, settings),
                    documents,
                    SystemClock(),
                ),
                SystemClock(),
            )
            lines += [f"provider  {_provider(one)}" for one in authenticator.providers]
            principal = await authenticator.identify(token)
    except AuthRefused as refused:
        lines += [f"REFUSED   {refused.reason.value}: {refused.message}"]
        hint = _HINTS.get(refused.reason)
        return False, [*lines, *([f"hint      {hint}"] if hint else [])]
    finally:
        await documents.close()
    return True, [*lines, f"ACCEPTED  {_who(principal)}"]


def _local(settings: Settings) -> LocalIssuer | None:
    path = settings.storage.data / ISSUER_FILE
    if not path.exists():
        return None
    return LocalIssuer.load_or_create(path, SystemClock())


def _contents(token: str) -> Iterator[str]:
    """What it says about itself; none of that is verified."""
    if is_api_key(token):
        yield "kind      API key"
        return
    try:
        unverified = read_unverified(token)
    except TokenRefused:
        return
    yield f"kind      {_kind(unverified)}"
    yield f"header    {json.dumps(unverified.header, sort_keys=True)}"
    yield f"claims    {json.dumps(unverified.claims, sort_keys=True)}"
    for name in _TIMES:
        value = unverified.claims.get(name)
        if isinstance(value, int | float) and abs(value) < 1e11:
            yield f"{name:<9} {datetime.fromtimestamp(value, UTC).isoformat()}"


def _kind(unverified: Unverified) -> str:
    own = unverified.claims.get("iss") == OWN_ISSUER
    return "token of this server" if own else "user token"


def _provider(provider: Provider) -> str:
    audience = f", audience {provider.audience}" if provider.audience else ""
    keys = provider.jwks or "found by OpenID Connect discovery"
    algorithms = ", ".join(provider.algorithms)
    return f"{provider.issuer} ({provider.kind.value}, {algorithms}{audience}); keys {keys}"


def _who(principal: Principal) -> str:
    facts = {
        "kind": principal.kind.value,
        "sub": principal.sub,
        "name": principal.name,
        "meeting": principal.meeting_id,
        "role": principal.role.value if principal.role else None,
        "key": principal.key_id,
    }
    return ", ".join(f"{name} {value}" for name, value in facts.items() if value)
