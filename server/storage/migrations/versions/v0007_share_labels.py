"""What a link to a recording is for."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shares", sa.Column("label", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("shares", "label")
