"""When a bot has waited long enough, for whom, and how long it may stay. Pure."""

from dataclasses import dataclass

from server.connectors.port import BotEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class BotLimits:
    """How long bots wait, in seconds; the settings `bots` have the defaults.

    Attributes:
        silence_armed: From being let in until silence counts.
    """

    waiting_room: float
    nobody_joined: float
    everyone_left: float
    silence: float
    silence_armed: float
    longest: float


class BotTimers:
    """The deadlines of one attempt; times are seconds of the monotonic clock.

    Args:
        limits: How long.
    """

    def __init__(self, limits: BotLimits) -> None:
        self._limits = limits
        self._lobby_at: float | None = None
        self._in_at: float | None = None
        self._alone_at: float | None = None
        self._quiet_at: float | None = None
        self._people = 0
        self._met = False

    def waits_in_lobby(self, at: float) -> None:
        """It waits to be let in."""
        if self._lobby_at is None:
            self._lobby_at = at

    def admitted(self, at: float) -> None:
        """It is in."""
        self._lobby_at = None
        self._in_at = self._alone_at = self._quiet_at = at

    def person_joined(self) -> None:
        """Somebody is there."""
        self._people += 1
        self._met = True
        self._alone_at = None

    def person_left(self, at: float) -> None:
        """Somebody is gone."""
        self._people = max(0, self._people - 1)
        if not self._people:
            self._alone_at = at

    def sound(self, at: float, *, sounding: bool) -> None:
        """Somebody speaks, or nobody does any more."""
        self._quiet_at = None if sounding else at

    def next(self) -> tuple[float, BotEnd | None] | None:
        """The next deadline and what it means; None for the reason means the waiting room's."""
        limits = self._limits
        if self._lobby_at is not None:
            return self._lobby_at + limits.waiting_room, None
        if self._in_at is None:
            return None
        ends = [(self._in_at + limits.longest, BotEnd.MAX_DURATION)]
        if self._alone_at is not None:
            pause = limits.everyone_left if self._met else limits.nobody_joined
            reason = BotEnd.EVERYONE_LEFT if self._met else BotEnd.NOBODY_JOINED
            ends.append((self._alone_at + pause, reason))
        if self._quiet_at is not None and self._people:
            begun = max(self._quiet_at, self._in_at + limits.silence_armed)
            ends.append((begun + limits.silence, BotEnd.SILENCE))
        return min(ends)
