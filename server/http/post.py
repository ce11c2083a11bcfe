"""Posts a body to another program: no redirects, a short patience, one answer's status."""

from collections.abc import Mapping

import aiohttp

TIMEOUT_SECONDS = 3.0


class Poster:
    """An HTTP client for small messages; `close` it at the end."""

    def __init__(self, timeout: float = TIMEOUT_SECONDS) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer.

        Raises:
            OSError: There was no answer in time, or the address cannot be used.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, headers={"User-Agent": "Roomtone"}
            )
        try:
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return response.status
        except TimeoutError as error:
            raise OSError("no answer in time") from error
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from error
        except ValueError as error:
            raise OSError(f"unusable address: {error}") from error

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
