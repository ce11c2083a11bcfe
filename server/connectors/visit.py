"""One visit to a foreign meeting: what each look at the page means, and what to do next. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from server.connectors.links import NAMES
from server.connectors.look import Look
from server.connectors.port import (
    Admitted,
    BotEnd,
    ConnectorEvent,
    Denied,
    Ended,
    Failed,
    FailureCode,
    Lobby,
    PersonJoined,
    PersonLeft,
    PersonRenamed,
)
from server.connectors.recipe import Recipe, Sign

STEP_SECONDS: Final = 2.0
"""A step that did not help is not taken again sooner: pages answer a click late."""
GONE_LOOKS: Final = 6
"""Looks without somebody after which they have left: lists are drawn anew all the time."""

_End: TypeAlias = Denied | Ended | Failed


@dataclass(frozen=True, slots=True)
class VisitLimits:
    """How long a page may take, in seconds.

    Attributes:
        join: From opening it until it shows where the bot stands.
        media_lost: In the meeting without any connection for sound.
    """

    join: float = 60.0
    media_lost: float = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look meant.

    Attributes:
        events: What happened, in order.
        steps: Steps to take now, by their place in the recipe.
        end: Why the visit is over; None while it is not.
    """

    events: tuple[ConnectorEvent, ...] = ()
    steps: tuple[int, ...] = ()
    end: _End | None = None


_OUT: Final = {Sign.REMOVED: BotEnd.REMOVED, Sign.ENDED: BotEnd.MEETING_ENDED}
_REFUSED: Final = {
    Sign.ENDED: (FailureCode.MEETING_NOT_FOUND, "{name} says that the meeting is over."),
    Sign.NOT_FOUND: (FailureCode.MEETING_NOT_FOUND, "{name} knows no such meeting."),
    Sign.LOGIN: (FailureCode.LOGIN_REQUIRED, "The meeting takes signed-in people only."),
    Sign.CAPTCHA: (FailureCode.BLOCKED_BY_CAPTCHA, "The page asks for a proof of being human."),
}


class Visit:
    """Follows a page from opening it to the end.

    Args:
        recipe: What the page looks like.
        limits: How long it may take.
        at: When it was opened; times are seconds of the monotonic clock.

    Attributes:
        inside: The bot is in the meeting.
    """

    def __init__(self, recipe: Recipe, limits: VisitLimits, at: float) -> None:
        self.inside = False
        self._recipe = recipe
        self._limits = limits
        self._name = NAMES[recipe.platform]
        self._waits = False
        self._known_at = at
        self._media_at = at
        self._had_media = False
        self._people: dict[str, str] = {}
        self._missing: Counter[str] = Counter()
        self._taken: Counter[int] = Counter()
        self._taken_at: dict[int, float] = {}

    def see(self, look: Look, at: float) -> Seen:
        """Take in one look."""
        end = self._final(look)
        if end is not None:
            return Seen(end=end)
        events: list[ConnectorEvent] = []
        if Sign.INSIDE in look.signs:
            self._known_at = at
            if not self.inside:
                self.inside, self._media_at = True, at
                events.append(Admitted())
            events += self._roster(look.people)
        elif Sign.LOBBY in look.signs and not self.inside:
            self._known_at = at
            if not self._waits:
                self._waits = True
                events.append(Lobby())
        return Seen(tuple(events), self._steps(look, at), self._overdue(look, at))

    # Inside

    def _final(self, look: Look) -> _End | None:
        """What the page says for good; inside, a question on it is no refusal any more."""
        if self.inside:
            return next((Ended(end) for sign, end in _OUT.items() if sign in look.signs), None)
        if look.signs & {Sign.DENIED, Sign.REMOVED}:
            return Denied("Somebody in the meeting refused to let the bot in.")
        for sign, (code, text) in _REFUSED.items():
            if sign in look.signs:
                return Failed(code, text.format(name=self._name))
        return None

    def _overdue(self, look: Look, at: float) -> Failed | None:
        """What took too long."""
        if not self.inside:
            if self._waits or at - self._known_at < self._limits.join:
                return None
            text = f"The page showed no way into the meeting within {self._limits.join:g} s."
            return Failed(FailureCode.JOIN_FAILED, text, transient=True)
        if "connected" in look.peers or (not self._had_media and not self._people):
            self._had_media = self._had_media or "connected" in look.peers
            self._media_at = at
        lost = at - max(self._media_at, 0.0)
        if lost >= self._limits.media_lost:
            text = f"The page had no connection to the meeting for {self._limits.media_lost:g} s."
            return Failed(FailureCode.MEDIA_TIMEOUT, text)
        if at - self._known_at >= self._limits.media_lost:
            text = f"The page did not show the meeting for {self._limits.media_lost:g} s."
            return Failed(FailureCode.MEDIA_TIMEOUT, text)
        return None

    def _steps(self, look: Look, at: float) -> tuple[int, ...]:
        """What can be done now, was not done often enough, and not just before."""
        due: list[int] = []
        for index in look.steps:
            if not 0 <= index < len(self._recipe.steps):
                continue
            if self._taken[index] >= self._recipe.steps[index].times:
                continue
            if at - self._taken_at.get(index, -STEP_SECONDS) >= STEP_SECONDS:
                self._taken[index] += 1
                self._taken_at[index] = at
                due.append(index)
        return tuple(due)

    def _roster(self, people: Mapping[str, str]) -> list[ConnectorEvent]:
        events: list[ConnectorEvent] = []
        for who, name in people.items():
            self._missing[who] = 0
            if who not in self._people:
                events.append(PersonJoined(who, name))
            elif self._people[who] != name:
                events.append(PersonRenamed(who, name))
            self._people[who] = name
        for who in [one for one in self._people if one not in people]:
            self._missing[who] += 1
            if self._missing[who] >= GONE_LOOKS:
                del self._people[who], self._missing[who]
                events.append(PersonLeft(who))
        return events
