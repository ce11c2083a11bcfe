import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.video import is_keyframe


@pytest.mark.parametrize(
    ("mime", "payload", "keyframe"),
    [
        ("video/VP8", b"\x10\x00", True),
        ("video/vp8", b"\x10\x01", False),
        ("video/H264", b"\x65", True),
        ("video/VP9", b"", False),
        ("video/VP9", b"\x08", True),
        ("video/VP9", b"\x09", True),
        ("video/VP9", b"\x28\x01", True),
        ("video/VP9", b"\xa8\x13\x00", True),
        ("video/VP9", b"\x48", False),
        ("video/VP9", b"\x00", False),
        ("video/VP9", b"\x28\x00", True),
        ("video/VP9", b"\x28\x02", False),
        ("video/VP9", b"\x28", False),
        ("video/VP9", b"\xa8\x12\x00", True),
        ("video/VP9", b"\xa8\x92\x34\x00", True),
        ("video/VP9", b"\xa8\x92\x34\x0e", False),
        ("video/VP9", b"\xa8", False),
        ("video/VP9", b"\xa8\x92\x34", False),
        ("video/AV1", b"", False),
        ("video/AV1", b"\x08", True),
        ("video/AV1", b"\x10", False),
        ("video/unknown", b"\x10\x00", False),
    ],
)
def test_keyframe_is_told_for_every_codec(mime, payload, keyframe):
    assert is_keyframe(mime, payload) is keyframe


@given(st.sampled_from(["video/VP8", "video/VP9", "video/AV1", "video/H264"]), st.binary())
def test_noise_never_raises(mime, payload):
    assert is_keyframe(mime, payload) in (True, False)
