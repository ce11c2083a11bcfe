"""What a worker's engine, recorders and captioners report, as messages to the control process."""

from collections.abc import Callable

from typing_extensions import override

from media.captions.port import Caption, CaptionListener
from media.picture import Picture
from media.types import (
    ConnectionListener,
    Reading,
    RecordingListener,
    RoomListener,
    SlotState,
    TrackState,
    TransportInfo,
)
from media.workers import messages as m


class Reporter(ConnectionListener, RoomListener, RecordingListener, CaptionListener):
    """Passes on what the engine, the recorders and the captioners report."""

    def __init__(self, tell: Callable[[m.FromWorker], None]) -> None:
        self._tell = tell

    @override
    def transport_up(self, connection_id: str, info: TransportInfo) -> None:
        self._tell(m.Up(connection_id, info))

    @override
    def transport_closed(self, connection_id: str) -> None:
        self._tell(m.Closed(connection_id))

    @override
    def transport_failed(self, connection_id: str, reason: str) -> None:
        self._tell(m.Failed(connection_id, reason))

    @override
    def transport_lost(self, connection_id: str) -> None:
        """Only the control process can say that."""

    @override
    def tracks_changed(self, connection_id: str, tracks: tuple[TrackState, ...]) -> None:
        self._tell(m.Tracks(connection_id, tracks))

    @override
    def slots_changed(self, connection_id: str, slots: tuple[SlotState, ...]) -> None:
        self._tell(m.Slots(connection_id, slots))

    @override
    def quality_changed(self, connection_id: str, reading: Reading) -> None:
        self._tell(m.Judged(connection_id, reading))

    @override
    def picture_changed(self, connection_id: str, picture: Picture | None) -> None:
        self._tell(m.Shown(connection_id, picture))

    @override
    def speakers_changed(self, room_id: str, participant_ids: tuple[str, ...]) -> None:
        self._tell(m.Speakers(room_id, participant_ids))

    @override
    def recording_failed(self, recording_id: str, code: str) -> None:
        self._tell(m.RecordingFailed(recording_id, code))

    @override
    def caption_made(self, room_id: str, caption: Caption) -> None:
        self._tell(m.Captioned(room_id, caption))

    @override
    def caption_deferred(self, room_id: str, caption_id: str, start: float, end: float) -> None:
        self._tell(m.CaptionDeferred(room_id, caption_id, start, end))
