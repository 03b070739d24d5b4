"""Alerts of OSSEC and Wazuh grow line by line, and who is blamed is dropped in the kernel."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.enforce.conftest import KERNELS
from tests.enforce.namespace import inside
from tests.enforce.opened import held_by
from tests.enforce.targets import now
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

SETTINGS = """
[[source]]
path   = {alerts}
format = "{form}"

[[source]]
path     = {log}
timezone = "UTC"

[firewall]
backend = "{backend}"
"""
HELO = "Src IP: 198.18.9.9"


def line(address: str) -> str:
    """Return a line as Postfix writes it, with a HELO name that imitates a field of alerts."""
    stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
    return (
        f"{stamp} other postfix/smtpd[31106]: NOQUEUE: reject: RCPT from unknown[{address}]: 554 5.7.1 <x@y.test>: "
        f"Relay access denied; from=<a@b.test> to=<x@y.test> proto=ESMTP helo=<{HELO}>"
    )


def as_log(number: int, address: str, log: str) -> str:
    """Return the alert as alerts.log has it."""
    return (
        f"** Alert {int(time.time())}.{number}: - syslog,postfix,spam,\n"
        f"{time.strftime('%Y %b %d %H:%M:%S')} (other) 198.18.0.9->/var/log/maillog\n"
        f"Rule: 3301 (level 6) -> 'Attempt to use mail server as relay (client host rejected).'\n"
        f"Src IP: {address}\n{log}\n\n"
    )


def as_ossec(number: int, address: str, log: str) -> str:
    """Return the alert as OSSEC's alerts.json has it."""
    rule = {"level": 6, "comment": "Relaying.", "sidid": 3301, "group": "syslog,postfix,spam,"}
    top = {"rule": rule, "id": f"{int(time.time())}.{number}", "srcip": address, "location": "/var/log/maillog"}
    return json.dumps({**top, "full_log": log}) + "\n"


def as_wazuh(number: int, address: str, log: str) -> str:
    """Return the alert as Wazuh's alerts.json has it."""
    rule = {"level": 6, "description": "Relaying.", "id": "3301", "groups": ["syslog", "postfix", "spam"]}
    top = {
        "rule": rule,
        "id": f"{int(time.time())}.{number}",
        "data": {"srcip": address},
        "location": "/var/log/maillog",
    }
    return json.dumps({**top, "agent": {"name": "other"}, "full_log": log}) + "\n"


Alert = Callable[[int, str, str], str]
FORMS = [("ossec-log", as_log), ("ossec-json", as_ossec), ("wazuh-json", as_wazuh)]


@pytest.mark.parametrize(("form", "alert"), FORMS, ids=[form for form, _ in FORMS])
@pytest.mark.parametrize("backend", KERNELS)
def test_whom_ten_alerts_blame_is_dropped_in_the_kernel(
    net: Network, tmp_path: Path, form: str, alert: Alert, backend: str
) -> None:
    """As soon as the tenth is written; nobody whom its text names besides, and nobody after nine."""
    alerts, log = tmp_path / "alerts", tmp_path / "mail.log"
    alerts.touch()
    log.touch()
    paths = {"alerts": json.dumps(str(alerts)), "log": json.dumps(str(log))}
    with Daemon(net.srv, tmp_path, SETTINGS.format(form=form, backend=backend, **paths)) as daemon:
        address = net.att.ipv4
        with alerts.open("a", buffering=1) as file:
            for number in range(1, 10):
                file.write(alert(number, address, line(address)))
            until(lambda: daemon.ask("status")["offences"] == 9, what="nine alerts to be counted")
            assert daemon.ask("bans") == []
            written = alert(10, address, line(address))
            for at in range(0, len(written), 50):
                file.write(written[at : at + 50])
                file.flush()

        until(lambda: daemon.ask("bans"), what="the ban")
        with inside(net.srv.namespace):
            until(lambda: held_by(backend, now()), what="the ban in the kernel")
            assert held_by(backend, now()) == {address}
        explained = daemon.ask("explain", address)
        assert explained["offences"][-1]["line"].startswith("alert ")
        assert HELO in explained["offences"][-1]["line"]
        assert daemon.ask("explain", "198.18.9.9")["offences"] == []
        daemon.tell("firewall", "flush")


@pytest.mark.parametrize(("form", "alert"), FORMS, ids=[form for form, _ in FORMS])
def test_what_our_own_log_told_already_does_not_count_again(
    net: Network, tmp_path: Path, form: str, alert: Alert
) -> None:
    """Nine lines and nine alerts about them are nine offences; the tenth line bans."""
    alerts, log = tmp_path / "alerts", tmp_path / "mail.log"
    paths = {"alerts": json.dumps(str(alerts)), "log": json.dumps(str(log))}
    address = net.att.ipv4
    lines = [line(address).replace("[31106]", f"[{31106 + number}]") for number in range(10)]
    log.write_text("".join(f"{one}\n" for one in lines[:9]))
    alerts.write_text("".join(alert(number, address, one) for number, one in enumerate(lines[:9], 1)))
    with Daemon(net.srv, tmp_path, SETTINGS.format(form=form, backend="dry-run", **paths)) as daemon:
        until(lambda: daemon.ask("status")["offences"] == 18, what="lines and alerts to be read")
        assert daemon.ask("bans") == []
        effects = [one["effect"] for one in daemon.ask("explain", address)["offences"]]
        assert sorted(effects) == ["counted"] * 9 + ["told before"] * 9
        with log.open("a") as file:
            file.write(f"{lines[9]}\n")
        until(lambda: daemon.ask("bans"), what="the ban")
