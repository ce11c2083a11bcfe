import numpy as np
import pytest

from media.audio.decode import BLOCK, NOTHING, OpusDecoder
from media.audio.hear import Piece
from media.audio.jitter import MixBuffer
from media.audio.mixer import OWN_BLOCKS, Decoding, Mixer, MixOutput

BLOCK_NS = 20_000_000
HERTZ = {"ada": 400, "bob": 900}


def pieces(who: str, count: int) -> list[Piece]:
    at = np.arange(count * BLOCK) / 48_000
    sound = (0.3 * np.sin(2 * np.pi * HERTZ[who] * at)).astype(np.float32)
    made = [Piece(n * BLOCK_NS, sound[n * BLOCK : (n + 1) * BLOCK]) for n in range(count)]
    return [*made, Piece(count * BLOCK_NS, NOTHING, ends=True)]


def strength(sound: np.ndarray, hertz: float) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) * 4 / len(sound)
    place = round(hertz * len(sound) / 48_000)
    return float(spectrum[place - 2 : place + 3].max())


def test_everybody_is_in_the_common_mix_and_speakers_do_not_hear_themselves():
    buffers = {who: MixBuffer() for who in HERTZ}
    outputs = [MixOutput(None), MixOutput("ada"), MixOutput("nobody")]
    sounds: list[list[np.ndarray]] = [[], [], []]
    decoders = [OpusDecoder() for _ in outputs]
    mixer = Mixer()
    for number in range(10):
        tracks = [
            Decoding(who, buffer, (lambda who=who: pieces(who, 10)) if number == 0 else None)
            for who, buffer in buffers.items()
        ]
        for at, coded in enumerate(mixer.block(tracks, outputs)):
            sounds[at].append(decoders[at].take(coded.payload))
    common, without_ada, all_others = (np.concatenate(one)[2 * BLOCK :] for one in sounds)
    for sound in (common, all_others):
        assert strength(sound, 400) == pytest.approx(0.3, abs=0.08)
        assert strength(sound, 900) == pytest.approx(0.3, abs=0.08)
    assert strength(without_ada, 400) < 0.01
    assert strength(without_ada, 900) == pytest.approx(0.3, abs=0.08)


def test_two_tracks_of_one_person_are_both_left_out():
    tracks = []
    for _ in range(2):
        buffer = MixBuffer()
        buffer.put(0, np.full(3 * BLOCK, 0.2, np.float32))
        tracks.append(Decoding("ada", buffer, None))
    (coded,) = Mixer().block(tracks, [MixOutput("ada")])
    assert (coded.payload, coded.level) == (None, 127)


def test_silence_is_not_sent():
    (coded,) = Mixer().block([], [MixOutput(None)])
    assert coded.payload is None


def test_who_does_not_speak_gets_what_was_encoded_for_all():
    mixer, outputs = Mixer(), [MixOutput(None), MixOutput("ada"), MixOutput("bob")]
    buffer = MixBuffer()
    speaking = [Decoding("ada", buffer, lambda: pieces("ada", 3))]
    while not (coded := mixer.block(speaking, outputs))[0].payload:
        speaking = [Decoding("ada", buffer, None)]
    common, ada, bob = coded
    assert bob is common
    assert ada is not common


def test_who_has_been_silent_for_a_second_shares_again():
    ada = MixOutput("ada")
    assert not ada.differs({})
    assert ada.differs({"ada": NOTHING})
    later = [ada.differs({}) for _ in range(OWN_BLOCKS)]
    assert later == [True] * (OWN_BLOCKS - 1) + [False]
