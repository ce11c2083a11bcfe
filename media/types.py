"""The words that the media ring shares with the rings above it: plain data, no behaviour.

Ids are opaque strings (UUIDv7 in practice) made by the caller. Times named `at` are monotonic
seconds of the process's one Clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, TypeAlias

from media.picture import Picture


class MediaKind(StrEnum):
    """Kind of an m-line (RFC 8866 section 5.14)."""

    AUDIO = "audio"
    VIDEO = "video"


class TrackSource(StrEnum):
    """What a Track captures."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    SCREEN = "screen"
    SCREEN_AUDIO = "screen-audio"

    @property
    def kind(self) -> MediaKind:
        """Audio for microphone and screen audio, video otherwise."""
        audio = self in (TrackSource.MICROPHONE, TrackSource.SCREEN_AUDIO)
        return MediaKind.AUDIO if audio else MediaKind.VIDEO


class QualityLabel(StrEnum):
    """How good a connection is (design: E-model rating cut into four)."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class Direction(StrEnum):
    """Which way a stream goes, seen from the browser."""

    UPLINK = "uplink"
    DOWNLINK = "downlink"


class StreamReading(NamedTuple):
    """One stream of a connection, judged; a tuple, for thousands are made each second.

    Attributes:
        direction: Which way.
        source: What is published (`TrackSource`), or the kind of what is received (`MediaKind`).
        label: None while too little is known.
        score: Smoothed transmission rating, 0 to 93.2.
        reason: As in `Reading`.
        packets: Settled since the connection came up, lost ones included.
        lost: Settled as lost since then.
        jitter_ms: Highest of the window.
        active: Whether the stream speaks for its connection; false when held for long.
    """

    direction: Direction
    source: str
    label: QualityLabel | None
    score: float
    reason: str | None
    packets: int
    lost: int
    jitter_ms: float
    active: bool


@dataclass(frozen=True, slots=True)
class ListenerStats:
    """What a client itself says of all that it receives of one kind, since it connected.

    Attributes:
        kind: Audio or video.
        packets_received: RTP packets that arrived.
        packets_lost: RTP packets that did not.
        jitter_ms: Highest interarrival jitter of its streams.
        freezes: Times that a picture stood still (W3C webrtc-stats `freezeCount`).
        frozen_seconds: For how long in all.
    """

    kind: MediaKind
    packets_received: int = 0
    packets_lost: int = 0
    jitter_ms: float = 0.0
    freezes: int = 0
    frozen_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A judged connection quality.

    Attributes:
        label: One of four.
        score: Smoothed transmission rating, 0 to 93.2.
        reason: `loss`, `delay`, `jitter`, `stalled`, `transport`, or None when excellent.
        loss_percent: Share of settled packets lost in the window, 0 to 100.
        round_trip_ms: Latest round trip, None while unknown.
        jitter_ms: RFC 3550 interarrival jitter.
        direction: Which way the stream goes that the label is of; None for the transport itself.
        source: That stream's source (see `StreamReading`).
        age_seconds: How long the label has held.
        active: Whether a stream speaks now; else the label is kept over silence.
    """

    label: QualityLabel
    score: float
    reason: str | None
    loss_percent: float
    round_trip_ms: float | None
    jitter_ms: float
    direction: Direction | None = None
    source: str | None = None
    age_seconds: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True)
class StreamFlow:
    """What has passed in one stream since the connection came up.

    Attributes:
        direction: Which way.
        source: As in `StreamReading`.
        octets: Of its RTP packets, headers included; what redundancy repeats is left out downwards.
        freezes: Times that its picture stood still, by the client's word (`freezeCount`).
        frozen_seconds: For how long in all (`totalFreezesDuration`).
        picture: None for sound, and while no picture flows.
    """

    direction: Direction
    source: str
    octets: int
    freezes: int = 0
    frozen_seconds: float = 0.0
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class ConnectionSpec:
    """What the engine must know before the first offer of a connection.

    Attributes:
        connection_id: Names the connection in every later call and callback.
        room_id: Connections of one room hear and see each other.
        participant_id: Who is behind it; several connections may share it in turn.
        label: Display name, for the decoration of file names only.
        publish: Whether its media is accepted.
        subscribe: Whether slots are filled for it.
        only_participant: Fill slots from this participant alone (WHEP `?participant=`).
        every_video: Fill free video slots without a view request (WHEP and simple clients).
        mix: Fill the first audio slot with everybody's sound as one, and the others with nothing.
    """

    connection_id: str
    room_id: str
    participant_id: str
    label: str
    publish: bool = True
    subscribe: bool = True
    only_participant: str | None = None
    every_video: bool = False
    mix: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The engine's answer to an offer.

    Attributes:
        sdp: Complete answer; candidates included.
        slots: The connection's receive slots in m-line order.
    """

    sdp: str
    slots: tuple["SlotState", ...]


@dataclass(frozen=True, slots=True)
class SlotState:
    """One outgoing stream of a connection and what it carries now.

    Attributes:
        mid: The m-line identification tag (RFC 8843).
        kind: Audio or video.
        participant_id: Whose track it carries; None while empty.
        source: Which of that participant's tracks; None while empty.
        paused: The track exists but nothing is sent, with the reason in `reason`.
    """

    mid: str
    kind: MediaKind
    participant_id: str | None = None
    source: TrackSource | None = None
    paused: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TileRequest:
    """A page asks to see one track at a size; earlier requests matter more.

    Attributes:
        participant_id: Whose.
        source: `camera` or `screen`.
        width: Tile width in CSS pixels.
        height: Tile height in CSS pixels.
    """

    participant_id: str
    source: TrackSource
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class TrackState:
    """A track that a connection publishes, as the engine sees it.

    Attributes:
        source: What is captured.
        mid: The m-line that carries it.
        codec: MIME type such as `audio/opus`.
        flowing: At least one authenticated packet arrived.
    """

    source: TrackSource
    mid: str
    codec: str
    flowing: bool


@dataclass(frozen=True, slots=True)
class TransportInfo:
    """What was negotiated, for timelines.

    Attributes:
        remote: The peer's address as `host:port`.
        path: ICE type of the remote candidate: host, srflx, prflx, relay.
        srtp_profile: For example `SRTP_AEAD_AES_256_GCM`.
        join_ms: First offer to connected.
    """

    remote: str
    path: str
    srtp_profile: str
    join_ms: float


@dataclass(frozen=True, slots=True)
class Heard:
    """When a connection was last heard.

    Attributes:
        at: Monotonic seconds of the last authenticated packet, None before the first.
        media: RTP came within the second before `at`.
    """

    at: float | None
    media: bool


class ConnectionListener(Protocol):
    """Facts that the engine reports about a connection, on the event loop, never re-entrantly.

    A call never raises; a listener that fails is a bug that the engine logs once.
    """

    def transport_up(self, connection_id: str, info: TransportInfo) -> None:
        """DTLS is connected and media may flow."""

    def transport_closed(self, connection_id: str) -> None:
        """The peer closed on purpose (DTLS close_notify)."""

    def transport_failed(self, connection_id: str, reason: str) -> None:
        """ICE or DTLS failed for good; `reason` is a stable word such as `dtls_failed`."""

    def transport_lost(self, connection_id: str) -> None:
        """We lost the connection ourselves: the worker that it lived in is gone."""

    def tracks_changed(self, connection_id: str, tracks: tuple[TrackState, ...]) -> None:
        """The set of published tracks, or one's `flowing`, changed."""

    def slots_changed(self, connection_id: str, slots: tuple[SlotState, ...]) -> None:
        """Another track took a slot, or a slot was freed."""

    def quality_changed(self, connection_id: str, reading: Reading) -> None:
        """The label changed, or 30 s have passed since the last report."""

    def picture_changed(self, connection_id: str, picture: Picture | None) -> None:
        """The largest picture that it gets has another layer or size, and keeps it."""


class RoomListener(Protocol):
    """Facts that the engine reports about a room."""

    def speakers_changed(self, room_id: str, participant_ids: tuple[str, ...]) -> None:
        """Who speaks now, loudest first; at most four times a second."""


EndedBy: TypeAlias = Literal[
    "user", "empty", "max_length", "disk_floor", "shutdown", "write_error", "recovered"
]
"""Why a recording ended."""
OnPause: TypeAlias = Literal["silence", "cut"]
"""Whether a pause is silence in every file, or ends them and begins others afterwards."""
RecordedMedia: TypeAlias = Literal["audio", "audio_video"]
"""Whether sound alone is recorded, or cameras and screens too."""


@dataclass(frozen=True, slots=True)
class RecordingSpec:
    """What the engine must know to record a room.

    Attributes:
        recording_id: Names it in every later call.
        room_id: Every audio track of this room is recorded, now and later.
        directory: Server-made, exists, writable; files go here and nowhere else.
        meeting_id: Written into the manifest.
        session_id: Written into the manifest.
        started_by: Participant or key that asked, for the manifest.
        continues: The directory holds this recording's beginning, whose writer is gone.
        rtplog: Whether the arrival of every packet is logged beside the files.
        on_pause: What becomes of a pause: silence, or the end of every file.
        media: Sound alone, or cameras and screens too.
        video_height: Of pictures sent in several sizes the smallest with about so many lines is
            recorded; 0 for the largest.
    """

    recording_id: str
    room_id: str
    directory: Path
    meeting_id: str
    session_id: str
    started_by: str | None = None
    continues: bool = False
    rtplog: bool = True
    on_pause: OnPause = "silence"
    media: RecordedMedia = "audio"
    video_height: int = 0


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """One finished file of a recording.

    Attributes:
        name: File name inside the recording's directory; never a path.
        participant_id: Whose track.
        label: That participant's name when recorded.
        kind: `audio` or `video`.
        source: Which track.
        content_type: For example `audio/ogg; codecs=opus`.
        segment: 1 for the first segment of the track.
        offset_seconds: Start of the file's first sample after the recording's start.
        duration_seconds: Playable length.
        bytes: Size on disk.
        sha256: Lower-case hex.
        complete: False when a crash cut it.
        clock_skew_ppm: How much longer its sound lasts by the server's clock than by its own, in
            parts per million.
    """

    name: str
    participant_id: str
    label: str
    kind: MediaKind
    source: TrackSource
    content_type: str
    segment: int
    offset_seconds: float
    duration_seconds: float
    bytes: int
    sha256: str
    complete: bool = True
    clock_skew_ppm: float = 0.0


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """What a finished or recovered recording left on disk.

    Attributes:
        recording_id: Which.
        started_at: UTC of the recording's zero.
        duration_seconds: From start to stop, pauses included.
        files: Every file, in track and segment order.
        failed: Stable code when writing broke down for good, else None.
        recovered: A crash had left it open.
    """

    recording_id: str
    started_at: datetime
    duration_seconds: float
    files: tuple[RecordedFile, ...]
    failed: str | None = None
    recovered: bool = False


class RecordingListener(Protocol):
    """Facts about a running recording, reported on the event loop."""

    def recording_failed(self, recording_id: str, code: str) -> None:
        """Writing broke down for good; what was written is kept."""


class RunningRecording(Protocol):
    """A recording that takes packets; used on the event loop, never blocking it."""

    def pause(self) -> None:
        """Store nothing from now on; the time line goes on in silence. Idempotent."""

    def resume(self) -> None:
        """Store again from now on. Idempotent."""

    async def stop(self, ended_by: EndedBy = "user") -> RecordingResult:
        """Take no more packets, fill every track up to now, close and describe the files.

        Idempotent.

        Args:
            ended_by: Why, for the manifest.

        Raises:
            RecordingError: `abandoned` when the files could not be closed.
        """
        ...


class Recorders(Protocol):
    """Where recordings are written: beside the engine whose packets they take."""

    def start(self) -> None:
        """Be ready to record."""

    async def record(
        self, spec: RecordingSpec, listener: RecordingListener, *, disk_floor_bytes: int
    ) -> RunningRecording:
        """Record every audio track of a room from now on.

        Args:
            spec: What to record and where.
            listener: Hears when writing breaks down for good.
            disk_floor_bytes: Free space below which no recording starts.

        Raises:
            RecordingError: `directory_not_writable`, `directory_in_use`, `disk_full`,
                `write_error`.
        """
        ...

    def stop(self) -> None:
        """Let go of what has not ended. Blocks."""


class TrackTap(Protocol):
    """Where the plane hands what one track says, long silence left out. Never blocks or raises."""

    def rtp(
        self, arrival_ns: int, sequence: int, timestamp: int, payload: bytes, level: int
    ) -> None:
        """One authenticated RTP packet.

        Args:
            arrival_ns: Monotonic nanoseconds, taken when the datagram was read.
            sequence: 16-bit RTP sequence number as received.
            timestamp: 32-bit RTP timestamp as received.
            payload: The RTP payload without padding; empty now and then in a long silence.
            level: How loud it is in -dBov, 0 (loudest) to 127 (silent), as its sender says
                (RFC 6464), else guessed from its size.
        """

    def skipped(self, sequence: int) -> None:
        """Packets up to this 16-bit number came, held nothing and were not handed out."""

    def sender_report(self, arrival_ns: int, ntp: int, rtp_timestamp: int) -> None:
        """The sender's clock pair (RFC 3550 section 6.4.1): 64-bit NTP and RTP timestamp."""

    def close(self) -> None:
        """The track ended (left, replaced, new SSRC); idempotent."""


class RoomTap(Protocol):
    """What the engine asks of a recording: a tap for each track that appears in the room."""

    def open_track(
        self, participant_id: str, label: str, source: TrackSource, connection_id: str, ssrc: int
    ) -> TrackTap | None:
        """A track appeared (or exists already when the recording starts); None to ignore it."""


class Taps(Protocol):
    """Where an engine hands out the audio of a room."""

    def add_tap(self, room_id: str, tap: RoomTap) -> None:
        """Hand every audio track of the room, present and future, to `tap`."""

    def remove_tap(self, room_id: str, tap: RoomTap) -> None:
        """Stop that and close its track taps."""


class Publication(Protocol):
    """A microphone that this process is itself: packets that nobody sent."""

    def send(self, payload: bytes, timestamp: int, level: int) -> None:
        """Publish one Opus packet now; the caller keeps the pace.

        Args:
            payload: At most 1275 bytes (RFC 6716 section 3.2.1, R2).
            timestamp: Ticks of 48 kHz; any number, its low 32 bits count.
            level: In -dBov, 0 (loudest) to 127 (silent).
        """

    def close(self) -> None:
        """Stop; idempotent."""


class MixTrack(Publication, Protocol):
    """Sound for those connections alone that it is given to; nobody taps or counts it."""

    def give(self, connection_id: str) -> None:
        """Let a connection that wants a mix hear this one instead of what it heard before."""


class Mixing(Protocol):
    """Makes mixes of rooms while somebody wants them."""

    def wanted(self, spec: ConnectionSpec) -> None:
        """A connection came that wants a mix."""

    def unwanted(self, spec: ConnectionSpec) -> None:
        """It is gone."""

    async def close(self) -> None:
        """Make no more."""


@dataclass(frozen=True, slots=True)
class ConnectionStats:
    """Counters of one connection since it came up.

    Attributes:
        packets_received: RTP packets accepted.
        packets_sent: RTP packets sent.
        bytes_received: RTP bytes accepted.
        bytes_sent: RTP bytes sent.
        packets_lost: Settled as lost on the uplink.
        reading: Latest quality, None while unknown.
        counters: Everything else by name (drops, nacks, plis).
        streams: Every stream that was measured, judged by itself.
        limited_ticks: Seconds in which we ourselves were too late to judge fairly.
        flows: What passed in each of the streams.
    """

    packets_received: int
    packets_sent: int
    bytes_received: int
    bytes_sent: int
    packets_lost: int
    reading: Reading | None
    counters: Mapping[str, int] = field(default_factory=dict)
    streams: tuple[StreamReading, ...] = ()
    limited_ticks: int = 0
    flows: tuple[StreamFlow, ...] = ()


@dataclass(frozen=True, slots=True)
class RtcSettings:
    """The engine's settings, handed down by the composition root.

    Attributes:
        udp_port: The one UDP port for everybody; 0 lets the system choose.
        bind: Addresses to listen on.
        advertise: Addresses put into candidates.
        audio_slots: Receive slots filled by the loudest, at most.
        quiet_after_seconds: Silence after which `Heard.media` turns false.
        port_tries: Ports from `udp_port` on that are tried when one is taken.
        transport_feedback: Tell senders of video when each packet came.
    """

    udp_port: int
    bind: tuple[str, ...]
    advertise: tuple[str, ...]
    audio_slots: int = 3
    quiet_after_seconds: float = 1.0
    port_tries: int = 1
    transport_feedback: bool = False
