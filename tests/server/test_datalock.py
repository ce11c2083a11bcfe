from pathlib import Path

import pytest

from server.datalock import DataLock
from server.errors import StartError


def test_a_directory_is_held_once_and_let_go(tmp_path: Path):
    first, second = DataLock(tmp_path), DataLock(tmp_path)
    first.take()
    with pytest.raises(StartError, match="another server"):
        second.take()
    first.release()
    first.release()
    second.take()
    second.release()


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_refused_lock_leaves_no_descriptor_open(tmp_path: Path):
    first, second = DataLock(tmp_path), DataLock(tmp_path)
    first.take()
    before = open_descriptors()
    with pytest.raises(StartError):
        second.take()
    assert open_descriptors() == before
    first.release()


def test_a_missing_directory_is_named(tmp_path: Path):
    with pytest.raises(StartError, match="none"):
        DataLock(tmp_path / "none").take()
