"""Somebody's bookkeeping."""

import pytest

from media.types import TrackSource, TrackState

CAMERA = TrackState(TrackSource.CAMERA, "1", "video/VP8", flowing=True)


@pytest.fixture
async def ada(world):
    return await world.join("Ada")


async def test_present_joined_attended(world, ada):
    member = world.session().member(ada.id)
    assert (member.present, member.joined, member.attended) == (True, False, True)
    ada.connects()
    assert member.joined
    ada.live.signaling_lost(ada.outbox)
    assert not member.attended
    ada.live.leave()
    assert (member.present, member.joined) == (False, False)


async def test_muted_by_either(world, ada):
    member = world.session().member(ada.id)
    assert not member.muted(TrackSource.CAMERA)
    member.own_mutes.add(TrackSource.CAMERA)
    assert member.muted(TrackSource.CAMERA)
    member.own_mutes.clear()
    member.host_mutes[TrackSource.CAMERA] = None
    assert member.muted(TrackSource.CAMERA)


async def test_tracks_are_those_of_open_connections(world, ada):
    ada.connects()
    member = world.session().member(ada.id)
    ada.live.tracks_changed(ada.live.id, (CAMERA,))
    assert [track.source for track in member.tracks()] == [TrackSource.CAMERA]
    ada.live.leave()
    assert member.tracks() == []
