import pytest
from support.clock import FakeClock
from support.sound import FakePackets

from media.audio.desk import SoundDesk
from media.errors import MediaError
from media.types import ConnectionSpec, TrackSource

SPEC = ConnectionSpec("c", "room", "p", "Bot")


async def test_it_listens_and_speaks_beside_the_engine():
    packets = FakePackets()
    desk = SoundDesk(packets, FakeClock(), lambda *_: None)
    async with desk.listen("room", zero_ns=0, rate=16_000, without="p"):
        tap = packets.taps["room"]
        assert tap.open_track("p", "Bot", TrackSource.MICROPHONE, "c", 1) is None
    voice = desk.speak(SPEC)
    await voice.aclose()
    assert packets.published["c"].closed
    desk.close()


async def test_with_packets_elsewhere_it_says_so():
    packets = FakePackets()
    packets.remote = True
    desk = SoundDesk(packets, FakeClock(), lambda *_: None)
    with pytest.raises(MediaError):
        _ = desk.listen("room", zero_ns=0)
    with pytest.raises(MediaError):
        _ = desk.speak(SPEC)
    desk.close()
