"""Real workers in real processes, with aiortc people in them."""

import os
import signal

import pytest
from support.wait import until

from media.errors import MediaError, NegotiationError
from media.types import ConnectionSpec, Heard, ListenerStats, MediaKind, TrackSource


def kill(hall, room):
    os.kill(hall.engine.link_of(room).pid, signal.SIGKILL)


async def test_people_of_one_room_hear_each_other_and_rooms_are_spread(hall):
    hall.engine.listen_room("r", hall.told)
    await hall.join("ada", tone=440)
    bo = await hall.join("bo", tone=880)
    await hall.join("chi", tone=600, room="other")
    await bo.hears(440)
    assert hall.engine.link_of("r") is not hall.engine.link_of("other")
    await until(lambda: hall.told.speakers)
    await until(lambda: hall.engine.stats("ada").packets_received > 0)
    assert hall.engine.heard("ada").media
    await until(lambda: hall.engine.counters().get("connections") == 3)
    hall.engine.probe("ada")
    hall.engine.set_view("ada", ())
    hall.engine.set_listener_stats("ada", [ListenerStats(MediaKind.AUDIO, 5)])
    hall.engine.set_muted("ada", TrackSource.MICROPHONE, muted=True)
    await hall.engine.close("chi")
    await hall.engine.close("chi")
    hall.engine.listen_room("r", None)
    assert hall.engine.heard("chi") == Heard(None, media=False)
    assert hall.errors == []


async def test_refusals_come_back_as_themselves(hall):
    engine = hall.engine
    engine.open(ConnectionSpec("c", "r", "p", "P"), hall.told)
    with pytest.raises(MediaError, match="open already"):
        engine.open(ConnectionSpec("c", "r", "p", "P"), hall.told)
    with pytest.raises(NegotiationError) as refused:
        await engine.answer("c", "not an offer", {})
    assert refused.value.code == "invalid_sdp"
    with pytest.raises(NegotiationError) as refused:
        await engine.add_candidate("c", "nonsense")
    assert refused.value.code == "invalid_candidate"
    with pytest.raises(MediaError, match="no connection"):
        await engine.answer("unknown", "", {})
    with pytest.raises(MediaError):
        engine.add_tap("r", hall.told)
    with pytest.raises(MediaError):
        _ = engine.publish(ConnectionSpec("c", "r", "p", "P"))
    engine.remove_tap("r", hall.told)


async def test_a_killed_worker_loses_its_people_and_is_replaced(hall):
    hall.engine.listen_room("r", hall.told)
    await hall.join("ada", tone=440)
    await hall.join("chi", tone=600, room="other")
    kill(hall, "r")
    await until(lambda: hall.told.lost == ["ada"])
    with pytest.raises(MediaError, match="no connection"):
        await hall.engine.answer("ada", "", {})
    await hall.engine.close("ada")
    await hall.join("bo", tone=880)
    await (await hall.join("ada2", tone=440)).hears(880)
    assert hall.told.lost == ["ada"]
    before = len(hall.told.speakers)
    await until(lambda: len(hall.told.speakers) > before or "p-bo" in hall.told.speakers[-1])
