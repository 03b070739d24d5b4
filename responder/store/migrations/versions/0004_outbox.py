"""What this host is to report to the blacklist and has not yet."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("network", sa.LargeBinary(16), nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
