"""The Matroska and WebM files of recorded pictures: elements written and walked; pure.

RFC 9559 and RFC 8794. One track, clusters of a second, each written in one piece with its length
and checksum. A file without its end plays; `ending` is what is added and changed in place, so that
it has a duration and can be searched, without a copy of what was written.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from media.recording.video.frames import Format
from media.rtp.header import Buffer

TICKS_PER_MS = 90
_EBML, _SEGMENT, _VOID, _CRC = 0x1A45DFA3, 0x18538067, 0xEC, 0xBF
_SEEK_HEAD, _INFO, _TRACKS, _TAGS = 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1254C367
_CLUSTER, _CUES = 0x1F43B675, 0x1C53BB6B
_DURATION, _TIMESTAMP = 0x4489, 0xE7
_CODEC_ID, _PRIVATE, _VIDEO, _WIDTH, _HEIGHT = 0x86, 0x63A2, 0xE0, 0xB0, 0xBA
_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
_HEAD = (_SEEK_HEAD, _INFO, _TRACKS, _TAGS, _VOID)
SEEK_BYTES = 4 * 21 + 12
"""Room for the places of four elements."""
DURATION_BYTES = 11
MAX_HEAD_BYTES = 1 << 16
BLOCK_SPAN_MS = 0x7FFF
"""A block's time is 16 bits from its cluster's."""
_CODEC_IDS = {"video/vp8": b"V_VP8", "video/h264": b"V_MPEG4/ISO/AVC"}
_NANOSECONDS = 1_000_000


class MatroskaError(ValueError):
    """These bytes are no file of ours."""


class Block(NamedTuple):
    """A frame at a place in the file's time, in milliseconds."""

    at_ms: int
    data: bytes
    key: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a cluster that begins with a key frame lies."""

    at_ms: int
    offset: int


@dataclass(slots=True)
class Walked:
    """What a walk over a file found.

    Attributes:
        segment: Where the segment's content begins; places are counted from there.
        head_end: Where the first cluster begins.
        end: Where the last whole cluster ends.
        frames: In whole clusters.
        last_ms: Time of the last frame, -1 without one.
        keys: Clusters that begin with a key frame.
        format: Of its pictures.
        tags: The file's comments.
        duration_ms: What its head says, 0 while that is unknown.
        closed: It was ended properly: its head knows where the file ends.
    """

    format: Format
    segment: int
    head_end: int
    end: int
    frames: int = 0
    last_ms: int = -1
    keys: list[Placed] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    duration_ms: float = 0.0
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Patch:
    """Bytes to be written over a place in the file."""

    offset: int
    data: bytes


def content_type(form: Format) -> str:
    """The media type of a file."""
    if form.codec == "video/vp8":
        return "video/webm; codecs=vp8"
    return f'video/x-matroska; codecs="{form.profile}"'


def suffix(form: Format) -> str:
    """The ending of a file's name: WebM allows no H.264."""
    return "webm" if form.codec == "video/vp8" else "mkv"


def head(form: Format, application: str, tags: Mapping[str, str]) -> bytes:
    """What every file begins with, up to its first cluster."""
    kind = b"webm" if form.codec == "video/vp8" else b"matroska"
    ebml = _element(
        _EBML,
        _number(0x4286, 1)
        + _number(0x42F7, 1)
        + _number(0x42F2, 4)
        + _number(0x42F3, 8)
        + _element(0x4282, kind)
        + _number(0x4287, 4)
        + _number(0x4285, 2),
    )
    name = application.encode()
    info = _element(
        _INFO,
        _number(0x2AD7B1, _NANOSECONDS)
        + _element(0x4D80, name)
        + _element(0x5741, name)
        + _void(DURATION_BYTES),
    )
    return (
        ebml
        + _id(_SEGMENT)
        + _UNKNOWN_SIZE
        + _void(SEEK_BYTES)
        + info
        + _element(_TRACKS, _track(form))
        + _element(_TAGS, _element(0x7373, _element(0x63C0, b"") + _simple_tags(tags)))
    )


def cluster(blocks: Sequence[Block]) -> bytes:
    """Some frames in order; they span less than `BLOCK_SPAN_MS`."""
    start = blocks[0].at_ms
    content = _number(_TIMESTAMP, start) + b"".join(_block(one, start) for one in blocks)
    crc = _element(_CRC, zlib.crc32(content).to_bytes(4, "little"))
    return _element(_CLUSTER, crc + content)


def walk(data: Buffer) -> Walked:
    """Go over a file's elements; everything behind the last whole cluster is no part of it.

    Raises:
        MatroskaError: Not even its head is whole.
    """
    found = _walk_head(data)
    at = found.head_end
    while (one := _read(data, at)) is not None and one.identity == _CLUSTER:
        if not _walk_cluster(data, at, one, found):
            break
        found.end = at = one.end
    return found


def ending(data: Buffer, found: Walked, duration_ms: float) -> tuple[bytes, list[Patch]]:
    """What makes a file of whole clusters searchable.

    Args:
        data: The file, at least its head.
        found: What was found in it.
        duration_ms: How long it plays.

    Returns:
        What is to stand behind the last cluster, then the places to be changed, the one that says
        that the file is whole last.
    """
    places = _top_level(data, found)
    points = b"".join(
        _element(
            0xBB,
            _number(0xB3, one.at_ms)
            + _element(0xB7, _number(0xF7, 1) + _number(0xF1, one.offset - found.segment)),
        )
        for one in found.keys
    )
    cues = _element(_CUES, points) if points else b""
    if cues:
        places[_CUES] = found.end
    seek = _element(
        _SEEK_HEAD,
        b"".join(
            _element(
                0x4DBB, _element(0x53AB, _id(name)) + _number(0x53AC, place - found.segment, 8)
            )
            for name, place in places.items()
        ),
    )
    size = found.end + len(cues) - found.segment
    return cues, [
        Patch(_duration_place(data, found), b"\x44\x89\x88" + struct.pack(">d", duration_ms)),
        Patch(found.segment, seek + _void(SEEK_BYTES - len(seek))),
        Patch(found.segment - 8, (1 << 56 | size).to_bytes(8)),
    ]


def _track(form: Format) -> bytes:
    private = _element(_PRIVATE, form.private) if form.private else b""
    picture = _number(_WIDTH, form.width) + _number(_HEIGHT, form.height)
    return _element(
        0xAE,
        _number(0xD7, 1)
        + _number(0x73C5, 1)
        + _number(0x83, 1)
        + _number(0x9C, 0)
        + _element(0x22B59C, b"und")
        + _element(_CODEC_ID, _CODEC_IDS[form.codec])
        + private
        + _element(_VIDEO, picture),
    )


def _simple_tags(tags: Mapping[str, str]) -> bytes:
    return b"".join(
        _element(0x67C8, _element(0x45A3, name.encode()) + _element(0x4487, text.encode()))
        for name, text in tags.items()
    )


def _block(one: Block, start: int) -> bytes:
    flags = 0x80 if one.key else 0
    return (
        b"\xa3"
        + _size(len(one.data) + 4)
        + b"\x81"
        + (one.at_ms - start).to_bytes(2)
        + bytes((flags,))
        + one.data
    )


class _Element(NamedTuple):
    identity: int
    start: int
    end: int
    closed: bool


def _walk_head(data: Buffer) -> Walked:
    first = _read(data, 0)
    segment = None if first is None or first.identity != _EBML else _read(data, first.end)
    if segment is None or segment.identity != _SEGMENT:
        raise MatroskaError("the file's head is damaged")
    at, parts = segment.start, dict[int, _Element]()
    while (one := _read(data, at)) is not None and one.identity in _HEAD:
        parts[one.identity] = one
        at = one.end
    if not {_INFO, _TRACKS, _TAGS} <= parts.keys():
        raise MatroskaError("the file's head is damaged")
    return Walked(
        _read_format(data, parts[_TRACKS]),
        segment.start,
        head_end=at,
        end=at,
        tags=dict(_read_tags(data, parts[_TAGS])),
        duration_ms=_read_duration(data, parts[_INFO]),
        closed=segment.closed and segment.end == len(data),
    )


def _walk_cluster(data: Buffer, at: int, one: _Element, found: Walked) -> bool:
    """Count a cluster's frames; False when it is damaged."""
    parts = list(_children(data, one))
    if len(parts) < 3 or parts[0].identity != _CRC or parts[1].identity != _TIMESTAMP:
        return False
    crc = int.from_bytes(data[parts[0].start : parts[0].end], "little")
    if zlib.crc32(data[parts[0].end : one.end]) != crc or parts[-1].end != one.end:
        return False
    start = int.from_bytes(data[parts[1].start : parts[1].end])
    if data[parts[2].start + 3] & 0x80:
        found.keys.append(Placed(start, at))
    found.frames += len(parts) - 2
    found.last_ms = start + int.from_bytes(data[parts[-1].start + 1 : parts[-1].start + 3])
    return True


def _top_level(data: Buffer, found: Walked) -> dict[int, int]:
    """Where the elements of the head lie that a player looks for."""
    places: dict[int, int] = {}
    at = found.segment
    while at < found.head_end and (one := _read(data, at)) is not None:
        if one.identity in (_INFO, _TRACKS, _TAGS):
            places[one.identity] = at
        at = one.end
    return places


def _duration_place(data: Buffer, found: Walked) -> int:
    info = _top_level(data, found).get(_INFO)
    one = None if info is None else _read(data, info)
    if one is None:
        raise MatroskaError("the file's head is damaged")
    return one.end - DURATION_BYTES


def _read_format(data: Buffer, tracks: _Element) -> Format:
    parts: dict[int, bytes] = {}
    for track in _children(data, tracks):
        for one in _children(data, track):
            parts[one.identity] = bytes(data[one.start : one.end])
            for inner in _children(data, one) if one.identity == _VIDEO else ():
                parts[inner.identity] = bytes(data[inner.start : inner.end])
    codec = {name: mime for mime, name in _CODEC_IDS.items()}.get(parts.get(_CODEC_ID, b""))
    if codec is None:
        raise MatroskaError("the file's pictures are of no known kind")
    width, height = (int.from_bytes(parts.get(name, b"")) for name in (_WIDTH, _HEIGHT))
    private = parts.get(_PRIVATE, b"")
    profile = "avc1." + private[1:4].hex() if private else "vp8"
    return Format(codec, width, height, private, profile)


def _read_duration(data: Buffer, info: _Element) -> float:
    for one in _children(data, info):
        if one.identity == _DURATION and one.end - one.start == 8:
            value: float = struct.unpack(">d", data[one.start : one.end])[0]
            return value
    return 0.0


def _read_tags(data: Buffer, tags: _Element) -> Iterator[tuple[str, str]]:
    for tag in _children(data, tags):
        for simple in _children(data, tag):
            parts = {
                one.identity: bytes(data[one.start : one.end]).decode("utf-8", "replace")
                for one in _children(data, simple)
            }
            if 0x45A3 in parts:
                yield parts[0x45A3], parts.get(0x4487, "")


def _children(data: Buffer, parent: _Element) -> Iterator[_Element]:
    at = parent.start
    while at < parent.end and (one := _read(data, at)) is not None and one.end <= parent.end:
        yield one
        at = one.end


def _read(data: Buffer, at: int) -> _Element | None:
    """The element at a place; None when it is not whole."""
    total = len(data)
    width = 9 - data[at].bit_length() if at < total else 9
    if width > 4 or at + width >= total:
        return None
    identity = int.from_bytes(data[at : at + width])
    at += width
    length = 9 - data[at].bit_length()
    if length > 8 or at + length > total:
        return None
    most = (1 << 7 * length) - 1
    size, start = int.from_bytes(data[at : at + length]) & most, at + length
    if size == most:  # unknown: to the end of the file
        return _Element(identity, start, total, closed=False)
    whole = start + size <= total or identity == _SEGMENT
    return _Element(identity, start, start + size, closed=True) if whole else None


def _id(identity: int) -> bytes:
    return identity.to_bytes((identity.bit_length() + 7) // 8)


def _size(size: int) -> bytes:
    """A length in as few bytes as it takes; all ones would mean unknown."""
    width = 1
    while size >= (1 << 7 * width) - 1:
        width += 1
    return (1 << 7 * width | size).to_bytes(width)


def _element(identity: int, content: bytes) -> bytes:
    return _id(identity) + _size(len(content)) + content


def _number(identity: int, value: int, width: int = 0) -> bytes:
    return _element(identity, value.to_bytes(width or max(1, (value.bit_length() + 7) // 8)))


def _void(size: int) -> bytes:
    """An element of that many bytes, at least two, that says nothing."""
    return b"\xec" + bytes((0x80 | size - 2,)) + bytes(size - 2)
