"""Finishing a recording that a crash left open, from its files and what its manifest still says."""

import logging
import os
import re
from datetime import timedelta
from pathlib import Path

from media.clock import Clock
from media.errors import RecordingError
from media.recording.adopt import UNKNOWN, begun_of, enter
from media.recording.files import RecordingDirectory
from media.recording.manifest import (
    MANIFEST,
    LossBounds,
    Manifest,
    Recovered,
    Segment,
    TimeBase,
    TrackEntry,
    decode,
)
from media.recording.relog import describe_from_logs, trim_early
from media.recording.salvage import Salvaged, salvage
from media.recording.video.recovery import recover_pictures
from media.rtp.opus import TICKS_PER_SECOND
from media.types import RecordingResult, TrackSource

DAMAGED_MANIFEST = "manifest.damaged.json"
MAX_MANIFEST_BYTES = 64 << 20

_FILE = re.compile(
    r"(?P<track>[0-9]{3,9})-(?P<slug>[a-z0-9-]{1,32}?)-(?P<kind>audio|screen-audio)"
    r"(?:\.(?P<segment>[0-9]{1,9}))?\.ogg"
)
_FINAL = ("ready", "recovered", "failed")
_logger = logging.getLogger(__name__)


def recover(directory: Path, clock: Clock) -> RecordingResult:
    """Make every file of a recording whole and its manifest final. Blocks; idempotent.

    Files are cut after their last good page, and files that the manifest does not know are
    adopted; a manifest that cannot be read is put aside and rebuilt from file names and tags.
    Damaged data never raises: what cannot be read is left out of the result. A recording that
    another process is writing is left alone (`failed` is `recording_in_progress`).

    Args:
        directory: The recording's directory, as in its `RecordingSpec`.
        clock: For the time of a recording about which nothing else is known.
    """
    try:
        place = RecordingDirectory(directory)
    except OSError:
        _logger.exception("recording cannot be recovered")
        return RecordingResult(directory.name, clock.utc(), 0.0, (), "directory_not_readable")
    try:
        return _recover(place, directory, clock)
    finally:
        place.close()


def reopen(place: RecordingDirectory, directory: Path, clock: Clock) -> Manifest:
    """Make whole what a dead writer left of a recording that goes on. Blocks.

    Args:
        place: The recording's directory, locked.
        directory: The same as a path.
        clock: As in `recover`.

    Returns:
        The manifest with every file so far; it is not written.
    """
    manifest = _read_manifest(place) or _empty_manifest(directory, clock)
    _recover_files(place, manifest)
    return manifest


def _recover(place: RecordingDirectory, directory: Path, clock: Clock) -> RecordingResult:
    if not place.lock():
        return RecordingResult(directory.name, clock.utc(), 0.0, (), "recording_in_progress")
    manifest = _read_manifest(place) or _empty_manifest(directory, clock)
    if manifest.state in _FINAL:
        return manifest.result()
    _recover_files(place, manifest)
    _close(manifest)
    try:
        place.replace(MANIFEST, manifest.encode())
    except OSError:  # the files are whole; the next start writes it
        _logger.exception("manifest of a recovered recording not written")
    return manifest.result()


def _read_manifest(place: RecordingDirectory) -> Manifest | None:
    try:
        fd = place.open(MANIFEST, os.O_RDONLY)
    except OSError:
        return None
    try:
        with os.fdopen(fd, "rb") as file:
            return decode(file.read(MAX_MANIFEST_BYTES))
    except (OSError, RecordingError):
        _logger.warning("manifest put aside", exc_info=True)
    try:
        place.rename(MANIFEST, DAMAGED_MANIFEST)
    except OSError:
        _logger.warning("damaged manifest stays in its place", exc_info=True)
    return None


def _empty_manifest(directory: Path, clock: Clock) -> Manifest:
    """What the place of a directory alone says: meeting, session, recording."""
    now = clock.utc()
    parents = [parent.name for parent in directory.absolute().parents]
    return Manifest(
        id=directory.name,
        meeting_id=parents[1] if len(parents) > 1 else "",
        session_id=parents[0] if parents else "",
        state="recording",
        started_at=now,
        time_base=TimeBase(utc=now, monotonic_ns=clock.monotonic_ns()),
        rpo=LossBounds(process_ms=0, power_ms=0),
        rebuilt=True,
    )


def _recover_files(place: RecordingDirectory, manifest: Manifest) -> None:
    known = {segment.file: segment for track in manifest.tracks for segment in track.segments}
    for segment in known.values():  # until its file is found
        segment.bytes, segment.sha256, segment.complete = 0, None, False
    adopted: list[tuple[re.Match[str], Segment]] = []
    for name in place.names():
        match = _FILE.fullmatch(name)
        saved = _salvage(place, name) if match else None
        if match is None or saved is None:
            continue
        segment = known.get(name) or _adopt(match, saved)
        if name not in known:
            adopted.append((match, segment))
        _describe(segment, saved)
    if manifest.rebuilt and adopted:
        manifest.started_at = min(segment.first_sample_time for _, segment in adopted)
        manifest.time_base.utc = manifest.started_at
    for match, segment in adopted:
        _enter(manifest, match, segment)
    describe_from_logs(place, manifest)
    trim_early(place, manifest)
    recover_pictures(place, manifest, known)


def _salvage(place: RecordingDirectory, name: str) -> Salvaged | None:
    try:
        with place.opened(name, os.O_RDWR | os.O_NONBLOCK) as fd:
            return salvage(fd)
    except OSError:
        _logger.warning("file of a recording cannot be recovered", exc_info=True)
        return None


def _describe(segment: Segment, saved: Salvaged) -> None:
    segment.duration_ms = saved.ticks * 1000 / TICKS_PER_SECOND
    segment.bytes = saved.size
    segment.complete = saved.whole
    segment.sha256 = saved.sha256 if saved.ticks else None  # headers alone are no recording
    if not saved.whole:
        segment.recovered = Recovered(truncated_bytes=saved.truncated)


def _adopt(match: re.Match[str], saved: Salvaged) -> Segment:
    """The entry of a file that was made after the manifest was written for the last time."""
    return Segment(
        file=match[0],
        number=int(match["segment"] or 1),
        channels=saved.survey.channels or 1,
        pre_skip=saved.survey.pre_skip,
        reason="adopted",
        first_sample_time=begun_of(saved.survey.tags or {}),
        offset_ms=0.0,
    )


def _enter(manifest: Manifest, match: re.Match[str], segment: Segment) -> None:
    """Put an adopted segment under its track, and on the recording's time line."""
    microphone = match["kind"] == "audio"
    track = TrackEntry(
        number=int(match["track"]),
        participant_id=UNKNOWN,
        name=match["slug"],
        label=TrackSource.MICROPHONE if microphone else TrackSource.SCREEN_AUDIO,
    )
    enter(manifest, segment, track)


def _close(manifest: Manifest) -> None:
    """The recording ended when its last file does."""
    ends = [
        segment.offset_ms + segment.duration_ms
        for track in manifest.tracks
        for segment in track.segments
        if segment.sha256 is not None
    ]
    manifest.duration_ms = max([manifest.duration_ms, *ends])
    try:
        manifest.ended_at = manifest.started_at + timedelta(milliseconds=manifest.duration_ms)
    except OverflowError:  # a flipped bit in a year is a date all the same
        manifest.ended_at = None
    for paused in manifest.paused:
        if paused.to_ms is None:
            paused.to_ms = manifest.duration_ms
    manifest.state, manifest.ended_by = "recovered", "recovered"
