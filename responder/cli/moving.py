"""moving - ``responder import``: what another program of this kind is set up to do, as settings and rules of ours."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from responder import program, whereabouts
from responder.cli import moving_in
from responder.cli.output import as_json, config_option, print_json, say, table
from responder.moving import fail2ban as from_fail2ban
from responder.moving import ossec as from_ossec
from responder.moving import sshguard as from_sshguard
from responder.moving.plan import Plan, settings_text
from responder.moving.remark import Kind

_ORDER: dict[Kind, str] = {"human": "needs a human", "tightened": "tightened", "kept": "kept"}
_PATIENCE = 60.0


@click.group("import")
def moving() -> None:
    """Take over from another program: its settings, its rules, whom it spares and whom it has banned.

    Nothing is written and nothing is banned unless you say so; what you take over from is only read.

    \b
    responder import fail2ban                          # what would become of it, line by line
    responder import fail2ban --write /etc/responder   # responder.toml and rules.d/
    responder check && responder scan /var/log/auth.log
    systemctl start responder
    responder import fail2ban --bans                   # whom it has banned is banned here, too
    systemctl disable --now fail2ban
    """


def _common(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        config_option,
        as_json,
        click.option("--bans", "with_bans", is_flag=True, help="Ban here, for as long, whom it has banned."),
        click.option("--show", is_flag=True, help="Print the settings, too."),
        click.option(
            "--write",
            "folder",
            type=click.Path(path_type=Path, file_okay=False),
            help="Write responder.toml and rules.d/ into this folder; settings that are there stay.",
        ),
    ):
        command = option(command)
    return command


@moving.command()
@click.argument("source", metavar="[FOLDER]", default=from_fail2ban.FOLDER, type=click.Path(path_type=Path))
@click.option("--database", type=click.Path(path_type=Path, dir_okay=False), help="Its bans.  [default: as it says]")
@click.option("--all", "every_jail", is_flag=True, help="Convert the jails that are not enabled, too.")
@click.option(
    "--own-filters", is_flag=True, help="Convert its filters also where rules of ours do the same, and disable these."
)
@_common
def fail2ban(
    *,
    source: Path,
    database: Path | None,
    every_jail: bool,
    own_filters: bool,
    **how: Any,
) -> None:
    """Take over from fail2ban, configured in FOLDER (/etc/fail2ban).

    A jail with a filter that came with fail2ban is handed to our own rules for
    that service.  Other filters are converted; what cannot be proven safe is
    left in the rule file as a comment, with the reason.
    """
    plan = from_fail2ban.read(
        source,
        time.time(),
        database=database,
        every_jail=every_jail,
        own_filters=own_filters,
        changed=_changed("fail2ban") if source == from_fail2ban.FOLDER else (),
    )
    _carry_out(plan, **how)


@moving.command()
@click.argument("source", metavar="[FILE]", default=from_ossec.FILE, type=click.Path(path_type=Path))
@_common
def ossec(*, source: Path, **how: Any) -> None:
    """Take over from OSSEC or Wazuh: FILE (/var/ossec/etc/ossec.conf).

    Its allowlist is kept, its alerts become a source, and what its active
    response did at the firewall is the policy `active-response`.
    """
    _carry_out(from_ossec.read(source), **how)


@moving.command()
@click.argument("source", metavar="[FILE]", default=from_sshguard.FILE, type=click.Path(path_type=Path))
@_common
def sshguard(*, source: Path, **how: Any) -> None:
    """Take over from SSHGuard: FILE (/etc/sshguard/sshguard.conf).

    Its logs, limits and allowlist are kept; whom its blacklist bans for ever
    can be banned here for ten years (--bans).
    """
    _carry_out(from_sshguard.read(source), **how)


def _changed(package: str) -> frozenset[Path]:
    """Return the files of *package* that are no longer as it brought them, as far as dpkg knows."""
    try:
        ended = program.run(["dpkg", "--verify", package], _PATIENCE, with_errors=False)
    except OSError:
        return frozenset()
    rows = (line.split(maxsplit=2) for line in ended.said.splitlines())
    return frozenset(Path(row[-1]) for row in rows if len(row) == 3 and "5" in row[0])


def _carry_out(
    plan: Plan, *, folder: Path | None, show: bool, with_bans: bool, as_json: bool, config: Path | None
) -> None:
    written = moving_in.write(plan, folder) if folder else None
    remarks = (*plan.remarks, *(written.remarks if written else ()))
    answer: dict[str, Any] = {
        "from": plan.origin,
        "remarks": [one._asdict() for one in remarks],
        "settings": settings_text(plan, str((folder or whereabouts.DEFAULT_PATH.parent) / "rules.d")),
        "rules": {file.name: file.text for file in plan.rules},
        "bans": [
            {"prefix": str(ban.prefix), "since": ban.since, "until": ban.until, "why": ban.why} for ban in plan.bans
        ],
        "written": [str(path) for path in written.paths] if written else [],
    }
    if with_bans:
        answer["banned"] = moving_in.ban(plan.bans, config, quiet=as_json)
    if as_json:
        print_json(answer)
        return
    rows = sorted(remarks, key=lambda one: list(_ORDER).index(one.kind))
    table(("", "WHERE", "WHAT BECAME OF IT"), ((_ORDER[one.kind], one.where, one.text) for one in rows))
    if show:
        say(f"\n{answer['settings']}")
    counted = Counter(one.kind for one in remarks)
    said = ", ".join(f"{counted[kind]} {words}" for kind, words in _ORDER.items())
    say(f"\n{plan.origin}: {said}; {len(plan.rules)} rule files, {len(plan.bans)} bans in force")
    for path in answer["written"]:
        say(f"written: {path}")
    if not folder:
        say(f"nothing is written; --write {whereabouts.DEFAULT_PATH.parent} does that")
    if with_bans:
        _say_banned(answer["banned"])
    elif plan.bans:
        say("nobody is banned by this; --bans does that, once the daemon runs")


def _say_banned(done: dict[str, Any]) -> None:
    say(f"{done['banned']} banned here, {done['longer']} were already, for longer")
    for one in done["refused"]:
        say(f"  not {one['address']}: {one['why']}")
