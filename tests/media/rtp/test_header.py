import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.header import audio_level, find_extension, is_rtcp, payload_offset, strip_padding


def packet(*, profile=None, elements=b"", csrc=0, padding=0, payload=b"media"):
    """A clear RTP packet; `elements` is padded to whole words."""
    first = 0x80 | csrc | (0x10 if profile is not None else 0) | (0x20 if padding else 0)
    data = bytes([first, 0x6F]) + bytes(10) + bytes(4 * csrc)
    if profile is not None:
        elements += bytes(-len(elements) % 4)
        data += profile.to_bytes(2, "big") + (len(elements) // 4).to_bytes(2, "big") + elements
    data += payload
    if padding:
        data += bytes(padding - 1) + bytes([padding])
    return data


ONE, TWO = 0xBEDE, 0x1000


@pytest.mark.parametrize(("byte", "rtcp"), [(191, False), (192, True), (223, True), (224, False)])
def test_rtcp_is_told_by_the_second_byte(byte, rtcp):
    assert is_rtcp(byte) is rtcp


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (packet(), 12),
        (packet(payload=b""), 12),
        (packet(csrc=3), 24),
        (packet(profile=ONE, elements=b"\x10\x05"), 20),
        (packet(profile=ONE), 16),
        (packet(csrc=15, profile=TWO, elements=bytes(8)), 84),
    ],
)
@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_payload_begins_after_the_whole_header(data, offset, form):
    assert payload_offset(form(data)) == offset


def test_every_cut_of_a_header_is_refused():
    data = packet(csrc=2, profile=ONE, elements=b"\x10\x05", payload=b"")
    for size in range(len(data)):
        with pytest.raises(ValueError, match="RTP packet"):
            payload_offset(data[:size])
    assert payload_offset(data) == len(data)


def test_padding_is_left_out():
    assert strip_padding(packet()) == 17
    assert strip_padding(packet(padding=4)) == 17
    assert strip_padding(packet(padding=1, payload=b"")) == 12


def test_impossible_padding_is_refused():
    data = bytearray(packet(padding=4))
    for count in (0, 10):
        data[-1] = count
        with pytest.raises(ValueError, match="padding"):
            strip_padding(data)
    with pytest.raises(ValueError, match="padding"):
        strip_padding(bytes([0xA0]) + bytes(11))


@pytest.mark.parametrize(
    ("profile", "elements", "value"),
    [
        (ONE, b"\x10\x05", b"\x05"),
        (ONE, b"\x00\x00\x41ab\x10\x05", b"\x05"),
        (ONE, b"\x12abc", b"abc"),
        (ONE, b"\x41ab", None),
        (ONE, b"\xf0\x00\x10\x05", None),
        (ONE, b"\x41ab\x12", None),
        (ONE, b"\x00\x00\x00\x13", None),
        (TWO, b"\x01\x02ab", b"ab"),
        (TWO, b"\x01\x00", b""),
        (0x100F, b"\x00\x04\x01x\x01\x01y", b"y"),
        (TWO, b"\x00\x00\x00\x01", None),
        (TWO, b"\x00\x00\x01\x05", None),
        (TWO, b"\x04\x01x", None),
        (0x1234, b"\x10\x05", None),
        (ONE, b"", None),
    ],
)
def test_extension_element_is_found_in_both_forms(profile, elements, value):
    assert find_extension(packet(profile=profile, elements=elements), 1) == value


def test_packet_without_extension_has_none():
    assert find_extension(packet(payload=b"long enough"), 1) is None
    assert find_extension(b"", 1) is None
    assert audio_level(packet(), 1) is None


def test_truncated_extension_has_none():
    data = packet(csrc=1, profile=ONE, elements=b"\x10\x05", payload=b"")
    assert find_extension(data, 1) == b"\x05"
    for size in range(len(data)):
        assert find_extension(data[:size], 1) is None
        assert audio_level(data[:size], 1) is None


@pytest.mark.parametrize(
    ("profile", "elements", "level"),
    [
        (ONE, b"\x10\x05", 5),
        (ONE, b"\x10\xff", 127),
        (TWO, b"\x01\x01\x9e", 30),
        (TWO, b"\x01\x00", None),
    ],
)
@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_level_is_read_without_the_voice_bit(profile, elements, level, form):
    assert audio_level(form(packet(profile=profile, elements=elements)), 1) == level


@given(st.binary(max_size=80), st.integers(0, 255))
def test_noise_never_raises(data, number):
    value = find_extension(data, number)
    assert value is None or value in data
    level = audio_level(data, number)
    assert level is None or 0 <= level <= 127
