"""What a client's message makes a live Connection do: one function per message, and the table."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar, cast

from media.types import TileRequest, TrackSource
from signaling.client_stats import heard
from signaling.connection import LiveConnection
from signaling.context import Context
from signaling.errors import RefusalKind, Refused
from signaling.events import OfferReceived
from signaling.member import Member
from signaling.messages import (
    Admit,
    Bye,
    Candidate,
    Captions,
    Chat,
    ClientMessage,
    End,
    Kick,
    Message,
    Mute,
    Offer,
    Ping,
    Publish,
    Record,
    Refuse,
    Stats,
    View,
)
from signaling.model import EndReason, Role
from signaling.ports import CaptionControl, RecordingControl
from signaling.replies import Pong

HOST: Final = "host"
"""In whose name captions run that hosts start: any host stops them."""


class Request:
    """One message of one client, with what it may touch.

    Attributes:
        live: Whose message it is.
        context: The rings beside.
    """

    def __init__(self, live: LiveConnection, context: Context) -> None:
        self.live = live
        self.context = context

    @property
    def member(self) -> Member:
        """Who asks."""
        member = self.live.session.member(self.live.participant_id)
        if member is None:
            raise Refused(RefusalKind.NOT_FOUND, "not_found", "you are not in this meeting")
        return member

    def want_host(self, *, permitted: bool) -> None:
        """Raises Refused `forbidden` unless the participant may do this."""
        if not permitted:
            raise Refused(RefusalKind.FORBIDDEN, "forbidden", "only a host may do this")

    def want_voice(self, *, permitted: bool) -> None:
        """Raises Refused `forbidden` unless the participant may be heard, seen or read so."""
        if not permitted:
            observer = self.member.participant.role is Role.OBSERVER
            text = "observers watch and listen" if observer else "you may not do this here"
            raise Refused(RefusalKind.FORBIDDEN, "forbidden", text)

    def other(self, participant_id: str) -> Member:
        """Somebody in the same session.

        Raises:
            Refused: `not_found`.
        """
        member = self.live.session.member(participant_id)
        if member is None or not member.present:
            raise Refused(RefusalKind.NOT_FOUND, "not_found", "nobody here has this id")
        return member


M = TypeVar("M", bound=Message)
Act = Callable[[Request, M], None]


def take(live: LiveConnection, message: ClientMessage, context: Context) -> None:
    """Do what a client asks; a refusal is told to the client. After the end nothing happens."""
    if live.record.state.final:
        return
    act = _TABLE.get(type(message))
    if act is None:
        live.refuse("invalid_state", "hello was said already", message.type)
        return
    try:
        act(Request(live, context), message)
    except Refused as refusal:
        live.refuse(refusal.code, refusal.message, message.type)


def _offer(request: Request, message: Offer) -> None:
    sources = {track.mid: track.source for track in message.tracks}
    if message.muted is not None:
        for source in sources.values():
            # what a host muted stays muted, whatever the offer says
            muted = source in message.muted or source in request.member.host_mutes
            request.live.session.mute_own(request.live, source, muted=muted)
    request.live.driver.post(OfferReceived(message.id, message.sdp, sources))


def _candidate(request: Request, message: Candidate) -> None:
    request.live.driver.add_candidate(message.candidate)


def _publish(request: Request, message: Publish) -> None:
    request.want_voice(permitted=message.source in request.member.permissions.sources)
    if not request.live.session.mute_own(request.live, message.source, muted=message.muted):
        raise Refused(RefusalKind.FORBIDDEN, "muted_by_host", "a host muted this source")


def _view(request: Request, message: View) -> None:
    tiles = [
        TileRequest(
            tile.participant, TrackSource(tile.source), round(tile.width), round(tile.height)
        )
        for tile in message.tiles
    ]
    request.context.engine.set_view(request.live.id, tiles)


def _stats(request: Request, message: Stats) -> None:
    request.live.client_stats = tuple(message.stats)
    request.context.engine.set_listener_stats(request.live.id, heard(message.stats))


def _chat(request: Request, message: Chat) -> None:
    request.want_voice(permitted=request.member.permissions.chat)
    request.live.session.say(request.live, message.text)


def _mute(request: Request, message: Mute) -> None:
    request.want_host(permitted=request.member.permissions.mute)
    request.live.session.mute_by_host(
        request.other(message.participant),
        message.source,
        muted=message.muted,
        by=request.live.participant_id,
    )


def _kick(request: Request, message: Kick) -> None:
    request.want_host(permitted=request.member.permissions.kick)
    request.live.session.kick(request.other(message.participant), request.live.participant_id)


def _admit(request: Request, message: Admit) -> None:
    request.want_host(permitted=request.member.permissions.admit)
    live = request.live
    _ = request.context.doors.let_in(live.session.meeting.id, message.visitor, live.participant_id)


def _refuse(request: Request, message: Refuse) -> None:
    request.want_host(permitted=request.member.permissions.admit)
    live = request.live
    request.context.doors.turn_away(live.session.meeting.id, message.visitor, live.participant_id)


def _end(request: Request, _message: End) -> None:
    request.want_host(permitted=request.member.permissions.end)
    request.live.session.end(EndReason.MEETING_ENDED)


def _ping(request: Request, message: Ping) -> None:
    request.live.send(Pong(id=message.id))


def _bye(request: Request, _message: Bye) -> None:
    request.live.leave()


def _record(request: Request, message: Record) -> None:
    request.want_host(permitted=request.member.permissions.record)
    live, recordings = request.live, request.context.recordings
    if recordings is None:
        raise Refused(RefusalKind.UNAVAILABLE, "recording_failed", "this server does not record")
    if live.recording_task_running:
        raise Refused(RefusalKind.CONFLICT, "invalid_state", "the last command is still running")
    live.recording_task_running = True
    command = _command_recording(live, recordings, message)
    _ = request.context.scope.spawn(command, name=f"recording command of {live.id}")


def _captions(request: Request, message: Captions) -> None:
    request.want_host(permitted=request.member.permissions.record)
    captions = request.context.captions
    if captions is None:
        raise Refused(RefusalKind.UNAVAILABLE, "captions_unavailable", "there are no captions here")
    command = _command_captions(request.live, captions, message)
    _ = request.context.scope.spawn(command, name=f"captions command of {request.live.id}")


async def _command_captions(
    live: LiveConnection, captions: CaptionControl, message: Captions
) -> None:
    session = live.session
    try:
        if message.action == "start":
            _ = await captions.start(session.meeting.id, message.language, owner=HOST)
        else:
            await captions.stop_all(session.id)
    except Refused as refusal:
        live.refuse(refusal.code, refusal.message, "captions")


async def _command_recording(
    live: LiveConnection, recordings: RecordingControl, message: Record
) -> None:
    try:
        await _perform_recording(live, recordings, message)
    except Refused as refusal:
        live.refuse(refusal.code, refusal.message, "record")
    finally:
        live.recording_task_running = False


async def _perform_recording(
    live: LiveConnection, recordings: RecordingControl, message: Record
) -> None:
    by, action = live.participant_id, message.action
    if action == "start":
        _ = await recordings.start(live.session.meeting.id, by, message.media)
        return
    running = live.session.recording
    if running is None or not running.state.active:
        raise Refused(RefusalKind.CONFLICT, "no_recording", "nothing is being recorded")
    if action == "stop":
        _ = await recordings.stop(running.id, by)
    elif action == "pause":
        _ = await recordings.pause(running.id)
    else:
        _ = await recordings.resume(running.id)


def _entry(message: type[M], act: Act[M]) -> tuple[type[Message], Act[Message]]:
    # mypy has matched M by now
    return message, cast("Act[Message]", act)


_TABLE: Mapping[type[Message], Act[Message]] = dict(
    [
        _entry(Offer, _offer),
        _entry(Candidate, _candidate),
        _entry(Publish, _publish),
        _entry(View, _view),
        _entry(Stats, _stats),
        _entry(Chat, _chat),
        _entry(Record, _record),
        _entry(Captions, _captions),
        _entry(Mute, _mute),
        _entry(Kick, _kick),
        _entry(Admit, _admit),
        _entry(Refuse, _refuse),
        _entry(End, _end),
        _entry(Ping, _ping),
        _entry(Bye, _bye),
    ]
)
