import asyncio
from datetime import UTC, datetime
from pathlib import Path

from support.domain import meeting, open_storage, recording, recording_file, session

from server.commands.prune import prune
from server.config import Settings
from server.records import RecordingView
from server.storage.files import LocalFiles


def settings(data: Path) -> Settings:
    return Settings.model_validate({"storage": {"data": data}, "recording": {"retention_days": 1}})


async def kept(data: Path) -> RecordingView:
    storage = await open_storage(data)
    view = recording(session(meeting()), ended_at=datetime(2020, 1, 1, tzinfo=UTC))
    file = recording_file(view.id)
    await storage.save_recording(type(view)(**{**_members(view), "files": (file,)}))
    path = await asyncio.to_thread(LocalFiles(data / "recordings").make, view.id)
    await asyncio.to_thread((path / file.file_name).write_bytes, b"x")
    await storage.stop()
    return view


def _members(view: RecordingView) -> dict[str, object]:
    return {name: getattr(view, name) for name in view.__slots__}


def test_a_dry_run_tells_and_the_real_one_deletes(tmp_path: Path):
    view = asyncio.run(kept(tmp_path))
    (line,) = prune(settings(tmp_path), dry_run=True)
    assert line.startswith(f"{view.id}  2020-01-01")
    assert "1 files" in line
    assert (tmp_path / "recordings" / view.id).is_dir()
    assert prune(settings(tmp_path), dry_run=False) == [line]
    assert not (tmp_path / "recordings" / view.id).exists()
    assert prune(settings(tmp_path), dry_run=False) == []
