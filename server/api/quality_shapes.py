"""The JSON of connection quality. Times of packets are seconds, as in W3C webrtc-stats."""

from datetime import UTC, datetime

from pydantic import BaseModel, Field

from media.picture import Picture
from media.types import Direction, MediaKind, QualityLabel, TrackSource
from server.services import quality_timeline as timeline
from server.services.quality_history import Series
from server.services.quality_now import CONNECTION, ConnectionNow, StreamNow
from server.services.quality_recent import Recent

_VIDEO = {f"{Direction.DOWNLINK.value}/{MediaKind.VIDEO.value}"} | {
    f"{Direction.UPLINK.value}/{source.value}"
    for source in TrackSource
    if source.kind is MediaKind.VIDEO
}


class QualityQuery(BaseModel):
    """Which samples."""

    participant: str | None = Field(
        default=None, max_length=128, description="Only this participant's."
    )
    start: datetime | None = Field(
        default=None, alias="from", description="RFC 3339; default: the session's start."
    )
    end: datetime | None = Field(
        default=None, alias="to", description="RFC 3339; default: the session's end, or now."
    )
    step: int | None = Field(
        default=None,
        ge=1,
        le=86_400,
        description="Seconds between points; default: about 600 points. Larger where that "
        "would be more than 3600 points.",
    )


class TimelineQuery(BaseModel):
    """Whose timeline."""

    participant: str | None = Field(
        default=None, max_length=128, description="Only this participant's."
    )


class Moment(BaseModel):
    """Something that happened to a connection."""

    at: datetime
    what: str = Field(
        description="A connection state, `replaced` (it took over from another), `quality`, "
        "`picture` (what it gets), `published`, `muted`, `unmuted` or `ended` (of a track)."
    )
    details: dict[str, object] = Field(
        description="Such as `path`, `srtp_profile`, `join_ms`, `reason`, `codec`, `from`, `to`."
    )


class ConnectionLife(BaseModel):
    """One connection from its first to its last moment."""

    connection_id: str
    participant_id: str
    moments: list[Moment]


class Timeline(BaseModel):
    """Every connection of a session, in order of its beginning."""

    session_id: str
    connections: list[ConnectionLife]
    complete: bool = Field(description="False when the session has more facts than are read.")


class QualityPicture(BaseModel):
    """The layer that is forwarded."""

    rid: str = Field(description="RFC 8851 name of the layer; empty for a source of one stream.")
    layer: int = Field(description="1 for the source's smallest; 0 when the link takes none.")
    frame_width: int = Field(description="0 while unknown.")
    frame_height: int = Field(description="0 while unknown.")
    limit: str | None = Field(
        description="`bandwidth` when the link does not take what the tile wants."
    )


class QualityStream(BaseModel):
    """One stream of a connection now."""

    direction: Direction
    source: str = Field(
        description="What is published on the uplink; the kind that is received on the downlink."
    )
    label: QualityLabel | None
    score: float
    reason: str | None
    jitter: float = Field(description="Seconds.")
    packets: int = Field(description="Settled in the last second, lost ones included.")
    lost: int
    active: bool = Field(description="False when muted, paused or held for long.")
    bitrate: int = Field(description="Of its RTP packets in the last second, bit/s.")
    freeze_count: int = Field(description="Freezes that the browser told of in the last second.")
    freezes_duration: float = Field(description="Seconds that they took, all pictures together.")
    picture: QualityPicture | None = Field(
        description="The largest picture that flows; null for sound and without one."
    )


class QualityOrigin(BaseModel):
    """The stream that a label is of."""

    direction: Direction
    source: str


class QualityInputs(BaseModel):
    """The figures behind a label."""

    loss_percent: float
    round_trip_time: float | None = Field(description="Seconds; null while unknown.")
    jitter: float = Field(description="Seconds.")


class ConnectionQuality(BaseModel):
    """What a connection is like now, and why."""

    participant_id: str
    connection_id: str
    label: QualityLabel
    score: float
    mos: float
    since: datetime
    reason: str | None
    state: str = Field(description="`active`, or `muted` while the label is kept over silence.")
    worst: QualityOrigin | None = Field(description="Null when the transport itself is lost.")
    inputs: QualityInputs
    hints: list[str] = Field(description="`relay`, `tcp`, `cpu`, `bandwidth`.")
    sent_bitrate: int = Field(description="Towards the browser, bit/s.")
    received_bitrate: int = Field(description="From the browser, bit/s.")
    streams: list[QualityStream]


class QualityNow(BaseModel):
    """One second of a session."""

    at: datetime
    connections: list[ConnectionQuality]


class SessionQuality(BaseModel):
    """The last minute of a live session: 95th percentiles over seconds and connections."""

    session_id: str
    round_trip_time_p95: float | None = Field(description="Seconds; null while unknown.")
    loss_percent_p95: float | None = Field(description="Null while nobody is judged.")
    jitter_p95: float | None = Field(description="Seconds; null while nobody is judged.")
    recording: bool = Field(description="A recording takes packets.")


class LiveQuality(BaseModel):
    """Live sessions, newest first."""

    items: list[SessionQuality]


class QualitySeries(BaseModel):
    """One stream over time, in columns; those that only connections have are empty elsewhere."""

    participant_id: str
    connection_id: str
    stream: str = Field(
        description="Direction and source such as `uplink/microphone`, or `connection`."
    )
    at: list[int] = Field(description="Seconds since 1970, rising.")
    label: list[QualityLabel | None] = Field(description="The worst of the step.")
    reason: list[str | None]
    score: list[float]
    packets: list[int] = Field(description="Settled, lost ones included; 0 for a connection.")
    lost: list[int]
    loss_percent: list[float | None] = Field(description="Null where nothing settled.")
    jitter: list[float] = Field(description="Seconds, the highest of the step.")
    round_trip_time: list[float | None] = Field(description="Seconds; of connections only.")
    sent_bitrate: list[int] = Field(
        description="bit/s towards the browser; empty for an uplink. Of a connection everything "
        "that is sent, of a stream its RTP packets."
    )
    received_bitrate: list[int] = Field(description="The other way; empty for a downlink.")
    freeze_count: list[int] = Field(description="Of `downlink/video` only, by the browser's word.")
    freezes_duration: list[float] = Field(description="Seconds; of `downlink/video` only.")
    frame_width: list[int] = Field(description="Of video only; 0 without a picture.")
    frame_height: list[int] = Field(
        description="Of the largest picture that was forwarded; the smallest such of the step."
    )
    layer: list[int] = Field(description="1 for the source's smallest; 0 without a picture.")


class QualityHistory(BaseModel):
    """A session's samples, and what is measured now."""

    session_id: str
    start: datetime
    end: datetime = Field(description="Not included.")
    step: int = Field(description="Seconds. Old samples are farther apart: 10 s, then 60 s.")
    now: list[ConnectionQuality]
    series: list[QualitySeries]


def stream(found: StreamNow) -> QualityStream:
    """A stream now."""
    reading, point = found.reading, found.point
    return QualityStream(
        direction=reading.direction,
        source=reading.source,
        label=reading.label,
        score=reading.score,
        reason=reading.reason,
        jitter=reading.jitter_ms / 1000,
        packets=point.packets,
        lost=point.lost,
        active=reading.active,
        bitrate=point.sent_bps + point.received_bps,
        freeze_count=point.freezes,
        freezes_duration=round(point.frozen_seconds, 2),
        picture=None if found.picture is None else _picture(found.picture),
    )


def _picture(found: Picture) -> QualityPicture:
    return QualityPicture(
        rid=found.rid,
        layer=found.layer,
        frame_width=found.width,
        frame_height=found.height,
        limit=found.limit,
    )


def connection(found: ConnectionNow) -> ConnectionQuality:
    """A connection now."""
    reading = found.reading
    trip = reading.round_trip_ms
    origin = None
    if reading.direction is not None and reading.source is not None:
        origin = QualityOrigin(direction=reading.direction, source=reading.source)
    return ConnectionQuality(
        participant_id=found.participant_id,
        connection_id=found.connection_id,
        label=reading.label,
        score=reading.score,
        mos=found.mos,
        since=found.since.astimezone(UTC),
        reason=reading.reason,
        state="active" if reading.active else "muted",
        worst=origin,
        inputs=QualityInputs(
            loss_percent=reading.loss_percent,
            round_trip_time=None if trip is None else round(trip / 1000, 4),
            jitter=reading.jitter_ms / 1000,
        ),
        hints=list(found.hints),
        sent_bitrate=found.point.sent_bps,
        received_bitrate=found.point.received_bps,
        streams=[stream(one) for one in found.streams],
    )


def second(found: tuple[ConnectionNow, ...]) -> QualityNow:
    """One second of a session with at least one connection."""
    return QualityNow(
        at=found[0].at.astimezone(UTC), connections=[connection(one) for one in found]
    )


def life(found: timeline.ConnectionLife) -> ConnectionLife:
    """A connection's life."""
    return ConnectionLife(
        connection_id=found.connection_id,
        participant_id=found.participant_id,
        moments=[
            Moment(at=one.at.astimezone(UTC), what=one.what, details=dict(one.details))
            for one in found.moments
        ],
    )


def series(found: Series) -> QualitySeries:
    """One stream over time."""
    points = [point for _, point in found.points]
    whole = found.stream == CONNECTION
    up, down = found.stream.startswith("uplink/"), found.stream.startswith("downlink/")
    video = found.stream in _VIDEO
    seen = video and down
    trips = [point.round_trip_ms for point in points]
    return QualitySeries(
        participant_id=found.participant_id,
        connection_id=found.connection_id,
        stream=found.stream,
        at=[at for at, _ in found.points],
        label=[point.label for point in points],
        reason=[point.reason for point in points],
        score=[round(point.score, 1) for point in points],
        packets=[point.packets for point in points],
        lost=[point.lost for point in points],
        loss_percent=[
            round(100 * point.lost / point.packets, 2) if point.packets else None
            for point in points
        ],
        jitter=[round(point.jitter_ms / 1000, 4) for point in points],
        round_trip_time=[trip / 1000 if trip is not None else None for trip in trips]
        if whole
        else [],
        sent_bitrate=[] if up else [point.sent_bps for point in points],
        received_bitrate=[] if down else [point.received_bps for point in points],
        freeze_count=[point.freezes for point in points] if seen else [],
        freezes_duration=[round(point.frozen_seconds, 2) for point in points] if seen else [],
        frame_width=[point.width for point in points] if video else [],
        frame_height=[point.height for point in points] if video else [],
        layer=[point.layer for point in points] if video else [],
    )


def recent(session_id: str, of: Recent | None, *, recording: bool) -> SessionQuality:
    """A session's last minute."""
    trip = None if of is None else of.round_trip_ms
    return SessionQuality(
        session_id=session_id,
        round_trip_time_p95=None if trip is None else trip / 1000,
        loss_percent_p95=None if of is None else of.loss_percent,
        jitter_p95=None if of is None else of.jitter_ms / 1000,
        recording=recording,
    )
