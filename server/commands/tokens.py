"""`roomtone token`: tokens made from the files and database of a data directory."""

import asyncio
import json

from media.clock import SystemClock
from server.auth.issuer import ISSUER_FILE, LocalIssuer
from server.config import Settings
from server.errors import ServerError, StartError
from server.services.views import IssuedToken, TokenWish
from signaling.errors import Refused
from signaling.model import Role


def user_token(settings: Settings, sub: str, name: str, ttl: int) -> str:
    """A user token of the local issuer; works beside a running server.

    Raises:
        StartError: The issuer's file cannot be used.
    """
    issuer = LocalIssuer.load_or_create(settings.storage.data / ISSUER_FILE, SystemClock())
    return issuer.issue(sub=sub, name=name, ttl=ttl)


def join_token(
    settings: Settings, meeting: str, *, name: str, role: str, user_id: str | None, ttl: int | None
) -> IssuedToken:
    """A join token with its link; works beside a running server.

    Raises:
        ConfigError: There is no secret to sign with.
        ServerError: There is no such meeting, or role.
    """
    if role not in list(Role):
        raise ServerError(f"{role} is not a role", f"Use one of {', '.join(Role)}.")
    wish = TokenWish(name=name, role=Role(role), user_id=user_id, ttl=ttl)
    try:
        return asyncio.run(_issue(settings, meeting, wish))
    except Refused as refused:
        raise ServerError(refused.message, "Meetings: GET /v1/meetings.") from refused


async def _issue(settings: Settings, meeting: str, wish: TokenWish) -> IssuedToken:
    from server.commands.parts import meetings_of  # noqa: PLC0415  (the database is slow to import)

    async with meetings_of(settings) as meetings:
        url = await asyncio.to_thread(running_url, settings)
        if url is not None and settings.http.public_url is None:
            meetings.public_url = url
        return await meetings.issue_token(meeting, wish)


def running_url(settings: Settings) -> str | None:
    """Where the server of this data directory runs, as it wrote down itself."""
    from server.lifecycle import RUNTIME_FILE  # noqa: PLC0415  (imports the HTTP server)

    try:
        facts = json.loads((settings.storage.data / RUNTIME_FILE).read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StartError(f"cannot read {RUNTIME_FILE}: {error}") from error
    url = facts.get("url")
    return url if isinstance(url, str) else None
