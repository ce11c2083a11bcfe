"""A browser's `getStats` report as what it says of the media it hears; pure.

Names and units are those of W3C webrtc-stats. Clients write what they like: anything that is no
sensible number says nothing.
"""

from collections.abc import Iterable, Mapping
from math import isfinite

from media.types import ListenerStats, MediaKind

_MOST = 0xFFFF_FFFF


def heard(report: Iterable[Mapping[str, object]]) -> tuple[ListenerStats, ...]:
    """What the client receives, all `inbound-rtp` streams of a kind as one."""
    found: dict[MediaKind, ListenerStats] = {}
    for entry in report:
        if entry.get("type") != "inbound-rtp" or entry.get("kind") not in tuple(MediaKind):
            continue
        kind = MediaKind(str(entry["kind"]))
        before = found.get(kind, ListenerStats(kind))
        found[kind] = ListenerStats(
            kind,
            before.packets_received + int(_number(entry, "packetsReceived")),
            before.packets_lost + int(_number(entry, "packetsLost")),
            max(before.jitter_ms, 1000 * _number(entry, "jitter")),
            before.freezes + int(_number(entry, "freezeCount")),
            before.frozen_seconds + _number(entry, "totalFreezesDuration"),
        )
    return tuple(found.values())


def _number(entry: Mapping[str, object], name: str) -> float:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return 0.0
    return min(max(0.0, float(value)), float(_MOST))
