"""plans - how the database would answer each statement that it is asked, seen before it is."""

import re
from typing import Any

import sqlalchemy as sa

GROWS = ("subjects", "reporters", "reports", "votes", "listings", "removals", "allowlist", "proposals", "audit")
_ASKS = ("SELECT", "UPDATE", "DELETE", "WITH")
_NAMES = "|".join(GROWS)
# An index that holds only what is open is as long as the queue that is to be shown.
_WALK_SQLITE = re.compile(rf"SCAN ({_NAMES})\b(?!.* USING (COVERING )?INDEX (removals|proposals)_open)")
_WALK_POSTGRESQL = re.compile(rf"Seq Scan on ({_NAMES})\b")


class Plans:
    """Listens to an engine: for each statement not seen before, keeps the plan that walks through a table.

    Not to what a test asks for itself, which it says with the execution option *of_the_test*.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._seen: set[str] = set()
        self._walks: list[str] = []
        self._postgresql = engine.dialect.name == "postgresql"
        sa.event.listen(engine, "before_cursor_execute", self._look)

    def walks(self) -> list[str]:
        """Return what was found since the last time, each statement with its plan."""
        found, self._walks = self._walks, []
        return found

    def count(self) -> int:
        """Return how many statements were looked at."""
        return len(self._seen)

    def _look(self, connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        asks = statement.split(maxsplit=1)[0] in _ASKS
        if statement in self._seen or not asks or context.execution_options.get("of_the_test"):
            return
        self._seen.add(statement)
        given = parameters[0] if many else parameters
        plan = self._plan(connection.connection.driver_connection, statement, given)
        walk = _WALK_POSTGRESQL if self._postgresql else _WALK_SQLITE
        if walk.search(plan):
            self._walks.append(f"{statement}\n{given}\n{plan}")

    def _plan(self, raw: Any, statement: str, parameters: Any) -> str:
        if not self._postgresql:
            return "\n".join(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))
        with raw.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            rows = cursor.execute(f"EXPLAIN {statement}", parameters).fetchall()
            cursor.execute("SET LOCAL enable_seqscan = on")
        return "\n".join(row[0] for row in rows)
