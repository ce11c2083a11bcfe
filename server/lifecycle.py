"""Starts and stops the process in order: nothing is admitted early, nothing is lost late."""

import asyncio
import errno
import gc
import json
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog
from aiohttp import web

from media.errors import MediaError
from media.tasks import TaskScope
from server.datalock import DataLock
from server.errors import StartError
from server.services.context import App
from server.services.gauges import Gauges
from server.services.restart import close_unfinished

logger = structlog.get_logger("server")

RUNTIME_FILE = "server.json"
"""In the data directory while a server runs: its address, for `roomtone token join`."""
FORCED = 130  # the shell's code for a program ended by Ctrl-C

MakeApplication = Callable[[App], web.Application]


class Server:
    """The running process.

    Args:
        app: Its parts, not started yet.
        make_application: Makes the HTTP application.
        on_error: Told when a background task fails.

    Attributes:
        http_port: The port in use once started.
    """

    def __init__(
        self,
        app: App,
        make_application: MakeApplication,
        on_error: Callable[[str, BaseException], None],
    ) -> None:
        self._app = app
        self._make_application = make_application
        self._scope = TaskScope(on_error)
        self._runner: web.AppRunner | None = None
        self._lock = DataLock(app.settings.storage.data)
        self._holds_data = False
        self._stopping = asyncio.Event()
        self.http_port = 0

    async def start(self) -> None:
        """Start everything; when a step fails what was started is stopped again.

        Raises:
            StartError: A port is taken, or the data directory cannot be used.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        app = self._app
        await asyncio.to_thread(self._lock.take)
        self._holds_data = True
        await self._open_storage()
        await app.tracker.start()
        await self._set_up_http()
        _ = await close_unfinished(app.storage, app.tracker, app.clock)
        await app.recordings.recover()
        await app.bots.recover()
        await app.recordings.start_writing()
        try:
            await app.engine.start()
        except (MediaError, OSError) as error:
            raise StartError(
                f"the media port cannot be opened: {error}",
                "Set rtc.udp_port to a free one, or stop the program that has it.",
            ) from error
        await app.live.start()
        gauges = Gauges(
            app.metrics, app.tracker, app.recordings, app.engine, app.transcripts, app.clock
        )
        _ = self._scope.spawn(gauges.run(), name="gauges")
        _ = self._scope.spawn(app.quality.run(), name="quality samples")
        _ = self._scope.spawn(app.bots.watch(), name="watch bots")
        _ = self._scope.spawn(self._prune(), name="prune events")
        await self._listen()
        await asyncio.to_thread(self._write_runtime_file)
        app.health.ready = True
        gc.collect()
        gc.freeze()  # modules and services stay: later collections need not walk them

    async def _open_storage(self) -> None:
        try:
            await self._app.storage.start()
        except OSError as error:
            raise StartError(
                f"the data directory cannot be used: {error}", "Choose another with --data."
            ) from error

    async def _set_up_http(self) -> None:
        """Let the edges follow the log, before the first fact of this run, without a port yet."""
        self._runner = web.AppRunner(
            self._make_application(self._app),
            access_log=None,
            shutdown_timeout=self._app.settings.http.shutdown_seconds,
            handler_cancellation=True,
        )
        await self._runner.setup()

    async def _listen(self) -> None:
        assert self._runner is not None  # noqa: S101  (set up before)
        settings = self._app.settings
        port = settings.http.port
        for host in settings.hosts:
            try:
                site = web.TCPSite(self._runner, host, port)
                await site.start()
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL and host == "::1":
                    continue  # a machine without IPv6
                raise StartError(
                    f"HTTP port {port} on {host} cannot be opened: {error.strerror}",
                    "Choose another with --port, or stop the program that has it.",
                ) from error
            port = self.http_port = self._bound_port()
        self._app.abroad.mirrors.base_url = _near(settings.hosts[0], self.http_port)
        if settings.http.public_url is None:
            self._app.meetings.public_url = f"http://localhost:{self.http_port}"

    def _bound_port(self) -> int:
        assert self._runner is not None  # noqa: S101  (called after a site has started)
        return int(self._runner.addresses[0][1])

    async def _prune(self) -> None:
        days = self._app.settings.storage.events_days
        dropped = await self._app.storage.prune_events(self._app.clock.utc() - timedelta(days=days))
        if dropped:
            logger.info("old events dropped", count=dropped)

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Start, serve until SIGTERM or SIGINT, stop. A second signal ends at once.

        Raises:
            StartError: As `start`.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)
        await self.start()
        on_ready()
        _ = await self._stopping.wait()
        logger.info("stopping")
        await self.stop()

    def request_stop(self) -> None:
        """Let `run` come to its end."""
        self._stopping.set()

    def _on_signal(self) -> None:
        if self._stopping.is_set():
            os._exit(FORCED)
        self.request_stop()

    async def stop(self) -> None:
        """Drain and stop everything; a step that fails does not hinder the next."""
        app = self._app
        app.health.ready = False
        app.health.draining = True
        app.gate.draining = True
        if not self._holds_data:
            return  # another server has it: nothing of ours has begun
        await asyncio.to_thread(self._runtime_file.unlink, missing_ok=True)
        await self._step("take bots out", app.bots.close)
        await self._step("close browsers", app.abroad.close)
        await self._step("say goodbye", app.live.stop)
        await self._step("finish recordings", app.recordings.stop_all)
        await self._step("finish captions", app.transcripts.close)
        await self._step("end programs", app.programs.close)
        await self._step("end transcriptions", app.recorded_transcripts.close)
        await self._step("close media", app.engine.stop)
        await self._step("keep quality samples", app.quality.stop)
        await self._step("store facts", app.tracker.stop)
        if self._runner is not None:
            await self._step("close HTTP", self._runner.cleanup)
        await self._scope.close()
        await self._step("close documents", app.documents.close)
        await self._step("close storage", app.storage.stop)
        self._lock.release()

    async def _step(self, name: str, step: Callable[[], object]) -> None:
        try:
            result = step()
            if asyncio.iscoroutine(result):
                await result
        except Exception:  # the other steps must still be done
            logger.exception("stopping failed", step=name)

    @property
    def _runtime_file(self) -> Path:
        return self._app.settings.storage.data / RUNTIME_FILE

    def _write_runtime_file(self) -> None:
        facts = {
            "url": self._app.meetings.public_url,
            "http_port": self.http_port,
            "udp_port": self._app.engine.udp_port,
            "pid": os.getpid(),
        }
        self._runtime_file.write_text(json.dumps(facts) + "\n")


def _near(host: str, port: int) -> str:
    """Where a program of this machine reaches an address that is listened on."""
    if host in ("0.0.0.0", "::"):  # noqa: S104  (compared, not bound)
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
