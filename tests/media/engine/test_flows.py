import pytest
from support.plane import MID, REPAIRED, RID, VP8, Rig

from media.engine.flows import flows, received
from media.picture import Picture
from media.plane.pictures import fit
from media.types import Direction, ListenerStats, MediaKind, TileRequest, TrackSource

SIZES = {"low": (320, 180), "high": (1280, 720)}


def key_frame(rid):
    width, height = SIZES[rid]
    start = b"\x10\x00\x00\x00\x9d\x01\x2a"
    return start + width.to_bytes(2, "little") + height.to_bytes(2, "little") + rid.encode()


class Call:
    """Ada sends sound and two layers, Bob hears and sees her."""

    def __init__(self):
        self.rig = Rig()
        self.ada, self.bob = self.rig.person("ada"), self.rig.person("bob")
        self.ada.track()
        self.camera = self.ada.track(TrackSource.CAMERA, ssrc=None, layers=tuple(SIZES))
        self.ada.connection.mid_extension = MID
        self.ada.connection.rid_extensions = (RID, REPAIRED)
        self.ada.join()
        self.bob.slot()
        self.slot = self.bob.slot(MediaKind.VIDEO)
        self.bob.join()
        self.number = 0
        self.pictures()  # makes the streams known
        self.tile(720)

    def tile(self, height):
        tiles = (TileRequest("p-ada", TrackSource.CAMERA, height * 16 // 9, height),)
        self.rig.room.set_view(self.bob.connection, tiles)

    def pictures(self):
        for at, rid in enumerate(SIZES):
            self.number += 1
            facts = {"payload_type": VP8, "ssrc": 100 + at, "level": None, "mid": "m1", "rid": rid}
            self.ada.send(
                self.number, payload=key_frame(rid), timestamp=3000 * self.number, **facts
            )
        for layer in self.camera.layers:
            layer.rate = 100_000 * (1 + self.camera.layers.index(layer))
        return self.rig.received(self.bob)

    def shown(self):
        fit(self.bob.connection, self.rig.events)
        for _ in range(2):
            self.pictures()
        return received(self.bob.connection)

    def flow(self, person, direction, source):
        told = ListenerStats(MediaKind.VIDEO, 9, freezes=2, frozen_seconds=1.5)
        found = flows(person.connection, {MediaKind.VIDEO: told})
        return next(one for one in found if (one.direction, one.source) == (direction, source))


@pytest.fixture
def call():
    return Call()


def test_uplink_counts_every_packet_of_all_layers(call):
    call.ada.speak(1, 3)
    call.pictures()
    before = call.flow(call.ada, Direction.UPLINK, "microphone").octets
    call.ada.speak(4, 2)
    packet = len(call.ada.protect(9))
    assert call.flow(call.ada, Direction.UPLINK, "microphone").octets == before + 2 * packet
    camera = call.flow(call.ada, Direction.UPLINK, "camera")
    assert camera.octets == sum(layer.octets for layer in call.camera.layers) > 0


def test_uplink_shows_its_largest_layer_that_flows(call):
    call.shown()
    assert call.flow(call.ada, Direction.UPLINK, "camera").picture == Picture("high", 2, 1280, 720)
    call.camera.layers[1].rate = 0
    assert call.flow(call.ada, Direction.UPLINK, "camera").picture.rid == "low"
    call.camera.layers[0].rate = 0
    assert call.flow(call.ada, Direction.UPLINK, "camera").picture is None


def test_downlink_counts_what_was_sent_with_headers(call):
    call.ada.speak(1, 5)
    datagrams = [data for to, data in call.rig.sent() if to is call.bob]
    assert len(datagrams) == 5
    heard = call.flow(call.bob, Direction.DOWNLINK, "audio")
    assert heard.octets == sum(map(len, datagrams))
    assert (heard.freezes, heard.picture) == (0, None)


def test_downlink_has_the_freezes_that_the_client_told_and_the_picture(call):
    picture = call.shown()
    seen = call.flow(call.bob, Direction.DOWNLINK, "video")
    assert (seen.freezes, seen.frozen_seconds) == (2, 1.5)
    assert seen.picture == picture == Picture("high", 2, 1280, 720)


def test_small_tile_gets_the_small_layer_without_a_limit(call):
    call.tile(180)
    assert call.shown() == Picture("low", 1, 320, 180)


def test_a_link_that_takes_less_than_the_tile_wants_limits(call):
    call.bob.connection.budget = 150_000
    assert call.shown() == Picture("low", 1, 320, 180, "bandwidth")
    call.bob.connection.budget = 10_000
    assert call.shown() == Picture(limit="bandwidth")


def test_nothing_is_shown_of_a_muted_camera_and_before_the_first_key_frame(call):
    assert received(call.bob.connection) is None
    call.shown()
    call.rig.room.mute(call.camera, muted=True)
    assert received(call.bob.connection) is None
    assert received(call.ada.connection) is None
