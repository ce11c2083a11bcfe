from datetime import UTC, datetime, timedelta

import pytest
from support.quality import reading, stats, stream

from server.services.quality_now import Counters, began, hints, opinion

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def test_first_look_has_no_bitrate():
    point = Counters().connection(stats(5), reading(), NOW)
    assert (point.sent_bps, point.received_bps) == (0, 0)


def test_bitrates_are_of_the_time_between_two_looks():
    counters = Counters()
    counters.connection(stats(5), reading(), NOW)
    point = counters.connection(stats(7), reading(), NOW + timedelta(seconds=2))
    assert (point.sent_bps, point.received_bps) == (80_000, 40_000)


def test_streams_are_counted_from_look_to_look():
    counters = Counters()
    assert counters.stream(stream(packets=50, lost=2)).point.packets == 50
    again = counters.stream(stream(packets=80, lost=3))
    assert (again.name, again.point.packets, again.point.lost) == ("uplink/microphone", 30, 1)


def test_seconds_of_our_own_lateness_are_told_once():
    counters = Counters()
    late = stats(1).__class__(0, 0, 0, 0, 0, None, limited_ticks=3)
    assert (counters.limited(late), counters.limited(late)) == (3, 0)


def test_a_label_began_as_long_ago_as_it_is_old():
    assert began(reading(age_seconds=60), NOW) == NOW - timedelta(seconds=60)


def test_opinion_is_that_of_the_model():
    assert opinion(80.0) == 4.02


@pytest.mark.parametrize(
    ("path", "entries", "expected"),
    [
        ("host", None, ()),
        ("relay", None, ("relay",)),
        ("host", ({"type": "outbound-rtp", "qualityLimitationReason": "cpu"},), ("cpu",)),
        ("host", ({"type": "outbound-rtp", "qualityLimitationReason": "none"},), ()),
        (
            "host",
            [{"type": "outbound-rtp", "qualityLimitationReason": "bandwidth"}],
            ("bandwidth",),
        ),
        (
            "prflx",
            ({"type": "local-candidate", "candidateType": "relay", "protocol": "tcp"},),
            ("relay", "tcp"),
        ),
        ("host", ("nonsense", {"type": "inbound-rtp"}), ()),
        (None, "nonsense", ()),
    ],
)
def test_hints_come_from_path_and_browser(path, entries, expected):
    assert hints(path, entries) == expected
