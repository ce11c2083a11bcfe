"""Who hears and sees whom: a room assigns its tracks to its listeners' slots."""

from collections.abc import Callable

from media.plane import feed, filming, pictures
from media.plane.port import Connection, RoomEvents, Slot, Track
from media.plane.speakers import Speakers
from media.plane.views import fill, order
from media.types import RoomTap, TileRequest, TrackSource
from media.video import VideoRoomTap


class Room:
    """Connections that hear and see each other.

    Args:
        room_id: Names it.
        audio_slots: Primary places for speakers, and audio slots filled per listener at most.
        events: Takes notes of changes.
    """

    def __init__(self, room_id: str, audio_slots: int, events: RoomEvents) -> None:
        self.room_id = room_id
        self.connections: dict[str, Connection] = {}
        self.taps: list[RoomTap] = []
        self.video_taps: list[VideoRoomTap] = []
        self.voiced = False
        self._audio_slots = audio_slots
        self._speakers: Speakers[Track] = Speakers(audio_slots)
        self._events = events

    def join(self, connection: Connection) -> None:
        """Take a connection in; its slots are filled at once."""
        self.connections[connection.connection_id] = connection
        self.refresh(connection)

    def leave(self, connection: Connection) -> None:
        """Let a connection go, with its tracks and slots."""
        if self.connections.pop(connection.connection_id, None) is None:
            return
        for slot in connection.slots.values():
            self._clear(slot)
        for track in list(connection.tracks.values()):
            self.end_track(track)
        connection.tracks.clear()
        connection.by_ssrc.clear()
        connection.repairs.clear()

    def voice(self, track: Track, level: int, at_ns: int) -> None:
        """Take the level of an authenticated, voiced packet."""
        self.voiced = True
        if self._speakers.voice(track, level, at_ns):
            self._place_audio_everywhere()

    def speaking(self, at_ns: int) -> tuple[str, ...]:
        """Participants who speak now, loudest first."""
        seen = dict.fromkeys(
            track.participant_id
            for track in self._speakers.speaking(at_ns)
            if track.spec.source is TrackSource.MICROPHONE
        )
        return tuple(seen)

    def began(self, track: Track) -> None:
        """A stream's first authenticated packet arrived: tap it and show it."""
        track.flowing = track.owner.flowing = True
        self._events.tracks_moved(track.connection)
        for tap in self.taps:
            self._open_tap(tap, track)
        if not track.audio:
            filming.begin(track.owner, self.video_taps, self._events)
        self._refresh_kind(audio=track.audio)

    def want_keyframe(self, track: Track) -> None:
        """A slot still waits for a key frame of the track."""
        self._events.keyframe_wanted(track)

    def end_track(self, track: Track) -> None:
        """A track ended: close its taps, free its slots and its place."""
        self.close_taps(track)
        filming.end(track)
        freed = list(track.viewers)
        for slot in freed:
            self._clear(slot)
        for stream in track.layers:
            if stream.ssrc is not None:
                track.connection.by_ssrc.pop(stream.ssrc, None)
            track.connection.forget_repairs(stream)
        track.connection.tracks.pop(track.spec.mid, None)
        moved = self._speakers.drop(track)
        if moved or freed:
            self._refresh_kind(audio=track.audio)

    def restart_track(self, track: Track, ssrc: int) -> None:
        """A stream goes on with a new SSRC: its slots wait for its next packet."""
        self.close_taps(track)
        for slot in list(track.slots):
            feed.suspend(slot)
        track.connection.forget_repairs(track)
        filming.restart(track)
        track.restart(ssrc)
        if track.flowing:
            for tap in self.taps:
                self._open_tap(tap, track)

    def mute(self, track: Track, *, muted: bool) -> None:
        """Silence a track for everybody, or let it through again."""
        if track.muted == muted:
            return
        for stream in track.layers:
            stream.muted = muted
        if muted:
            self._speakers.drop(track)
            filming.withhold(track)
        else:
            for slot in track.viewers:
                feed.suspend(slot)  # pictures from before the pause are worthless references
        if track.audio:
            self._place_audio_everywhere()
        for slot in track.viewers:
            self._events.slots_moved(slot.connection)
        for stream in track.layers:
            if (stream.pending or stream.films) and not track.audio:
                self._events.keyframe_wanted(stream)

    def set_view(self, connection: Connection, tiles: tuple[TileRequest, ...]) -> None:
        """What a listener's page shows, most important first."""
        connection.tiles = tiles
        self._place_video(connection)

    def adapt(self, connection: Connection) -> None:
        """Choose layers anew: rates or the link's budget have changed."""
        pictures.fit(connection, self._events)
        for track in connection.tracks.values():
            if track.filmed:
                filming.fit(track, self._events)

    def hear(self, connection: Connection, mix: Track | None) -> None:
        """Give a connection that wants a mix another one."""
        connection.mix = mix
        if connection.connection_id in self.connections:
            self._place_audio(connection)

    def refresh(self, connection: Connection) -> None:
        """Fill a connection's slots anew, after its m-lines changed."""
        self._place_audio(connection)
        self._place_video(connection)

    def drop_slot(self, slot: Slot) -> None:
        """A slot's m-line went away."""
        self._clear(slot)

    def add_tap(self, tap: RoomTap) -> None:
        """Tap every audio track, present and future."""
        self.taps.append(tap)
        for connection in self.connections.values():
            for track in connection.tracks.values():
                if track.flowing:
                    self._open_tap(tap, track)

    def remove_tap(self, tap: RoomTap) -> None:
        """Stop handing tracks to a tap; its track taps are closed."""
        if tap not in self.taps:
            return
        self.taps.remove(tap)
        for connection in self.connections.values():
            for track in connection.tracks.values():
                for owner, track_tap in [pair for pair in track.taps if pair[0] is tap]:
                    track.taps.remove((owner, track_tap))
                    track_tap.close()

    def add_video_tap(self, tap: VideoRoomTap) -> None:
        """Tap every camera and screen, present and future."""
        self.video_taps.append(tap)
        for connection in self.connections.values():
            for track in connection.tracks.values():
                if track.flowing and not track.audio:
                    filming.begin(track, (tap,), self._events)

    def remove_video_tap(self, tap: VideoRoomTap) -> None:
        """Stop handing pictures to a tap; its taps are closed."""
        if tap not in self.video_taps:
            return
        self.video_taps.remove(tap)
        for connection in self.connections.values():
            for track in connection.tracks.values():
                filming.end(track, tap)

    @staticmethod
    def close_taps(track: Track) -> None:
        """Close every tap of a track."""
        taps, track.taps = track.taps, []
        for _, tap in taps:
            tap.close()

    def _open_tap(self, tap: RoomTap, track: Track) -> None:
        if not track.audio or track.ssrc is None:
            return
        connection = track.connection
        opened = tap.open_track(
            connection.participant_id,
            connection.label,
            track.spec.source,
            connection.connection_id,
            track.ssrc,
        )
        if opened is not None:
            track.taps.append((tap, opened))
            track.skipped = -1  # it begins with the next packet, however quiet

    def _refresh_kind(self, *, audio: bool) -> None:
        if audio:
            self._place_audio_everywhere()
            return
        for connection in self.connections.values():
            self._place_video(connection)

    def _place_audio_everywhere(self) -> None:
        for connection in self.connections.values():
            self._place_audio(connection)

    def _place_audio(self, connection: Connection) -> None:
        slots = [slot for slot in connection.slots.values() if slot.audio][: self._audio_slots]
        if not slots:
            return
        if connection.mixed:
            self._assign(slots, [] if connection.mix is None else [connection.mix])
            return
        only = connection.only_participant
        if only is None:
            heard = [*self._speakers.primary]
            if (reserve := self._speakers.reserve) is not None:
                heard.append(reserve)
        else:
            heard = self._tracks(lambda track: track.audio and track.participant_id == only)
        wanted = [
            track
            for track in heard
            if track.participant_id != connection.participant_id and not track.muted
        ]
        self._assign(slots, wanted)

    def _place_video(self, connection: Connection) -> None:
        slots = [slot for slot in connection.slots.values() if not slot.audio]
        if not slots:
            return
        only, me = connection.only_participant, connection.participant_id
        available = self._tracks(
            lambda track: (
                not track.audio
                and track.participant_id != me
                and (only is None or track.participant_id == only)
            )
        )
        by_name = {(track.participant_id, track.spec.source): track for track in available}
        asked = [by_name.get((tile.participant_id, tile.source)) for tile in connection.tiles]
        wanted = order(
            [track for track in asked if track is not None],
            available,
            every=connection.every_video or only is not None,
        )
        self._assign(slots, wanted)
        pictures.fit(connection, self._events)

    def _tracks(self, wanted: Callable[[Track], bool]) -> list[Track]:
        return [
            track
            for connection in self.connections.values()
            for track in connection.tracks.values()
            if track.flowing and wanted(track)
        ]

    def _assign(self, slots: list[Slot], wanted: list[Track]) -> None:
        codecs = slots[0].spec.payload_types
        playable = [track for track in wanted if track.codec in codecs]
        for slot, track in zip(slots, fill([slot.track for slot in slots], playable), strict=True):
            if slot.track is not track:
                self._clear(slot)
                if track is not None:
                    self._put(slot, track)

    def _put(self, slot: Slot, track: Track) -> None:
        payload_type = slot.spec.payload_types.get(track.codec)
        if payload_type is None:  # m-lines of one kind may differ; rare enough to leave it empty
            return
        feed.put(slot, track, payload_type)
        if slot.audio:
            feed.switch(slot, track)
        self._events.slots_moved(slot.connection)

    def _clear(self, slot: Slot) -> None:
        if slot.track is not None:
            feed.take(slot)
            self._events.slots_moved(slot.connection)
