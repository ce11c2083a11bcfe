"""Databases as a fresh installation has them, without the wait: migrated once for all tests."""

import tempfile
from functools import lru_cache
from pathlib import Path

from sqlalchemy import make_url

from server.storage.migrate import migrate

DATABASE = "roomtone.db"


@lru_cache
def migrated() -> bytes:
    """An empty database, brought up to date once for all tests of this process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / DATABASE
        migrate(make_url(f"sqlite+aiosqlite:///{path}"))
        return path.read_bytes()


def prepare(data: Path) -> None:
    """Spare a test the migrations (0.1 s); a database that is there is left alone."""
    data.mkdir(parents=True, exist_ok=True)
    if not (data / DATABASE).exists():
        (data / DATABASE).write_bytes(migrated())
