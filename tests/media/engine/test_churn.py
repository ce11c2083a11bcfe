"""People come and go all day, and nothing of them stays."""

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path

import pytest
from support.hall import Hall

from media.types import ConnectionSpec, TrackSource

OFFER = (Path(__file__).parent / "offers" / "chromium.sdp").read_text().replace("\n", "\r\n")
SOURCES = {"0": TrackSource.MICROPHONE, "1": TrackSource.CAMERA}
AT_ONCE = 20


class Deaf:
    """Is told everything and remembers nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


async def come_and_go(hall: Hall, count: int) -> None:
    for batch in range(count // AT_ONCE):
        names = [f"c{batch}-{place}" for place in range(AT_ONCE)]
        for place, name in enumerate(names):
            spec = ConnectionSpec(name, f"r{place % 4}", f"p-{name}", name, mix=place == 0)
            hall.engine.open(spec, Deaf())
            _ = await hall.engine.answer(name, OFFER, SOURCES)
        await asyncio.gather(*(hall.engine.close(name) for name in names))


def resident_kilobytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_ten_thousand_joins_and_leaves_leave_no_growth():
    hall = Hall()
    await hall.engine.start()
    try:
        await come_and_go(hall, 1000)
        gc.collect()
        objects, kilobytes = len(gc.get_objects()), resident_kilobytes()
        await come_and_go(hall, 10_000)
        gc.collect()
        grown = len(gc.get_objects()) - objects
        assert (hall.engine._peers, hall.engine._rooms, hall.engine._ssrcs) == ({}, {}, set())
        assert grown < 500  # a twentieth of an object for each who came
        assert resident_kilobytes() - kilobytes < 10_000  # a kilobyte for each
    finally:
        await hall.close()
    assert hall.errors == []
