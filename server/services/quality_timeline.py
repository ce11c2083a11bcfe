"""A session's log as the life of each connection: what happened, how good it was. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from server.records import LogEntryView
from signaling.log import (
    ConnectionChanged,
    PictureChanged,
    QualityChanged,
    TrackChanged,
    TrackEnded,
)

_FIGURES = ("score", "loss_percent", "round_trip_ms", "jitter_ms", "direction", "source")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a connection.

    Attributes:
        what: A connection state, `replaced`, `quality`, `picture`, `published`, `muted`, `unmuted`
            or `ended`.
        details: What belongs to it, such as path, reason, codec, label.
    """

    at: datetime
    what: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class ConnectionLife:
    """One connection from its first to its last moment."""

    connection_id: str
    participant_id: str
    moments: list[Moment] = field(default_factory=list)
    label: object = None
    muted: dict[object, object] = field(default_factory=dict)


def timeline(entries: Iterable[LogEntryView]) -> list[ConnectionLife]:
    """Fold facts, in order, to lives in order of their beginning."""
    lives: dict[str, ConnectionLife] = {}
    for entry in entries:
        subject = _subject(entry)
        if subject is None:
            continue
        connection_id, participant_id = subject
        life = lives.get(connection_id)
        if life is None:
            life = lives[connection_id] = ConnectionLife(connection_id, participant_id)
        life.moments.extend(_moments(life, entry))
    return list(lives.values())


def _subject(entry: LogEntryView) -> tuple[str, str] | None:
    """Whose fact it is: connection and participant; None for facts of nobody's connection."""
    match entry.type:
        case ConnectionChanged.type | QualityChanged.type:
            of = _mapping(entry.data.get("connection"))
            return str(of.get("id")), str(of.get("participant_id"))
        case TrackChanged.type:
            of = _mapping(entry.data.get("track"))
            return str(of.get("connection_id")), str(of.get("participant_id"))
        case TrackEnded.type | PictureChanged.type:
            return str(entry.data.get("connection_id")), str(entry.data.get("participant_id"))
        case _:
            return None


def _moments(life: ConnectionLife, entry: LogEntryView) -> Iterator[Moment]:
    match entry.type:
        case ConnectionChanged.type:
            yield from _changed(entry)
        case QualityChanged.type:
            of = _mapping(entry.data.get("connection"))
            label, before = of.get("quality"), life.label
            if label != before:
                life.label = label
                reading = _mapping(entry.data.get("reading"))
                figures = {name: reading[name] for name in _FIGURES if name in reading}
                details = {"from": before, "to": label, "reason": of.get("quality_reason")}
                yield Moment(entry.at, "quality", details | figures)
        case TrackChanged.type:
            yield from _track(life, entry)
        case PictureChanged.type:
            yield Moment(entry.at, "picture", _mapping(entry.data.get("picture")))
        case _:
            yield Moment(entry.at, "ended", {"source": entry.data.get("source")})


def _changed(entry: LogEntryView) -> Iterator[Moment]:
    of = _mapping(entry.data.get("connection"))
    details = {**_mapping(entry.data.get("details"))}
    if entry.data.get("previous") is None:
        details["protocol"] = of.get("protocol")
        if of.get("replaces") is not None:
            yield Moment(entry.at, "replaced", {"connection_id": of["replaces"]})
    if of.get("reason") is not None:
        details["reason"] = of["reason"]
    yield Moment(entry.at, str(of.get("state")), details)


def _track(life: ConnectionLife, entry: LogEntryView) -> Iterator[Moment]:
    track = _mapping(entry.data.get("track"))
    source, muted = track.get("source"), track.get("muted")
    if source not in life.muted:
        yield Moment(entry.at, "published", {"source": source, "codec": track.get("codec")})
        if muted:
            yield Moment(entry.at, "muted", {"source": source})
    elif life.muted[source] != muted:
        yield Moment(entry.at, "muted" if muted else "unmuted", {"source": source})
    life.muted[source] = muted


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
