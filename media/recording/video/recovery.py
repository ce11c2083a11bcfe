"""Files of pictures after a crash: cut after the last whole cluster, and made searchable."""

import logging
import mmap
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass

from media.recording.adopt import UNKNOWN, begun_of, enter
from media.recording.files import RecordingDirectory
from media.recording.manifest import Frames, Manifest, Recovered, Segment, TrackEntry
from media.recording.salvage import digest_of, write_at
from media.recording.video import matroska
from media.recording.video.file import write_patches
from media.recording.video.matroska import MatroskaError, Walked
from media.types import MediaKind, TrackSource

_FILE = re.compile(
    r"(?P<track>[0-9]{3,9})-(?P<slug>[a-z0-9-]{1,32}?)-(?P<source>camera|screen)"
    r"(?:\.(?P<segment>[0-9]{1,9}))?\.(?P<ending>webm|mkv)"
)
_SOURCES = {"camera": TrackSource.CAMERA, "screen": TrackSource.SCREEN}
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Salvaged:
    """A file as it lies on the disk now.

    Attributes:
        found: What was found in it.
        duration_ms: How long it plays.
        truncated: Bytes cut off its end.
        size: Its bytes.
        sha256: Lower-case hex.
        whole: It had been ended properly.
    """

    found: Walked
    duration_ms: float
    truncated: int
    size: int
    sha256: str
    whole: bool


def recover_pictures(
    place: RecordingDirectory, manifest: Manifest, known: Mapping[str, Segment]
) -> None:
    """Make every file of pictures whole; those that the manifest does not know are adopted.

    Blocks.
    """
    adopted: list[tuple[re.Match[str], Salvaged]] = []
    for name in place.names():
        match = _FILE.fullmatch(name)
        saved = _salvage(place, name) if match else None
        if match is None or saved is None:
            continue
        segment = known.get(name)
        if segment is None:
            adopted.append((match, saved))
        else:
            _describe(segment, saved)
    if manifest.rebuilt and adopted and not manifest.tracks:  # else sound has told
        manifest.started_at = min(begun_of(saved.found.tags) for _, saved in adopted)
        manifest.time_base.utc = manifest.started_at
    for match, saved in adopted:
        _describe(_adopt(manifest, match, saved), saved)


def salvage(fd: int) -> Salvaged:
    """Cut a file after its last whole cluster, and let its head say how long it plays. Blocks.

    Args:
        fd: Open for reading and writing, without O_APPEND.

    Raises:
        OSError: It is no regular file, or cannot be read or changed.
        MatroskaError: Not even its head is whole.
    """
    about = os.fstat(fd)
    if not stat.S_ISREG(about.st_mode):
        raise OSError("not a regular file")
    found = walk_file(fd)
    if found.closed:
        return Salvaged(found, found.duration_ms, 0, about.st_size, digest_of(fd), whole=True)
    duration_ms = found.last_ms + 1.0
    head = os.pread(fd, found.head_end, 0)
    cues, patches = matroska.ending(head, found, duration_ms)
    os.ftruncate(fd, found.end)
    write_at(fd, cues, found.end)
    write_patches(fd, patches)
    size = found.end + len(cues)
    return Salvaged(found, duration_ms, about.st_size - found.end, size, digest_of(fd), whole=False)


def walk_file(fd: int) -> Walked:
    """Go over a file. Blocks.

    Raises:
        OSError: It cannot be read.
        MatroskaError: Not even its head is whole.
    """
    if not os.fstat(fd).st_size:
        raise MatroskaError("the file is empty")
    with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as data, memoryview(data) as view:
        return matroska.walk(view)


def _salvage(place: RecordingDirectory, name: str) -> Salvaged | None:
    try:
        with place.opened(name, os.O_RDWR | os.O_NONBLOCK) as fd:
            return salvage(fd)
    except (OSError, MatroskaError):
        _logger.warning("file of a recording cannot be recovered", exc_info=True)
        return None


def _describe(segment: Segment, saved: Salvaged) -> None:
    segment.bytes, segment.complete = saved.size, saved.whole
    segment.duration_ms = saved.duration_ms
    segment.sha256 = saved.sha256 if saved.found.frames else None  # a head alone is no recording
    if segment.frames is not None:
        segment.frames.written = saved.found.frames
    segment.gaps = [gap for gap in segment.gaps if gap.at_ms < saved.duration_ms]
    if not saved.whole:
        segment.recovered = Recovered(truncated_bytes=saved.truncated)


def _adopt(manifest: Manifest, match: re.Match[str], saved: Salvaged) -> Segment:
    """The entry of a file that was made after the manifest was written for the last time."""
    form = saved.found.format
    segment = Segment(
        file=match[0],
        content_type=matroska.content_type(form),
        number=int(match["segment"] or 1),
        channels=0,
        pre_skip=0,
        reason="adopted",
        first_sample_time=begun_of(saved.found.tags),
        offset_ms=0.0,
        frames=Frames(width=form.width, height=form.height),
    )
    track = TrackEntry(
        number=int(match["track"]),
        participant_id=UNKNOWN,
        name=match["slug"],
        kind=MediaKind.VIDEO,
        label=_SOURCES[match["source"]],
        codec=form.codec,
    )
    enter(manifest, segment, track)
    return segment
