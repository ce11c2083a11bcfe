from datetime import UTC, datetime, timedelta, timezone

from sqlalchemy.dialects.sqlite import dialect

from server.storage.tables import Instant, metadata


def test_instants_are_exact_microseconds():
    kind, at = Instant(), datetime(2026, 11, 20, 12, 0, 0, 1, tzinfo=UTC)
    stored = kind.process_bind_param(at, dialect())
    assert stored == 1795176000000001
    assert kind.process_result_value(stored, dialect()) == at


def test_an_instant_of_another_zone_is_the_same_instant():
    kind, at = Instant(), datetime(2026, 11, 20, 12, tzinfo=UTC)
    moved = at.astimezone(timezone(timedelta(hours=3)))
    assert kind.process_bind_param(moved, dialect()) == kind.process_bind_param(at, dialect())


def test_no_instant_stays_none():
    assert Instant().process_bind_param(None, dialect()) is None
    assert Instant().process_result_value(None, dialect()) is None


def test_every_table_of_the_port_is_there():
    assert set(metadata.tables) == {
        "meetings", "registrations", "users", "sessions", "participants", "connections",
        "events", "recordings", "transcript_segments", "recording_files", "api_keys",
        "workspaces", "presets", "invitations", "webhooks", "deliveries", "extras",
        "quality_chunks", "shares", "share_accesses", "tombstones", "bots", "bot_people", "bot_log",
    }  # fmt: skip
