"""Fills the gauges that nobody feeds by himself, once a second, and measures the loop's lag."""

import asyncio
from dataclasses import asdict

from media.clock import Clock
from server.observability.metrics import Metrics
from server.services.live_view import present
from server.services.recordings import RecordingsService
from server.services.tracker import Tracker
from server.services.transcripts import TranscriptsService
from signaling.model import ConnectionState, SessionState
from signaling.ports import MediaEngine

EVERY_SECONDS = 1.0


class Gauges:
    """Reads the process's parts into `Metrics`.

    Args:
        metrics: Where figures go.
        tracker: Sessions, people, connections.
        recordings: How many are under way.
        engine: Packet counters.
        transcripts: What became of what was said.
        clock: Measures the lag.
    """

    def __init__(
        self,
        metrics: Metrics,
        tracker: Tracker,
        recordings: RecordingsService,
        engine: MediaEngine,
        transcripts: TranscriptsService,
        clock: Clock,
    ) -> None:
        self._metrics = metrics
        self._tracker = tracker
        self._recordings = recordings
        self._engine = engine
        self._transcripts = transcripts
        self._clock = clock

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            before = self._clock.monotonic()
            await asyncio.sleep(EVERY_SECONDS)
            self._metrics.loop_lag.set(max(0.0, self._clock.monotonic() - before - EVERY_SECONDS))
            self.sample()

    def sample(self) -> None:
        """Read everything once."""
        states = dict.fromkeys(ConnectionState, 0)
        received = sent = people = 0
        for live in self._tracker.live():
            people += present(live)
            for mine in live.connections.values():
                for connection in mine.values():
                    states[connection.state] += 1
                    if not connection.state.final:
                        stats = self._engine.stats(connection.id)
                        received += stats.packets_received
                        sent += stats.packets_sent
        for state, count in states.items():
            self._metrics.connections.labels(state.value).set(count)
        for session_state, count in self._tracker.counts().items():
            if session_state is not SessionState.ENDED:
                self._metrics.sessions.labels(session_state.value).set(count)
        self._metrics.participants.set(people)
        self._metrics.packets.labels("received").set(received)
        self._metrics.packets.labels("sent").set(sent)
        self._metrics.recordings.set(self._recordings.active)
        uploads = self._recordings.uploads
        self._metrics.uploads_waiting.set(uploads.waiting)
        for name, value in asdict(uploads.figures).items():
            self._metrics.uploads.labels(name).set(value)
        self._metrics.captions.set(
            self._transcripts.running, self._transcripts.captioners.figures()
        )
        self._metrics.queue.set(self._tracker.backlog)
