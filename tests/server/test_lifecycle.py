"""The process in order: what starts, what stops, what a signal and a crash leave."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs
from support.clock import FakeClock
from support.domain import NOW, entries, meeting, occupied, recording, session
from support.engine import FakeEngine

from media.errors import MediaError
from server.app import build
from server.config import Settings
from server.edge import create_application
from server.errors import StartError
from server.lifecycle import RUNTIME_FILE, Server
from server.services.context import App
from signaling.model import EndReason, RecordingState, SessionState


class Engine(FakeEngine):
    """Remembers whether it runs; cannot start when told so."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__()
        self.fails, self.runs = fails, False

    async def start(self) -> None:
        if self.fails:
            raise MediaError("UDP port 40000 is taken")
        self.runs = True

    async def stop(self) -> None:
        self.runs = False


async def made(data: Path, *, fails: bool = False, **http: object) -> tuple[App, Server, Engine]:
    engine = Engine(fails)
    settings = Settings.model_validate(
        {"dev": True, "http": {"port": 0, **http}, "storage": {"data": data}}
    )
    app = await asyncio.to_thread(build, settings, clock=FakeClock(), make_engine=lambda *_: engine)
    return app, Server(app, create_application, faulted), engine


def faulted(name: str, error: BaseException) -> None:
    raise AssertionError(name) from error


@asynccontextmanager
async def started(data: Path, **http: object) -> AsyncIterator[tuple[App, Server, Engine]]:
    app, server, engine = await made(data, **http)
    await server.start()
    try:
        yield app, server, engine
    finally:
        await server.stop()


async def test_it_serves_on_both_loopbacks_once_ready(tmp_path: Path):
    async with started(tmp_path) as (app, server, engine), ClientSession() as http:
        assert app.health.ready
        assert engine.runs
        assert app.meetings.public_url == f"http://localhost:{server.http_port}"
        for host in ("127.0.0.1", "[::1]"):
            async with http.get(f"http://{host}:{server.http_port}/readyz") as answer:
                assert answer.status == 200
        facts = json.loads(await asyncio.to_thread((tmp_path / RUNTIME_FILE).read_text))
        assert facts["url"] == app.meetings.public_url
        assert facts["pid"] == os.getpid()
    assert not await asyncio.to_thread((tmp_path / RUNTIME_FILE).exists)
    assert not engine.runs
    assert app.health.draining


async def test_the_public_address_is_not_overruled(tmp_path: Path):
    async with started(tmp_path, public_url="https://meet.example.org") as (app, _, _):
        assert app.meetings.public_url == "https://meet.example.org"


async def test_a_taken_media_port_ends_the_start_cleanly(tmp_path: Path):
    _, server, _ = await made(tmp_path, fails=True)
    with pytest.raises(StartError, match="taken"):
        await server.start()
    async with started(tmp_path) as (app, _, _):
        assert app.health.ready


async def test_a_taken_http_port_ends_the_start_cleanly(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        _, server, engine = await made(tmp_path, port=other.getsockname()[1])
        with pytest.raises(StartError, match="HTTP port") as refused:
            await server.start()
    assert refused.value.hint
    assert not engine.runs


async def test_two_servers_do_not_share_a_data_directory(tmp_path: Path):
    async with started(tmp_path) as (app, _, _):
        _, second, _ = await made(tmp_path)
        with pytest.raises(StartError, match="another server"):
            await second.start()
        assert app.health.ready
        assert await asyncio.to_thread((tmp_path / RUNTIME_FILE).exists)


async def test_a_data_directory_that_cannot_be_used_is_named(tmp_path: Path, monkeypatch):
    app, server, _ = await made(tmp_path)

    async def broken() -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(app.storage, "start", broken)
    with pytest.raises(StartError, match="data directory"):
        await server.start()


async def test_stopping_stores_all_and_says_goodbye(tmp_path: Path):
    async with started(tmp_path) as (app, _, _):
        live, _, _, facts = occupied(meeting())
        for entry in entries(live, facts):
            app.tracker.append(entry)
    async with started(tmp_path) as (app, _, _):
        view = await app.sessions.get(live.id)
        assert view.session.state is SessionState.ENDED
        assert view.session.reason is EndReason.SERVER_STOPPED


async def test_what_a_crash_left_is_closed_and_recovered_at_start(tmp_path: Path):
    app, _, _ = await made(tmp_path)
    await app.storage.start()
    await app.tracker.start()
    live, _, _, facts = occupied(meeting())
    for entry in entries(live, facts):
        app.tracker.append(entry)
    broken = recording(session(meeting()), state=RecordingState.RECORDING, started_at=NOW)
    await app.storage.save_recording(broken)
    await app.tracker.stop()
    await app.storage.stop()
    async with started(tmp_path) as (app, _, _):
        assert (await app.sessions.get(live.id)).session.state is SessionState.ENDED
        assert (await app.recordings.get(broken.id)).state is RecordingState.FAILED


async def test_a_step_that_fails_does_not_hinder_the_next(tmp_path: Path, monkeypatch):
    with capture_logs() as logs:
        engine = await stopped_with_a_fault(tmp_path, monkeypatch)
    assert not engine.runs
    assert {"event": "stopping failed", "step": "say goodbye"}.items() <= logs[-1].items()


async def stopped_with_a_fault(tmp_path: Path, monkeypatch) -> Engine:
    async with started(tmp_path) as (app, _, engine):

        async def broken() -> None:
            raise ValueError("bug")

        monkeypatch.setattr(app.live, "stop", broken)
    return engine


async def test_a_signal_ends_the_run(tmp_path: Path):
    _, server, engine = await made(tmp_path)
    ready: list[bool] = []

    def on_ready() -> None:
        ready.append(engine.runs)
        os.kill(os.getpid(), signal.SIGTERM)

    async with asyncio.timeout(20):
        await server.run(on_ready)
    assert ready == [True]
    assert not engine.runs


async def test_a_second_signal_ends_at_once(tmp_path: Path, monkeypatch):
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    _, server, _ = await made(tmp_path)
    server._on_signal()
    assert ended == []
    server._on_signal()
    assert ended == [130]


async def test_old_events_are_pruned_after_the_start(tmp_path: Path, monkeypatch):
    app, server, _ = await made(tmp_path)
    asked = asyncio.get_running_loop().create_future()

    async def prune(before):
        asked.set_result(before)
        return 3

    monkeypatch.setattr(app.storage, "prune_events", prune)
    await server.start()
    async with asyncio.timeout(5):
        assert (app.clock.utc() - await asked).days == 90
    await server.stop()
