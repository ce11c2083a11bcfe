import numpy as np
import pytest
from support.opus_tone import main_frequency, tone_packets

from media.audio.hear import PACKETS, Piece, TrackHearing

MS = 1_000_000
LOUD, QUIET = 30, 120


class Stage:
    """A track that is sent to, and what came of it."""

    def __init__(self, rate: int = 48_000) -> None:
        self.woken = 0
        self.hearing = TrackHearing(rate, self.wake)
        self.packets = tone_packets(3.0, hertz=600)

    def wake(self) -> None:
        self.woken += 1

    def send(self, *numbers: int, level: int = LOUD, payload: bytes | None = None) -> None:
        for number in numbers:
            data = self.packets[number] if payload is None else payload
            self.hearing.rtp(number * 20 * MS, number, number * 960, data, level)

    def pieces(self) -> list[Piece]:
        return self.hearing.take()()


def sound(pieces: list[Piece]) -> np.ndarray:
    return np.concatenate([piece.samples for piece in pieces])


@pytest.mark.parametrize("rate", [48_000, 16_000])
def test_speech_is_placed_and_whole(rate: int):
    stage = Stage(rate)
    stage.send(*range(50))
    stage.hearing.close()
    pieces = stage.pieces()
    assert pieces[0].at_ns == 0
    assert [piece.ends for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert len(sound(pieces)) == pytest.approx(rate, abs=1)
    ends = [piece.at_ns + len(piece.samples) * 1e9 / rate for piece in pieces]
    begins = [piece.at_ns for piece in pieces]
    assert begins[1:] == pytest.approx(ends[:-1], abs=1)
    assert main_frequency(sound(pieces)) == pytest.approx(600 * 48_000 / rate, abs=3)


def test_silence_wakes_nobody_and_is_not_decoded():
    stage = Stage()
    stage.send(*range(10), level=QUIET)
    assert (stage.woken, stage.hearing.waiting) == (0, False)
    stage.send(10)
    assert stage.woken == 1
    assert stage.pieces()[0].at_ns == 0  # what was said before it got loud


def test_a_reordered_packet_is_put_back_and_a_double_left_out():
    stage = Stage()
    stage.send(0, 2, 1, 2, 3)
    pieces = stage.pieces()
    assert [piece.at_ns // (20 * MS) for piece in pieces] == [0, 1, 2, 3]


def test_a_short_loss_is_made_up_and_a_long_one_is_a_gap():
    stage = Stage()
    stage.send(*range(10), *range(12, 20))
    made_up = stage.pieces()
    assert len(sound(made_up)) == 20 * 960
    stage.send(*range(40, 50))
    after = stage.pieces()
    assert after[0].at_ns == 800 * MS
    assert len(sound(after)) == 10 * 960


def test_what_is_no_opus_is_left_out():
    stage = Stage()
    stage.send(0)
    stage.send(1, payload=b"\xff\xff\xff\xff")
    assert len(sound(stage.pieces())) == 960


def test_a_mute_ends_what_was_said():
    stage = Stage()
    stage.send(0, 1)
    stage.send(2, payload=b"", level=127)
    assert [piece.ends for piece in stage.pieces()] == [False, False, True]
    assert not stage.hearing.speaking


def test_a_pause_is_told_by_time_alone():
    stage = Stage()
    stage.send(0)
    stage.hearing.rest(100 * MS)
    assert stage.hearing.speaking
    stage.hearing.rest(900 * MS)
    assert [piece.ends for piece in stage.pieces()] == [False, True]
    stage.hearing.sender_report(0, 0, 0)
    stage.hearing.rest(2_000 * MS)
    assert not stage.hearing.waiting


def test_the_oldest_packets_go_when_nobody_decodes():
    stage = Stage()
    for number in range(PACKETS + 5):
        stage.hearing.rtp(number * 20 * MS, number, number * 960, stage.packets[0], LOUD)
    assert stage.hearing.dropped == 5
    pieces = stage.pieces()
    assert pieces[0].at_ns == 100 * MS
    assert len(pieces) == PACKETS


def test_pauses_that_nobody_takes_are_bounded_too():
    stage = Stage()
    for number in range(PACKETS):
        stage.send(number % 100)
        stage.send(number % 100, payload=b"", level=127)
    assert len(stage.hearing._packets) == PACKETS
    assert stage.hearing.dropped == PACKETS // 2


def test_a_track_is_over_once_its_last_word_was_decoded():
    stage = Stage()
    stage.send(0)
    stage.hearing.close()
    stage.hearing.close()
    assert not stage.hearing.over
    assert [piece.ends for piece in stage.pieces()] == [False, True]
    assert stage.hearing.over
