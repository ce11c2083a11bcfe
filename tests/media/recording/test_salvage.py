import os
import random
from pathlib import Path

import pytest
from support.recording import opusinfo

from media.recording import ogg
from media.recording.salvage import Salvaged, salvage

PAGES = 12


def stream_bytes(*, ended: bool = True, serial: int = 9) -> bytes:
    stream = ogg.OpusStream(
        serial, ogg.opus_head(channels=1, pre_skip=312), ogg.opus_tags("t", {"DATE": "d"})
    )
    parts = [stream.headers()]
    parts += [stream.add(b"\xf8\xff\xfe" + bytes(40), 960) for _ in range(PAGES * 10)]
    return b"".join(parts) + (stream.finish() if ended else b"")


def saved(path: Path) -> Salvaged:
    fd = os.open(path, os.O_RDWR)
    try:
        return salvage(fd)
    finally:
        os.close(fd)


def pages(data: bytes) -> list[tuple[int, ogg.Page]]:
    found, at = [], 0
    while at < len(data):
        page = ogg.read_page(data, at)
        found.append((at, page))
        at += page.size
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.ogg"


class TestWhole:
    def test_a_proper_file_is_left_alone(self, path: Path) -> None:
        path.write_bytes(stream_bytes())
        done = saved(path)
        assert done.whole
        assert done.truncated == 0
        assert done.ticks == PAGES * 9600 - 312
        assert path.read_bytes() == stream_bytes()
        assert done.survey.tags == {"DATE": "d"}

    def test_a_file_without_an_end_gets_one(self, path: Path) -> None:
        path.write_bytes(stream_bytes(ended=False))
        done = saved(path)
        assert not done.whole
        assert pages(path.read_bytes())[-1][1].flags == ogg.LAST
        assert done.ticks == (PAGES - 1) * 9600 - 312
        opusinfo(path)

    def test_again_it_is_a_proper_file(self, path: Path) -> None:
        path.write_bytes(stream_bytes(ended=False))
        first = saved(path)
        again = saved(path)
        assert again.whole
        assert again.sha256 == first.sha256


class TestTorn:
    def test_cut_anywhere_it_ends_at_the_last_good_page(self, path: Path) -> None:
        data = stream_bytes()
        ends = {at + page.size: page.position for at, page in pages(data)}
        for end in random.Random(1).sample(range(len(data)), 500):
            path.write_bytes(data[:end])
            done = saved(path)
            good = max((one for one in ends if one <= end), default=0)
            if good > 200:  # both headers and a page
                assert done.ticks == ends[good] - 312
                assert path.stat().st_size == good
                assert len(pages(path.read_bytes())) == list(ends).index(good) + 1
            else:
                assert done.ticks == 0

    def test_flips_in_the_last_page_cost_that_page(self, path: Path) -> None:
        data = stream_bytes()
        last_at, _ = pages(data)[-1]
        chance = random.Random(2)
        for _ in range(100):
            torn = bytearray(data)
            torn[chance.randrange(last_at, len(data))] ^= 1 << chance.randrange(8)
            path.write_bytes(torn)
            done = saved(path)
            assert done.ticks == (PAGES - 1) * 9600 - 312
            assert path.stat().st_size == last_at

    def test_damage_in_the_middle_costs_one_page_and_nothing_after_it(self, path: Path) -> None:
        data = bytearray(stream_bytes())
        at, _ = pages(bytes(data))[5]
        data[at + 60] ^= 0xFF
        path.write_bytes(data)
        done = saved(path)
        assert not done.whole
        assert done.truncated == 0
        assert done.survey.damaged > 0
        assert done.ticks == PAGES * 9600 - 312

    def test_pages_of_another_stream_are_cut_off(self, path: Path) -> None:
        path.write_bytes(stream_bytes() + stream_bytes(serial=10))
        assert saved(path).truncated == len(stream_bytes())

    @pytest.mark.parametrize("content", [b"", b"OggS", b"no ogg at all" * 100, bytes(5000)])
    def test_nothing_in_it_is_no_length(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        done = saved(path)
        assert (done.ticks, done.truncated, done.size) == (0, 0, len(content))

    def test_headers_alone_are_no_length(self, path: Path) -> None:
        data = stream_bytes()
        path.write_bytes(data[: pages(data)[2][0]])
        done = saved(path)
        assert done.ticks == 0
        assert not done.whole

    def test_a_pipe_is_refused(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="regular"):
            saved(tmp_path / "pipe")
