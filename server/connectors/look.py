"""What a foreign page shows at one moment; it says so itself, so it is distrusted. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from server.connectors.recipe import Sign
from server.services.text import MAX_NAME, tidy

PEOPLE: Final = 1000
"""People taken of one page; as many as a meeting here may have."""
TRACKS: Final = 100
LONGEST_ID: Final = 256


@dataclass(frozen=True, slots=True)
class HeardTrack:
    """An audio track that the page receives.

    Attributes:
        id: The page's name of it, by the frame it is in.
        sounding: Somebody was heard on it since the last look.
        source: Its one contributing source (RFC 3550, CSRC); None where there is none.
    """

    id: str
    sounding: bool = False
    source: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One moment of a page.

    Attributes:
        signs: What it shows of where the bot stands.
        steps: Which of the recipe's steps can be taken, by their place in it.
        people: Names by id, the bot excluded.
        lit: Who is shown as speaking.
        owners: Whose a track is, by its id, where the page says so.
        peers: States of its peer connections (W3C `RTCPeerConnectionState`).
        publications: The same of what is published to the mirror, by key.
    """

    signs: frozenset[Sign] = frozenset()
    steps: tuple[int, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    lit: frozenset[str] = frozenset()
    owners: Mapping[str, str] = field(default_factory=dict)
    tracks: tuple[HeardTrack, ...] = ()
    peers: tuple[str, ...] = ()
    publications: Mapping[str, str] = field(default_factory=dict)


def read_look(shown: object, heard: object) -> Look:
    """A look of what the page's two functions answered; what makes no sense is left out.

    Args:
        shown: Of `look.js`.
        heard: Of `capture.js`, all frames together.
    """
    page, sound = _object(shown), _object(heard)
    people = {
        _text(one.get("id"), LONGEST_ID): _name(one.get("name"))
        for one in map(_object, _list(page.get("people"))[:PEOPLE])
    }
    people = {key: name for key, name in people.items() if key and name}
    return Look(
        signs=frozenset(sign for sign in Sign if sign.value in _list(page.get("signs"))),
        steps=tuple(one for one in _list(page.get("steps")) if isinstance(one, int)),
        people=people,
        lit=frozenset(
            one for one in _list(page.get("lit")) if isinstance(one, str) and one in people
        ),
        owners=_texts(page.get("owners")),
        tracks=tuple(_track(_object(one)) for one in _list(sound.get("tracks"))[:TRACKS]),
        peers=tuple(_text(one, 20) for one in _list(sound.get("peers"))[:TRACKS]),
        publications=_texts(sound.get("publications")),
    )


# Inside


def _track(one: Mapping[str, object]) -> HeardTrack:
    source = one.get("source")
    return HeardTrack(
        _text(one.get("id"), LONGEST_ID),
        one.get("sounding") is True,
        source if isinstance(source, int) else None,
    )


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object, limit: int) -> str:
    """A string that can be stored: half of a character (a lone surrogate) is not one."""
    if not isinstance(value, str):
        return ""
    return value[:limit].encode(errors="ignore").decode()


def _name(value: object) -> str:
    return tidy(_text(value, 2 * MAX_NAME))[:MAX_NAME]


def _texts(value: object) -> dict[str, str]:
    pairs = list(_object(value).items())[:PEOPLE]
    return {_text(k, LONGEST_ID): _text(v, LONGEST_ID) for k, v in pairs if isinstance(v, str)}
