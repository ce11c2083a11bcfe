from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.domain import open_storage

from server.services.presets import PresetsService

STANDARD = {"one": {"a": 1}, "two": {"a": 2}}


@pytest.fixture
async def presets(tmp_path: Path) -> AsyncIterator[PresetsService]:
    storage = await open_storage(tmp_path)
    yield PresetsService(storage, STANDARD, FakeClock())
    await storage.stop()


async def test_a_workspace_begins_with_the_standard_ones(presets: PresetsService):
    assert [one.name for one in await presets.all("a")] == ["one", "two"]
    found = await presets.by_name("a", "two")
    assert found is not None
    assert found.document == {"a": 2}
    assert await presets.by_name("a", "three") is None
    assert await presets.find("b", found.id) is None


async def test_they_are_made_changed_and_forgotten(presets: PresetsService):
    made = await presets.create("a", "mine", {"x": 1})
    changed = await presets.change(made, "yours", {"x": 2})
    assert await presets.find("a", made.id) == changed
    await presets.delete(changed)
    assert await presets.find("a", made.id) is None


async def test_the_newest_of_a_name_counts(presets: PresetsService):
    _ = await presets.create("a", "mine", {"x": 1})
    second = await presets.create("a", "mine", {"x": 2})
    assert await presets.by_name("a", "mine") == second
