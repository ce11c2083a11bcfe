"""Meter and judge together, over a simulated network with fixed seeds."""

import pytest
from support.audio_judge import AudioJudge
from support.netem import Link

from media.quality.measure import StreamMeter
from media.recording.rtplog import LogHeader, packet_record, read_entries

SECOND_NS = 1_000_000_000


def talk(link, seconds, *, rtt_ms=40.0, judge=None, start=0):
    """Send 50 packets a second through a link; returns the judge and one reading a second."""
    meter, judge = StreamMeter(48_000), judge or AudioJudge()
    readings = []
    for n in range(start * 50, (start + seconds) * 50):
        link.send((n & 0xFFFF, n * 960 & 0xFFFFFFFF), n * 0.02)
        while link.next_at is not None and link.next_at <= (n + 1) * 0.02:
            at = link.next_at
            for sequence, timestamp in link.deliver(at):
                meter.packet(round(at * 1e9), sequence, timestamp)
        if (n + 1) % 50 == 0:
            readings.append(judge.tick(meter.settle((n + 1) * SECOND_NS // 50), rtt_ms))
    return judge, readings


def test_a_log_of_packets_gives_the_same_readings_again():
    """What the recorder logs beside its files is enough to judge a call once more."""
    link, live, log = Link(seed=4, loss=0.07, delay=0.1, jitter=0.05, reorder=0.1), [], b""
    meter, judge = StreamMeter(48_000), AudioJudge()
    for n in range(3000):
        link.send((n & 0xFFFF, n * 960 & 0xFFFFFFFF), n * 0.02)
        link.loss = 0.07 * (n // 500 % 2)
        for sequence, timestamp in link.deliver(n * 0.02):
            arrival_ns = n * 20_000_000
            meter.packet(arrival_ns, sequence, timestamp)
            log += packet_record(arrival_ns, sequence, timestamp, b"\xfc", stored=True)
        if (n + 1) % 50 == 0:
            live.append(judge.tick(meter.settle(n * 20_000_000), 40.0))

    header = LogHeader(1, 7, 0, 0).encode()
    meter, judge, again, second = StreamMeter(48_000), AudioJudge(), [], 1
    for entry in (*read_entries(header + log), None):
        at_ns = 60 * SECOND_NS if entry is None else entry.arrival_ns
        while at_ns > second * SECOND_NS - 20_000_000 and second <= 60:
            again.append(judge.tick(meter.settle(second * SECOND_NS - 20_000_000), 40.0))
            second += 1
        if entry is not None:
            meter.packet(entry.arrival_ns, entry.sequence & 0xFFFF, entry.timestamp)
    assert {reading.label for reading in live[2:]} >= {"excellent", "good"}
    assert again == live


@pytest.mark.parametrize(
    ("loss", "label"),
    [(0.0, "excellent"), (0.015, "excellent"), (0.045, "good"), (0.08, "fair"), (0.16, "poor")],
)
def test_loss_is_measured_and_labelled(loss, label):
    link = Link(seed=11, loss=loss, delay=0.05, jitter=0.005)
    _, readings = talk(link, 120)
    measured = sum(reading.loss_percent for reading in readings[10:]) / len(readings[10:])
    assert measured == pytest.approx(100 * loss, rel=0.25, abs=0.05)
    labels = [reading.label for reading in readings[8:]]
    assert max(set(labels), key=labels.count) == label


def test_jitter_is_measured_within_a_fifth():
    # Uniform within +-30 ms: neighbours differ by a third of the whole width on average.
    _, readings = talk(Link(seed=3, delay=0.1, jitter=0.03, reorder=0.0), 60)
    measured = sum(reading.jitter_ms for reading in readings[10:]) / len(readings[10:])
    assert 16 <= measured <= 26


def test_reordering_and_duplicates_are_no_loss():
    _, readings = talk(Link(seed=5, delay=0.06, reorder=0.2, duplicate=0.2), 30)
    assert {reading.label for reading in readings[1:]} == {"excellent"}
    assert all(reading.loss_percent == 0 for reading in readings)


def test_bad_minute_is_named_within_six_seconds_and_forgiven_within_ten():
    judge, _ = talk(Link(seed=1), 10)
    judge, bad = talk(Link(seed=2, loss=0.12), 20, judge=judge, start=10)
    judge, good = talk(Link(seed=3), 20, judge=judge, start=30)
    assert next(n for n, reading in enumerate(bad, 1) if reading.label != "excellent") <= 6
    assert next(n for n, reading in enumerate(good, 1) if reading.label == "excellent") <= 10


def test_delay_beyond_the_deadline_is_loss():
    link = Link(seed=8, delay=0.0)
    meter = StreamMeter(48_000)
    for n in range(100):
        late = 0.3 if n % 10 == 5 else 0.0
        link.delay = late
        link.send((n, n * 960), n * 0.02)
        link._last = float("-inf")  # late packets do not hold up the others
        while link.next_at is not None and link.next_at <= n * 0.02:
            at = link.next_at
            for sequence, timestamp in link.deliver(at):
                meter.packet(round(at * 1e9), sequence, timestamp)
    bucket = meter.settle(3 * SECOND_NS)
    assert (bucket.received, bucket.recovered, bucket.lost) == (90, 0, 10)
