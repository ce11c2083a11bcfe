from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.quality import reading, stats, stream

from media.picture import Picture
from media.types import Direction, StreamFlow
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
    (first,) = counters.streams(stats(1, stream(packets=50, lost=2)))
    assert first.point.packets == 50
    (again,) = counters.streams(stats(2, stream(packets=80, lost=3)))
    assert (again.name, again.point.packets, again.point.lost) == ("uplink/microphone", 30, 1)


def looks(*flows, **members):
    """The sample of one stream at looks that lie a second apart."""
    counters, found = Counters(), []
    for at, flow in enumerate(flows):
        told = replace(stats(at, stream(**members)), flows=() if flow is None else (flow,))
        counters.connection(told, reading(), NOW + timedelta(seconds=at))
        found.extend(counters.streams(told))
    return found


def test_bitrate_of_a_stream_lies_in_its_direction_and_begins_at_the_second_look():
    up = looks(*(StreamFlow(Direction.UPLINK, "microphone", n) for n in (9000, 10_000)))
    assert [(one.point.sent_bps, one.point.received_bps) for one in up] == [(0, 0), (0, 8000)]
    down = {"direction": Direction.DOWNLINK, "source": "video"}
    flows = [StreamFlow(octets=n, **down) for n in (0, 500, 100)]
    seen = looks(*flows, **down)
    assert [one.point.sent_bps for one in seen] == [0, 4000, 0]


def test_freezes_and_the_picture_are_of_their_second():
    down = {"direction": Direction.DOWNLINK, "source": "video"}
    picture = Picture("mid", 2, 640, 360, "bandwidth")
    first, second, third = looks(
        StreamFlow(**down, octets=1, freezes=4, frozen_seconds=9.0),
        StreamFlow(**down, octets=2, freezes=6, frozen_seconds=9.5, picture=picture),
        None,
        **down,
    )
    assert (first.point.freezes, first.point.frozen_seconds, first.picture) == (0, 0.0, None)
    assert (second.point.freezes, second.point.frozen_seconds) == (2, 0.5)
    assert (second.point.width, second.point.height, second.point.layer) == (640, 360, 2)
    assert second.picture == picture
    assert (third.point.freezes, third.point.height, third.picture) == (0, 0, None)


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
