import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.quality.measure import Bucket, ReportMeter, StreamMeter, round_trip_ms

MS = 1_000_000
RATE = 48000


class Sender:
    """Feeds a meter with 20 ms Opus packets named by their number; time follows the number."""

    def __init__(self, sequence=1000, timestamp=0):
        self.meter = StreamMeter(RATE)
        self.sequence = sequence
        self.timestamp = timestamp

    def send(self, *numbers, late_ms=0.0):
        for n in numbers:
            self.meter.packet(
                int((n * 20 + late_ms) * MS),
                (self.sequence + n) & 0xFFFF,
                (self.timestamp + n * 960) & 0xFFFFFFFF,
            )
        return self

    def at(self, number, arrival_number):
        self.meter.packet(
            arrival_number * 20 * MS,
            (self.sequence + number) & 0xFFFF,
            (self.timestamp + number * 960) & 0xFFFFFFFF,
        )

    def settle(self, number):
        bucket = self.meter.settle(number * 20 * MS)
        return bucket.received, bucket.recovered, bucket.lost


def test_unbroken_stream_is_all_received():
    sender = Sender().send(*range(50))
    assert sender.settle(50) == (50, 0, 0)
    assert sender.settle(100) == (0, 0, 0)


@pytest.mark.parametrize("first", [65530, 65535, 0])
def test_wraps_of_sequence_and_timestamp_do_not_show(first):
    sender = Sender(first, timestamp=0xFFFFFFFF - 3000).send(*range(50))
    bucket = sender.meter.settle(50 * 20 * MS)
    assert bucket == Bucket(received=50)


def test_gap_is_lost_after_the_deadline_and_not_before():
    sender = Sender().send(0, 1, 4, 5)
    assert sender.settle(6) == (4, 0, 0)
    assert sender.settle(13) == (0, 0, 0)
    assert sender.settle(14) == (0, 0, 2)


def test_gap_over_the_wrap_is_counted():
    sender = Sender(65534).send(0, 5)
    assert sender.settle(99) == (2, 0, 4)


def test_packet_within_the_deadline_is_recovered():
    sender = Sender().send(0, 2)
    sender.at(1, arrival_number=12)
    assert sender.settle(99) == (2, 1, 0)


def test_packet_after_the_deadline_is_lost_and_late():
    sender = Sender().send(0, 2)
    sender.at(1, arrival_number=13)
    assert sender.settle(99) == (2, 0, 1)
    assert sender.meter.late == 1


def test_packet_after_it_settled_as_lost_stays_lost():
    sender = Sender().send(0, 2)
    assert sender.settle(50) == (2, 0, 1)
    sender.at(1, arrival_number=51)
    assert sender.settle(99) == (0, 0, 0)


def test_duplicates_do_not_count():
    sender = Sender().send(0, 1, 1, 3)
    sender.at(2, arrival_number=4)
    sender.at(2, arrival_number=4)
    assert sender.settle(99) == (3, 1, 0)


def test_numbers_below_the_first_do_not_count():
    sender = Sender().send(5)
    sender.at(4, arrival_number=5)
    sender.send(6)
    bucket = sender.meter.settle(99 * 20 * MS)
    assert bucket == Bucket(received=2)


def test_jump_of_3000_is_loss_and_of_3001_a_new_run():
    sender = Sender().send(0, 3001)
    assert sender.settle(9999) == (2, 0, 3000)
    sender = Sender().send(0, 1, 3003)
    bucket = sender.meter.settle(9999 * 20 * MS)
    assert bucket == Bucket(received=1, restarted=True)
    assert not sender.meter.settle(9999 * 20 * MS).restarted


def test_open_gaps_are_forgotten_with_their_run():
    sender = Sender().send(0, 5, 5000)
    assert sender.settle(9999) == (1, 0, 0)


def test_single_straggler_from_far_back_changes_nothing():
    sender = Sender().send(*range(200))
    sender.at(50, arrival_number=200)
    sender.send(200)
    assert sender.settle(999) == (201, 0, 0)
    assert sender.meter.late == 1


def test_two_in_a_row_from_far_back_are_a_new_run():
    sender = Sender(sequence=1000).send(*range(200))
    for n in range(200, 210):
        sender.meter.packet(n * 20 * MS, n - 200, 7_000_000 + n * 960)
    bucket = sender.meter.settle(999 * 20 * MS)
    assert bucket == Bucket(received=10, restarted=True)
    assert sender.meter.late == 0


def test_memory_of_gaps_is_bounded():
    sender = Sender().send(0, 3000, 6000, 9000)
    bucket = sender.meter.settle(9000 * 20 * MS)
    assert bucket.lost == 2999 * 2
    sender = Sender()
    for n in range(5):
        sender.meter.packet(n, (n * 3000) & 0xFFFF, 0)
    assert sender.meter.settle(0).lost == 4 * 2999 - 6000


def test_jitter_follows_the_formula_of_rfc_3550():
    sender = Sender()
    expected = peak = 0.0
    offsets = [0, 8, 0, 3, 12, 12, 0]
    for n, late in enumerate(offsets):
        sender.send(n, late_ms=late)
        if n:
            expected += (abs(offsets[n] - offsets[n - 1]) - expected) / 16
            peak = max(peak, expected)
    assert sender.meter.settle(99 * 20 * MS).jitter_ms == pytest.approx(peak)
    assert sender.meter.settle(99 * 20 * MS).jitter_ms == 0


def test_reordering_gives_no_jitter():
    sender = Sender().send(0, 2)
    sender.at(1, arrival_number=2)
    sender.send(3, 4)
    assert sender.meter.settle(99 * 20 * MS).jitter_ms == 0


def test_pause_with_a_jumping_timestamp_gives_no_jitter():
    meter = StreamMeter(RATE)
    meter.packet(0, 0, 0)
    meter.packet(20 * MS, 1, 900_000)
    meter.packet(40 * MS, 2, 900_960)
    assert meter.settle(99 * MS).jitter_ms == 0


def test_new_run_gives_no_jitter():
    sender = Sender().send(0, 1, 2)
    sender.meter.packet(60 * MS, 40000, 123_456)
    sender.meter.packet(80 * MS, 40001, 124_416)
    assert sender.meter.settle(99 * 20 * MS).jitter_ms == 0


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.tuples(st.booleans(), st.integers(0, 30)), min_size=2, max_size=300),
)
def test_every_number_settles_exactly_once(first, fates):
    """Expected = received + recovered + lost, whatever was lost, delayed or reordered."""
    sender = Sender(first)
    arrivals = sorted((n + delay, n) for n, (kept, delay) in enumerate(fates) if kept)
    if not arrivals:
        return
    settled = [0, 0, 0]
    for at, n in arrivals:
        sender.at(n, at)
        settled = [a + b for a, b in zip(settled, sender.settle(at), strict=True)]
    settled = [a + b for a, b in zip(settled, sender.settle(9999), strict=True)]
    base, head = arrivals[0][1], max(n for _, n in arrivals)
    assert sum(settled) == head - base + 1
    assert settled[0] + settled[1] <= len(arrivals)


def test_buckets_add_up():
    both = Bucket(1, 2, 3, 4.0).plus(Bucket(10, 20, 30, 2.0, restarted=True))
    assert both == Bucket(11, 22, 33, 4.0, restarted=True)
    assert (both.arrived, both.settled) == (33, 66)


def test_streams_of_one_direction_flow_together():
    assert Bucket(1, 2, 3).flowed == 6
    assert Bucket(1, 2, 3, sent=50).plus(Bucket(sent=40)).flowed == 90
    assert Bucket(5).plus(Bucket(5, sent=0)).sent == 5
    assert Bucket(5).plus(Bucket(5)).sent is None


def test_what_was_sent_is_counted_by_difference():
    meter = ReportMeter(RATE)
    assert meter.settle(0xFFFFFFFF).settled == 0
    assert meter.settle(49) == Bucket(sent=50)
    assert meter.settle() == Bucket()


def test_first_report_is_the_base_line():
    meter = ReportMeter(RATE)
    meter.report(1000, 40, 480)
    assert meter.settle() == Bucket()


def test_reports_are_counted_by_difference():
    meter = ReportMeter(RATE)
    meter.report(1000, 40, 0)
    meter.report(1100, 43, 480)
    meter.report(1200, 43, 240)
    assert meter.settle() == Bucket(received=197, lost=3, jitter_ms=10.0)
    assert meter.settle() == Bucket()


def test_reports_wrap_and_never_count_negative():
    meter = ReportMeter(RATE)
    meter.report(0xFFFFFFF0, 0xFFFFFF, 0)
    meter.report(0x10, 1, 0)
    assert meter.settle() == Bucket(received=30, lost=2)
    meter.report(0x20, 0, 0)
    assert meter.settle() == Bucket(received=16)
    meter.report(0x22, 9, 0)
    assert meter.settle() == Bucket(lost=2)


def test_packets_that_only_came_late_are_not_lost_again_and_again():
    meter = ReportMeter(RATE)
    for number in range(21):
        meter.report(100 * number, 9 * (number % 2), 0)
    assert meter.settle() == Bucket(received=1991, lost=9)
    meter.report(2100, 20, 0)
    assert meter.settle() == Bucket(received=89, lost=11)


def test_overtaken_report_is_ignored():
    meter = ReportMeter(RATE)
    meter.report(100, 0, 0)
    meter.report(90, 9, 0)
    meter.report(110, 0, 0)
    assert meter.settle() == Bucket(received=10)


def test_listener_is_not_charged_for_the_speakers_uplink():
    meter = ReportMeter(RATE)
    meter.report(100, 0, 0, gaps=7)
    meter.report(200, 12, 0, gaps=17)
    assert meter.settle() == Bucket(received=88, lost=2)


def test_round_trip_of_the_rfc():
    assert round_trip_ms(0xB7108000, 0xB7052000, 0x00054000) == 6125.0


def test_round_trip_is_unknown_without_sender_report_or_when_negative():
    assert round_trip_ms(0xB7108000, 0, 0) is None
    assert round_trip_ms(100, 90, 20) is None
    assert round_trip_ms(0x00008000, 0xFFFF8000, 0) == 1000.0


def test_packets_of_one_picture_spread_over_time_are_no_jitter():
    meter = StreamMeter(90_000)
    sequence = 0
    for picture in range(60):
        for part in range(5):
            meter.packet(picture * 33_333_333 + part * 6_000_000, sequence, picture * 3000)
            sequence += 1
    assert meter.settle(3_000_000_000).jitter_ms < 0.1
