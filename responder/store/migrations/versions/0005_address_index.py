"""The index of offences by address without their times, which no question needs and every insert pays for."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.drop_index("offences_by_address", "offences")
    op.create_index("offences_by_address", "offences", ["address"])
