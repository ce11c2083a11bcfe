from support.plane import Rig

from media.plane import feed
from media.types import MediaKind, TrackSource


def scene():
    rig = Rig()
    ada, bob = rig.person("ada"), rig.person("bob")
    low = ada.track(TrackSource.CAMERA, ssrc=3000)
    high = ada.track(TrackSource.CAMERA, ssrc=3001)
    slot = bob.slot(MediaKind.VIDEO)
    feed.put(slot, low, 120)
    return slot, low, high


def flow(slot, stream):
    """What the fan-out does at a key frame."""
    stream.pending.remove(slot)
    stream.slots.append(slot)
    slot.stream, slot.target = stream, None


def test_a_slot_waits_for_the_stream_that_it_is_switched_to():
    slot, low, high = scene()
    assert feed.switch(slot, low)
    assert not feed.switch(slot, low)
    assert (low.pending, slot.target) == ([slot], low)
    assert feed.switch(slot, high)
    assert (low.pending, high.pending) == ([], [slot])


def test_what_feeds_a_slot_goes_on_until_the_other_begins():
    slot, low, high = scene()
    feed.switch(slot, low)
    flow(slot, low)
    assert feed.switch(slot, high)
    assert (low.slots, high.pending, slot.stream) == ([slot], [slot], low)
    assert not feed.switch(slot, low)  # on second thoughts
    assert (low.slots, high.pending, slot.target) == ([slot], [], None)


def test_a_suspended_slot_waits_for_its_stream_or_for_the_next():
    slot, low, high = scene()
    feed.suspend(slot)
    assert (low.pending, slot.target) == ([], None)
    feed.switch(slot, low)
    flow(slot, low)
    feed.suspend(slot)
    assert (low.slots, low.pending, slot.stream) == ([], [slot], None)
    flow(slot, low)
    feed.switch(slot, high)
    feed.suspend(slot)
    assert (low.slots, low.pending, high.pending) == ([], [], [slot])


def test_a_slot_that_is_taken_leaves_nothing_behind():
    slot, low, high = scene()
    feed.switch(slot, low)
    flow(slot, low)
    feed.switch(slot, high)
    slot.starved = True
    feed.take(slot)
    assert (low.slots, high.pending, low.viewers) == ([], [], {})
    assert (slot.track, slot.stream, slot.target, slot.starved) == (None, None, None, False)
    feed.take(slot)
