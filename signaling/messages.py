"""What clients may say: the wire schema of protocol version 1, with its bounds, and its parser."""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails, from_json

from media.types import RecordedMedia, TrackSource

PROTOCOL: Final = 1
MAX_MESSAGE_BYTES: Final = 256 * 1024
MAX_SDP: Final = 64 * 1024
MAX_TRACKS: Final = 32
MAX_TILES: Final = 64
MAX_STATS: Final = 200
MAX_CHAT: Final = 2000
MAX_OFFER_ID: Final = 2**53 - 1  # what a JavaScript number holds exactly

Id: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=64)]
# RFC 8843 leaves the length open; RTP carries it in a header extension of at most 255 bytes.
Mid: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Language: TypeAlias = Annotated[  # RFC 5646, as far as its shape goes
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=35)
]
Token: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=8192)]


class Message(BaseModel):
    """A message of the wire; members that are not listed are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class ClientInfo(Message):
    """What the client calls itself."""

    name: Annotated[str, StringConstraints(max_length=128)] | None = None
    version: Annotated[str, StringConstraints(max_length=64)] | None = None

    @property
    def label(self) -> str:
        """Name and version in one line, printable."""
        line = " ".join(part for part in (self.name, self.version) if part)
        return "".join(character for character in line if character.isprintable())


class Hello(Message):
    """The first message, once."""

    type: Literal["hello"]
    protocol: int
    meeting: Id
    token: Token | None = None
    name: Annotated[str, StringConstraints(max_length=512)] | None = None
    resume: Token | None = None
    transport: Literal["new", "keep"] = "new"
    connection: Id | None = None
    client: ClientInfo | None = None
    audio: Literal["speakers", "mix"] = "speakers"


class OfferedTrack(Message):
    """What an m-line of the offer carries."""

    mid: Mid
    source: TrackSource


class Offer(Message):
    """A session description to be answered."""

    type: Literal["offer"]
    id: Annotated[int, Field(ge=0, le=MAX_OFFER_ID)]
    sdp: Annotated[str, StringConstraints(min_length=1, max_length=MAX_SDP)]
    tracks: Annotated[list[OfferedTrack], Field(max_length=MAX_TRACKS)] = Field(
        default_factory=list
    )
    muted: Annotated[list[TrackSource], Field(max_length=MAX_TRACKS)] | None = None

    @field_validator("tracks")
    @classmethod
    def _one_source_each(cls, tracks: list[OfferedTrack]) -> list[OfferedTrack]:
        if len({track.mid for track in tracks}) < len(tracks):
            raise ValueError("an m-line is named twice")
        if len({track.source for track in tracks}) < len(tracks):
            raise ValueError("a source is named twice")
        return tracks


class Candidate(Message):
    """A trickled ICE candidate; empty text ends them."""

    type: Literal["candidate"]
    candidate: Annotated[str, StringConstraints(max_length=1024)]


class Publish(Message):
    """The mute state of one of the client's own sources."""

    type: Literal["publish"]
    source: TrackSource
    muted: bool


class Tile(Message):
    """A track that the page shows, and how large."""

    participant: Id
    source: Literal["camera", "screen"]
    width: Annotated[float, Field(ge=0, le=16384)]
    height: Annotated[float, Field(ge=0, le=16384)]


class View(Message):
    """What the page shows, most important first."""

    type: Literal["view"]
    tiles: Annotated[list[Tile], Field(max_length=MAX_TILES)]


class Stats(Message):
    """Counters of the client in W3C webrtc-stats names."""

    type: Literal["stats"]
    stats: Annotated[list[dict[str, JsonValue]], Field(max_length=MAX_STATS)]


class Chat(Message):
    """A line to everybody."""

    type: Literal["chat"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CHAT)]

    @field_validator("text")
    @classmethod
    def _printable(cls, text: str) -> str:
        kept = "".join(c for c in text if c in "\n\t" or (c >= " " and c != "\x7f"))
        if not kept.strip():
            raise ValueError("nothing but white space")
        return kept


class Record(Message):
    """A host commands the recording."""

    type: Literal["record"]
    action: Literal["start", "stop", "pause", "resume"]
    media: RecordedMedia | None = None


class Captions(Message):
    """A host starts or stops captions for everybody."""

    type: Literal["captions"]
    action: Literal["start", "stop"]
    language: Language | None = None


class Mute(Message):
    """A host mutes or releases somebody's source."""

    type: Literal["mute"]
    participant: Id
    source: TrackSource
    muted: bool = True


class Kick(Message):
    """A host removes somebody."""

    type: Literal["kick"]
    participant: Id


class Admit(Message):
    """Lets somebody who waits at the door in; everybody when nobody is named."""

    type: Literal["admit"]
    visitor: Id | None = None


class Refuse(Message):
    """Turns somebody who waits at the door away."""

    type: Literal["refuse"]
    visitor: Id


class End(Message):
    """A host ends the session for all."""

    type: Literal["end"]


class Ping(Message):
    """Asks for a pong."""

    type: Literal["ping"]
    id: Annotated[int, Field(ge=0, le=MAX_OFFER_ID)] = 0


class Bye(Message):
    """The client leaves."""

    type: Literal["bye"]


ClientMessage: TypeAlias = Annotated[
    Hello
    | Offer
    | Candidate
    | Publish
    | View
    | Stats
    | Chat
    | Record
    | Captions
    | Mute
    | Kick
    | Admit
    | Refuse
    | End
    | Ping
    | Bye,
    Field(discriminator="type"),
]

CLIENT: Final[TypeAdapter[ClientMessage]] = TypeAdapter(ClientMessage)


class MessageError(Exception):
    """A message that cannot be taken.

    Args:
        code: Stable code of the wire.
        message: One sentence for the client's developer; never echoes what was sent.
        in_reply_to: The message's type, None while unknown.
        number: The message's own id, None when it has none.
    """

    def __init__(
        self, code: str, message: str, in_reply_to: str | None = None, number: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.in_reply_to = in_reply_to
        self.number = number


def parse(text: str) -> ClientMessage:
    """Read one text frame.

    Raises:
        MessageError: `bad_message` (no JSON object with a `type`), `unknown_message`,
            `protocol_unsupported`, `invalid_sdp` or `invalid_field`.
    """
    try:
        message = CLIENT.validate_json(text)
    except ValidationError as error:
        raise _explain(text, error.errors(include_url=False, include_input=False)[0]) from None
    if isinstance(message, Hello) and message.protocol != PROTOCOL:
        raise MessageError(
            "protocol_unsupported", f"this server speaks protocol {PROTOCOL}", "hello"
        )
    return message


def _explain(text: str, error: ErrorDetails) -> MessageError:
    match error["type"]:
        case "json_invalid":
            return MessageError("bad_message", "the message is not JSON")
        case "union_tag_invalid":
            return MessageError("unknown_message", "this message type is unknown")
        case "union_tag_not_found" | "model_attributes_type" | "model_type" | "dict_type":
            return MessageError("bad_message", "the message is not an object with a type")
        case _:
            pass  # a member is wrong: the location says which
    kind, *path = error["loc"]
    where = ".".join(str(part) for part in path)
    code = "invalid_sdp" if path == ["sdp"] else "invalid_field"
    return MessageError(code, f"{where}: {error['msg']}", str(kind), _number(text))


def _number(text: str) -> int | None:
    """The id of a message that has failed elsewhere, so that the client can match the error."""
    value = from_json(text)
    number = value.get("id") if isinstance(value, dict) else None
    return number if type(number) is int and 0 <= number <= MAX_OFFER_ID else None
