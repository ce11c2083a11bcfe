import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.sequence import SequenceUnwrapper, TimestampUnwrapper, newer16


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        (5, 3, 2),
        (3, 5, -2),
        (0, 65535, 1),
        (65535, 0, -1),
        (7, 7, 0),
        (0x8000, 0, -0x8000),
        (0x7FFF, 0, 0x7FFF),
    ],
)
def test_distance_is_signed_and_wraps(a, b, distance):
    assert newer16(a, b) == distance


def test_sequence_goes_on_over_the_wrap():
    unwrapper = SequenceUnwrapper()
    assert [unwrapper.unwrap(n) for n in (65534, 65535, 0, 1)] == [65534, 65535, 65536, 65537]


def test_late_packet_from_before_the_wrap_keeps_its_place():
    unwrapper = SequenceUnwrapper()
    assert [unwrapper.unwrap(n) for n in (65535, 1, 0, 65534, 2)] == [
        65535,
        65537,
        65536,
        65534,
        65538,
    ]


def test_number_before_the_first_may_be_negative_and_keeps_its_low_bits():
    unwrapper = SequenceUnwrapper()
    unwrapper.unwrap(0)
    early = unwrapper.unwrap(65535)
    assert early == -1
    assert early & 0xFFFF == 65535


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.integers(-0x7FFF, 0x7FFF), max_size=60),
)
def test_sequence_unwrapping_inverts_the_cut_to_16_bits(first, steps):
    unwrapper = SequenceUnwrapper()
    extended = first
    assert unwrapper.unwrap(first) == first
    for step in steps:
        extended += step
        assert unwrapper.unwrap(extended & 0xFFFF) == extended


@given(
    st.integers(0, 0xFFFFFFFF),
    st.lists(st.integers(-0x7FFFFFFF, 0x7FFFFFFF), max_size=60),
)
def test_timestamp_unwrapping_inverts_the_cut_to_32_bits(first, steps):
    unwrapper = TimestampUnwrapper()
    extended = first
    assert unwrapper.unwrap(first) == first
    for step in steps:
        extended += step
        assert unwrapper.unwrap(extended & 0xFFFFFFFF) == extended
