import pytest

from media.recording.rtplog import (
    HEADER,
    RECORD,
    LogError,
    LoggedPacket,
    LoggedReport,
    LogHeader,
    Mark,
    MarkKind,
    mark_record,
    packet_record,
    read_entries,
    read_header,
    report_record,
    whole_bytes,
)
from media.rtp import opus

HEAD = LogHeader(2, 0xDEADBEEF, 5_000_000_000, 1_700_000_000_000_000)
SPEECH = bytes((0x78,)) + bytes(40)  # 20 ms, hybrid


def entries(*records: bytes) -> list[object]:
    return list(read_entries(HEAD.encode() + b"".join(records)))


def test_header_and_records_have_fixed_sizes() -> None:
    assert (HEADER.size, RECORD.size) == (32, 24)
    assert read_header(HEAD.encode()) == HEAD


@pytest.mark.parametrize("data", [b"", b"RTLG", bytes(32), b"RTLG\x02" + bytes(27)])
def test_other_bytes_are_no_log(data: bytes) -> None:
    with pytest.raises(LogError):
        read_header(data)


def test_a_packet_keeps_its_mode_and_length_but_not_its_sound() -> None:
    (one,) = entries(packet_record(7, 70_000, 960, SPEECH, stored=True))
    assert isinstance(one, LoggedPacket)
    assert (one.arrival_ns, one.sequence, one.timestamp) == (7, 70_000, 960)
    assert (one.length, one.stored) == (41, True)
    assert opus.packet_ticks(one.payload) == opus.packet_ticks(SPEECH) == 960
    assert opus.mode(one.payload[0]) is opus.mode(SPEECH[0])


def test_empty_and_malformed_packets_stay_so() -> None:
    empty, bad = entries(
        packet_record(1, 1, 1, b"", stored=False), packet_record(1, 1, 1, b"\x03", stored=True)
    )
    assert isinstance(empty, LoggedPacket)
    assert isinstance(bad, LoggedPacket)
    assert (empty.payload, empty.stored) == (b"", False)
    with pytest.raises(ValueError, match=r"."):
        opus.packet_ticks(bad.payload)


def test_reports_and_marks_come_back() -> None:
    mark = Mark(MarkKind.OVERLOAD, 9, 3, 42)
    assert entries(report_record(1 << 40, 5), mark_record(mark)) == [
        LoggedReport(1 << 40, 5),
        mark,
    ]


def test_unknown_types_and_torn_tails_are_left_out() -> None:
    mark = mark_record(Mark(MarkKind.TICK, 1))
    strange = RECORD.pack(9, 0, 0, 0, 0, 0)
    assert entries(strange, RECORD.pack(2, 99, 0, 0, 0, 0), mark, mark[:-1]) == [
        Mark(MarkKind.TICK, 1)
    ]
    assert whole_bytes(32 + 24 + 23) == 56
    assert whole_bytes(31) == 0
