"""Whether a recording holds pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "recordings", sa.Column("media", sa.String(), nullable=False, server_default="audio")
    )


def downgrade() -> None:
    op.drop_column("recordings", "media")
