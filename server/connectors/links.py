"""Meeting links of every platform that bots know: recognised by table, never fetched. Pure.

The host is compared whole or as a suffix after a dot, so that `evilzoom.us` and
`zoom.us.evil.com` are nobody's.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlencode, urlsplit

LONGEST: Final = 2048
"""Characters of a link; longer than any platform makes them."""


class Platform(StrEnum):
    """Whose meeting a link leads to."""

    ROOMTONE = "roomtone"
    TEAMS = "teams"
    ZOOM = "zoom"
    GOOGLE_MEET = "google_meet"
    WEBEX = "webex"
    OTHER = "other"


class LinkFault(StrEnum):
    """Why a link is refused."""

    INVALID = "invalid"
    UNSUPPORTED = "unsupported"


class LinkError(ValueError):
    """A link that no bot can follow.

    Args:
        fault: Not a link at all, or of no known platform.
        message: A sentence for a person.
    """

    def __init__(self, fault: LinkFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class ParsedLink:
    """A recognised link.

    Attributes:
        url: As given; what a browser opens. May hold a passcode.
        meeting_id: The platform's name of the meeting, opaque; for `roomtone` as written.
        passcode: What the link carries to get in.
        recipe: How a browser finds its way there, where the operator said so for the host.
        normalised: One text for every way to write the same meeting.
    """

    platform: Platform
    url: str
    host: str
    meeting_id: str
    passcode: str | None = None
    recipe: str | None = None

    @property
    def normalised(self) -> str:
        """Scheme, lower-case host, meeting id, passcode."""
        scheme = urlsplit(self.url).scheme.lower()
        code = f"?passcode={self.passcode}" if self.passcode else ""
        return f"{scheme}://{self.host}/{self.meeting_id}{code}"


def parse_link(
    text: str, public_url: str, sites: Mapping[str, str] = MappingProxyType({})
) -> ParsedLink:
    """What a link leads to.

    Args:
        text: What somebody gave.
        public_url: Where people reach this server; links there are native.
        sites: The operator's own table: a host, with its port where it is another than 443, or a
            whole origin where it is plain http, and the name of the recipe for it.

    Raises:
        LinkError: It is not a link, or of no known platform.
    """
    parts = _split(text)
    native = _native(text, parts, public_url)
    if native is not None:
        return native
    for site, recipe in sites.items():
        if _origin(parts) == _origin(urlsplit(site if "://" in site else f"https://{site}")):
            return _at_site(text, parts, recipe)
    if parts.scheme != "https":
        raise _invalid()
    host = parts.hostname or ""
    for platform, hosts, read in _TABLE:
        if parts.port in (None, 443) and any(_matches(host, one) for one in hosts):
            found = read(parts)
            if found is not None:
                return ParsedLink(platform, text, host, *found)
    raise LinkError(
        LinkFault.UNSUPPORTED,
        "The link is of none of the known platforms: this server, Microsoft Teams, Zoom, "
        "Google Meet, Webex, and the sites that the operator named.",
    )


_SECRET_PARAMETERS: Final = frozenset({"pwd", "p", "tk", "passcode"})


def redacted(url: str) -> str:
    """A link fit for a log: passcodes hidden."""
    parts = urlsplit(url)
    hidden = [
        (name, "***" if name.lower() in _SECRET_PARAMETERS else value)
        for name, value in parse_qsl(parts.query)
    ]
    fragment = parts.fragment.partition("?")[0]
    return parts._replace(query=urlencode(hidden, safe="*"), fragment=fragment).geturl()


# Inside

_Found = tuple[str, str | None]
_Reader = Callable[[SplitResult], _Found | None]
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f\\]")


def _invalid() -> LinkError:
    return LinkError(LinkFault.INVALID, "Meeting link must be a valid HTTPS URL")


def _split(text: str) -> SplitResult:
    """The parts of a link; what browsers and parsers read differently is refused."""
    if not text or len(text) > LONGEST or _CONTROL.search(text):
        raise _invalid()
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise _invalid() from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _invalid()
    if "@" in parts.netloc:
        raise _invalid()
    return parts


def _matches(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return host == pattern[2:] or host.endswith(pattern[1:])
    return host == pattern


_DEFAULT_PORT: Final = {"http": 80, "https": 443}


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORT.get(parts.scheme)


_NATIVE: Final = re.compile(r"^/m/([0-9A-Za-z-]{16,64})/?$")


def _native(text: str, parts: SplitResult, public_url: str) -> ParsedLink | None:
    home = urlsplit(public_url)
    if _origin(parts) != _origin(home):
        return None
    found = _NATIVE.match(parts.path)
    if found is None:
        raise LinkError(LinkFault.UNSUPPORTED, "The link leads to no meeting of this server.")
    return ParsedLink(Platform.ROOMTONE, text, parts.netloc.lower(), found[1])


def _at_site(text: str, parts: SplitResult, recipe: str) -> ParsedLink:
    """A link to a site that the operator named: a platform's own reader first, else its path."""
    host = parts.netloc.lower()
    for platform, _, read in _TABLE:
        if platform.value == recipe:
            found = read(parts)
            if found is not None:
                return ParsedLink(platform, text, host, *found, recipe=recipe)
            return ParsedLink(platform, text, host, _path(parts), recipe=recipe)
    return ParsedLink(Platform.OTHER, text, host, _path(parts), recipe=recipe)


def _path(parts: SplitResult) -> str:
    query = f"?{parts.query}" if parts.query else ""
    return parts.path.strip("/") + query


def _parameter(query: str, name: str) -> str | None:
    found = parse_qs(query).get(name)
    return found[0] if found else None


def _first(pattern: str, passcode: str | None = None) -> _Reader:
    """A reader that takes the path's group `id` and a passcode from the query."""
    shape = re.compile(pattern)

    def read(parts: SplitResult) -> _Found | None:
        found = shape.match(parts.path)
        if found is None:
            return None
        return found["id"], _parameter(parts.query, passcode) if passcode else None

    return read


_JOIN: Final = re.compile(r"^/l/meetup-join/(?P<id>[^/].*?)/?$")
_MEET: Final = re.compile(r"^/meet/(?P<id>[0-9A-Za-z]+)/?$")
_FRAGMENT: Final = re.compile(r"^/?(?P<path>/(?:l/meetup-join|meet)/[^?]+)(?:\?(?P<query>.*))?$")


def _teams(parts: SplitResult) -> _Found | None:
    """Teams: the classic join link, the short one, both in a fragment, both behind a launcher."""
    if parts.path.endswith("/launcher.html"):
        inner = _parameter(parts.query, "url") or ""
        target = urlsplit(inner)
        if target.netloc or target.scheme:
            return None
        parts = target
    inside = _FRAGMENT.match(parts.fragment)
    if inside is not None and parts.path in ("", "/", "/_", "/v2", "/v2/"):
        parts = parts._replace(path=inside["path"], query=inside["query"] or "")
    found = _JOIN.match(parts.path) or _MEET.match(parts.path)
    return None if found is None else (found["id"], _parameter(parts.query, "p"))


def _webex(parts: SplitResult) -> _Found | None:
    """Webex: personal rooms, join links, the older `j.php`, and what its web client shows."""
    if parts.path.endswith("/j.php"):
        number = _parameter(parts.query, "MTID")
        return None if number is None else (number, None)
    found = re.match(r"^(?:/[^/]+)?/(?:meet|join)/(?P<id>[^/]+)/?$", parts.path) or re.match(
        r"^/(?:wbxmjs/joinservice|webappng)/sites/[^/]+/(?:meeting/(?:download|info)|dashboard/pmr)/"
        r"(?P<id>[^/]+)/?$",
        parts.path,
    )
    return None if found is None else (found["id"], _parameter(parts.query, "pwd"))


def _zoom(parts: SplitResult) -> _Found | None:
    """Zoom: by number, by personal name, and the web client's own form."""
    found = re.match(
        r"^/(?:(?:j|w|s|wc/join)/(?P<number>\d+)|wc/(?P<wc>\d+)/(?:join|start)|my/(?P<name>[^/]+))/?$",
        parts.path,
    )
    if found is None:
        return None
    if found["name"]:
        return f"my/{found['name'].lower()}", _parameter(parts.query, "pwd")
    return found["number"] or found["wc"], _parameter(parts.query, "pwd")


_google = _first(r"^/(?!(?:lookup|new|landing)(?:/|$))(?P<id>[A-Za-z0-9][A-Za-z0-9_-]{2,99})/?$")

_TABLE: Final[tuple[tuple[Platform, tuple[str, ...], _Reader], ...]] = (
    (
        Platform.TEAMS,
        (
            "teams.microsoft.com",
            "teams.live.com",
            "teams.cloud.microsoft",
            "gov.teams.microsoft.us",
            "dod.teams.microsoft.us",
        ),
        _teams,
    ),
    (Platform.ZOOM, ("*.zoom.us", "*.zoom.com", "*.zoomgov.com"), _zoom),
    (Platform.GOOGLE_MEET, ("meet.google.com",), _google),
    (Platform.WEBEX, ("*.webex.com",), _webex),
)
"""Platform, its hosts, and what reads the meeting out of a link."""

NAMES: Final[Mapping[Platform, str]] = {
    Platform.ROOMTONE: "this server",
    Platform.TEAMS: "Microsoft Teams",
    Platform.ZOOM: "Zoom",
    Platform.GOOGLE_MEET: "Google Meet",
    Platform.WEBEX: "Webex",
    Platform.OTHER: "The meeting's site",
}
"""For sentences."""
