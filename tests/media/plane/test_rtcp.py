import struct

import pytest
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)
from hypothesis import given
from hypothesis import strategies as st

from media.plane import rtcp

BLOCK = rtcp.ReportBlock(7, 12, -3, 0x1FFFF, 90, 0xAABBCCDD, 65536)


class TestRead:
    def test_reports_of_another_implementation(self):
        info = RtcpReceiverInfo(7, 12, -3, 0x1FFFF, 90, 0xAABBCCDD, 65536)
        compound = bytes(RtcpSrPacket(5, RtcpSenderInfo(1 << 63, 1234, 1, 2), [info]))
        compound += bytes(RtcpRrPacket(5, [info]))
        assert rtcp.parse(compound) == [rtcp.SenderReport(5, 1 << 63, 1234, 1), BLOCK, BLOCK]

    def test_feedback_of_another_implementation(self):
        compound = bytes(RtcpRtpfbPacket(1, 5, 9, [10, 11, 400]))
        compound += bytes(RtcpPsfbPacket(1, 5, 9))
        compound += bytes(
            RtcpPsfbPacket(4, 5, 0, struct.pack("!LBBHLBBH", 9, 1, 0, 0, 10, 1, 0, 0))
        )
        compound += bytes(RtcpByePacket([1, 2]))
        assert rtcp.parse(compound) == [
            rtcp.Nack(9, (10, 11, 400)),
            rtcp.KeyframeRequest(9),
            rtcp.KeyframeRequest(9),
            rtcp.KeyframeRequest(10),
            rtcp.Goodbye((1, 2)),
        ]

    def test_unknown_kinds_are_skipped(self):
        other = struct.pack("!BBHL", 0x80, 207, 1, 5)
        twcc = bytes(RtcpRtpfbPacket(15, 5, 9))
        slice_loss = bytes(RtcpPsfbPacket(2, 5, 9))
        sdes = rtcp.source_description(1, b"x")
        assert rtcp.parse(other + twcc + slice_loss + sdes + rtcp.picture_loss(1, 2)) == [
            rtcp.KeyframeRequest(2)
        ]

    def test_padding_is_left_out(self):
        padded = struct.pack("!BBHLHHBBBB", 0xA0 | 1, 205, 4, 5, 0, 9, 0, 0, 0, 0)
        padded = struct.pack("!BBHLL", 0xA1, 205, 4, 5, 9) + struct.pack("!HH", 3, 0) + b"\0\0\0\4"
        assert rtcp.parse(padded) == [rtcp.Nack(9, (3,))]

    @pytest.mark.parametrize(
        "compound",
        [
            b"\x80",
            b"\x80\xc8\x00\x06" + bytes(8),
            b"\x40\xc9\x00\x00",
            b"\x81\xc9\x00\x01" + bytes(4),
            b"\xa0\xc9\x00\x00",
            b"\xa0\xc9\x00\x01\x00\x00\x00\x09",
            b"\x81\xcd\x00\x01" + bytes(4),
            b"\x80\xc8\x00\x01" + bytes(4),
            b"\x80\xcf\x00\x00" * 65,
        ],
    )
    def test_damage_is_an_error(self, compound):
        with pytest.raises(ValueError, match="RTCP"):
            rtcp.parse(compound)

    @given(st.binary(max_size=200))
    def test_noise_raises_nothing_else(self, noise):
        try:
            facts = rtcp.parse(noise)
        except ValueError:
            return
        assert isinstance(facts, list)


class TestWrite:
    def test_everything_reads_back(self):
        compound = rtcp.receiver_report(5, [BLOCK] * 40)
        assert rtcp.parse(compound) == [BLOCK] * 31
        assert rtcp.parse(rtcp.sender_report(5, 1 << 63, 7, 8, 9)) == [
            rtcp.SenderReport(5, 1 << 63, 7, 8)
        ]
        numbers = (65530, 65535, 3, 10, 40, 41)
        assert rtcp.parse(rtcp.nack(5, 9, numbers)) == [rtcp.Nack(9, numbers)]
        assert rtcp.parse(rtcp.nack(5, 9, ())) == [rtcp.Nack(9, ())]

    @pytest.mark.parametrize("name", [b"", b"a", b"ab", b"abc", b"abcd", b"x" * 255])
    def test_source_description_is_understood_elsewhere(self, name):
        (packet,) = RtcpPacket.parse(rtcp.source_description(77, name))
        assert packet.chunks[0].ssrc == 77
        assert packet.chunks[0].items == [(1, name)]

    @pytest.mark.parametrize("bits", [1, 262143, 262144, 1_500_000, 10_000_000])
    def test_bitrate_limit_is_understood_elsewhere(self, bits):
        (packet,) = RtcpPacket.parse(rtcp.bitrate_limit(1, bits, [7, 8]))
        limit, ssrcs = unpack_remb_fci(packet.fci)
        assert ssrcs == [7, 8]
        assert bits * 0.999 <= limit <= bits

    def test_sender_report_counts_what_was_sent(self):
        (packet,) = RtcpPacket.parse(rtcp.sender_report(5, 1, 2, 3, 4))
        assert (packet.sender_info.packet_count, packet.sender_info.octet_count) == (3, 4)


@pytest.mark.parametrize("bits", [0, 1000, 262_143, 1_500_000, 2**40])
def test_receivers_estimates_are_read(bits):
    (estimate,) = rtcp.parse(rtcp.bitrate_limit(1, bits, [2, 3]))
    assert estimate.bits_per_second == pytest.approx(bits, rel=1e-4)


@pytest.mark.parametrize("size", [8, 9, 10, 11, 12])
def test_transport_feedback_is_padded_to_whole_words(size):
    control = bytes(range(1, size + 1))
    compound = rtcp.transport_feedback(5, 9, control)
    (packet,) = RtcpPacket.parse(compound)
    assert (packet.fmt, packet.ssrc, packet.media_ssrc) == (15, 5, 9)
    assert compound[12:] == control.ljust(12, b"\0")[: size + -size % 4]
    assert rtcp.parse(compound) == []
