import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest

from media.recording import files
from media.recording.files import RecordingDirectory, error_code, slug


@pytest.fixture
def directory(tmp_path: Path):
    opened = RecordingDirectory(tmp_path)
    yield opened
    opened.close()


class TestSlug:
    @pytest.mark.parametrize(
        ("label", "expected"),
        [
            ("Ana", "ana"),
            ("Zoë O'Neil", "zoe-o-neil"),
            ("../../etc/passwd", "etc-passwd"),
            ("a\0b", "a-b"),
            ("\u202egnp.exe", "gnp-exe"),
            ("名前", "p"),
            ("---", "p"),
            ("", "p"),
            ("x" * 10_000, "x" * 32),
            ("a" * 31 + " b", "a" * 31),
        ],
    )
    def test_is_a_harmless_decoration(self, label: str, expected: str) -> None:
        assert slug(label) == expected


class TestErrorCode:
    @pytest.mark.parametrize(
        ("number", "code"),
        [
            (errno.ENOSPC, "disk_full"),
            (errno.EDQUOT, "disk_full"),
            (errno.EROFS, "directory_not_writable"),
            (errno.EACCES, "directory_not_writable"),
            (errno.EIO, "write_error"),
        ],
    )
    def test_is_stable(self, number: int, code: str) -> None:
        assert error_code(OSError(number, "x")) == code


class TestDirectory:
    @pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "/a", "a\0"])
    def test_names_with_a_path_are_refused(self, directory: RecordingDirectory, name: str) -> None:
        with pytest.raises(ValueError, match="path"):
            directory.create(name)

    def test_a_file_is_never_opened_twice(self, directory: RecordingDirectory) -> None:
        directory.create("a").close()
        with pytest.raises(FileExistsError):
            directory.create("a")

    def test_a_planted_link_is_not_followed(
        self, directory: RecordingDirectory, tmp_path: Path
    ) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(OSError, match="exists"):
            directory.create("a")
        with pytest.raises(OSError, match="symbolic"):
            directory.open("a", os.O_RDONLY)

    def test_what_is_opened_for_a_while_is_closed_again(self, directory, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"12")
        with directory.opened("a", os.O_RDONLY) as fd:
            assert os.pread(fd, 9, 0) == b"12"
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)

    def test_only_the_owner_reads(self, directory: RecordingDirectory, tmp_path: Path) -> None:
        directory.create("a").close()
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600

    def test_swapping_its_parents_moves_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        opened = RecordingDirectory(tmp_path / "a")
        (tmp_path / "a").rename(tmp_path / "b")
        (tmp_path / "a").mkdir()
        opened.create("file").close()
        opened.close()
        assert (tmp_path / "b" / "file").exists()

    def test_replace_leaves_one_whole_file(
        self, directory: RecordingDirectory, tmp_path: Path
    ) -> None:
        (tmp_path / ".m.json.new").write_bytes(b"left by a crash")
        directory.replace("m.json", b"one")
        directory.replace("m.json", b"two")
        assert directory.names() == ["m.json"]
        assert (tmp_path / "m.json").read_bytes() == b"two"

    def test_replace_that_fails_leaves_the_old_file(
        self, directory: RecordingDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        directory.replace("m.json", b"one")

        def full(fd: int, data: memoryview) -> int:
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(files.os, "write", full)
        with pytest.raises(OSError, match="full"):
            directory.replace("m.json", b"two")
        monkeypatch.undo()
        assert (tmp_path / "m.json").read_bytes() == b"one"

    def test_free_space_is_known(self, directory: RecordingDirectory) -> None:
        assert directory.free_bytes() > 0


class TestAppend:
    def test_size_and_digest_follow(self, directory: RecordingDirectory, tmp_path: Path) -> None:
        file = directory.create("a")
        file.append(b"one")
        file.append(b"two")
        assert file.dirty
        file.sync()
        assert not file.dirty
        file.close()
        assert (tmp_path / "a").read_bytes() == b"onetwo"
        assert file.size == 6
        assert file.sha256 == hashlib.sha256(b"onetwo").hexdigest()

    def test_a_piece_that_does_not_fit_leaves_no_trace(
        self, directory: RecordingDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = directory.create("a")
        file.append(b"whole")
        write = os.write

        def nearly_full(fd: int, data: memoryview) -> int:
            if len(data) > 3:
                return write(fd, data[:3])
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(files.os, "write", nearly_full)
        with pytest.raises(OSError, match="full"):
            file.append(b"torn!")
        monkeypatch.undo()
        file.close()
        assert (tmp_path / "a").read_bytes() == b"whole"
        assert file.size == 5
