"""database - the blacklist's database, opened: SQLite or PostgreSQL, whichever its URL names."""

from pathlib import Path

import sqlalchemy as sa

from responder import databases

HEAD = "0001"
"""The newest migration."""

MIGRATIONS = Path(__file__).parent / "migrations"


def connect(url: str) -> sa.Engine:
    """Return an engine for the blacklist at *url*, made or migrated as needed.

    `databases.transaction` and `databases.reading` give its connections.  Raises StoreError.
    """
    return databases.connect(url, MIGRATIONS, HEAD)
