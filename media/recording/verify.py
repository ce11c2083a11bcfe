"""Whether a finished recording's files are what its manifest says: hashed, walked, decoded."""

import hashlib
import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader

from media.errors import RecordingError
from media.recording.codec import count_pictures, count_samples
from media.recording.files import RecordingDirectory
from media.recording.manifest import Manifest, Segment
from media.recording.salvage import survey
from media.recording.video.matroska import MatroskaError
from media.recording.video.recovery import walk_file
from media.rtp.opus import TICKS_PER_SECOND

Progress = Callable[[float], None]

OVERLAP_MS = 100.0
"""How exact durations are; segments of one track that overlap by more are out of place."""
ALIGNED_MS = 20.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be.

    Attributes:
        file: Which file.
        code: `missing`, `hash`, `damaged`, `not_ended`, `undecodable`, `duration`, `pictures`,
            `alignment`.
        detail: One sentence for a person.
    """

    file: str
    code: str
    detail: str


def verify(place: RecordingDirectory, manifest: Manifest, progress: Progress) -> list[Fault]:
    """Check every file that the manifest lists; blocks, and decodes everything.

    Args:
        place: The recording's directory.
        manifest: A final one.
        progress: Told the share done, 0 to 1.
    """
    segments = [
        segment
        for track in manifest.tracks
        for segment in track.segments
        if segment.sha256 is not None
    ]
    faults: list[Fault] = []
    total = sum(segment.bytes for segment in segments) or 1
    done = 0
    for segment in segments:
        faults += _check_file(place, segment)
        done += segment.bytes
        progress(done / total)
    return faults + _check_time(manifest)


class _WrongError(Exception):
    """A file is not as it should be."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def _check_file(place: RecordingDirectory, segment: Segment) -> list[Fault]:
    try:
        with os.fdopen(place.open(segment.file, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            _check_bytes(file, segment)
            if segment.frames is not None:
                _check_pictures(file, segment)
                return []
            ticks, damaged = _check_pages(file, segment)
            if not damaged:  # a hole stays after a damaged page: the rest was walked
                _check_sound(file, ticks)
    except _WrongError as wrong:
        return [Fault(segment.file, wrong.code, str(wrong))]
    except (OSError, ValueError) as error:
        return [Fault(segment.file, "missing", f"The file cannot be read: {error}.")]
    return []


def _check_bytes(file: BufferedReader, segment: Segment) -> None:
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != segment.sha256:
        raise _WrongError("hash", f"Its SHA-256 is {digest}, not {segment.sha256}.")


def _check_pages(file: BufferedReader, segment: Segment) -> tuple[int, bool]:
    """How many ticks the file claims, and whether a crash had damaged it in the middle."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = survey(data)
        if found.end != len(data) or (found.damaged and segment.complete):
            raise _WrongError("damaged", "Some of its pages are damaged.")
    ticks = max(0, found.position - found.pre_skip)  # shorter than the pre-skip: nothing to hear
    if not segment.complete and segment.recovered is None:
        return ticks, found.damaged > 0  # a failing disk broke it off; another segment goes on
    if not found.ended:
        raise _WrongError("not_ended", "Its last page does not end the stream.")
    if abs(ticks * 1e3 / TICKS_PER_SECOND - segment.duration_ms) > 1:
        raise _WrongError("duration", f"It is {ticks / TICKS_PER_SECOND:.3f} s long.")
    return ticks, found.damaged > 0


def _check_sound(file: BufferedReader, ticks: int) -> None:
    file.seek(0)
    try:
        samples = count_samples(file)
    except RecordingError as error:
        raise _WrongError("undecodable", f"{error}.") from error
    if samples != ticks:
        raise _WrongError("duration", f"It decodes to {samples} samples, not {ticks}.")


def _check_pictures(file: BufferedReader, segment: Segment) -> None:
    """Every picture decodes, and the file says how long it plays."""
    try:
        found = walk_file(file.fileno())
    except MatroskaError as error:
        raise _WrongError("damaged", f"{error}.") from error
    whole = segment.complete or segment.recovered is not None
    if whole and not found.closed:
        raise _WrongError("not_ended", "Its head does not say where it ends.")
    if whole and abs(found.duration_ms - segment.duration_ms) > 1:
        raise _WrongError("duration", f"It says that it is {found.duration_ms / 1e3:.3f} s long.")
    file.seek(0)
    try:
        pictures = count_pictures(file)
    except RecordingError as error:
        raise _WrongError("undecodable", f"{error}.") from error
    written = segment.frames.written if segment.frames is not None else 0
    if pictures != written or pictures != found.frames:
        detail = f"It decodes to {pictures} pictures of {found.frames}, not {written}."
        raise _WrongError("pictures", detail)


def _check_time(manifest: Manifest) -> list[Fault]:
    """Segments of one track follow one another, and each lies where its estimate is good."""
    faults: list[Fault] = []
    for track in manifest.tracks:
        end = float("-inf")
        for segment in track.segments:
            if segment.sha256 is None:
                continue
            if segment.offset_ms < end - OVERLAP_MS:
                behind = end - segment.offset_ms
                detail = f"It overlaps the segment before by {behind:.0f} ms."
                faults.append(Fault(segment.file, "alignment", detail))
            if segment.est_error_ms > ALIGNED_MS:
                detail = f"Its place is known to {segment.est_error_ms:.0f} ms only."
                faults.append(Fault(segment.file, "alignment", detail))
            end = segment.offset_ms + segment.duration_ms * (1 + segment.clock_skew_ppm * 1e-6)
    return faults
