import numpy as np
from support.speech import needs_espeak, script

from media.captions.segmenter import FRAME
from media.captions.voice import voice_detector


@needs_espeak
def test_a_voice_is_told_from_silence():
    has_voice = voice_detector()
    pcm = (script((1.0, "the weather is nice today"), rate=16_000) * 32767).astype(np.int16)
    frames = [pcm[at : at + FRAME].tobytes() for at in range(0, len(pcm) - FRAME, FRAME)]
    voiced = [has_voice(frame) for frame in frames]
    assert not any(voiced[:30])
    assert sum(voiced[36:80]) > 35
