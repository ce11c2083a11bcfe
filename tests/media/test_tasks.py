"""A scope owns its tasks: they are named, reported when they fail, and end with it."""

import asyncio

import pytest

from media.tasks import TaskScope


class Reports:
    """What a scope says about failures."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def __call__(self, name: str, error: BaseException) -> None:
        self.said.append((name, str(error)))


async def forever(ended: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


async def fail() -> None:
    raise ValueError("broken")


async def test_a_failure_is_reported_once_with_the_name():
    reports = Reports()
    scope = TaskScope(reports)
    task = scope.spawn(fail(), name="careless")
    await asyncio.wait([task])
    await asyncio.sleep(0)  # the callback runs on the next turn
    assert reports.said == [("careless", "broken")]
    assert len(scope) == 0


async def test_closing_ends_every_task_without_a_report():
    reports, ended = Reports(), list[str]()
    scope = TaskScope(reports)
    scope.spawn(forever(ended), name="one")
    scope.spawn(forever(ended), name="two")
    await asyncio.sleep(0)
    await scope.close()
    assert ended == ["ended", "ended"]
    assert reports.said == []


async def test_a_task_may_close_its_own_scope():
    scope = TaskScope(Reports())
    task = scope.spawn(scope.close(), name="last")
    await asyncio.wait_for(task, 1)
    assert not task.cancelled()


async def test_a_closed_scope_starts_nothing():
    scope = TaskScope(Reports())
    await scope.close()
    with pytest.raises(RuntimeError, match="late"):
        scope.spawn(fail(), name="late")


async def test_draining_waits_for_what_ends_by_itself_and_cancels_the_rest():
    ended: list[str] = []
    scope = TaskScope(Reports())
    scope.spawn(forever(ended), name="stuck")
    quick = scope.spawn(asyncio.sleep(0), name="quick")
    await scope.drain(0.01)
    assert quick.done()
    assert not quick.cancelled()
    await scope.close()
    assert ended == ["ended"]
