import numpy as np
import pytest
from support.opus_tone import main_frequency, tone_packets

from media.audio.decode import (
    BLOCK,
    QUIET_BLOCKS,
    Converter,
    OpusDecoder,
    OpusEncoder,
    level_of,
    mono,
)


def tone(hertz: float, seconds: float, rate: int = 48_000) -> np.ndarray:
    at = np.arange(int(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hertz * at) * 0.3).astype(np.float32)


class TestDecoder:
    def test_a_tone_comes_out_as_long_and_as_high_as_it_went_in(self):
        decoder = OpusDecoder()
        sound = np.concatenate([decoder.take(one) for one in tone_packets(1.0, hertz=600)])
        assert len(sound) == 48_000
        assert sound.dtype == np.float32
        assert main_frequency(sound) == pytest.approx(600, abs=2)

    def test_lost_sound_is_made_up(self):
        decoder = OpusDecoder()
        packets = tone_packets(1.0, hertz=600)
        for one in packets[:20]:
            _ = decoder.take(one)
        made_up = decoder.conceal(packets[22], 2 * BLOCK)
        assert len(made_up) == 2 * BLOCK
        assert np.abs(made_up).max() > 0.1

    def test_what_is_no_opus_is_silence(self):
        assert len(OpusDecoder().take(b"\xff\xff\xff\xff")) == 0


class TestConverter:
    def test_every_sample_comes_out_in_the_end(self):
        converter = Converter(48_000, 16_000)
        sound = tone(600, 0.5)
        pieces = [converter.take(sound[at : at + BLOCK]) for at in range(0, len(sound), BLOCK)]
        whole = np.concatenate([*pieces, converter.finish()])
        assert abs(len(whole) - 8_000) <= 1
        spectrum = np.abs(np.fft.rfft(whole * np.hanning(len(whole))))
        assert np.argmax(spectrum) * 16_000 / len(whole) == pytest.approx(600, abs=3)

    def test_the_same_rate_is_left_alone(self):
        converter = Converter(48_000, 48_000)
        sound = tone(600, 0.02)
        assert converter.take(sound) is sound
        assert len(converter.finish()) == 0

    def test_nothing_in_nothing_out(self):
        assert len(Converter(16_000, 48_000).finish()) == 0


class TestEncoder:
    def test_what_it_encodes_is_decoded_as_it_was(self):
        encoder, decoder = OpusEncoder(), OpusDecoder()
        sound = tone(700, 1.0)
        coded = [encoder.take(sound[at : at + BLOCK]) for at in range(0, len(sound), BLOCK)]
        assert {one.level for one in coded} == {13}
        heard = np.concatenate([decoder.take(one.payload) for one in coded])
        assert main_frequency(heard) == pytest.approx(700, abs=2)

    def test_silence_is_not_sent_once_the_sound_has_faded(self):
        encoder = OpusEncoder()
        silence = np.zeros(BLOCK, np.float32)
        assert encoder.take(silence).payload is None
        assert encoder.take(tone(700, 0.02)).payload
        after = [encoder.take(silence).payload is not None for _ in range(QUIET_BLOCKS + 2)]
        assert after == [True] * QUIET_BLOCKS + [False, False]


class TestLevel:
    @pytest.mark.parametrize(("amplitude", "level"), [(1.0, 0), (0.1, 20), (1e-5, 100), (0.0, 127)])
    def test_it_is_in_decibels_below_full_scale(self, amplitude: float, level: int):
        assert level_of(np.full(960, amplitude, np.float32)) == level

    def test_nothing_is_silence(self):
        assert level_of(np.zeros(0, np.float32)) == 127


class TestMono:
    def test_integers_and_doubles_become_floats(self):
        assert mono(np.array([-32768, 16384], np.int16)).tolist() == [-1.0, 0.5]
        assert mono([0.25]).dtype == np.float32

    @pytest.mark.parametrize(
        "wrong", [np.zeros((2, 960)), np.zeros(3, np.int32), [float("nan")], [float("inf")]]
    )
    def test_anything_else_is_refused(self, wrong):
        with pytest.raises(ValueError, match="sound"):
            mono(wrong)
