"""Recordings in real workers, and what the death of one costs."""

import asyncio
import json
import os
import signal

import pytest
from support.hall import LOOPBACK, Hall
from support.recording import Failures, opusinfo
from support.wait import until

from media.errors import RecordingError
from media.types import ConnectionSpec, RecordingSpec
from media.workers.remote import WorkerEngine


def kill(hall, room):
    os.kill(hall.engine.link_of(room).pid, signal.SIGKILL)


def recording(directory, room="r"):
    return RecordingSpec("x", room, directory, "m", "s", "ana")


async def test_a_recording_goes_on_in_the_successor(hall, tmp_path):
    ada = await hall.join("ada", tone=440)
    running = await hall.engine.recorders.record(
        recording(tmp_path), Failures(), disk_floor_bytes=0
    )
    bo = await hall.join("bo", tone=880)
    ear = await bo.hears(440)
    await until(lambda: ear.frames > 50)
    kill(hall, "r")
    await until(lambda: sorted(hall.told.lost) == ["ada", "bo"])
    again = await hall.join("bo2", tone=None)
    spec = ConnectionSpec("ada2", "r", "p-ada", "Ada")
    await ada.close()
    await hall.join_as("ada2", spec, tone=440)
    ear = await again.hears(440)
    heard = ear.frames
    await until(lambda: ear.frames > heard + 50)
    running.pause()
    running.resume()
    result = await running.stop()
    of_ada = [one for one in result.files if one.participant_id == "p-ada"]
    assert [one.segment for one in of_ada] == [1, 2]
    assert of_ada[0].offset_seconds + of_ada[0].duration_seconds <= of_ada[1].offset_seconds
    assert result.failed is None
    for one in result.files:
        _ = await asyncio.to_thread(opusinfo, tmp_path / one.name)
    manifest = json.loads(await asyncio.to_thread((tmp_path / "manifest.json").read_text))
    assert manifest["state"] == "ready"


async def test_a_recording_that_cannot_go_on_keeps_what_it_has(hall, tmp_path):
    failures = Failures()
    await hall.join("ada", tone=440)
    directory = tmp_path / "d"
    directory.mkdir()
    running = await hall.engine.recorders.record(recording(directory), failures, disk_floor_bytes=0)
    bo = await hall.join("bo")
    ear = await bo.hears(440)
    await until(lambda: ear.frames > 50)
    await asyncio.to_thread(directory.rename, tmp_path / "away")
    kill(hall, "r")
    await until(lambda: failures.heard == [("x", "directory_not_writable")], 20)
    await asyncio.to_thread((tmp_path / "away").rename, directory)
    result = await running.stop()
    assert [one.participant_id for one in result.files] == ["p-ada"]
    assert result.recovered


async def test_a_directory_in_use_is_refused_by_its_code(hall, tmp_path):
    (tmp_path / "something").touch()
    with pytest.raises(RecordingError) as refused:
        await hall.engine.recorders.record(recording(tmp_path), Failures(), disk_floor_bytes=0)
    assert refused.value.code == "directory_in_use"


async def test_the_end_closes_what_is_recorded(tmp_path):
    hall = Hall(LOOPBACK, lambda rtc, clock, fault: WorkerEngine(rtc, 1, 1.0, clock, fault))
    await hall.engine.start()
    await hall.join("ada", tone=440)
    _ = await hall.engine.recorders.record(recording(tmp_path), Failures(), disk_floor_bytes=0)
    await (await hall.join("bo")).hears(440)
    pids = hall.engine.worker_pids
    await hall.close()
    manifest = json.loads(await asyncio.to_thread((tmp_path / "manifest.json").read_text))
    assert (manifest["state"], manifest["ended_by"]) == ("ready", "shutdown")
    (pid,) = pids
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
