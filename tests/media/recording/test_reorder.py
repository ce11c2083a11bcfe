from hypothesis import given
from hypothesis import strategies as st

from media.recording.reorder import RESET_JUMP, WAITING, Arrived, Released, ReorderBuffer

MS = 1_000_000


def arrived(name: int, at_ms: int = 0) -> Arrived:
    return Arrived(at_ms * MS, name * 960, bytes((name & 0xFF,)), 960, stored=True)


def names(released: list[Released]) -> list[int]:
    return [one.packet.timestamp // 960 for one in released]


class TestOrder:
    def test_packets_in_order_pass_at_once(self) -> None:
        buffer = ReorderBuffer()
        assert [names(buffer.put(number, arrived(number))) for number in (5, 6, 7)] == [
            [5],
            [6],
            [7],
        ]

    def test_a_swapped_pair_comes_out_in_order(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1, arrived(1))
        assert buffer.put(3, arrived(3)) == []
        released = buffer.put(2, arrived(2))
        assert names(released) == [2, 3]
        assert [one.missing for one in released] == [0, 0]

    def test_numbers_wrap(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(65535, arrived(1))
        assert names(buffer.put(0, arrived(2))) == [2]

    @given(st.permutations(range(1, 8)), st.integers(0, 0xFFFF))
    def test_any_order_within_the_window_is_undone(self, order: list[int], first: int) -> None:
        buffer = ReorderBuffer()
        released = buffer.put(first, arrived(0))
        for name in order:
            released += buffer.put((first + name) & 0xFFFF, arrived(name))
        assert names(released) == list(range(8))


class TestHoles:
    def test_given_up_200_ms_after_the_next_packet(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1, arrived(1))
        buffer.put(4, arrived(4, at_ms=100))
        assert buffer.expire(299 * MS) == []
        released = buffer.expire(300 * MS)
        assert names(released) == [4]
        assert released[0].missing == 2

    def test_given_up_when_ten_packets_wait(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1, arrived(1))
        released: list[Released] = []
        for number in range(3, 3 + WAITING):
            assert not released
            released = buffer.put(number, arrived(number))
        assert names(released) == list(range(3, 3 + WAITING))
        assert released[0].missing == 1

    def test_given_up_at_the_end(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1, arrived(1))
        buffer.put(3, arrived(3))
        buffer.put(5, arrived(5))
        assert [(one.missing) for one in buffer.flush()] == [1, 1]

    def test_a_packet_after_that_is_late(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1, arrived(1))
        buffer.put(3, arrived(3))
        buffer.flush()
        assert buffer.put(2, arrived(2)) == []
        assert (buffer.late, buffer.duplicate) == (1, 0)

    def test_only_so_many_given_up_numbers_are_remembered(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(0, arrived(0))
        buffer.put(1000, arrived(1000))
        buffer.flush()
        buffer.put(1, arrived(1))
        assert (buffer.late, buffer.duplicate) == (0, 1)


class TestSkipped:
    def test_numbers_that_held_nothing_are_not_missing(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(65_530, arrived(1))
        assert buffer.skip(3) == []
        released = buffer.put(4, arrived(2))
        assert (names(released), released[0].missing) == ([2], 0)

    def test_a_hole_before_them_is_given_up(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1, arrived(1))
        buffer.put(3, arrived(3))
        released = buffer.skip(9)
        assert (names(released), released[0].missing) == ([3], 1)
        assert names(buffer.put(10, arrived(10))) == [10]

    def test_what_waits_right_behind_them_comes_out(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1, arrived(1))
        buffer.put(10, arrived(10))
        released = buffer.skip(9)
        assert (names(released), released[0].missing) == ([10], 0)

    def test_what_is_still_missing_behind_them_is_waited_for(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1, arrived(1))
        buffer.put(12, arrived(12))
        assert buffer.skip(9) == []
        assert names(buffer.put(10, arrived(10))) == [10]
        assert names(buffer.put(11, arrived(11))) == [11, 12]

    def test_numbers_of_the_past_or_of_another_run_change_nothing(self) -> None:
        buffer = ReorderBuffer()
        assert buffer.skip(7) == []
        buffer.put(100, arrived(1))
        assert buffer.skip(100) == buffer.skip(50) == buffer.skip(102 + RESET_JUMP) == []
        assert names(buffer.put(101, arrived(2))) == [2]


class TestTwice:
    def test_written_or_waiting_packets_are_duplicates(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1, arrived(1))
        buffer.put(1, arrived(1))
        buffer.put(3, arrived(3))
        buffer.put(3, arrived(3))
        assert buffer.duplicate == 2


class TestReset:
    def test_a_long_jump_ahead_begins_anew(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1, arrived(1))
        buffer.put(3, arrived(3))
        released = buffer.put(4 + RESET_JUMP, arrived(9))
        assert [one.reset for one in released] == [False, True]
        assert names(buffer.put(5 + RESET_JUMP, arrived(10))) == [10]

    def test_a_long_jump_back_begins_anew(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(40_000, arrived(1))
        assert buffer.put(30_000, arrived(2))[0].reset

    def test_old_numbers_alone_for_a_second_begin_anew(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1000, arrived(0))
        assert buffer.put(500, arrived(1, at_ms=20)) == []
        assert buffer.put(501, arrived(2, at_ms=1020)) == []
        assert buffer.put(502, arrived(3, at_ms=1021))[0].reset

    def test_old_numbers_between_new_ones_do_not(self) -> None:
        buffer = ReorderBuffer()
        buffer.put(1000, arrived(0))
        buffer.put(500, arrived(1, at_ms=20))
        buffer.put(1001, arrived(2, at_ms=900))
        assert buffer.put(501, arrived(3, at_ms=1500)) == []
