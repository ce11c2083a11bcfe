"""Simulcast through the whole plane: layers in, one unbroken stream out."""

from itertools import pairwise

import pytest
from support.plane import MID, REPAIRED, RID, RTX, VP8, Rig

from media.plane.pictures import UNKNOWN_TILE, fit, wanted_height
from media.types import MediaKind, TileRequest, TrackSource

RATES = {"low": 150_000, "mid": 500_000, "high": 1_500_000}
HEIGHTS = {"low": 180, "mid": 360, "high": 720}


def picture(rid, *, key=False, number=0):
    """A VP8 frame in one packet, its layer's name at the end."""
    fields = bytes([0x90, 0xC0, 0x80 | number >> 8, number & 0xFF, number & 0xFF])
    lines = HEIGHTS[rid].to_bytes(2, "little")
    start = b"\x00\x00\x00\x9d\x01\x2a\x00\x05" + lines if key else b"\x01" + bytes(9)
    return fields + start + rid.encode()


class Studio:
    """Ada sends three layers, Bob watches."""

    def __init__(self):
        self.rig = Rig()
        self.ada, self.bob = self.rig.person("ada"), self.rig.person("bob")
        self.source = self.ada.track(TrackSource.CAMERA, ssrc=None, layers=tuple(RATES))
        self.ada.connection.mid_extension = MID
        self.ada.connection.rid_extensions = (RID, REPAIRED)
        self.ada.join()
        self.slot = self.bob.slot(MediaKind.VIDEO, repairs={120: 121}, send_time=3)
        self.bob.join()
        self.count, self.numbers = 0, dict.fromkeys(RATES, 0)
        for rid in RATES:
            self.send(rid, key=True)  # makes its stream known
        self.tile(720)
        for layer in self.source.layers:
            layer.rate = RATES[layer.rid]

    def layer(self, rid):
        return next(each for each in self.source.layers if each.rid == rid)

    def send(self, rid, *, key=False):
        self.count += 1
        self.numbers[rid] += 1
        self.ada.send(
            self.numbers[rid],
            payload=picture(rid, key=key, number=self.count),
            payload_type=VP8,
            ssrc=100 + list(RATES).index(rid),
            level=None,
            mid="m0",
            rid=rid,
            timestamp=self.count * 3000,
        )
        self.rig.now_ns += 33_000_000

    def round(self, *, keys=()):
        for rid in RATES:
            self.send(rid, key=rid in keys)

    def tile(self, height):
        tile = TileRequest("p-ada", TrackSource.CAMERA, height * 16 // 9, height)
        self.rig.room.set_view(self.bob.connection, (tile,))

    def adapt(self, budget=None):
        self.bob.connection.budget = budget
        self.rig.room.adapt(self.bob.connection)

    def shown(self):
        """The names of the layers that Bob received."""
        got = self.rig.received(self.bob)
        return [packet.payload[15:].decode() for packet in got], got


@pytest.fixture
def studio():
    studio = Studio()
    for _ in range(2):
        studio.round()
    studio.adapt()
    studio.rig.sent()
    return studio


def test_streams_are_known_by_their_names(studio):
    assert [layer.ssrc for layer in studio.source.layers] == [100, 101, 102]
    assert studio.ada.connection.tracks["m0"].state().flowing


def test_a_tile_gets_the_layer_that_fits_from_its_next_key_frame(studio):
    assert studio.rig.events.keyframes[-1] is studio.layer("high")
    studio.round()
    assert studio.shown()[0] == []
    studio.round(keys=["high"])
    assert studio.shown()[0] == ["high"]
    studio.tile(180)
    studio.round()
    assert studio.shown()[0] == ["high"]
    studio.round(keys=["low"])
    studio.round()
    assert studio.shown()[0] == ["low", "low"]
    assert studio.layer("high").slots == []


def test_switching_leaves_no_seam(studio):
    got = []
    for height in (720, 180, 360, 720, 180):
        studio.tile(height)
        studio.round(keys=RATES)
        studio.round()
        got += studio.shown()[1]
    assert [packet.sequence - got[0].sequence for packet in got] == list(range(len(got)))
    ids = [(packet.payload[2] & 0x7F) << 8 | packet.payload[3] for packet in got]
    assert [b - a for a, b in pairwise(ids)].count(0) == 0
    assert ids == sorted(ids)
    assert all(b.timestamp > a.timestamp for a, b in pairwise(got))


def test_the_link_decides_with_the_tile(studio):
    studio.round(keys=["high"])
    studio.rig.sent()
    studio.adapt(600_000)
    studio.round(keys=["mid"])
    studio.round()
    assert studio.shown()[0][-1] == "mid"
    studio.rig.events.slots.clear()
    studio.adapt(50_000)
    state = studio.slot.state()
    assert (state.participant_id, state.paused, state.reason) == ("p-ada", True, "bandwidth")
    assert studio.rig.events.slots == ["bob"]
    studio.round(keys=RATES)
    assert studio.shown()[0] == []
    studio.adapt(400_000)
    assert not studio.slot.state().paused
    studio.round(keys=RATES)
    assert studio.shown()[0] == ["low"]


def test_a_layer_that_dries_up_is_replaced(studio):
    studio.round(keys=["high"])
    studio.layer("high").rate = 0
    studio.adapt()
    studio.rig.sent()
    studio.round(keys=["mid"])
    assert studio.shown()[0][-1] == "mid"


def test_what_viewers_need_is_the_tallest_tile_of_a_link_that_takes_it(studio):
    assert wanted_height(studio.source) == 720
    studio.tile(100)
    assert wanted_height(studio.source) == 100
    studio.adapt(1)
    assert wanted_height(studio.source) == 0
    studio.rig.room.set_view(studio.bob.connection, ())
    assert wanted_height(studio.source) == 0
    studio.bob.connection.every_video = True
    studio.bob.connection.budget = None
    studio.rig.room.refresh(studio.bob.connection)
    assert wanted_height(studio.source) == UNKNOWN_TILE


def test_the_end_of_a_source_frees_a_paused_slot_too(studio):
    studio.adapt(1)
    studio.rig.room.end_track(studio.source)
    assert studio.slot.state().participant_id is None
    assert (studio.ada.connection.by_ssrc, studio.source.viewers) == ({}, {})


def test_muting_covers_every_layer(studio):
    studio.round(keys=["high"])
    studio.rig.room.mute(studio.source, muted=True)
    studio.rig.sent()
    studio.round(keys=RATES)
    assert studio.shown()[0] == []
    studio.rig.room.mute(studio.source, muted=False)
    studio.round()
    assert studio.shown()[0] == []
    studio.round(keys=["high"])
    assert studio.shown()[0] == ["high"]


def test_repairs_are_matched_to_their_layer(studio):
    studio.round(keys=["high"])
    ada = studio.ada
    for name, ssrc in (("high", 900), ("none", 901)):
        ada.send(1, payload=b"\0\0x", payload_type=RTX, ssrc=ssrc, level=None, mid="m0", rid=name)
    assert ada.connection.repairs == {900: studio.layer("high")}


def test_viewers_are_told_when_each_picture_was_sent(studio):
    studio.round(keys=["high"])
    (to, datagram), *_ = studio.rig.sent()
    assert to is studio.bob
    assert datagram[0] == 0x90
    assert datagram[12:17] == b"\xbe\xde\x00\x01\x32"


def test_tiles_that_nobody_fills_and_slots_without_tiles(studio):
    fit(studio.ada.connection, studio.rig.events)
    studio.bob.slot()
    studio.bob.slot(MediaKind.VIDEO)
    studio.adapt()
    assert studio.slot.height == 720
