"""The schema comes up to date, and what the tables say is what migrations make."""

import struct
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, make_url, text

from media.types import QualityLabel
from server.errors import StartError
from server.services.quality_points import Chunk, Point
from server.storage.migrate import HEAD, SCRIPTS, current, migrate
from server.storage.tables import metadata

LABELS = [QualityLabel.FAIR, QualityLabel.GOOD]


@pytest.fixture
def url(tmp_path: Path):
    return make_url(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")


def opened(url):
    return create_engine(url.set(drivername="sqlite"))


def test_the_newest_script_is_the_head():
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == HEAD


def test_migrations_make_exactly_the_tables(url):
    migrate(url)
    engine = opened(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
        assert current(connection) == HEAD
    engine.dispose()


def test_migrating_again_changes_nothing(url):
    migrate(url)
    migrate(url)
    engine = opened(url)
    with engine.connect() as connection:
        assert current(connection) == HEAD
    engine.dispose()


def test_an_empty_database_has_no_version(url):
    engine = opened(url)
    with engine.connect() as connection:
        assert current(connection) is None
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        assert current(connection) is None
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused(url):
    migrate(url)
    engine = opened(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StartError, match="9999"):
        migrate(url)
    engine.dispose()


def test_samples_from_before_pictures_keep_their_figures(url):
    migrate(url, "0008")
    old = struct.Struct("<BBHIIHHII")
    points = old.pack(4, 1, 7550, 50, 2, 125, 0xFFFF, 0, 9000) + bytes(old.size)
    points += old.pack(3, 1, 6550, 51, 3, 125, 41, 7, 0)
    engine = opened(url)
    with engine.begin() as connection:
        columns = "session_id, connection_id, stream, step, start, participant_id, data"
        connection.exec_driver_sql(
            f"INSERT INTO quality_chunks ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            ("s", "c", "uplink/microphone", 1, 60, "p", points),
        )
    migrate(url)
    with engine.begin() as connection:
        data = connection.exec_driver_sql("SELECT data FROM quality_chunks").scalar_one()
    engine.dispose()
    assert dict(Chunk(data)) == {
        0: Point(LABELS[1], "loss", 75.5, 50, 2, 12.5, None, 0, 9000),
        2: Point(LABELS[0], "loss", 65.5, 51, 3, 12.5, 41.0, 7, 0),
    }


def test_a_failed_migration_leaves_the_database_as_it_was(url):
    engine = opened(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE users (x INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        migrate(url)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["users"]
    engine.dispose()
