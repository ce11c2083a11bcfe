import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from media.recording.peaks import BUCKET, peaks


def test_lowest_and_highest_of_each_bucket():
    sound = np.zeros(2 * BUCKET + 10, np.float32)
    sound[5], sound[BUCKET], sound[-1] = -1, 1, 0.5
    assert peaks([sound]) == [-127, 0, 0, 127, 0, 64]
    assert peaks([]) == []


@given(st.lists(st.integers(0, 3 * BUCKET), max_size=5))
def test_pieces_do_not_matter(sizes: list[int]):
    sound = np.random.default_rng(1).uniform(-1.2, 1.2, sum(sizes)).astype(np.float32)
    cuts = np.cumsum(sizes)[:-1] if sizes else []
    assert peaks(np.split(sound, cuts)) == peaks([sound])
