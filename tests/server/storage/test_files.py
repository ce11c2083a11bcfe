"""Nothing outside the root can be reached, whatever a name says or a link points at."""

import os
from pathlib import Path

import pytest

from server.storage.files import LocalFiles


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    (tmp_path / "secret").write_text("outside")
    store = LocalFiles(tmp_path / "root")
    place = store.make("one")
    (place / "a.ogg").write_bytes(b"audio")
    return store


def test_a_file_can_be_read(files: LocalFiles):
    with files.open("one", "a.ogg") as file:
        assert file.read() == b"audio"
    assert files.facts("one", "a.ogg").size == 5
    assert files.path("one", "a.ogg") == files.root / "one" / "a.ogg"


def test_a_directory_is_made_once_for_its_owner(files: LocalFiles):
    assert (files.root / "one").stat().st_mode & 0o777 == 0o700
    with pytest.raises(FileExistsError):
        files.make("one")


@pytest.mark.parametrize("name", ["", ".", "..", "../secret", "/etc/passwd", "a\0b", "x/y"])
def test_names_with_paths_in_them_reach_nothing(files: LocalFiles, name: str):
    with pytest.raises(FileNotFoundError):
        files.open("one", name)
    with pytest.raises(FileNotFoundError):
        files.open(name, "secret")
    with pytest.raises(ValueError, match="path"):
        files.make(name)
    with pytest.raises(ValueError, match="path"):
        files.remove(name)


def test_links_are_not_followed(files: LocalFiles, tmp_path: Path):
    (files.root / "one" / "link").symlink_to(tmp_path / "secret")
    (files.root / "other").symlink_to(tmp_path)
    with pytest.raises(FileNotFoundError):
        files.open("one", "link")
    with pytest.raises(FileNotFoundError):
        files.open("other", "secret")


def test_what_is_no_plain_file_is_not_opened(files: LocalFiles):
    os.mkfifo(files.root / "one" / "pipe")
    (files.root / "one" / "folder").mkdir()
    for name in ("pipe", "folder", "missing"):
        with pytest.raises(FileNotFoundError):
            files.open("one", name)


def test_removing_takes_everything_and_only_that(files: LocalFiles, tmp_path: Path):
    files.remove("one")
    files.remove("one")
    assert not (files.root / "one").exists()
    (files.root / "link").symlink_to(tmp_path)
    files.remove("link")
    assert (tmp_path / "secret").read_text() == "outside"
