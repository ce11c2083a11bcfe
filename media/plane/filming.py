"""Taps of pictures: like a listener's slot, each is fed by one stream of a source at a time.

The largest picture that arrives is handed over, or the smallest that is large enough. A better one
is taken once it has come for some seconds; another one always from a key frame on, so that a tap
never gets half of one picture and half of another.
"""

from collections.abc import Iterable

from media.plane.layers import fitting
from media.plane.pictures import LARGEST, by_size, layer_of
from media.plane.port import Filming, RoomEvents, Track
from media.rtp.video import is_keyframe
from media.video import VideoRoomTap, VideoStream

STEADY = 3
"""How often in a row, a second apart, a better layer is seen before it is taken."""


def begin(owner: Track, taps: Iterable[VideoRoomTap], events: RoomEvents) -> None:
    """Open a tap of a source that flows for everybody who wants one and has none yet."""
    for room_tap in taps:
        stream = _choice(owner, room_tap.height)
        known = any(film.room_tap is room_tap for film in owner.filmed)
        if known or stream.ssrc is None or not stream.flowing:
            continue
        connection = owner.connection
        tap = room_tap.open_video(
            connection.participant_id,
            connection.label,
            owner.spec.source,
            connection.connection_id,
            _described(stream),
        )
        if tap is not None:
            film = Filming(room_tap, tap, stream)
            owner.filmed.append(film)
            stream.films.append(film)
            events.keyframe_wanted(stream)


def fit(owner: Track, events: RoomEvents) -> None:
    """Choose each tap's stream anew; once a second, when rates have been measured."""
    for film in owner.filmed:
        best = _choice(owner, film.room_tap.height)
        if best is film.stream or not layer_of(best).rate:
            _forget_target(film)
            continue
        film.seen = film.seen + 1 if best is film.better else 1
        film.better = best
        rests = not film.stream.rate
        if best is not film.target and (rests or film.seen >= STEADY):
            _forget_target(film)
            film.target = best
            best.films.append(film)
        if film.target is not None:
            events.keyframe_wanted(film.target)


def take(
    track: Track, payload: bytes, sequence: int, timestamp: int, marker: int, now_ns: int
) -> None:
    """Hand a packet of a stream over."""
    room = track.connection.room
    for film in track.films:
        if film.stream is not track:
            if not is_keyframe(track.codec, payload):
                room.want_keyframe(track)
                continue
            film.stream.films.remove(film)
            film.stream, film.fresh = track, True
            film.target = film.better = None
        if film.fresh:
            film.fresh = False
            film.tap.turn(now_ns, _described(track))
        film.tap.rtp(now_ns, sequence, timestamp, payload, marker=marker > 0)
        if film.tap.wanting:
            room.want_keyframe(track)


def restart(stream: Track) -> None:
    """The stream goes on with a new SSRC."""
    for film in stream.films:
        film.fresh = film.fresh or film.stream is stream


def withhold(owner: Track) -> None:
    """The source is muted: nothing is handed over from here on."""
    for film in owner.filmed:
        film.tap.withheld()


def report(stream: Track, at_ns: int, ntp: int, timestamp: int) -> None:
    """Hand a sender report of a stream over."""
    for film in stream.films:
        if film.stream is stream and not film.fresh:
            film.tap.sender_report(at_ns, ntp, timestamp)


def end(owner: Track, room_tap: VideoRoomTap | None = None) -> None:
    """Close a source's taps, or one alone."""
    for film in list(owner.filmed):
        if room_tap is None or film.room_tap is room_tap:
            _forget_target(film)
            film.stream.films.remove(film)
            owner.filmed.remove(film)
            film.tap.close()


def _choice(owner: Track, height: int) -> Track:
    streams = by_size(owner)
    return streams[fitting([layer_of(each) for each in streams], height or LARGEST)]


def _described(stream: Track) -> VideoStream:
    return VideoStream(stream.ssrc or 0, stream.codec, stream.rid)


def _forget_target(film: Filming) -> None:
    if film.target is not None:
        film.target.films.remove(film)
    film.target = film.better = None
    film.seen = 0
