"""How fast each recorded file's clock ran, and who may use a link."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    skew = sa.Column("clock_skew_ppm", sa.Float(), nullable=False, server_default="0")
    op.add_column("recording_files", skew)
    signed_in: sa.Column[bool] = sa.Column(
        "signed_in", sa.Boolean(), nullable=False, server_default="0"
    )
    op.add_column("shares", signed_in)


def downgrade() -> None:
    op.drop_column("shares", "signed_in")
    op.drop_column("recording_files", "clock_skew_ppm")
