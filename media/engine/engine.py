"""The media engine: connections in rooms, behind the control plane's port."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from aioice.candidate import Candidate

from media.clock import Clock
from media.engine.answer import usable
from media.engine.candidates import parse_candidate
from media.engine.flows import flows
from media.engine.housekeeping import Housekeeping
from media.engine.interfaces import family, listening
from media.engine.internals import Certificate, IceAgent, host_candidate
from media.engine.mux import Mux
from media.engine.notices import Notices
from media.engine.peer import Peer, Surroundings
from media.engine.publication import LocalMix, LocalPublication
from media.errors import MediaError
from media.plane.datagram import DatagramPlane
from media.plane.port import Address, Connection, Track
from media.plane.reports import Reports
from media.plane.room import Room
from media.tasks import TaskScope
from media.types import (
    Answer,
    ConnectionListener,
    ConnectionSpec,
    ConnectionStats,
    Heard,
    ListenerStats,
    Mixing,
    MixTrack,
    Publication,
    RoomListener,
    RoomTap,
    RtcSettings,
    TileRequest,
    TrackSource,
)
from media.video import VideoRoomTap


class Engine:
    """Negotiates with aiortc, forwards with the plain-Python plane.

    Args:
        settings: Port, addresses, slots.
        clock: For every time that is reported or compared.
        on_error: Told of bugs, with the name of what failed.

    Attributes:
        mixing: Makes mixes for who wants them; without it they hear the loudest like others.
    """

    mixing: Mixing | None = None

    def __init__(
        self, settings: RtcSettings, clock: Clock, on_error: Callable[[str, BaseException], None]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_error = on_error
        self._plane = DatagramPlane(clock, self, on_error)
        self._mux = Mux(self._plane, clock)
        self._reports = Reports(self._plane, clock)
        self._notices = Notices(on_error)
        self._scope = TaskScope(on_error)
        self._peers: dict[str, Peer] = {}
        self._publications: dict[str, LocalPublication] = {}
        self._rooms: dict[str, Room] = {}
        self._listeners: dict[str, RoomListener] = {}
        self._ssrcs: set[int] = set()
        self._certificate = Certificate.generateCertificate()
        self._housekeeping = Housekeeping(clock, self._reports, self._peers, self._rooms)

    # Life

    async def start(self) -> None:
        """Bind the media port.

        Raises:
            MediaError: It is taken, an address is not this machine's, or what is advertised and
                what is bound do not fit.
        """
        self._bind()
        if not self._candidates():
            self._plane.close()
            raise MediaError(
                f"none of the advertised addresses {', '.join(self._settings.advertise)} is of a "
                f"family that the media port listens on ({', '.join(self._settings.bind)})"
            )
        self._housekeeper = self._scope.spawn(
            self._housekeeping.run(self._speakers_changed), name="media housekeeping"
        )

    def _bind(self) -> None:
        settings = self._settings
        hosts = listening(settings.bind, settings.advertise)
        first = settings.udp_port
        for port in range(first, min(first + self._settings.port_tries, 65536) - 1):
            with contextlib.suppress(MediaError):  # the next one may be free
                self._plane.bind(hosts, port)
                return
        last = first + self._settings.port_tries - 1
        self._plane.bind(hosts, min(last, 65535))

    async def stop(self) -> None:
        """Close every connection and the port."""
        for publication in tuple(self._publications.values()):
            publication.close()
        await asyncio.gather(*(self.close(name) for name in list(self._peers)))
        if self.mixing is not None:
            await self.mixing.close()
        await self._scope.close()
        self._plane.close()

    @property
    def udp_port(self) -> int:
        """The media port in use."""
        return self._plane.port

    def counters(self) -> Mapping[str, int]:
        """What the whole engine counted, for metrics."""
        drops = {f"dropped_{name}": count for name, count in asdict(self._plane.drops).items()}
        control = {f"control_{name}": count for name, count in asdict(self._mux.drops).items()}
        return {
            "connections": len(self._peers),
            "attached": self._plane.attached,
            "rooms": len(self._rooms),
            "media_sent": self._plane.sent,
            "media_refused": self._plane.refused,
            **drops,
            **control,
        }

    # Connections

    def open(self, spec: ConnectionSpec, listener: ConnectionListener) -> None:
        """Announce a connection before its first offer.

        Raises:
            MediaError: The id is taken.
        """
        if spec.connection_id in self._peers:
            raise MediaError(f"connection {spec.connection_id} is open already")
        agent = self._new_agent()
        around = Surroundings(
            self._clock,
            self._plane,
            self._notices,
            self._scope,
            self._new_ssrc,
            self._ssrcs.discard,
            self._housekeeping.streams,
            self._settings.transport_feedback,
        )
        room = self._room(spec.room_id)
        peer = Peer(spec, listener, room, agent, self._current_certificate(), around)
        self._peers[spec.connection_id] = peer
        if spec.mix and self.mixing is not None:
            peer.connection.mixed = True
            self.mixing.wanted(spec)

    async def answer(
        self, connection_id: str, offer_sdp: str, sources: Mapping[str, TrackSource]
    ) -> Answer:
        """Answer a first or later offer.

        Raises:
            MediaError: No such connection.
            NegotiationError: The offer cannot be answered; nothing changed.
        """
        return self._peer(connection_id).answer(offer_sdp, sources)

    async def add_candidate(self, connection_id: str, candidate: str) -> None:
        """Add a remote candidate; those that lead nowhere are ignored, as is the end of them.

        Raises:
            MediaError: No such connection.
            NegotiationError: `invalid_candidate`.
        """
        peer = self._peer(connection_id)
        parsed = parse_candidate(candidate)
        # aioice gives up at the end of candidates when all were mDNS names; browsers that send
        # only those are found as peer-reflexive, so the end is never passed on.
        if parsed is not None and usable(parsed):
            await peer.add_candidate(parsed)

    async def close(self, connection_id: str) -> None:
        """Close a connection; idempotent."""
        peer = self._peers.pop(connection_id, None)
        if peer is None:
            return
        self._housekeeping.forget(connection_id)
        if peer.connection.mixed and self.mixing is not None:
            self.mixing.unwanted(peer.spec)
        await peer.close()
        self._forget_room(peer.spec.room_id)

    def heard(self, connection_id: str) -> Heard:
        """When the connection was last heard."""
        peer = self._peers.get(connection_id)
        if peer is None or peer.connection.heard_ns is None:
            return Heard(None, media=False)
        heard_ns, media_ns = peer.connection.heard_ns, peer.connection.media_ns
        quiet_ns = self._settings.quiet_after_seconds * 1e9
        return Heard(heard_ns / 1e9, media_ns is not None and heard_ns - media_ns <= quiet_ns)

    def probe(self, connection_id: str) -> None:
        """Ask the peer for a sign of life now."""
        peer = self._peers.get(connection_id)
        if peer is not None:
            peer.probe()

    def set_view(self, connection_id: str, tiles: Sequence[TileRequest]) -> None:
        """What the page shows, most important first."""
        peer = self._peers.get(connection_id)
        if peer is not None:
            peer.connection.room.set_view(peer.connection, tuple(tiles))

    def set_listener_stats(self, connection_id: str, stats: Sequence[ListenerStats]) -> None:
        """What the client says of the media it receives; believed where its reports are missing."""
        peer = self._peers.get(connection_id)
        if peer is not None:
            peer.quality.listener(peer.connection, stats)

    def set_muted(self, connection_id: str, source: TrackSource, *, muted: bool) -> None:
        """Drop (or accept again) a source's packets before anybody gets them."""
        one = self._peers.get(connection_id) or self._publications.get(connection_id)
        if one is not None:
            one.set_muted(source, muted=muted)

    def stats(self, connection_id: str) -> ConnectionStats:
        """Counters and latest quality; all zero for an unknown connection."""
        peer = self._peers.get(connection_id)
        if peer is None:
            return ConnectionStats(0, 0, 0, 0, 0, None)
        connection = peer.connection
        return ConnectionStats(
            connection.packets_received,
            connection.packets_sent,
            connection.octets_received,
            connection.octets_sent,
            peer.quality.lost,
            peer.quality.reading,
            connection.counters.by_name(),
            peer.quality.streams,
            peer.quality.limited_ticks,
            flows(connection, peer.quality.heard),
        )

    # Rooms

    def listen_room(self, room_id: str, listener: RoomListener | None) -> None:
        """Report who speaks in a room; None stops."""
        if listener is None:
            self._listeners.pop(room_id, None)
            self._forget_room(room_id)
        else:
            self._listeners[room_id] = listener

    def add_tap(self, room_id: str, tap: RoomTap) -> None:
        """Hand every audio track of the room, present and future, to `tap`."""
        self._room(room_id).add_tap(tap)

    def remove_tap(self, room_id: str, tap: RoomTap) -> None:
        """Stop that and close its track taps."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.remove_tap(tap)
            self._forget_room(room_id)

    def add_video_tap(self, room_id: str, tap: VideoRoomTap) -> None:
        """Hand every camera and screen of the room, present and future, to `tap`."""
        self._room(room_id).add_video_tap(tap)

    def remove_video_tap(self, room_id: str, tap: VideoRoomTap) -> None:
        """Stop that and close its taps."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.remove_video_tap(tap)
            self._forget_room(room_id)

    def publish(self, spec: ConnectionSpec) -> Publication:
        """A microphone of a program of this process, in a room, without a peer connection.

        Raises:
            MediaError: The connection's id is taken.
        """
        if spec.connection_id in self._peers or spec.connection_id in self._publications:
            raise MediaError(f"connection {spec.connection_id} is open already")
        publication = LocalPublication(
            spec, self._room(spec.room_id), self._plane, self._new_ssrc(), self._unpublished
        )
        self._publications[spec.connection_id] = publication
        return publication

    def mix(self, room_id: str) -> MixTrack:
        """A track for those connections of a room alone that it is given to."""
        room, ssrc = self._room(room_id), self._new_ssrc()
        return LocalMix(room, self._plane, ssrc, self._connection, self._ssrcs.discard)

    def _connection(self, connection_id: str) -> Connection | None:
        peer = self._peers.get(connection_id)
        return None if peer is None else peer.connection

    def _unpublished(self, spec: ConnectionSpec, ssrc: int) -> None:
        del self._publications[spec.connection_id]
        self._ssrcs.discard(ssrc)
        self._forget_room(spec.room_id)

    # What the plane and the rooms call

    def control(self, datagram: bytes, address: Address, index: int) -> None:
        """A STUN or DTLS datagram."""
        self._mux.control(datagram, address, index)

    def rtcp(self, connection: Connection, compound: bytes, at_ns: int) -> None:
        """An authenticated RTCP compound."""
        self._reports.receive(connection, compound, at_ns)

    def missing(self, track: Track, at_ns: int) -> None:
        """A video track has gaps."""
        self._reports.missing(track, at_ns)

    def slots_moved(self, connection: Connection) -> None:
        """A slot of the connection carries something else."""
        peer = self._peers.get(connection.connection_id)
        if peer is not None:
            peer.tell_slots()

    def tracks_moved(self, connection: Connection) -> None:
        """A track began to flow."""
        peer = self._peers.get(connection.connection_id)
        if peer is not None:
            peer.tell_tracks()

    def keyframe_wanted(self, track: Track) -> None:
        """Somebody cannot go on without a key frame."""
        self._reports.keyframe_wanted(track)

    # Parts

    def _peer(self, connection_id: str) -> Peer:
        peer = self._peers.get(connection_id)
        if peer is None:
            raise MediaError(f"there is no connection {connection_id}")
        return peer

    def _room(self, room_id: str) -> Room:
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = Room(room_id, self._settings.audio_slots, self)
        return room

    def _forget_room(self, room_id: str) -> None:
        room = self._rooms.get(room_id)
        inside = [one.spec.room_id for one in self._peers.values()]
        inside += [one.spec.room_id for one in self._publications.values()]
        used = room_id in self._listeners or room_id in inside
        if room is not None and not (room.taps or room.video_taps or used):
            del self._rooms[room_id]
            self._housekeeping.forget_room(room_id)

    def _candidates(self) -> list[Candidate]:
        """What is advertised, in order of preference, where a socket of the family listens."""
        families, port = self._plane.families, self._plane.port
        return [
            host_candidate(host, port, 65535 - at)
            for at, host in enumerate(self._settings.advertise)
            if family(host) in families
        ]

    def _new_agent(self) -> IceAgent:
        if not self._plane.port:
            raise MediaError("the media engine is not started")
        candidates = self._candidates()
        hosts = [_advertised(host, candidates) for host in self._plane.hosts]
        agent = IceAgent(self._mux, self._mux.new_username(), hosts, candidates)
        self._mux.register(agent)
        return agent

    def _current_certificate(self) -> Certificate:
        """One for all; a new one a week before it expires, for connections made from then on."""
        left = self._certificate.expires - self._clock.utc()
        if left.days < 7:
            self._certificate = Certificate.generateCertificate()
        return self._certificate

    def _new_ssrc(self) -> int:
        while True:
            ssrc = secrets.randbits(32)
            if ssrc and ssrc not in self._ssrcs:
                self._ssrcs.add(ssrc)
                return ssrc

    def _speakers_changed(self, room_id: str, participant_ids: tuple[str, ...]) -> None:
        listener = self._listeners.get(room_id)
        if listener is not None:
            self._notices.tell(lambda: listener.speakers_changed(room_id, participant_ids))


def _advertised(host: str, candidates: Sequence[Candidate]) -> str | None:
    """What the socket on an address is known as: itself, else the first of its family."""
    own = [each.host for each in candidates if family(each.host) == family(host)]
    return host if host in own else next(iter(own), None)
