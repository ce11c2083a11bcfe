from types import SimpleNamespace

import pytest
from support.clock import FakeClock

from media.engine.housekeeping import CONSENT_SECONDS, SPEAKER_STEPS, STEPS, Housekeeping


class Peer:
    """Counts what is done for it."""

    def __init__(self):
        self.attached = True
        self.connection = SimpleNamespace(arrivals=None)
        self.probes = 0
        self.limited = []
        self.told = self.pictured = 0
        self.quality = SimpleNamespace(put=self._tick, read=lambda: None)
        self.adapted = []
        self.adaptation = SimpleNamespace(tick=self._adapt)

    def _tick(self, connection, now_ns, *, server_limited):
        self.limited.append(server_limited)

    def _adapt(self, now_ns, *, server_limited):
        self.adapted.append(server_limited)

    def tell_quality(self, now):
        self.told += 1

    def tell_picture(self):
        self.pictured += 1

    def probe(self):
        self.probes += 1


class House:
    def __init__(self, peers=1):
        self.clock = FakeClock()
        self.peers = {f"c{index}": Peer() for index in range(peers)}
        self.rooms = {}
        self.reported = []
        self.arrived = []
        reports = SimpleNamespace(
            report=lambda connection, now_ns: self.reported.append(connection),
            tell_arrivals=lambda connection, now_ns: self.arrived.append(now_ns),
        )
        self.keeping = Housekeeping(self.clock, reports, self.peers, self.rooms)
        self.speakers = []

    def steps(self, count):
        for _ in range(count):
            self.clock.advance(1 / STEPS)
            self.keeping.step(lambda room, people: self.speakers.append((room, people)))


@pytest.fixture
def house():
    return House()


def test_everybody_is_served_once_a_second(house):
    house.steps(5 * STEPS)
    assert len(house.reported) == 5
    assert house.peers["c0"].told == house.peers["c0"].pictured == 5
    assert house.peers["c0"].limited == house.peers["c0"].adapted == [False] * 5


def test_who_wants_to_know_when_packets_came_is_told_ten_times_a_second(house):
    house.steps(STEPS)
    assert house.arrived == []
    house.peers["c0"].connection.arrivals = object()
    house.steps(STEPS)
    assert len(house.arrived) == STEPS


def test_consent_is_asked_for_every_five_seconds(house):
    house.steps(3 * CONSENT_SECONDS * STEPS)
    assert house.peers["c0"].probes == 3


def test_who_joins_at_different_times_is_served_at_different_times():
    house = House(peers=0)
    for index in range(STEPS):
        house.peers[f"c{index}"] = Peer()
        house.steps(1)
    before = len(house.reported)
    house.steps(1)
    assert len(house.reported) - before == 1


def test_who_is_not_connected_is_left_alone(house):
    house.peers["c0"].attached = False
    house.steps(2 * STEPS)
    assert house.reported == []


def test_speakers_are_told_when_they_change(house):
    now = [("ada",)]
    room = SimpleNamespace(voiced=False, speaking=lambda now_ns: now[-1])
    house.rooms["r"] = room
    house.steps(SPEAKER_STEPS)
    assert house.speakers == []  # nobody has spoken: nobody is asked
    for people in (
        ("ada",),
        ("ada", "bob", "eve"),
        ("ada", "eve", "bob"),
        ("bob", "ada", "eve"),
        (),
    ):
        room.voiced = True
        now.append(people)
        house.steps(SPEAKER_STEPS)
    assert [people for _, people in house.speakers] == [
        ("ada",),
        ("ada", "bob", "eve"),
        ("bob", "ada", "eve"),
        (),
    ]


def test_what_is_gone_is_forgotten(house):
    house.steps(STEPS)
    house.keeping._speakers["r"] = ("ada",)
    house.keeping.forget("c0")
    house.keeping.forget_room("r")
    house.keeping.forget("c0")
    assert (house.keeping._served, house.keeping._speakers) == ({}, {})


async def test_a_late_loop_marks_the_ticks_that_follow(house, monkeypatch):
    class EnoughError(Exception):
        pass

    delays = iter([0.1, 0.3, *([0.1] * 40)])

    async def sleep(seconds):
        delay = next(delays, None)
        if delay is None:
            raise EnoughError
        house.clock.advance(delay)

    monkeypatch.setattr("asyncio.sleep", sleep)
    with pytest.raises(EnoughError):
        await house.keeping.run(lambda *_: None)
    assert house.peers["c0"].limited[0] is False
    assert True in house.peers["c0"].limited
    assert house.peers["c0"].limited[-1] is False
