"""The media engine as a set of workers: the adapter of the control plane's port.

A room lives in one worker, the one with the fewest connections when the room came up. The control
process sees no packet; what it asks about a connection is answered from the worker's last pulse.
"""

import asyncio
import dataclasses
import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from media.captions.port import CaptionEngines
from media.clock import Clock
from media.errors import MediaError
from media.tasks import OnError
from media.types import (
    Answer,
    ConnectionListener,
    ConnectionSpec,
    ConnectionStats,
    Heard,
    ListenerStats,
    Publication,
    RoomListener,
    RoomTap,
    RtcSettings,
    TileRequest,
    TrackSource,
)
from media.video import VideoRoomTap
from media.workers import messages as m
from media.workers.captioners import RemoteCaptioners
from media.workers.link import Link, WorkerLostError
from media.workers.recorders import RemoteRecorders

_logger = logging.getLogger(__name__)
_SILENT = Heard(None, media=False)
_NOTHING = ConnectionStats(0, 0, 0, 0, 0, None)


@dataclasses.dataclass(slots=True)
class _Connection:
    """A connection that lives in a worker."""

    spec: ConnectionSpec
    listener: ConnectionListener
    link: Link
    heard: Heard = _SILENT
    stats: ConnectionStats = _NOTHING
    lost: bool = False


class WorkerEngine:
    """Connections in rooms, spread over media workers. Satisfies `signaling.ports.MediaEngine`.

    Args:
        settings: As for one engine; worker i takes the port `udp_port` + i.
        workers: How many.
        fsync_seconds: Longest time that written pages of a recording stay off the disk.
        clock: The process's clock.
        on_error: Told of bugs, here and in the workers.
        captions: What each worker makes captions with; None for none.

    Attributes:
        recorders: Recordings, beside the engines whose packets they take.
        captioners: Captions, likewise.
    """

    def __init__(
        self,
        settings: RtcSettings,
        workers: int,
        fsync_seconds: float,
        clock: Clock,
        on_error: OnError,
        captions: CaptionEngines | None = None,
    ) -> None:
        self._on_error = on_error
        self._connections: dict[str, _Connection] = {}
        self._rooms: dict[str, Link] = {}
        self._room_listeners: dict[str, RoomListener] = {}
        self._counters: dict[Link, Mapping[str, int]] = {}
        self._links = [
            Link(
                m.Begin(_settings_of(settings, at), fsync_seconds, captions), self, clock, on_error
            )
            for at in range(workers)
        ]
        self.recorders = RemoteRecorders(self.link_of, clock, on_error)
        self.captioners = RemoteCaptioners(self.link_of, on_error)

    @property
    def udp_port(self) -> int:
        """The media port of the first worker."""
        return self._links[0].udp_port

    @property
    def worker_pids(self) -> tuple[int | None, ...]:
        """The workers' processes; None for one that is being replaced."""
        return tuple(link.pid for link in self._links)

    async def start(self) -> None:
        """Start every worker.

        Raises:
            MediaError: One cannot run, such as when its port is taken.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for link in self._links:
                    _ = group.create_task(link.start())
        except* MediaError as errors:
            raise MediaError(str(errors.exceptions[0])) from errors

    async def stop(self) -> None:
        """Close everything and end the workers."""
        await self.recorders.close()
        await self.captioners.close()
        _ = await asyncio.gather(*(link.stop() for link in self._links))

    def counters(self) -> Mapping[str, int]:
        """What all workers counted, added up."""
        total: Counter[str] = Counter()
        for counters in self._counters.values():
            total.update(counters)
        return total

    # Connections

    def open(self, spec: ConnectionSpec, listener: ConnectionListener) -> None:
        """Announce a connection before its first offer.

        Raises:
            MediaError: The id is taken, or the worker does not come back.
        """
        if spec.connection_id in self._connections:
            raise MediaError(f"connection {spec.connection_id} is open already")
        link = self.link_of(spec.room_id)
        link.send(m.Open(spec))
        self._connections[spec.connection_id] = _Connection(spec, listener, link)

    async def answer(
        self, connection_id: str, offer_sdp: str, sources: Mapping[str, TrackSource]
    ) -> Answer:
        """Answer a first or later offer.

        Raises:
            MediaError: No such connection, or its worker is gone.
            NegotiationError: The offer cannot be answered; nothing changed.
        """
        link = self._living(connection_id).link
        reply = await link.call(lambda call: m.Offer(call, connection_id, offer_sdp, sources))
        if reply.answer is None:
            raise MediaError("the media worker gave no answer")
        return reply.answer

    async def add_candidate(self, connection_id: str, candidate: str) -> None:
        """Add a remote candidate.

        Raises:
            MediaError: No such connection, or its worker is gone.
            NegotiationError: `invalid_candidate`.
        """
        link = self._living(connection_id).link
        _ = await link.call(lambda call: m.Candidate(call, connection_id, candidate))

    async def close(self, connection_id: str) -> None:
        """Close a connection; idempotent."""
        one = self._connections.pop(connection_id, None)
        if one is None:
            return
        self._forget_room(one.spec.room_id)
        if not one.lost:
            try:
                _ = await one.link.call(lambda call: m.Close(call, connection_id))
            except WorkerLostError:
                return  # and the connection with it

    def heard(self, connection_id: str) -> Heard:
        """When the connection was last heard, as of the last pulse."""
        one = self._connections.get(connection_id)
        return _SILENT if one is None else one.heard

    def probe(self, connection_id: str) -> None:
        """Ask the peer for a sign of life now."""
        self._send(connection_id, m.Probe(connection_id))

    def set_view(self, connection_id: str, tiles: Sequence[TileRequest]) -> None:
        """What the page shows, most important first."""
        self._send(connection_id, m.View(connection_id, tuple(tiles)))

    def set_listener_stats(self, connection_id: str, stats: Sequence[ListenerStats]) -> None:
        """What the client says of the media it receives; believed where its reports are missing."""
        self._send(connection_id, m.Listener(connection_id, tuple(stats)))

    def set_muted(self, connection_id: str, source: TrackSource, *, muted: bool) -> None:
        """Drop (or accept again) a source's packets before anybody gets them."""
        self._send(connection_id, m.Mute(connection_id, source, muted))

    def stats(self, connection_id: str) -> ConnectionStats:
        """Counters and latest quality, at most a second old; zero for an unknown connection."""
        one = self._connections.get(connection_id)
        return _NOTHING if one is None else one.stats

    # Rooms

    def listen_room(self, room_id: str, listener: RoomListener | None) -> None:
        """Report who speaks in a room; None stops."""
        if listener is not None:
            self._room_listeners[room_id] = listener
            self.link_of(room_id).send(m.ListenRoom(room_id, on=True))
        elif self._room_listeners.pop(room_id, None) is not None:
            self.link_of(room_id).send(m.ListenRoom(room_id, on=False))
            self._forget_room(room_id)

    def add_tap(self, room_id: str, tap: RoomTap) -> None:  # noqa: ARG002  (the port's)
        """Packets stay in the workers.

        Raises:
            MediaError: Always.
        """
        raise MediaError("with media workers, packets do not reach the control process")

    def remove_tap(self, room_id: str, tap: RoomTap) -> None:
        """There is none."""

    def add_video_tap(self, room_id: str, tap: VideoRoomTap) -> None:  # noqa: ARG002  (as above)
        """As `add_tap`.

        Raises:
            MediaError: Always.
        """
        raise MediaError("with media workers, packets do not reach the control process")

    def remove_video_tap(self, room_id: str, tap: VideoRoomTap) -> None:
        """There is none."""

    def publish(self, spec: ConnectionSpec) -> Publication:  # noqa: ARG002  (the port's)
        """Packets stay in the workers.

        Raises:
            MediaError: Always.
        """
        raise MediaError("with media workers, packets do not reach the control process")

    def link_of(self, room_id: str) -> Link:
        """The worker that a room lives in; chosen now when it has none."""
        link = self._rooms.get(room_id)
        if link is None:
            load = Counter(one.link for one in self._connections.values())
            rooms = Counter(self._rooms.values())
            link = min(self._links, key=lambda each: (load[each], rooms[each]))
            self._rooms[room_id] = link
        return link

    # What workers say

    def worker_said(self, link: Link, message: m.FromWorker) -> None:
        """Pass on what the engine in a worker reports."""
        match message:
            case m.Pulse():
                self._pulse(link, message)
            case m.Speakers(room_id, people):
                listener = self._room_listeners.get(room_id)
                if listener is not None:
                    listener.speakers_changed(room_id, people)
            case m.RecordingFailed(recording_id, code):
                self.recorders.failed(recording_id, code)
            case m.Captioned(room_id) | m.CaptionDeferred(room_id):
                self.captioners.said(room_id, message.tell)
            case m.Fault(task, text):
                self._on_error(task, MediaError(text))
            case m.Logged(level, name, text):
                logging.getLogger(name).log(level, "%s", text)
            case m.Ready() | m.Reply() | m.Refusal():
                return  # the link's own
            case _:
                one = self._connections.get(message.connection_id)
                if one is not None:
                    message.tell(one.listener)

    def _pulse(self, link: Link, pulse: m.Pulse) -> None:
        for name, heard in pulse.heard.items():
            if one := self._connections.get(name):
                one.heard = heard
        for name, stats in pulse.stats.items():
            if one := self._connections.get(name):
                one.stats = stats
        if pulse.captions is not None:
            self.captioners.counted(link, pulse.captions)
        if pulse.counters:
            self._counters[link] = pulse.counters

    def worker_lost(self, link: Link) -> None:
        """Its connections are gone, its rooms and recordings go on in its successor."""
        lost = [one for one in self._connections.values() if one.link is link and not one.lost]
        for room_id, home in self._rooms.items():
            if home is link and room_id in self._room_listeners:
                link.send(m.ListenRoom(room_id, on=True))
        self.recorders.lost(link)
        self.captioners.lost(link)
        for one in lost:
            one.lost = True
            one.listener.transport_lost(one.spec.connection_id)

    # Parts

    def _living(self, connection_id: str) -> _Connection:
        one = self._connections.get(connection_id)
        if one is None or one.lost:
            raise MediaError(f"there is no connection {connection_id}")
        return one

    def _send(self, connection_id: str, message: m.ToWorker) -> None:
        one = self._connections.get(connection_id)
        if one is not None and not one.lost:
            one.link.send(message)

    def _forget_room(self, room_id: str) -> None:
        used = any(one.spec.room_id == room_id for one in self._connections.values())
        if not used and room_id not in self._room_listeners:
            self._rooms.pop(room_id, None)


def _settings_of(settings: RtcSettings, worker: int) -> RtcSettings:
    port = settings.udp_port + worker if settings.udp_port else 0
    return dataclasses.replace(settings, udp_port=port)
