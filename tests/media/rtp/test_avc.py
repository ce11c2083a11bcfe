from fractions import Fraction

import av
import pytest
from support.film import frames, payloads

from media.rtp import avc


def annex_b(data: bytes) -> list[bytes]:
    """NAL units of an encoder's output."""
    parts = data.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return [part for part in parts if part]


def sps_of(width: int, height: int, **options: str) -> bytes:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, 30)
    profile = options.pop("profile", "Baseline")
    encoder.profile = profile
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", **options}
    frame = av.VideoFrame(width, height, "yuv420p")
    frame.pts = 0
    data = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    return next(unit for unit in annex_b(data) if unit[0] & 0x1F == avc.SPS)


class TestUnits:
    def test_single_units_are_passed_on(self):
        units = avc.UnitAssembler()
        units.add(b"\x65abc")
        units.add(b"\x41d")
        assert units.finish() == [b"\x65abc", b"\x41d"]

    def test_an_aggregate_is_taken_apart(self):
        units = avc.UnitAssembler()
        units.add(b"\x78\x00\x02\x67a\x00\x03\x68bc")
        assert units.finish() == [b"\x67a", b"\x68bc"]

    @pytest.mark.parametrize("payload", [b"\x78\x00\x05\x67a", b"\x78\x00\x00", b"\x78\x00"])
    def test_an_aggregate_that_ends_inside_a_unit_is_refused(self, payload):
        with pytest.raises(ValueError, match="aggregate"):
            avc.UnitAssembler().add(payload)

    def test_fragments_are_joined(self):
        units = avc.UnitAssembler()
        for part in (b"\x7c\x85ab", b"\x7c\x05cd", b"\x7c\x45e"):
            units.add(part)
        assert units.finish() == [b"\x65abcde"]

    @pytest.mark.parametrize(
        "parts",
        [
            (b"\x7c\x05ab",),
            (b"\x7c\x85ab", b"\x7c\x85ab"),
            (b"\x7c\x85ab", b"\x65a"),
            (b"\x7c\x85",),
            (b"\x7d\x85ab",),
            (b"\x60",),
        ],
        ids=["no start", "two starts", "not ended", "empty", "FU-B", "type 0"],
    )
    def test_what_does_not_fit_together_is_refused(self, parts):
        units = avc.UnitAssembler()
        for part in parts[:-1]:
            units.add(part)
        with pytest.raises(ValueError, match=r"fragment|unit"):
            units.add(parts[-1])

    def test_a_frame_that_ends_inside_a_fragment_is_refused(self):
        units = avc.UnitAssembler()
        units.add(b"\x7c\x85ab")
        with pytest.raises(ValueError, match="not ended"):
            units.finish()

    def test_a_fragmented_unit_has_a_largest_size(self, monkeypatch):
        monkeypatch.setattr(avc, "MAX_UNIT_BYTES", 3)
        with pytest.raises(ValueError, match="too large"):
            avc.UnitAssembler().add(b"\x7c\x85abcd")

    def test_what_another_packer_made_of_an_encoders_frame_comes_back(self):
        (frame,) = frames("video/h264", 1)
        units = avc.UnitAssembler()
        for payload in payloads("video/h264", frame):
            units.add(payload)
        assert units.finish() == annex_b(frame)


class TestFile:
    def test_parameters_are_told_from_pictures(self):
        units = [b"\x09\x10", b"\x67abc", b"\x68d", b"\x65e", b"\x06x"]
        assert avc.parameter_sets(units) == (b"\x67abc", b"\x68d")
        assert avc.is_key(units)
        assert avc.length_prefixed(units) == b"\0\0\0\x02\x65e\0\0\0\x02\x06x"
        assert avc.parameter_sets([b"\x67abc"]) is None
        assert not avc.is_key([b"\x41a"])

    @pytest.mark.parametrize(
        ("payload", "begins"),
        [
            (b"", False),
            (b"\x67abc", True),
            (b"\x09\x10", True),
            (b"\x65a", False),
            (b"\x78\x00\x02\x67a", True),
            (b"\x78\x00\x02\x65a", False),
            (b"\x78\x00", False),
        ],
    )
    def test_a_picture_begins_with_parameters_or_a_delimiter(self, payload, begins):
        assert avc.begins_picture(payload) is begins

    def test_the_decoder_configuration_holds_both_sets(self):
        record = avc.decoder_configuration(b"\x67\x42\xc0\x0drest", b"\x68pps")
        assert record == b"\x01\x42\xc0\x0d\xff\xe1\x00\x08\x67\x42\xc0\x0drest\x01\x00\x04\x68pps"
        high = avc.decoder_configuration(b"\x67\x64\x00\x1frest", b"\x68pps")
        assert high.endswith(b"\xfd\xf8\xf8\x00")
        with pytest.raises(ValueError, match="short"):
            avc.decoder_configuration(b"\x67\x42", b"")

    def test_the_codecs_name_has_profile_and_level(self):
        assert avc.codec_name(b"\x67\x42\xe0\x1frest") == "avc1.42e01f"


class TestSize:
    @pytest.mark.parametrize(
        ("width", "height"), [(320, 240), (1280, 720), (1920, 1080), (322, 182)]
    )
    def test_width_and_height_are_read_with_their_cropping(self, width, height):
        assert avc.picture_size(sps_of(width, height)) == (width, height)

    @pytest.mark.parametrize(
        "options",
        [
            {"profile": "High", "x264-params": "cqm=jvt"},
            {"profile": "High", "x264-params": "interlaced=1"},
            {"profile": "Main"},
        ],
        ids=["scaling lists", "fields", "main"],
    )
    def test_other_profiles_are_read(self, options):
        assert avc.picture_size(sps_of(640, 368, **options)) == (640, 368)

    def test_order_count_of_type_one_is_skipped(self):
        bits = "01000010" + "0" * 16 + "1" + "1" + "010"  # baseline, ids 0, order count type 1
        bits += "0" + "1" + "1" + "011" + "1" + "1"  # two offsets
        bits += "1" + "0" + "00101" + "00100" + "1" + "1" + "0"  # 5 x 4 macroblocks
        bits += "1" + "0" * 7
        data = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))
        assert avc.picture_size(b"\x67" + data) == (80, 64)

    def test_444_with_scaling_lists_is_read(self):
        bits = "11110100" + "0" * 16 + "1" + "00100" + "0" + "1" + "1" + "0"  # chroma 3
        bits += "1" + "1" + "000010001" + "0" * 11  # twelve lists, one of them ended at once
        bits += "1" + "1" + "1" + "1" + "0" + "00101" + "00100" + "1" + "1" + "0" + "1"
        data = bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8))
        assert avc.picture_size(b"\x67" + data) == (80, 64)

    @pytest.mark.parametrize("sps", [b"\x67", b"\x67\x42\x00\x1f", b"\x67" + bytes(40)])
    def test_a_damaged_set_is_refused(self, sps):
        with pytest.raises(ValueError, match=r"early|too long|size"):
            avc.picture_size(sps)

    def test_cropping_may_not_eat_the_picture(self):
        bits = "01000010" + "0" * 16 + "1" + "1" + "1" + "1"  # type 0
        bits += "1" + "0" + "1" + "1" + "1" + "1" + "1"  # 1 x 1 macroblock, cropped
        bits += "0001000" + "0001000" + "1" + "1" + "1"
        data = bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8))
        with pytest.raises(ValueError, match="size"):
            avc.picture_size(b"\x67" + data)
