import pytest
from support.plane import Rig

from media.types import MediaKind, TileRequest, TrackSource

CAMERA, SCREEN = TrackSource.CAMERA, TrackSource.SCREEN


@pytest.fixture
def rig():
    return Rig()


def carries(person):
    """Whom each slot carries."""
    return [
        slot.track.connection.connection_id if slot.track else None
        for slot in person.connection.slots.values()
    ]


def all_speak(rig, *names, packets=1):
    for at in range(packets):
        for index, name in enumerate(names):
            rig.people[name].send(100 + at, timestamp=at * 960, ssrc=1000 + index)
        rig.now_ns += 20_000_000


def full(rig, *names, slots=3):
    """People who speak and listen."""
    for index, name in enumerate(names):
        person = rig.person(name)
        person.track(ssrc=1000 + index)
        for _ in range(slots):
            person.slot()
        person.join()


def camera(rig, name, source=CAMERA, ssrc=3000):
    person = rig.people.get(name) or rig.person(name)
    person.track(source, ssrc=ssrc)
    person.join()
    person.send(1, payload=b"\x10\x00" + bytes(20), payload_type=96, ssrc=ssrc, level=None)
    return person


class TestAudio:
    def test_four_people_on_three_slots_all_hear_each_other(self, rig):
        full(rig, "a", "b", "c", "d")
        all_speak(rig, "a", "b", "c", "d", packets=3)
        for name in "abcd":
            assert set(carries(rig.people[name])) == set("abcd") - {name}

    def test_the_fifth_hears_the_speakers_and_is_not_heard(self, rig):
        full(rig, "a", "b", "c", "d", "e")
        all_speak(rig, "a", "b", "c", "d", "e", packets=3)
        assert carries(rig.people["e"]) == ["a", "b", "c"]
        assert "e" not in carries(rig.people["a"])

    def test_nobody_hears_another_connection_of_himself(self, rig):
        full(rig, "a", "b")
        rig.people["b"].connection.participant_id = "p-a"
        rig.room.refresh(rig.people["b"].connection)
        all_speak(rig, "a", "b", packets=2)
        assert carries(rig.people["b"]) == [None] * 3

    def test_leaving_frees_the_slot_and_tells(self, rig):
        full(rig, "a", "b")
        all_speak(rig, "a", "b")
        rig.events.slots.clear()
        rig.room.leave(rig.people["a"].connection)
        assert carries(rig.people["b"]) == [None] * 3
        assert "b" in rig.events.slots
        assert rig.people["b"].connection.tracks["m0"].slots == []
        rig.room.leave(rig.people["a"].connection)

    def test_one_chosen_participant_is_heard_whoever_else_speaks(self, rig):
        full(rig, "a", "b")
        ear = rig.listener("ear", 2)
        ear.connection.only_participant = "p-b"
        rig.room.refresh(ear.connection)
        all_speak(rig, "a", "b")
        assert carries(ear) == ["b", None]

    def test_muted_track_loses_its_slots(self, rig):
        full(rig, "a", "b")
        all_speak(rig, "a", "b")
        track = rig.people["a"].connection.tracks["m0"]
        rig.room.mute(track, muted=True)
        rig.room.mute(track, muted=True)
        assert carries(rig.people["b"]) == [None] * 3
        assert rig.room.speaking(rig.now_ns) == ("p-b",)

    def test_speaking_names_people_with_microphones(self, rig):
        full(rig, "a")
        rig.people["a"].track(TrackSource.SCREEN_AUDIO, ssrc=5000)
        all_speak(rig, "a", packets=60)
        rig.people["a"].send(1, ssrc=5000)
        assert rig.room.speaking(rig.now_ns) == ("p-a",)
        assert rig.room.voiced


class TestVideo:
    def test_view_decides_and_order_matters(self, rig):
        camera(rig, "a")
        camera(rig, "b", ssrc=3001)
        eye = rig.listener("eye", 1, MediaKind.VIDEO)
        assert carries(eye) == [None]
        tiles = (TileRequest("p-b", CAMERA, 1, 1), TileRequest("p-a", CAMERA, 1, 1))
        rig.room.set_view(eye.connection, tiles)
        assert carries(eye) == ["b"]
        assert rig.events.keyframes

    def test_everything_is_shown_to_simple_clients(self, rig):
        eye = rig.listener("eye", 3, MediaKind.VIDEO)
        eye.connection.every_video = True
        camera(rig, "a")
        camera(rig, "a", SCREEN, 3002)
        assert carries(eye) == ["a", "a", None]
        states = [slot.state() for slot in eye.connection.slots.values()]
        assert [state.source for state in states] == [CAMERA, SCREEN, None]
        assert rig.events.slots.count("eye") == 2

    def test_nobody_sees_himself(self, rig):
        ada = camera(rig, "a")
        ada.slot(MediaKind.VIDEO)
        ada.connection.every_video = True
        rig.room.refresh(ada.connection)
        assert carries(ada) == [None]

    def test_muted_video_stays_in_its_slot_as_paused(self, rig):
        ada = camera(rig, "a")
        eye = rig.listener("eye", 1, MediaKind.VIDEO)
        eye.connection.every_video = True
        rig.room.refresh(eye.connection)
        track = ada.connection.tracks["m0"]
        rig.room.mute(track, muted=True)
        state = eye.connection.slots["s0"].state()
        assert (state.paused, state.reason) == (True, "muted")
        rig.events.keyframes.clear()
        rig.room.mute(track, muted=False)
        assert not eye.connection.slots["s0"].state().paused
        assert rig.events.keyframes == [track]

    def test_codec_that_the_listener_cannot_play_is_not_shown(self, rig):
        ada = rig.person("a")
        ada.track(CAMERA, ssrc=3000, codec="video/AV1")
        ada.join()
        ada.send(1, payload=b"\x08" + bytes(20), payload_type=96, ssrc=3000, level=None)
        eye = rig.listener("eye", 1, MediaKind.VIDEO)
        eye.connection.every_video = True
        rig.room.refresh(eye.connection)
        assert carries(eye) == [None]

    def test_lines_of_one_kind_may_play_different_codecs(self, rig):
        eye = rig.person("eye")
        eye.slot(MediaKind.VIDEO, {"video/vp8": 96})
        eye.slot(MediaKind.VIDEO, {"video/h264": 97})
        eye.join()
        eye.connection.every_video = True
        camera(rig, "a")
        camera(rig, "b", ssrc=3001)
        assert carries(eye) == ["a", None]

    def test_slot_whose_line_goes_away_is_freed(self, rig):
        ada = camera(rig, "a")
        eye = rig.listener("eye", 1, MediaKind.VIDEO)
        eye.connection.every_video = True
        rig.room.refresh(eye.connection)
        rig.room.drop_slot(eye.connection.slots["s0"])
        assert ada.connection.tracks["m0"].pending == []


class TestTaps:
    class Taps:
        def __init__(self, ignore=False):
            self.opened, self.closed, self.ignore = [], 0, ignore

        def open_track(self, participant_id, label, source, connection_id, ssrc):
            self.opened.append((participant_id, ssrc))
            return None if self.ignore else self

        def rtp(self, *facts): ...

        def close(self):
            self.closed += 1

    def test_tracks_that_flow_already_are_tapped_at_once_and_others_later(self, rig):
        full(rig, "a", "b")
        all_speak(rig, "a")
        taps = self.Taps()
        rig.room.add_tap(taps)
        assert taps.opened == [("p-a", 1000)]
        all_speak(rig, "a", "b")
        assert taps.opened == [("p-a", 1000), ("p-b", 1001)]
        rig.room.leave(rig.people["a"].connection)
        assert taps.closed == 1
        rig.room.remove_tap(taps)
        rig.room.remove_tap(taps)
        assert taps.closed == 2

    def test_video_is_not_tapped_and_a_track_may_be_ignored(self, rig):
        taps = self.Taps(ignore=True)
        rig.room.add_tap(taps)
        camera(rig, "a")
        full(rig, "b")
        all_speak(rig, "b")
        assert taps.opened == [("p-b", 1000)]
        assert rig.people["b"].connection.tracks["m0"].taps == []
