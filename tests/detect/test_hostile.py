"""What attackers make programs write blames them or nobody: the hostile corpus through the whole library.

Lines are shown as they are, and cut.  A log ends in the middle of a line when its
disk is full or its machine stops, and the next line is then glued to it.  Syslog
cuts lines that are too long, never short ones: so rules that find their address
from the end of a line are shown no short line that was cut, but every way to
make a long one of it.
"""

import re
from collections import Counter

import pytest

from responder import config
from responder.detect import library
from responder.detect.detector import Detector
from responder.detect.linerule import LineRule
from responder.formats import alerts
from responder.values import Offence
from tests.corpus.cases import Case, cases
from tests.detect.rules import every_rule, stamps

RULES = every_rule()
DETECTOR = Detector(RULES)
BY_DEFAULT = Detector(library.load([library.shipped()], config.load(None).policies))
FROM_THE_LEFT = Detector(
    [rule for rule in RULES if isinstance(rule, LineRule) and all(pattern.pinned_left for pattern in rule.patterns)]
)
FORGED = [case for case in cases() if case.forged]
CASES = [case for case in cases() if not case.forged]
LINES = [case for case in CASES if case.form != "alert"]
ALERTS = [case for case in CASES if case.form == "alert"]
NEXT = b"Jul 17 03:12:46 mx postfix/qmgr[812]: B02292124BB: removed"
FILLING = b"x" * 900
_ADDRESS = re.compile(rb"[0-9A-Fa-f.:]")
SERVICES = {
    "postfix", "postscreen", "dovecot", "sshd", "ossec", "exim", "exim-syslog", "sendmail", "opensmtpd", "courier",
    "cyrus", "nginx", "apache", "access-log", "haproxy", "traefik", "caddy", "proftpd", "vsftpd", "vsftpd-log",
    "pure-ftpd", "named", "mysql", "postgresql", "postgresql-log", "asterisk", "asterisk-log", "webmin", "proxmox",
    "proxmox-access",
    "vaultwarden", "gitea", "grafana", "nextcloud", "roundcube", "roundcube-syslog", "sogo", "horde", "phpmyadmin",
    "wordpress", "openvpn", "openvpn-log", "pam",
}  # fmt: skip
"""Those in whose lines a client writes something."""


def by_name(found: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", found, ids=[f"{case.name}: {case.why}" for case in found])


def found_in(case: Case, *lines: bytes, detector: Detector = DETECTOR) -> list[Offence]:
    if case.form != "alert":
        return detector.find(b"".join(line + b"\n" for line in lines), stamps(), case.form, case.program)
    return [offence for line in lines for offence in alarmed(line + b"\n")]


def alarmed(data: bytes) -> list[Offence]:
    form = alerts.recognise(data)
    return DETECTOR.judge(alerts.reader(form).read(data)) if form else []


def others(case: Case, offences: list[Offence]) -> set[str]:
    return {str(offence.address) for offence in offences} - {case.blames, case.torn}


def test_the_corpus_is_large_and_about_every_kind_of_service() -> None:
    """A rule file for another service brings a hostile file of its own."""
    count = Counter(case.name.rpartition("-")[0] for case in CASES)

    assert len(CASES) >= 150
    assert not SERVICES - set(count)
    assert all(count[service] >= 2 for service in SERVICES)
    assert len({(case.data, case.program) for case in CASES}) == len(CASES)


@by_name(CASES)
def test_a_hostile_line_blames_its_author_or_nobody(case: Case) -> None:
    offences = found_in(case, case.data)

    assert [str(offence.address) for offence in offences] == ([case.blames] if case.blames else [])


@by_name(FORGED)
def test_what_cannot_be_told_from_a_forged_line_blames_nobody_by_default(case: Case) -> None:
    """The rules that see it are off, and say why."""
    (offence,) = found_in(case, case.data)

    assert found_in(case, case.data, detector=BY_DEFAULT) == []
    assert next(rule for rule in RULES if rule.id == offence.rule).off


@by_name(LINES)
def test_cut_anywhere_it_blames_no_other_from_the_left(case: Case) -> None:
    """Whatever the length at which it was cut; only the address itself must be whole."""
    cuts = [case.data[:at] for at in range(case.header, len(case.data)) if not inside_an_address(case.data, at)]

    assert others(case, found_in(case, *cuts, detector=FROM_THE_LEFT)) == set()


@by_name(LINES)
def test_cut_anywhere_and_glued_to_the_next_it_blames_no_other(case: Case) -> None:
    """As after a power failure or a full disk."""
    longer = case._replace(data=case.data.replace(b"192.0.2.7]", b"192.0.2.77]").replace(b"192.0.2.7 ", b"192.0.2.77 "))
    mine = {
        "192.0.2.77" if longer.data != case.data and one == "192.0.2.7" else one for one in (case.blames, case.torn)
    }
    torn = [longer.data[:at] + NEXT for at in range(case.header, len(longer.data))]

    assert {str(offence.address) for offence in found_in(longer, *torn)} <= mine


@by_name(LINES)
def test_cut_because_it_is_too_long_it_blames_no_other(case: Case) -> None:
    """Wherever the attacker put the filling that made syslog cut it."""
    cuts = [case.data[:at] for at in range(case.header, len(case.data)) if not inside_an_address(case.data, at)]
    dangerous = [cut for cut in cuts if others(case, found_in(case, cut))]
    filled = [cut[:at] + FILLING + cut[at:] for cut in dangerous for at in range(case.header, len(cut) + 1)]

    assert others(case, found_in(case, *filled)) == set()


@by_name(ALERTS)
def test_an_alert_cut_anywhere_blames_no_other(case: Case) -> None:
    """A fragment is no alert, or the same one."""
    cuts = [case.data[:at] for at in range(len(case.data)) if not inside_an_address(case.data, at)]

    assert others(case, found_in(case, *cuts)) == set()


def inside_an_address(data: bytes, at: int) -> bool:
    """Tell whether *at* is between two characters of an address, or of what looks like one."""
    return all(_ADDRESS.match(data, place) for place in (at - 1, at))
