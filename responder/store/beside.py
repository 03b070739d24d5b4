"""beside - offences in a state store that is another process's, read while that one writes.

Falls short: no index leads from a rule to its offences, so of all there are only
the latest LOOKED_AT are looked at.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from responder.decide.tracker import Judgement
from responder.store import database
from responder.store.schema import offences
from responder.store.state import read_judgement

LOOKED_AT = 100_000


def latest(path: Path, rules: Sequence[str], wanted: Callable[[str], bool], most: int) -> list[Judgement]:
    """Return the latest *most* offences by *rules* whose line is *wanted*, oldest first.  Raises StoreError."""
    newest = sa.select(offences).order_by(offences.c.time.desc(), offences.c.id.desc()).limit(LOOKED_AT).subquery()
    query = sa.select(newest).where(newest.c.rule.in_(rules))
    found: list[Judgement] = []
    engine = sa.create_engine(f"sqlite:///file:{path}?mode=ro&uri=true", poolclass=sa.pool.NullPool)
    with database.reading(path), engine.connect() as connection, closing(connection.execute(query)) as rows:
        for row in rows:
            if wanted(row.line):
                found.append(read_judgement(row))
            if len(found) == most:
                break
    return found[::-1]
