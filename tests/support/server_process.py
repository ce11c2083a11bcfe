"""A real server in a process of its own, on free ports, with shortened timers where wished."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).with_name("roomtone")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServerProcess:
    """`roomtone serve --dev` as an operator runs it; a context manager, plain or asynchronous.

    Args:
        data: Data directory; a second process with the same one is the same server restarted.
        settings: Such as `{"rtc.failed_seconds": 2}`; handed over in the environment.
        arguments: More words for the command line.
        dev: Whether in development mode.
        port: HTTP port; 0 picks a free one.
        cpu: Core to stay on.
        prefix: Words before the command, such as those that enter a network namespace.
    """

    def __init__(
        self,
        data: Path,
        *,
        settings: Mapping[str, object] | None = None,
        arguments: tuple[str, ...] = (),
        dev: bool = True,
        port: int = 0,
        cpu: int | None = None,
        prefix: tuple[str, ...] = (),
    ) -> None:
        self.data = data
        self.log = data.with_name(data.name + ".log")
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None
        mode = ["--dev"] if dev else []
        self._command = [
            *prefix,
            *(["taskset", "-c", str(cpu)] if cpu is not None else []),
            *(str(COMMAND), "serve", *mode, "--port", str(self.port), "--data", str(data)),
            *arguments,
        ]
        wishes: dict[str, object] = {"rtc.udp_port": 0, "bots.max_browsers": 0} | dict(
            settings or {}
        )
        self._environment = {
            "ROOMTONE_" + name.upper().replace(".", "__"): _text(value)
            for name, value in wishes.items()
        }

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self, timeout: float = 60.0) -> Self:
        """Start and wait until it is ready.

        Raises:
            AssertionError: It ended or was not ready in time; the text holds its output.
        """
        self.launch()
        end = time.monotonic() + timeout
        while not self._is_ready():
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"server ended with {self.process.returncode}: {self.output}")
            if time.monotonic() > end:
                self.kill()
                raise AssertionError(f"server was not ready within {timeout} s: {self.output}")
            time.sleep(0.02)
        return self

    def launch(self) -> None:
        """Start without waiting."""
        self.data.mkdir(parents=True, exist_ok=True)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("ROOMTONE_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=clean | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self, timeout: float = 20.0) -> int:
        """Ask it to stop (SIGTERM) and return its exit status; harmless when it has ended.

        Raises:
            AssertionError: It did not stop in time and was killed.
        """
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"server ignored SIGTERM: {self.output}") from None

    def kill(self) -> None:
        """Let it crash (SIGKILL)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def output(self) -> str:
        """What it printed and logged, the last 8 KiB."""
        return self.log.read_bytes()[-8192:].decode(errors="replace") if self.log.exists() else ""

    def request(
        self, method: str, path: str, body: object = None, *, key: str | None = "rt_dev"
    ) -> tuple[int, Any]:
        """One JSON request, blocking; returns status and parsed body."""
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(
            self.base_url + path,
            method=method,
            headers=headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, _parse(response.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, _parse(refusal.read())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def _is_ready(self) -> bool:
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
