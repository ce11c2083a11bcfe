import asyncio
from pathlib import Path

import pytest

from server.commands import parts
from server.commands.parts import keys_of, meetings_of
from server.config import Settings
from server.errors import StartError
from server.secret import SECRET_FILE, kept_secret
from server.services.views import CreateMeeting, TokenWish


def of(data: Path, **members: object) -> Settings:
    return Settings.model_validate({"storage": {"data": data}, **members})


async def test_the_kept_secret_of_a_development_server_is_found(tmp_path: Path):
    await asyncio.to_thread(kept_secret, tmp_path / SECRET_FILE)
    async with meetings_of(of(tmp_path)) as meetings:
        made = await meetings.create(CreateMeeting(), account="default", by=None)
        issued = await meetings.issue_token(made.id, TokenWish("Ada"))
    assert issued.url.endswith(issued.token)


async def test_the_development_key_is_not_among_stored_keys(tmp_path: Path):
    async with keys_of(of(tmp_path, dev=True)) as keys:
        assert list(await keys.list()) == []


async def test_a_fault_of_a_background_task_is_not_hidden():
    with pytest.raises(ValueError, match="bug"):
        parts._raise("task", ValueError("bug"))


def test_a_directory_that_cannot_be_looked_into_is_named(tmp_path: Path):
    with pytest.raises(StartError):
        parts._exists(tmp_path / ("x" * 300))
