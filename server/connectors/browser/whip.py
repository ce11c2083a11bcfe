"""A WHIP client (RFC 9725): publishes to a meeting of this very server, over HTTP as others do.

The exchange is made here and not in the page: a foreign page may not speak to another origin, its
content security policy aside, and would show it our token.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

import aiohttp

POST_SECONDS: Final = 10.0
SDP: Final = "application/sdp"


class WhipError(Exception):
    """The server took no offer; the text says why."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a POST made.

    Attributes:
        url: The WHIP resource.
        answer: The SDP answer.
    """

    url: str
    token: str
    answer: str


class WhipClient:
    """Speaks to one server."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def publish(self, endpoint: str, token: str, offer: str) -> Published:
        """Post an offer.

        Raises:
            WhipError: No answer, or a refusal.
        """
        headers = {**_bearer(token), "Content-Type": SDP, "Accept": SDP}
        try:
            async with self._open().post(endpoint, data=offer.encode(), headers=headers) as answer:
                body = await answer.text()
                if answer.status != 201:
                    raise WhipError(f"HTTP {answer.status}: {body[:300]}")
                return Published(urljoin(endpoint, answer.headers["Location"]), token, body)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise WhipError(f"{type(error).__name__}: {error}") from error

    async def end(self, published: Published) -> None:
        """Delete the resource; one that has ended already is well."""
        try:
            async with self._open().delete(published.url, headers=_bearer(published.token)):
                return
        except (TimeoutError, aiohttp.ClientError):
            return  # the server's own timers end it

    async def close(self) -> None:
        """Let go of what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=POST_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        return self._session


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
