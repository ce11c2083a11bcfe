"""One Ogg/Opus file after a crash: how much of it is whole, and making that a proper file."""

import contextlib
import hashlib
import mmap
import os
import stat
from dataclasses import dataclass

from media.recording import ogg


@dataclass(frozen=True, slots=True)
class Survey:
    """What a walk over a file's pages found.

    Attributes:
        channels: From its head; 0 when even the head is gone.
        pre_skip: From its head, in ticks.
        tags: Its comments.
        position: Ticks at the end of the last good page, pre-skip included.
        last_at: Where that page begins.
        end: Where it ends.
        ended: It says that the stream ends there.
        damaged: Bytes before `end` that belong to no good page.
    """

    channels: int = 0
    pre_skip: int = 0
    tags: dict[str, str] | None = None
    position: int = 0
    last_at: int = 0
    end: int = 0
    ended: bool = False
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class Salvaged:
    """A file as it lies on the disk now.

    Attributes:
        survey: What was found in it.
        truncated: Bytes cut off its end.
        size: Its bytes.
        sha256: Lower-case hex.
        whole: Nothing was missing: it had been ended properly.
    """

    survey: Survey
    truncated: int
    size: int
    sha256: str
    whole: bool

    @property
    def ticks(self) -> int:
        """Playable length."""
        return max(0, self.survey.position - self.survey.pre_skip)


def survey(data: mmap.mmap) -> Survey:
    """Walk over all pages of one stream; a damaged page costs no more than itself."""
    with memoryview(data) as view:
        try:
            first = ogg.read_page(view)
            channels, pre_skip = ogg.read_opus_head(b"".join(first.packets[:1]))
            second = ogg.read_page(view, first.size)
            tags = ogg.read_opus_tags(b"".join(second.packets[:1]))
        except ogg.OggError:
            return Survey()
        at = last_at = first.size + second.size
        position, number, ended, damaged, good_end = 0, second.number, False, 0, at
        while at < len(data):
            try:
                page = ogg.read_page(view, at)
            except ogg.OggError:
                page = None
            if page is None or page.serial != first.serial or page.number <= number:
                at = data.find(ogg.CAPTURE, at + 1)
                if at < 0:
                    break
                continue
            damaged += at - good_end
            last_at, at = at, at + page.size
            number, good_end = page.number, at
            ended = bool(page.flags & ogg.LAST)
            if page.position != ogg.NO_POSITION:
                position = max(position, page.position)
        return Survey(channels, pre_skip, tags, position, last_at, good_end, ended, damaged)


def salvage(fd: int) -> Salvaged:
    """Cut a file after its last good page and let that page end the stream. Blocks.

    Args:
        fd: Open for reading and writing, without O_APPEND.

    Raises:
        OSError: It is no regular file, or cannot be read or changed.
    """
    about = os.fstat(fd)
    if not stat.S_ISREG(about.st_mode):
        raise OSError("not a regular file")
    if not about.st_size:
        return _described(fd, Survey(), 0, whole=False)
    with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as data:
        found = survey(data)
        last_page = data[found.last_at : found.end]
    truncated = about.st_size - found.end if found.end else 0
    if truncated:
        os.ftruncate(fd, found.end)
    if found.position and not found.ended:
        write_at(fd, ogg.with_last_flag(last_page), found.last_at)
    if truncated or not found.ended:
        os.fsync(fd)
    whole = found.ended and not truncated and not found.damaged
    return _described(fd, found, truncated, whole=whole)


def trim_start(fd: int, ticks: int) -> str:
    """Let players leave out that much more of a file's start. Blocks.

    Nothing moves: the head's pre-skip grows, in one write.

    Args:
        fd: Open for reading and writing, without O_APPEND.
        ticks: 48 kHz.

    Returns:
        The SHA-256 of the file as it is now.

    Raises:
        OSError: It cannot be read or changed.
    """
    with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as data:
        try:
            page = data[: ogg.read_page(data[: ogg.MAX_PAGE_BYTES]).size]
            _, pre_skip = ogg.read_opus_head(ogg.read_page(page).packets[0])
            changed = ogg.with_pre_skip(page, pre_skip + ticks)
        except (ogg.OggError, IndexError) as error:
            raise OSError("the file's head is damaged") from error
    write_at(fd, changed, 0)
    os.fsync(fd)
    return digest_of(fd)


def write_at(fd: int, data: bytes, at: int) -> None:
    """Change a place of a file, all of it. Blocks.

    Raises:
        OSError: It cannot be written.
    """
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, at)
        view, at = view[written:], at + written


def _described(fd: int, found: Survey, truncated: int, *, whole: bool) -> Salvaged:
    return Salvaged(found, truncated, os.fstat(fd).st_size, digest_of(fd), whole)


def digest_of(fd: int) -> str:
    """The SHA-256 of a whole file, in lower-case hex. Blocks."""
    os.lseek(fd, 0, os.SEEK_SET)
    with contextlib.closing(os.fdopen(os.dup(fd), "rb")) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
