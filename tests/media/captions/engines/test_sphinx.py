from types import SimpleNamespace

import numpy as np
from support.speech import needs_espeak, script, word_errors

from media.captions.engines.sphinx import _words, load
from media.captions.speech import EngineSpec, Word

TEXT = "please call me tomorrow at ten thirty"


@needs_espeak
def test_a_clear_voice_is_understood_with_word_times():
    pcm = (script((0.5, TEXT), rate=16_000) * 32767).astype(np.int16).tobytes()
    engine = load(EngineSpec("pocketsphinx"))
    result = engine.transcribe(pcm, "en", ())
    assert word_errors(TEXT, result.text) <= 2
    assert abs(result.words[0].start - 0.55) < 0.2
    assert all(one.confidence is None for one in result.words)
    assert not any(set("<>[]()+") & set(one.text) for one in result.words)


def test_noise_and_silence_are_no_words_and_variants_lose_their_number():
    decoded = [
        SimpleNamespace(word=word, start_frame=at * 10, end_frame=at * 10 + 9)
        for at, word in enumerate(("<s>", "[NOISE]", "++BREATH++", "the(2)", "<sil>", "</s>"))
    ]
    assert list(_words(decoded)) == [Word("the", 0.3, 0.4)]
