"""A peer's negotiation, without a network: what an offer does to its tracks and slots."""

import asyncio
from pathlib import Path

import pytest
from support.clock import FakeClock

from media.engine.engine import Engine
from media.engine.peer import MAX_SLOT_LINES
from media.errors import NegotiationError
from media.picture import Picture
from media.types import ConnectionSpec, RtcSettings, TrackSource

OFFER = (Path(__file__).parent / "offers" / "chromium.sdp").read_text().replace("\n", "\r\n")


class Told:
    def __init__(self):
        self.tracks, self.slots, self.pictures = [], [], []

    def tracks_changed(self, name, tracks):
        self.tracks.append(tracks)

    def slots_changed(self, name, slots):
        self.slots.append(slots)

    def picture_changed(self, name, picture):
        self.pictures.append(picture)


@pytest.fixture
async def peer():
    errors = []
    engine = Engine(RtcSettings(0, ("127.0.0.1",), ("127.0.0.1",)), FakeClock(), errors.append)
    await engine.start()
    told = Told()
    engine.open(ConnectionSpec("ada", "r", "p-ada", "Ada"), told)
    peer = engine._peers["ada"]
    peer.told = told
    yield peer
    await engine.stop()
    assert errors == []


def resting(mid):
    """The offer with one sending line set inactive."""
    before, line, after = OFFER.partition(f"a=mid:{mid}\r\n")
    return before + line + after.replace("a=sendonly", "a=inactive", 1)


async def test_answer_names_the_slots_and_tells_the_tracks(peer):
    answer = peer.answer(OFFER, {})
    assert [slot.mid for slot in answer.slots] == ["2", "3"]
    await asyncio.sleep(0)
    assert [track.source for track in peer.told.tracks[-1]] == [
        TrackSource.MICROPHONE,
        TrackSource.CAMERA,
    ]


async def test_later_answers_keep_credentials_and_ssrcs_and_count_up(peer):
    first, second = peer.answer(OFFER, {}).sdp, peer.answer(OFFER, {}).sdp

    def lines(text, start):
        return [line for line in text.splitlines() if line.startswith(start)]

    for start in ("a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=ssrc", "a=candidate"):
        assert lines(first, start) == lines(second, start)
    assert lines(first, "o=")[0].split()[:2] == lines(second, "o=")[0].split()[:2]
    assert [lines(text, "o=")[0].split()[2] for text in (first, second)] == ["1", "2"]


async def test_a_line_that_rests_ends_its_track_and_a_line_that_stays_keeps_it(peer):
    peer.answer(OFFER, {})
    kept = peer.connection.tracks["0"]
    peer.answer(resting(1), {})
    assert list(peer.connection.tracks) == ["0"]
    assert peer.connection.tracks["0"] is kept
    assert len(peer.connection.by_ssrc) == 1
    peer.answer(OFFER, {})
    assert list(peer.connection.tracks) == ["0", "1"]


async def test_a_track_that_changes_its_source_is_another_track(peer):
    peer.answer(OFFER, {})
    before = peer.connection.tracks["1"]
    peer.answer(OFFER, {"1": TrackSource.SCREEN})
    assert peer.connection.tracks["1"] is not before


async def test_new_ssrc_of_a_line_continues_its_track(peer):
    peer.answer(OFFER, {})
    track = peer.connection.tracks["0"]
    old = track.ssrc
    peer.answer(OFFER.replace(f"a=ssrc:{old} ", "a=ssrc:4242 "), {})
    assert peer.connection.tracks["0"] is track
    assert track.ssrc == 4242
    assert old not in peer.connection.by_ssrc


async def test_slot_that_rests_comes_back_with_its_ssrc_and_numbers(peer):
    peer.answer(OFFER, {})
    slot = peer.connection.slots["2"]
    before, line, after = OFFER.partition("a=mid:2\r\n")
    peer.answer(before + line + after.replace("a=recvonly", "a=inactive", 1), {})
    assert list(peer.connection.slots) == ["3"]
    peer.answer(OFFER, {})
    again = peer.connection.slots["2"]
    assert (again.ssrc, again.rewriter) == (slot.ssrc, slot.rewriter)
    assert list(peer.connection.slots) == ["2", "3"]


async def test_slot_whose_payload_types_change_is_made_anew_on_the_same_numbers(peer):
    peer.answer(OFFER, {})
    slot = peer.connection.slots["2"]
    before, line, after = OFFER.partition("a=mid:2\r\n")
    changed = before.rpartition("m=audio")
    peer.answer(
        changed[0]
        + changed[1]
        + (changed[2] + line + after).replace(" 111 ", " 112 ", 1).replace(":111 ", ":112 "),
        {},
    )
    assert peer.connection.slots["2"] is not slot
    assert peer.connection.slots["2"].rewriter is slot.rewriter


async def test_mute_holds_for_tracks_that_come_later(peer):
    peer.set_muted(TrackSource.CAMERA, muted=True)
    peer.answer(OFFER, {})
    assert peer.connection.tracks["1"].muted
    peer.set_muted(TrackSource.CAMERA, muted=False)
    assert not peer.connection.tracks["1"].muted


async def test_another_ice_session_is_refused(peer):
    peer.answer(OFFER, {})
    with pytest.raises(NegotiationError) as caught:
        peer.answer(OFFER.replace("a=ice-ufrag:", "a=ice-ufrag:x"), {})
    assert caught.value.code == "ice_restart_unsupported"


async def test_nothing_is_told_after_the_end(peer):
    peer.answer(OFFER, {})
    await peer.close()
    await asyncio.sleep(0)
    assert peer.told.tracks == []


async def test_a_peer_that_keeps_naming_new_lines_is_refused(peer):
    def offer(turn):
        text = OFFER.replace("a=mid:2", f"a=mid:{turn}-2")
        return text.replace("BUNDLE 0 1 2", f"BUNDLE 0 1 {turn}-2")

    for turn in range(MAX_SLOT_LINES - 1):
        peer.answer(offer(turn), {})
    with pytest.raises(NegotiationError) as caught:
        peer.answer(offer("last"), {})
    assert caught.value.code == "invalid_sdp"
    assert sum(" " not in name for name in peer._ssrcs) == MAX_SLOT_LINES


async def test_picture_is_told_once_it_stays_for_a_second(peer, monkeypatch):
    large, small = Picture("high", 3, 1280, 720), Picture("low", 1, 320, 180)
    seen = iter([None, large, small, small, small, large, large, None, None])
    monkeypatch.setattr("media.engine.peer.received", lambda connection: next(seen))
    for _ in range(9):
        peer.tell_picture()
    await asyncio.sleep(0)
    assert peer.told.pictures == [small, large, None]
