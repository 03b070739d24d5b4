"""status - ``responder status``: how the daemon fares."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from responder.cli.output import as_json, ask, config_option, print_json, say, table
from responder.daemon.troubles import found_in
from responder.times import format_duration


@click.command()
@as_json
@config_option
def status(as_json: bool, config: Path | None) -> None:
    """Show how the daemon fares; exits with 1 when something needs a look."""
    answer = ask(config, "status")
    troubles = [one.said for one in found_in(answer)]
    if as_json:
        print_json({**answer, "troubles": troubles})
    else:
        _show(answer, troubles)
    if troubles:
        raise SystemExit(1)


def _show(answer: dict[str, Any], troubles: list[str]) -> None:
    firewall = answer["firewall"]
    for word in _loudly(answer["safety"]):
        say(word)
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


def _loudly(safety: dict[str, Any]) -> Iterator[str]:
    """Yield what stands above everything else."""
    if panic := safety["panic"]:
        said = f"PANIC since {panic['since']}, by {panic['by']}: nobody is banned."
        yield f"{said}  End it with: responder panic --resume"
    if trial := safety["trial"]:
        left = format_duration(trial["seconds_left"])
        yield f"TRIAL: in {left} all that was banned is lifted.  Keep it with: responder confirm"


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
