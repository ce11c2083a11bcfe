from media.audio.timeline import TrackTimeline

MS = 1_000_000


def test_timestamps_go_on_across_their_wrap():
    line = TrackTimeline()
    assert line.ticks(2**32 - 960) == 2**32 - 960
    assert line.ticks(960) == 2**32 + 960
    assert line.ticks(0) == 2**32  # late, and before it
    assert line.ticks(1920) == 2**32 + 1920


def test_jitter_moves_nothing_and_the_least_delayed_packet_decides():
    line = TrackTimeline()
    places = []
    for number, arrival_ms in enumerate((100, 135, 140, 155, 180)):
        places.append(line.place(line.ticks(number * 960), arrival_ms * MS) // MS)
    assert places == [100, 120, 140, 155, 175]  # the fourth came early: all before were late


def test_a_leap_of_the_timestamps_begins_a_new_time_line():
    line = TrackTimeline()
    assert line.place(line.ticks(0), 100 * MS) == 100 * MS
    assert line.place(line.ticks(480_000), 300 * MS) == 300 * MS


def test_a_packet_that_is_far_too_late_begins_a_new_time_line():
    line = TrackTimeline()
    _ = line.place(line.ticks(0), 100 * MS)
    assert line.place(line.ticks(960), 1_200 * MS) == 1_200 * MS
