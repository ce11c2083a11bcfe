from media.plane.rewrite import Progress, Rewriter


def begin(rewriter, progress, *, number, timestamp=0, at_ns=0, picture=None, tl0=None):
    progress.number, progress.timestamp, progress.at_ns = number, timestamp, at_ns
    progress.picture_id, progress.tl0picidx = picture, tl0
    rewriter.begin(
        number=number,
        timestamp=timestamp,
        at_ns=at_ns,
        picture_id=picture,
        tl0picidx=tl0,
        progress=progress,
    )


def test_first_packet_takes_the_slots_first_numbers():
    rewriter, progress = Rewriter(sequence=100, timestamp=7000, clock_rate=48000), Progress()
    begin(rewriter, progress, number=65000, timestamp=0xFFFFFFF0)
    assert (65000 + rewriter.sequence_offset) & 0xFFFF == 100
    assert (0xFFFFFFF0 + rewriter.timestamp_offset) & 0xFFFFFFFF == 7000
    assert rewriter.first_number == 65000


def test_next_track_continues_numbers_and_advances_time_by_the_clock():
    rewriter, first, second = (
        Rewriter(sequence=65535, timestamp=0, clock_rate=48000),
        Progress(),
        Progress(),
    )
    begin(rewriter, first, number=10, timestamp=500, at_ns=1_000_000_000)
    rewriter.end(first)
    begin(rewriter, second, number=9000, timestamp=123, at_ns=3_000_000_000)
    assert (9000 + rewriter.sequence_offset) & 0xFFFF == 0  # one after 65535
    assert (123 + rewriter.timestamp_offset) & 0xFFFFFFFF == 96000


def test_time_advances_a_little_even_when_the_switch_is_instant():
    rewriter, progress = Rewriter(sequence=0, timestamp=0, clock_rate=48000), Progress()
    begin(rewriter, progress, number=1, timestamp=0, at_ns=5)
    rewriter.end(progress)
    begin(rewriter, progress, number=2, timestamp=0, at_ns=5)
    assert rewriter.timestamp_offset == 480


def test_picture_ids_continue():
    rewriter, first, second = (
        Rewriter(sequence=0, timestamp=0, clock_rate=90000),
        Progress(),
        Progress(),
    )
    begin(rewriter, first, number=1, picture=0x7FFF, tl0=255)
    assert (0x7FFF + rewriter.picture_offset) & 0x7FFF == 0
    assert (255 + rewriter.tl0_offset) & 0xFF == 0
    rewriter.end(first)
    begin(rewriter, second, number=5, picture=700, tl0=9)
    assert (700 + rewriter.picture_offset) & 0x7FFF == 1
    assert (9 + rewriter.tl0_offset) & 0xFF == 1


def test_number_behind_a_sequence_is_found_back_and_earlier_ones_are_not():
    rewriter, progress = Rewriter(sequence=65530, timestamp=0, clock_rate=90000), Progress()
    begin(rewriter, progress, number=1000)
    progress.number = 1020
    assert rewriter.number_of((65530 + 3) & 0xFFFF, progress) == 1003
    assert rewriter.number_of((65530 + 20) & 0xFFFF, progress) == 1020
    assert rewriter.number_of(65529, progress) is None


def test_counts_what_was_sent_over_several_tracks():
    rewriter, first, second = (
        Rewriter(sequence=0, timestamp=0, clock_rate=48000),
        Progress(),
        Progress(),
    )
    first.packets, first.octets, second.packets, second.octets = 7, 700, 50, 5000
    begin(rewriter, first, number=8)
    first.packets, first.octets, first.number = 10, 1000, 12
    assert rewriter.sent(first) == (3, 300)
    assert rewriter.holes(first) == 1  # four numbers on, three packets
    rewriter.end(first)
    begin(rewriter, second, number=50)
    second.packets, second.octets, second.number = 52, 5200, 53
    assert rewriter.sent(second) == (5, 500)
    assert rewriter.holes(second) == 2
