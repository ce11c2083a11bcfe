import numpy as np

from media.captions.resample import Decimator


def tone(frequency: float, seconds: float = 0.5) -> np.ndarray:
    at = np.arange(int(48_000 * seconds)) / 48_000
    return (np.sin(2 * np.pi * frequency * at) * 0.5).astype(np.float32)


def level(pcm: np.ndarray) -> float:
    return float(np.sqrt(np.square(pcm[200:].astype(np.float64)).mean())) / 32768


def test_speech_stays_and_what_would_fold_back_goes():
    assert abs(level(Decimator().take(tone(1000))) - 0.5 / np.sqrt(2)) < 0.005
    assert level(Decimator().take(tone(11_000))) < 0.002


def test_pieces_make_the_same_as_the_whole():
    whole = Decimator().take(tone(700))
    one = Decimator()
    pieces = [one.take(piece) for piece in np.split(tone(700), 25)]
    assert np.array_equal(np.concatenate(pieces), whole)


def test_loud_sound_is_clipped_not_wrapped():
    pcm = Decimator().take(np.full(4800, 1.5, np.float32))
    assert pcm[-1] == 32767
