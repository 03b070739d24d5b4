"""schema - the tables of the state store.

    offences   every offence, its line and what it led to; the evidence and the windows' memory
    bans       every ban, in force or over; *ended* where it was lifted before it expired, *alone* where the
               others of its prefix were not
    positions  how far each log was read
    progress   one row: when the last commit was, and how far the logs lagged behind it
    responses  which active responses were carried out, lest one be twice
    activity   how often each rule matched in each log on each day (UTC); rule "": how many lines it had
    outbox     what is to be reported to the blacklist and was not yet; a number is never used again
    names      what allow-listed host names last resolved to

Addresses are 16 bytes that sort as addresses do (IPv4 at ::ffff:0:0/96), so a
network is a range of an index.  Times are UTC epoch seconds.  File names are
bytes, as the kernel has them; device and inode numbers use all 64 bits, which
SQLite's integers hold as signed ones.
"""

import os
from typing import Any

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text, false
from sqlalchemy.types import TypeDecorator

metadata = MetaData()
_SIGN, _WRAP = 1 << 63, 1 << 64


class FileName(TypeDecorator[str]):
    """A name that need not be UTF-8."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:  # noqa: ARG002
        """Return the bytes of a name."""
        return os.fsencode(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:  # noqa: ARG002
        """Return the name that bytes are."""
        return os.fsdecode(value)


class Unsigned(TypeDecorator[int]):
    """A number of 64 bits."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:  # noqa: ARG002
        """Return the signed number of the same bits."""
        return value - _WRAP if value >= _SIGN else value

    def process_result_value(self, value: Any, dialect: Any) -> Any:  # noqa: ARG002
        """Return the unsigned number of the same bits."""
        return value % _WRAP


offences = Table(
    "offences",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("time", Float, nullable=False),
    Column("address", LargeBinary(16), nullable=False),
    Column("rule", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("effect", Text, nullable=False),
    Column("line", Text, nullable=False),
    Index("offences_by_address", "address"),
    Index("offences_by_time", "time"),
)

bans = Table(
    "bans",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("network", LargeBinary(16), nullable=False),
    Column("length", Integer, nullable=False),
    Column("scope", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("start", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("nth", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ended", Float),
    Column("ended_by", Text),
    Column("alone", Boolean, nullable=False, server_default=false()),
    Index("bans_by_network", "network", "length"),
    Index("bans_by_expiry", "expires"),
)

positions = Table(
    "positions",
    metadata,
    Column("source", Text, primary_key=True),
    Column("path", FileName, primary_key=True),
    Column("device", Unsigned, primary_key=True),
    Column("inode", Unsigned, primary_key=True),
    Column("offset", Integer, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("mark", LargeBinary, nullable=False),
)

responses = Table(
    "responses",
    metadata,
    Column("token", Text, primary_key=True),
    Column("action", Text, nullable=False),
    Column("network", LargeBinary(16), nullable=False),
    Column("length", Integer, nullable=False),
    Column("alert", Text, nullable=False),
)

activity = Table(
    "activity",
    metadata,
    Column("day", Integer, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)

progress = Table(
    "progress",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("committed", Float, nullable=False),
    Column("lag", Float, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("network", LargeBinary(16), nullable=False),
    Column("length", Integer, nullable=False),
    Column("time", Float, nullable=False),
    Column("category", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    sqlite_autoincrement=True,
)

names = Table(
    "names",
    metadata,
    Column("host", Text, primary_key=True),
    Column("address", LargeBinary(16), primary_key=True),
)
