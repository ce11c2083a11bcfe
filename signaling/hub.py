"""All live Sessions of this process: who is admitted where, and what concerns everybody."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, Literal, TypeAlias

from media.clock import Clock
from media.errors import MediaError
from media.tasks import OnError, TaskScope
from media.types import ConnectionSpec, MediaKind, TrackSource
from signaling.connection import LiveConnection
from signaling.context import Context
from signaling.doors import Doors, Visit
from signaling.driver import Schedule, loop_schedule
from signaling.entry import Entry
from signaling.errors import RefusalKind, Refused
from signaling.events import LetIn
from signaling.ids import new_id
from signaling.log import SessionLog
from signaling.member import Member
from signaling.messages import ClientMessage
from signaling.model import (
    CaptionLine,
    CaptionsNotice,
    EndReason,
    Meeting,
    Participant,
    Permissions,
    RecordingNotice,
    Role,
    Visitor,
    Waits,
)
from signaling.outbox import Outbox
from signaling.ports import (
    Admission,
    CaptionControl,
    Gate,
    JoinRequest,
    MediaEngine,
    RecordingControl,
    SessionWatcher,
)
from signaling.recent import RecentIds
from signaling.requests import take
from signaling.session import LiveSession
from signaling.settings import SignalingSettings

Attend: TypeAlias = Callable[[Visit], Awaitable[None]]
"""Serves a client while it waits at the door, until that is decided or the client is gone."""

_LOG = logging.getLogger("roomtone.signaling")

# Ended sessions whose recordings still change state; a recording is ready within minutes.
ENDED_KEPT: Final = 256
# Sessions that left no history, so that nothing continues them.
IDS_KEPT: Final = 16384
# How long the engine may take to close every connection when the server stops.
STOP_SECONDS: Final = 5.0


class LiveSessions:
    """The control plane's door for endpoints and services. Every call is on the event loop.

    The engine's room of a Session is named by the Session's id.

    Args:
        engine: The media plane.
        gate: Who may come in.
        log: Where facts go.
        clock: What time it is.
        settings: How meetings are run.
        on_error: Who hears of bugs, by name.
        schedule: Who rings alarms; the running event loop by default.

    Attributes:
        draining: Nobody is admitted any more.
    """

    def __init__(  # noqa: PLR0913  (the composition root hands in one thing of each kind)
        self,
        engine: MediaEngine,
        gate: Gate,
        log: SessionLog,
        clock: Clock,
        settings: SignalingSettings,
        on_error: OnError,
        *,
        schedule: Schedule | None = None,
    ) -> None:
        self.draining = False
        alarms = schedule or loop_schedule(clock)
        self._context = Context(
            engine=engine,
            gate=gate,
            log=log,
            clock=clock,
            schedule=alarms,
            doors=Doors(clock, alarms, settings.waiting_seconds, self._door_changed),
            scope=TaskScope(on_error),
            on_error=on_error,
            settings=settings,
        )
        self._sessions: dict[str, LiveSession] = {}
        self._ended: OrderedDict[str, LiveSession] = OrderedDict()
        self._discarded = RecentIds(IDS_KEPT)

    @property
    def settings(self) -> SignalingSettings:
        """How meetings are run."""
        return self._context.settings

    @property
    def recordings(self) -> RecordingControl | None:
        """Who records; set by the composition root."""
        return self._context.recordings

    @recordings.setter
    def recordings(self, recordings: RecordingControl | None) -> None:
        self._context.recordings = recordings

    @property
    def watcher(self) -> SessionWatcher | None:
        """Who acts on the turns of a session; set by the composition root."""
        return self._context.watcher

    @watcher.setter
    def watcher(self, watcher: SessionWatcher | None) -> None:
        self._context.watcher = watcher

    @property
    def captions(self) -> CaptionControl | None:
        """Who makes captions; set by the composition root."""
        return self._context.captions

    @captions.setter
    def captions(self, captions: CaptionControl | None) -> None:
        self._context.captions = captions

    def session(self, meeting_id: str) -> LiveSession | None:
        """The meeting's session that has not ended, pending ones too."""
        return self._sessions.get(meeting_id)

    def sessions(self) -> Iterator[LiveSession]:
        """Every session that has not ended."""
        return iter(tuple(self._sessions.values()))

    async def start(self) -> None:
        """Admit people."""
        self.draining = False

    async def stop(self) -> None:
        """Say goodbye to everybody, close every connection and end every session.

        When it returns the log is complete.
        """
        self.draining = True
        self._context.doors.close()
        for session in self.sessions():
            session.end(EndReason.SERVER_STOPPED)
        await self._context.scope.drain(STOP_SECONDS)
        await self._context.scope.close()

    async def join(  # noqa: PLR0913  (what a hello says, one by one)
        self,
        request: JoinRequest,
        *,
        protocol: str,
        outbox: Outbox,
        client_name: str | None = None,
        transport: Literal["new", "keep"] = "new",
        connection: str | None = None,
        only_participant: str | None = None,
        client: str | None = None,
        mix: bool = False,
        attend: Attend | None = None,
    ) -> LiveConnection:
        """Admit somebody and open a Connection, or keep the one that still works.

        Args:
            request: Who wants to join.
            protocol: `websocket`, `whip`, `whep` or a dialect's word.
            outbox: Where messages go, the welcome first.
            client_name: Opaque name chosen by a dialect's client.
            transport: `keep` asks to go on with `connection`; when it has ended a new one opens
                and the welcome says so.
            connection: Id of the connection to keep.
            only_participant: Fill slots from this participant alone.
            client: What the client's program calls itself, for timelines.
            mix: Hear everybody as one sound instead of the loudest in slots of their own.
            attend: Serves the client while it waits at the door; None when it cannot wait.

        Raises:
            Refused: What the gate refuses; `server_draining`, `kicked`, `meeting_full`,
                `media_unavailable`, `waiting_room` when the client cannot wait, and what
                `signaling.doors.Visit.want_admitted` refuses.
        """
        self._refuse_draining()
        admission = await self._context.gate.admit(request)
        self._refuse_unwanted(admission)
        if self._must_wait(admission):
            admission = await self._wait(admission, outbox, attend)
            self._refuse_unwanted(admission)
        session = self._sessions.get(admission.meeting.id)
        if session is not None:
            session.meeting = admission.meeting
        member = None if session is None else self._returning(session, admission)
        if session is not None and member is not None and transport == "keep":
            live = member.connections.get(connection or member.newest.id)
            if live is not None:
                session.keep(member, live, admission, outbox)
                return live
        self._refuse_full(session, member, admission)
        if session is None:
            session = self._open(admission)
        elif admission.resumed_session_id is not None and member is None:
            self._continue(session, admission)
        known = None if member is None else member.participant.id
        participant_id = known or self._fresh_id(session, admission)
        entry = Entry(protocol, client_name, only_participant, client, mix)
        try:
            live = session.join(admission, participant_id, entry, outbox)
        except MediaError as error:
            session.settle()
            raise Refused(RefusalKind.UNAVAILABLE, "media_unavailable", str(error)) from error
        self._let_known_in(session)
        return live

    def admit_bot(self, meeting_id: str, name: str, role: Role = Role.OBSERVER) -> Participant:
        """Seat a program of this process in the meeting's running session.

        Args:
            meeting_id: Which meeting.
            name: As others see it.
            role: An observer may not speak.

        Raises:
            Refused: `no_active_session`, `meeting_full`, `server_draining`.
        """
        self._refuse_draining()
        session = self._sessions.get(meeting_id)
        if session is None:
            raise Refused(RefusalKind.NOT_FOUND, "no_active_session", "Nobody is in this meeting.")
        self._refuse_crowd(session, session.meeting)
        return session.admit_bot(name, role)

    def give_microphone(self, bot: Participant) -> ConnectionSpec:
        """Let a seated bot speak.

        Returns:
            What the engine publishes it as.

        Raises:
            Refused: `participant_not_found` when the bot is gone.
        """
        session = self._sessions.get(bot.meeting_id)
        spec = None if session is None else session.give_microphone(bot)
        if spec is None:
            raise Refused(
                RefusalKind.NOT_FOUND, "participant_not_found", "The bot has left the session."
            )
        return spec

    def dismiss_bot(self, bot: Participant) -> None:
        """Take a bot out again; nothing happens when it is gone."""
        session = self._sessions.get(bot.meeting_id)
        if session is not None:
            session.dismiss_bot(bot.id, EndReason.LEFT)

    def on_sound(self, callback: Callable[[str, bool], None]) -> Callable[[], None]:
        """Call back with a meeting's id when somebody speaks (True) and when nobody does (False).

        Returns how to stop that.
        """
        self._context.sound.append(callback)
        return lambda: self._context.sound.remove(callback)

    def receive(self, live: LiveConnection, message: ClientMessage) -> None:
        """Do what a client's message asks; after the connection's end nothing happens."""
        if not live.record.state.final:
            take(live, message, self._context)

    async def end_meeting(self, meeting_id: str, by: str | None) -> None:
        """End the meeting's session for all.

        Args:
            meeting_id: Which meeting.
            by: Participant or key that asked, for the log of the caller.

        Raises:
            Refused: `no_active_session`.
        """
        session = self._sessions.get(meeting_id)
        if session is None:
            raise Refused(RefusalKind.NOT_FOUND, "no_active_session", "Nobody is in this meeting.")
        _LOG.info("session ended for all", extra={"session": session.id, "by": by})
        session.end(EndReason.MEETING_ENDED)

    async def kick(self, participant_id: str, by: str | None, *, for_good: bool = True) -> None:
        """Remove somebody, who cannot come back with the same token unless `for_good` is False.

        Raises:
            Refused: `participant_not_found`.
        """
        session, member = self._find(participant_id)
        session.kick(member, by, for_good=for_good)

    def permit(self, invitation_id: str, permissions: Permissions) -> int:
        """Change what everybody who came by an invitation may do; how many are present."""
        found = [
            (session, member)
            for session in self.sessions()
            for member in session.members()
            if member.participant.invitation_id == invitation_id
        ]
        for session, member in found:
            session.permit(member, permissions)
        meetings = {session.meeting.id for session, _ in found}
        meetings |= self._context.doors.permit(invitation_id, permissions)
        for session in self.sessions():
            if session.meeting.id in meetings:
                session.settle()  # a host may have appeared, or somebody who waits for one
        return len(found)

    # The door

    def visitors(self, meeting_id: str) -> list[Visitor]:
        """Who waits at the meeting's door, first come first."""
        return self._context.doors.visitors(meeting_id)

    def let_in(self, meeting_id: str, visitor_id: str | None, by: str | None) -> int:
        """Let somebody in, or everybody when None; how many.

        Raises:
            Refused: `not_found`.
        """
        return self._context.doors.let_in(meeting_id, visitor_id, by)

    def turn_away(self, meeting_id: str, visitor_id: str, by: str | None) -> None:
        """Say no to somebody who waits.

        Raises:
            Refused: `not_found`.
        """
        self._context.doors.turn_away(meeting_id, visitor_id, by)

    async def mute(
        self,
        participant_id: str,
        source: TrackSource | MediaKind,
        *,
        muted: bool,
        by: str | None,
    ) -> None:
        """Mute or release somebody's source, or every source of a kind.

        Raises:
            Refused: `participant_not_found`.
        """
        session, member = self._find(participant_id)
        wanted = [one for one in TrackSource if source in (one, one.kind)]
        for one in wanted:
            session.mute_by_host(member, one, muted=muted, by=by)

    def recording_changed(self, session_id: str, notice: RecordingNotice) -> None:
        """A recording of the session changed its state, perhaps after the session ended."""
        session = self._known(session_id)
        if session is not None:
            session.recording_changed(notice)

    def captions_changed(self, session_id: str, notice: CaptionsNotice) -> None:
        """Captions of the session began, ended, or cannot be had."""
        session = self._known(session_id)
        if session is not None:
            session.captions_changed(notice)

    def captioned(self, session_id: str, line: CaptionLine) -> None:
        """Something was said in the session, which may have ended meanwhile."""
        session = self._known(session_id)
        if session is not None:
            session.captioned(line)

    # Inside

    def _known(self, session_id: str) -> LiveSession | None:
        for session in self.sessions():
            if session.id == session_id:
                return session
        return self._ended.get(session_id)

    def _must_wait(self, admission: Admission) -> bool:
        """Whoever was in this session already, or in the one it continues, was let in then."""
        session = self._sessions.get(admission.meeting.id)
        if admission.waits is Waits.NO or (session is not None and _known(session, admission)):
            return False
        hosted = session is not None and session.hosted
        return not (hosted and admission.waits is Waits.UNTIL_HOST)

    async def _wait(self, admission: Admission, outbox: Outbox, attend: Attend | None) -> Admission:
        if attend is None:
            raise Refused(
                RefusalKind.FORBIDDEN, "waiting_room", "This meeting has people wait at its door."
            )
        visit = self._context.doors.knock(admission, outbox)
        try:
            await attend(visit)
        finally:
            visit.withdraw()
        return await self._context.gate.renew(visit.want_admitted())

    def _let_known_in(self, session: LiveSession) -> None:
        """People of the session that this one continues may have come before it was opened."""
        doors = self._context.doors
        visits = doors.visits(session.meeting.id)
        doors.decide([one for one in visits if _known(session, one.admission)], LetIn())

    def _door_changed(self, meeting_id: str) -> None:
        session = self._sessions.get(meeting_id)
        if session is not None:
            session.door_changed()

    def _refuse_unwanted(self, admission: Admission) -> None:
        self._refuse_draining()
        who = admission.participant_id
        if who is not None and who in self._context.kicked:
            raise Refused(RefusalKind.FORBIDDEN, "kicked", "A host removed you from the meeting.")

    def _refuse_draining(self) -> None:
        if self.draining:
            raise Refused(
                RefusalKind.UNAVAILABLE, "server_draining", "The server is about to stop."
            )

    def _refuse_full(
        self, session: LiveSession | None, member: Member | None, admission: Admission
    ) -> None:
        if member is None or not member.present:
            self._refuse_crowd(session, admission.meeting)

    @staticmethod
    def _refuse_crowd(session: LiveSession | None, meeting: Meeting) -> None:
        inside = 0 if session is None else sum(1 for _ in session.members())
        if inside >= meeting.max_participants:
            raise Refused(RefusalKind.TOO_MANY, "meeting_full", "The meeting is full.")

    def _returning(self, session: LiveSession, admission: Admission) -> Member | None:
        """The participant that somebody comes back as, None for a new one.

        A resume token always is the same person. A join token used twice is a second device while
        the first one works, and the same person come back when it does not.
        """
        if admission.participant_id is None:
            return None
        member = session.member(admission.participant_id)
        if member is None or admission.resumed_session_id is not None:
            return member
        return None if member.attended else member

    @staticmethod
    def _fresh_id(session: LiveSession, admission: Admission) -> str:
        """The token's participant id, so that its maker can tell who joined.

        A second device and somebody from an earlier session get an id of their own.
        """
        wanted = admission.participant_id
        if wanted is None or admission.resumed_session_id is not None:
            return new_id()
        return new_id() if session.member(wanted) is not None else wanted

    def _open(self, admission: Admission) -> LiveSession:
        earlier = admission.resumed_session_id
        continues = None if earlier is None or earlier in self._discarded else earlier
        session = LiveSession(admission.meeting, self._context, self._over, continues)
        self._sessions[admission.meeting.id] = session
        return session

    def _continue(self, session: LiveSession, admission: Admission) -> None:
        earlier = admission.resumed_session_id
        if earlier is not None and earlier != session.id and earlier not in self._discarded:
            session.continue_from(earlier)

    def _over(self, session: LiveSession) -> None:
        del self._sessions[session.meeting.id]
        if session.session.reason is EndReason.MEETING_ENDED:
            self._context.doors.dismiss(session.meeting.id, EndReason.MEETING_ENDED)
        if session.session.started_at is None:
            self._discarded.add(session.id)
            return
        self._ended[session.id] = session
        if len(self._ended) > ENDED_KEPT:
            self._ended.popitem(last=False)

    def _find(self, participant_id: str) -> tuple[LiveSession, Member]:
        for session in self.sessions():
            member = session.member(participant_id)
            if member is not None and member.present:
                return session, member
        raise Refused(
            RefusalKind.NOT_FOUND, "participant_not_found", "Nobody in a live session has this id."
        )


def _known(session: LiveSession, admission: Admission) -> bool:
    """Somebody comes back to the session, or to the one that a restart cut off."""
    earlier = admission.resumed_session_id
    return earlier is not None and earlier in (session.id, session.session.continues)
