"""What administrators copy from contrib is well-formed, and reads what responder-ar really writes."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from responder import installer
from tests.active_response.execd import ALERT, Ossec, Wazuh, alert
from tests.active_response.osregex import compiled
from tests.active_response.peer import answering

CONTRIB = Path(__file__).parents[2] / "contrib"
FILES = sorted(path for folder in ("ossec", "wazuh") for path in (CONTRIB / folder).glob("*.xml"))
DIDS = [
    *("banned", "already-banned", "counted", "refused", "lifted", "nothing-to-lift", "done-before", "outdated"),
    *("banned-not-enforced", "lifted-not-enforced", "kept", "lost", "invalid", "held", "unanswered", "fault"),
]


def tree(path: Path) -> ET.Element:
    """Return what *path* holds; theirs need no root of their own."""
    return ET.fromstring(f"<all>{path.read_text('utf-8')}</all>")


def text(element: ET.Element, name: str) -> str:
    return element.findtext(name) or ""


def plain(element: ET.Element) -> list[Any]:
    """Return *element* without comments and layout."""
    return [element.tag, (element.text or "").strip(), [plain(child) for child in element]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_is_well_formed_and_holds_what_its_name_says(path: Path) -> None:
    """So that a copied file does not keep their daemons from starting."""
    roots = {child.tag for child in tree(path)}

    expected = {"decoders": "decoder", "rules": "group"}.get(path.stem, "ossec_config")
    assert roots == {expected}


@pytest.mark.parametrize("kind", ["ossec", "wazuh"])
def test_what_the_installer_prints_is_what_the_files_say(kind: str, tmp_path: Path) -> None:
    """Either may be followed."""
    home = installer.Home(tmp_path, wazuh=kind == "wazuh", rules=True)
    printed = re.search(r"<ossec_config>.*</ossec_config>", installer.snippet(home), re.DOTALL)
    assert printed

    assert [plain(ET.fromstring(printed[0]))] == [plain(one) for one in tree(CONTRIB / kind / "server.xml")]


@pytest.mark.parametrize("kind", ["ossec", "wazuh"])
def test_no_rule_of_ours_starts_another_active_response(kind: str) -> None:
    """Theirs begin at level 6 as shipped; ids are in the range for local rules and unique."""
    rules = list(tree(CONTRIB / kind / "rules.xml").iter("rule"))
    ids = [int(rule.attrib["id"]) for rule in rules]

    assert all(int(rule.attrib["level"]) < 6 for rule in rules)
    assert all(100_000 <= number < 120_000 for number in ids)
    assert len(ids) == len(set(ids))


def decode(line: str, *, greedy: bool) -> dict[str, str]:
    """Return the fields that OSSEC finds with our decoders in *line* of active-responses.log."""
    decoders = list(tree(CONTRIB / "ossec" / "decoders.xml"))
    parent = next(one for one in decoders if one.attrib["name"] == "responder-ar")
    begun = compiled(text(parent, "prematch"), greedy=greedy).match(line)
    assert begun
    rest = line[begun.end() :]
    for child in decoders:
        if text(child, "parent") != "responder-ar":
            continue
        if not compiled(text(child, "prematch"), greedy=greedy).match(rest):
            continue
        found = compiled(text(child, "regex"), greedy=greedy).match(rest)
        if found:
            return dict(zip(text(child, "order").split(", "), found.groups(), strict=True))
    return {}


def rule_for(kind: str, did: str) -> str:
    """Return which of our rules of *kind* reports *did*, or nothing."""
    found = [
        rule.attrib["id"]
        for rule in tree(CONTRIB / kind / "rules.xml").iter("rule")
        for name in ("status", "field")
        if (pattern := text(rule, name)) and compiled(pattern, greedy=True).search(did)
    ]
    assert len(found) < 2
    return (found or [""])[0]


@pytest.mark.parametrize("greedy", [True, False])
@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::7"])
def test_ossec_reads_what_responder_ar_writes(ossec: Ossec, address: str, *, greedy: bool) -> None:
    """Action, address, alert, rule and outcome, whatever the user is called."""
    with answering(ossec.installed.control, said="banned: until: noon"):
        ossec.run("add", "x y: banned:", address, ALERT, "3301", "/var/log/mail.log", "-")

    assert decode(ossec.installed.said(), greedy=greedy) == {
        "action": "add",
        "srcip": address,
        "id": ALERT,
        "extra_data": "3301",
        "status": "banned",
    }


@pytest.mark.parametrize("greedy", [True, False])
def test_ossec_reads_no_address_where_there_is_none(ossec: Ossec, *, greedy: bool) -> None:
    """What an attacker calls himself is not taken for one."""
    ossec.run("add", "-", "add - 192.0.2.1 1 2 banned: ")

    assert decode(ossec.installed.said(), greedy=greedy) == {"status": "invalid"}


def test_wazuh_s_own_decoder_finds_its_way(wazuh: Wazuh) -> None:
    """Its prematch, and its way to the source address (ruleset/decoders/0010-active-response_decoders.xml)."""
    wazuh.add(alert("203.0.113.9"))

    line = wazuh.installed.said()
    stamp = r"^\d\d\d\d/\d\d/\d\d \d\d:\d\d:\d\d active-response/bin/\S+: "
    assert all(compiled(stamp, greedy=greedy).match(line) for greedy in (True, False))
    address = re.search(r'"data":\{"srcip":"([^"]+)"', line)
    assert address
    assert address[1] == "203.0.113.9"


@pytest.mark.parametrize("kind", ["ossec", "wazuh"])
def test_each_outcome_has_one_rule_or_none_for_a_reason(kind: str) -> None:
    """What left everything as it was is not worth an alert."""
    rules = {did: rule_for(kind, did) for did in DIDS}

    assert rules == {
        "banned": "110701",
        "already-banned": "110701",
        "lifted": "110702",
        "refused": "110703",
        "kept": "110704",
        "banned-not-enforced": "110704",
        "lifted-not-enforced": "110704",
        "lost": "110705",
        "invalid": "110705",
        "unanswered": "110705",
        "fault": "110705",
        **dict.fromkeys(("counted", "nothing-to-lift", "done-before", "outdated", "held"), ""),
    }


@pytest.mark.parametrize("kind", ["ossec", "wazuh"])
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ban 192.0.2.7 for 1h, no. 1: 5 offences against smtp-probe", ("ban", "192.0.2.7")),
        ("unban 2001:db8:1:2::/64 (smtp-probe) by root", ("unban", "2001:db8:1:2::/64")),
        ("the ban of 192.0.2.7 (smtp-probe) is over", None),
    ],
)
def test_what_the_daemon_logs_is_read(kind: str, line: str, expected: tuple[str, str] | None) -> None:
    """By the program's name and the line's first words."""
    decoders = {one.attrib["name"]: one for one in tree(CONTRIB / kind / "decoders.xml")}
    change = decoders["responder-change"]

    assert compiled(text(decoders["responder"], "program_name"), greedy=True).match("responder")
    matches = compiled(text(change, "prematch"), greedy=True).match(line)
    found = compiled(text(change, "regex"), greedy=False).match(line) if matches else None
    assert (found.groups() if found else None) == expected


def test_the_pages_name_what_is_there() -> None:
    """Every file in the folders is named in its page, and every file named there exists."""
    for folder in ("ossec", "wazuh"):
        page = (CONTRIB / folder / "README.md").read_text("utf-8")
        named = {CONTRIB / folder / link for link in re.findall(r"\]\(([^)#:]+)\)", page)}
        assert all(path.exists() for path in named)
        assert {path.name for path in (CONTRIB / folder).glob("*.xml")} <= {path.name for path in named}
