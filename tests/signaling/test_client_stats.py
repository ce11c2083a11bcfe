import pytest

from media.types import ListenerStats, MediaKind
from signaling.client_stats import heard


def inbound(kind="audio", **members):
    return {"type": "inbound-rtp", "kind": kind} | members


def test_streams_of_a_kind_are_one():
    report = [
        {"type": "transport", "packetsReceived": 99},
        inbound(packetsReceived=10, packetsLost=1, jitter=0.005),
        inbound(packetsReceived=20, packetsLost=2, jitter=0.001),
        inbound("video", packetsReceived=5, freezeCount=2, totalFreezesDuration=1.5),
    ]
    assert heard(report) == (
        ListenerStats(MediaKind.AUDIO, 30, 3, 5.0),
        ListenerStats(MediaKind.VIDEO, 5, freezes=2, frozen_seconds=1.5),
    )


@pytest.mark.parametrize("value", ["7", None, True, -3, float("nan"), float("inf"), [7]])
def test_what_is_no_number_says_nothing(value):
    report = [inbound(packetsReceived=value, packetsLost=value, jitter=value)]
    assert heard(report) == (ListenerStats(MediaKind.AUDIO),)


def test_numbers_are_bounded_and_other_kinds_ignored():
    assert heard([inbound(packetsReceived=1e30)])[0].packets_received == 0xFFFFFFFF
    assert heard([inbound(["audio"]), inbound("smell"), {"kind": "audio"}]) == ()
