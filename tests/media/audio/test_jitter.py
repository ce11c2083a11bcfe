import numpy as np

from media.audio.decode import BLOCK
from media.audio.jitter import LEAD, LEAD_BLOCKS, MOST, MixBuffer

BLOCK_NS = 20_000_000


def piece(value: float = 1.0, blocks: int = 1) -> np.ndarray:
    return np.full(BLOCK * blocks, value, np.float32)


def test_a_little_waits_before_the_first_block():
    buffer = MixBuffer()
    assert buffer.take() is None
    buffer.put(0, piece(1))
    buffer.put(BLOCK_NS, piece(2))
    assert buffer.take() is None
    buffer.put(2 * BLOCK_NS, piece(3))
    assert [buffer.take()[0] for _ in range(3)] == [1, 2, 3]
    assert buffer.empty


def test_a_short_word_is_not_held_back_for_ever():
    buffer = MixBuffer()
    buffer.put(0, piece(1)[:500])
    assert [buffer.take() for _ in range(LEAD_BLOCKS)] == [None] * LEAD_BLOCKS
    block = buffer.take()
    assert (block[:500] == 1).all()
    assert (block[500:] == 0).all()
    assert len(block) == BLOCK


def test_after_a_pause_a_little_waits_again():
    buffer = MixBuffer()
    buffer.put(0, piece(blocks=3))
    assert sum(buffer.take() is not None for _ in range(4)) == 3
    buffer.put(100 * BLOCK_NS, piece())
    assert buffer.take() is None


def test_a_hole_stays_a_hole_while_earlier_sound_waits():
    buffer = MixBuffer()
    buffer.put(0, piece(1, 3))
    buffer.put(4 * BLOCK_NS, piece(2, 3))
    assert [buffer.take()[0] for _ in range(7)] == [1, 1, 1, 0, 2, 2, 2]


def test_a_leap_of_the_clock_is_no_hole():
    buffer = MixBuffer()
    buffer.put(0, piece(1, 3))
    buffer.put(10**12, piece(2))
    assert [buffer.take()[0] for _ in range(4)] == [1, 1, 1, 2]


def test_what_would_only_delay_is_left_out():
    buffer = MixBuffer()
    for number in range(MOST // BLOCK + LEAD_BLOCKS):
        buffer.put(number * BLOCK_NS, piece(number))
    buffer.put(100 * BLOCK_NS, piece(99))
    assert len(buffer._samples) == LEAD
    assert [buffer.take()[0] for _ in range(3)][-1] == 99
