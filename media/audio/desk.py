"""Where programs meet the sound of rooms: beside the engine of the same process."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from media.audio.listen import Listening
from media.audio.port import Packets
from media.audio.voice import Voice
from media.clock import Clock
from media.rtp.opus import TICKS_PER_SECOND
from media.tasks import OnError
from media.types import ConnectionSpec

THREADS: Final = 2
"""Decode and encode for all programs; they let the event loop run while they are in the codec."""


class SoundDesk:
    """Listens to rooms and speaks in them.

    Args:
        packets: The engine.
        clock: The process's clock.
        on_error: Told of bugs.
    """

    def __init__(self, packets: Packets, clock: Clock, on_error: OnError) -> None:
        self._packets = packets
        self._clock = clock
        self._on_error = on_error
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sound")

    def listen(
        self,
        room_id: str,
        *,
        zero_ns: int,
        rate: int = TICKS_PER_SECOND,
        without: str | None = None,
    ) -> Listening:
        """Everybody's speech as numpy frames, from now on until it is closed.

        Args:
            room_id: Whom to hear.
            zero_ns: The session's start on the monotonic clock; frames count from it.
            rate: Samples per second, 48,000 or 16,000.
            without: A participant who is not heard.

        Raises:
            ValueError: Another rate.
            MediaError: Packets stay in media workers.
        """
        return Listening(
            self._packets,
            room_id,
            zero_ns=zero_ns,
            rate=rate,
            threads=self._threads,
            clock=self._clock,
            on_error=self._on_error,
            without=without,
        )

    def speak(self, spec: ConnectionSpec) -> Voice:
        """A voice in a room.

        Args:
            spec: Who speaks where; its connection exists for this voice alone.

        Raises:
            MediaError: The connection's id is taken, or packets stay in media workers.
        """
        publication = self._packets.publish(spec)
        return Voice(publication, self._threads, self._clock, self._on_error)

    def close(self) -> None:
        """Let the threads go; what they do now is finished first."""
        self._threads.shutdown(wait=False)
