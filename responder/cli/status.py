"""status - ``responder status``: how the daemon fares."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from responder.cli.output import as_json, ask, config_option, print_json, say, table
from responder.times import format_duration


@click.command()
@as_json
@config_option
def status(as_json: bool, config: Path | None) -> None:
    """Show how the daemon fares; exits with 1 when something needs a look."""
    answer = ask(config, "status")
    troubles = list(_troubles(answer))
    if as_json:
        print_json({**answer, "troubles": troubles})
    else:
        _show(answer, troubles)
    if troubles:
        raise SystemExit(1)


def _show(answer: dict[str, Any], troubles: list[str]) -> None:
    firewall = answer["firewall"]
    say(f"responder {answer['version']}, process {answer['pid']}, running since {answer['since']}")
    say(f"settings  {answer['config']}, {answer['rules']} rules, {len(answer['allowlist'])} allowlist entries")
    settled = "the kernel has everything" if firewall["settled"] else "something is still owed to the kernel"
    say(f"firewall  {firewall['backend'] or 'none'}: {settled}")
    if firewall["why"]:
        say(f"          because {firewall['why']}")
    if firewall["mended"]:
        say(f"          rules put back that somebody else had taken away: {firewall['mended']} times")
    say(f"bans      {answer['bans']} in force, {answer['tracked']} addresses counted")
    say(f"lines     {answer['lines']} read, {answer['offences']} offences")
    if answer["blacklist"]:
        _show_blacklist(answer["blacklist"])
    rows = [
        (file["path"], file["state"], source["lines"], source["offences"], file["behind"], file["rotations"])
        for source in answer["sources"]
        for file in source["files"]
    ]
    if rows:
        table(("LOG", "STATE", "LINES", "OFFENCES", "BYTES BEHIND", "ROTATIONS"), rows)
    _show_others(answer["sources"])
    for trouble in troubles:
        say(f"! {trouble}")


def _show_blacklist(shared: dict[str, Any]) -> None:
    how = "connected" if shared["connected"] else "not connected"
    say(f"blacklist {how}: {shared['reported']} reported, {shared['outbox']} wait; takes {shared['take'] or 'nothing'}")
    exports = [
        (one["output"], one["format"], one["entries"], one["success"] or "never", one["changed"] or "-")
        for one in shared["exports"]
    ]
    if exports:
        table(("EXPORT", "FORMAT", "ENTRIES", "LAST SUCCESS", "CHANGED"), exports)


def _show_others(sources: list[dict[str, Any]]) -> None:
    """Show the sources that are no files."""
    journals = [
        (
            source["path"],
            journal["entries"],
            source["offences"],
            journal["refused"],
            journal["last"] or "-",
            format_duration(journal["lag"]),
            journal["restarts"],
        )
        for source in sources
        if (journal := source["journal"])
    ]
    if journals:
        table(("JOURNAL", "ENTRIES", "OFFENCES", "REFUSED", "READ UP TO", "LAG", "RESTARTS"), journals)
    sockets = [
        (
            source["path"],
            received["messages"],
            source["offences"],
            received["refused"],
            received["dropped"],
            received["broken"],
            received["connections"],
        )
        for source in sources
        if (received := source["received"])
    ]
    if sockets:
        table(("SOCKET", "MESSAGES", "OFFENCES", "REFUSED", "DROPPED", "BROKEN", "CONNECTIONS"), sockets)


def _troubles(answer: dict[str, Any]) -> Iterator[str]:
    """Yield what an administrator should look at."""
    if answer["firewall"]["error"]:
        owing = format_duration(answer["firewall"]["owing_seconds"])
        yield f"firewall: {answer['firewall']['error']} (for {owing}; detecting and recording go on)"
    if answer["store"]["error"]:
        yield f"store: {answer['store']['error']}; {answer['store']['owed']} judgements are kept in memory"
    if answer["store"]["kept_aside"]:
        yield f"store: a corrupt database was kept as {answer['store']['kept_aside']}"
    if answer["tracked_dropped"]:
        yield f"limits.tracked: {answer['tracked_dropped']} of the least dangerous addresses were dropped"
    for name, why in answer["unresolved"].items():
        yield f"allow.hosts: {name}: {why}; its last known addresses stay allowed"
    yield from _blacklist_troubles(answer["blacklist"] or {"error": "", "dropped": 0, "exports": ()})
    for source in answer["sources"]:
        yield from _source_troubles(source)
    for one in answer["silent"]:
        what = f"rule {one['rule']}" if one["rule"] else "every rule"
        yield (
            f"{one['source']}: {what} matched on {one['matched']} of {one['of_days']} days up to {one['last']} "
            "and never since, though the log goes on; see `responder rules coverage` for messages that nobody knows"
        )


def _blacklist_troubles(shared: dict[str, Any]) -> Iterator[str]:
    if shared["error"]:
        yield f"blacklist: {shared['error']}; {shared['outbox']} reports wait, and nothing is lost"
    if shared["dropped"]:
        yield f"blacklist: too many reports waited; {shared['dropped']} of the oldest were dropped"
    for one in shared["exports"]:
        if one["error"]:
            yield f"{one['output']}: {one['error']} (last made {one['success'] or 'never'}); it is tried again"


def _source_troubles(source: dict[str, Any]) -> Iterator[str]:
    path = source["path"]
    if journal := source["journal"]:
        yield from _journal_troubles(path, journal)
    elif received := source["received"]:
        yield from _socket_troubles(path, received)
    elif not source["files"]:
        yield f"{path}: no such log yet"
    skew = format_duration(source["worst_skew"])
    if source["stamps_ahead"]:
        yield f"{path}: {source['stamps_ahead']} offences bore future stamps (by {skew}); is its timezone right?"
    if source["stamps_behind"]:
        yield f"{path}: {source['stamps_behind']} new offences bore old stamps (by {skew}); is its timezone right?"
    if source["stamps_unreadable"]:
        yield f"{path}: {source['stamps_unreadable']} stamps name no time"
    if unreadable := source["alerts_unreadable"]:
        yield f"{path}: {unreadable} alerts were cut off or are none; is {source['format']} its format?"
    if doubtful := source["alerts_doubtful"]:
        yield f"{path}: {doubtful} alerts were out of turn, as if log lines imitated them; prefer alerts.json"
    for file in source["files"]:
        yield from _file_troubles(file)


def _journal_troubles(path: str, journal: dict[str, Any]) -> Iterator[str]:
    if journal["reason"]:
        yield f"{path}: {journal['reason']}" + ("" if journal["running"] else "; it is tried again")
    if journal["refused"]:
        yield (
            f"{path}: {journal['refused']} entries bear the unit or name, but are no system user's, and were not "
            "believed; somebody forges them, or `users` lacks one"
        )
    for loss in journal["losses"]:
        yield f"{path}: {loss}"


def _socket_troubles(path: str, received: dict[str, Any]) -> Iterator[str]:
    if received["reason"]:
        yield f"{path}: {received['reason']}; it is tried again"
    if received["refused"]:
        yield f"{path}: {received['refused']} messages or connections were of nobody among its peers"
    if received["dropped"]:
        yield f"{path}: {received['dropped']} messages or connections found no room and were dropped"
    if received["broken"]:
        yield f"{path}: {received['broken']} connections ended amid a message, which was dropped"


def _file_troubles(file: dict[str, Any]) -> Iterator[str]:
    if file["state"] != "present":
        yield f"{file['path']}: {file['state']}" + (f": {file['reason']}" if file["reason"] else "")
    if file["overlong"]:
        yield f"{file['path']}: {file['overlong']} lines were too long and skipped"
    if file["lost"]:
        yield f"{file['path']}: {file['lost']} bytes were lost: {'; '.join(file['losses'])}"
