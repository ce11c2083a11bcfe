import asyncio
import json
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.domain import meeting, open_storage, recording, session
from support.opus_tone import tone_packets
from support.recording import microphone, speak, started
from typer.testing import CliRunner

from media.recording.writer import WriterThread
from server.cli import app
from server.commands import recordings as commands
from server.config import Settings
from server.errors import ServerError
from server.services.recordings_outcome import files_of
from server.storage.files import LocalFiles
from signaling.ids import new_id
from signaling.model import RecordingState


async def made(data: Path, **members: object) -> str:
    """A real recording of a second of a tone, as the server leaves it."""
    clock = FakeClock()
    view = recording(session(meeting()), **members)
    directory = await asyncio.to_thread(LocalFiles(data / "recordings").make, view.id)
    writer = WriterThread(clock)
    writer.start()
    recorder = await started(directory, writer, clock)
    speak(microphone(recorder), clock, tone_packets(1.0))
    result = await recorder.stop()
    await asyncio.to_thread(writer.stop)
    storage = await open_storage(data)
    files = files_of(view.id, result)
    await storage.save_recording(
        type(view)(**{name: getattr(view, name) for name in view.__slots__} | {"files": files})
    )
    await storage.stop()
    return view.id


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {"dev": True, "storage": {"data": tmp_path}, "auth": {"secret": "x" * 40}}
    )


@pytest.fixture
def recording_id(tmp_path: Path) -> str:
    return asyncio.run(made(tmp_path))


def test_list_and_show_tell_what_is_there(settings: Settings, recording_id: str):
    (line,) = commands.listing(settings, meeting=None, as_json=False)
    assert line.startswith(recording_id)
    assert line.endswith("1 files")
    (text,) = commands.listing(settings, meeting=None, as_json=True)
    assert json.loads(text)["id"] == recording_id
    assert commands.listing(settings, meeting=new_id(), as_json=False) == []
    shown = json.loads(commands.show(settings, recording_id))
    assert shown["files"][0]["content_type"].startswith("audio/ogg")


def test_download_copies_and_never_overwrites(
    settings: Settings, recording_id: str, tmp_path: Path
):
    paths = [Path(path) for path in commands.download(settings, recording_id, tmp_path / "out")]
    assert [path.name for path in paths] == ["001-name-of-p1-audio.ogg", "manifest.json"]
    assert paths[0].read_bytes()[:4] == b"OggS"
    with pytest.raises(ServerError, match="exists already"):
        commands.download(settings, recording_id, tmp_path / "out")


def test_verify_is_good_until_a_bit_flips(settings: Settings, recording_id: str, tmp_path: Path):
    assert commands.verify(settings, recording_id) == ([f"{recording_id}  good, 1 files"], True)
    (path,) = (tmp_path / "recordings" / recording_id).glob("*.ogg")
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(data)
    (line,), good = commands.verify(settings, None)
    assert not good
    assert "hash" in line
    flags = ["--data", str(tmp_path)]
    assert CliRunner().invoke(app, ["recording", "verify", *flags]).exit_code == 1


def test_share_prints_a_link(settings: Settings, recording_id: str):
    link = commands.share(settings, recording_id, 600)
    assert "/s/" in link
    assert len(link.rpartition("/")[2]) == 22


def test_rm_deletes_finished_recordings_alone(
    settings: Settings, recording_id: str, tmp_path: Path
):
    commands.remove(settings, recording_id)
    assert not (tmp_path / "recordings" / recording_id).exists()
    with pytest.raises(ServerError, match="no recording"):
        commands.remove(settings, recording_id)
    running = asyncio.run(made(tmp_path, state=RecordingState.RECORDING))
    with pytest.raises(ServerError, match="is recording"):
        commands.remove(settings, running)


@pytest.mark.parametrize("command", [["list"], ["show", "X"], ["rm", "X"], ["download", "X", "d"]])
def test_the_command_line_knows_them(command: list[str], tmp_path: Path):
    done = CliRunner().invoke(app, ["recording", *command, "--data", str(tmp_path)])
    assert done.exit_code == (0 if command == ["list"] else 1)
