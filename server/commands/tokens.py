"""`roomtone token join`: join tokens made from a data directory, beside a running server."""

import asyncio
import json

from server.commands.parts import meetings_of
from server.config import Settings
from server.errors import ServerError, StartError
from server.lifecycle import RUNTIME_FILE
from server.services.views import IssuedToken, TokenWish
from signaling.errors import Refused
from signaling.model import Role


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
    async with meetings_of(settings) as meetings:
        url = await asyncio.to_thread(running_url, settings)
        if url is not None and settings.http.public_url is None:
            meetings.public_url = url
        return await meetings.issue_token(meeting, wish)


def running_url(settings: Settings) -> str | None:
    """Where the server of this data directory runs, as it wrote down itself."""
    try:
        facts = json.loads((settings.storage.data / RUNTIME_FILE).read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StartError(f"cannot read {RUNTIME_FILE}: {error}") from error
    url = facts.get("url")
    return url if isinstance(url, str) else None
