"""Voices for tests: espeak-ng's, as microphones of real clients, and how well they were heard."""

import asyncio
import fractions
import functools
import io
import shutil
import subprocess
import time
import wave

import numpy as np
import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")

PHRASES = (
    "please call me tomorrow at ten thirty",
    "the meeting is over",
    "what time is it",
    "the weather is nice today",
    "the price is twenty five dollars",
    "we have to wait for the manager",
    "how are you doing today",
)
"""What the embedded engine understands best."""
VOICE = "en-us+f2"
FRAME = 960


@functools.cache
def spoken(text: str, rate: int = 48_000) -> np.ndarray:
    """A phrase as samples from -1 to 1."""
    command = ["espeak-ng", "-v", VOICE, "-s", "150", "--stdout", text]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(made)) as file:
        samples = np.frombuffer(file.readframes(1 << 30), np.int16).astype(np.float64) / 32768
        count = int(len(samples) * rate / file.getframerate())
        at = np.arange(count) * file.getframerate() / rate
    return np.interp(at, np.arange(len(samples)), samples).astype(np.float32)


def script(*turns: tuple[float, str], rate: int = 48_000) -> np.ndarray:
    """Samples in which phrases begin at given seconds, with a second of silence at the end."""
    end = max(at + len(spoken(text, rate)) / rate for at, text in turns) + 1
    sound = np.zeros(int(end * rate), np.float32)
    for at, text in turns:
        first = int(at * rate)
        voice = spoken(text, rate)
        sound[first : first + len(voice)] += voice
    return sound


class VoiceTrack(MediaStreamTrack):
    """A microphone that hears a script once, then silence.

    Attributes:
        began: Monotonic seconds of its first sample; None before it.
    """

    kind = "audio"

    def __init__(self, sound: np.ndarray) -> None:
        super().__init__()
        self.began: float | None = None
        self._sound = (sound * 32767).astype(np.int16)
        self._sample = 0

    @property
    def finished(self) -> bool:
        return self._sample >= len(self._sound)

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        if self.began is None:
            self.began = time.monotonic()
        await asyncio.sleep(self.began + self._sample / 48_000 - time.monotonic())
        piece = self._sound[self._sample : self._sample + FRAME]
        piece = np.pad(piece, (0, FRAME - len(piece)))
        frame = AudioFrame.from_ndarray(piece.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = 48_000
        frame.pts = self._sample
        frame.time_base = fractions.Fraction(1, 48_000)
        self._sample += FRAME
        return frame


def word_errors(said: str, heard: str) -> int:
    """Words to insert, drop or replace to make one of the other (Levenshtein)."""
    a, b = said.split(), heard.split()
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]
