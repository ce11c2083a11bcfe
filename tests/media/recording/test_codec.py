import io
from pathlib import Path

import av
import numpy as np
import pytest
from support.clock import FakeClock
from support.opus_tone import main_frequency, tone_packets
from support.recording import microphone, speak, started

from media.errors import RecordingError
from media.recording.codec import Encoder, count_samples, decode
from media.recording.writer import WriterThread


@pytest.fixture
async def recorded(tmp_path: Path, writer: WriterThread, clock: FakeClock) -> Path:
    recorder = await started(tmp_path, writer, clock)
    speak(microphone(recorder), clock, tone_packets(3.0))
    result = await recorder.stop()
    return tmp_path / result.files[0].name


def test_every_sample_of_a_recording_is_counted(recorded: Path):
    with recorded.open("rb") as file:
        assert count_samples(file) == pytest.approx(3 * 48_000, abs=480)


def test_the_sound_comes_back(recorded: Path):
    with recorded.open("rb") as file:
        pieces = list(decode(file))
    assert len(pieces) > 1
    assert main_frequency(np.concatenate(pieces)) == pytest.approx(440, abs=2)


def test_what_is_no_opus_is_refused():
    for reader in (count_samples, lambda file: list(decode(file))):
        with pytest.raises(RecordingError) as refused:
            reader(io.BytesIO(b"OggS" + bytes(400)))
        assert refused.value.code == "undecodable"


@pytest.mark.parametrize(
    ("form", "channels"), [("ogg", 1), ("m4a", 1), ("flac", 1), ("wav", 1), ("wav", 2), ("wav", 12)]
)
def test_every_format_keeps_length_and_sound(form: str, channels: int):
    at = np.arange(48_000) / 48_000
    tone = np.tile(np.sin(2 * np.pi * 440 * at).astype(np.float32) / 2, (channels, 1))
    out = io.BytesIO()
    encoder = Encoder(out, form, channels)
    encoder.write(tone[:, :20_000])
    encoder.write(tone[:, 20_000:])
    encoder.close()
    with av.open(io.BytesIO(out.getvalue())) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        assert container.streams.audio[0].codec_context.layout.nb_channels == channels
        planar = frames[0].shape[0] == channels
    total = sum(frame.shape[1] if planar else frame.shape[1] // channels for frame in frames)
    assert total == pytest.approx(48_000, abs=2048 if form == "m4a" else 0)


def test_too_many_channels_are_refused():
    with pytest.raises(RecordingError) as refused:
        Encoder(io.BytesIO(), "m4a", 9)
    assert refused.value.code == "format_unsupported"
