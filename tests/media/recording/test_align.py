import random
from statistics import median

import pytest
from support.netem import Link

from media.recording.align import REPORTS, Alignment, SegmentClock, fit, tempered

S = 1_000_000_000
NTP = 1 << 32


def heard(
    *,
    seconds: float,
    skew_ppm: float = 0.0,
    jitter: float = 0.0,
    delay: float = 0.03,
    seed: int = 1,
    reports: bool = False,
    sender_hours: float = 0.0,
    loss: float = 0.0,
) -> Alignment:
    """A sender whose first sample is captured at 100 s of the server's clock."""
    clock, link = SegmentClock(), Link(seed=seed, delay=delay, jitter=jitter, loss=loss)
    rate = 1 + skew_ppm * 1e-6  # server seconds for each second of samples
    for number in range(int(seconds * 50)):
        at = 100 + number * 0.02 * rate
        link.send(number * 960, at)
        if reports and number % 250 == 0:
            sender = (at + sender_hours * 3600) * (1 + 30e-6)  # a clock that also drifts
            clock.report(round(sender * NTP), number * 960)
    while link.next_at is not None:
        at = link.next_at
        for position in link.deliver(at):
            clock.packet(position, round(at * S))
    found = clock.alignment()
    assert found is not None
    return found


def error_ms(found: Alignment, delay: float = 0.03) -> float:
    return (found.start_ns / S - 100 - delay) * 1000


class TestFit:
    def test_a_line_is_found_and_an_outlier_dropped(self) -> None:
        points = [(float(x), 2 + 0.5 * x) for x in range(30)]
        line = fit([*points, (30.0, 400.0)])
        assert line.value(10) == pytest.approx(7, abs=1e-6)
        assert line.sigma < 1e-6

    def test_one_point_is_a_level_line(self) -> None:
        assert fit([(3.0, 4.0)]).value(100) == 4


class TestStart:
    def test_unknown_before_the_first_packet(self) -> None:
        clock = SegmentClock()
        clock.report(5, 5)
        assert clock.alignment() is None

    def test_the_fastest_packet_counts_while_it_is_early(self) -> None:
        clock = SegmentClock()
        clock.packet(0, 5 * S)
        clock.packet(960, 5 * S + 15_000_000)
        clock.packet(1920, 5 * S + 45_000_000)
        found = clock.alignment()
        assert found == Alignment(5 * S - 5_000_000, "arrival", 0.0, 20.0)

    @pytest.mark.parametrize("jitter", [0.0, 0.01, 0.05])
    @pytest.mark.parametrize("skew_ppm", [-200, 0, 200])
    @pytest.mark.parametrize("reports", [False, True])
    def test_within_20_ms_whatever_the_path_and_the_clock(
        self, jitter: float, skew_ppm: float, reports: bool
    ) -> None:
        for seconds in (5, 60, 300):
            found = heard(
                seconds=seconds,
                skew_ppm=skew_ppm,
                jitter=jitter,
                delay=0.15,
                reports=reports,
                sender_hours=-7,
                loss=0.05,
            )
            assert abs(error_ms(found, 0.15) + jitter * 1000) < 20  # the least of the jitter

    def test_usually_within_5_ms(self) -> None:
        found = [heard(seconds=60, jitter=0.02, seed=seed, skew_ppm=40) for seed in range(9)]
        errors = [error_ms(one) + 20 for one in found]
        assert median(map(abs, errors)) < 5


class TestSkew:
    @pytest.mark.parametrize("skew_ppm", [-200, 35, 200])
    @pytest.mark.parametrize("reports", [False, True])
    def test_within_5_ppm_after_ten_minutes(self, skew_ppm: float, reports: bool) -> None:
        found = heard(seconds=600, skew_ppm=skew_ppm, jitter=0.01, reports=reports)
        assert found.clock_skew_ppm == pytest.approx(skew_ppm, abs=5)
        assert found.method == ("sr" if reports else "arrival")


class TestReports:
    def test_a_stepped_or_lying_clock_is_not_believed(self) -> None:
        clock = SegmentClock()
        chance = random.Random(5)
        for number in range(REPORTS):
            clock.report(chance.randrange(1 << 40, 1 << 62), number * 48_000)
        for number in range(50 * 60):
            clock.packet(number * 960, 7 * S + number * 20_000_000)
        found = clock.alignment()
        assert found is not None
        assert found.method == "arrival"
        assert found.start_ns == pytest.approx(7 * S, abs=1000)


class TestTempered:
    def test_a_sure_slope_stays(self) -> None:
        points = [(10.0 * number, 0.002 * number) for number in range(30)]
        line = tempered(fit(points), points)
        assert line.slope == pytest.approx(200e-6, rel=1e-3)
        assert line.value(0) == pytest.approx(0, abs=1e-6)

    def test_a_minute_over_a_bad_network_tells_no_drift(self) -> None:
        points = [(0.0, 0.0), (10.0, 0.03), (20.0, -0.02), (30.0, 0.02), (40.0, 0.04)]
        wild = fit(points)
        line = tempered(wild, points)
        assert abs(wild.slope) > 500e-6
        assert abs(line.slope) < 100e-6
        assert line.value(20) == pytest.approx(wild.value(20))

    def test_too_few_points_stay_what_they_are(self) -> None:
        points = [(0.0, 0.0), (10.0, 1.0)]
        assert tempered(fit(points), points) == fit(points)
