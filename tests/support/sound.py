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


class Mixed(Published):
    """A mix and who hears it."""

    def __init__(self, every: "list[Mixed]") -> None:
        super().__init__()
        self.given: set[str] = set()
        self._every = every

    def give(self, connection_id: str) -> None:
        for other in self._every:
            other.given.discard(connection_id)
        self.given.add(connection_id)


class FakePackets:
    """Remembers who listens to which room and who publishes.

    Attributes:
        mixes: Every mix, oldest first.
        remote: Refuse, as with media workers.
    """

    def __init__(self) -> None:
        self.remote = False
        self.taps: dict[str, RoomTap] = {}
        self.published: dict[str, Published] = {}
        self.mixes: list[Mixed] = []

    def add_tap(self, room_id: str, tap: RoomTap) -> None:
        self._refuse()
        self.taps[room_id] = tap

    def remove_tap(self, room_id: str, tap: RoomTap) -> None:
        assert self.taps.pop(room_id) is tap

    def publish(self, spec: ConnectionSpec) -> Published:
        self._refuse()
        return self.published.setdefault(spec.connection_id, Published())

    def mix(self, room_id: str) -> Mixed:
        self.mixes.append(Mixed(self.mixes))
        return self.mixes[-1]

    def _refuse(self) -> None:
        if self.remote:
            raise MediaError("packets are elsewhere")
