"""What people want of a finished recording: a mix, stems, peaks; made in a worker process."""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedRandom

import numpy as np

from media.errors import RecordingError
from media.recording.codec import Encoder, Samples, decode
from media.recording.files import RecordingDirectory, slug
from media.recording.manifest import MANIFEST, Manifest, Segment, TrackEntry
from media.recording.mix import BLOCK, HOP, Limiter, Voice, total_samples
from media.recording.peaks import PER_SECOND, peaks
from media.recording.verify import Progress
from media.rtp.opus import TICKS_PER_SECOND

PEAKS_SCHEMA = "roomtone.peaks/1"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted.

    Attributes:
        kind: `mix`, `stems` or `peaks`.
        form: File format.
        target: File name in the recording's directory; a complete file takes it at the end.
    """

    kind: str
    form: str
    target: str


@dataclass(frozen=True, slots=True)
class Product:
    """A finished product."""

    bytes: int
    sha256: str
    duration_seconds: float


def make(place: RecordingDirectory, manifest: Manifest, wish: Wish, progress: Progress) -> Product:
    """Make a product; blocks. What a process that died left half made is made anew.

    Raises:
        RecordingError: `undecodable`, `format_unsupported`.
        OSError: It cannot be written.
    """
    maker = _MAKERS.get((wish.kind, wish.form))
    if maker is None:
        raise RecordingError("format_unsupported", f"there is no {wish.kind} as {wish.form}")
    draft = f".{wish.target}.part"
    with os.fdopen(place.scratch(draft), "w+b") as file:
        maker(_Job(place, manifest, file, wish.form, progress))
        file.flush()
        os.fsync(file.fileno())
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    place.rename(draft, wish.target)
    place.sync()
    return Product(size, digest, total_samples(manifest) / TICKS_PER_SECOND)


@dataclass(frozen=True, slots=True)
class _Job:
    place: RecordingDirectory
    manifest: Manifest
    file: BufferedRandom
    form: str
    progress: Progress


def _mix(job: _Job) -> None:
    """Everybody in one channel."""
    encoder, limiter = Encoder(job.file, job.form, 1), Limiter()
    voices = [Voice(job.place, segments) for _, segments in _people(job.manifest)]
    left = total_samples(job.manifest)
    for start, length in _blocks(job):
        parts = [part for voice in voices if (part := voice.block(start, length)) is not None]
        mixed = np.add.reduce(parts) if parts else np.zeros(length, np.float32)
        left -= _write(encoder, limiter.take(mixed), left)
    _ = _write(encoder, limiter.finish(), left)
    encoder.close()


def _write(encoder: Encoder, samples: Samples, left: int) -> int:
    """Write no more than is left of the recording: blocks are whole hops."""
    samples = samples[: max(0, left)]
    if len(samples):
        encoder.write(samples.reshape(1, -1))
    return len(samples)


def _channels(job: _Job) -> None:
    """Each speaker in a channel of his own."""
    people = _people(job.manifest)
    if not people:
        raise RecordingError("nothing_recorded", "nobody was recorded")
    encoder = Encoder(job.file, job.form, len(people))
    voices = [Voice(job.place, segments) for _, segments in people]
    left = total_samples(job.manifest)
    for start, length in _blocks(job):
        parts = [voice.block(start, length) for voice in voices]
        rows = [np.zeros(length, np.float32) if part is None else part for part in parts]
        encoder.write(np.stack(rows)[:, :left])
        left -= length
    encoder.close()


def _zip(job: _Job) -> None:
    """A file for each speaker, all of one length, and the manifest."""
    people = _people(job.manifest)
    with zipfile.ZipFile(job.file, "w", zipfile.ZIP_STORED) as archive:
        for number, (track, segments) in enumerate(people):
            draft = f".stem-{track.number:03d}.part"
            share = _Share(job.progress, number, len(people))
            with os.fdopen(job.place.scratch(draft), "w+b") as file:
                part = _Job(job.place, job.manifest, file, "flac", share)
                _stem(part, Voice(job.place, segments))
                file.flush()
                file.seek(0)
                name = f"{track.number:03d}-{slug(track.name)}.flac"
                with archive.open(name, "w", force_zip64=True) as entry:
                    shutil.copyfileobj(file, entry)
            job.place.remove(draft)
        archive.writestr(MANIFEST, job.manifest.encode())


def _stem(job: _Job, voice: Voice) -> None:
    encoder = Encoder(job.file, job.form, 1)
    left = total_samples(job.manifest)
    for start, length in _blocks(job):
        part = voice.block(start, length)
        left -= _write(encoder, np.zeros(length, np.float32) if part is None else part, left)
    encoder.close()


def _peaks(job: _Job) -> None:
    """What a player draws, segment by segment."""
    lanes: list[dict[str, object]] = []
    segments = [(track, one) for track in job.manifest.tracks for one in _kept(track)]
    for number, (track, segment) in enumerate(segments, 1):
        with os.fdopen(job.place.open(segment.file, os.O_RDONLY), "rb") as file:
            drawn = peaks(decode(file))
        lanes.append(
            {
                "file": segment.file,
                "participant_id": track.participant_id,
                "name": track.name,
                "source": track.label.value,
                "segment": segment.number,
                "offset_seconds": segment.offset_ms / 1e3,
                "duration_seconds": segment.duration_ms / 1e3,
                "gaps": [gap.model_dump() for gap in segment.gaps],
                "peaks": drawn,
            }
        )
        job.progress(number / len(segments))
    document = {
        "schema": PEAKS_SCHEMA,
        "per_second": PER_SECOND,
        "duration_seconds": job.manifest.duration_ms / 1e3,
        "lanes": lanes,
    }
    job.file.write(json.dumps(document, separators=(",", ":")).encode())


class _Share:
    """Progress of one part among several equal ones."""

    def __init__(self, progress: Progress, number: int, of: int) -> None:
        self._progress, self._number, self._of = progress, number, of

    def __call__(self, share: float) -> None:
        self._progress((self._number + share) / self._of)


def _people(manifest: Manifest) -> list[tuple[TrackEntry, list[Segment]]]:
    """Each participant's first track and all segments, in order of appearance."""
    people: dict[str, tuple[TrackEntry, list[Segment]]] = {}
    for track in manifest.tracks:
        segments = _kept(track)
        if segments:
            people.setdefault(track.participant_id, (track, []))[1].extend(segments)
    return list(people.values())


def _kept(track: TrackEntry) -> list[Segment]:
    """A track's files of sound; products hold nothing else."""
    sounds = (segment for segment in track.segments if segment.frames is None)
    return [segment for segment in sounds if segment.sha256 is not None]


def _blocks(job: _Job) -> Iterator[tuple[int, int]]:
    """Start and length of every block; the last one is rounded up to whole hops."""
    total = total_samples(job.manifest)
    for start in range(0, total, BLOCK):
        yield start, min(BLOCK, -(-(total - start) // HOP) * HOP)
        job.progress(min(1.0, (start + BLOCK) / total))


_MAKERS = {
    ("mix", "ogg"): _mix,
    ("mix", "m4a"): _mix,
    ("mix", "wav"): _mix,
    ("mix", "flac"): _mix,
    ("stems", "zip"): _zip,
    ("stems", "wav"): _channels,
    ("peaks", "json"): _peaks,
}
KINDS = ("mix", "stems", "peaks")
FORMATS = {kind: tuple(form for made, form in _MAKERS if made == kind) for kind in KINDS}
