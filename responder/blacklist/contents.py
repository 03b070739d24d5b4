"""contents - what an export is made of: the listings that it chose and the allowlist, as they were at one moment.

Both are read in one transaction, and the listings are streamed, so memory does
not grow with the list.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from responder import databases
from responder.blacklist.allowlist import exclusions
from responder.blacklist.entries import entries
from responder.blacklist.export.selection import Selection
from responder.blacklist.values import Entry, Subject

Contents = tuple[Iterable[Entry], tuple[Subject, ...]]


@contextmanager
def contents(engine: sa.Engine, chosen: Selection) -> Iterator[Contents]:
    """Give the entries in force, at least those of *chosen*, in canonical order; and what is excluded."""
    with databases.reading(engine) as connection:
        excluded = tuple(allowed.subject for allowed in exclusions(connection))
        yield entries(connection, chosen.level, chosen.now, chosen.kinds), excluded
