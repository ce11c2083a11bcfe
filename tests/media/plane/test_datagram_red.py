import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.plane import OPUS, Received, Rig
from support.red import wrapped

from media.plane.datagram_intake import DECRYPT_EVERY

RED = 63


class Stage:
    """A microphone that repeats the two packets before each, a plain listener, one who takes it."""

    def __init__(self) -> None:
        self.rig = Rig()
        self.ada = self.rig.speaker("ada", red_type=RED)
        self.plain = self.rig.listener("plain")
        self.both = self.rig.person("both")
        self.both.slot(types={"audio/opus": OPUS}, red_type=RED)
        self.both.join()
        self.taped: list[tuple[int, int, bytes]] = []
        self.rig.room.add_tap(self)

    def open_track(self, *facts):
        return self

    def rtp(self, arrival_ns, sequence, timestamp, payload, level):
        self.taped.append((sequence, timestamp, payload))

    def skipped(self, sequence): ...

    def sender_report(self, *facts): ...

    def close(self): ...

    def send(self, *numbers: int, **facts) -> None:
        for number in numbers:
            self.ada.send(
                number, timestamp=number * 960, payload=whole(number), payload_type=RED, **facts
            )
            self.rig.now_ns += 20_000_000

    def heard(self) -> tuple[list[Received], list[Received]]:
        """What waits for the plain listener and for the other."""
        sent = [(to, to.unprotect(data)) for to, data in self.rig.sent()]
        return (
            [packet for to, packet in sent if to is self.plain],
            [packet for to, packet in sent if to is self.both],
        )


def sound(number: int) -> bytes:
    return (number & 0xFFFF).to_bytes(2) * 20


def whole(number: int) -> bytes:
    return wrapped([(1920, sound(number - 2)), (960, sound(number - 1))], sound(number))


@pytest.fixture
def stage():
    return Stage()


def test_who_takes_it_gets_it_as_it_is_and_others_plain_opus(stage: Stage):
    stage.send(10, 11, 12)
    plain, both = stage.heard()
    assert [(one.payload_type, one.payload) for one in plain] == [
        (109, sound(number)) for number in (10, 11, 12)
    ]
    assert [(one.payload_type, one.payload) for one in both] == [
        (RED, whole(number)) for number in (10, 11, 12)
    ]
    assert stage.taped == [(number, number * 960, sound(number)) for number in (10, 11, 12)]


def test_a_plain_packet_between_is_plain_for_all(stage: Stage):
    stage.send(10)
    stage.ada.send(11, timestamp=11 * 960, payload=sound(11))
    plain, both = stage.heard()
    assert plain[-1].payload == both[-1].payload == sound(11)
    assert (plain[-1].payload_type, both[-1].payload_type) == (109, OPUS)


def test_who_numbers_opus_differently_gets_it_unwrapped(stage: Stage):
    cyd = stage.rig.person("cyd")
    cyd.slot(types={"audio/opus": 120}, red_type=RED)
    cyd.join()
    stage.send(10)
    (got,) = stage.rig.received(cyd)
    assert (got.payload_type, got.payload) == (120, sound(10))


def test_what_was_lost_is_given_out_from_its_repetition(stage: Stage):
    stage.send(10, 13)
    plain, both = stage.heard()
    assert [one.payload for one in plain] == [sound(number) for number in (10, 11, 12, 13)]
    assert [one.payload for one in both] == [whole(10), sound(11), sound(12), whole(13)]
    for got in (plain, both):
        assert [one.sequence - got[0].sequence for one in got] == [0, 1, 2, 3]
        assert [one.timestamp - got[0].timestamp for one in got] == [0, 960, 1920, 2880]
    assert [number for number, _, _ in stage.taped] == [10, 11, 12, 13]
    assert stage.ada.connection.counters.restored == 2


def test_the_original_that_comes_late_is_not_given_out_twice(stage: Stage):
    stage.send(10, 12, 11, 13)
    plain, _ = stage.heard()
    assert [one.payload for one in plain] == [sound(number) for number in (10, 11, 12, 13)]
    assert [number for number, _, _ in stage.taped] == [10, 11, 12, 13]


def test_muted_sound_is_not_restored(stage: Stage):
    stage.send(10)
    stage.rig.room.mute(stage.ada.connection.tracks["m0"], muted=True)
    stage.send(*range(11, 11 + DECRYPT_EVERY))
    last = 12 + DECRYPT_EVERY
    stage.send(last)  # the one that is decrypted all the same, and one is missing before it
    assert [one.payload for one in stage.heard()[0]] == [sound(10)]
    assert stage.taped[1:] == [(last, last * 960, b"")]


def test_nonsense_and_foreign_blocks_are_dropped_and_counted(stage: Stage):
    foreign = wrapped([], sound(2), payload_type=9)
    for number, payload in enumerate((b"", b"\xff", foreign)):
        stage.ada.send(number, payload=payload, payload_type=RED)
    assert stage.heard() == ([], [])
    counters = stage.ada.connection.counters
    assert (counters.malformed, counters.unknown_payload_type) == (2, 1)


def test_without_a_tap_or_a_listener_nothing_is_sent(stage: Stage):
    stage.rig.room.remove_tap(stage)
    for who in (stage.plain, stage.both):
        stage.rig.room.leave(who.connection)
    stage.send(10, 12)
    assert stage.heard() == ([], [])


def test_a_stream_that_the_offer_did_not_name_is_learned_from_it():
    rig = Rig()
    ada, bob = rig.speaker("ada", red_type=RED, ssrc=None), rig.listener("bob")
    for number in (2, 3):
        ada.send(number, payload=whole(number), payload_type=RED, ssrc=77)
    assert [one.payload for one in rig.received(bob)] == [sound(3)]


@given(st.integers(0, 2**32), st.integers(0, 0xFFFF))
def test_lossy_and_unordered_it_stays_one_stream_without_doubles(seed: int, first: int):
    chance, stage = random.Random(seed), Stage()
    numbers = [first + 2 + step for step in range(60) if chance.random() > 0.2]
    for at in range(len(numbers) - 1):
        if chance.random() < 0.1:
            numbers[at], numbers[at + 1] = numbers[at + 1], numbers[at]
    for number in numbers:
        stage.ada.send(
            number,
            timestamp=number * 960 & 0xFFFFFFFF,
            payload=wrapped(
                [(1920, sound(number - 2 & 0xFFFF)), (960, sound(number - 1 & 0xFFFF))],
                sound(number & 0xFFFF),
            ),
            payload_type=RED,
        )
        stage.rig.now_ns += 20_000_000
    for got in stage.heard():
        sequences = [one.sequence for one in got]
        assert len(set(sequences)) == len(sequences)
        ordered = sorted(got, key=lambda one: one.sequence)
        for before, after in pairwise(ordered):
            assert after.timestamp - before.timestamp == 960 * (after.sequence - before.sequence)
    taped = [number for number, _, _ in stage.taped]
    assert len(set(taped)) == len(taped)
