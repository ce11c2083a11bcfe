"""The native connector: a bot in a meeting of this very server, without a peer connection.

It sits in the roster by name, hears nothing itself and has every speaker recorded encoded, so that
it costs no decoding. A meeting without a running session admits it too: it waits for people.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Final

from media.tasks import OnError, TaskScope
from server.connectors.links import ParsedLink, Platform
from server.connectors.port import (
    LEAVE_SECONDS,
    Admitted,
    Availability,
    BotEnd,
    BotIdentity,
    ConnectorEvent,
    Denied,
    Ended,
    Failed,
    FailureCode,
    NotRecorded,
    PersonJoined,
    PersonLeft,
    RecordingBegan,
    SessionBound,
    SoundChanged,
)
from server.connectors.told import Told
from server.services.meetings import MeetingsService
from server.services.recordings import RecordingsService
from server.services.tracker import Tracker
from server.services.views import ParticipantView
from signaling.errors import RefusalKind, Refused
from signaling.hub import LiveSessions
from signaling.log import (
    ConnectionChanged,
    LogEntry,
    ParticipantLeft,
    SessionChanged,
    TrackChanged,
)
from signaling.model import (
    ConnectionState,
    EndReason,
    MeetingStatus,
    Participant,
    ParticipantKind,
    SessionState,
)

_RUNNING: Final = (SessionState.LIVE, SessionState.KEEP_ALIVE)
_ENDS: Final = {EndReason.EMPTY: BotEnd.EVERYONE_LEFT, EndReason.KICKED: BotEnd.REMOVED}


class NativeConnector:
    """One bot's seat; satisfies `server.connectors.port.Connector`.

    Args:
        meetings: Finds the meeting.
        live: Seats the bot.
        tracker: Tells what happens there.
        recordings: Record it.
        on_error: Told of bugs.
    """

    platform = Platform.ROOMTONE

    def __init__(
        self,
        meetings: MeetingsService,
        live: LiveSessions,
        tracker: Tracker,
        recordings: RecordingsService,
        on_error: OnError,
    ) -> None:
        self._meetings = meetings
        self._live = live
        self._tracker = tracker
        self._recordings = recordings
        self._scope = TaskScope(on_error)
        self._told = Told()
        self._unfollow: list[Callable[[], None]] = []
        self._bot: BotIdentity | None = None
        self._meeting_id = ""
        self._seat: Participant | None = None
        self._people: set[str] = set()
        self._recording_id: str | None = None
        self._own = False
        self._began = False
        self._in = False
        self._leaving = False

    async def available(self) -> Availability:
        """Always."""
        return Availability(ok=True)

    async def join(self, link: ParsedLink, bot: BotIdentity) -> None:
        """Sit down, or wait for the first person."""
        try:
            meeting = await self._meetings.get(link.meeting_id)
        except Refused:
            meeting = None
        if self._leaving:
            return
        if meeting is None or meeting.account != bot.account:
            self._finish(
                Failed(FailureCode.MEETING_NOT_FOUND, "There is no such meeting on this server.")
            )
            return
        if meeting.status is MeetingStatus.INACTIVE:
            self._finish(Denied("The meeting on this server is inactive and admits nobody."))
            return
        self._bot, self._meeting_id = bot, meeting.id
        if not self._sit():
            return
        self._unfollow = [self._tracker.on_change(self._take), self._live.on_sound(self._sound)]
        self._admitted(None)

    async def leave(self) -> None:
        """Stand up; a recording that this bot began is stopped.

        A recording that is just beginning is waited for, so that none is left running.
        """
        if self._leaving:
            await self._scope.drain(LEAVE_SECONDS)
            return
        self._leaving = True
        self._stop_following()
        self._stand_up()
        try:
            await self._scope.drain(LEAVE_SECONDS)
        finally:  # cut off as well: nothing goes on for a bot that is out
            await self._scope.close()
        if self._own and self._recording_id is not None:
            _ = await self._recordings.stop(self._recording_id, None)
        self._told.end()

    async def withdraw(self) -> None:
        """There is no lobby: the same as leaving."""
        await self.leave()

    def events(self) -> AsyncIterator[ConnectorEvent]:
        """What happens, in order."""
        return self._told.events()

    # Inside

    def _finish(self, event: ConnectorEvent) -> None:
        self._stop_following()
        self._stand_up()
        self._told.end(event)

    def _stop_following(self) -> None:
        for stop in self._unfollow:
            stop()
        self._unfollow = []

    def _stand_up(self) -> None:
        if self._seat is not None:
            seat, self._seat = self._seat, None
            self._live.dismiss_bot(seat)

    def _take(self, entry: LogEntry) -> None:
        """A fact of the session log, told from within the session's own step."""
        if entry.meeting_id != self._meeting_id:
            return
        match entry.fact:
            case SessionChanged(session=session) if session.state in _RUNNING:
                if self._seat is None:  # not from within the session's own step
                    self._soon(self._sit_soon(), "seat bot")
            case SessionChanged(session=session) if session.state is SessionState.ENDED:
                reason = session.reason or EndReason.MEETING_ENDED
                self._seat = None  # it went with the session
                self._finish(Ended(_ENDS.get(reason, BotEnd.MEETING_ENDED)))
            case ConnectionChanged(connection=link) if link.state is ConnectionState.CONNECTED:
                self._joined(self._tracker.participant(link.participant_id))
            case TrackChanged():
                self._soon(self._look_for_media(), "see media")
            case ParticipantLeft(participant=who):
                self._left(who)
            case _:
                pass

    def _soon(self, coroutine: Coroutine[object, object, None], name: str) -> None:
        if self._leaving:
            coroutine.close()
        else:
            _ = self._scope.spawn(coroutine, name=name)

    async def _sit_soon(self) -> None:
        _ = self._sit()

    def _sit(self) -> bool:
        """Take a seat where a session runs; False when there is none to be had."""
        running = self._tracker.live_session(self._meeting_id)
        if self._seat or self._bot is None or running is None or self._leaving:
            return True
        if running.session.state not in _RUNNING:
            return True
        try:
            self._seat = self._live.admit_bot(self._meeting_id, self._bot.name)
        except Refused as refused:
            if refused.kind is RefusalKind.NOT_FOUND:  # it ended just now, which its fact tells
                return True
            text = f"The meeting on this server took no bot: {refused.message}"
            self._finish(Failed(FailureCode.JOIN_FAILED, text, transient=True))
            return False
        self._admitted(running.session.id)
        self._told.tell(SessionBound(running.session.id))
        for one in running.participants:
            if any(link.state is ConnectionState.CONNECTED for link in one.connections):
                self._joined(one.participant)
        self._soon(self._record(), "record for bot")
        return True

    def _admitted(self, session_id: str | None) -> None:
        if not self._in:
            self._in = True
            self._told.tell(Admitted(self._meeting_id, session_id))

    async def _record(self) -> None:
        try:
            notice = await self._recordings.start(self._meeting_id, None)
        except Refused as refused:
            other = refused.data.get("recording_id")
            if not isinstance(other, str):
                self._told.tell(NotRecorded(refused.code, refused.message))
                return
            self._recording_id = other  # somebody records already: the same tracks
        else:
            self._recording_id, self._own = notice.id, True
        await self._look_for_media()

    async def _look_for_media(self) -> None:
        """Tell once that something is recorded: a track of somebody who is connected."""
        view = self._tracker.live_session(self._meeting_id)
        if self._recording_id is None or self._began or view is None:
            return
        if any(_sends(one) for one in view.participants):
            self._began = True
            self._told.tell(RecordingBegan(self._recording_id, self._own))

    def _sound(self, meeting_id: str, sounding: bool) -> None:  # noqa: FBT001  (the port's)
        if meeting_id == self._meeting_id and self._seat is not None:
            self._told.tell(SoundChanged(sounding))

    def _joined(self, who: Participant | None) -> None:
        if who is None or who.kind is ParticipantKind.BOT or who.id in self._people:
            return
        self._people.add(who.id)
        self._told.tell(PersonJoined(who.id, who.name))
        self._soon(self._look_for_media(), "see media")

    def _left(self, who: Participant) -> None:
        if self._seat is not None and who.id == self._seat.id:
            if who.reason is EndReason.KICKED:
                self._seat = None
                self._finish(Ended(BotEnd.REMOVED))
        elif who.id in self._people:
            self._people.discard(who.id)
            self._told.tell(PersonLeft(who.id))


def _sends(one: ParticipantView) -> bool:
    connected = {link.id for link in one.connections if link.state is ConnectionState.CONNECTED}
    return any(track.connection_id in connected for track in one.tracks)
