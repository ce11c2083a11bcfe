"""What an engine says of a connection's quality, built for tests."""

from media.types import (
    ConnectionStats,
    Direction,
    QualityLabel,
    Reading,
    StreamReading,
)


def reading(**members: object) -> Reading:
    defaults = {
        "label": QualityLabel.GOOD,
        "score": 75.0,
        "reason": "loss",
        "loss_percent": 4.0,
        "round_trip_ms": 40.0,
        "jitter_ms": 5.0,
        "direction": Direction.UPLINK,
        "source": "microphone",
        "age_seconds": 3,
    }
    return Reading(**(defaults | members))


def stream(**members: object) -> StreamReading:
    defaults = {
        "direction": Direction.UPLINK,
        "source": "microphone",
        "label": QualityLabel.GOOD,
        "score": 75.0,
        "reason": "loss",
        "packets": 50,
        "lost": 2,
        "jitter_ms": 5.0,
        "active": True,
    }
    return StreamReading(**(defaults | members))


def stats(seconds: int = 1, *streams: StreamReading, **members: object) -> ConnectionStats:
    """Counters after so many seconds of speech with 4 % loss, 40 kbit/s up and 80 down."""
    return ConnectionStats(
        48 * seconds,
        100 * seconds,
        5000 * seconds,
        10_000 * seconds,
        2 * seconds,
        reading(**members),
        {},
        streams or (stream(packets=50 * seconds, lost=2 * seconds),),
    )
