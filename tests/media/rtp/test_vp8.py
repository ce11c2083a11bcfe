import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.vp8 import (
    Vp8Descriptor,
    frame_size,
    is_keyframe,
    parse,
    picture_size,
    rewrite,
)

KEY, DELTA = b"\x00", b"\x01"
FULL = b"\x90\xe0\x92\x34\x07\x60"  # X and S; I, L and T; 15-bit id, TL0PICIDX, TID 1 with Y


@pytest.mark.parametrize(
    ("payload", "descriptor"),
    [
        (b"\x10" + KEY, Vp8Descriptor(1, start=True, keyframe=True)),
        (b"\x10" + DELTA, Vp8Descriptor(1, start=True, keyframe=False)),
        (b"\x10", Vp8Descriptor(1, start=True, keyframe=False)),
        (b"\x00" + KEY, Vp8Descriptor(1, start=False, keyframe=False)),
        (b"\x11" + KEY, Vp8Descriptor(1, start=False, keyframe=False)),
        (b"\x90\x00" + KEY, Vp8Descriptor(2, start=True, keyframe=True)),
        (b"\x90\x80\x12" + KEY, Vp8Descriptor(3, True, True, 0x12, 7, 2)),
        (b"\x90\x80\x92\x34" + DELTA, Vp8Descriptor(4, True, False, 0x1234, 15, 2)),
        (b"\x90\x40\x07" + KEY, Vp8Descriptor(3, True, True, tl0picidx=7, tl0picidx_offset=2)),
        (b"\x90\x20\x80" + KEY, Vp8Descriptor(3, True, True, tid=2)),
        (b"\x90\x0f" + KEY, Vp8Descriptor(2, start=True, keyframe=True)),
        (b"\x90\x20\x41" + KEY, Vp8Descriptor(3, True, True, tid=1)),
        (b"\x90\x10\x1f" + KEY, Vp8Descriptor(3, True, True)),
        (FULL + KEY, Vp8Descriptor(6, True, True, 0x1234, 15, 2, 7, 4, 1, layer_sync=True)),
    ],
)
@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_descriptor_is_read(payload, descriptor, form):
    assert parse(form(payload)) == descriptor
    assert is_keyframe(form(payload)) is descriptor.keyframe


@pytest.mark.parametrize("whole", [FULL, b"\x90\x80\x12", b"\x90\x10\x1f", b"\x80\x00"])
def test_every_cut_of_a_descriptor_is_refused(whole):
    for size in range(len(whole)):
        with pytest.raises(ValueError, match="VP8"):
            parse(whole[:size])
        assert not is_keyframe(whole[:size])
    assert parse(whole).size == len(whole)


def test_rewriting_keeps_width_and_everything_else():
    payload = bytearray(FULL + b"\x01data")
    rewrite(payload, parse(payload), 0x7FFF, 0xFF)
    after = parse(payload)
    assert (after.picture_id, after.tl0picidx, after.picture_id_bits) == (0x7FFF, 0xFF, 15)
    assert (after.tid, after.layer_sync, after.size) == (1, True, 6)
    assert payload[6:] == b"\x01data"


def test_short_picture_id_stays_short():
    payload = bytearray(b"\x90\x80\x12" + KEY)
    rewrite(payload, parse(payload), 0x1FF, None)
    assert parse(payload) == Vp8Descriptor(3, True, True, 0x7F, 7, 2)


def test_none_and_absent_fields_change_nothing():
    for payload in (bytearray(FULL + KEY), bytearray(b"\x10" + KEY)):
        before = bytes(payload)
        rewrite(payload, parse(payload), None, None)
        assert payload == before
    bare = bytearray(b"\x10" + KEY)
    rewrite(bare, parse(bare), 5, 5)
    assert bare == b"\x10" + KEY


@given(st.binary(max_size=12))
def test_noise_is_read_or_refused(payload):
    try:
        descriptor = parse(payload)
    except ValueError:
        return
    assert 1 <= descriptor.size <= len(payload)


def test_size_of_a_key_frame():
    payload = b"\x10\x00\x00\x00\x9d\x01\x2a\x00\x05\xd0\x42" + bytes(4)
    assert picture_size(payload, parse(payload)) == (1280, 720)
    assert picture_size(payload[:10], parse(payload)) == (0, 0)
    delta = b"\x10\x01" + payload[2:]
    assert picture_size(delta, parse(delta)) == (0, 0)


@pytest.mark.parametrize(
    ("frame", "size"),
    [
        (b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00", (320, 240)),
        (b"\x10\x02\x00\x9d\x01\x2a\x40\xc1\xf0\x40", (320, 240)),  # with scaling
        (b"\x11\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00", None),
        (b"\x10\x02\x00\x9d\x01\x2b\x40\x01\xf0\x00", None),
        (b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0", None),
    ],
)
def test_a_whole_key_frame_says_its_size(frame, size):
    assert frame_size(frame) == size
