"""Which stream feeds a slot: one until now, perhaps another from its next key frame on."""

from media.plane.port import Slot, Track


def put(slot: Slot, track: Track, payload_type: int) -> None:
    """Give a slot to a source; no stream feeds it yet."""
    slot.payload_type = payload_type
    same = payload_type == track.payload_type  # blocks name it, and are passed on as they are
    slot.red_type = slot.spec.red_type if same and track.red_type > 0 else 0
    slot.track = track
    slot.starved = False
    track.viewers[slot] = None


def take(slot: Slot) -> None:
    """Take the slot from its source."""
    stop(slot)
    if slot.track is not None:
        slot.track.viewers.pop(slot, None)
    slot.track = None
    slot.starved = False


def switch(slot: Slot, stream: Track) -> bool:
    """Feed the slot by `stream` from its next key frame on; what feeds it now does so until then.

    Returns:
        True when that is news, and a key frame is to be asked for.
    """
    if stream in (slot.stream, slot.target):
        if slot.target is not stream:
            _forget_target(slot)
        return False
    _forget_target(slot)
    slot.target = stream
    stream.pending.append(slot)
    return True


def suspend(slot: Slot) -> None:
    """Stop sending until a packet comes that the slot can start with."""
    stream = slot.stream
    if stream is None:
        return
    _end(slot, stream)
    if slot.target is None:
        slot.target = stream
        stream.pending.append(slot)


def stop(slot: Slot) -> None:
    """Stop sending and waiting."""
    if slot.stream is not None:
        _end(slot, slot.stream)
    _forget_target(slot)


def _end(slot: Slot, stream: Track) -> None:
    stream.slots.remove(slot)
    slot.rewriter.end(stream.progress)
    slot.stream = None


def _forget_target(slot: Slot) -> None:
    if slot.target is not None:
        slot.target.pending.remove(slot)
        slot.target = None
