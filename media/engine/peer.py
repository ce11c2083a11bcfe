"""One connection: its ICE agent, its DTLS association, its place in the plane."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiortc.rtcicetransport import RTCIceCandidate

from media.clock import Clock
from media.engine.adaptation import Adaptation
from media.engine.answer import Local, Negotiated, Policy, Remote, negotiate, write
from media.engine.flows import received
from media.engine.internals import Certificate, DtlsSession, IceAgent
from media.engine.notices import Notices
from media.engine.quality import PeerQuality
from media.errors import NegotiationError
from media.plane.port import Address, Connection, Plane, Slot, SlotSpec, SrtpKeys, Track, TrackSpec
from media.plane.rewrite import Rewriter
from media.plane.room import Room
from media.quality.measure import ReportMeter, StreamMeter
from media.quality.table import StreamTable
from media.rtp.transport_cc import ArrivalLog
from media.tasks import TaskScope
from media.types import (
    Answer,
    ConnectionListener,
    ConnectionSpec,
    MediaKind,
    SlotState,
    TrackSource,
    TrackState,
    TransportInfo,
)

if TYPE_CHECKING:
    from media.picture import Picture

MAX_SLOT_LINES = 512  # receiving m-lines that one connection may name in its life
MAX_CANDIDATES = 64  # of one connection, in offers and trickled
_FIRST_SEQUENCE = 1 << 14  # see Rewriter
_OPUS_RATE = 48000  # RFC 7587 section 4.1
_VIDEO_RATE = 90000  # every video format's RTP clock


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all peers of an engine share."""

    clock: Clock
    plane: Plane
    notices: Notices
    scope: TaskScope
    new_ssrc: Callable[[], int]
    free_ssrc: Callable[[int], None]
    streams: StreamTable
    transport_feedback: bool


class Peer:
    """Negotiates a connection and attaches it to the plane.

    Args:
        spec: Who it is.
        listener: Told of what happens.
        room: Where it is.
        agent: Its ICE agent.
        certificate: Ours.
        around: What all peers share.
    """

    def __init__(
        self,
        spec: ConnectionSpec,
        listener: ConnectionListener,
        room: Room,
        agent: IceAgent,
        certificate: Certificate,
        around: Surroundings,
    ) -> None:
        self.spec = spec
        self.connection = Connection(spec.connection_id, spec.participant_id, spec.label, room)
        self.connection.every_video = spec.every_video
        self.connection.only_participant = spec.only_participant
        self.connection.ssrc = around.new_ssrc()
        self.quality = PeerQuality(around.streams)
        self.adaptation = Adaptation(self.connection)
        self.attached = False
        self._over = False
        self._listener = listener
        self._room = room
        self._agent = agent
        self._certificate = certificate
        self._around = around
        self._dtls = DtlsSession(agent, certificate, self._closed_by_peer)
        self._remote: Remote | None = None
        self._candidates = 0
        self._connecting: asyncio.Task[None] | None = None
        self._offered_at = 0.0
        self._picture: Picture | None = None  # in the last second
        self._told: Picture | None = None
        self._session = secrets.randbits(62)
        self._version = 0
        self._ssrcs: dict[
            str, int
        ] = {}  # of slots and their repair, by mid; kept when a line rests
        self._rewriters: dict[str, Rewriter] = {}
        agent.on_path = self._path_changed
        agent.on_heard = self._heard
        agent.on_round_trip = self.connection.measured

    def answer(self, offer: str, sources: Mapping[str, TrackSource]) -> Answer:
        """Answer an offer and begin to connect, or change what is sent and received.

        Raises:
            NegotiationError: The offer cannot be answered; nothing changed.
        """
        around = self._around
        policy = Policy(self.spec.publish, self.spec.subscribe, around.transport_feedback)
        negotiated = negotiate(offer, policy, sources, self._ssrc_of)
        first = self._remote is None
        if self._remote is not None:
            self._check_unchanged(negotiated.remote)
        self._apply(negotiated)
        self._version += 1
        local = Local(
            self._agent.parameters,
            self._agent.advertised,
            self._certificate.fingerprint,
            self._session,
            self._version,
        )
        text = write(negotiated, local)
        if first:
            self._connect(negotiated.remote)
        return Answer(text, self.slot_states())

    async def add_candidate(self, candidate: RTCIceCandidate) -> None:
        """Check another remote candidate too; ignored beyond 64."""
        self._candidates += 1
        if self._candidates <= MAX_CANDIDATES:
            await self._agent.add(candidate)

    def probe(self) -> None:
        """Send a STUN binding request on the nominated pair."""
        self._agent.probe(self._around.clock.monotonic_ns())

    def slot_states(self) -> tuple[SlotState, ...]:
        """The slots in m-line order."""
        return tuple(slot.state() for slot in self.connection.slots.values())

    def track_states(self) -> tuple[TrackState, ...]:
        """The published tracks in m-line order."""
        return tuple(track.state() for track in self.connection.tracks.values())

    def set_muted(self, source: TrackSource, *, muted: bool) -> None:
        """Drop a source's packets, also of tracks that come later."""
        if muted:
            self.connection.muted.add(source)
        else:
            self.connection.muted.discard(source)
        for track in self.connection.tracks.values():
            if track.spec.source is source:
                self._room.mute(track, muted=muted)

    def tell_slots(self) -> None:
        """Tell the listener what the slots carry, once on the next turn."""
        key = ("slots", self.spec.connection_id)
        self._around.notices.tell_latest(key, self._tell_slots)

    def tell_tracks(self) -> None:
        """Tell the listener what is published, once on the next turn."""
        key = ("tracks", self.spec.connection_id)
        self._around.notices.tell_latest(key, self._tell_tracks)

    def tell_quality(self, now: float) -> None:
        """Tell the listener when the quality label changed or it is time."""
        reading = self.quality.due(now)
        if reading is not None:
            listener, name = self._listener, self.spec.connection_id
            self._around.notices.tell(lambda: listener.quality_changed(name, reading))

    def tell_picture(self) -> None:
        """Tell the listener when its largest picture became another and stayed so for a second."""
        picture, before = received(self.connection), self._picture
        self._picture = picture
        if picture == before and picture != self._told:
            self._told = picture
            listener, name = self._listener, self.spec.connection_id
            self._around.notices.tell(lambda: listener.picture_changed(name, picture))

    async def close(self) -> None:
        """Say goodbye and leave nothing behind."""
        self._over = True
        self.detach()
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        await self._dtls.stop()
        await self._agent.close()
        self.quality.close()
        for ssrc in (*self._ssrcs.values(), self.connection.ssrc):
            self._around.free_ssrc(ssrc)

    def detach(self) -> None:
        """Stop media; idempotent."""
        self._room.leave(self.connection)
        self._around.plane.detach(self.connection)
        self.attached = False

    # Negotiation

    def _ssrc_of(self, mid: str) -> int:
        ssrc = self._ssrcs.get(mid)
        if ssrc is None:
            if sum(" " not in known for known in self._ssrcs) >= MAX_SLOT_LINES:
                raise NegotiationError("invalid_sdp", "The connection has used too many m-lines.")
            ssrc = self._ssrcs[mid] = self._around.new_ssrc()
        return ssrc

    def _check_unchanged(self, remote: Remote) -> None:
        known = self._remote
        if known is None or (known.username, known.password) == (remote.username, remote.password):
            return
        raise NegotiationError(
            "ice_restart_unsupported", "A broken connection is replaced by a new one, not repaired."
        )

    def _apply(self, negotiated: Negotiated) -> None:
        connection = self.connection
        extensions = negotiated.extensions
        connection.mid_extension = extensions.mid
        connection.rid_extensions = (extensions.rid, extensions.repaired_rid)
        connection.transport_extension = extensions.transport
        if not extensions.transport:
            connection.arrivals = None
        elif connection.arrivals is None:
            connection.arrivals = ArrivalLog()
        self._apply_tracks({spec.mid: spec for spec in negotiated.tracks})
        self._apply_slots({spec.mid: spec for spec in negotiated.slots})
        if self.attached:
            self._room.refresh(connection)
        self.tell_tracks()

    def _apply_tracks(self, specs: Mapping[str, TrackSpec]) -> None:
        connection = self.connection
        for mid, track in list(connection.tracks.items()):
            spec = specs.get(mid)
            if spec is None or not _same_track(track.spec, spec):
                self._room.end_track(track)
            elif spec.ssrc is not None and spec.ssrc not in (track.spec.ssrc, track.ssrc):
                connection.by_ssrc.pop(track.ssrc or 0, None)
                self._room.restart_track(track, spec.ssrc)
                connection.by_ssrc[spec.ssrc] = track
                if spec.repair_ssrc is not None:
                    connection.repairs[spec.repair_ssrc] = track
        for mid, spec in specs.items():
            if mid in connection.tracks:
                continue
            track = connection.tracks[mid] = Track(connection, spec)
            for stream in track.layers:
                stream.meter = StreamMeter(spec.clock_rate)
                stream.muted = spec.source in connection.muted
            if spec.ssrc is not None:
                connection.by_ssrc[spec.ssrc] = track
            if spec.repair_ssrc is not None:
                connection.repairs[spec.repair_ssrc] = track

    def _apply_slots(self, specs: Mapping[str, SlotSpec]) -> None:
        old = self.connection.slots
        new: dict[str, Slot] = {}
        for mid, spec in specs.items():
            slot = old.pop(mid, None)
            if slot is not None and slot.spec != spec:
                self._room.drop_slot(slot)
                slot = None
            new[mid] = slot or self._new_slot(spec)
        for slot in old.values():
            self._room.drop_slot(slot)
        self.connection.slots = new
        self.connection.slots_by_ssrc = {slot.ssrc: slot for slot in new.values()}

    def _new_slot(self, spec: SlotSpec) -> Slot:
        # An SSRC keeps its rewriter for life: its sequence numbers may never jump.
        rewriter = self._rewriters.get(spec.mid)
        if rewriter is None:
            rewriter = self._rewriters[spec.mid] = Rewriter(
                sequence=secrets.randbelow(_FIRST_SEQUENCE),
                timestamp=secrets.randbits(32),
                clock_rate=_OPUS_RATE if spec.kind is MediaKind.AUDIO else _VIDEO_RATE,
            )
        audio = spec.kind is MediaKind.AUDIO
        meter = ReportMeter(_OPUS_RATE if audio else _VIDEO_RATE)
        slot = Slot(self.connection, spec, rewriter, meter)
        if not audio:
            slot.losses = ReportMeter(_VIDEO_RATE)
        return slot

    # Transport

    def _connect(self, remote: Remote) -> None:
        self._remote = remote
        self._offered_at = self._around.clock.monotonic()
        self._agent.set_remote(remote.username, remote.password, lite=remote.lite)
        self._connecting = self._around.scope.spawn(
            self._establish(remote), name=f"connect {self.spec.connection_id}"
        )

    async def _establish(self, remote: Remote) -> None:
        for candidate in remote.candidates:
            await self.add_candidate(candidate)
        try:
            await self._agent.connect()
        except ConnectionError:
            self._fail("ice_failed")
            return
        keys = await self._dtls.handshake(remote.fingerprints)
        if keys is None or self._agent.path is None:
            self._fail("dtls_failed")
            return
        self._attach(keys, *self._agent.path)

    def _attach(self, keys: SrtpKeys, address: Address, index: int) -> None:
        around = self._around
        around.plane.attach(self.connection, keys, address, index)
        self.attached = True
        self._heard()
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        info = TransportInfo(
            remote=f"{host}:{address[1]}",
            path=self._agent.remote_type,
            srtp_profile=keys.profile,
            join_ms=(around.clock.monotonic() - self._offered_at) * 1000,
        )
        listener, name = self._listener, self.spec.connection_id
        around.notices.tell(lambda: listener.transport_up(name, info))
        self._room.join(self.connection)

    def _path_changed(self, address: Address, index: int) -> None:
        if self.attached:
            self._around.plane.move(self.connection, address, index)

    def _heard(self) -> None:
        self.connection.heard_ns = self._around.clock.monotonic_ns()

    def _closed_by_peer(self) -> None:
        self.detach()
        listener, name = self._listener, self.spec.connection_id
        self._around.notices.tell(lambda: listener.transport_closed(name))

    def _fail(self, reason: str) -> None:
        listener, name = self._listener, self.spec.connection_id
        self._around.notices.tell(lambda: listener.transport_failed(name, reason))

    def _tell_slots(self) -> None:
        if not self._over:
            self._listener.slots_changed(self.spec.connection_id, self.slot_states())

    def _tell_tracks(self) -> None:
        if not self._over:
            self._listener.tracks_changed(self.spec.connection_id, self.track_states())


def _same_track(old: TrackSpec, new: TrackSpec) -> bool:
    """Whether a track goes on after a renegotiation."""
    return _shape(old) == _shape(new)


def _shape(spec: TrackSpec) -> tuple[object, ...]:
    return (
        (spec.source, spec.codec, spec.payload_type),
        (spec.level_extension, spec.repair_type, spec.layers, spec.red_type),
    )
