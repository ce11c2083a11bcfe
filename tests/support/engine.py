"""A media engine without media: it remembers what it was told and answers what the test sets."""

from collections.abc import Mapping, Sequence

from support.sound import Published

from media.errors import MediaError, NegotiationError
from media.types import (
    Answer,
    ConnectionListener,
    ConnectionSpec,
    ConnectionStats,
    Heard,
    ListenerStats,
    RoomListener,
    RoomTap,
    TileRequest,
    TrackSource,
    TransportInfo,
)
from media.video import VideoRoomTap

INFO = TransportInfo("192.0.2.1:5000", "host", "SRTP_AEAD_AES_256_GCM", 42.0)


class FakeEngine:
    """Satisfies `signaling.ports.MediaEngine`; an offer `bad` cannot be answered."""

    def __init__(self) -> None:
        self.specs: dict[str, ConnectionSpec] = {}
        self.listeners: dict[str, ConnectionListener] = {}
        self.heard_of: dict[str, Heard] = {}
        self.rooms: dict[str, RoomListener] = {}
        self.muted: dict[tuple[str, TrackSource], bool] = {}
        self.views: dict[str, Sequence[TileRequest]] = {}
        self.listeners: dict[str, tuple[ListenerStats, ...]] = {}
        self.candidates: list[tuple[str, str]] = []
        self.taps: list[tuple[str, RoomTap]] = []
        self.video_taps: list[tuple[str, VideoRoomTap]] = []
        self.published: dict[str, Published] = {}
        self.probes: list[str] = []
        self.figures: dict[str, ConnectionStats] = {}
        self.answer_now = Answer("v=0 answer", ())
        self.udp_port = 40000

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def open(self, spec: ConnectionSpec, listener: ConnectionListener) -> None:
        self.specs[spec.connection_id], self.listeners[spec.connection_id] = spec, listener

    async def answer(
        self, connection_id: str, offer_sdp: str, sources: Mapping[str, TrackSource]
    ) -> Answer:
        if connection_id not in self.specs:
            raise MediaError("unknown connection")
        if offer_sdp == "bad":
            raise NegotiationError("invalid_sdp", "the offer is not SDP")
        return self.answer_now

    async def add_candidate(self, connection_id: str, candidate: str) -> None:
        if candidate == "bad":
            raise NegotiationError("invalid_candidate", "the candidate cannot be read")
        self.candidates.append((connection_id, candidate))

    async def close(self, connection_id: str) -> None:
        self.specs.pop(connection_id, None)

    def heard(self, connection_id: str) -> Heard:
        return self.heard_of.get(connection_id, Heard(None, media=False))

    def probe(self, connection_id: str) -> None:
        self.probes.append(connection_id)

    def set_view(self, connection_id: str, tiles: Sequence[TileRequest]) -> None:
        self.views[connection_id] = tiles

    def set_listener_stats(self, connection_id: str, stats: Sequence[ListenerStats]) -> None:
        self.listeners[connection_id] = tuple(stats)

    def set_muted(self, connection_id: str, source: TrackSource, *, muted: bool) -> None:
        self.muted[connection_id, source] = muted

    def stats(self, connection_id: str) -> ConnectionStats:
        return self.figures.get(connection_id, ConnectionStats(0, 0, 0, 0, 0, None))

    def listen_room(self, room_id: str, listener: RoomListener | None) -> None:
        if listener is None:
            self.rooms.pop(room_id, None)
        else:
            self.rooms[room_id] = listener

    def add_tap(self, room_id: str, tap: RoomTap) -> None:
        self.taps.append((room_id, tap))

    def remove_tap(self, room_id: str, tap: RoomTap) -> None:
        self.taps.remove((room_id, tap))

    def add_video_tap(self, room_id: str, tap: VideoRoomTap) -> None:
        self.video_taps.append((room_id, tap))

    def remove_video_tap(self, room_id: str, tap: VideoRoomTap) -> None:
        if (room_id, tap) in self.video_taps:
            self.video_taps.remove((room_id, tap))

    def publish(self, spec: ConnectionSpec) -> Published:
        return self.published.setdefault(spec.connection_id, Published())

    def up(self, connection_id: str) -> None:
        self.listeners[connection_id].transport_up(connection_id, INFO)
