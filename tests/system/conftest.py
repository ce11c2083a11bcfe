"""A real server process with shortened timers, shared by all tests of a process."""

from collections.abc import Iterator

import pytest
from support.server_process import ServerProcess

QUICK = {
    "rtc.disconnected_seconds": 1,
    "rtc.disconnected_idle_seconds": 1,
    "rtc.failed_seconds": 2,
    "rtc.keep_alive_seconds": 2,
}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A development server whose connections fail after three seconds of silence."""
    process = ServerProcess(tmp_path_factory.mktemp("server") / "data", settings=QUICK)
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture
def meeting(server: ServerProcess) -> str:
    """The id of a fresh meeting."""
    status, body = server.request("POST", "/v1/meetings", {"title": "system test"})
    assert status == 201
    return body["id"]
