"""The first tables, and the groups of reporters that everybody has."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MANY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "allowlist",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("value", WORD, nullable=False),
        sa.Column("first", sa.LargeBinary(length=16), nullable=True),
        sa.Column("length", sa.Integer(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("allowed_by", sa.Text(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.CheckConstraint("(kind IN ('address', 'network')) = (first IS NOT NULL)", name="numbers_have_bytes"),
        sa.CheckConstraint("(first IS NULL) = (length IS NULL)", name="bytes_have_a_length"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("value"),
    )
    op.create_index("allowlist_by_prefix", "allowlist", ["first", "length"], **where("first IS NOT NULL"))
    op.create_index("allowlist_by_whom", "allowlist", ["allowed_by"])
    op.create_index("allowlist_lengths", "allowlist", ["length"], **where("length IS NOT NULL"))
    op.create_table(
        "audit",
        sa.Column("id", MANY, nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", WORD, nullable=False),
        sa.Column("subject", WORD, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_by_subject", "audit", ["subject", "id"])
    op.create_index("audit_by_time", "audit", ["time"])
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.CheckConstraint("weight >= 0 AND weight <= 1000", name="a_weight"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "pen",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", MANY, nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "subjects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("value", WORD, nullable=False),
        sa.Column("first", sa.LargeBinary(length=16), nullable=True),
        sa.Column("length", sa.Integer(), nullable=True),
        sa.Column("crowd", sa.LargeBinary(length=17), nullable=True),
        sa.Column("backwards", WORD, nullable=True),
        sa.CheckConstraint("(kind IN ('address', 'network')) = (first IS NOT NULL)", name="numbers_have_bytes"),
        sa.CheckConstraint("(length = 128) = (kind = 'address')", name="an_address_is_whole"),
        sa.CheckConstraint("kind IN ('address', 'network', 'email', 'domain', 'url')", name="a_kind"),
        sa.CheckConstraint("(first IS NULL) = (length IS NULL)", name="bytes_have_a_length"),
        sa.CheckConstraint("length(first) = 16 AND length BETWEEN 0 AND 128", name="a_prefix"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("subjects_by_crowd", "subjects", ["crowd"], **where("crowd IS NOT NULL"))
    op.create_index("subjects_by_domain", "subjects", ["backwards"], **where("backwards IS NOT NULL"))
    op.create_index("subjects_by_kind", "subjects", ["kind", "value"], **where("first IS NULL"))
    op.create_index("subjects_by_prefix", "subjects", ["first", "length"], unique=True, **where("first IS NOT NULL"))
    op.create_index("subjects_by_value", "subjects", ["value"], unique=True)
    op.create_table(
        "listings",
        sa.Column("subject", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("scored", sa.Float(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("broad", sa.Float(), nullable=False),
        sa.Column("moderate", sa.Float(), nullable=True),
        sa.Column("strict", sa.Float(), nullable=True),
        sa.Column("category", WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed", MANY, nullable=False),
        sa.CheckConstraint("moderate <= broad", name="moderate_is_broad"),
        sa.CheckConstraint("strict IS NULL OR moderate IS NOT NULL AND strict <= moderate", name="strict_is_moderate"),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index("listings_by_change", "listings", ["changed", "subject"])
    op.create_index("listings_by_end", "listings", ["broad"])
    op.create_index("listings_moderate", "listings", ["moderate"], **where("moderate IS NOT NULL"))
    op.create_index("listings_strict", "listings", ["strict"], **where("strict IS NOT NULL"))
    op.create_table(
        "removals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.Column("decided", sa.Float(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'open') = (decided IS NULL)", name="decided_when"),
        sa.CheckConstraint("state IN ('open', 'granted', 'refused')", name="a_state"),
        sa.CheckConstraint("(decided IS NULL) = (decided_by IS NULL)", name="decided_by_whom"),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("removals_by_subject", "removals", ["subject"])
    op.create_index("removals_open", "removals", ["subject"], unique=True, **where("state = 'open'"))
    op.create_table(
        "reporters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("group", sa.Integer(), nullable=False),
        sa.Column("added", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["group"], ["groups.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("reporter", sa.Integer(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("category", WORD, nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.Column("decided", sa.Float(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'open') = (decided IS NULL)", name="decided_when"),
        sa.CheckConstraint("state IN ('open', 'accepted', 'rejected')", name="a_state"),
        sa.CheckConstraint("(decided IS NULL) = (decided_by IS NULL)", name="decided_by_whom"),
        sa.ForeignKeyConstraint(["reporter"], ["reporters.id"]),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("proposals_by_subject", "proposals", ["subject"])
    op.create_index("proposals_open", "proposals", ["subject", "reporter"], unique=True, **where("state = 'open'"))
    op.create_table(
        "reports",
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("reporter", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.Column("category", WORD, nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("token", WORD, nullable=True),
        sa.CheckConstraint("time >= day * 86400.0 AND time < (day + 1) * 86400.0", name="the_day_of_the_time"),
        sa.ForeignKeyConstraint(["reporter"], ["reporters.id"]),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subject", "reporter", "day"),
        sqlite_with_rowid=False,
    )
    op.create_index("reports_by_token", "reports", ["token"], unique=True, **where("token IS NOT NULL"))
    op.create_table(
        "votes",
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("reporter", sa.Integer(), nullable=False),
        sa.Column("against", sa.Boolean(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["reporter"], ["reporters.id"]),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subject", "reporter"),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO pen (id, number) VALUES (1, 0)")
    op.execute("INSERT INTO groups (name, weight) VALUES ('host', 1.0), ('person', 1.0), ('postmaster', 2.0)")
