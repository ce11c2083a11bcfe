"""`manifest.json`: what a recording is, which files it has, and where they lie in time."""

from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from media.errors import RecordingError
from media.types import EndedBy, MediaKind, OnPause, RecordedFile, RecordingResult, TrackSource

MANIFEST = "manifest.json"
CONTENT_TYPE = "audio/ogg; codecs=opus"

Ms: TypeAlias = Annotated[float, Field(ge=-1e11, le=1e11, allow_inf_nan=False)]
"""Milliseconds; three years bound what a damaged manifest can claim."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore")


class TimeBase(_Model):
    """One pair fixed at the start; every time in the manifest derives from it."""

    utc: AwareDatetime
    monotonic_ns: int


class Packets(_Model):
    """What happened to a segment's packets."""

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    malformed: int = 0
    overlap: int = 0
    dropped: int = 0
    withheld: int = 0


class FillMs(_Model):
    """Milliseconds of the file that were not received."""

    concealed: Ms = 0.0
    dtx: Ms = 0.0
    silence: Ms = 0.0


class Frames(_Model):
    """What happened to a segment's pictures."""

    width: int
    height: int
    layer: str = ""
    written: int = 0
    broken: int = 0


class ListedGap(_Model):
    """A fill of more than 60 ms."""

    at_ms: Ms
    dur_ms: Ms
    cause: str


class Recovered(_Model):
    """What recovery did to a file."""

    truncated_bytes: int


class Segment(_Model):
    """One file: one stretch of one track without a break in its time line."""

    file: str
    content_type: str = CONTENT_TYPE
    rtplog: str | None = None
    number: int
    connection_id: str | None = None
    ssrc: int | None = None
    channels: int = 1
    pre_skip: int
    reason: str
    first_sample_time: AwareDatetime
    offset_ms: Ms
    duration_ms: Ms = 0.0
    method: str = "arrival"
    clock_skew_ppm: float = 0.0
    uplink_delay_ms: Ms = 0.0
    est_error_ms: Ms = 0.0
    packets: Packets = Field(default_factory=Packets)
    fill_ms: FillMs = Field(default_factory=FillMs)
    frames: Frames | None = None
    gaps: list[ListedGap] = Field(default_factory=list)
    gaps_omitted: int = 0
    bytes: int = 0
    sha256: str | None = None
    complete: bool = False
    recovered: Recovered | None = None


class TrackEntry(_Model):
    """Everything recorded of one participant and source."""

    number: int
    participant_id: str
    name: str
    kind: MediaKind = MediaKind.AUDIO
    label: TrackSource
    codec: str = "audio/opus"
    segments: list[Segment] = Field(default_factory=list)


class Paused(_Model):
    """A stretch of which nothing was stored; open while `to_ms` is missing."""

    from_ms: Ms
    to_ms: Ms | None = None
    mode: OnPause = "silence"


class LossBounds(_Model):
    """The most that a crash can cost, as promised; of pictures also when the process alone dies."""

    process_ms: int
    power_ms: int
    video_process_ms: int = 0


State: TypeAlias = Literal["recording", "paused", "stopping", "ready", "recovered", "failed"]


class Manifest(_Model):
    """The whole document."""

    schema_: Literal["roomtone.recording/1"] = Field(default="roomtone.recording/1", alias="schema")
    id: str
    meeting_id: str
    session_id: str
    state: State
    reason: str | None = None
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    started_by: str | None = None
    ended_by: EndedBy | None = None
    duration_ms: Ms = 0.0
    time_base: TimeBase
    rpo: LossBounds
    paused: list[Paused] = Field(default_factory=list)
    tracks: list[TrackEntry] = Field(default_factory=list)
    rebuilt: bool = False
    """The original was lost; this one was made from file names and tags."""

    def encode(self) -> bytes:
        """As the bytes of `manifest.json`."""
        return self.model_dump_json(by_alias=True, indent=1).encode() + b"\n"

    def result(self) -> RecordingResult:
        """As the rings above read it; files that hold nothing are left out."""
        files = tuple(
            _recorded(track, segment)
            for track in self.tracks
            for segment in track.segments
            if segment.sha256 is not None
        )
        failed = self.reason if self.state == "failed" else None
        recovered = self.state == "recovered"
        seconds = self.duration_ms / 1e3
        return RecordingResult(self.id, self.started_at, seconds, files, failed, recovered)


def decode(data: bytes) -> Manifest:
    """Read a `manifest.json`.

    Raises:
        RecordingError: `manifest_damaged`.
    """
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        raise RecordingError("manifest_damaged", "the manifest cannot be read") from error


def _recorded(track: TrackEntry, segment: Segment) -> RecordedFile:
    return RecordedFile(
        name=segment.file,
        participant_id=track.participant_id,
        label=track.name,
        kind=track.kind,
        source=track.label,
        content_type=segment.content_type,
        segment=segment.number,
        offset_seconds=segment.offset_ms / 1e3,
        duration_seconds=segment.duration_ms / 1e3,
        bytes=segment.bytes,
        sha256=segment.sha256 or "",
        complete=segment.complete,
        clock_skew_ppm=segment.clock_skew_ppm,
    )
