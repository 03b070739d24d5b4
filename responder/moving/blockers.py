"""blockers - which commands of an active response ban on this host, by their names.

    bans        the scripts for a firewall, tcp wrappers or a null route that come with OSSEC and Wazuh
    ours        responder-ar
    elsewhere   they ban at a provider's
    other       they ban nobody, or not by address
    unknown     somebody's own

Source: the manuals of OSSEC 4.3 ("Bundled active-response scripts") and Wazuh 4.14 and 5.0 ("Default active response
scripts").
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from responder.moving.ossecfile import Element
from responder.moving.remark import Remark

Does = Literal["bans", "ours", "elsewhere", "other", "unknown"]

_KNOWN: tuple[tuple[Does, re.Pattern[str]], ...] = (
    (
        "bans",
        re.compile(
            r"host-deny|firewall-drop|firewalld-drop|nftables(?:-drop)?|ipfw(?:_mac)?|npf|pf|(?:win_)?route-null"
            r"|netsh(?:-win-2016)?|ip-customblock|block-ip"
        ),
    ),
    ("ours", re.compile(r"responder-ar")),
    ("elsewhere", re.compile(r"cloudflare-ban|ossec-aws-waf")),
    (
        "other",
        re.compile(
            r"disable-account|restart(?:-ossec|-wazuh)?|(?:ossec|wazuh)-(?:slack|tweeter|pagerduty)"
            r"|kaspersky|makelists"
        ),
    ),
)


def does(name: str, command: Element | None) -> Does:
    """Return what the *command* called *name* does: its program tells, else its name."""
    for text in (command.get("executable") if command else "", name):
        program = re.sub(r"\.(?:sh|exe|cmd|bat|py)$", "", re.split(r"[/\\]", text)[-1])
        for what, pattern in _KNOWN:
            if pattern.fullmatch(program):
                return what
    asked = command.last("expect") if command else None
    return "other" if asked and "srcip" not in asked.text else "unknown"


def remarks(commands: Mapping[str, Element], used: Collection[str], where: str) -> Iterator[Remark]:
    """Yield what becomes of each of *commands* in the file *where*; *used* are those that a response names."""
    for name, command in commands.items():
        at = f"{where}:{command.line}"
        what = does(name, command)
        if name not in used:
            yield Remark("kept", at, f"command {name}: no active-response uses it")
        elif what == "unknown":
            program = command.get("executable")[:80]
            yield Remark("human", at, f"command {name} runs {program!r}, which is unknown here: see what it does")
        else:
            said = {
                "bans": "bans, which is for responder now; it may stay, for the way back",
                "ours": "is responder's already",
                "elsewhere": "bans outside this host, which responder does not; it goes on",
                "other": "bans no address; it goes on",
            }
            yield Remark("kept", at, f"command {name} {said[what]}")
