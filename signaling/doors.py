"""Who waits at which meeting's door. A Visitor is no Participant: no Session, no fact, no media.

What a visitor waits for is decided by `signaling.visitor_machine`; a meeting needs no Session for
people to wait for it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, assert_never

from media.clock import Clock
from signaling.commands import AnnounceVisitor, VisitorCommand, WakeAt
from signaling.driver import Alarm, Schedule
from signaling.errors import RefusalKind, Refused
from signaling.events import (
    AlarmWent,
    Dismissed,
    HostPresent,
    Knocked,
    LetIn,
    Permitted,
    TurnedAway,
    VisitorEvent,
    WentAway,
)
from signaling.ids import new_id
from signaling.model import EndReason, Permissions, Visitor, VisitorState
from signaling.outbox import Outbox
from signaling.ports import Admission
from signaling.replies import Waiting
from signaling.views import meeting_view
from signaling.visitor_machine import VisitorMachine

_LOG = logging.getLogger("roomtone.signaling")

# Every change is told to every host as a whole list; beyond this a door is a queue that no host
# can work through, and most likely somebody's program.
WAITING_LIMIT: Final = 100

_REFUSALS: Final = {
    VisitorState.REFUSED: (RefusalKind.FORBIDDEN, "join_refused", "A host did not let you in."),
    VisitorState.TIMED_OUT: (RefusalKind.GONE, "wait_timed_out", "Nobody let you in in time."),
    VisitorState.GONE: (RefusalKind.GONE, "left", "You left before anybody let you in."),
}
_DISMISSALS: Final = {
    EndReason.REPLACED: (
        RefusalKind.CONFLICT,
        "replaced",
        "You asked to join again from another page or device.",
    ),
    EndReason.SERVER_STOPPED: (
        RefusalKind.UNAVAILABLE,
        "server_draining",
        "The server is about to stop.",
    ),
}
_ENDED: Final = (RefusalKind.GONE, "meeting_ended", "The meeting was ended for everybody.")


class Visit:
    """One wait at work: feeds its machine and performs what it decides.

    Args:
        admission: Who waits; the gate has let them as far as the door.
        outbox: Where the visitor is told.
        doors: Whose door.
        clock: What time it is.
        schedule: Who rings the alarm.
        seconds: How long the wait may last.

    Attributes:
        record: The Visitor as the model knows it.
        admission: Changes with the invitation while they wait.
    """

    def __init__(
        self,
        admission: Admission,
        outbox: Outbox,
        doors: "Doors",
        clock: Clock,
        schedule: Schedule,
        seconds: float,
    ) -> None:
        self.admission = admission
        self.record = Visitor(
            id=new_id(),
            meeting_id=admission.meeting.id,
            name=admission.name,
            state=VisitorState.WAITING,
            since=clock.utc(),
            user_id=admission.user_id,
        )
        self._doors = doors
        self._outbox = outbox
        self._clock = clock
        self._machine = VisitorMachine(admission.waits, seconds)
        self._alarm = Alarm(schedule, lambda: self.post(AlarmWent()))
        self._decision: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def begin(self) -> None:
        """Tell the visitor to wait."""
        self._outbox.send(
            Waiting(
                meeting=meeting_view(self.admission.meeting),
                name=self.record.name,
                seconds=self._machine.seconds,
            )
        )
        self.post(Knocked())

    async def decided(self) -> None:
        """Return when the wait is over, however it ended."""
        await self._decision

    def want_admitted(self) -> Admission:
        """What the visitor comes in with.

        Raises:
            Refused: `join_refused`, `wait_timed_out`, `meeting_ended`, `replaced`,
                `server_draining`, `left`.
        """
        if self.record.state is VisitorState.ADMITTED:
            return self.admission
        refusal = _REFUSALS.get(self.record.state)
        if refusal is None:
            reason = self.record.reason or EndReason.MEETING_ENDED
            refusal = _DISMISSALS.get(reason, _ENDED)
        raise Refused(*refusal)

    def withdraw(self) -> None:
        """The visitor's client is gone; nothing happens after a decision."""
        self.post(WentAway())

    def permit(self, permissions: Permissions) -> None:
        """The invitation grants something else now."""
        self.admission = replace(self.admission, permissions=permissions)
        self.post(Permitted(self.admission.waits))

    def post(self, event: VisitorEvent) -> None:
        """Handle an event now."""
        for command in self._machine.handle(event, self._clock.monotonic()):
            self._perform(command)

    def _perform(self, command: VisitorCommand) -> None:
        match command:
            case WakeAt(when):
                self._alarm.set(when)
            case AnnounceVisitor(state, reason):
                self.record = replace(self.record, state=state, reason=reason)
                self._doors.left(self)
                if not self._decision.done():
                    self._decision.set_result(None)
            case _:
                assert_never(command)


class Doors:
    """The doors of all meetings of this process. Every call is on the event loop.

    Args:
        clock: What time it is.
        schedule: Who rings alarms.
        seconds: How long somebody may wait.
        changed: Called with a meeting's id whenever somebody came to its door or went from it.
    """

    def __init__(
        self, clock: Clock, schedule: Schedule, seconds: float, changed: Callable[[str], None]
    ) -> None:
        self._clock = clock
        self._schedule = schedule
        self._seconds = seconds
        self._changed = changed
        self._doors: dict[str, dict[str, Visit]] = {}
        self._telling = True

    def visits(self, meeting_id: str) -> list[Visit]:
        """Everybody at a meeting's door, first come first."""
        return list(self._doors.get(meeting_id, {}).values())

    def visitors(self, meeting_id: str) -> list[Visitor]:
        """The same as records."""
        return [visit.record for visit in self.visits(meeting_id)]

    def knock(self, admission: Admission, outbox: Outbox) -> Visit:
        """Somebody comes to a door; the same token on another page takes the earlier place.

        Raises:
            Refused: `meeting_full` when too many wait already.
        """
        meeting_id = admission.meeting.id
        for earlier in self.visits(meeting_id):
            same = earlier.admission.participant_id
            if same is not None and same == admission.participant_id:
                earlier.post(Dismissed(EndReason.REPLACED))
        door = self._doors.setdefault(meeting_id, {})
        if len(door) >= WAITING_LIMIT:
            raise Refused(RefusalKind.TOO_MANY, "meeting_full", "Too many people wait at the door.")
        visit = Visit(admission, outbox, self, self._clock, self._schedule, self._seconds)
        door[visit.record.id] = visit
        visit.begin()
        _LOG.info("visitor waits", extra={"meeting": meeting_id, "visitor": visit.record.id})
        self._changed(meeting_id)
        return visit

    def let_in(self, meeting_id: str, visitor_id: str | None, by: str | None) -> int:
        """Let somebody in, or everybody when None; how many.

        Raises:
            Refused: `not_found`.
        """
        found = self._found(meeting_id, visitor_id)
        for visit in found:
            _log_decision("visitor let in", visit, by)
        self.decide(found, LetIn())
        return len(found)

    def turn_away(self, meeting_id: str, visitor_id: str, by: str | None) -> None:
        """Say no to somebody.

        Raises:
            Refused: `not_found`.
        """
        found = self._found(meeting_id, visitor_id)
        for visit in found:
            _log_decision("visitor turned away", visit, by)
        self.decide(found, TurnedAway())

    def host_present(self, meeting_id: str) -> None:
        """Somebody who may admit is in the meeting."""
        self.decide(self.visits(meeting_id), HostPresent())

    def permit(self, invitation_id: str, permissions: Permissions) -> set[str]:
        """Change what everybody who waits by an invitation may do; at which meetings' doors."""
        found = [
            visit
            for meeting_id in self._doors
            for visit in self.visits(meeting_id)
            if visit.admission.invitation_id == invitation_id
        ]
        for visit in found:
            visit.permit(permissions)
        return {visit.record.meeting_id for visit in found}

    def dismiss(self, meeting_id: str, reason: EndReason) -> None:
        """Nobody needs to wait at this door any more."""
        self.decide(self.visits(meeting_id), Dismissed(reason))

    def decide(self, visits: Sequence[Visit], event: VisitorEvent) -> None:
        """The same event for several visits of one meeting, whose change is told once.

        Told each time, n visitors would be n² lines to every host.
        """
        self._telling = False
        try:
            for visit in visits:
                visit.post(event)
        finally:
            self._telling = True
        gone = next((visit for visit in visits if visit.record.state.final), None)
        if gone is not None:
            self._changed(gone.record.meeting_id)

    def close(self) -> None:
        """The server stops."""
        for meeting_id in tuple(self._doors):
            self.dismiss(meeting_id, EndReason.SERVER_STOPPED)

    def left(self, visit: Visit) -> None:
        """A wait was decided."""
        meeting_id = visit.record.meeting_id
        door = self._doors[meeting_id]
        del door[visit.record.id]
        if not door:
            del self._doors[meeting_id]
        if self._telling:
            self._changed(meeting_id)

    def _found(self, meeting_id: str, visitor_id: str | None) -> list[Visit]:
        if visitor_id is None:
            return self.visits(meeting_id)
        visit = self._doors.get(meeting_id, {}).get(visitor_id)
        if visit is None:
            raise Refused(RefusalKind.NOT_FOUND, "not_found", "Nobody who waits has this id.")
        return [visit]


def _log_decision(what: str, visit: Visit, by: str | None) -> None:
    record = visit.record
    _LOG.info(what, extra={"meeting": record.meeting_id, "visitor": record.id, "by": by})
