"""check - ``responder check``: are settings and rules sound, and what do they come to."""

import glob
from pathlib import Path
from typing import Any

import click

from responder import config as configuration
from responder.cli.output import as_json, config_option, print_json, say, stopped_from, table
from responder.config import Config
from responder.errors import Refused
from responder.settings.source import SourceSettings
from responder.times import format_duration
from responder.whereabouts import find


@click.command()
@as_json
@config_option
def check(as_json: bool, config: Path | None) -> None:
    """Say whether settings and rules are sound; exits with 78 and every problem where they are not.

    Otherwise shows what will be watched, whom nothing bans, and the policies.
    """
    try:
        loaded = configuration.load(find(config))
        answer = _summary(loaded)
    except Refused as error:
        if as_json:
            print_json({"sound": False, "problems": [str(problem) for problem in error.problems]})
            raise SystemExit(78) from None
        raise
    if as_json:
        print_json(answer)
        return
    say(f"{answer['config']}: sound; {answer['rules']} rules")
    for rule, why in answer["enabled"].items():
        say(f"  {rule} is enabled, though it is off by default: {why}")
    say(f"firewall: {answer['backend']}")
    say("\nWatched:")
    for source in answer["sources"]:
        form = "" if source["format"] == "syslog" else f"  ({source['format']})"
        say(f"  {source['path']}{form}" + ("" if source["exists"] else "  (not there yet; followed when it appears)"))
        if source["problem"]:
            say(f"    {source['problem']}")
    say("\nNever banned:")
    for entry in answer["allowlist"]:
        say(f"  {entry['prefix']:<40} {entry['why']}")
    for name, why in answer["unresolved"].items():
        say(f"  {name}: {why}")
    say("")
    table(
        ("POLICY", "LIMIT", "WITHIN", "BAN", "THEN TIMES", "AT MOST", "RENEWS", "FROM"),
        (
            (
                one["name"],
                one["limit"],
                one["within"],
                one["ban"],
                f"{one['escalate']:g}",
                one["max_ban"],
                "yes" if one["renew"] else "-",
                stopped_from(one["scope"]),
            )
            for one in answer["policies"]
        ),
    )
    if answer["quotas"]:
        say("")
        columns = ("name", "key", "context", "limits", "action", "overrides")
        rows = ([one[column] for column in columns] for one in answer["quotas"])
        table(("QUOTA", "OF EACH", "CONTEXT", "LIMITS", "THEN", "OVERRIDES"), rows)


def _summary(config: Config) -> dict[str, Any]:
    from responder.daemon import guard  # noqa: PLC0415 - a refusal need not wait for it
    from responder.logins import logins  # noqa: PLC0415

    settings = config.settings
    rules = config.rules().in_force
    names, unresolved = guard.resolve(settings.allow.hosts)
    return {
        "sound": True,
        "problems": [],
        "config": str(config.path or "the defaults"),
        "rules": len(rules),
        "enabled": {rule.id: rule.off for rule in rules if rule.off},
        "state": settings.state,
        "backend": settings.firewall.backend,
        "sources": [
            {"path": one.name, "format": one.format, "exists": _exists(one.path), "problem": _problem(one)}
            for one in settings.source
        ],
        "allowlist": [
            {"prefix": str(entry.prefix), "why": entry.why}
            for entry in guard.allowlist(settings.allow, names, logins(settings.allow.login_ports)).entries
        ],
        "unresolved": unresolved,
        "policies": [
            {
                "name": policy.name,
                "limit": policy.limit,
                "within": format_duration(policy.within),
                "ban": format_duration(policy.ban),
                "escalate": policy.escalate,
                "max_ban": format_duration(policy.max_ban),
                "scope": str(policy.scope),
                "renew": policy.renew,
            }
            for policy in config.policies.values()
        ],
        "quotas": [
            {
                "name": one.called,
                "key": one.key,
                "context": "any" if one.context is None else one.context,
                "limits": ", ".join(one.limits.texts()),
                "action": one.action,
                "overrides": len(one.override),
            }
            for one in settings.quota
        ],
    }


def _problem(source: SourceSettings) -> str:
    """Return what keeps a journal from being read, by whoever asks; nothing for another source."""
    from responder.sources import journal_problem  # noqa: PLC0415

    return journal_problem(source.directory) if source.journal else ""


def _exists(pattern: str) -> bool:
    """Tell whether *pattern* names a log by now, read as the daemon reads it; what is no file is always there."""
    return not pattern or any(True for _ in glob.iglob(pattern, recursive=True))  # noqa: PTH207
