import pytest
from support.plane import VP8, Rig

from media.engine.adaptation import (
    ENOUGH_PACKETS,
    ESTIMATE_LIVES_NS,
    LEAST_MARGIN,
    Adaptation,
)
from media.quality.measure import ReportMeter
from media.types import MediaKind, TrackSource

SECOND = 1_000_000_000
KEY = b"\x10\x00" + bytes(998)


class Call:
    def __init__(self):
        self.rig = Rig()
        self.ada, self.bob = self.rig.person("ada"), self.rig.person("bob")
        self.camera = self.ada.track(TrackSource.CAMERA, ssrc=3000)
        self.ada.join()
        self.slot = self.bob.slot(MediaKind.VIDEO)
        self.slot.losses = ReportMeter(90000)
        self.bob.slot()
        self.bob.connection.every_video = True
        self.bob.join()
        self.up = Adaptation(self.ada.connection)
        self.down = Adaptation(self.bob.connection)
        self.now_ns = self.sequence = 0
        self.second(1)

    def second(self, packets, **facts):
        for _ in range(packets):
            self.sequence += 1
            self.ada.send(self.sequence, payload=KEY, payload_type=VP8, ssrc=3000, level=None)
        self.rig.sent()
        self.now_ns += SECOND
        for adaptation in (self.up, self.down):
            adaptation.tick(self.now_ns, **{"server_limited": False} | facts)


@pytest.fixture
def call():
    call = Call()
    for _ in range(3):
        call.second(100)
    return call


def test_streams_are_measured(call):
    assert call.camera.rate == pytest.approx(100 * 1028 * 8, rel=0.01)
    call.second(0)
    assert call.camera.rate > 0  # a moment's rest is not the end
    for _ in range(6):
        call.second(0)
    assert call.camera.rate == 0


def test_a_low_estimate_limits_and_an_old_one_does_not(call):
    call.bob.connection.estimate = (300_000, call.now_ns)
    call.second(100)
    call.second(100)
    # The only layer takes more: it is limited, and not hidden for an estimate's sake alone.
    assert call.bob.connection.budget == pytest.approx(call.camera.rate * LEAST_MARGIN, rel=0.05)
    assert not call.slot.starved
    fresh = Call()
    fresh.now_ns += ESTIMATE_LIVES_NS
    fresh.bob.connection.estimate = (300_000, 0)
    fresh.second(100)
    assert fresh.bob.connection.budget is None


def test_loss_limits_when_it_is_not_chance(call):
    call.slot.losses.report(100, 0, 0)
    call.slot.losses.report(100 + ENOUGH_PACKETS - 1, 4, 0)
    call.second(100)
    assert call.bob.connection.budget is None
    call.slot.losses.report(300, 80, 0)
    call.second(100)
    assert call.bob.connection.budget < 700_000
    assert call.slot.starved


@pytest.mark.parametrize("late", [False, True])
def test_a_late_server_judges_no_link_by_the_round_trip(call, late):
    call.bob.connection.measured(30_000_000)
    call.second(100)
    call.bob.connection.measured(900_000_000)
    call.second(100, server_limited=late)
    assert (call.bob.connection.budget is None) == late


def test_two_ticks_at_one_time_are_one(call):
    rate = call.camera.rate
    call.up.tick(call.now_ns, server_limited=False)
    assert call.camera.rate == rate
