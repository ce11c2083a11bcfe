import pytest
from support.film import frames, payloads

from media.recording.video import frames as module
from media.recording.video.frames import Format, FrameAssembler

KEY = b"\x10" + b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00data"
KEY_DATA = KEY[1:]
DELTA = b"\x10\x11rest"


def feed(assembler, *packets):
    """Packets as (timestamp, payload, marker); returns the frames' data."""
    found = []
    for at, (timestamp, payload, marker) in enumerate(packets):
        found += assembler.packet(timestamp, 1000 + at, payload, marker=marker)
    return found


@pytest.fixture
def vp8():
    return FrameAssembler("video/vp8")


@pytest.fixture
def avc():
    return FrameAssembler("video/h264")


class TestVp8:
    def test_a_key_frame_of_several_packets_is_joined(self, vp8):
        (frame,) = feed(vp8, (90, KEY, False), (90, b"\x00more", True))
        assert frame.data == KEY_DATA + b"more"
        assert (frame.timestamp, frame.arrival_ns) == (90, 1000)
        assert frame.format == Format("video/vp8", 320, 240)
        assert not vp8.wanting

    def test_nothing_is_passed_on_before_a_key_frame(self, vp8):
        assert feed(vp8, (1, DELTA, True), (2, DELTA, True)) == []
        assert (vp8.wanting, vp8.broken) == (True, 2)
        assert [one.format is None for one in feed(vp8, (3, KEY, True), (4, DELTA, True))] == [
            False,
            True,
        ]

    def test_after_a_loss_everything_up_to_a_key_frame_is_left_out(self, vp8):
        feed(vp8, (1, KEY, True), (2, DELTA, False))
        vp8.lost()
        assert feed(vp8, (2, b"\x00tail", True), (3, DELTA, True)) == []
        assert vp8.broken == 2
        (frame,) = feed(vp8, (4, KEY, True))
        assert frame.timestamp == 4

    def test_the_rest_of_a_frame_whose_beginning_was_lost_is_no_frame(self, vp8):
        assert feed(vp8, (1, b"\x00tail", False), (1, b"\x00end", True)) == []
        assert vp8.broken == 0
        assert len(feed(vp8, (2, KEY, True))) == 1

    def test_a_frame_without_its_marker_ends_where_the_next_begins(self, vp8):
        assert [one.timestamp for one in feed(vp8, (1, KEY, False), (2, DELTA, True))] == [1, 2]

    def test_padding_changes_nothing(self, vp8):
        assert len(feed(vp8, (1, KEY, False), (9, b"", False), (1, b"\x00end", True))) == 1

    @pytest.mark.parametrize("odd", [b"\x10begins", b"\x80", b"\x90\x80"])
    def test_a_packet_that_does_not_belong_there_breaks_the_frame(self, vp8, odd):
        feed(vp8, (1, KEY, True))
        assert feed(vp8, (2, DELTA, False), (2, odd, True), (3, DELTA, True)) == []
        assert vp8.wanting

    @pytest.mark.parametrize(
        "payload", [b"\x10\x10", KEY.replace(b"\x9d", b"\x9e"), KEY.replace(b"\x40\x01", b"\0\0")]
    )
    def test_a_key_frame_without_a_size_is_damaged(self, vp8, payload):
        assert feed(vp8, (1, payload, True)) == []
        assert vp8.broken == 1

    def test_a_frame_has_a_largest_size(self, vp8, monkeypatch):
        monkeypatch.setattr(module, "MAX_FRAME_BYTES", 30)
        assert feed(vp8, (1, KEY, False), (1, b"\x00" + bytes(30), True)) == []
        assert (vp8.broken, vp8.wanting) == (1, True)

    def test_a_descriptor_alone_is_no_picture(self, vp8):
        feed(vp8, (1, KEY, True))
        assert feed(vp8, (2, b"\x10", True)) == []
        assert vp8.broken == 1

    def test_what_another_packer_made_comes_back(self, vp8):
        film = frames("video/vp8", 12)
        found = []
        for number, data in enumerate(film):
            parts = payloads("video/vp8", data, number)
            found += feed(
                vp8, *((number, part, at == len(parts) - 1) for at, part in enumerate(parts))
            )
        assert [one.data for one in found] == list(film)


class TestAvc:
    SPS = b"\x67\x42\xc0\x0d\xda\x05\x07\xc4"
    PPS = b"\x68\xce\x3c\x80"

    def packed(self, number=0):
        (frame,) = frames("video/h264", 1)
        return payloads("video/h264", frame, number)

    def test_a_key_frame_says_its_format(self, avc):
        parts = self.packed()
        (frame,) = feed(avc, *((7, part, at == len(parts) - 1) for at, part in enumerate(parts)))
        assert frame.format is not None
        assert (frame.format.width, frame.format.height) == (128, 96)
        assert frame.format.profile.startswith("avc1.42c0")
        assert frame.format.private[0] == 1
        assert not avc.wanting

    def test_parameters_that_came_before_hold(self, avc):
        (frame,) = frames("video/h264", 1)
        units = [part for part in frame.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if part]
        sets = [unit for unit in units if unit[0] & 0x1F in {7, 8}]
        key = next(unit for unit in units if unit[0] & 0x1F == 5)
        aggregate = b"\x78" + b"".join(len(one).to_bytes(2) + one for one in sets)
        assert feed(avc, (1, aggregate, True)) == []
        assert avc.broken == 0
        (found,) = feed(
            avc,
            (2, key, True),
        )
        assert found.data == len(key).to_bytes(4) + key

    def test_a_key_frame_without_parameters_is_left_out(self, avc):
        feed(avc, (1, b"\x41delta", True))
        assert feed(avc, (2, b"\x65key", True)) == []
        assert avc.wanting

    def test_the_second_half_of_a_picture_is_none(self, avc):
        assert feed(avc, (1, b"\x65slice", True)) == []
        assert avc.broken == 0

    def test_a_fragment_that_does_not_end_breaks_the_picture(self, avc):
        parts = self.packed()
        feed(avc, *((7, part, at == len(parts) - 1) for at, part in enumerate(parts)))
        assert feed(avc, (8, b"\x5c\x81ab", True)) == []
        assert (avc.wanting, avc.broken) == (True, 1)

    def test_a_delta_follows_its_key_frame(self, avc):
        parts = self.packed()
        feed(avc, *((7, part, at == len(parts) - 1) for at, part in enumerate(parts)))
        (frame,) = feed(avc, (8, b"\x41delta", True))
        assert (frame.data, frame.format) == (b"\0\0\0\x06\x41delta", None)
