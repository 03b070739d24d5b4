"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "offences",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("address", sa.LargeBinary(16), nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("effect", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
    )
    op.create_index("offences_by_address", "offences", ["address", "time"])
    op.create_index("offences_by_time", "offences", ["time"])
    op.create_table(
        "bans",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("network", sa.LargeBinary(16), nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("start", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("nth", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("ended", sa.Float),
        sa.Column("ended_by", sa.Text),
    )
    op.create_index("bans_by_network", "bans", ["network", "length"])
    op.create_index("bans_by_expiry", "bans", ["expires"])
    op.create_table(
        "positions",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("path", sa.LargeBinary, primary_key=True),
        sa.Column("device", sa.Integer, primary_key=True),
        sa.Column("inode", sa.Integer, primary_key=True),
        sa.Column("offset", sa.Integer, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("mark", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "progress",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("committed", sa.Float, nullable=False),
        sa.Column("lag", sa.Float, nullable=False),
    )
    op.create_table(
        "names",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("address", sa.LargeBinary(16), primary_key=True),
    )
