import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.h264 import is_keyframe


def stap(*units):
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


@pytest.mark.parametrize(
    ("payload", "keyframe"),
    [
        (b"", False),
        (b"\x65idr", True),
        (b"\x67sps", True),
        (b"\x68pps", False),
        (b"\x41slice", False),
        (stap(b"\x67sps", b"\x68pps"), True),
        (stap(b"\x06sei", b"\x65idr"), True),
        (stap(b"\x06sei", b"\x41slice"), False),
        (stap(b"\x06" + bytes(299), b"\x65idr"), True),
        (stap(b"\x06" + b"\x65" * 299, b"\x41slice"), False),
        (stap(b""), False),
        (b"\x78", False),
        (b"\x78\xff\xff\x41", False),
        (b"\x7c\x85", True),
        (b"\x7c\x87", True),
        (b"\x7c\x05", False),
        (b"\x7c\x81", False),
        (b"\x7c", False),
    ],
)
def test_keyframe_is_told_in_every_packetization(payload, keyframe):
    assert is_keyframe(payload) is keyframe


@given(st.binary(max_size=40))
def test_noise_never_raises(payload):
    assert is_keyframe(payload) in (True, False)
