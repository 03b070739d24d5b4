"""schema - the tables of quotas, in SQLite or PostgreSQL.

    quota_counts       what each host counted of each key under each quota: its windows' marks (window.py), as JSON;
                       *ends* is when none of them counts any more, *seq* the how-manyth writing of that host it was
    quota_hosts        each host's latest writing, and the token of the process that may write for it
    quota_overrides    allowances given by hand; quota "": under every quota
    quota_suspensions  who may not send: by hand (quota ""), or for being over a quota again and again
    quota_changes      one row, whose *version* grows whenever the two tables before are changed

Times are UTC epoch seconds.
"""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, Table, Text

metadata = MetaData()

counts = Table(
    "quota_counts",
    metadata,
    Column("quota", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("host", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("ends", Float, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("quota_counts_by_writing", "host", "seq"),
    Index("quota_counts_by_end", "ends"),
)

hosts = Table(
    "quota_hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("token", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

overrides = Table(
    "quota_overrides",
    metadata,
    Column("quota", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("limits", Text, nullable=False),
    Column("since", Float, nullable=False),
    Column("by", Text, nullable=False),
)

suspensions = Table(
    "quota_suspensions",
    metadata,
    Column("quota", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("since", Float, nullable=False),
    Column("until", Float),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
)

changes = Table(
    "quota_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
