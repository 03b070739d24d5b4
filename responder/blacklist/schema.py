"""schema - the tables of the blacklist, the same in SQLite and PostgreSQL.

    subjects   what was ever reported, or listed for those inside it
    groups     kinds of reporters, and what one of each weighs
    reporters  who reports
    reports    one of each reporter a day about a subject: the first
    votes      for and against a listing, one of each reporter
    listings   what scoring made of them; *changed* says by which change (pen.py)
    removals   requests to take a listing out, and what a moderator decided
    allowlist  what is never listed
    proposals  reports that wait for a moderator
    audit      every change, in its order; never changed itself
    pen        one row: who writes holds it, and it numbers the changes

Addresses are 16 bytes that sort as addresses do (IPv4 at ::ffff:0:0/96), so a
network is a range of an index.  *crowd* is the network that is listed when
enough like this one are: its 16 bytes and its length.  *backwards* is the domain
with its labels turned round, each with a dot behind it, so that a domain and all
below it are a range, too.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects import postgresql

metadata = MetaData()

Word = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text that sorts by its bytes on every database."""
Many = BigInteger().with_variant(Integer, "sqlite")


def _subject(**more: Any) -> Column[int]:
    return Column("subject", Integer, ForeignKey("subjects.id", ondelete="CASCADE"), nullable=False, **more)


def _reporter(**more: Any) -> Column[int]:
    return Column("reporter", Integer, ForeignKey("reporters.id"), nullable=False, **more)


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


subjects = Table(
    "subjects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Word, nullable=False),
    Column("value", Word, nullable=False),
    Column("first", LargeBinary(16)),
    Column("length", Integer),
    Column("crowd", LargeBinary(17)),
    Column("backwards", Word),
    CheckConstraint("kind IN ('address', 'network', 'email', 'domain', 'url')", name="a_kind"),
    CheckConstraint("(kind IN ('address', 'network')) = (first IS NOT NULL)", name="numbers_have_bytes"),
    CheckConstraint("(first IS NULL) = (length IS NULL)", name="bytes_have_a_length"),
    CheckConstraint("length(first) = 16 AND length BETWEEN 0 AND 128", name="a_prefix"),
    CheckConstraint("(length = 128) = (kind = 'address')", name="an_address_is_whole"),
    Index("subjects_by_value", "value", unique=True),
    _partial("subjects_by_prefix", "first", "length", where="first IS NOT NULL", unique=True),
    _partial("subjects_by_kind", "kind", "value", where="first IS NULL"),
    _partial("subjects_by_crowd", "crowd", where="crowd IS NOT NULL"),
    _partial("subjects_by_domain", "backwards", where="backwards IS NOT NULL"),
)

groups = Table(
    "groups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Word, nullable=False, unique=True),
    Column("weight", Float, nullable=False),
    CheckConstraint("weight >= 0 AND weight <= 1000", name="a_weight"),
)

reporters = Table(
    "reporters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Word, nullable=False, unique=True),
    Column("group", Integer, ForeignKey("groups.id"), nullable=False),
    Column("added", Float, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    _subject(primary_key=True),
    _reporter(primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("time", Float, nullable=False),
    Column("category", Word, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("token", Word),
    CheckConstraint("time >= day * 86400.0 AND time < (day + 1) * 86400.0", name="the_day_of_the_time"),
    _partial("reports_by_token", "token", where="token IS NOT NULL", unique=True),
    sqlite_with_rowid=False,
)

votes = Table(
    "votes",
    metadata,
    _subject(primary_key=True),
    _reporter(primary_key=True),
    Column("against", Boolean, nullable=False),
    Column("time", Float, nullable=False),
    sqlite_with_rowid=False,
)

listings = Table(
    "listings",
    metadata,
    _subject(primary_key=True, autoincrement=False),
    Column("score", Float, nullable=False),
    Column("scored", Float, nullable=False),
    Column("since", Float, nullable=False),
    Column("broad", Float, nullable=False),
    Column("moderate", Float),
    Column("strict", Float),
    Column("category", Word, nullable=False),
    Column("reason", Text, nullable=False),
    Column("changed", Many, nullable=False),
    CheckConstraint("moderate <= broad", name="moderate_is_broad"),
    CheckConstraint("strict IS NULL OR moderate IS NOT NULL AND strict <= moderate", name="strict_is_moderate"),
    Index("listings_by_change", "changed", "subject"),
    Index("listings_by_end", "broad"),
    _partial("listings_moderate", "moderate", where="moderate IS NOT NULL"),
    _partial("listings_strict", "strict", where="strict IS NOT NULL"),
)

removals = Table(
    "removals",
    metadata,
    Column("id", Integer, primary_key=True),
    _subject(),
    Column("state", Word, nullable=False),
    Column("requester", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("time", Float, nullable=False),
    Column("decided", Float),
    Column("decided_by", Text),
    Column("why", Text),
    CheckConstraint("state IN ('open', 'granted', 'refused')", name="a_state"),
    CheckConstraint("(state = 'open') = (decided IS NULL)", name="decided_when"),
    CheckConstraint("(decided IS NULL) = (decided_by IS NULL)", name="decided_by_whom"),
    Index("removals_by_subject", "subject"),
    _partial("removals_open", "subject", where="state = 'open'", unique=True),
)

allowlist = Table(
    "allowlist",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Word, nullable=False),
    Column("value", Word, nullable=False, unique=True),
    Column("first", LargeBinary(16)),
    Column("length", Integer),
    Column("why", Text, nullable=False),
    Column("allowed_by", Text, nullable=False),
    Column("time", Float, nullable=False),
    CheckConstraint("(kind IN ('address', 'network')) = (first IS NOT NULL)", name="numbers_have_bytes"),
    CheckConstraint("(first IS NULL) = (length IS NULL)", name="bytes_have_a_length"),
    _partial("allowlist_by_prefix", "first", "length", where="first IS NOT NULL"),
    Index("allowlist_by_whom", "allowed_by"),
    _partial("allowlist_lengths", "length", where="length IS NOT NULL"),
)

proposals = Table(
    "proposals",
    metadata,
    Column("id", Integer, primary_key=True),
    _subject(),
    _reporter(),
    Column("state", Word, nullable=False),
    Column("category", Word, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("time", Float, nullable=False),
    Column("decided", Float),
    Column("decided_by", Text),
    CheckConstraint("state IN ('open', 'accepted', 'rejected')", name="a_state"),
    CheckConstraint("(state = 'open') = (decided IS NULL)", name="decided_when"),
    CheckConstraint("(decided IS NULL) = (decided_by IS NULL)", name="decided_by_whom"),
    Index("proposals_by_subject", "subject"),
    _partial("proposals_open", "subject", "reporter", where="state = 'open'", unique=True),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Many, primary_key=True),
    Column("time", Float, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Word, nullable=False),
    Column("subject", Word, nullable=False),
    Column("detail", Text, nullable=False),
    Index("audit_by_subject", "subject", "id"),
    Index("audit_by_time", "time"),
)

pen = Table(
    "pen",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Many, nullable=False),
    CheckConstraint("id = 1", name="only_one"),
)
