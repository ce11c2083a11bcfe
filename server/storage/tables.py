"""The tables, as SQLAlchemy Core sees them; `migrations` makes them.

Times are whole microseconds since 1970 UTC: exact, sortable, and the same on every database.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """A UTC datetime kept as microseconds."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=int(value))


metadata = MetaData()

meetings = Table(
    "meetings",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("title", String, nullable=False),
    Column("status", String, nullable=False),
    Column("access", String, nullable=False),
    Column("record", String, nullable=False),
    Column("max_participants", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String),
    Column("deleted_at", Instant),
    Column("keep_alive_seconds", Float),
    Column("captions", String, nullable=False, default="on"),
    Column("waiting_room", String, nullable=False, default="off"),
    Index("meetings_by_account", "account", "id"),
)

registrations = Table(
    "registrations",
    metadata,
    Column("meeting_id", String, ForeignKey("meetings.id"), primary_key=True),
    Column("sub", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("participant_id", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("registrations_by_sub", "sub"),
)

users = Table(
    "users",
    metadata,
    Column("id", String, primary_key=True),
    Column("sub", String, nullable=False, unique=True),
    Column("name", String),
    Column("avatar", String),
    Column("created_at", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("meeting_id", String, nullable=False),
    Column("account", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("reason", String),
    Column("continues", String),
    Column("last_sequence", Integer, nullable=False, default=0),
    Index("sessions_by_account", "account", "id"),
    Index("sessions_by_meeting", "meeting_id", "id"),
)

participants = Table(
    "participants",
    metadata,
    Column("session_id", String, primary_key=True),
    Column("id", String, primary_key=True),  # a join token may bring its id into a later session
    Column("meeting_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("joined_at", Instant, nullable=False),
    Column("left_at", Instant),
    Column("user_id", String),
    Column("reason", String),
    Column("invitation_id", String),
    Index("participants_by_meeting", "meeting_id", "user_id"),
)

connections = Table(
    "connections",
    metadata,
    Column("id", String, primary_key=True),
    Column("session_id", String, nullable=False, index=True),
    Column("meeting_id", String, nullable=False),
    Column("participant_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("client_name", String, nullable=False),
    Column("protocol", String, nullable=False),
    Column("reason", String),
    Column("connected_at", Instant),
    Column("closed_at", Instant),
    Column("replaces", String),
    Column("quality", String),
    Column("quality_reason", String),
    Column("quality_at", Instant),
    Column("metadata", JSON, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("session_id", String, nullable=False),
    Column("meeting_id", String, nullable=False),
    Column("account", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("type", String, nullable=False),
    Column("data", JSON, nullable=False),
    UniqueConstraint("session_id", "sequence", name="events_in_session"),
    Index("events_by_account", "account", "position"),
)

recordings = Table(
    "recordings",
    metadata,
    Column("id", String, primary_key=True),
    Column("meeting_id", String, nullable=False),
    Column("session_id", String, nullable=False, index=True),
    Column("account", String, nullable=False),
    Column("state", String, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("started_by", String),
    Column("ended_at", Instant),
    Column("duration_seconds", Float),
    Column("recovered", Boolean, nullable=False),
    Column("failure", String),
    Column("media", String, nullable=False, server_default="audio"),
    Column("place", String, nullable=False, default="local"),
    Column("stored_at", Instant),
    Column("upload_error", String),
    Column("held_at", Instant),
    Column("held_by", String),
    Column("held_why", String),
    Index("recordings_by_account", "account", "id"),
    Index("recordings_by_meeting", "meeting_id", "id"),
    Index("recordings_by_place", "place", "id"),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("id", String, primary_key=True),  # the recording's
    Column("account", String, nullable=False),
    Column("meeting_id", String, nullable=False),
    Column("session_id", String, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("duration_seconds", Float),
    Column("files", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("deleted_at", Instant, nullable=False),
    Column("deleted_by", String),
    Column("why", String, nullable=False),
    Index("tombstones_by_account", "account", "id"),
)

recording_files = Table(
    "recording_files",
    metadata,
    Column("id", String, primary_key=True),
    Column(
        "recording_id",
        String,
        ForeignKey("recordings.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("position", Integer, nullable=False),
    Column("participant_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("source", String, nullable=False),
    Column("content_type", String, nullable=False),
    Column("segment", Integer, nullable=False),
    Column("offset_seconds", Float, nullable=False),
    Column("duration_seconds", Float, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String, nullable=False),
    Column("file_name", String, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("clock_skew_ppm", Float, nullable=False, server_default="0"),
)

transcript_segments = Table(
    "transcript_segments",
    metadata,
    Column("id", String, primary_key=True),
    Column("session_id", String, nullable=False),
    Column("recording_id", String),  # made from this recording; null when made live
    Column("participant_id", String, nullable=False),
    Column("connection_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("start", Float, nullable=False),
    Column("end", Float, nullable=False),
    Column("text", String, nullable=False),
    Column("words", JSON, nullable=False),
    Column("language", String, nullable=False),
    Column("engine", String, nullable=False),
    Column("confidence", Float),
    Column("created_at", Instant, nullable=False),
    Index("segments_by_session", "session_id", "start"),
    Index("segments_by_recording", "recording_id", "start"),
)

quality_chunks = Table(
    "quality_chunks",
    metadata,
    Column("session_id", String, primary_key=True),
    Column("connection_id", String, primary_key=True),
    Column("stream", String, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("start", BigInteger, primary_key=True),  # seconds since 1970
    Column("participant_id", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("quality_by_age", "step", "start"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("name", String, nullable=False),
    Column("hash", String, nullable=False, unique=True),
    Column("hint", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("name", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("workspaces_by_account", "account", "id"),
)

presets = Table(
    "presets",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("name", String, nullable=False),
    Column("document", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("presets_by_account", "account", "id"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", String, primary_key=True),
    Column("meeting_id", String, ForeignKey("meetings.id"), nullable=False),
    Column("account", String, nullable=False),
    Column("user_id", String, nullable=False),
    Column("name", String),
    Column("picture", String),
    Column("preset_id", String, nullable=False),
    Column("preset_name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("permissions", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("invitations_by_meeting", "meeting_id", "id"),
    Index("invitations_by_preset", "preset_id"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("name", String, nullable=False),
    Column("url", String, nullable=False),
    Column("events", JSON, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("label", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("webhooks_by_account", "account", "id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String, primary_key=True),
    Column("webhook_id", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("event", String, nullable=False),
    Column("body", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("status", Integer),
    Column("error", String),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("deliveries_by_webhook", "webhook_id", "id"),
    Index("deliveries_by_state", "state", "id"),
)

extras = Table(
    "extras",
    metadata,
    Column("id", String, primary_key=True),  # the meeting's, session's or recording's
    Column("data", JSON, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

shares = Table(
    "shares",
    metadata,
    Column("id", String, primary_key=True),
    Column("recording_id", String, nullable=False),
    Column("token_hash", String, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String),
    Column("expires_at", Instant, nullable=False),
    Column("allow_download", Boolean, nullable=False),
    Column("revoked_at", Instant),
    Column("label", String),
    Column("signed_in", Boolean, nullable=False, server_default="0"),
    Index("shares_by_recording", "recording_id", "id"),
)

share_accesses = Table(
    "share_accesses",
    metadata,
    Column("id", String, primary_key=True),
    Column("share_id", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("address", String),
    Column("file_id", String),
    Column("bytes_range", String),
    Index("accesses_by_share", "share_id", "id"),
)

bots = Table(
    "bots",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("created_by", String),
    Column("link", String, nullable=False),
    Column("normalised", String, nullable=False),
    Column("platform", String, nullable=False),
    Column("name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("transcribe", Boolean, nullable=False),
    Column("language", String, nullable=False),
    Column("debug", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("request", JSON, nullable=False),
    Column("idempotency_key", String),
    Column("meeting_id", String),
    Column("joined_at", Instant),
    Column("left_at", Instant),
    Column("duration_seconds", Float),
    Column("session_id", String),
    Column("session_offset", Float, nullable=False),
    Column("recording_id", String),
    Column("own_recording", Boolean, nullable=False),
    Column("transcript_of", String),
    Column("end_reason", String),
    Column("error_code", String),
    Column("error_message", String),
    Column("details", JSON, nullable=False),
    Index("bots_by_account", "account", "created_at"),
    Index("bots_by_status", "status"),
    Index("bots_by_session", "session_id"),
    Index("bots_by_key", "account", "idempotency_key"),
)

bot_people = Table(
    "bot_people",
    metadata,
    Column("id", String, primary_key=True),
    Column("bot_id", String, ForeignKey("bots.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("joined_at", Instant, nullable=False),
    Column("left_at", Instant),
    Index("people_by_bot", "bot_id", "id"),
)

bot_log = Table(
    "bot_log",
    metadata,
    Column("id", String, primary_key=True),
    Column("bot_id", String, ForeignKey("bots.id", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("level", String, nullable=False),
    Column("category", String, nullable=False),
    Column("type", String, nullable=False),
    Column("message", String, nullable=False),
    Column("details", JSON, nullable=False),
    Index("log_by_bot", "bot_id", "id"),
)
