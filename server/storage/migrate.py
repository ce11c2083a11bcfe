"""Bring a database's schema up to date; blocking, so run it in a thread."""

from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, inspect, text
from sqlalchemy.exc import DatabaseError

from server.errors import StartError

HEAD = "0012"  # a test keeps it equal to the newest file in migrations/versions
SCRIPTS = Path(__file__).parent / "migrations"


def migrate(url: URL, target: str = HEAD) -> None:
    """Run what is missing, all or nothing.

    Raises:
        StartError: The database was written by a newer version, or cannot be opened.
    """
    engine = create_engine(url.set(drivername="sqlite"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            # Write-ahead stays with the file. Connections must not ask for it, each for itself:
            # SQLite does not wait for others there, so two that come first together would fail.
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver would not wrap DDL in one
            _bring_up(connection, target)
            connection.exec_driver_sql("COMMIT")  # without it closing the connection undoes all
    except DatabaseError as error:
        raise StartError(
            f"the database {url.database} cannot be used: {error.orig}",
            "Choose another data directory, or restore a back-up.",
        ) from error
    finally:
        engine.dispose()


def _bring_up(connection: Connection, target: str) -> None:
    version = current(connection)
    if version is not None and version > HEAD:
        raise StartError(
            f"the database has schema {version}, this version knows {HEAD}",
            "Run the newer version that wrote it, or restore a back-up.",
        )
    if version != target:
        _upgrade(connection, target)


def current(connection: Connection) -> str | None:
    """The schema's version; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None


def _upgrade(connection: Connection, target: str) -> None:
    from alembic import command  # noqa: PLC0415  (slow to import, needed once per version)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
