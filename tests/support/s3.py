"""A server that speaks S3 (moto's, in a process of its own), and a way to it that can fail."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiohttp import ClientSession, web

from server.storage.object_store import ObstoreObjects, open_objects

BUCKET = "recordings"
OPTIONS = {"region": "us-east-1", "access_key_id": "test", "secret_access_key": "test"}
_OWN = re.compile("content-length|host|transfer|content-md5|x-amz-checksum", re.IGNORECASE)
_SERVER = """
import sys
from werkzeug.serving import make_server
from moto.server import DomainDispatcherApplication, create_backend_app
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of an empty server."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "MOTO_S3_CUSTOM_ENDPOINTS": ""},
    ) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.send_signal(signal.SIGKILL)


async def make_bucket(endpoint: str) -> None:
    """An empty bucket on a server, whatever was in it before."""
    async with ClientSession() as client:
        async with client.post(f"{endpoint}/moto-api/reset") as answer:
            assert answer.status == 200
        async with client.put(f"{endpoint}/{BUCKET}") as answer:
            assert answer.status == 200, await answer.text()


def objects_at(endpoint: str, *, prefix: str = "", timeout_seconds: float = 20) -> ObstoreObjects:
    return open_objects(
        f"s3://{BUCKET}{prefix}",
        {"endpoint": endpoint, **OPTIONS},
        allow_http=True,
        timeout_seconds=timeout_seconds,
    )


Fault = Callable[[web.Request, bytes], "web.Response | bytes | None"]
"""What happens to a request: an answer of its own, another body, or nothing (None)."""


class Way:
    """Passes requests to a server, unless a fault is due.

    Attributes:
        endpoint: Where it listens.
        faults: Asked in order, each for one request that it wants.
        seen: Method and path of each request.
    """

    def __init__(self, to: str) -> None:
        self._to = to
        self.endpoint = ""
        self.faults: list[Fault] = []
        self.seen: list[str] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Way"]:
        async with ClientSession(auto_decompress=False) as self._client:
            application = web.Application(client_max_size=1 << 30)
            application.router.add_route("*", "/{path:.*}", self._pass)
            runner = web.AppRunner(application, shutdown_timeout=5)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                yield self
            finally:
                await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.Response:
        self.seen.append(f"{request.method} {request.path}")
        body = await request.read()
        for fault in list(self.faults):
            done = fault(request, body)
            if done is None:
                continue
            self.faults.remove(fault)
            if isinstance(done, web.Response):
                return done
            body = done
            break
        headers = {
            name: value
            for name, value in request.headers.items()
            if not re.match(
                "content-length|host|transfer|content-md5|x-amz-checksum", name, re.IGNORECASE
            )
        }
        async with self._client.request(
            request.method, self._to + str(request.rel_url), data=body, headers=headers
        ) as answer:
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in ("transfer-encoding", "connection", "content-length")
            }
            content = await answer.read()
            if request.method == "HEAD":
                kept["Content-Length"] = answer.headers.get("Content-Length", "0")
            return web.Response(status=answer.status, headers=kept, body=content)


def status(code: int, method: str = "PUT") -> Fault:
    """An answer with that status to the next request of that method."""
    return lambda request, _: web.Response(status=code) if request.method == method else None


def wrong_bytes(part: str = ".ogg") -> Fault:
    """The next file of that kind is stored with one byte turned over."""

    def fault(request: web.Request, body: bytes) -> bytes | None:
        if request.method != "PUT" or part not in request.path or not body:
            return None
        return body[:-1] + bytes([body[-1] ^ 1])

    return fault
