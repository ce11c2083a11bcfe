"""What Python programs in sessions write against: everybody's speech in, a voice of their own out.

A program is an `async def` with one parameter, named by the setting `media.programs`.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import numpy.typing as npt

from media.audio.desk import SoundDesk
from media.audio.listen import Listening
from media.audio.voice import Voice
from media.clock import Clock
from signaling.hub import LiveSessions
from signaling.model import Meeting, Participant, Role

RATE = 48_000


class SessionAudio:
    """What a program is given, once for each session. Every call is on the event loop.

    The program takes its seat, visible to everybody under its name, when it first listens or
    speaks; one that does neither is not there.

    Attributes:
        meeting: The meeting, as it was when the session began.
        session_id: The session.
        name: The program's, as others see it.
    """

    def __init__(  # noqa: PLR0913  (made by `Programs` alone)
        self,
        meeting: Meeting,
        session_id: str,
        name: str,
        zero_ns: int,
        *,
        live: LiveSessions,
        desk: SoundDesk,
        clock: Clock,
    ) -> None:
        self.meeting = meeting
        self.session_id = session_id
        self.name = name
        self._zero_ns = zero_ns
        self._live = live
        self._desk = desk
        self._clock = clock
        self._seat: Participant | None = None
        self._listenings: list[Listening] = []
        self._voice: Voice | None = None

    @property
    def participant_id(self) -> str:
        """The program's own, in the roster.

        Raises:
            Refused: `no_active_session`: the session is over.
        """
        if self._seat is None:
            self._seat = self._live.admit_bot(self.meeting.id, self.name, Role.PARTICIPANT)
        return self._seat.id

    @property
    def elapsed(self) -> float:
        """Seconds since the session's start: the clock that frames are on."""
        return (self._clock.monotonic_ns() - self._zero_ns) / 1e9

    def speakers(self, *, rate: int = RATE) -> Listening:
        """Everybody's speech but the program's own, as `media.audio.frames.Frame`s.

        `async for frame in session.speakers():` goes on until the session ends; `async with` stops
        it earlier.

        Args:
            rate: Samples per second, 48,000 or 16,000.

        Raises:
            ValueError: Another rate.
            Refused: `no_active_session`: the session is over.
        """
        listening = self._desk.listen(
            self.session_id, zero_ns=self._zero_ns, rate=rate, without=self.participant_id
        )
        self._listenings = [*(one for one in self._listenings if not one.closed), listening]
        return listening

    async def say(self, samples: npt.ArrayLike, *, rate: int = RATE) -> None:
        """Say a piece of sound after what was said before; see `media.audio.voice.Voice.say`.

        Raises:
            ValueError: Not mono sound.
            Refused: `no_active_session` or `participant_not_found`: the session is over.
        """
        await self._mouth().say(samples, rate=rate)

    def hush(self) -> None:
        """Fall silent at once; what waits to be said is forgotten."""
        if self._voice is not None:
            self._voice.hush()

    async def said(self) -> None:
        """Wait until everything has been said."""
        if self._voice is not None:
            await self._voice.said()

    def is_seat(self, participant_id: str) -> bool:
        """Whether this is the program."""
        return self._seat is not None and self._seat.id == participant_id

    async def close(self) -> None:
        """Stop listening and speaking, and stand up. Idempotent."""
        for listening in self._listenings:
            await listening.aclose()
        if self._voice is not None:
            await self._voice.aclose()
        if self._seat is not None:
            self._live.dismiss_bot(self._seat)

    def _mouth(self) -> Voice:
        if self._voice is None:
            _ = self.participant_id
            assert self._seat is not None  # noqa: S101  (taken by the line before)
            self._voice = self._desk.speak(self._live.give_microphone(self._seat))
        return self._voice


ProgramFunction: TypeAlias = Callable[[SessionAudio], Awaitable[None]]
"""A program: called once for each session, cancelled when it ends."""
