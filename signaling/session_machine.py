"""The life of one Session as data: from the first Connection to the end of the keep-alive."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

from signaling.commands import AnnounceSession, CloseEverybody, Discard, SessionCommand, WakeAt
from signaling.errors import IllegalTransitionError
from signaling.events import AlarmWent, EndRequested, PresenceChanged, SessionEvent
from signaling.model import EndReason, SessionState
from signaling.ports import RtcTimers

S = SessionState


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where an event leads, and what is to be done on the way."""

    then: SessionState
    commands: tuple[SessionCommand, ...] = ()
    reason: EndReason | None = None


class SessionMachine:
    """Decides; never acts.

    Args:
        timers: Of which `keep_alive` counts here.

    Attributes:
        state: Where the Session stands.
    """

    def __init__(self, timers: RtcTimers) -> None:
        self.timers = timers
        self.state = S.PENDING
        self.expires_at = 0.0
        self.waiting = 0

    def handle(self, event: SessionEvent, at: float) -> list[SessionCommand]:
        """Take one event, move, and return what is to be done, in order.

        Args:
            event: What happened.
            at: Monotonic seconds, never less than at the call before.

        Raises:
            IllegalTransitionError: TABLE has no row for this state and event; nothing changed.
        """
        move = TABLE.get((self.state, type(event)))
        if move is None:
            raise IllegalTransitionError(self.state, event)
        outcome = move.act(self, event, at)
        if outcome.then is self.state:
            return list(outcome.commands)
        before, self.state = self.state, outcome.then
        if outcome.then is S.ENDED and before is S.PENDING:
            return [*outcome.commands, Discard()]
        return [*outcome.commands, AnnounceSession(outcome.then, outcome.reason)]


E = TypeVar("E", bound=SessionEvent)
Action: TypeAlias = Callable[[SessionMachine, E, float], Outcome]


@dataclass(frozen=True, slots=True)
class Move:
    """A row of the table: the states that the action may choose, and the action."""

    targets: tuple[SessionState, ...]
    act: Action[SessionEvent]


Row: TypeAlias = tuple[tuple[SessionState, type[object]], Move]


def _row(
    state: SessionState, event: type[E], targets: tuple[SessionState, ...], act: Action[E]
) -> Row:
    # mypy has matched E by now
    return (state, event), Move(targets, cast("Action[SessionEvent]", act))


def _nothing(machine: SessionMachine, _event: SessionEvent, _at: float) -> Outcome:
    return Outcome(machine.state)


def _first(_machine: SessionMachine, event: PresenceChanged, _at: float) -> Outcome:
    if event.live:
        return Outcome(S.LIVE)
    if event.waiting or event.bots:
        return Outcome(S.PENDING)
    return Outcome(S.ENDED)


def _emptied(machine: SessionMachine, event: PresenceChanged, at: float) -> Outcome:
    machine.waiting = event.waiting
    if event.live:
        return Outcome(S.LIVE)
    machine.expires_at = at + machine.timers.keep_alive
    return Outcome(S.KEEP_ALIVE, (WakeAt(machine.expires_at),))


def _returned(machine: SessionMachine, event: PresenceChanged, at: float) -> Outcome:
    machine.waiting = event.waiting
    if event.live:
        return Outcome(S.LIVE, (WakeAt(None),))
    return _expired(machine, at)


def _alarm(machine: SessionMachine, _event: AlarmWent, at: float) -> Outcome:
    return _expired(machine, at)


def _expired(machine: SessionMachine, at: float) -> Outcome:
    if at < machine.expires_at:
        return Outcome(S.KEEP_ALIVE, (WakeAt(machine.expires_at),))
    if machine.waiting:
        # somebody is at the door: their own timer ends this wait
        return Outcome(S.KEEP_ALIVE, (WakeAt(None),))
    commands = (WakeAt(None), CloseEverybody(EndReason.EMPTY))
    return Outcome(S.ENDED, commands, EndReason.EMPTY)


def _end(_machine: SessionMachine, event: EndRequested, _at: float) -> Outcome:
    return Outcome(S.ENDED, (WakeAt(None), CloseEverybody(event.reason)), event.reason)


TABLE: Mapping[tuple[SessionState, type[object]], Move] = dict(
    [
        _row(S.PENDING, PresenceChanged, (S.PENDING, S.LIVE, S.ENDED), _first),
        _row(S.PENDING, EndRequested, (S.ENDED,), _end),
        _row(S.LIVE, PresenceChanged, (S.LIVE, S.KEEP_ALIVE), _emptied),
        _row(S.LIVE, EndRequested, (S.ENDED,), _end),
        _row(S.KEEP_ALIVE, PresenceChanged, (S.KEEP_ALIVE, S.LIVE, S.ENDED), _returned),
        _row(S.KEEP_ALIVE, EndRequested, (S.ENDED,), _end),
        _row(S.KEEP_ALIVE, AlarmWent, (S.KEEP_ALIVE, S.ENDED), _alarm),
        _row(S.ENDED, PresenceChanged, (S.ENDED,), _nothing),
        _row(S.ENDED, EndRequested, (S.ENDED,), _nothing),
        _row(S.ENDED, AlarmWent, (S.ENDED,), _nothing),
        _row(S.LIVE, AlarmWent, (S.LIVE,), _nothing),
    ]
)
