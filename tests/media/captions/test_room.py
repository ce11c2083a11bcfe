import numpy as np
import pytest
from support.captions import CaptionsHeard
from support.clock import FakeClock
from support.opus_tone import tone_packets

from media.captions.port import CaptionSpec
from media.captions.room import LocalCaptioners
from media.captions.speech import EngineSpec, TranscriberUnavailableError
from media.types import TrackSource


class Taps:
    """Remembers who listens to which room."""

    def __init__(self) -> None:
        self.open: dict[str, object] = {}

    def add_tap(self, room_id, tap):
        self.open[room_id] = tap

    def remove_tap(self, room_id, tap):
        del self.open[room_id]


def captioners(taps: Taps, name: str = "null", **spec: str) -> LocalCaptioners:
    return LocalCaptioners(
        taps,
        EngineSpec(name, **spec),
        workers=1,
        places=5,
        clock=FakeClock(),
        on_error=lambda name, error: None,
    )


async def test_what_is_said_until_the_stop_is_told():
    taps, told = Taps(), CaptionsHeard()
    makers = captioners(taps)
    assert not makers.figures().ready
    running = await makers.caption(CaptionSpec("room", 0, "en"), told)
    tap = taps.open["room"]
    assert tap.open_track("p", "Ada", TrackSource.CAMERA, "c", 1) is None
    track = tap.open_track("p", "Ada", TrackSource.MICROPHONE, "c", 2)
    for place, payload in enumerate(tone_packets(2.0)):
        track.rtp(1_000_000_000 + place * 20_000_000, place, place * 960, payload)
    track.close()
    await running.stop()
    await running.stop()
    assert taps.open == {}
    assert {one.name for one in told.made} == {"Ada"}
    assert told.made[-1].start == pytest.approx(1.0, abs=0.1)
    assert makers.figures().ready
    assert makers.figures().transcribed == len([one for one in told.made if one.final])
    await makers.close()


async def test_an_engine_that_cannot_run_is_told_and_nothing_is_heard():
    taps = Taps()
    makers = captioners(taps, "faster-whisper", model_path="/nowhere")
    with pytest.raises(TranscriberUnavailableError):
        await makers.caption(CaptionSpec("room", 0, "en"), CaptionsHeard())
    assert taps.open == {}
    await makers.close()


async def test_a_room_where_nobody_speaks_costs_nothing():
    taps, told = Taps(), CaptionsHeard()
    makers = captioners(taps)
    running = await makers.caption(CaptionSpec("room", 0, "en"), told)
    _ = taps.open["room"].open_track("p", "Ada", TrackSource.MICROPHONE, "c", 2)
    await running.stop()
    assert told.made == []
    assert makers.figures().decoders == 0
    assert np.isclose(makers.figures().seconds, 0.0)
    await makers.close()
