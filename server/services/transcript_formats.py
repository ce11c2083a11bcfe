"""A transcript as txt, srt, vtt or JSON: one form for recordings, sessions and dialects. Pure."""

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from server.records import TranscriptSegment

CONTENT_TYPES: Final[Mapping[str, str]] = {
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
    "srt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}
"""By format; srt has no registered type."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How captions are laid out.

    Attributes:
        chars_per_caption: Longest caption; longer ones are split at words. 0 for no limit.
        max_lines: Lines of one caption, 1 to 3; more text becomes further captions.
        max_chars_per_line: 20 to 60.
        speakers: Name who speaks.
    """

    chars_per_caption: int = 0
    max_lines: int = 2
    max_chars_per_line: int = 42
    speakers: bool = True


DEFAULT_LAYOUT: Final = Layout()


@dataclass(frozen=True, slots=True)
class _Cue:
    start: float
    end: float
    name: str
    lines: tuple[str, ...]


Segments = Sequence[TranscriptSegment]


def txt(segments: Segments, layout: Layout = DEFAULT_LAYOUT) -> str:
    """Blocks headed by time and name; consecutive segments of a speaker are one block."""
    blocks: list[str] = []
    before: tuple[str, str] | None = None
    for one in segments:
        who = (one.participant_id, one.name)
        if who != before:
            name = f" {_line(one.name)}:" if layout.speakers else ""
            blocks.append(f"[{_clock(one.start)}]{name}\n{_line(one.text)}")
        else:
            blocks[-1] += f"\n{_line(one.text)}"
        before = who
    return "\n\n".join(blocks) + ("\n" if blocks else "")


def srt(segments: Segments, layout: Layout = DEFAULT_LAYOUT) -> str:
    """SubRip: numbered captions; it knows no escapes, so an arrow in the text is another arrow."""
    captions = []
    for number, cue in enumerate(_cues(segments, layout), 1):
        text = "\n".join(_unarrowed(line) for line in cue.lines)
        name = f"{_unarrowed(_line(cue.name))}: " if layout.speakers else ""
        times = f"{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}"
        captions.append(f"{number}\n{times}\n{name}{text}\n")
    return "\n".join(captions)


def vtt(segments: Segments, layout: Layout = DEFAULT_LAYOUT) -> str:
    """WebVTT (W3C) with voice spans."""
    parts = ["WEBVTT\n"]
    for cue in _cues(segments, layout):
        text = "\n".join(_escaped(line) for line in cue.lines)
        if layout.speakers:
            text = f"<v {_escaped(_line(cue.name))}>{text}</v>"
        parts.append(f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{text}\n")
    return "\n".join(parts)


FORMATS: Final[Mapping[str, Callable[[Segments, Layout], str]]] = {
    "txt": txt,
    "srt": srt,
    "vtt": vtt,
}


def document(heading: Mapping[str, object], segments: Iterable[Mapping[str, object]]) -> str:
    """JSON with a heading, such as `{"session": {…}}`, and the segments.

    The shape of a segment is the caller's: each dialect has its own.
    """
    return json.dumps({**heading, "segments": list(segments)}, ensure_ascii=False, indent=2) + "\n"


def _cues(segments: Segments, layout: Layout) -> Iterable[_Cue]:
    for one in segments:
        pieces = _pieces(_line(one.text), layout)
        total = sum(len(" ".join(lines)) for lines in pieces) or 1
        at = one.start
        for lines in pieces:  # a piece lasts as long as its share of the text
            end = at + (one.end - one.start) * len(" ".join(lines)) / total
            yield _Cue(at, end, one.name, lines)
            at = end


def _pieces(text: str, layout: Layout) -> list[tuple[str, ...]]:
    texts = textwrap.wrap(text, layout.chars_per_caption) if layout.chars_per_caption else [text]
    pieces: list[tuple[str, ...]] = []
    for part in texts:
        lines = textwrap.wrap(part, layout.max_chars_per_line)
        firsts = range(0, len(lines), layout.max_lines)
        pieces += [tuple(lines[first : first + layout.max_lines]) for first in firsts]
    return pieces


def _line(text: str) -> str:
    """Text in one line: white space of every kind collapsed."""
    return re.sub(r"\s+", " ", text).strip()


def _unarrowed(text: str) -> str:
    return text.replace("-->", "→")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str | None = None) -> str:
    """`HH:MM:SS`, with milliseconds after a point where there is one."""
    milliseconds = round(max(0.0, seconds) * 1000)
    whole, rest = divmod(milliseconds, 1000)
    text = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    return text if point is None else f"{text}{point}{rest:03}"
