import asyncio
from dataclasses import replace

import pytest
from support.clock import FakeClock
from support.engine import FakeEngine
from support.film import STREAM, Camera, frames
from support.opus_tone import tone_packets
from support.recording import Failures, speak, spec

from media.recording.recorders import LocalRecorders
from media.recording.writer import WriterThread
from media.types import TrackSource


class LateEngine(FakeEngine):
    """It has no room for a tap."""

    def add_tap(self, room_id, tap):
        raise ValueError("bug")

    def remove_tap(self, room_id, tap): ...


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def recorders(engine, clock: FakeClock):
    recorders = LocalRecorders(engine, WriterThread(clock), clock)
    recorders.start()
    yield recorders
    recorders.stop()


async def test_the_rooms_tracks_are_recorded_until_it_is_stopped(
    recorders, engine, clock, tmp_path
):
    running = await recorders.record(spec(tmp_path), Failures(), disk_floor_bytes=0)
    ((room, recorder),) = engine.taps
    assert room == "room1"
    tap = recorder.open_track("p1", "Ana", TrackSource.MICROPHONE, "c1", 7)
    _ = speak(tap, clock, tone_packets(1.0))
    running.pause()
    running.resume()
    result = await running.stop()
    assert engine.taps == []
    assert [(one.participant_id, one.segment) for one in result.files] == [("p1", 1)]


async def test_without_a_tap_nothing_stays_open(clock, tmp_path):
    recorders = LocalRecorders(LateEngine(), WriterThread(clock), clock)
    recorders.start()
    with pytest.raises(ValueError, match="bug"):
        await recorders.record(spec(tmp_path), Failures(), disk_floor_bytes=0)
    assert '"ended_by": "write_error"' in (tmp_path / "manifest.json").read_text()
    await asyncio.to_thread(recorders.stop)


async def test_pictures_are_recorded_when_they_are_wanted(recorders, engine, clock, tmp_path):
    film = replace(spec(tmp_path), media="audio_video", video_height=360)
    running = await recorders.record(film, Failures(), disk_floor_bytes=0)
    ((room, tap),) = engine.video_taps
    assert (room, tap.height) == ("room1", 360)
    opened = tap.open_video("p1", "Ana", TrackSource.CAMERA, "c1", STREAM)
    Camera(opened, clock).film(frames("video/vp8", 30))
    (file,) = (await running.stop()).files
    assert (file.kind, file.content_type) == ("video", "video/webm; codecs=vp8")
    assert file.duration_seconds == pytest.approx(1, abs=0.01)
    assert engine.video_taps == []


async def test_pictures_are_left_alone_when_sound_alone_is_wanted(recorders, engine, tmp_path):
    running = await recorders.record(spec(tmp_path), Failures(), disk_floor_bytes=0)
    assert engine.video_taps == []
    await running.stop()
