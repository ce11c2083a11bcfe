from datetime import UTC, datetime

import numpy as np
import pytest
from support.quality import reading, stats

from server.services.quality_now import ConnectionNow, Counters, began
from server.services.quality_recent import SECONDS, Recent, RecentQuality, percentile

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def now(session="s", **members):
    judged = reading(**members)
    point = Counters().connection(stats(), judged, NOW)
    return ConnectionNow(session, "p", "c", NOW, began(judged, NOW), judged, 3.8, point, ())


def test_percentiles_are_those_of_the_nearest_rank():
    assert percentile(np.arange(100, 0, -1)) == 95
    assert percentile(np.array([7.0])) == 7
    assert percentile(np.array([3, 1, 2]), 0.5) == 2


def test_one_bad_second_in_a_minute_does_not_show_and_four_do():
    recent = RecentQuality()
    for second in range(SECONDS):
        recent.second([now(loss_percent=30.0 if second < 3 else 1.0)])
    assert recent.of("s") == Recent(40.0, 1.0, 5.0)
    recent.second([now(loss_percent=30.0)])  # one comes, an old one goes
    assert recent.of("s").loss_percent == 1.0
    recent.second([now(loss_percent=30.0)])
    recent.second([now(loss_percent=30.0)])
    recent.second([now(loss_percent=30.0)])
    assert recent.of("s").loss_percent == 30.0


def test_sessions_do_not_mix_and_are_forgotten():
    recent = RecentQuality()
    recent.second([now(round_trip_ms=None), now("other", round_trip_ms=900.0, jitter_ms=70.0)])
    assert recent.of("s").round_trip_ms is None
    assert recent.of("other") == Recent(900.0, 4.0, 70.0)
    recent.second([now()])
    assert recent.of("other") is None
    assert recent.of("nobody") is None


@pytest.mark.parametrize("people", [1, 7])
def test_everybody_counts(people):
    recent = RecentQuality()
    recent.second([now(jitter_ms=float(who)) for who in range(people)])
    assert recent.of("s").jitter_ms == people - 1


def test_figures_of_a_second_are_made_once(monkeypatch):
    recent, made = RecentQuality(), []
    monkeypatch.setattr(
        "server.services.quality_recent.percentile", lambda values: made.append(values) or 1.0
    )
    recent.second([now()])
    assert recent.of("s") is recent.of("s")
    assert len(made) == 3
    recent.second([now()])
    recent.of("s")
    assert len(made) == 6
