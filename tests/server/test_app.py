import asyncio
import socket
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.engine import FakeEngine

from media.clock import SystemClock
from media.engine.engine import Engine
from media.errors import MediaError
from media.workers.remote import WorkerEngine
from server import app as module
from server.app import (
    DEV_PORT_TRIES,
    build,
    engine_settings,
    fault_reporter,
    media_hosts,
    media_workers,
    real_engine,
    signaling_settings,
)
from server.config import MediaSettings, Settings
from server.errors import ConfigError
from server.observability.metrics import Metrics
from signaling.ports import IceServer, RtcTimers


def of(**groups: object) -> Settings:
    return Settings.model_validate(groups)


async def test_everything_is_built_and_connected(tmp_path: Path):
    engine = FakeEngine()
    app = await asyncio.to_thread(
        build,
        of(dev=True, storage={"data": tmp_path}),
        clock=FakeClock(),
        make_engine=lambda *_: engine,
    )
    assert app.live.recordings is app.recordings
    assert app.live.captions is app.transcripts
    assert app.meetings.live is app.live
    assert (app.dev_key, app.issuer is not None) == ("rt_dev", True)
    assert not app.health.ready
    await app.storage.stop()


async def test_outside_development_there_is_neither_key_nor_issuer(tmp_path: Path):
    settings = of(auth={"secret": "s" * 40}, storage={"data": tmp_path})
    app = await asyncio.to_thread(build, settings, make_engine=lambda *_: FakeEngine())
    assert (app.dev_key, app.issuer) == (None, None)
    await app.storage.stop()


def test_without_a_secret_nothing_is_built(tmp_path: Path):
    with pytest.raises(ConfigError, match="no default"):
        build(of(storage={"data": tmp_path}))


def test_the_engine_may_take_another_port_in_development_only():
    assert engine_settings(of(dev=True)).port_tries == DEV_PORT_TRIES
    assert engine_settings(of(dev=True, rtc={"udp_port": 0})).port_tries == 1
    assert engine_settings(of()).port_tries == 1
    told = engine_settings(of(rtc={"bind": ["10.0.0.1"]}, media={"audio_slots": 5}))
    assert (told.bind, told.advertise, told.audio_slots) == (("10.0.0.1",), ("10.0.0.1",), 5)


def test_media_leaves_ipv6_out_where_there_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "has_ipv6_loopback", lambda: False)
    assert media_hosts(of(dev=True)) == ("127.0.0.1",)
    assert media_hosts(of(dev=True, rtc={"bind": ["::1"]})) == ("::1",)


def test_every_timer_reaches_the_control_plane():
    server = {"urls": ["turn:t.example.org"], "username": "u", "credential": "c"}
    rtc = {
        "connecting_seconds": 1, "disconnected_seconds": 2, "disconnected_idle_seconds": 3,
        "failed_seconds": 4, "left_seconds": 5, "keep_alive_seconds": 6, "waiting_seconds": 7,
        "ice_servers": [server],
    }  # fmt: skip
    told = signaling_settings(of(rtc=rtc, http={"allowed_origins": ["https://a"]}))
    assert told.timers == RtcTimers(1, 2, 3, 4, 5, 6)
    assert told.waiting_seconds == 7
    assert told.ice_servers == (IceServer(("turn:t.example.org",), "u", "c"),)
    assert told.allowed_origins == ("https://a",)


def test_a_fault_is_counted():
    metrics = Metrics()
    fault_reporter(metrics)("writer", ValueError("x"))
    name, labels = "roomtone_faults_total", {"task": "writer"}
    assert metrics.registry.get_sample_value(name, labels) == 1


def test_the_real_engine_is_the_one_on_aiortc():
    settings = engine_settings(of(dev=True))
    assert isinstance(real_engine(settings, FakeClock(), lambda *_: None), Engine)


async def test_a_taken_media_port_falls_to_the_next_in_development_only():
    def faulted(name: str, error: BaseException) -> None:
        raise AssertionError(name) from error

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        rtc = {"udp_port": port, "bind": ["127.0.0.1"]}
        engine = real_engine(engine_settings(of(dev=True, rtc=rtc)), SystemClock(), faulted)
        await engine.start()
        assert engine.udp_port > port
        await engine.stop()
        strict = real_engine(engine_settings(of(rtc=rtc)), SystemClock(), faulted)
        with pytest.raises(MediaError, match="taken"):
            await strict.start()
        await strict.stop()


@pytest.mark.parametrize(
    ("wanted", "cores", "workers"),
    [("auto", 1, 0), ("auto", 2, 0), ("auto", 3, 2), ("auto", 8, 7), (0, 8, 0), (2, 1, 2)],
)
def test_media_workers_by_wish_and_by_cores(wanted, cores, workers):
    assert media_workers(MediaSettings(workers=wanted), cores) == workers


def test_programs_keep_media_in_the_servers_own_process():
    assert media_workers(MediaSettings(programs=["m:f"]), 8) == 0
    assert media_workers(MediaSettings(programs=["m:f"], workers=0), 8) == 0
    with pytest.raises(ConfigError, match="2"):
        media_workers(MediaSettings(programs=["m:f"], workers=2), 8)


async def test_a_program_that_cannot_be_loaded_stops_the_build(tmp_path: Path):
    settings = of(dev=True, storage={"data": tmp_path}, media={"programs": ["nowhere:main"]})
    with pytest.raises(ConfigError, match="nowhere"):
        await asyncio.to_thread(build, settings, make_engine=lambda *_: FakeEngine())


async def test_with_workers_recordings_are_written_there(tmp_path: Path):
    settings = of(dev=True, storage={"data": tmp_path}, media={"workers": 1})
    app = await asyncio.to_thread(build, settings)
    assert isinstance(app.engine, WorkerEngine)
    assert app.recordings._recorders is app.engine.recorders
