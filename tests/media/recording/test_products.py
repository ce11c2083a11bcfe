import io
import json
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from support.clock import FakeClock
from support.opus_tone import main_frequency, tone_packets
from support.recording import microphone, speak, started

from media.errors import RecordingError
from media.recording.files import RecordingDirectory
from media.recording.manifest import MANIFEST, Manifest, decode
from media.recording.products import FORMATS, Product, Wish, make
from media.recording.writer import WriterThread


@pytest.fixture
async def recorded(tmp_path: Path, writer: WriterThread, clock: FakeClock) -> Path:
    """Ana for a second, then Bo for a second."""
    recorder = await started(tmp_path, writer, clock)
    for who, hertz in (("ana", 440.0), ("bo", 880.0)):
        tap = microphone(recorder, who, who)
        speak(tap, clock, tone_packets(1.0, hertz=hertz))
        tap.close()
    _ = await recorder.stop()
    return tmp_path


def manifest(directory: Path) -> Manifest:
    return decode((directory / MANIFEST).read_bytes())


def made(directory: Path, kind: str, form: str) -> tuple[Product, Path]:
    place = RecordingDirectory(directory)
    told: list[float] = []
    try:
        product = make(place, manifest(directory), Wish(kind, form, f"x.{form}"), told.append)
    finally:
        place.close()
    assert told[-1] == pytest.approx(1)
    return product, directory / f"x.{form}"


def samples(file: Path | io.BytesIO) -> np.ndarray:
    """Shape (channels, samples), -1 to 1."""
    with av.open(file if isinstance(file, io.BytesIO) else str(file)) as container:
        layout = container.streams.audio[0].codec_context.layout.name
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=48_000)
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


@pytest.mark.parametrize("form", FORMATS["mix"])
def test_a_mix_holds_everybody_at_his_time(recorded: Path, form: str):
    product, path = made(recorded, "mix", form)
    (sound,) = samples(path)
    assert product.bytes == path.stat().st_size
    assert product.duration_seconds == pytest.approx(2, abs=0.01)
    assert len(sound) == pytest.approx(2 * 48_000, abs=2500 if form == "m4a" else 480)
    assert main_frequency(sound[10_000:40_000]) == pytest.approx(440, abs=3)
    assert main_frequency(sound[58_000:88_000]) == pytest.approx(880, abs=3)


def test_speakers_have_channels_of_their_own(recorded: Path):
    ana, bo = samples(made(recorded, "stems", "wav")[1])
    assert main_frequency(ana[:48_000]) == pytest.approx(440, abs=3)
    assert main_frequency(bo[50_000:]) == pytest.approx(880, abs=3)
    assert np.abs(bo[:40_000]).max() < 1e-3


def test_stems_are_of_one_length_with_the_manifest(recorded: Path):
    product, path = made(recorded, "stems", "zip")
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["001-name-of-ana.flac", "002-name-of-bo.flac", MANIFEST]
        lengths = {
            samples(io.BytesIO(archive.read(name))).shape[1] for name in archive.namelist()[:2]
        }
        assert json.loads(archive.read(MANIFEST))["schema"] == "roomtone.recording/1"
    assert lengths == {round(product.duration_seconds * 48_000)}
    assert not list(recorded.glob(".*.part"))


def test_peaks_follow_the_sound(recorded: Path):
    document = json.loads(made(recorded, "peaks", "json")[1].read_bytes())
    assert (document["schema"], document["per_second"]) == ("roomtone.peaks/1", 50)
    ana, bo = document["lanes"]
    assert len(ana["peaks"]) == pytest.approx(100, abs=4)
    assert max(ana["peaks"]) == pytest.approx(0.366 * 127, abs=8)
    assert bo["offset_seconds"] == pytest.approx(1, abs=0.01)


def test_a_skewed_clock_is_set_right(recorded: Path):
    found = manifest(recorded)
    found.tracks[0].segments[0].clock_skew_ppm = 1000.0
    (recorded / MANIFEST).write_bytes(found.encode())
    sound = samples(made(recorded, "stems", "wav")[1])[0]
    assert np.flatnonzero(np.abs(sound) > 0.05)[-1] == pytest.approx(48_048, abs=480)


def test_a_manifest_change_moves_the_sound(recorded: Path):
    found = manifest(recorded)
    found.tracks[1].segments[0].offset_ms = 1500.0
    (recorded / MANIFEST).write_bytes(found.encode())
    bo = samples(made(recorded, "stems", "wav")[1])[1]
    assert np.flatnonzero(np.abs(bo) > 0.05)[0] == pytest.approx(72_000, abs=960)


def test_what_nobody_makes_is_refused(recorded: Path):
    place = RecordingDirectory(recorded)
    with pytest.raises(RecordingError) as refused:
        make(place, manifest(recorded), Wish("mix", "mp3", "x.mp3"), lambda _: None)
    place.close()
    assert refused.value.code == "format_unsupported"
