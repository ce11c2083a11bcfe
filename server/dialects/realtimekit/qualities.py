"""Quality series as the peer report has them: samples of each stream, and what they come to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import fmean, quantiles
from typing import Final

from media.quality.model import mos
from server.dialects.realtimekit.reading import Body
from server.services.quality_history import Series
from server.services.quality_now import CONNECTION
from server.services.quality_points import Point

NAMES: Final[Mapping[str, str]] = {
    "uplink/microphone": "audio_producer",
    "uplink/camera": "video_producer",
    "uplink/screen": "screenshare_video_producer",
    "uplink/screen-audio": "screenshare_audio_producer",
    "downlink/audio": "audio_consumer",
    "downlink/video": "video_consumer",
}
"""Streams by the names that the original gives them; what goes up is produced."""

LOSSES: Final = (5, 10, 25, 50)
TRIPS: Final = (100, 250, 500)


def qualities(series: Iterable[Series]) -> Body:
    """The `quality` member of a report.

    Args:
        series: Of one connection, one for each stream and one for the whole.
    """
    all_series = list(series)
    trips = {
        at: point.round_trip_ms
        for one in all_series
        if one.stream == CONNECTION
        for at, point in one.points
        if point.round_trip_ms is not None
    }
    found: dict[str, object] = {}
    for one in all_series:
        name = NAMES.get(one.stream)
        if name is not None:
            produced = name.endswith("producer")
            found[name] = _samples(one.points, trips if produced else {}, produced=produced)
            found[f"{name}_cumulative"] = _cumulative(one.points, trips if produced else {})
    return found


def _samples(
    points: Sequence[tuple[int, Point]], trips: Mapping[int, float], *, produced: bool
) -> list[Body]:
    """Counters grow from sample to sample, as those of a browser do; jitter and rtt in seconds."""
    packets = lost = 0
    samples: list[Body] = []
    for at, point in points:
        packets, lost = packets + point.packets, lost + point.lost
        sample: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
            "packets_lost": lost,
            "jitter": round(point.jitter_ms / 1000, 4),
            ("packets_sent" if produced else "packets_received"): (
                packets if produced else packets - lost
            ),
        }
        if point.label is not None:
            sample["mos_quality"] = round(mos(point.score), 2)
        if at in trips:
            sample["rtt"] = trips[at] / 1000
        samples.append(sample)
    return samples


def _cumulative(points: Sequence[tuple[int, Point]], trips: Mapping[int, float]) -> Body:
    losses = [100 * point.lost / point.packets for _, point in points if point.packets]
    scores = [mos(point.score) for _, point in points if point.label is not None]
    delays = [trips[at] for at, _ in points if at in trips]
    found: dict[str, object] = {}
    if losses:
        packets = sum(point.packets for _, point in points)
        share = 100 * sum(point.lost for _, point in points) / packets
        found["packet_loss"] = {
            "avg": round(share, 3),
            **_fractions(losses, LOSSES, "{}_or_greater_event_fraction".format),
        }
    if delays:
        found["rtt"] = {
            "avg": round(fmean(delays), 1),
            **_fractions(delays, TRIPS, "{}ms_or_greater_event_fraction".format),
        }
    if scores:
        found["quality_mos"] = {"avg": round(fmean(scores), 2), **_percentiles(scores)}
    return found


def _fractions(
    values: Sequence[float], limits: Iterable[int], name: Callable[[int], str]
) -> dict[str, float]:
    return {
        name(limit): round(sum(value >= limit for value in values) / len(values), 4)
        for limit in limits
    }


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else [*values] * 99
    return {f"p{share}": round(cuts[share - 1], 2) for share in (50, 75, 90)}
