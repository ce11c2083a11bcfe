import hashlib
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.opus_tone import tone_packets
from support.recording import microphone, speak, started

from media.recording.files import RecordingDirectory
from media.recording.manifest import MANIFEST, Manifest, decode
from media.recording.pyav import OpusMuxer
from media.recording.verify import verify
from media.recording.writer import WriterThread


@pytest.fixture
async def recorded(tmp_path: Path, writer: WriterThread, clock: FakeClock) -> Path:
    recorder = await started(tmp_path, writer, clock)
    for who in ("p1", "p2"):
        speak(microphone(recorder, who), clock, tone_packets(1.0))
    _ = await recorder.stop()
    return tmp_path


def read(directory: Path) -> Manifest:
    return decode((directory / MANIFEST).read_bytes())


def checked(directory: Path, manifest: Manifest) -> list[tuple[str, str]]:
    place = RecordingDirectory(directory)
    try:
        return [(one.file, one.code) for one in verify(place, manifest, lambda _: None)]
    finally:
        place.close()


def rewrite(directory: Path, manifest: Manifest, change) -> str:
    """Change the first file and let the manifest believe it."""
    segment = manifest.tracks[0].segments[0]
    path = directory / segment.file
    data = change(path.read_bytes())
    path.write_bytes(data)
    segment.sha256 = hashlib.sha256(data).hexdigest()
    return segment.file


def test_a_good_recording_has_no_fault(recorded: Path):
    told: list[float] = []
    place = RecordingDirectory(recorded)
    assert verify(place, read(recorded), told.append) == []
    place.close()
    assert told[-1] == 1.0
    assert told == sorted(told)


def test_a_missing_file_is_found(recorded: Path):
    manifest = read(recorded)
    name = manifest.tracks[1].segments[0].file
    (recorded / name).unlink()
    assert checked(recorded, manifest) == [(name, "missing")]


def test_a_changed_bit_is_found(recorded: Path):
    manifest = read(recorded)
    path = recorded / manifest.tracks[0].segments[0].file
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    assert checked(recorded, manifest) == [(path.name, "hash")]


def test_a_damaged_page_is_found_even_with_its_hash(recorded: Path):
    manifest = read(recorded)

    def flip(data: bytes) -> bytes:
        return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]

    name = rewrite(recorded, manifest, flip)
    assert checked(recorded, manifest) == [(name, "damaged")]


def test_a_missing_end_is_found(recorded: Path):
    manifest = read(recorded)

    def cut(data: bytes) -> bytes:
        return data[: data.rindex(b"OggS")]

    name = rewrite(recorded, manifest, cut)
    assert checked(recorded, manifest) == [(name, "not_ended")]


def test_a_wrong_duration_is_found(recorded: Path):
    manifest = read(recorded)
    segment = manifest.tracks[0].segments[0]
    segment.duration_ms += 5
    assert checked(recorded, manifest) == [(segment.file, "duration")]


def test_a_track_that_ends_within_its_pre_skip_is_whole_and_silent(recorded: Path):
    def short(_: bytes) -> bytes:
        stream = OpusMuxer(channels=1, pre_skip=3840, comments={})
        packets = [stream.add(b"\xf8\xff\xfe", 960) for _ in range(3)]
        return stream.headers() + b"".join(packets) + stream.finish()

    manifest = read(recorded)
    _ = rewrite(recorded, manifest, short)
    manifest.tracks[0].segments[0].duration_ms = 0.0
    assert checked(recorded, manifest) == []


def test_segments_out_of_place_are_found(recorded: Path):
    manifest = read(recorded)
    first, second = (track.segments[0] for track in manifest.tracks)
    manifest.tracks[0].segments.append(second.model_copy(update={"offset_ms": first.offset_ms}))
    manifest.tracks.pop()
    first.est_error_ms = 30
    faults = checked(recorded, manifest)
    assert faults == [(first.file, "alignment"), (second.file, "alignment")]


def test_a_segment_that_a_failing_disk_broke_off_is_as_good_as_it_can_be(recorded: Path):
    manifest = read(recorded)
    segment = manifest.tracks[0].segments[0]
    segment.complete = False

    def cut(data: bytes) -> bytes:
        return data[: data.rindex(b"OggS")]

    _ = rewrite(recorded, manifest, cut)
    assert checked(recorded, manifest) == []
