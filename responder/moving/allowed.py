"""allowed - whom the jails of fail2ban do not ban.

Our allowlist holds for everything: who was ignored by one jail is banned by none.
"""

from collections.abc import Iterator, Sequence

from responder.moving.jail import Jail
from responder.moving.remark import Remark
from responder.moving.spared import Entry, Spared, spared


def ignored(jails: Sequence[Jail]) -> Spared:
    """Return whom *jails* ignore, and what became of each entry."""
    found = spared(_entries(jails))
    commands = tuple(
        Remark("human", jail.where, "ignorecommand has no counterpart; put whom it spares into [allow]")
        for jail in jails
        if jail.get("ignorecommand").strip()
    )
    return found._replace(remarks=(*found.remarks, *commands))


def _entries(jails: Sequence[Jail]) -> Iterator[Entry]:
    """Yield each entry of ``ignoreip`` once, with the jails that have it."""
    for text in dict.fromkeys(text for jail in jails for text in jail.ignored):
        some = [jail.name for jail in jails if text in jail.ignored]
        if len(some) == len(jails):
            yield Entry(text, "ignoreip")
        else:
            note = "it was ignored there alone, and is banned by nothing now"
            yield Entry(text, f"ignoreip of {', '.join(some)}", note)
