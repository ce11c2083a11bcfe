"""What a meeting page of another site looks like, as data: marks, steps, people. Pure.

A recipe says how to know where the bot stands on a page and what to press next; it never acts.
Steps are not a sequence: on every look whatever can be done is done, so that a page that skips a
question, or asks one more, does not confuse it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from server.connectors.links import ParsedLink, Platform


class Sign(StrEnum):
    """Where the bot stands, by what the page shows."""

    INSIDE = "inside"
    LOBBY = "lobby"
    DENIED = "denied"
    REMOVED = "removed"
    ENDED = "ended"
    NOT_FOUND = "not_found"
    LOGIN = "login"
    CAPTCHA = "captcha"


class Do(StrEnum):
    """What a step does."""

    CLICK = "click"
    NAME = "name"


class Sound(StrEnum):
    """How a page receives sound.

    OWNED pages say whose each track is. A POOL gives its few tracks to whoever speaks, so that
    only the lit tile tells whose they are. MIXED is everybody on one track.
    """

    OWNED = "owned"
    POOL = "pool"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something visible on the page.

    Attributes:
        css: A selector.
        text: A regular expression, in any case, that the element's label, text, placeholder or
            title must match; empty takes any.
    """

    css: str
    text: str = ""

    def __post_init__(self) -> None:
        """Raise `re.error` for an expression that is none."""
        _ = re.compile(self.text)


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do wherever it can be done.

    Attributes:
        at: What to press or to fill.
        times: How often at most in one visit: a switch that does not take must not flap.
    """

    do: Do
    at: Mark
    times: int = 1


@dataclass(frozen=True, slots=True)
class Roster:
    """Where the page names people.

    Attributes:
        item: Selector of one person; several elements of one id are one person.
        name: Selector of the name inside it; empty takes the item itself.
        id: Attribute of the item that tells people of one name apart; empty takes the name.
        ignore: Items that are no people: the bot's own, other bots.
        ignore_text: A regular expression for the same.
        lit: What an item is, or has in it, while that person speaks; empty when the page never
            shows it.
    """

    item: str
    name: str = ""
    id: str = ""
    ignore: str = ""
    ignore_text: str = ""
    lit: str = ""


@dataclass(frozen=True, slots=True)
class Owners:
    """Media elements that say whose sound they play (`Sound.OWNED`).

    Attributes:
        css: The elements.
        attribute: Holds the person's id as the roster writes it.
    """

    css: str
    attribute: str


def as_given(link: ParsedLink) -> str:
    """The address of a page that is reached by the link itself."""
    return link.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that is known of one site's meeting page.

    Attributes:
        name: As the setting `bots.sites` writes it.
        version: The day of its last change.
        verified: What it was last seen working on, and when; no claim beyond that.
        frame: A regular expression for the address of the frame that holds the meeting; empty
            for the page itself.
        address: Where the browser goes for a link.
        leave: What to press to go, in order; what is not there is passed over.
    """

    name: str
    platform: Platform
    version: str
    verified: str
    sound: Sound
    signs: Mapping[Sign, tuple[Mark, ...]]
    steps: tuple[Step, ...]
    leave: tuple[Mark, ...] = ()
    roster: Roster | None = None
    owners: Owners | None = None
    frame: str = ""
    address: Callable[[ParsedLink], str] = field(default=as_given)

    def as_json(self) -> Mapping[str, object]:
        """What the page's own look needs of it."""
        roster, owners = self.roster, self.owners
        return MappingProxyType(
            {
                "signs": {k.value: [_mark(one) for one in v] for k, v in self.signs.items()},
                "steps": [_mark(step.at) for step in self.steps],
                "roster": None
                if roster is None
                else {
                    "item": roster.item,
                    "name": roster.name,
                    "id": roster.id,
                    "ignore": roster.ignore,
                    "ignoreText": roster.ignore_text,
                    "lit": roster.lit,
                },
                "owners": None
                if owners is None
                else {"css": owners.css, "attribute": owners.attribute},
            }
        )


def _mark(mark: Mark) -> dict[str, str]:
    return {"css": mark.css, "text": mark.text}
