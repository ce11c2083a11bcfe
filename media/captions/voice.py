"""Whether somebody speaks: WebRTC's voice detector, which PocketSphinx brings along."""

from collections.abc import Callable

from pocketsphinx import Vad

from media.captions.segmenter import FRAME_SECONDS
from media.captions.speech import SAMPLE_RATE


def voice_detector() -> Callable[[bytes], bool]:
    """A detector with a memory of its own, in its most willing mode; 0.08 ms a second of sound."""
    detector = Vad(Vad.LOOSE, SAMPLE_RATE, FRAME_SECONDS)

    def has_voice(pcm: bytes) -> bool:
        return bool(detector.is_speech(pcm))

    return has_voice
