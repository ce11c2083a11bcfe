"""Rows to frozen data and back: the one place that knows how each entity lies in its table."""

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar

from media.types import MediaKind, QualityLabel, TrackSource
from server.records import (
    ApiKey,
    Bot,
    BotLogEntry,
    BotPerson,
    Delivery,
    DeliveryState,
    Extra,
    Invitation,
    LogEntryView,
    Preset,
    RecordingFileView,
    RecordingPlace,
    RecordingView,
    Registration,
    Share,
    ShareAccess,
    Tombstone,
    TranscriptSegment,
    User,
    Webhook,
    Workspace,
)
from signaling.model import (
    Access,
    CaptionPolicy,
    Connection,
    ConnectionState,
    EndReason,
    Meeting,
    MeetingStatus,
    Participant,
    ParticipantKind,
    ParticipantState,
    RecordingState,
    RecordPolicy,
    Role,
    Session,
    SessionState,
    WaitingRoom,
)

T = TypeVar("T")
Values = dict[str, Any]

ENUMS: Mapping[type[object], Mapping[str, type[Enum]]] = {
    Meeting: {
        "status": MeetingStatus,
        "access": Access,
        "record": RecordPolicy,
        "captions": CaptionPolicy,
        "waiting_room": WaitingRoom,
    },
    Session: {"state": SessionState, "reason": EndReason},
    Participant: {
        "role": Role,
        "kind": ParticipantKind,
        "state": ParticipantState,
        "reason": EndReason,
    },
    Connection: {"state": ConnectionState, "reason": EndReason, "quality": QualityLabel},
    Registration: {"role": Role},
    RecordingView: {"state": RecordingState, "place": RecordingPlace},
    RecordingFileView: {"kind": MediaKind, "source": TrackSource},
    User: {},
    ApiKey: {},
    LogEntryView: {},
    Workspace: {},
    Preset: {},
    Invitation: {"role": Role},
    Webhook: {},
    Delivery: {"state": DeliveryState},
    Extra: {},
    Share: {},
    ShareAccess: {},
    Tombstone: {},
    TranscriptSegment: {},
    Bot: {},
    BotPerson: {},
    BotLogEntry: {},
}


def to_row(entity: object) -> Values:
    """Column values of an entity; enumerations become their wire words."""
    if not dataclasses.is_dataclass(entity) or isinstance(entity, type):
        raise TypeError(f"not an entity: {entity!r}")
    values: Values = {}
    for field in dataclasses.fields(entity):
        value = getattr(entity, field.name)
        if isinstance(value, Enum):
            value = value.value
        elif isinstance(value, Mapping):
            value = dict(value)
        values[field.name] = value
    return values


def from_row(kind: Callable[..., T], row: Mapping[Any, Any], **more: object) -> T:
    """An entity of class `kind` from a row; columns it does not have are left out."""
    enums = ENUMS[kind]  # type: ignore[index]  # every kind here is a class
    values: Values = dict(more)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]  # and a dataclass
        if field.name in values or field.name not in row:
            continue
        value = row[field.name]
        word = enums.get(field.name)
        values[field.name] = word(value) if word is not None and value is not None else value
    return kind(**values)
