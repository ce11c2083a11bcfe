"""One real server for the tests of this folder, with timers a fifth of the real ones."""

import asyncio

import pytest
from support.server_process import ServerProcess

TIMERS = {
    "rtc.disconnected_seconds": 1.0,
    "rtc.disconnected_idle_seconds": 1.5,
    "rtc.failed_seconds": 4.0,
    "rtc.left_seconds": 1.0,
    "rtc.keep_alive_seconds": 2.0,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with ServerProcess(tmp_path_factory.mktemp("server") / "data", settings=TIMERS) as running:
        yield running


@pytest.fixture
async def call(server):
    """`await call("GET", "/v1/…")`: status and JSON body of one request."""

    async def call(method, path, body=None, **options):
        return await asyncio.to_thread(server.request, method, path, body, **options)

    return call


@pytest.fixture
async def meeting(call):
    """The id of a new meeting."""
    status, body = await call("POST", "/v1/meetings", {"title": "People meet"})
    assert status == 201
    return body["id"]
