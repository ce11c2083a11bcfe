from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.red import wrapped

from media.rtp.red import MAX_BLOCKS, Block, blocks, unseen

OPUS = 111
REPEATS = st.lists(
    st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=0x3FF)), max_size=MAX_BLOCKS - 1
)


@given(REPEATS, st.binary(), st.integers(0, 127))
def test_what_is_wrapped_comes_out(repeats, primary, payload_type):
    payload = wrapped(repeats, primary, payload_type)
    found = blocks(payload)
    assert [(one.offset, payload[one.start : one.end]) for one in found] == [*repeats, (0, primary)]
    assert {one.payload_type for one in found} == {payload_type}


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_apart_within_their_bounds_or_refused(payload):
    try:
        found = blocks(payload)
    except ValueError:
        return
    assert found[-1].end == len(payload)
    assert all(0 < one.start <= one.end <= len(payload) for one in found)
    assert all(before.end == after.start for before, after in pairwise(found))


def test_truncated_at_every_byte_before_the_primary_block():
    whole = wrapped([(960, bytes(20)), (480, bytes(10))], b"")
    for size in range(len(whole)):
        with pytest.raises(ValueError, match="RED packet"):
            blocks(whole[:size])
    assert len(blocks(whole)) == 3


def test_too_many_blocks():
    with pytest.raises(ValueError, match="too many"):
        blocks(wrapped([(1, b"")] * MAX_BLOCKS, b"x"))


class TestUnseen:
    found = blocks(wrapped([(1920, b"before"), (960, b"last")], b"now"))

    def texts(self, timestamp: int, last: int, missing: int) -> list[int]:
        return [one.offset for one in unseen(self.found, timestamp, last, missing)]

    def test_nothing_when_nothing_is_missing(self):
        assert self.texts(2880, 1920, 0) == []

    def test_the_packet_before(self):
        assert self.texts(2880, 960, 1) == [960]

    def test_two_packets_across_a_wrap(self):
        assert self.texts(960, (960 - 2880) % 2**32, 2) == [1920, 960]

    def test_what_came_is_not_given_again_however_many_are_missing(self):
        assert self.texts(2880, 960, 5) == [960]

    def test_never_more_than_are_missing(self):
        assert self.texts(9600, 0, 1) == [960]

    def test_a_clock_that_went_back(self):
        assert self.texts(960, 9600, 2) == []

    def test_empty_blocks_repeat_nothing(self):
        assert unseen([Block(OPUS, 960, 5, 5), Block(OPUS, 0, 5, 9)], 1920, 0, 1) == []


@given(REPEATS, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 20))
def test_what_is_unseen_lies_between_the_two_packets_in_order(repeats, timestamp, last, missing):
    found = unseen(blocks(wrapped(repeats, b"x")), timestamp, last, missing)
    offsets = [one.offset for one in found]
    assert len(found) <= missing
    assert offsets == sorted(offsets, reverse=True)
    assert all(0 < offset < (timestamp - last) % 2**32 for offset in offsets)
