"""Captions beside the engine of the same process: the adapter of `media.captions.port`."""

import asyncio
from typing import Final

from media.captions.desk import Desk
from media.captions.hear import TrackHearing
from media.captions.port import (
    CaptionFigures,
    CaptionListener,
    CaptionSpec,
    RunningCaptions,
)
from media.captions.process import ProcessTranscriber
from media.captions.speaker import SpeakerCaptions
from media.captions.speech import EngineSpec
from media.captions.voice import voice_detector
from media.clock import Clock
from media.tasks import OnError, TaskScope
from media.types import MediaKind, Taps, TrackSource, TrackTap

EVERY_SECONDS: Final = 0.2
"""A batch of ten packets a speaker: one hop to the decoding thread for all of them."""
QUIET_SECONDS: Final = 0.6
"""No sound for so long ends an utterance, where silence is not sent."""
DRAIN_SECONDS: Final = 10.0
"""What was said last is waited for so long when captions stop."""
SPEAKERS: Final = 256
"""Tracks of one room that are heard at the same time."""


class LocalCaptioners:
    """Captions rooms of an engine in this process; speech engines have processes of their own.

    Args:
        taps: The engine.
        spec: Which speech engine.
        workers: Its processes.
        places: Finished utterances that may wait for them.
        clock: The process's clock.
        on_error: Told of bugs.
    """

    def __init__(
        self,
        taps: Taps,
        spec: EngineSpec,
        *,
        workers: int,
        places: int,
        clock: Clock,
        on_error: OnError,
    ) -> None:
        self._taps = taps
        self._spec = spec
        self._workers = workers
        self._places = places
        self._clock = clock
        self._on_error = on_error
        self._transcribers: tuple[ProcessTranscriber, ...] = ()
        self._desk: Desk | None = None
        self._starting = asyncio.Lock()
        self._rooms: set[_RoomCaptions] = set()

    async def caption(self, spec: CaptionSpec, listener: CaptionListener) -> RunningCaptions:
        """Caption every audio track of a room from now on; the first starts the speech engine.

        Raises:
            TranscriberUnavailableError: The speech engine cannot run.
        """
        async with self._starting:
            desk = self._desk or await self._started()
        room = _RoomCaptions(self, desk, spec, listener)
        self._rooms.add(room)
        room.begin(self._on_error)
        return room

    def forget(self, room: "_RoomCaptions") -> None:
        """It was stopped."""
        self._rooms.discard(room)

    async def _started(self) -> Desk:
        self._transcribers = tuple(ProcessTranscriber(self._spec) for _ in range(self._workers))
        desk = Desk(self._transcribers, self._places, self._on_error)
        await desk.start()
        self._desk = desk
        return desk

    def figures(self) -> CaptionFigures:
        """What became of utterances so far."""
        if self._desk is None:
            return CaptionFigures()
        counters = self._desk.counters
        return CaptionFigures(
            ready=any(one.pid is not None for one in self._transcribers),
            transcribed=counters.transcribed,
            failed=counters.failed,
            deferred=counters.deferred,
            partials_dropped=counters.partials_dropped,
            seconds=counters.seconds,
            waiting=self._desk.waiting,
            restarts=sum(one.restarts for one in self._transcribers),
            decoders=sum(room.decoders for room in self._rooms),
        )

    async def close(self) -> None:
        """End the speech engine."""
        if self._desk is not None:
            await self._desk.close()

    @property
    def taps(self) -> Taps:
        """The engine."""
        return self._taps

    @property
    def engine(self) -> str:
        """The speech engine's name."""
        return self._spec.name

    @property
    def clock(self) -> Clock:
        """The process's clock."""
        return self._clock


class _Heard:
    """A track with its captions."""

    def __init__(self, hearing: TrackHearing, captions: SpeakerCaptions) -> None:
        self.hearing = hearing
        self.captions = captions
        self.heard_at: float | None = None
        self.ended = False


class _RoomCaptions:
    """The captions of one room until they are stopped."""

    def __init__(
        self, home: LocalCaptioners, desk: Desk, spec: CaptionSpec, listener: CaptionListener
    ) -> None:
        self._home = home
        self._desk = desk
        self._spec = spec
        self._listener = listener
        self._tracks: list[_Heard] = []
        self._scope: TaskScope | None = None
        self._stopping = asyncio.Event()

    @property
    def decoders(self) -> int:
        """Tracks that somebody has spoken on."""
        return sum(track.hearing.decodes for track in self._tracks)

    def begin(self, on_error: OnError) -> None:
        """Hear the room from now on."""
        self._scope = TaskScope(on_error)
        self._home.taps.add_tap(self._spec.room_id, self)
        _ = self._scope.spawn(self._hear(), name=f"captions of {self._spec.room_id}")

    def open_track(
        self, participant_id: str, label: str, source: TrackSource, connection_id: str, ssrc: int
    ) -> TrackTap | None:
        """Hear an audio track that appeared."""
        del ssrc
        if source.kind is not MediaKind.AUDIO or len(self._tracks) >= SPEAKERS:
            return None
        captions = SpeakerCaptions(
            self._spec,
            participant_id=participant_id,
            connection_id=connection_id,
            name=label,
            desk=self._desk,
            listener=self._listener,
            has_voice=voice_detector(),
            engine=self._home.engine,
        )
        heard: _Heard

        def closed() -> None:
            heard.ended = True

        heard = _Heard(TrackHearing(participant_id, connection_id, label, closed), captions)
        self._tracks.append(heard)
        return heard.hearing

    async def stop(self) -> None:
        """Finish what is being said, wait for its text for a bounded time, and stop."""
        if self._scope is None or self._stopping.is_set():
            return
        self._stopping.set()
        self._home.taps.remove_tap(self._spec.room_id, self)
        try:
            await self._scope.drain(DRAIN_SECONDS)
            await self._scope.close()
        finally:
            for track in self._tracks:
                track.captions.give_up()
            self._home.forget(self)

    async def _hear(self) -> None:
        while not self._stopping.is_set():
            await asyncio.sleep(EVERY_SECONDS)
            await self._hear_once()
        await self._hear_once()
        for track in self._tracks:
            track.captions.pause()
        for _ in range(round(DRAIN_SECONDS / EVERY_SECONDS)):
            if not any(track.captions.pending for track in self._tracks):
                return
            await asyncio.sleep(EVERY_SECONDS)

    async def _hear_once(self) -> None:
        tracks = list(self._tracks)
        speaking = [track for track in tracks if track.hearing.waiting]
        if speaking:
            sounds = await asyncio.to_thread(lambda: [track.hearing.decode() for track in speaking])
            for track, pieces in zip(speaking, sounds, strict=True):
                for at_ns, pcm in pieces:
                    track.captions.take(pcm, (at_ns - self._spec.zero_ns) / 1e9)
        now = self._home.clock.monotonic()
        for track in tracks:
            if track in speaking:
                track.heard_at = now
            elif track.heard_at is not None and now - track.heard_at > QUIET_SECONDS:
                track.heard_at = None
                track.captions.pause()
            if track.ended and track not in speaking:
                track.captions.pause()
                if not track.captions.pending:
                    self._tracks.remove(track)
