import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.recording.codec import Resampler
from media.recording.mix import CEILING, HOP, Limiter


def limited(samples: np.ndarray, block: int) -> np.ndarray:
    limiter = Limiter()
    parts = [limiter.take(samples[at : at + block]) for at in range(0, len(samples), block)]
    return np.concatenate([*parts, limiter.finish()])


def test_what_is_not_too_loud_stays_as_it_is():
    samples = np.linspace(-0.89, 0.89, 20 * HOP, dtype=np.float32)
    assert np.array_equal(limited(samples, 5 * HOP), samples)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 20]))
def test_nothing_passes_the_ceiling(seed: int, hops: int):
    random = np.random.default_rng(seed)
    loudness = np.repeat(random.uniform(0, 3, 20), HOP)
    samples = (random.uniform(-1, 1, 20 * HOP) * loudness).astype(np.float32)
    out = limited(samples, hops * HOP)
    assert len(out) == len(samples)
    assert np.abs(out).max() <= CEILING * 1.00001


def test_gain_comes_back_slowly_and_wholly():
    samples = np.full(60 * HOP, 0.5, np.float32)
    samples[10 * HOP] = 2.0
    out = limited(samples, 20 * HOP)
    assert out[11 * HOP + 10] < 0.3
    assert np.all(np.diff(out[11 * HOP :]) >= -1e-6)
    assert out[-1] == np.float32(0.5)


@pytest.mark.parametrize("ppm", [200.0, -200.0, 12.0])
def test_resampling_stretches_and_adds_nothing(ppm: float):
    at = np.arange(10 * 48_000) / 48_000
    tone = np.sin(2 * np.pi * 1000 * at).astype(np.float32)
    stretch = Resampler(ppm)
    pieces = [piece for part in np.split(tone, 10) for piece in stretch.take(part)]
    out = np.concatenate([*pieces, *stretch.finish()])
    assert len(out) == pytest.approx(len(tone) * (1 + ppm * 1e-6), abs=1)
    wanted = np.sin(2 * np.pi * 1000 * np.arange(len(out)) / 48_000 / (1 + ppm * 1e-6))
    error = (out - wanted)[500:-500]
    assert 20 * np.log10(np.sqrt(np.mean(error**2)) * np.sqrt(2)) < -80
