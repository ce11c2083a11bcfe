"""Samples of connection quality: how they fold to coarser ones and lie in bytes. Pure."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from media.quality.model import RANK
from media.types import QualityLabel

POINTS = 60
"""In a chunk, whatever its step: a minute of seconds, ten minutes of tens, an hour of minutes."""

REASONS = (None, "loss", "delay", "jitter", "stalled", "transport")
_LABELS = (None, *sorted(QualityLabel, key=lambda label: RANK[label]))
# Label (0: no point), reason, score, settled and lost packets, jitter, round trip, both bitrates,
# freezes and their hundredths of a second, width, height and layer of the picture.
_FORM = struct.Struct("<BBHIIHHIIHHHHB")
_NO_TRIP = 0xFFFF
_MOST = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Point:
    """What one stream, or a whole connection, was like for a while.

    Attributes:
        label: The worst of the time; None while too little was known.
        reason: Of that label.
        score: Mean transmission rating, 0 to 93.2.
        packets: Settled in that time, lost ones included; 0 for a connection.
        lost: Of these.
        jitter_ms: Highest.
        round_trip_ms: Highest; None when unknown, and for a stream.
        sent_bps: Mean bitrate towards the browser; 0 for an uplink.
        received_bps: Mean bitrate from the browser; 0 for a downlink.
        freezes: Times that a received picture stood still, by the browser's word.
        frozen_seconds: For how long, all pictures together.
        width: Of the smallest picture in that time that was the largest one at its moment.
        height: Of the same; 0 for sound, without a picture and while unknown.
        layer: Of the same, 1 for the smallest that its source sends; 0 for sound and without one.
    """

    label: QualityLabel | None = None
    reason: str | None = None
    score: float = 0.0
    packets: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    round_trip_ms: float | None = None
    sent_bps: int = 0
    received_bps: int = 0
    freezes: int = 0
    frozen_seconds: float = 0.0
    width: int = 0
    height: int = 0
    layer: int = 0


def merged(points: Sequence[Point]) -> Point:
    """Some points of one stream as one: nothing bad that happened disappears.

    Args:
        points: At least one.
    """
    known = [point for point in points if point.label is not None]
    worst = min(known, key=lambda point: RANK[_label(point)], default=points[0])
    shown = [point for point in points if point.layer]
    least = min(shown, key=lambda point: (point.height, point.layer), default=points[0])
    trips = [point.round_trip_ms for point in points if point.round_trip_ms is not None]
    return Point(
        worst.label,
        worst.reason,
        sum(point.score for point in known) / len(known) if known else 0.0,
        sum(point.packets for point in points),
        sum(point.lost for point in points),
        max(point.jitter_ms for point in points),
        max(trips, default=None),
        sum(point.sent_bps for point in points) // len(points),
        sum(point.received_bps for point in points) // len(points),
        sum(point.freezes for point in points),
        sum(point.frozen_seconds for point in points),
        least.width,
        least.height,
        least.layer,
    )


def _label(point: Point) -> QualityLabel:
    return point.label or QualityLabel.EXCELLENT


class Chunk:
    """Up to 60 points of one stream in bytes, each at its place in time.

    Args:
        data: What `encoded` gave.
    """

    def __init__(self, data: bytes = b"") -> None:
        self._data = bytearray(data)

    def put(self, index: int, point: Point) -> None:
        """Set a point, or fold it into the one that is there already.

        Raises:
            IndexError: There is no such place.
        """
        if not 0 <= index < POINTS:
            raise IndexError(index)
        before = self.get(index)
        if before is not None:
            point = merged((before, point))
        missing = (index + 1) * _FORM.size - len(self._data)
        self._data.extend(bytes(max(0, missing)))
        trip = point.round_trip_ms
        _FORM.pack_into(
            self._data,
            index * _FORM.size,
            1 + _LABELS.index(point.label),
            REASONS.index(point.reason),
            min(round(point.score * 100), 0xFFFF),
            min(point.packets, _MOST),
            min(point.lost, _MOST),
            min(round(point.jitter_ms * 10), 0xFFFF),
            _NO_TRIP if trip is None else min(round(trip), _NO_TRIP - 1),
            min(point.sent_bps, _MOST),
            min(point.received_bps, _MOST),
            min(point.freezes, 0xFFFF),
            min(round(point.frozen_seconds * 100), 0xFFFF),
            min(point.width, 0xFFFF),
            min(point.height, 0xFFFF),
            min(point.layer, 0xFF),
        )

    def get(self, index: int) -> Point | None:
        """The point at a place."""
        at = index * _FORM.size
        if at + _FORM.size > len(self._data) or self._data[at] == 0:
            return None
        found = _FORM.unpack_from(self._data, at)
        label, reason, score, packets, lost, jitter, trip, sent, received = found[:9]
        freezes, frozen, width, height, layer = found[9:]
        return Point(
            _LABELS[label - 1],
            REASONS[reason],
            score / 100,
            packets,
            lost,
            jitter / 10,
            None if trip == _NO_TRIP else float(trip),
            sent,
            received,
            freezes,
            frozen / 100,
            width,
            height,
            layer,
        )

    def __iter__(self) -> Iterator[tuple[int, Point]]:
        """Every point with its place, in order."""
        for index in range(len(self._data) // _FORM.size):
            point = self.get(index)
            if point is not None:
                yield index, point

    def encoded(self) -> bytes:
        """As it is stored."""
        return bytes(self._data)


def rolled(chunks: Iterable[tuple[int, bytes]], *, start: int, fine: int, coarse: int) -> bytes:
    """Chunks of a fine step as one of a coarse step.

    Args:
        chunks: Start (seconds since 1970) and bytes of each, in any order.
        start: Of the coarse chunk.
        fine: Step of the given ones in seconds.
        coarse: Step of the result in seconds.
    """
    folded: dict[int, list[Point]] = {}
    for begin, data in chunks:
        for index, point in Chunk(data):
            folded.setdefault((begin + index * fine - start) // coarse, []).append(point)
    result = Chunk()
    for index, points in sorted(folded.items()):
        result.put(index, merged(points))
    return result.encoded()
