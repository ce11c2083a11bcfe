from support.plane import Rig

from media.types import MediaKind, SlotState, TrackSource, TrackState


def test_empty_slot_says_so():
    slot = Rig().listener("bob", 1).connection.slots["s0"]
    assert slot.state() == SlotState("s0", MediaKind.AUDIO)


def test_track_state_follows_its_packets():
    rig = Rig()
    ada = rig.speaker("ada")
    track = ada.connection.tracks["m0"]
    assert track.state() == TrackState(TrackSource.MICROPHONE, "m0", "audio/opus", flowing=False)
    ada.speak(1)
    assert track.state().flowing
    assert rig.events.tracks == ["ada"]


def test_highest_round_trip_is_kept_until_it_is_read():
    connection = Rig().speaker("ada").connection
    connection.measured(50)
    connection.measured(20)
    assert (connection.round_trip_ns, connection.trip_ns) == (20, 50)
