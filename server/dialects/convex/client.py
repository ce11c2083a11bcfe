"""The `Convex-Client` header: which client asks, and what it expects by default."""

import re
from dataclasses import dataclass

from server.dialects.convex.errors import Rejection
from server.dialects.convex.values import Format

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_ENCODED_UP_TO = {"npm": (1, 4, 1), "actions": (1, 4, 1), "python": (0, 5, 0)}
"""Clients up to these versions expect encoded values unless they say otherwise."""

_TOO_OLD = {"npm": (0, 19, 1)}


@dataclass(frozen=True, slots=True)
class ClientVersion:
    """Which client asks; a version that cannot be read counts as the newest."""

    name: str
    version: tuple[int, int, int] | None

    def at_most(self, versions: dict[str, tuple[int, int, int]]) -> bool:
        """Whether this client is named there and is not newer."""
        limit = versions.get(self.name)
        return limit is not None and self.version is not None and self.version <= limit

    @property
    def default_format(self) -> Format:
        """How values are written when a request does not say."""
        return Format.ENCODED if self.at_most(_ENCODED_UP_TO) else Format.JSON


def read_client(header: str | None) -> ClientVersion:
    """Read the header; without one the client is unknown and modern.

    Raises:
        Rejection: 400 `InvalidClientVersion` or `ClientVersionUnsupported`.
    """
    if header is None:
        return ClientVersion("unknown", None)
    name, dash, version = header.partition("-")
    if not dash:
        raise Rejection(
            400,
            "InvalidClientVersion",
            f"Failed to parse client version {header!r}: it should read name-version",
        )
    match = _VERSION.match(version)
    numbers = (int(match[1][:9]), int(match[2][:9]), int(match[3][:9])) if match else None
    client = ClientVersion(name.lower(), numbers)
    if client.at_most(_TOO_OLD):
        message = f"The Convex {name} client at version {version} is no longer supported: update it"
        raise Rejection(
            400,
            "ClientVersionUnsupported",
            message,
            {
                "x-convex-deprecation-state": "Unsupported",
                "x-convex-deprecation-message": message,
            },
        )
    return client
