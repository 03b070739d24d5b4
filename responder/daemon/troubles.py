"""troubles - what an administrator should look at, found in the answer to ``status``.

Each has a key that stays the same as long as the trouble does, whatever numbers
its words hold.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from responder.times import format_duration


class Trouble(NamedTuple):
    """One of them: what it is about, and what is said of it."""

    key: str
    said: str


def found_in(answer: dict[str, Any]) -> Iterator[Trouble]:
    """Yield what is wrong with the daemon that gave *answer*."""
    yield from _of_ours(answer)
    yield from _of_safety(answer["safety"])
    if answer["tracked_dropped"]:
        said = f"limits.tracked: {answer['tracked_dropped']} of the least dangerous addresses were dropped"
        yield Trouble("tracked", said)
    for name, why in answer["unresolved"].items():
        yield Trouble(f"name {name}", f"allow.hosts: {name}: {why}; its last known addresses stay allowed")
    yield from _of_the_blacklist(answer["blacklist"] or {"error": "", "dropped": 0, "exports": ()})
    for source in answer["sources"]:
        for kind, said in _of_source(source):
            yield Trouble(f"{kind} {source['path']}", said)
    for one in answer["silent"]:
        what = f"rule {one['rule']}" if one["rule"] else "every rule"
        yield Trouble(
            f"silent {one['source']} {one['rule']}",
            f"{one['source']}: {what} matched on {one['matched']} of {one['of_days']} days up to {one['last']} "
            "and never since, though the log goes on; see `responder rules coverage` for messages that nobody knows",
        )


def _of_ours(answer: dict[str, Any]) -> Iterator[Trouble]:
    firewall, store = answer["firewall"], answer["store"]
    if firewall["error"]:
        owing = format_duration(firewall["owing_seconds"])
        yield Trouble("firewall", f"firewall: {firewall['error']} (for {owing}; detecting and recording go on)")
    if store["error"]:
        yield Trouble("store", f"store: {store['error']}; {store['owed']} judgements are kept in memory")
    if store["kept_aside"]:
        yield Trouble("corrupt store", f"store: a corrupt database was kept as {store['kept_aside']}")


def _of_the_blacklist(shared: dict[str, Any]) -> Iterator[Trouble]:
    if shared["error"]:
        said = f"blacklist: {shared['error']}; {shared['outbox']} reports wait, and nothing is lost"
        yield Trouble("blacklist", said)
    if shared["dropped"]:
        said = f"blacklist: too many reports waited; {shared['dropped']} of the oldest were dropped"
        yield Trouble("outbox", said)
    for one in shared["exports"]:
        if one["error"]:
            said = f"{one['output']}: {one['error']} (last made {one['success'] or 'never'}); it is tried again"
            yield Trouble(f"export {one['output']}", said)


def _of_safety(safety: dict[str, Any]) -> Iterator[Trouble]:
    if safety["panic"]:
        yield Trouble("panic", "panic: nobody is banned; offences are counted")
    if safety["trial"]:
        yield Trouble("trial", f"trial: until {safety['trial']['until']}")
    if safety["capped"]:
        said = "limits.bans_per_minute: offenders are only counted just now"
        yield Trouble("capped", f"{said}; {safety['kept_back']} times since the start")


def _of_source(source: dict[str, Any]) -> Iterator[tuple[str, str]]:
    path = source["path"]
    if journal := source["journal"]:
        yield from _of_journal(path, journal)
    elif received := source["received"]:
        yield from _of_socket(path, received)
    elif not source["files"]:
        yield "absent", f"{path}: no such log yet"
    skew = format_duration(source["worst_skew"])
    if source["stamps_ahead"]:
        yield (
            "ahead",
            f"{path}: {source['stamps_ahead']} offences bore future stamps (by {skew}); is its timezone right?",
        )
    if source["stamps_behind"]:
        yield (
            "behind",
            f"{path}: {source['stamps_behind']} new offences bore old stamps (by {skew}); is its timezone right?",
        )
    if source["stamps_unreadable"]:
        yield "stamps", f"{path}: {source['stamps_unreadable']} stamps name no time"
    if unreadable := source["alerts_unreadable"]:
        yield "alerts", f"{path}: {unreadable} alerts were cut off or are none; is {source['format']} its format?"
    if doubtful := source["alerts_doubtful"]:
        yield (
            "doubtful",
            f"{path}: {doubtful} alerts were out of turn, as if log lines imitated them; prefer alerts.json",
        )
    for file in source["files"]:
        yield from _of_file(file)


def _of_journal(path: str, journal: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if journal["reason"]:
        yield "journal", f"{path}: {journal['reason']}" + ("" if journal["running"] else "; it is tried again")
    if journal["refused"]:
        yield (
            "refused",
            (
                f"{path}: {journal['refused']} entries bear the unit or name, but are no system user's, and were not "
                "believed; somebody forges them, or `users` lacks one"
            ),
        )
    for loss in journal["losses"]:
        yield "vacuumed", f"{path}: {loss}"


def _of_socket(path: str, received: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if received["reason"]:
        yield "socket", f"{path}: {received['reason']}; it is tried again"
    if received["refused"]:
        yield "refused", f"{path}: {received['refused']} messages or connections were of nobody among its peers"
    if received["dropped"]:
        yield "dropped", f"{path}: {received['dropped']} messages or connections found no room and were dropped"
    if received["broken"]:
        yield "broken", f"{path}: {received['broken']} connections ended amid a message, which was dropped"


def _of_file(file: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if file["state"] != "present":
        yield "file", f"{file['path']}: {file['state']}" + (f": {file['reason']}" if file["reason"] else "")
    if file["overlong"]:
        yield "overlong", f"{file['path']}: {file['overlong']} lines were too long and skipped"
    if file["lost"]:
        yield "lost", f"{file['path']}: {file['lost']} bytes were lost: {'; '.join(file['losses'])}"
