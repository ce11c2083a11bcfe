"""Whether people wait at a meeting's door."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "meetings", sa.Column("waiting_room", sa.String(), nullable=False, server_default="off")
    )


def downgrade() -> None:
    op.drop_column("meetings", "waiting_room")
