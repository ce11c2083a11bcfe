import asyncio
from pathlib import Path

import pytest

from media.errors import RecordingError
from server.services import workers
from server.services.workers import Workers

SPEAKS = "import sys; sys.stdin.readline(); print('{\"progress\": 0.5}'); print('%s')"


@pytest.fixture
def script(monkeypatch):
    def set_script(code: str) -> None:
        monkeypatch.setattr(workers, "COMMAND", (workers.sys.executable, "-S", "-c", code))

    return set_script


@pytest.fixture
async def queue():
    queue = Workers()
    yield queue
    await queue.close()


async def test_progress_and_result_come_back(queue: Workers, script):
    script(SPEAKS % '{"result": {"a": 1}}')
    told: list[float] = []
    assert await queue.run({}, told.append) == {"a": 1}
    assert told == [0.5]


async def test_an_error_keeps_its_code(queue: Workers, script):
    script(SPEAKS % '{"error": "undecodable", "message": "no"}')
    with pytest.raises(RecordingError) as refused:
        await queue.run({})
    assert refused.value.code == "undecodable"


async def test_a_process_that_dies_is_an_error(queue: Workers, script):
    script("import sys; sys.stdin.readline()")
    with pytest.raises(RecordingError) as refused:
        await queue.run({})
    assert refused.value.code == "worker_died"


async def test_closing_ends_what_runs(queue: Workers, script):
    script("import sys; print('{\"progress\": 0.1}', flush=True); sys.stdin.read()")
    begun = asyncio.Event()
    running = asyncio.get_running_loop().create_task(queue.run({}, lambda _: begun.set()))
    await begun.wait()
    await queue.close()
    with pytest.raises(RecordingError):
        await running
    assert queue.closed


async def test_the_real_worker_ends_with_a_code(queue: Workers, tmp_path: Path):
    with pytest.raises(RecordingError) as refused:
        await queue.run({"task": "verify", "directory": str(tmp_path / "none")})
    assert refused.value.code == "write_error"
