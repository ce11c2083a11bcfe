"""One live Session: who is in it and what everybody is told.

The engine's room of a Session has the Session's id. Facts go to the log first and to the people
second, so that what they see is never ahead of what is known.
"""

import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from typing_extensions import override

from media.picture import Picture
from media.types import ConnectionSpec, Reading, RoomListener, TrackSource, TrackState
from signaling.connection import LiveConnection
from signaling.context import Context
from signaling.entry import Entry, participant_of
from signaling.events import EndRequested, PresenceChanged
from signaling.ids import new_id
from signaling.log import (
    CaptionAdded,
    CaptionsChanged,
    ChatSent,
    ConnectionChanged,
    ConnectionDescribed,
    ParticipantJoined,
    ParticipantLeft,
    PictureChanged,
    QualityChanged,
    RecordingChanged,
    TrackChanged,
    TrackEnded,
)
from signaling.member import Member
from signaling.messages import PROTOCOL
from signaling.model import (
    CaptionLine,
    CaptionsNotice,
    ChatMessage,
    ConnectionState,
    EndReason,
    Meeting,
    Participant,
    ParticipantKind,
    ParticipantState,
    Permissions,
    RecordingNotice,
    Role,
    Session,
    SessionState,
    Track,
)
from signaling.outbox import Outbox
from signaling.ports import Admission
from signaling.replies import (
    CaptionsMessage,
    ChatMessageSent,
    Departure,
    Muted,
    ParticipantView,
    RecordingMessage,
    Reply,
    Roster,
    SessionMessage,
    SlotCounts,
    Speaking,
    TimersView,
    Visitors,
    Welcome,
)
from signaling.session_life import SessionLife, SessionListener
from signaling.views import (
    any_recording_view,
    caption_message,
    captions_view,
    chat_view,
    ice_server_views,
    meeting_view,
    participant_view,
    recording_view,
    session_view,
    visitor_views,
)

_LOG = logging.getLogger("roomtone.signaling")

CHAT_KEPT: Final = 100
# People who left and may come back as the same Participant; older ones come back as new ones.
LEFT_KEPT: Final = 1000


class LiveSession(RoomListener, SessionListener):
    """One occupancy of a meeting, while it lasts.

    Args:
        meeting: Of which meeting.
        context: The rings beside it.
        ended: Called once when the session is over.
        continues: The session that a restart of the server cut off.

    Attributes:
        recording: The latest state of its recording, None when there was none.
        captions: The latest state of its captions, None when there were none.
    """

    def __init__(
        self,
        meeting: Meeting,
        context: Context,
        ended: "Callable[[LiveSession], None]",
        continues: str | None = None,
    ) -> None:
        self.meeting = meeting
        self.recording: RecordingNotice | None = None
        self.captions: CaptionsNotice | None = None
        self._context = context
        self._ended = ended
        self._present: dict[str, Member] = {}
        self._left: OrderedDict[str, Member] = OrderedDict()
        self._chat: deque[ChatMessage] = deque(maxlen=CHAT_KEPT)
        self._closing = False
        self._life = SessionLife(meeting, context, self, continues)
        self._journal = self._life.journal
        context.engine.listen_room(self.id, self)

    @property
    def session(self) -> Session:
        """The Session as the model knows it."""
        return self._life.session

    @property
    def id(self) -> str:
        """The Session's id, which also names its room in the engine."""
        return self.session.id

    def members(self) -> Iterator[Member]:
        """Everybody who is present."""
        return iter(tuple(self._present.values()))

    def member(self, participant_id: str) -> Member | None:
        """Somebody present, or gone and still remembered."""
        return self._present.get(participant_id) or self._left.get(participant_id)

    def connections(self) -> Iterator[LiveConnection]:
        """Every connection that has not ended."""
        for member in self.members():
            yield from tuple(member.connections.values())

    @property
    def hosted(self) -> bool:
        """Somebody who may let others in is connected."""
        return any(member.joined and member.permissions.admit for member in self.members())

    # Coming in

    def join(
        self, admission: Admission, participant_id: str, entry: Entry, outbox: Outbox
    ) -> LiveConnection:
        """Open a Connection; earlier ones of the same Participant are closed in the same step.

        Raises:
            MediaError: The engine takes no connection; nothing changed.
        """
        now = self._context.clock.utc()
        member = self.member(participant_id)
        old = [] if member is None else list(member.connections.values())
        replaces = old[-1].id if old else None
        record = entry.connection(self.session, participant_id, replaces, now)
        if member is None:
            member = Member(participant_of(admission, self.session, participant_id, now), record)
        member.granted = admission.permissions
        live = LiveConnection(record, self, self._context)
        if entry.client is not None:
            live.details["client"] = entry.client
        self._context.engine.open(entry.spec(record, member.participant), live)
        for source in frozenset(TrackSource) - member.permissions.sources:
            self._context.engine.set_muted(live.id, source, muted=True)
        fresh = self._enter(member)
        member.newest = record
        member.connections[live.id] = live
        sequence = self._journal.write(ConnectionChanged(record, None, dict(live.details)))
        live.opened()
        for earlier in old:
            earlier.end(EndReason.REPLACED)
        view = [self._view(member)]
        self.broadcast(
            Roster(sequence=sequence, joined=view)
            if fresh
            else Roster(sequence=sequence, changed=view)
        )
        live.attach(outbox, self._welcome(member, live, admission, kept=False))
        self.settle()
        return live

    def admit_bot(self, name: str, role: Role = Role.OBSERVER) -> Participant:
        """Seat a program of this process: in the roster by name, without a peer connection.

        Its connection record stands for the roster alone; no fact names it.
        """
        now = self._context.clock.utc()
        bot = Participant(
            id=new_id(),
            session_id=self.id,
            meeting_id=self.meeting.id,
            name=name,
            role=role,
            kind=ParticipantKind.BOT,
            state=ParticipantState.PRESENT,
            joined_at=now,
        )
        record = Entry("bot").connection(self.session, bot.id, None, now)
        member = Member(bot, replace(record, state=ConnectionState.CONNECTED, connected_at=now))
        _ = self._enter(member)
        self.broadcast(Roster(sequence=self._journal.sequence, joined=[self._view(member)]))
        self.settle()
        return bot

    def give_microphone(self, bot: Participant) -> ConnectionSpec | None:
        """Let a seated bot speak: in the roster it has a microphone from now on.

        Returns:
            What the engine publishes it as; None when the bot is not here any more.
        """
        member = self._present.get(bot.id)
        if member is None:
            return None
        record, source = member.newest, TrackSource.MICROPHONE
        member.made[source] = Track(
            participant_id=bot.id,
            connection_id=record.id,
            source=source,
            muted=member.muted(source),
            codec="audio/opus",
        )
        self._tell_changed(member)
        return ConnectionSpec(record.id, self.id, bot.id, bot.name, subscribe=False)

    def dismiss_bot(self, participant_id: str, reason: EndReason) -> None:
        """Take a bot out of the roster; nothing happens when it is not there, or no bot."""
        member = self._present.get(participant_id)
        if member is not None and member.participant.kind is ParticipantKind.BOT:
            self._leave(member, reason)
            self.settle()

    def keep(
        self, member: Member, live: LiveConnection, admission: Admission, outbox: Outbox
    ) -> None:
        """A client came back on a new socket; its peer connection still works."""
        live.attach(outbox, self._welcome(member, live, admission, kept=True))
        live.kept()

    def continue_from(self, session_id: str) -> None:
        """Name the session that a restart cut off, while nobody is connected yet."""
        self._life.continue_from(session_id)

    def settle(self) -> None:
        """Look again who is here; a pending session with nobody in it is discarded."""
        people = [
            member
            for member in self._present.values()
            if member.participant.kind is ParticipantKind.PERSON
        ]
        live = sum(1 for member in people if member.joined)
        bots = len(self._present) - len(people)
        self._life.post(PresenceChanged(live, len(people) - live, bots))
        doors = self._context.doors
        if doors.visits(self.meeting.id) and self.hosted:
            doors.host_present(self.meeting.id)

    # What people do

    def say(self, live: LiveConnection, text: str) -> None:
        """Somebody writes to everybody."""
        member = self._present[live.participant_id]
        message = ChatMessage(
            id=new_id(),
            participant_id=live.participant_id,
            name=member.participant.name,
            text=text,
            at=self._context.clock.utc(),
        )
        self._chat.append(message)
        sequence = self._journal.write(ChatSent(message))
        self.broadcast(ChatMessageSent(sequence=sequence, message=chat_view(message)))

    def mute_own(self, live: LiveConnection, source: TrackSource, *, muted: bool) -> bool:
        """Somebody mutes or unmutes their own source; False when a host has muted it."""
        member = self._present[live.participant_id]
        if not muted and source in member.host_mutes:
            return False
        if muted:
            member.own_mutes.add(source)
        else:
            member.own_mutes.discard(source)
        self._apply_mute(member, source)
        return True

    def mute_by_host(
        self, member: Member, source: TrackSource, *, muted: bool, by: str | None
    ) -> None:
        """A host mutes somebody, or gives them the right to unmute themselves back.

        Nobody's microphone is ever opened by somebody else: after a release the source stays muted
        until its owner unmutes it.
        """
        if muted:
            member.host_mutes[source] = by
            member.own_mutes.add(source)
        else:
            member.host_mutes.pop(source, None)
            if member.participant.kind is ParticipantKind.BOT:
                member.own_mutes.discard(source)  # it has no ears of its own that must agree
        self._apply_mute(member, source)
        for live in member.connections.values():
            live.send(Muted(source=source, muted=muted, by=by))

    def permit(self, member: Member, permissions: Permissions) -> None:
        """Change what somebody may do, at once: what they may not publish is dropped.

        The role, which decides what a page offers, stays what it was at the door.
        """
        member.granted = permissions
        for source in TrackSource:
            self._apply_mute(member, source)
        self._tell_changed(member)
        self._send(member, self._visitors_of(member))

    def kick(self, member: Member, by: str | None, *, for_good: bool = True) -> None:
        """Remove somebody at once; unless `for_good` is False their token is void."""
        fields = {"participant": member.participant.id, "by": by}
        _LOG.info("participant kicked", extra=fields)
        if for_good:
            self._context.kicked.add(member.participant.id)
        self.dismiss_bot(member.participant.id, EndReason.KICKED)
        for live in tuple(member.connections.values()):
            live.end(EndReason.KICKED)

    def end(self, reason: EndReason) -> None:
        """End the session for all."""
        self._life.post(EndRequested(reason))

    # What connections report

    def connection_moved(self, live: LiveConnection, before: ConnectionState) -> None:
        """A connection changed its state; its record has the new one."""
        member = self._present[live.participant_id]
        if member.newest.id == live.id:
            member.newest = live.record
        if live.record.state.final:
            for source in live.tracks:
                self._journal.write(TrackEnded(live.participant_id, live.id, source))
            live.tracks = {}
            del member.connections[live.id]
        fact = ConnectionChanged(live.record, before, dict(live.details))
        sequence = self._journal.write(fact)
        if member.connections:
            self.broadcast(Roster(sequence=sequence, changed=[self._view(member)]))
        else:
            self._leave(member, live.record.reason)
        self.settle()

    def tracks_changed(self, live: LiveConnection, tracks: tuple[TrackState, ...]) -> None:
        """A connection publishes something else than before."""
        member = self._present[live.participant_id]
        changed = False
        now = {track.source: track for track in tracks}
        for source in tuple(live.tracks):
            if source not in now:
                del live.tracks[source]
                self._journal.write(TrackEnded(live.participant_id, live.id, source))
                changed = True
        for source, state in now.items():
            known = live.tracks.get(source)
            if known is None or known.codec != state.codec:
                live.tracks[source] = self._track(member, live, source, state.codec)
                self._context.engine.set_muted(live.id, source, muted=member.muted(source))
                self._journal.write(TrackChanged(live.tracks[source]))
                changed = True
        if changed:
            self._tell_changed(member)

    def described(self, live: LiveConnection) -> None:
        """A connection's client changed its metadata."""
        member = self._present[live.participant_id]
        if member.newest.id == live.id:
            member.newest = live.record
        self._journal.write(ConnectionDescribed(live.record))

    def quality_changed(self, live: LiveConnection, reading: Reading, before: object) -> None:
        """A connection's quality was judged."""
        member = self._present[live.participant_id]
        if member.newest.id == live.id:
            member.newest = live.record
        self._journal.write(QualityChanged(live.record, reading))
        if live.record.quality is not before:
            self._tell_changed(member)

    def picture_changed(self, live: LiveConnection, picture: Picture | None) -> None:
        """The largest picture that a connection gets changed."""
        self._journal.write(PictureChanged(live.participant_id, live.id, picture))

    def recording_changed(self, notice: RecordingNotice) -> None:
        """The recording changed its state; also after the session ended."""
        self.recording = notice
        sequence = self._journal.write(RecordingChanged(notice))
        message = RecordingMessage(sequence=sequence, recording=any_recording_view(notice))
        self.broadcast(message)

    def door_changed(self) -> None:
        """Somebody came to the door or went from it: whoever may admit is told."""
        for member in self.members():
            if member.permissions.admit:
                self._send(member, self._visitors_of(member))

    def captions_changed(self, notice: CaptionsNotice) -> None:
        """Captions began, ended, or cannot be had."""
        self.captions = notice
        sequence = self._journal.write(CaptionsChanged(notice))
        self.broadcast(CaptionsMessage(sequence=sequence, captions=captions_view(notice)))

    def captioned(self, line: CaptionLine) -> None:
        """Somebody said something; only what is final and has text is a fact."""
        if line.final and line.text:
            self._journal.write(CaptionAdded(line))
        self.broadcast(caption_message(line))

    @override
    def speakers_changed(self, room_id: str, participant_ids: tuple[str, ...]) -> None:
        """The engine hears others speak (media.types.RoomListener)."""
        self.broadcast(Speaking(participants=list(participant_ids)))
        for watcher in tuple(self._context.sound):
            watcher(self.meeting.id, bool(participant_ids))

    def broadcast(self, message: Reply) -> None:
        """Send a message to everybody, unless everybody is being sent away."""
        if self._closing:
            return  # each is told the end; that the others go too would be n² messages
        for live in self.connections():
            live.send(message)

    # What the session's machine decided

    @override
    def close_everybody(self, reason: EndReason) -> None:
        self._closing = True
        for live in self.connections():
            live.end(reason)
        for member in self.members():
            self.dismiss_bot(member.participant.id, reason)

    @override
    def state_changed(self, sequence: int, state: SessionState) -> None:
        self.broadcast(SessionMessage(sequence=sequence, state=state))

    @override
    def session_over(self) -> None:
        self._context.engine.listen_room(self.id, None)
        self._left.clear()
        self._chat.clear()
        self._ended(self)

    # Inside

    def _enter(self, member: Member) -> bool:
        """Make sure that somebody is in the roster; False when they were already."""
        participant = member.participant
        if participant.id in self._present:
            return False
        if self._left.pop(participant.id, None) is not None:
            participant = member.participant = replace(
                participant, state=ParticipantState.PRESENT, left_at=None, reason=None
            )
        self._present[participant.id] = member
        self._journal.write(ParticipantJoined(participant))
        return True

    def _leave(self, member: Member, reason: EndReason | None) -> None:
        participant = replace(
            member.participant,
            state=ParticipantState.LEFT,
            left_at=self._context.clock.utc(),
            reason=reason,
        )
        member.participant = participant
        del self._present[participant.id]
        self._left[participant.id] = member
        if len(self._left) > LEFT_KEPT:
            self._left.popitem(last=False)
        sequence = self._journal.write(ParticipantLeft(participant))
        departure = Departure(id=participant.id, reason=reason or EndReason.LEFT)
        self.broadcast(Roster(sequence=sequence, left=[departure]))

    def _track(
        self, member: Member, live: LiveConnection, source: TrackSource, codec: str | None
    ) -> Track:
        return Track(
            participant_id=live.participant_id,
            connection_id=live.id,
            source=source,
            muted=member.muted(source),
            codec=codec,
            muted_by=member.host_mutes.get(source),
        )

    def _apply_mute(self, member: Member, source: TrackSource) -> None:
        changed = self._mute_made(member, source)
        for live in member.connections.values():
            self._context.engine.set_muted(live.id, source, muted=member.muted(source))
            known = live.tracks.get(source)
            if known is None:
                continue
            track = self._track(member, live, source, known.codec)
            if track != known:
                live.tracks[source] = track
                self._journal.write(TrackChanged(track))
                changed = True
        if changed:
            self._tell_changed(member)

    def _mute_made(self, member: Member, source: TrackSource) -> bool:
        """Mute what a program publishes; True when that is news."""
        known = member.made.get(source)
        if known is None:
            return False
        muted, by = member.muted(source), member.host_mutes.get(source)
        self._context.engine.set_muted(known.connection_id, source, muted=muted)
        member.made[source] = replace(known, muted=muted, muted_by=by)
        return member.made[source] != known

    def _tell_changed(self, member: Member) -> None:
        self.broadcast(Roster(sequence=self._journal.sequence, changed=[self._view(member)]))

    def _visitors_of(self, member: Member) -> Visitors:
        """Who waits, as far as it concerns a member."""
        waiting = self._context.doors.visitors(self.meeting.id)
        return Visitors(visitors=visitor_views(waiting if member.permissions.admit else ()))

    @staticmethod
    def _send(member: Member, message: Reply) -> None:
        for live in member.connections.values():
            live.send(message)

    def _view(self, member: Member) -> ParticipantView:
        return participant_view(member.participant, member.newest, member.tracks())

    def _welcome(
        self, member: Member, live: LiveConnection, admission: Admission, *, kept: bool
    ) -> Welcome:
        settings = self._context.settings
        timers = settings.timers
        token = self._context.gate.resume_token(
            admission, session_id=self.id, participant_id=member.participant.id
        )
        return Welcome(
            protocol=PROTOCOL,
            sequence=self._journal.sequence,
            meeting=meeting_view(self.meeting),
            session=session_view(self.session),
            you=self._view(member),
            connection=live.id,
            resume=token,
            kept=kept,
            participants=[self._view(other) for other in self.members() if other is not member],
            recording=recording_view(self.recording),
            captions=None if self.captions is None else captions_view(self.captions),
            chat=[chat_view(message) for message in self._chat],
            visitors=self._visitors_of(member).visitors,
            ice_servers=ice_server_views(settings.ice_servers),
            slots=SlotCounts(audio=settings.audio_slots, video=settings.video_slots),
            timers=TimersView(disconnected=timers.disconnected, failed=timers.failed),
        )
