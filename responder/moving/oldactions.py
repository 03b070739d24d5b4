"""oldactions - what the jails of fail2ban do beside banning: mails become a [[notify]], the rest is told.

Source: fail2ban 1.0.2 and 1.1.0, action.d/ and jail.conf(5).
"""

import re
from collections.abc import Mapping, Sequence

from responder.moving.jail import Jail
from responder.moving.remark import Remark
from responder.settings.notify import ADDRESS

_FIREWALLS = re.compile(
    r"(?:ip6?tables|nftables|firewallcmd|ufw|shorewall|route|ipfw|pf|bsd-ipfw|ipfilter|hostsdeny|osx|apf|npf|symbiosis)"
)
_MAILS = re.compile(r"(?:sendmail|mail|mailx|mutt|msmtp)(?:-|$)")


def actions(jails: Sequence[Jail]) -> tuple[tuple[Mapping[str, object], ...], tuple[Remark, ...]]:
    """Return who is to be told, and what else *jails* do."""
    notify: dict[str, Mapping[str, object]] = {}
    remarks = []
    for jail in jails:
        for action in jail.actions:
            if _FIREWALLS.match(action):
                continue
            if _MAILS.match(action) and re.fullmatch(ADDRESS, jail.get("destemail")):
                notify.setdefault(jail.get("destemail"), _mail(jail, len(notify)))
            else:
                what = f"action {action} has no counterpart; a [[notify]] may run a program"
                remarks.append(Remark("human", jail.where, what))
    if notify:
        what = 'one mail an hour tells of all bans, not one of each (on = ["ban"] would)'
        remarks.append(Remark("tightened", "destemail", what))
    return tuple(notify.values()), tuple(dict.fromkeys(remarks))


def _mail(jail: Jail, number: int) -> Mapping[str, object]:
    to, sender = jail.get("destemail"), jail.get("sender")
    return {
        "name": f"fail2ban{f'-{number + 1}' if number else ''}",
        "kind": "mail",
        "on": ["digest", "trouble", "panic"],
        "sender": sender if re.fullmatch(ADDRESS, sender) else to,
        "to": [to],
    }
