"""What is done by the clock: reports, quality, consent, and who speaks; spread over the second."""

import asyncio
from collections.abc import Callable, Mapping

from media.clock import Clock
from media.engine.peer import Peer
from media.plane.reports import Reports
from media.plane.room import Room
from media.quality.table import StreamTable

STEPS = 10  # of 100 ms: each serves a tenth of the connections
SPEAKER_STEPS = 3  # 300 ms: at most four times a second
LAG_SECONDS = 0.05  # a loop this late has no right to call a link bad
CONSENT_SECONDS = 5  # RFC 7675 section 5.1

SpeakersChanged = Callable[[str, tuple[str, ...]], None]


class Housekeeping:
    """Serves every connection once a second.

    Args:
        clock: Tells the time.
        reports: Sends RTCP.
        peers: The engine's, live.
        rooms: The engine's, live.

    Attributes:
        streams: Where every stream is judged.
    """

    def __init__(
        self,
        clock: Clock,
        reports: Reports,
        peers: Mapping[str, Peer],
        rooms: Mapping[str, Room],
    ) -> None:
        self.streams = StreamTable()
        self._clock = clock
        self._reports = reports
        self._peers = peers
        self._rooms = rooms
        self._served: dict[str, int] = {}  # connection -> its tenth of the second
        self._speakers: dict[str, tuple[str, ...]] = {}
        self._step = 0
        self._late = 0

    async def run(self, speakers_changed: SpeakersChanged) -> None:
        """Go on until cancelled."""
        while True:
            before = self._clock.monotonic()
            await asyncio.sleep(1 / STEPS)
            if self._clock.monotonic() - before > 1 / STEPS + LAG_SECONDS:
                self._late = STEPS + 1  # this step and the rest of everybody's second
            self.step(speakers_changed)

    def step(self, speakers_changed: SpeakersChanged) -> None:
        """Do the work of one tenth of a second."""
        self._step += 1
        self._late = max(0, self._late - 1)
        now_ns = self._clock.monotonic_ns()
        for peer in self._peers.values():
            if peer.connection.arrivals is not None:
                self._reports.tell_arrivals(peer.connection, now_ns)
        due = [peer for name, peer in self._peers.items() if self._is_due(name, peer)]
        for peer in due:
            self._serve(peer, now_ns)
        self.streams.tick()
        for peer in due:
            peer.quality.read()
            peer.tell_quality(now_ns / 1e9)
            peer.tell_picture()
        if self._step % SPEAKER_STEPS == 0:
            self._find_speakers(now_ns, speakers_changed)

    def forget(self, connection_id: str) -> None:
        """A connection is gone."""
        self._served.pop(connection_id, None)

    def forget_room(self, room_id: str) -> None:
        """A room is gone."""
        self._speakers.pop(room_id, None)

    def _is_due(self, name: str, peer: Peer) -> bool:
        tenth = self._served.setdefault(name, self._step % STEPS)
        return peer.attached and tenth == self._step % STEPS

    def _serve(self, peer: Peer, now_ns: int) -> None:
        self._reports.report(peer.connection, now_ns)
        peer.adaptation.tick(now_ns, server_limited=self._late > 0)
        peer.quality.put(peer.connection, now_ns, server_limited=self._late > 0)
        if self._step // STEPS % CONSENT_SECONDS == 0:
            peer.probe()

    def _find_speakers(self, now_ns: int, speakers_changed: SpeakersChanged) -> None:
        for room_id, room in self._rooms.items():
            before = self._speakers.get(room_id, ())
            if not room.voiced and not before:
                continue
            room.voiced = False
            speaking = room.speaking(now_ns)
            # The order among those behind the leader changes with every syllable: not worth a word.
            if set(speaking) != set(before) or speaking[:1] != before[:1]:
                self._speakers[room_id] = speaking
                speakers_changed(room_id, speaking)
