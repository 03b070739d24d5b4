"""Active responses that were handled, and bans that were lifted without forgiving their prefix."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("bans", sa.Column("alone", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "responses",
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("network", sa.LargeBinary(16), nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("alert", sa.Text, nullable=False),
    )
