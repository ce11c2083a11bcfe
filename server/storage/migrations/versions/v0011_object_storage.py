"""Where the files of recordings are, who holds them, and what was deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    place = sa.Column("place", sa.String(), nullable=False, server_default="local")
    op.add_column("recordings", place)
    for name in ("stored_at", "held_at"):
        op.add_column("recordings", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in ("upload_error", "held_by", "held_why"):
        op.add_column("recordings", sa.Column(name, sa.String(), nullable=True))
    op.create_index("recordings_by_place", "recordings", ["place", "id"])
    op.create_table(
        "tombstones",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("meeting_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("duration_seconds", sa.Float(), nullable=True),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_by", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
    )
    op.create_index("tombstones_by_account", "tombstones", ["account", "id"])


def downgrade() -> None:
    op.drop_index("tombstones_by_account", table_name="tombstones")
    op.drop_table("tombstones")
    op.drop_index("recordings_by_place", table_name="recordings")
    with op.batch_alter_table("recordings") as table:
        for name in ("held_why", "held_by", "upload_error", "held_at", "stored_at", "place"):
            table.drop_column(name)
