"""What the control process and a media worker say to each other.

Every message is a frozen dataclass, written as JSON and checked when it is read: a worker parses
packets from strangers, so nothing that it says is executed or trusted blindly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from media.captions.port import (
    Caption,
    CaptionEngines,
    CaptionFigures,
    CaptionListener,
    CaptionSpec,
)
from media.errors import MediaError
from media.picture import Picture
from media.types import (
    Answer,
    ConnectionListener,
    ConnectionSpec,
    ConnectionStats,
    EndedBy,
    Heard,
    ListenerStats,
    Reading,
    RecordingResult,
    RecordingSpec,
    RtcSettings,
    SlotState,
    TileRequest,
    TrackSource,
    TrackState,
    TransportInfo,
)


@dataclass(frozen=True, slots=True)
class Begin:
    """The first message of all: how to run."""

    settings: RtcSettings
    fsync_seconds: float
    captions: CaptionEngines | None = None
    kind: Literal["begin"] = "begin"


@dataclass(frozen=True, slots=True)
class Open:
    """Announce a connection."""

    spec: ConnectionSpec
    kind: Literal["open"] = "open"


@dataclass(frozen=True, slots=True)
class Offer:
    """Answer an offer; replied to."""

    call: int
    connection_id: str
    sdp: str
    sources: Mapping[str, TrackSource]
    kind: Literal["offer"] = "offer"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Add a remote candidate; replied to."""

    call: int
    connection_id: str
    candidate: str
    kind: Literal["candidate"] = "candidate"


@dataclass(frozen=True, slots=True)
class Close:
    """Close a connection; replied to."""

    call: int
    connection_id: str
    kind: Literal["close"] = "close"


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask a peer for a sign of life."""

    connection_id: str
    kind: Literal["probe"] = "probe"


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows."""

    connection_id: str
    tiles: tuple[TileRequest, ...]
    kind: Literal["view"] = "view"


@dataclass(frozen=True, slots=True)
class Listener:
    """What a client says of the media it receives."""

    connection_id: str
    stats: tuple[ListenerStats, ...]
    kind: Literal["listener"] = "listener"


@dataclass(frozen=True, slots=True)
class Mute:
    """Drop a source's packets, or accept them again."""

    connection_id: str
    source: TrackSource
    muted: bool
    kind: Literal["mute"] = "mute"


@dataclass(frozen=True, slots=True)
class ListenRoom:
    """Report who speaks in a room, or stop that."""

    room_id: str
    on: bool
    kind: Literal["listen_room"] = "listen_room"


@dataclass(frozen=True, slots=True)
class Record:
    """Record a room; replied to when it takes packets."""

    call: int
    spec: RecordingSpec
    disk_floor_bytes: int
    kind: Literal["record"] = "record"


@dataclass(frozen=True, slots=True)
class PauseRecording:
    """Store nothing of a recording, or store it again."""

    recording_id: str
    on: bool
    kind: Literal["pause_recording"] = "pause_recording"


@dataclass(frozen=True, slots=True)
class StopRecording:
    """End a recording; replied to with its result."""

    call: int
    recording_id: str
    ended_by: EndedBy
    kind: Literal["stop_recording"] = "stop_recording"


@dataclass(frozen=True, slots=True)
class StartCaptions:
    """Caption a room; replied to when it is heard."""

    call: int
    spec: CaptionSpec
    kind: Literal["start_captions"] = "start_captions"


@dataclass(frozen=True, slots=True)
class StopCaptions:
    """End a room's captions; replied to after what was said last."""

    call: int
    room_id: str
    kind: Literal["stop_captions"] = "stop_captions"


@dataclass(frozen=True, slots=True)
class Ready:
    """The media port is open."""

    udp_port: int
    kind: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of a call that went well."""

    call: int
    answer: Answer | None = None
    result: RecordingResult | None = None
    kind: Literal["reply"] = "reply"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The outcome of a call that did not.

    Attributes:
        call: Which; 0 when the worker could not begin at all.
        error: Which of the errors of `media.errors`.
        code: Its stable code, empty for a plain MediaError; of a speech engine what to do.
        message: One sentence for a person.
    """

    call: int
    error: Literal["media", "negotiation", "recording", "transcriber", "internal"]
    code: str
    message: str
    kind: Literal["refusal"] = "refusal"


@dataclass(frozen=True, slots=True)
class Up:
    """DTLS is connected."""

    connection_id: str
    info: TransportInfo
    kind: Literal["up"] = "up"

    def tell(self, listener: ConnectionListener) -> None:
        """Report it."""
        listener.transport_up(self.connection_id, self.info)


@dataclass(frozen=True, slots=True)
class Closed:
    """The peer closed on purpose."""

    connection_id: str
    kind: Literal["closed"] = "closed"

    def tell(self, listener: ConnectionListener) -> None:
        """Report it."""
        listener.transport_closed(self.connection_id)


@dataclass(frozen=True, slots=True)
class Failed:
    """ICE or DTLS failed for good."""

    connection_id: str
    reason: str
    kind: Literal["failed"] = "failed"

    def tell(self, listener: ConnectionListener) -> None:
        """Report it."""
        listener.transport_failed(self.connection_id, self.reason)


@dataclass(frozen=True, slots=True)
class Tracks:
    """What a connection publishes."""

    connection_id: str
    tracks: tuple[TrackState, ...]
    kind: Literal["tracks"] = "tracks"

    def tell(self, listener: ConnectionListener) -> None:
        """Report it."""
        listener.tracks_changed(self.connection_id, self.tracks)


@dataclass(frozen=True, slots=True)
class Slots:
    """What a connection's slots carry."""

    connection_id: str
    slots: tuple[SlotState, ...]
    kind: Literal["slots"] = "slots"

    def tell(self, listener: ConnectionListener) -> None:
        """Report it."""
        listener.slots_changed(self.connection_id, self.slots)


@dataclass(frozen=True, slots=True)
class Judged:
    """A connection's quality."""

    connection_id: str
    reading: Reading
    kind: Literal["judged"] = "judged"

    def tell(self, listener: ConnectionListener) -> None:
        """Report it."""
        listener.quality_changed(self.connection_id, self.reading)


@dataclass(frozen=True, slots=True)
class Shown:
    """The largest picture that a connection gets."""

    connection_id: str
    picture: Picture | None
    kind: Literal["shown"] = "shown"

    def tell(self, listener: ConnectionListener) -> None:
        """Report it."""
        listener.picture_changed(self.connection_id, self.picture)


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who speaks in a room."""

    room_id: str
    participant_ids: tuple[str, ...]
    kind: Literal["speakers"] = "speakers"


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """Writing a recording broke down for good."""

    recording_id: str
    code: str
    kind: Literal["recording_failed"] = "recording_failed"


@dataclass(frozen=True, slots=True)
class Captioned:
    """Somebody said something."""

    room_id: str
    caption: Caption
    kind: Literal["captioned"] = "captioned"

    def tell(self, listener: CaptionListener) -> None:
        """Report it."""
        listener.caption_made(self.room_id, self.caption)


@dataclass(frozen=True, slots=True)
class CaptionDeferred:
    """Something was said, and no engine was free for it."""

    room_id: str
    caption_id: str
    start: float
    end: float
    kind: Literal["caption_deferred"] = "caption_deferred"

    def tell(self, listener: CaptionListener) -> None:
        """Report it."""
        listener.caption_deferred(self.room_id, self.caption_id, self.start, self.end)


@dataclass(frozen=True, slots=True)
class Pulse:
    """Sent several times a second: the worker lives, and this is what it heard and counted.

    Attributes:
        heard: Of the connections that were heard since the last pulse.
        stats: Of every connection; only in every few pulses.
        counters: Of the engine, together with `stats`.
        captions: What became of utterances, together with `stats`.
    """

    heard: Mapping[str, Heard]
    stats: Mapping[str, ConnectionStats] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    captions: CaptionFigures | None = None
    kind: Literal["pulse"] = "pulse"


@dataclass(frozen=True, slots=True)
class Fault:
    """A bug in a background task of the worker."""

    task: str
    text: str
    kind: Literal["fault"] = "fault"


@dataclass(frozen=True, slots=True)
class Logged:
    """A line for the server's log."""

    level: int
    logger: str
    message: str
    kind: Literal["logged"] = "logged"


Call: TypeAlias = Offer | Candidate | Close | Record | StopRecording | StartCaptions | StopCaptions
"""What is answered by a Reply or a Refusal."""
ToWorker: TypeAlias = (
    Begin | Open | Probe | View | Listener | Mute | ListenRoom | PauseRecording | Call
)
OfConnection: TypeAlias = Up | Closed | Failed | Tracks | Slots | Judged | Shown
FromWorker: TypeAlias = (
    Ready
    | Reply
    | Refusal
    | OfConnection
    | Speakers
    | RecordingFailed
    | Captioned
    | CaptionDeferred
    | Pulse
    | Fault
    | Logged
)

_TO: TypeAdapter[ToWorker] = TypeAdapter(Annotated[ToWorker, Field(discriminator="kind")])
_FROM: TypeAdapter[FromWorker] = TypeAdapter(Annotated[FromWorker, Field(discriminator="kind")])


class WireError(MediaError):
    """The other side said something that is no message."""


def encode_to(message: ToWorker) -> bytes:
    """A message to a worker as JSON."""
    return _TO.dump_json(message)


def encode_from(message: FromWorker) -> bytes:
    """A message from a worker as JSON."""
    return _FROM.dump_json(message)


def decode_to(data: bytes) -> ToWorker:
    """Read a message to a worker.

    Raises:
        WireError: It is none.
    """
    return _decoded(_TO, data)


def decode_from(data: bytes) -> FromWorker:
    """Read a message from a worker.

    Raises:
        WireError: It is none.
    """
    return _decoded(_FROM, data)


T = TypeVar("T")


def _decoded(adapter: TypeAdapter[T], data: bytes) -> T:
    try:
        return adapter.validate_json(data)
    except ValidationError as error:
        raise WireError(f"not a message: {error.error_count()} faults") from error
