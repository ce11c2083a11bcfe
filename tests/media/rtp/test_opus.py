import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp import opus

CELT_20 = 31 << 3
SILK_NB_60 = 3 << 3
HYBRID_FB_20 = 15 << 3


class TestLength:
    @pytest.mark.parametrize(
        ("config", "ticks"),
        [
            (0, 480), (1, 960), (2, 1920), (3, 2880), (7, 2880), (8, 480), (12, 480), (13, 960),
            (14, 480), (15, 960), (16, 120), (17, 240), (18, 480), (19, 960), (28, 120), (31, 960),
        ],
    )  # fmt: skip
    def test_one_frame_has_the_length_of_its_configuration(self, config: int, ticks: int) -> None:
        assert opus.packet_ticks(bytes((config << 3, 1, 2, 3))) == ticks

    @pytest.mark.parametrize(
        ("payload", "ticks"),
        [
            (bytes((CELT_20,)), 960),
            (bytes((CELT_20 | 1, 1, 2)), 1920),
            (bytes((CELT_20 | 2, 1, 9, 8, 7)), 1920),
            (bytes((CELT_20 | 2, 252, 0)) + bytes(252 + 5), 1920),
            (bytes((CELT_20 | 3, 6)), 5760),
            (bytes((CELT_20 | 3, 3)) + bytes(9), 2880),
            (bytes((CELT_20 | 3, 0x80 | 3, 1, 2)) + bytes(1 + 2 + 4), 2880),
            (bytes((CELT_20 | 3, 0x40 | 2, 3)) + bytes(4 + 3), 1920),
            (bytes((CELT_20 | 3, 0x40 | 1, 255, 1)) + bytes(10 + 255), 960),
            (bytes((CELT_20 | 3, 0xC0 | 2, 3, 1)) + bytes(1 + 4 + 3), 1920),
        ],
    )
    def test_frames_are_counted(self, payload: bytes, ticks: int) -> None:
        assert opus.packet_ticks(payload) == ticks

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            bytes((CELT_20,)) + bytes(1276),
            bytes((CELT_20 | 1, 1)),
            bytes((CELT_20 | 2,)),
            bytes((CELT_20 | 2, 252)),
            bytes((CELT_20 | 2, 9, 1)),
            bytes((CELT_20 | 3,)),
            bytes((CELT_20 | 3, 0)),
            bytes((CELT_20 | 3, 7)),
            bytes((SILK_NB_60 | 3, 3)),
            bytes((CELT_20 | 3, 2, 1)),
            bytes((CELT_20 | 3, 0x40 | 1)),
            bytes((CELT_20 | 3, 0x40 | 1, 255)),
            bytes((CELT_20 | 3, 0x40 | 1, 9, 1)),
            bytes((CELT_20 | 3, 0x80 | 2, 9, 1)),
            bytes((CELT_20 | 3, 0x80 | 2)),
            bytes((CELT_20 | 3, 1)) + bytes(1276),
        ],
    )
    def test_what_no_decoder_accepts_is_refused(self, payload: bytes) -> None:
        with pytest.raises(ValueError, match=r"\w"):
            opus.packet_ticks(payload)

    @given(st.binary(max_size=60))
    def test_any_bytes_are_a_length_or_an_error(self, payload: bytes) -> None:
        try:
            ticks = opus.packet_ticks(payload)
        except ValueError:
            return
        assert 120 <= ticks <= 5760
        assert ticks % 120 == 0


class TestHead:
    def test_an_empty_payload_has_none(self) -> None:
        with pytest.raises(ValueError, match="one byte"):
            opus.toc(b"")

    def test_first_byte_is_the_head(self) -> None:
        assert opus.toc(b"\xfc\x00") == 0xFC

    def test_stereo_bit(self) -> None:
        assert opus.is_stereo(0xFC)
        assert not opus.is_stereo(0xF8)

    @pytest.mark.parametrize(
        ("config", "mode"),
        [(0, "silk"), (11, "silk"), (12, "hybrid"), (15, "hybrid"), (16, "celt"), (31, "celt")],
    )
    def test_mode(self, config: int, mode: str) -> None:
        assert opus.mode(config << 3).value == mode

    def test_packets_of_two_bytes_are_dtx(self) -> None:
        assert opus.is_dtx(b"\xf8")
        assert opus.is_dtx(b"\xf8\x01")
        assert not opus.is_dtx(b"\xf8\x01\x02")


class TestConcealment:
    def test_one_frame_is_its_head_alone(self) -> None:
        assert opus.concealment(CELT_20 | 1, 960) == [bytes((CELT_20,))]

    def test_more_frames_share_a_packet_up_to_120_ms(self) -> None:
        assert opus.concealment(CELT_20, 8 * 960) == [
            bytes((CELT_20 | 3, 6)),
            bytes((CELT_20 | 3, 2)),
        ]

    def test_the_rest_comes_last_in_shorter_frames(self) -> None:
        # 95 ms after wide band SILK of 20 ms: 4 x 20, then 10, then 5 (RFC 7845 section 4.1)
        assert opus.concealment(9 << 3, 4560) == [
            bytes((9 << 3 | 3, 4)),
            bytes((8 << 3,)),
            bytes((21 << 3,)),
        ]

    @pytest.mark.parametrize(
        ("head", "last"),
        [
            (1 << 3, 16), (5 << 3, 20), (9 << 3, 20), (13 << 3, 24), (15 << 3, 28), (19 << 3, 16),
            (27 << 3, 24),
        ],
    )  # fmt: skip
    def test_the_shortest_frame_keeps_the_bandwidth(self, head: int, last: int) -> None:
        assert opus.concealment(head | 4, 960 + 120)[-1] == bytes((last << 3 | 4,))

    def test_less_than_the_smallest_frame_needs_nothing(self) -> None:
        assert opus.concealment(CELT_20, 119) == []

    @given(st.integers(0, 255), st.integers(0, 48_000))
    def test_fills_exactly(self, head: int, ticks: int) -> None:
        packets = opus.concealment(head, ticks)
        assert sum(map(opus.packet_ticks, packets)) == ticks - ticks % 120
        assert all(len(packet) <= 2 for packet in packets)


class TestSilence:
    def test_is_made_of_packets_of_at_most_120_ms(self) -> None:
        assert opus.silence(960) == [b"\xf8\xff\xfe"]
        assert opus.silence(1920) == [b"\xfb\x02\xff\xfe\xff\xfe"]
        assert [opus.packet_ticks(one) for one in opus.silence(48_000)] == [5760] * 8 + [1920]

    def test_stereo(self) -> None:
        assert opus.silence(960, stereo=True) == [b"\xfc\xff\xfe"]

    @given(st.integers(0, 48_000), st.booleans())
    def test_fills_exactly(self, ticks: int, stereo: bool) -> None:
        packets = opus.silence(ticks, stereo=stereo)
        assert sum(map(opus.packet_ticks, packets)) == ticks - ticks % 120
