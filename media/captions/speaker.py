"""One speaker's captions: sound in, utterances to the desk, text to the listener."""

from collections.abc import Callable
from typing import Final

import numpy as np
import uuid6

from media.captions.desk import Desk, Job
from media.captions.port import Caption, CaptionListener, CaptionSpec
from media.captions.segmenter import FRAME, Pcm, Segmenter, Utterance
from media.captions.speech import SAMPLE_RATE, Result, Word

FIRST_PARTIAL_SECONDS: Final = 1.5
PARTIAL_GROWTH: Final = 2.0
"""Each partial covers twice the sound of the one before: all together cost at most as much as the
final one, however long somebody speaks."""


class SpeakerCaptions:
    """The captions of one audio track.

    Args:
        spec: Of the room.
        participant_id: Whose.
        connection_id: Which track of theirs.
        name: As they are called now.
        desk: Where utterances go.
        listener: Told of captions.
        has_voice: Whether 30 ms of PCM have voice; with a memory of its own for this speaker.
        engine: The engine's name.
    """

    def __init__(  # noqa: PLR0913  (what one speaker is)
        self,
        spec: CaptionSpec,
        *,
        participant_id: str,
        connection_id: str,
        name: str,
        desk: Desk,
        listener: CaptionListener,
        has_voice: Callable[[bytes], bool],
        engine: str,
    ) -> None:
        self._spec = spec
        self._participant_id = participant_id
        self._connection_id = connection_id
        self._name = name
        self._desk = desk
        self._listener = listener
        self._engine = engine
        self._segmenter = Segmenter(has_voice)
        self._rest: Pcm = np.zeros(0, np.int16)
        self._id = ""
        self._next_partial = FIRST_PARTIAL_SECONDS
        self.pending = 0
        self._waiting: dict[str, Utterance] = {}  # finished ones, by caption

    def take(self, pcm: Pcm, at: float) -> None:
        """Take a piece of sound.

        Args:
            pcm: 16 kHz mono.
            at: Seconds from the session's start at which it begins.
        """
        at -= len(self._rest) / SAMPLE_RATE
        pcm = np.concatenate([self._rest, pcm])
        whole = len(pcm) // FRAME * FRAME
        self._rest = pcm[whole:]
        for place in range(0, whole, FRAME):
            frame = pcm[place : place + FRAME]
            self._finish(self._segmenter.take(frame, at + place / SAMPLE_RATE))
        self._tell_so_far()

    def pause(self) -> None:
        """Nothing comes for now: what is open has ended."""
        self._rest = self._rest[:0]
        self._finish(self._segmenter.flush())

    def give_up(self) -> None:
        """Nobody waits for the engine any more: what it has not done is left to the recording."""
        waiting, self._waiting = self._waiting, {}
        for caption_id, one in waiting.items():
            self._desk.counters.deferred += 1
            self._listener.caption_deferred(self._spec.room_id, caption_id, one.start, one.end)

    def _finish(self, utterances: list[Utterance]) -> None:
        for utterance in utterances:
            self._submit(utterance)
            self._id = ""
            self._next_partial = FIRST_PARTIAL_SECONDS
        if self._id and not self._segmenter.speaking:  # what was shown was too quiet to count
            self._listener.caption_made(self._spec.room_id, self._caption(self._id, 0.0, 0.0))
            self._id = ""
            self._next_partial = FIRST_PARTIAL_SECONDS

    def _tell_so_far(self) -> None:
        if not self._segmenter.speaking or not self._desk.idle:
            return
        so_far = self._segmenter.so_far()
        if so_far is None or so_far.seconds < self._next_partial:
            return
        self._next_partial = so_far.seconds * PARTIAL_GROWTH
        self._submit(so_far)

    def _submit(self, utterance: Utterance) -> None:
        caption_id = self._id = self._id or str(uuid6.uuid7())

        def done(result: Result | None) -> None:
            self.pending -= 1
            if utterance.final and self._waiting.pop(caption_id, None) is None:
                return  # it was given up
            self._done(caption_id, utterance, result)

        job = Job(self._connection_id, utterance, self._spec.language, (), done)
        if self._desk.submit(job):
            self.pending += 1
            if utterance.final:
                self._waiting[caption_id] = utterance
        elif utterance.final:
            self._listener.caption_deferred(
                self._spec.room_id, caption_id, utterance.start, utterance.end
            )

    def _done(self, caption_id: str, utterance: Utterance, result: Result | None) -> None:
        if not utterance.final and (result is None or caption_id != self._id):
            return  # the final one is on its way, or there is nothing to show
        if result is None:
            self._listener.caption_deferred(
                self._spec.room_id, caption_id, utterance.start, utterance.end
            )
            return
        caption = self._caption(
            caption_id, utterance.start, utterance.end, result, final=utterance.final
        )
        self._listener.caption_made(self._spec.room_id, caption)

    def _caption(
        self,
        caption_id: str,
        start: float,
        end: float,
        result: Result | None = None,
        *,
        final: bool = True,
    ) -> Caption:
        words = () if result is None else placed(result.words, start)
        return Caption(
            id=caption_id,
            participant_id=self._participant_id,
            connection_id=self._connection_id,
            name=self._name,
            start=round(words[0].start if words else start, 3),
            end=round(words[-1].end if words else end, 3),
            text="" if result is None else result.text,
            language=self._spec.language if result is None else result.language,
            engine=self._engine,
            words=words,
            confidence=None if result is None else result.confidence,
            final=final,
        )


def placed(words: tuple[Word, ...], start: float) -> tuple[Word, ...]:
    """Words of an utterance on the clock that its start is on."""
    return tuple(
        Word(word.text, round(start + word.start, 3), round(start + word.end, 3), word.confidence)
        for word in words
    )
