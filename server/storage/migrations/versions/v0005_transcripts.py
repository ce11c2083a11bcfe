"""What was said in sessions, and whether meetings have captions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transcript_segments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("recording_id", sa.String(), nullable=True),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("connection_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("start", sa.Float(), nullable=False),
        sa.Column("end", sa.Float(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("segments_by_session", "transcript_segments", ["session_id", "start"])
    op.create_index("segments_by_recording", "transcript_segments", ["recording_id", "start"])
    op.add_column(
        "meetings", sa.Column("captions", sa.String(), nullable=False, server_default="on")
    )


def downgrade() -> None:
    op.drop_column("meetings", "captions")
    op.drop_index("segments_by_recording", table_name="transcript_segments")
    op.drop_index("segments_by_session", table_name="transcript_segments")
    op.drop_table("transcript_segments")
