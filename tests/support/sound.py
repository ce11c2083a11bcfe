"""An engine as programs' sound sees it, without packets on any wire."""

from media.errors import MediaError
from media.types import ConnectionSpec, RoomTap


class Published:
    """Remembers what a voice sends."""

    def __init__(self) -> None:
        self.packets: list[tuple[bytes, int, int]] = []
        self.closed = False

    def send(self, payload: bytes, timestamp: int, level: int) -> None:
        self.packets.append((payload, timestamp, level))

    def close(self) -> None:
        self.closed = True


class FakePackets:
    """Remembers who listens to which room and who publishes.

    Attributes:
        remote: Refuse, as with media workers.
    """

    def __init__(self) -> None:
        self.remote = False
        self.taps: dict[str, RoomTap] = {}
        self.published: dict[str, Published] = {}

    def add_tap(self, room_id: str, tap: RoomTap) -> None:
        self._refuse()
        self.taps[room_id] = tap

    def remove_tap(self, room_id: str, tap: RoomTap) -> None:
        assert self.taps.pop(room_id) is tap

    def publish(self, spec: ConnectionSpec) -> Published:
        self._refuse()
        return self.published.setdefault(spec.connection_id, Published())

    def _refuse(self) -> None:
        if self.remote:
            raise MediaError("packets are elsewhere")
