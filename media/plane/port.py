"""The seam of the packet plane: connections, tracks and slots, and what a plane reports upwards.

The engine makes these objects from a negotiated answer; rooms decide which track each slot
carries; a plane moves the packets. Hot attributes are plain fields: no call per packet.
"""

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from media.plane.rewrite import Progress, Rewriter
from media.rtp.cache import PacketCache
from media.rtp.nack import MissingTracker
from media.rtp.red import MAX_BLOCKS
from media.types import (
    MediaKind,
    RoomTap,
    SlotState,
    TileRequest,
    TrackSource,
    TrackState,
    TrackTap,
)

if TYPE_CHECKING:
    from media.plane.room import Room
    from media.rtp.transport_cc import ArrivalLog
    from media.video import VideoRoomTap, VideoTap

Address = tuple[str, int]

# Extended sequence numbers begin one cycle up, so that packets from before the first are positive.
FIRST_CYCLE = 0x10000


@dataclass(frozen=True, slots=True)
class TrackSpec:
    """What the answer settled for a publishing m-line.

    Attributes:
        mid: Identification tag.
        source: What it captures.
        codec: MIME type.
        payload_type: The one payload type accepted.
        clock_rate: RTP clock in Hz.
        ssrc: From the offer; None until a packet shows it.
        level_extension: Extension id of the audio level (RFC 6464), 0 when not negotiated.
        repair_type: Payload type of retransmissions (RFC 4588), 0 when not negotiated.
        repair_ssrc: Their stream from the offer; None until a packet shows it.
        layers: Names of simulcast layers (RFC 8851) as offered; empty for one stream.
        red_type: Payload type of redundant audio (RFC 2198), 0 when not negotiated.
    """

    mid: str
    source: TrackSource
    codec: str
    payload_type: int
    clock_rate: int
    ssrc: int | None
    level_extension: int = 0
    repair_type: int = 0
    repair_ssrc: int | None = None
    layers: tuple[str, ...] = ()
    red_type: int = 0


@dataclass(frozen=True, slots=True)
class SlotSpec:
    """What the answer settled for a receiving m-line.

    Attributes:
        mid: Identification tag.
        kind: Audio or video.
        ssrc: Ours, fixed for the life of the m-line.
        payload_types: Lower-case MIME type to the listener's payload type.
        repair_types: Such a payload type to that of its retransmissions (RFC 4588).
        repair_ssrc: Ours for retransmissions, 0 when not negotiated.
        send_time_extension: Id of the absolute send time, 0 when not negotiated.
        red_type: The listener's payload type of redundant audio, 0 when not negotiated.
    """

    mid: str
    kind: MediaKind
    ssrc: int
    payload_types: Mapping[str, int]
    repair_types: Mapping[int, int] = field(default_factory=dict)
    repair_ssrc: int = 0
    send_time_extension: int = 0
    red_type: int = 0


class UplinkMeter(Protocol):
    """Measures what arrives of a track."""

    def packet(self, arrival_ns: int, sequence: int, timestamp: int) -> None:
        """Count one packet; called for each, so it is quick."""


class DownlinkMeter(Protocol):
    """Measures what a listener says has arrived of a slot."""

    def report(self, highest: int, cumulative_lost: int, jitter: int, gaps: int = 0) -> None:
        """Take one report block; `gaps` are numbers that never reached us."""


class Track:
    """One published source of a connection, as the plane sees it.

    A simulcast source is a track whose `layers` are further tracks, one a stream, itself the first
    of them. Slots belong to the source and are fed by one of its streams.

    Args:
        connection: Whose.
        spec: What was negotiated.
        meter: Counts its packets.
        owner: The source that this one is a further layer of.
        rid: Name of the layer, empty for the only stream.
    """

    __slots__ = (
        "asleep",
        "audio",
        "base",
        "cache",
        "codec",
        "connection",
        "counted",
        "feedback_ns",
        "filmed",
        "films",
        "floor",
        "flowing",
        "gated",
        "hang",
        "head",
        "height",
        "idle",
        "jitter_ms",
        "layers",
        "level_extension",
        "meter",
        "missing",
        "muted",
        "need",
        "octets",
        "owner",
        "payload_type",
        "pending",
        "progress",
        "rate",
        "received",
        "red_ticks",
        "red_type",
        "report_expected",
        "report_received",
        "reported_packets",
        "restored",
        "resync",
        "rid",
        "sender_report",
        "skipped",
        "slots",
        "spec",
        "ssrc",
        "taps",
        "viewers",
        "vp8",
        "width",
        "withheld",
    )

    def __init__(
        self,
        connection: "Connection",
        spec: TrackSpec,
        meter: UplinkMeter | None = None,
        *,
        owner: "Track | None" = None,
        rid: str = "",
    ) -> None:
        self.connection = connection
        self.spec = spec
        self.owner = owner or self
        self.rid = rid
        self.layers: list[Track] = [self]  # as offered; of the owner only
        if owner is None and spec.layers:
            self.rid = spec.layers[0]
            rest = (Track(connection, spec, owner=self, rid=rid) for rid in spec.layers[1:])
            self.layers.extend(rest)
        self.viewers: dict[Slot, None] = {}  # of the owner: every slot that carries it
        self.octets = 0  # of all its packets, headers included
        self.counted = 0  # of these, when the rate was last measured
        self.rate = -1  # bits in the last second, -1 before the first
        self.need = (0, 0)  # of the owner: bits a second that viewers need, since when (ns)
        self.width = self.height = 0  # of the picture, 0 until a key frame of VP8 told
        self.codec = spec.codec.lower()
        self.audio = spec.source.kind is MediaKind.AUDIO
        self.vp8 = self.codec == "video/vp8"
        self.payload_type = spec.payload_type
        self.level_extension = spec.level_extension
        self.red_type = spec.red_type or -1
        self.ssrc = spec.ssrc
        self.muted = False
        self.flowing = False
        self.slots: list[Slot] = []
        self.pending: list[Slot] = []
        self.taps: list[tuple[RoomTap, TrackTap]] = []
        self.filmed: list[Filming] = []  # of the owner: every tap of its pictures
        self.films: list[Filming] = []  # those that this stream feeds, or may feed
        self.progress = Progress()
        self.meter = meter
        self.jitter_ms = 0.0
        self.missing = MissingTracker()
        self.cache: PacketCache | None = None if self.audio else PacketCache()
        self.feedback_ns = 0  # when a key frame was last asked for
        self.gated = 0  # extended number less forward number
        self.restart(spec.ssrc)

    def restart(self, ssrc: int | None) -> None:
        """Begin anew with another stream; forward numbers go on where they were.

        Slots that carry the track must have been ended before.
        """
        self.ssrc = ssrc
        self.head = -1  # highest extended sequence number, -1 before the first
        self.base = 0
        self.received = 0
        self.floor = -1  # extended numbers up to here are not forwarded any more
        self.hang = 0
        self.skipped = -1  # packets since the last decrypted one; -1: decrypt the next
        self.withheld = -1  # highest extended number that taps were not handed, -1 for none
        self.resync = True  # the next forwarded packet continues the forward numbers
        self.red_ticks = 0  # timestamp of the newest redundant packet
        self.restored: deque[int] = deque(maxlen=MAX_BLOCKS)  # numbers that repetitions filled
        self.asleep = True  # nobody watches: gaps are not noticed
        self.report_expected = 0
        self.report_received = 0
        self.sender_report: tuple[int, int] | None = None  # middle NTP bits, arrival ns
        self.reported_packets = -1  # sent so far, by the sender's last report
        self.idle = False  # nothing was sent between its last two
        self.missing = MissingTracker()
        if self.cache is not None:
            self.cache.clear()

    @property
    def participant_id(self) -> str:
        """Whose track."""
        return self.connection.participant_id

    def state(self) -> TrackState:
        """For the control plane."""
        return TrackState(self.spec.source, self.spec.mid, self.spec.codec, self.flowing)


class Filming:
    """One tap of a source's pictures.

    Args:
        room_tap: Who wanted it.
        tap: Where packets go.
        stream: The source's layer that feeds it.
    """

    __slots__ = ("better", "fresh", "room_tap", "seen", "stream", "tap", "target")

    def __init__(self, room_tap: "VideoRoomTap", tap: "VideoTap", stream: Track) -> None:
        self.room_tap = room_tap
        self.tap = tap
        self.stream = stream
        self.target: Track | None = None  # the layer that feeds it from a key frame on
        self.better: Track | None = None  # a layer that may become the target
        self.seen = 0  # how often in a row
        self.fresh = False  # the tap must be told of the stream before its next packet


class Slot:
    """One outgoing stream of a connection.

    Args:
        connection: Whose.
        spec: What was negotiated.
        rewriter: Makes one stream of all the tracks that it will carry.
        meter: Takes the listener's reports.
    """

    __slots__ = (
        "audio",
        "connection",
        "height",
        "limited",
        "losses",
        "meter",
        "payload_type",
        "red_type",
        "report",
        "resent",
        "rewriter",
        "spec",
        "ssrc",
        "starved",
        "stream",
        "target",
        "track",
    )

    def __init__(
        self,
        connection: "Connection",
        spec: SlotSpec,
        rewriter: Rewriter,
        meter: DownlinkMeter | None = None,
    ) -> None:
        self.connection = connection
        self.spec = spec
        self.audio = spec.kind is MediaKind.AUDIO
        self.ssrc = spec.ssrc
        self.rewriter = rewriter
        self.meter = meter
        self.losses: DownlinkMeter | None = None  # of a video slot, for choosing its layer
        self.payload_type = 0
        self.red_type = 0  # for its track's redundant packets as they are, 0 to unwrap them
        self.track: Track | None = None  # the source
        self.stream: Track | None = None  # its layer that feeds the slot
        self.target: Track | None = None  # its layer that feeds the slot from a key frame on
        self.starved = False  # the link does not take the picture
        self.limited = False  # the link does not take the layer that its tile wants
        self.height = 0  # of the tile that shows it, 0 when unknown
        self.resent = 0  # packets that its listener missed and got after all
        self.report: tuple[int, int] | None = None  # middle NTP bits of our SR, when sent (ns)

    def state(self) -> SlotState:
        """For the control plane."""
        spec, track = self.spec, self.track
        if track is None:
            return SlotState(spec.mid, spec.kind)
        return SlotState(
            spec.mid,
            spec.kind,
            track.participant_id or None,  # a mix is nobody's
            track.spec.source if track.participant_id else None,
            paused=track.muted or self.starved,
            reason="muted" if track.muted else "bandwidth" if self.starved else None,
        )


@dataclass(slots=True)
class Counters:
    """What happened to a connection's packets, by name."""

    auth_failed: int = 0
    gated: int = 0
    muted: int = 0
    unknown_ssrc: int = 0
    unknown_payload_type: int = 0
    malformed: int = 0
    protect_failed: int = 0
    nacks_received: int = 0
    nacks_sent: int = 0
    repaired: int = 0
    restored: int = 0
    retransmitted: int = 0
    plis_received: int = 0
    plis_sent: int = 0
    feedbacks_sent: int = 0
    rtcp_received: int = 0

    def by_name(self) -> dict[str, int]:
        """All of them, for statistics."""
        return {name: getattr(self, name) for name in self.__slots__}


class Connection:
    """One peer in the plane: where it is, its SRTP contexts, its tracks and slots.

    `rx`, `tx`, `name…` and `peer` belong to the plane and mean nothing to others.
    """

    __slots__ = (
        "address",
        "arrivals",
        "budget",
        "by_ssrc",
        "cname",
        "connection_id",
        "counters",
        "estimate",
        "every_video",
        "fd",
        "heard_ns",
        "keys",
        "label",
        "learned",
        "media_ns",
        "mid_extension",
        "mix",
        "mixed",
        "muted",
        "name",
        "name_length",
        "name_place",
        "octets_received",
        "octets_sent",
        "only_participant",
        "packets_received",
        "packets_sent",
        "participant_id",
        "peer",
        "repairs",
        "rid_extensions",
        "room",
        "round_trip_ns",
        "rx",
        "slots",
        "slots_by_ssrc",
        "socket",
        "ssrc",
        "tiles",
        "tracks",
        "transport_extension",
        "trip_ns",
        "tx",
    )

    def __init__(self, connection_id: str, participant_id: str, label: str, room: "Room") -> None:
        self.connection_id = connection_id
        self.participant_id = participant_id
        self.label = label
        self.room = room
        self.only_participant: str | None = None
        self.every_video = False
        self.mixed = False  # audio slots carry a mix and nobody in person
        self.mix: Track | None = None
        self.tiles: tuple[TileRequest, ...] = ()
        self.muted: set[TrackSource] = set()
        self.cname = participant_id.encode()[:64]
        self.ssrc = 1  # ours as an RTCP sender; media slots have their own
        self.tracks: dict[str, Track] = {}
        self.by_ssrc: dict[int, Track] = {}
        self.repairs: dict[int, Track] = {}  # by SSRC of the retransmissions
        self.slots: dict[str, Slot] = {}  # by mid, in m-line order
        self.slots_by_ssrc: dict[int, Slot] = {}
        self.mid_extension = 0
        self.rid_extensions = (0, 0)  # of media and of retransmissions
        self.transport_extension = 0  # id of the transport-wide sequence number
        self.arrivals: ArrivalLog | None = None  # of video, when the peer wants to be told
        self.budget: int | None = None  # bits a second for video, None without a limit
        self.estimate: tuple[int, int] | None = None  # the peer's own (REMB), and when (ns)
        self.learned = 0
        self.counters = Counters()
        self.heard_ns: int | None = None
        self.media_ns: int | None = None
        self.packets_received = self.packets_sent = 0
        self.octets_received = self.octets_sent = 0
        self.round_trip_ns: int | None = None  # latest
        self.trip_ns: int | None = None  # highest since the last quality tick
        # Set by the plane on attach:
        self.address: Address | None = None
        self.socket = 0
        self.fd = -1
        self.name: object = None  # keeps alive what lies at `name_place`
        self.name_place = self.name_length = 0
        self.peer: Hashable = None
        self.rx: object = None
        self.tx: object = None
        self.keys: object = None

    def forget_repairs(self, track: Track) -> None:
        """The streams that repeated a track's packets are over."""
        for ssrc in [ssrc for ssrc, stream in self.repairs.items() if stream is track]:
            del self.repairs[ssrc]

    def measured(self, trip_ns: int) -> None:
        """Note a round trip."""
        self.round_trip_ns = trip_ns
        self.trip_ns = max(trip_ns, self.trip_ns or 0)


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """The SRTP contexts of a finished handshake (RFC 5764).

    Attributes:
        receive: Opaque context for unprotecting; valid while `owner` lives.
        transmit: Opaque context for protecting.
        profile: Name such as `SRTP_AEAD_AES_256_GCM`.
        owner: Keeps both alive.
    """

    receive: object
    transmit: object
    profile: str
    owner: object = field(repr=False)


class RoomEvents(Protocol):
    """What rooms report; calls arrive in the middle of packet work and only take notes."""

    def slots_moved(self, connection: Connection) -> None:
        """A slot of the connection carries something else."""

    def tracks_moved(self, connection: Connection) -> None:
        """A track began to flow."""

    def keyframe_wanted(self, track: Track) -> None:
        """Somebody cannot go on without a key frame of a video track."""


class PlaneEvents(Protocol):
    """What a plane calls back; none of these may raise."""

    def control(self, datagram: bytes, address: Address, index: int) -> None:
        """A STUN or DTLS datagram; `index` is the plane's socket."""

    def rtcp(self, connection: Connection, compound: bytes, at_ns: int) -> None:
        """A decrypted, authenticated RTCP compound."""

    def missing(self, track: Track, at_ns: int) -> None:
        """A video track has gaps that may be due for a request."""


class Plane(Protocol):
    """What rooms, reports and the engine ask of a plane."""

    def attach(self, connection: Connection, keys: SrtpKeys, address: Address, index: int) -> None:
        """Let packets flow between the connection and a validated address."""

    def move(self, connection: Connection, address: Address, index: int) -> None:
        """The peer's validated address changed."""

    def detach(self, connection: Connection) -> None:
        """Stop; idempotent."""

    def send(self, datagram: bytes, address: Address, index: int) -> None:
        """Send a control datagram; a full socket buffer drops it."""

    def send_rtcp(self, connection: Connection, compound: bytes) -> None:
        """Protect and send an RTCP compound."""

    def resend(self, slot: Slot, packet: bytes) -> None:
        """Send a cached packet of the slot's track once more."""

    def publish(self, track: Track, payload: bytes, timestamp: int, level: int) -> None:
        """Take an Opus packet of a track that this process publishes itself."""
