"""alert - alerts as OSSEC writes them, composed by their format: only what a test is about is given."""

import json
from typing import Any

EPOCH = 1_795_406_483


def as_log(
    number: int = 1,
    *,
    srcip: str = "203.0.113.9",
    full_log: str = "Nov 23 04:01:23 mx sshd[411]: Failed password for root from 203.0.113.9 port 4242 ssh2",
    before: str = "",
    after: str = "",
    mail: str = "",
    place: str = "mx->/var/log/auth.log",
) -> str:
    """Return an alert of alerts.log; *before* stands before its Rule, *after* behind the source address."""
    source = f"Src IP: {srcip}\n" if srcip else ""
    return (
        f"** Alert {EPOCH + number % 1000}.{number}:{mail} - syslog,sshd,authentication_failed,\n"
        f"2026 Nov 23 04:01:23 {place}\n{before}"
        f"Rule: 5716 (level 5) -> 'SSHD authentication failed.'\n{source}{after}{full_log}\n\n"
    )


def as_json(number: int = 1, *, srcip: Any = "203.0.113.9", full_log: str = "a line", **more: Any) -> str:
    """Return the same alert as a line of OSSEC's alerts.json."""
    rule = {"level": 5, "comment": "SSHD authentication failed.", "sidid": 5716, "groups": ["authentication_failed"]}
    alert = {"rule": rule, "id": f"{EPOCH + number}.{number}", "srcip": srcip, "full_log": full_log, **more}
    return json.dumps(alert) + "\n"
