import numpy as np
import pytest

from media.captions.segmenter import (
    CUT_FROM_SECONDS,
    FRAME,
    FRAME_SECONDS,
    LONGEST_SECONDS,
    Segmenter,
    Utterance,
    rms,
)

LOUD = np.full(FRAME, 3000, np.int16)
QUIET = np.zeros(FRAME, np.int16)
FAINT = np.full(FRAME, 20, np.int16)


def segmenter() -> Segmenter:
    return Segmenter(any)


def feed(one: Segmenter, frames: list[np.ndarray], start: float = 0.0) -> list[Utterance]:
    ended: list[Utterance] = []
    for place, frame in enumerate(frames):
        ended += one.take(frame, start + place * FRAME_SECONDS)
    return ended


def test_an_utterance_keeps_what_came_just_before_it():
    (said,) = feed(segmenter(), [QUIET] * 40 + [LOUD] * 50 + [QUIET] * 20)
    begin = 40 * FRAME_SECONDS
    assert begin - 0.36 <= said.start <= begin - 0.3
    assert said.end == pytest.approx(begin + 50 * FRAME_SECONDS + 0.27, abs=0.031)
    assert said.final


def test_the_first_word_of_a_track_is_whole():
    (said,) = feed(segmenter(), [LOUD] * 30 + [QUIET] * 20)
    assert said.start == pytest.approx(0.0, abs=1e-6)


def test_a_click_is_no_speech():
    assert feed(segmenter(), [QUIET] * 20 + [LOUD] * 5 + [QUIET] * 30) == []


def test_a_short_pause_does_not_end_it():
    one = segmenter()
    assert len(feed(one, [LOUD] * 30 + [QUIET] * 6 + [LOUD] * 30 + [QUIET] * 20)) == 1


def test_what_is_too_quiet_is_not_transcribed():
    assert rms(FAINT) < 0.0025
    assert feed(segmenter(), [FAINT] * 60 + [QUIET] * 20) == []


def test_a_long_speech_is_cut_where_it_is_quietest():
    one = segmenter()
    calm = round(17.0 / FRAME_SECONDS)
    frames = [LOUD] * round(30 / FRAME_SECONDS)
    frames[calm : calm + 4] = [np.full(FRAME, 10, np.int16)] * 4
    (first,) = feed(one, frames)
    (second,) = one.flush()
    assert CUT_FROM_SECONDS <= first.seconds <= LONGEST_SECONDS
    assert first.end == pytest.approx(17.05, abs=0.1)
    assert second.start == pytest.approx(first.end, abs=1e-6)
    assert second.end == pytest.approx(30.0, abs=0.05)


def test_a_short_hole_becomes_silence_so_that_times_hold():
    one = segmenter()
    assert feed(one, [LOUD] * 30) == []
    (said,) = feed(one, [LOUD] * 30 + [QUIET] * 20, start=30 * FRAME_SECONDS + 0.12)
    assert said.end == pytest.approx(60 * FRAME_SECONDS + 0.12 + 0.27, abs=0.031)


def test_a_long_hole_ends_the_utterance():
    one = segmenter()
    assert feed(one, [LOUD] * 30) == []
    (said,) = one.take(LOUD, 5.0)
    assert said.end == pytest.approx(0.9, abs=0.01)
    assert not one.speaking


def test_what_is_open_can_be_looked_at_and_flushed():
    one = segmenter()
    assert one.so_far() is None
    assert feed(one, [LOUD] * 30) == []
    so_far = one.so_far()
    assert so_far is not None
    assert not so_far.final
    assert one.speaking
    assert [said.pcm for said in one.flush()] == [so_far.pcm]
    assert one.flush() == []
