import random
import struct

from hypothesis import given
from hypothesis import strategies as st

from media.rtp.transport_cc import HISTORY_NS, MAX_FEEDBACKS, MAX_WAITING, ArrivalLog

MS = 1_000_000
TICK = 250_000


def read(body: bytes) -> tuple[int, int, dict[int, int | None]]:
    """What a feedback says: its count, its base, and the arrival of each number in ticks."""
    base, total, word = struct.unpack_from("!HHL", body)
    at, symbols = 8, []
    while len(symbols) < total:
        (chunk,) = struct.unpack_from("!H", body, at)
        at += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13] * (chunk & 0x1FFF)
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    assert not any(symbols[total:])
    ticks = (word >> 8) * 256
    told: dict[int, int | None] = {}
    for place, symbol in enumerate(symbols[:total]):
        if symbol == 0:
            told[base + place & 0xFFFF] = None
            continue
        size = {1: 1, 2: 2}[symbol]
        ticks += int.from_bytes(body[at : at + size], signed=size == 2)
        at += size
        told[base + place & 0xFFFF] = ticks
    assert at == len(body)
    return word & 0xFF, base, told


def told(log: ArrivalLog, now_ns: int = 0) -> dict[int, int | None]:
    found: dict[int, int | None] = {}
    for body in log.take(now_ns):
        found |= read(body)[2]
    return found


def test_nothing_came():
    assert ArrivalLog().take(0) == []


def test_every_packet_with_its_time_to_a_quarter_of_a_millisecond():
    log = ArrivalLog()
    for number in range(5):
        log.packet(number, 64 * MS + number * 10 * MS)
    (body,) = log.take(0)
    assert read(body) == (0, 0, {number: 256 + 40 * number for number in range(5)})
    assert log.take(0) == []


def test_the_bytes_of_a_run_of_small_deltas():
    log = ArrivalLog()
    for number in range(3):
        log.packet(7 + number, 128 * MS + number * MS)
    assert log.take(0) == [bytes.fromhex("0007 0003 000002 00 2003 00 04 04")]


def test_what_never_came_is_told_between_what_came():
    log = ArrivalLog()
    for number in (65534, 2):
        log.packet(number, 64 * MS)
    assert told(log) == {65534: 256, 65535: None, 0: None, 1: None, 2: 256}


def test_a_hole_between_two_feedbacks_is_the_second_ones():
    log = ArrivalLog()
    log.packet(1, 64 * MS)
    _ = log.take(64 * MS)
    log.packet(4, 65 * MS)
    assert told(log, 65 * MS) == {2: None, 3: None, 4: 260}


def test_one_that_comes_late_is_told_with_those_after_it():
    log = ArrivalLog()
    for number in (1, 3):
        log.packet(number, 64 * MS)
    _ = log.take(64 * MS)
    log.packet(2, 66 * MS)
    assert told(log, 66 * MS) == {2: 264, 3: 256}


def test_a_double_keeps_its_first_time():
    log = ArrivalLog()
    log.packet(1, 64 * MS)
    log.packet(1, 70 * MS)
    assert told(log) == {1: 256}


def test_a_long_silence_begins_another_feedback():
    log = ArrivalLog()
    log.packet(1, 64 * MS)
    log.packet(2, 10_064 * MS)
    first, second = log.take(0)
    assert read(first) == (0, 1, {1: 256})
    assert read(second) == (1, 2, {2: 10_064 * MS // TICK})


def test_it_forgets_what_nobody_takes():
    log = ArrivalLog()
    for number in range(MAX_WAITING + 10):
        log.packet(number & 0xFFFF, number * MS // 10 + 64 * MS)
    assert log.dropped == 10
    assert min(told(log, 2**60)) == 10
    assert log._arrivals == {}


def test_a_leap_of_the_numbers_costs_no_more_than_one_feedback():
    log = ArrivalLog()
    log.packet(1, 64 * MS)
    _ = log.take(64 * MS)
    log.packet(30_000, 65 * MS)
    (body,) = log.take(65 * MS)
    assert len(body) < 20
    assert read(body)[2][30_000] == 260


def test_numbers_that_leap_about_are_told_a_few_at_a_time():
    log = ArrivalLog()
    for step in range(MAX_FEEDBACKS + 3):
        log.packet(step * 5000 & 0xFFFF, 64 * MS)
    assert len(log.take(64 * MS)) == MAX_FEEDBACKS
    assert log.dropped == 3
    assert log.take(64 * MS) == []


@given(st.integers(0, 2**32), st.integers(0, 0xFFFF))
def test_whatever_is_lost_late_or_doubled_what_came_is_told(seed: int, first: int):
    chance, log, now_ns = random.Random(seed), ArrivalLog(), 10**12
    came: dict[int, int] = {}
    said: dict[int, int | None] = {}
    numbers = list(range(first, first + 400))
    for at in range(len(numbers) - 4):
        if chance.random() < 0.1:
            other = at + chance.randrange(1, 4)
            numbers[at], numbers[other] = numbers[other], numbers[at]
    for number in numbers:
        now_ns += chance.choice((0, 1, 5, 90)) * chance.randrange(MS)
        if chance.random() < 0.15:
            continue
        log.packet(number & 0xFFFF, now_ns)
        came[number & 0xFFFF] = now_ns // TICK
        if chance.random() < 0.1:
            said |= told(log, now_ns)
    said |= told(log, now_ns)
    heard = {number: at for number, at in said.items() if at is not None}
    wrapped = {number: at % (1 << 32) for number, at in came.items()}
    assert {number: at % (1 << 32) for number, at in heard.items()} == wrapped


def test_history_is_bounded_in_time():
    log = ArrivalLog()
    log.packet(1, 0)
    log.packet(2, HISTORY_NS)
    _ = log.take(HISTORY_NS)
    assert [number & 0xFFFF for number in log._arrivals] == [2]
