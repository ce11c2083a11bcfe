"""The native connector: a bot in a meeting of this very server, without a peer connection.

It sits in the roster by name, hears nothing itself and has every speaker recorded encoded, so that
it costs no decoding. A meeting without a running session admits it too: it waits for people.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from media.tasks import OnError, TaskScope
from server.connectors.links import ParsedLink, Platform
from server.connectors.port import (
    Admitted,
    Availability,
    BotEnd,
    BotIdentity,
    ConnectorEvent,
    Denied,
    Ended,
    Failed,
    FailureCode,
    PersonJoined,
    PersonLeft,
    RecordingBegan,
    SessionBound,
)
from server.services.meetings import MeetingsService
from server.services.recordings import RecordingsService
from server.services.tracker import Tracker
from signaling.errors import Refused
from signaling.hub import LiveSessions
from signaling.log import ConnectionChanged, LogEntry, ParticipantLeft, SessionChanged
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
        self._told: asyncio.Queue[ConnectorEvent | None] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._unfollow = _nothing
        self._bot: BotIdentity | None = None
        self._meeting_id = ""
        self._seat: Participant | None = None
        self._people: set[str] = set()
        self._recording_id: str | None = None

    async def available(self) -> Availability:
        """Always."""
        return Availability(ok=True)

    async def join(self, link: ParsedLink, bot: BotIdentity) -> None:
        """Sit down, or wait for the first person."""
        try:
            meeting = await self._meetings.get(link.meeting_id)
        except Refused:
            meeting = None
        if meeting is None or meeting.account != bot.account:
            self._finish(
                Failed(FailureCode.MEETING_NOT_FOUND, "There is no such meeting on this server.")
            )
            return
        if meeting.status is MeetingStatus.INACTIVE:
            self._finish(Denied("The meeting on this server is inactive and admits nobody."))
            return
        self._bot, self._meeting_id = bot, meeting.id
        self._unfollow = self._tracker.on_change(self._take)
        self._tell(Admitted(meeting.id))
        self._sit()

    async def leave(self) -> None:
        """Stand up; a recording that this bot began is stopped."""
        self._unfollow()
        if self._seat is not None:
            self._live.dismiss_bot(self._seat)
            self._seat = None
        await self._scope.close()
        if self._recording_id is not None:
            _ = await self._recordings.stop(self._recording_id, None)
        self._finish(None)

    async def withdraw(self) -> None:
        """There is no lobby: the same as leaving."""
        await self.leave()

    async def events(self) -> AsyncIterator[ConnectorEvent]:
        """What happens, in order."""
        while (event := await self._told.get()) is not None:
            yield event

    # Inside

    def _tell(self, event: ConnectorEvent) -> None:
        self._told.put_nowait(event)

    def _finish(self, event: ConnectorEvent | None) -> None:
        self._unfollow()
        if event is not None:
            self._tell(event)
        self._told.put_nowait(None)

    def _take(self, entry: LogEntry) -> None:
        """A fact of the session log, told from within the session's own step."""
        if entry.meeting_id != self._meeting_id:
            return
        match entry.fact:
            case SessionChanged(session=session) if session.state in _RUNNING:
                _ = self._scope.spawn(self._sit_soon(), name="seat bot")
            case SessionChanged(session=session) if session.state is SessionState.ENDED:
                reason = session.reason or EndReason.MEETING_ENDED
                self._finish(Ended(_ENDS.get(reason, BotEnd.MEETING_ENDED)))
            case ConnectionChanged(connection=link) if link.state is ConnectionState.CONNECTED:
                self._joined(self._tracker.participant(link.participant_id))
            case ParticipantLeft(participant=who):
                self._left(who)
            case _:
                pass

    async def _sit_soon(self) -> None:
        self._sit()

    def _sit(self) -> None:
        running = self._tracker.live_session(self._meeting_id)
        if self._seat or self._bot is None or running is None:
            return
        if running.session.state not in _RUNNING:
            return
        try:
            self._seat = self._live.admit_bot(self._meeting_id, self._bot.name)
        except Refused:  # it ended just now, which its fact tells
            return
        self._tell(SessionBound(running.session.id))
        for one in running.participants:
            if any(link.state is ConnectionState.CONNECTED for link in one.connections):
                self._joined(one.participant)
        _ = self._scope.spawn(self._record(), name="record for bot")

    async def _record(self) -> None:
        try:
            notice = await self._recordings.start(self._meeting_id, None)
        except Refused as refused:
            other = refused.data.get("recording_id")
            if isinstance(other, str):  # somebody records already: the same tracks
                self._tell(RecordingBegan(other))
            return
        self._recording_id = notice.id
        self._tell(RecordingBegan(notice.id))

    def _joined(self, who: Participant | None) -> None:
        if who is None or who.kind is ParticipantKind.BOT or who.id in self._people:
            return
        self._people.add(who.id)
        self._tell(PersonJoined(who.id, who.name))

    def _left(self, who: Participant) -> None:
        if self._seat is not None and who.id == self._seat.id:
            if who.reason is EndReason.KICKED:
                self._finish(Ended(BotEnd.REMOVED))
        elif who.id in self._people:
            self._people.discard(who.id)
            self._tell(PersonLeft(who.id))


def _nothing() -> None:
    """Nobody is followed yet."""
