from dataclasses import dataclass, field

import pytest
from support.plane import Rig

from media.plane import filming
from media.plane.filming import STEADY
from media.plane.pictures import LARGEST, wanted_height
from media.types import TrackSource
from media.video import VideoStream

CAMERA = TrackSource.CAMERA
KEY = b"\x10\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00"
DELTA = b"\x10\x11rest"


@dataclass
class Film:
    """A `VideoTap` that keeps what it gets."""

    stream: VideoStream
    got: list[object] = field(default_factory=list)
    wanting: bool = False
    closed: bool = False

    def turn(self, at_ns, stream):
        self.got.append(stream)

    def rtp(self, arrival_ns, sequence, timestamp, payload, *, marker):
        self.got.append((sequence, timestamp, payload, marker))

    def withheld(self):
        self.got.append("withheld")

    def sender_report(self, arrival_ns, ntp, rtp_timestamp):
        self.got.append(("report", ntp))

    def close(self):
        self.closed = True


class Director:
    """A `VideoRoomTap`."""

    def __init__(self, height=0, *, wants=True):
        self.height = height
        self.wants = wants
        self.films: list[Film] = []
        self.asked: list[tuple[str, str, TrackSource, str]] = []

    def open_video(self, participant_id, label, source, connection_id, stream):
        self.asked.append((participant_id, label, source, connection_id))
        if not self.wants:
            return None
        self.films.append(Film(stream))
        return self.films[-1]


@pytest.fixture
def rig():
    return Rig()


@pytest.fixture
def director(rig):
    director = Director()
    rig.room.add_video_tap(director)
    return director


def camera(rig, name="ana", ssrc=3000):
    person = rig.person(name)
    track = person.track(CAMERA, ssrc=ssrc)
    person.join()
    return person, track


def send(person, number, payload=DELTA, *, ssrc=3000, marker=True, **facts):
    person.send(
        number,
        timestamp=3000 * number,
        payload=payload,
        payload_type=96,
        ssrc=ssrc,
        level=None,
        marker=marker,
        **facts,
    )


class TestOneStream:
    def test_every_packet_is_handed_over_though_nobody_watches(self, rig, director):
        ana, _ = camera(rig)
        send(ana, 1, KEY)
        send(ana, 2, marker=False)
        (film,) = director.films
        assert director.asked == [("p-ana", "Ana", CAMERA, "ana")]
        assert film.stream == VideoStream(3000, "video/vp8")
        assert film.got == [(1, 3000, KEY, True), (2, 6000, DELTA, False)]

    def test_a_key_frame_is_asked_for_at_once_and_whenever_it_is_wanted(self, rig, director):
        ana, track = camera(rig)
        send(ana, 1)
        assert rig.events.keyframes == [track]
        send(ana, 2)
        assert rig.events.keyframes == [track]
        director.films[0].wanting = True
        send(ana, 3)
        assert rig.events.keyframes == [track, track]

    def test_a_camera_that_ran_already_is_taken_too(self, rig):
        ana, _ = camera(rig)
        send(ana, 1, KEY)
        director = Director()
        rig.room.add_video_tap(director)
        send(ana, 2)
        assert [got[0] for got in director.films[0].got] == [2]

    def test_a_microphone_is_no_picture(self, rig, director):
        rig.speaker("bo").speak(1)
        late = Director()
        rig.room.add_video_tap(late)
        assert director.asked == late.asked == []

    def test_who_does_not_want_it_gets_nothing(self, rig):
        director = Director(wants=False)
        rig.room.add_video_tap(director)
        ana, track = camera(rig)
        send(ana, 1, KEY)
        assert len(director.asked) == 1
        assert (track.films, track.filmed) == ([], [])

    def test_missing_packets_are_asked_for_and_come_in_their_own_place(self, rig, director):
        ana, track = camera(rig)
        send(ana, 0, KEY)
        send(ana, 1)
        send(ana, 3)
        assert rig.events.gaps == [track]
        repeat = (2).to_bytes(2) + b"\x10\x11late"
        ana.send(50, timestamp=6000, payload=repeat, payload_type=97, ssrc=3999, level=None)
        assert director.films[0].got[-1] == (2, 6000, b"\x10\x11late", False)

    def test_padding_is_told_as_an_empty_packet(self, rig, director):
        ana, _ = camera(rig)
        send(ana, 1, KEY)
        send(ana, 2, b"", padding=20)
        assert director.films[0].got[-1] == (2, 6000, b"", True)

    def test_who_watches_sees_it_as_before(self, rig, director):
        ana, _ = camera(rig)
        bo = rig.listener("bo", 1, kind=CAMERA.kind)
        bo.connection.every_video = True
        rig.room.refresh(bo.connection)
        send(ana, 1, KEY)
        send(ana, 2)
        assert [one.payload for one in rig.received(bo)] == [KEY, DELTA]
        assert len(director.films[0].got) == 2

    def test_a_muted_camera_is_withheld(self, rig, director):
        ana, track = camera(rig)
        send(ana, 1, KEY)
        rig.room.mute(track, muted=True)
        send(ana, 2)
        before = len(rig.events.keyframes)
        rig.room.mute(track, muted=False)
        assert len(rig.events.keyframes) == before + 1
        send(ana, 3, KEY)
        assert [got if got == "withheld" else got[0] for got in director.films[0].got] == [
            1,
            "withheld",
            3,
        ]

    def test_reports_of_the_stream_are_handed_over(self, rig, director):
        ana, track = camera(rig)
        send(ana, 1, KEY)
        filming.report(track, 5, 77, 3000)
        assert director.films[0].got[-1] == ("report", 77)

    def test_a_new_ssrc_is_told_with_its_first_packet(self, rig, director):
        ana, track = camera(rig)
        send(ana, 1, KEY)
        rig.room.restart_track(track, 4000)
        ana.connection.by_ssrc[4000] = track
        filming.report(track, 5, 77, 3000)  # of nobody knows which
        send(ana, 9, KEY, ssrc=4000)
        assert director.films[0].got[1:] == [
            VideoStream(4000, "video/vp8"),
            (9, 27_000, KEY, True),
        ]

    def test_the_tap_closes_with_the_track_or_with_the_recording(self, rig, director):
        ana, track = camera(rig)
        send(ana, 1, KEY)
        bo, other = camera(rig, "bo", 3100)
        send(bo, 1, KEY, ssrc=3100)
        rig.room.leave(ana.connection)
        assert [film.closed for film in director.films] == [True, False]
        another = Director()
        rig.room.add_video_tap(another)
        rig.room.remove_video_tap(director)
        rig.room.remove_video_tap(director)
        assert [film.closed for film in director.films] == [True, True]
        assert [film.closed for film in another.films] == [False]
        assert [film.room_tap for film in other.filmed] == [another]
        assert track.films == []


class TestLayers:
    """A picture in two sizes; the first offered is the smaller one."""

    @pytest.fixture
    def sizes(self, rig, director):
        person = rig.person("ana")
        owner = person.track(CAMERA, ssrc=None, layers=("l", "h"))
        low, high = owner.layers
        for ssrc, stream in ((1, low), (2, high)):
            rig.room.restart_track(stream, ssrc)
            person.connection.by_ssrc[ssrc] = stream
        person.join()
        return person, owner, low, high

    def second(self, rig, owner, low=100_000, high=900_000):
        for stream, rate in zip(owner.layers, (low, high), strict=True):
            stream.rate = rate
        rig.room.adapt(owner.connection)

    def test_the_better_one_is_taken_from_a_key_frame_on_once_it_is_steady(
        self, rig, director, sizes
    ):
        ana, owner, low, high = sizes
        send(ana, 1, KEY, ssrc=1)
        (film,) = director.films
        send(ana, 1, KEY, ssrc=2)
        for _ in range(STEADY - 1):
            self.second(rig, owner)
        assert high.films == []
        self.second(rig, owner)
        send(ana, 2, ssrc=2)
        send(ana, 2, ssrc=1)
        assert rig.events.keyframes[-1] is high
        send(ana, 3, KEY, ssrc=2)
        send(ana, 3, ssrc=1)
        send(ana, 4, ssrc=2)
        assert film.got == [
            (1, 3000, KEY, True),
            (2, 6000, DELTA, True),
            VideoStream(2, "video/vp8", "h"),
            (3, 9000, KEY, True),
            (4, 12_000, DELTA, True),
        ]
        assert low.films == []

    def test_when_the_better_one_rests_the_other_is_taken_at_once(self, rig, director, sizes):
        ana, owner, low, high = sizes
        send(ana, 1, KEY, ssrc=2)
        assert director.films[0].stream.layer == "h"
        send(ana, 1, KEY, ssrc=1)
        self.second(rig, owner, high=0)
        assert low.films == owner.filmed
        send(ana, 2, KEY, ssrc=1)
        assert director.films[0].got[-1] == (2, 6000, KEY, True)
        assert high.films == []

    def test_one_that_comes_back_in_time_stays(self, rig, director, sizes):
        ana, owner, low, high = sizes
        send(ana, 1, KEY, ssrc=2)
        send(ana, 1, KEY, ssrc=1)
        self.second(rig, owner, high=0)
        self.second(rig, owner)
        assert (low.films, high.films) == ([], owner.filmed)

    def test_a_better_one_that_comes_and_goes_is_not_taken(self, rig, director, sizes):
        ana, owner, _, high = sizes
        send(ana, 1, KEY, ssrc=1)
        send(ana, 1, KEY, ssrc=2)
        for _ in range(4):
            self.second(rig, owner)
            self.second(rig, owner, high=0)
        assert high.films == []

    def test_nothing_changes_while_all_rest(self, rig, director, sizes):
        ana, owner, _, high = sizes
        send(ana, 1, KEY, ssrc=2)
        before = len(rig.events.keyframes)
        self.second(rig, owner, low=0, high=0)
        assert (high.films, len(rig.events.keyframes)) == (owner.filmed, before)

    def test_a_smaller_one_may_be_enough(self, rig, sizes):
        ana, owner, low, high = sizes
        small = Director(height=180)
        rig.room.add_video_tap(small)
        low.height, high.height = 180, 720
        low.rate = high.rate = 100_000
        send(ana, 1, KEY, ssrc=1)
        send(ana, 1, KEY, ssrc=2)
        assert small.films[0].stream.layer == "l"
        for _ in range(STEADY):
            self.second(rig, owner)
        assert small.films[0].got[0] == (1, 3000, KEY, True)
        assert small.films[0].got[-1] == (1, 3000, KEY, True)
        assert small in [film.room_tap for film in low.films]
        assert small not in [film.room_tap for film in high.films]

    def test_its_sender_may_send_as_much_as_it_takes(self, rig, director, sizes):
        ana, owner, *_ = sizes
        assert wanted_height(owner) == 0
        send(ana, 1, KEY, ssrc=1)
        assert wanted_height(owner) == LARGEST

    def test_a_layers_new_ssrc_says_nothing_to_a_tap_of_another(self, rig, director, sizes):
        ana, owner, low, _ = sizes
        send(ana, 1, KEY, ssrc=2)
        send(ana, 1, KEY, ssrc=1)
        self.second(rig, owner, high=0)
        rig.room.restart_track(low, 11)
        assert director.films[0].got == [(1, 3000, KEY, True)]
        send(ana, 2, ssrc=2)
        assert director.films[0].got[-1] == (2, 6000, DELTA, True)

    def test_the_end_closes_it_whatever_feeds_it(self, rig, director, sizes):
        ana, owner, low, high = sizes
        send(ana, 1, KEY, ssrc=2)
        send(ana, 1, KEY, ssrc=1)
        self.second(rig, owner, high=0)
        rig.room.leave(ana.connection)
        assert director.films[0].closed
        assert (low.films, high.films, owner.filmed) == ([], [], [])
