"""Connection quality over time: sampled every second, kept in batches, folded as it gets older."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from media.clock import Clock
from media.tasks import OnError
from server.config import StorageSettings
from server.observability.quality import QualityMetrics
from server.services.quality_history import Series, series_of
from server.services.quality_now import (
    CONNECTION,
    ConnectionNow,
    Counters,
    began,
    hints,
    opinion,
)
from server.services.quality_points import POINTS, Chunk, Point, rolled
from server.services.quality_recent import Recent, RecentQuality
from server.services.quality_stream import QualityStream
from server.services.tracker import Tracker
from server.storage.quality import QualityChunk, QualityStore
from signaling.connection import LiveConnection
from signaling.model import Connection, ConnectionState
from signaling.ports import MediaEngine

if TYPE_CHECKING:
    from signaling.hub import LiveSessions

EVERY_SECONDS = 1.0
WRITE_TICKS = 10
"""A crash costs this many seconds of samples."""
ROLL_TICKS = 60
METRICS_TICKS = 5
FINE_SECONDS = 600
"""Single seconds are kept this long, at least."""
MIDDLE_SECONDS = 86_400
"""Then tens of seconds, for a day; then minutes."""
MOST_WAITING = 20_000  # chunks for a database that does not answer: about 30 MB
ROLL_LIMIT = 2000  # chunks folded in one go
_Key = tuple[str, str, str, str]  # session, participant, connection, stream


class QualityService:
    """Samples every live connection.

    Args:
        store: Where samples are kept.
        tracker: Knows the live connections.
        engine: Measures them.
        live: Knows what clients say of themselves.
        clock: Tells the time.
        metrics: Histograms without names.
        on_error: Told when a write fails; it is tried again.
        settings: How long samples are kept.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (the composition root hands in one thing of each kind)
        self,
        store: QualityStore,
        tracker: Tracker,
        engine: MediaEngine,
        live: "LiveSessions",
        clock: Clock,
        metrics: QualityMetrics,
        on_error: OnError,
        settings: StorageSettings,
    ) -> None:
        self._store = store
        self._tracker = tracker
        self._engine = engine
        self._live = live
        self._clock = clock
        self._metrics = metrics
        self._days = settings.quality_days
        self._on_error = on_error
        self._ticks = 0
        self._minute = 0
        self._open: dict[_Key, Chunk] = {}
        self._dirty: set[_Key] = set()
        self._waiting: dict[tuple[_Key, int], Chunk] = {}
        self._counters: dict[str, Counters] = {}
        self._now: dict[str, ConnectionNow] = {}
        self._streams: dict[QualityStream, str] = {}
        self._recent = RecentQuality()
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            self.sample()
            try:
                if self._ticks % WRITE_TICKS == 0:
                    await self.flush()
                if self._ticks % ROLL_TICKS == 0:
                    await self.roll()
            except Exception as error:  # noqa: BLE001  (reported, and tried again: samples stay)
                self._on_error("quality samples", error)

    async def stop(self) -> None:
        """End every stream and keep what was sampled.

        Raises:
            Exception: The database's.
        """
        for stream in list(self._streams):
            stream.close()
        await self.flush()

    # now

    def sample(self) -> None:
        """Look at every live connection once."""
        self._ticks += 1
        at = self._clock.utc()
        self._turn(int(at.timestamp()) // POINTS)
        found = {now.connection_id: now for now in self._look(at)}
        self._now = found
        for name in [name for name in self._counters if name not in found]:
            del self._counters[name]
        second = int(at.timestamp()) % POINTS
        for now in found.values():
            self._put(now, second)
        self._metrics.labels(now.reading.label for now in found.values())
        if self._ticks % METRICS_TICKS == 0:
            self._metrics.observe(found.values())
        self._recent.second(found.values())
        self._publish(found.values())

    def current(self, session_id: str) -> list[ConnectionNow]:
        """Every connection of a session that is judged now."""
        return [now for now in self._now.values() if now.session_id == session_id]

    def recent(self, session_id: str) -> Recent | None:
        """What a live session was like in the last minute."""
        return self._recent.of(session_id)

    def subscribe(self, session_id: str) -> QualityStream:
        """What the session's connections are like, every second from now on."""
        stream = QualityStream(lambda one: self._streams.pop(one, None))
        self._streams[stream] = session_id
        return stream

    async def history(
        self,
        session_id: str,
        *,
        start: int,
        end: int,
        step: int,
        participant_id: str | None = None,
    ) -> list[Series]:
        """What a session's streams were like.

        Args:
            session_id: Which.
            start: Seconds since 1970.
            end: Seconds since 1970, not included.
            step: Seconds between points; old samples may be farther apart.
            participant_id: Only this one's.

        Raises:
            Exception: The database's.
        """
        await self.flush()
        chunks = await self._store.list_quality(
            session_id, start=start, end=end, participant_id=participant_id
        )
        return await asyncio.to_thread(series_of, chunks, start, end, step)

    @property
    def readers(self) -> int:
        """Streams that are open."""
        return len(self._streams)

    def _look(self, at: datetime) -> Iterator[ConnectionNow]:
        clients = self._clients()
        for live in self._tracker.live():
            for mine in live.connections.values():
                for connection in mine.values():
                    now = self._sampled(connection, clients.get(connection.id), at)
                    if now is not None:
                        yield now

    def _sampled(
        self, connection: Connection, client: LiveConnection | None, at: datetime
    ) -> ConnectionNow | None:
        if connection.state not in (ConnectionState.CONNECTED, ConnectionState.DISCONNECTED):
            return None
        stats = self._engine.stats(connection.id)
        reading = stats.reading
        if reading is None:
            return None
        counters = self._counters.setdefault(connection.id, Counters())
        self._metrics.limited(counters.limited(stats))
        return ConnectionNow(
            connection.session_id,
            connection.participant_id,
            connection.id,
            at,
            began(reading, at),
            reading,
            opinion(reading.score),
            counters.connection(stats, reading, at),
            counters.streams(stats),
            hints(client.details.get("path"), client.client_stats) if client else (),
        )

    def _clients(self) -> dict[str, LiveConnection]:
        return {one.id: one for session in self._live.sessions() for one in session.connections()}

    def _publish(self, found: Iterable[ConnectionNow]) -> None:
        if not self._streams:
            return
        by_session: dict[str, list[ConnectionNow]] = {}
        for now in found:
            by_session.setdefault(now.session_id, []).append(now)
        for stream, session_id in list(self._streams.items()):
            if session_id in by_session:
                stream.offer(tuple(by_session[session_id]))
            elif self._tracker.session(session_id) is None:
                stream.close()

    # keeping

    def _put(self, now: ConnectionNow, second: int) -> None:
        self._add(now, CONNECTION, now.point, second)
        for stream in now.streams:
            self._add(now, stream.name, stream.point, second)

    def _add(self, now: ConnectionNow, stream: str, point: Point, second: int) -> None:
        key = (now.session_id, now.participant_id, now.connection_id, stream)
        self._open.setdefault(key, Chunk()).put(second, point)
        self._dirty.add(key)

    def _turn(self, minute: int) -> None:
        """Close the chunks of a minute that is over."""
        if minute == self._minute:
            return
        for key in self._dirty:
            self._waiting[key, self._minute] = self._open[key]
        self._open.clear()
        self._dirty.clear()
        self._minute = minute
        while len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]

    async def flush(self) -> None:
        """Keep everything sampled so far.

        Raises:
            Exception: The database's; the samples stay queued.
        """
        async with self._writing:
            waiting = dict(self._waiting)
            dirty = {(key, self._minute): self._open[key] for key in self._dirty}
            batch = [
                QualityChunk(*key, 1, minute * POINTS, chunk.encoded())
                for (key, minute), chunk in (waiting | dirty).items()
            ]
            if not batch:
                return
            self._dirty.clear()
            try:
                await self._store.save_quality(batch)
            except BaseException:
                self._keep_for_later(dirty)
                raise
            for each in waiting:
                self._waiting.pop(each, None)

    def _keep_for_later(self, chunks: Mapping[tuple[_Key, int], Chunk]) -> None:
        for (key, minute), chunk in chunks.items():
            if minute == self._minute:
                self._dirty.add(key)
            else:
                self._waiting[key, minute] = chunk

    async def roll(self) -> None:
        """Fold what has become old and drop what is too old.

        Raises:
            Exception: The database's; nothing is lost, the next call goes on.
        """
        now = int(self._clock.utc().timestamp())
        await self._fold(1, 10, now - FINE_SECONDS)
        await self._fold(10, 60, now - MIDDLE_SECONDS)
        _ = await self._store.prune_quality(now - self._days * 86_400)

    async def _fold(self, fine: int, coarse: int, before: int) -> None:
        span = coarse * POINTS
        before -= before % span  # only whole coarse chunks, so that none is folded twice
        while chunks := await self._store.old_quality(fine, before, ROLL_LIMIT):
            if len(chunks) == ROLL_LIMIT:
                chunks = _whole_groups(chunks, span)
            folded = await asyncio.to_thread(_folded, chunks, fine, coarse)
            await self._store.save_quality(folded, instead=chunks)


def _whole_groups(chunks: list[QualityChunk], span: int) -> list[QualityChunk]:
    """Without those at the end that may have brothers beyond the limit."""
    last = chunks[-1]
    return [
        one
        for one in chunks
        if (one.connection_id, one.stream, one.start // span)
        != (last.connection_id, last.stream, last.start // span)
    ]


def _folded(chunks: list[QualityChunk], fine: int, coarse: int) -> list[QualityChunk]:
    """Chunks of a fine step as chunks of a coarse one."""
    groups: dict[tuple[_Key, int], list[tuple[int, bytes]]] = {}
    for one in chunks:
        key = (one.session_id, one.participant_id, one.connection_id, one.stream)
        start = one.start - one.start % (coarse * POINTS)
        groups.setdefault((key, start), []).append((one.start, one.data))
    return [
        QualityChunk(*key, coarse, start, rolled(parts, start=start, fine=fine, coarse=coarse))
        for (key, start), parts in groups.items()
    ]
