"""Samples of connection quality hold freezes and the picture: nine bytes more a point."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BEFORE = 24  # bytes of a point
_MORE = bytes(9)
_KEY = ("session_id", "connection_id", "stream", "step", "start")
_CHUNKS = sa.table(
    "quality_chunks",
    *(sa.column(name) for name in _KEY),
    sa.column("data", sa.LargeBinary()),
)


def upgrade() -> None:
    _rewrite(_BEFORE, lambda point: point + _MORE)


def downgrade() -> None:
    _rewrite(_BEFORE + len(_MORE), lambda point: point[:_BEFORE])


def _rewrite(size: int, changed: Callable[[bytes], bytes]) -> None:
    connection = op.get_bind()
    keys = connection.execute(sa.select(*(_CHUNKS.c[name] for name in _KEY))).all()
    for key in keys:
        here = sa.and_(*(_CHUNKS.c[name] == value for name, value in zip(_KEY, key, strict=True)))
        data = connection.execute(sa.select(_CHUNKS.c.data).where(here)).scalar_one()
        points = (data[at : at + size] for at in range(0, len(data), size))
        done = b"".join(changed(point) for point in points)
        connection.execute(sa.update(_CHUNKS).where(here).values(data=done))
