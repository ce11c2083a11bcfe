"""Samples of connection quality."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quality_chunks",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("connection_id", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "connection_id", "stream", "step", "start"),
    )
    op.create_index("quality_by_age", "quality_chunks", ["step", "start"], unique=False)


def downgrade() -> None:
    op.drop_index("quality_by_age", table_name="quality_chunks")
    op.drop_table("quality_chunks")
