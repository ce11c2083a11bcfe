import pytest

from media.recording.timeline import BASE_BLOCK_NS, Timeline

MS = 1_000_000
TICKS = 48


@pytest.fixture
def line() -> Timeline:
    line = Timeline((1 << 32) - 480)
    line.follow(0, 960, 1000 * MS)
    return line


class TestPosition:
    def test_timestamps_wrap(self, line: Timeline) -> None:
        assert line.position(480) == 960
        assert line.position((1 << 32) - 480 - 960) == -960

    def test_is_found_near_the_last_one_for_days(self, line: Timeline) -> None:
        position = 0
        for _ in range(10):
            position += 1 << 30
            line.follow(position, 960, 1000 * MS + position * MS // TICKS)
        assert line.position((position - 480 + 960) & 0xFFFF_FFFF) == position + 960


class TestStall:
    def test_none_when_clock_and_timestamps_agree(self, line: Timeline) -> None:
        assert line.stall_ns(960, 1000 * MS) == 0
        assert line.stall_ns(960 + 100 * TICKS, 1100 * MS) == 0

    def test_time_that_passed_on_the_clock_alone(self, line: Timeline) -> None:
        assert line.stall_ns(960, 1700 * MS) == 700 * MS
        assert line.stall_ns(960 + 300 * TICKS, 1000 * MS) == -300 * MS


class TestTellTime:
    def test_a_silent_packet_moves_the_present_and_nothing_else(self, line: Timeline) -> None:
        later = BASE_BLOCK_NS  # the sender's clock has fallen behind by 2 ms meanwhile
        for block in (1, 2):
            position = block * 10_000 * TICKS
            line.tell_time(position, 1000 * MS + block * later + 2 * MS)
        assert line.position_at(1000 * MS + 3 * later + 2 * MS) == 30_000 * TICKS
        assert (line.end, line.arrival_ns) == (960, 1000 * MS)

    def test_one_from_another_time_says_nothing(self, line: Timeline) -> None:
        line.tell_time(5000 * TICKS, 1100 * MS)
        assert line.position_at(1000 * MS) == 0
        assert line.position(480) == 960


class TestCatchUp:
    def test_moves_what_comes_after(self, line: Timeline) -> None:
        lag = line.lag_ns(line.position(480), 1720 * MS)
        assert lag == 700 * MS
        line.catch_up(lag, 1720 * MS)
        assert line.position(480) == 960 + 700 * TICKS
        line.follow(line.position(480), 960, 1720 * MS)
        assert line.position(480 + 960) == 1920 + 700 * TICKS
        assert line.lag_ns(1920 + 700 * TICKS, 1740 * MS) == 0

    def test_packets_that_come_early_afterwards_are_noticed_for_ten_seconds(
        self, line: Timeline
    ) -> None:
        assert line.early_ns(0, 900 * MS) == 0
        line.catch_up(700 * MS, 1720 * MS)
        position = line.position(480)
        assert line.early_ns(position, 1220 * MS) == 500 * MS
        line.follow(position, 960, 1220 * MS)  # which makes it the fastest
        assert line.early_ns(position, 1220 * MS) == 500 * MS
        assert line.early_ns(position, 1720 * MS + BASE_BLOCK_NS) == 0


class TestPresent:
    def test_is_what_the_fastest_packet_says(self, line: Timeline) -> None:
        line.follow(960, 960, 1050 * MS)
        line.follow(1920, 960, 1035 * MS)
        assert line.position_at(1135 * MS) == 140 * TICKS

    def test_forgets_the_fastest_packet_of_long_ago(self, line: Timeline) -> None:
        for block in (1, 2):
            at = 1000 * MS + block * BASE_BLOCK_NS
            line.follow((at // MS - 1000 - 40) * TICKS, 960, at)
        assert line.lag_ns(0, 1040 * MS) == 0
