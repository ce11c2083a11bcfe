"""The JSON of captions and transcripts."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from server.services import recorded_transcripts
from signaling.model import CaptionState

Language = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$",
        max_length=35,
        description="BCP 47, such as `en`; left out it is `transcription.language`.",
    ),
]


class StartCaptions(BaseModel):
    """What to understand."""

    language: Language | None = None


class Captions(BaseModel):
    """How a session's captions stand."""

    state: CaptionState
    language: str
    engine: str
    message: str | None = Field(description="Why there are none.")


class TranscriptJob(BaseModel):
    """The transcript of a recording."""

    state: recorded_transcripts.TranscriptState = Field(
        description="`live`: captioned meanwhile; `processing`, `completed`, `failed`: made from "
        "the recorded tracks."
    )
    progress: float = Field(description="Share done, 0 to 1.")
    reason: str | None = Field(description="Stable code when it failed.")


class TranscriptWord(BaseModel):
    """One word."""

    text: str
    start: float
    end: float
    confidence: float | None


class TranscriptSegment(BaseModel):
    """Something that somebody said."""

    id: str
    participant_id: str
    name: str
    start: float
    end: float
    text: str
    language: str
    engine: str
    confidence: float | None
    words: list[TranscriptWord]


class TranscriptQuery(BaseModel):
    """How the transcript is written."""

    format: Literal["json", "txt", "srt", "vtt"] = "json"
    chars_per_caption: int = Field(
        default=0, ge=0, le=512, description="srt, vtt: longest caption; 0 for no limit."
    )
    max_lines: int = Field(default=2, ge=1, le=3, description="srt, vtt: lines of a caption.")
    max_chars_per_line: int = Field(default=42, ge=20, le=60, description="srt, vtt.")
    speakers: bool = Field(default=True, description="Name who speaks; not for json.")
