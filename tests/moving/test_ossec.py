"""What OSSEC and Wazuh are set up to do becomes settings of ours, and every element that bans has its word."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder import config
from responder.config import Config
from responder.errors import UsageError
from responder.moving import ossec
from responder.moving.plan import Plan, settings_text
from responder.moving.remark import Kind
from responder.times import DAY, HOUR, MINUTE

OSSEC = """\
<!-- OSSEC, a server -- with a comment that no XML parser takes -->
<ossec_config>
  <global>
    <jsonout_output>yes</jsonout_output>
    <white_list>127.0.0.1</white_list>
    <white_list>^localhost.localdomain$</white_list>
    <white_list>192.0.2.0/255.255.255.0</white_list>
    <white_list>^mx.example.org$|2001:db8:1::7</white_list>
  </global>
  <command>
    <name>firewall-drop</name>
    <executable>firewall-drop.sh</executable>
    <expect>srcip</expect>
    <timeout_allowed>yes</timeout_allowed>
  </command>
  <command>
    <name>disable-account</name>
    <executable>disable-account.sh</executable>
    <expect>user</expect>
  </command>
  <active-response>
    <command>firewall-drop</command>
    <location>local</location>
    <level>6</level>
    <timeout>600</timeout>
  </active-response>
</ossec_config>

<ossec_config>
  <active-response>
    <command>disable-account</command>
    <location>local</location>
    <rules_id>40112</rules_id>
  </active-response>
  <localfile>
    <log_format>command</log_format>
    <command>df -P && true</command>
  </localfile>
  <localfile>
    <log_format>syslog</log_format>
    <location>/var/log/auth.log</location>
  </localfile>
</ossec_config>
"""
OF_BANS = {4, 5, 6, 7, 8, 10, 16, 21, 23, 24, 25, 30, 35}
"""The lines above on which elements begin that concern bans, or the logs."""

WAZUH = """\
<ossec_config>
  <global>
    <alerts_log>yes</alerts_log>
    <allow_list>198.51.100.0/24</allow_list>
  </global>
  <ruleset><rule_dir>ruleset/rules</rule_dir></ruleset>
  <command>
    <name>firewall-drop</name>
    <executable>firewall-drop</executable>
    <timeout_allowed>yes</timeout_allowed>
  </command>
  <active-response>
    <disabled>no</disabled>
    <command>firewall-drop</command>
    <location>all</location>
    <rules_id>3351,5763</rules_id>
    <timeout>1800</timeout>
  </active-response>
</ossec_config>
"""


def written(folder: Path, text: str) -> Path:
    """Return an ossec.conf with *text* where OSSEC's would be, were *folder* its home."""
    path = folder / "etc" / "ossec.conf"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def plan(folder: Path, text: str) -> Plan:
    return ossec.read(written(folder, text))


def blocks(*responses: str, before: str = "", executable: str = "firewall-drop.sh") -> str:
    """Return a configuration with active responses that run *executable* and say *responses*, from line 2 on."""
    command = f"<command><name>it</name><executable>{executable}</executable><expect>srcip</expect></command>"
    bans = (f"<active-response><command>it</command>{one}</active-response>\n" for one in responses)
    return f"<ossec_config>{before}{command}\n{''.join(bans)}</ossec_config>"


def friends(*entries: str) -> str:
    """Return a configuration that spares *entries*, one a line from line 2 on."""
    lines = (f"<white_list>{one}</white_list>\n" for one in entries)
    return f"<ossec_config><global>\n{''.join(lines)}</global></ossec_config>"


def told(made: Plan, line: int | None = None, kind: Kind | None = None) -> list[str]:
    """Return what is said of *line*, and is of *kind*."""
    return [
        one.text
        for one in made.remarks
        if (line is None or one.where.endswith(f"ossec.conf:{line}")) and kind in (None, one.kind)
    ]


def loaded(made: Plan, folder: Path) -> Config:
    """Return the settings of *made* as responder reads them."""
    path = folder / "responder.toml"
    path.write_text(settings_text(made, str(folder / "rules.d")), "utf-8")
    return config.load(path)


def test_a_server_becomes_a_source_a_policy_and_an_allowlist(tmp_path: Path) -> None:
    made = plan(tmp_path, OSSEC)

    assert made.sources == ({"path": f"{tmp_path}/logs/alerts/alerts.json", "format": "ossec-json"},)
    assert made.policies == {"active-response": {"ban": "10m", "escalate": 1.0}}
    assert [one.text for one in made.allow] == ["192.0.2.0/24", "2001:db8:1::7"]
    assert [tuple(one) for one in made.hosts] == [("mx.example.org", f"{tmp_path}/etc/ossec.conf:8")]
    settings = loaded(made, tmp_path)
    assert settings.policies["active-response"].duration(9) == 10 * MINUTE
    assert settings.settings.source[0].format == "ossec-json"


def test_every_element_that_concerns_bans_has_a_remark_with_its_line(tmp_path: Path) -> None:
    """Comments, and the roots behind the first, count lines too."""
    made = plan(tmp_path, OSSEC)

    assert {line for line in range(1, 50) if told(made, line)} >= OF_BANS
    assert len([text for text in told(made) if "<localfile>" in text]) == 1


def test_wazuh_is_known_by_what_only_it_has_and_writes_json_unless_told_not_to(tmp_path: Path) -> None:
    made = plan(tmp_path, WAZUH)

    assert made.sources == ({"path": f"{tmp_path}/logs/alerts/alerts.json", "format": "wazuh-json"},)
    assert made.policies["active-response"]["ban"] == "30m"
    assert [one.text for one in made.allow] == ["198.51.100.0/24"]
    no_json = WAZUH.replace("<alerts_log>", "<jsonout_output>no</jsonout_output><alerts_log>")
    lines = plan(tmp_path, no_json)
    assert lines.sources == ({"path": f"{tmp_path}/logs/alerts/alerts.log", "format": "ossec-log"},)
    nothing = plan(tmp_path, no_json.replace("<alerts_log>yes", "<alerts_log>no"))
    assert nothing.sources == ()
    assert any("neither alerts.json nor alerts.log" in text for text in told(nothing, kind="human"))


@pytest.mark.parametrize("sign", ["<wodle/>", "<global><update_check>no</update_check></global>", "<auth/>"])
def test_any_section_of_its_own_tells_wazuh(tmp_path: Path, sign: str) -> None:
    made = plan(tmp_path, f"<ossec_config>\n{sign}</ossec_config>")

    assert made.sources[0]["format"] == "wazuh-json"
    assert any("taken for Wazuh's" in text for text in told(made, 2, "kept"))


def test_ossec_writes_no_json_unless_told_to(tmp_path: Path) -> None:
    made = plan(tmp_path, OSSEC.replace("<jsonout_output>yes</jsonout_output>", ""))

    assert made.sources == ({"path": f"{tmp_path}/logs/alerts/alerts.log", "format": "ossec-log"},)
    assert any("<jsonout_output>yes" in text for text in told(made, kind="human"))


def test_the_last_switch_counts_and_one_that_is_commented_out_does_not(tmp_path: Path) -> None:
    text = OSSEC.replace("<localfile>", "<global><jsonout_output>no</jsonout_output></global><localfile>", 1)
    text = text.replace("<localfile>", "<!-- <global><jsonout_output>yes</jsonout_output></global> --><localfile>")

    assert plan(tmp_path, text).sources[0]["format"] == "ossec-log"


def test_the_log_of_a_file_that_lies_elsewhere_is_a_guess_and_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "ossec.conf"
    path.write_text(OSSEC)

    made = ossec.read(path)

    assert made.sources[0]["path"] == "/var/ossec/logs/alerts/alerts.json"
    assert any("is a guess" in text for text in told(made, kind="human"))


def test_a_path_that_is_relative_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(written(tmp_path, OSSEC).parent)

    assert ossec.read(Path("ossec.conf")).sources[0]["path"] == f"{tmp_path}/logs/alerts/alerts.json"


def test_an_agent_has_no_alerts(tmp_path: Path) -> None:
    made = plan(tmp_path, "<ossec_config><client><server-ip>192.0.2.1</server-ip></client></ossec_config>")

    assert made.sources == ()
    assert any("responder-ar --install" in text for text in told(made, 1, "human"))


@pytest.mark.parametrize("response", ["<timeout>0</timeout>", "<level>10</level>", "<timeout>never</timeout>"])
def test_no_end_becomes_ten_years_and_is_said(tmp_path: Path, response: str) -> None:
    made = plan(tmp_path, blocks(response))

    assert loaded(made, tmp_path).policies["active-response"].ban == 3650 * DAY
    assert any("bans had no end" in text for text in told(made, 2, "tightened"))


def test_a_timeout_beyond_all_measure_is_ten_years(tmp_path: Path) -> None:
    made = plan(tmp_path, blocks("<timeout>999999999999</timeout>"))

    assert loaded(made, tmp_path).policies["active-response"].ban == 3650 * DAY


def test_of_several_the_shortest_bans(tmp_path: Path) -> None:
    made = plan(tmp_path, blocks("<timeout>3600</timeout>", "<timeout>600</timeout>", "<level>12</level>"))

    assert made.policies["active-response"]["ban"] == "10m"
    assert any("timeout 1h: one policy is for all" in text for text in told(made, 2, "tightened"))
    assert any("timeout 10m: ban = 10m" in text for text in told(made, 3, "kept"))
    assert any("now they end after 10m" in text for text in told(made, 4, "tightened"))


REPEATED = "<active-response><repeated_offenders>{}</repeated_offenders></active-response>"


@pytest.mark.parametrize(
    ("first", "minutes", "bans"),
    [
        (600, "30", [10, 30, 30]),
        (600, "30, 60, 120", [10, 24.4, 59.536, 120, 120]),
        (300, "10,20,40,0,80", [5, 10, 20, 40, 40]),
        (600, "60,30", [10, 30, 30]),
        (60, "1000000,2,3", [1, 1.41, 1.9881, 2.803221, 3, 3]),
    ],
)
def test_who_comes_back_is_banned_longer_but_never_longer_than_there(
    tmp_path: Path, first: int, minutes: str, bans: list[float]
) -> None:
    made = plan(tmp_path, blocks(f"<timeout>{first}</timeout>", before=REPEATED.format(minutes)))

    policy = loaded(made, tmp_path).policies["active-response"]
    assert [policy.duration(nth) / MINUTE for nth in range(1, len(bans) + 1)] == pytest.approx(bans)
    there = [int(one) for one in minutes.partition(",0")[0].split(",")]
    for nth in range(2, 20):
        assert policy.duration(nth) <= there[min(nth - 2, len(there) - 1)] * MINUTE
    assert any("repeated_offenders" in text for text in told(made, 1, "tightened"))


@pytest.mark.parametrize("minutes", ["5", "no", "", "0,30", "10,20,5"])
def test_offenders_who_were_not_banned_longer_are_for_a_human(tmp_path: Path, minutes: str) -> None:
    made = plan(tmp_path, blocks("<timeout>600</timeout>", before=REPEATED.format(minutes)))

    assert made.policies["active-response"] == {"ban": "10m", "escalate": 1.0}
    assert any("every ban lasts as long as `ban`" in text for text in told(made, 1, "human"))


def test_what_bans_beside_us_is_told_by_line_with_the_two_ways(tmp_path: Path) -> None:
    made = plan(tmp_path, blocks("<level>6</level>", "<level>7</level>"))

    [ways] = [text for text in told(made, kind="human") if "two ways" in text]
    assert "responder-ar --install" in ways
    [out] = [one for one in made.remarks if "take these <active-response> out" in one.text]
    assert out.where.endswith("ossec.conf:2,3")


@pytest.mark.parametrize(
    "executable",
    [
        "host-deny.sh", "firewall-drop", "firewall-drop.sh", "firewalld-drop.sh", "ipfw.sh", "pf.sh", "npf.sh",
        "route-null", "route-null.exe", "netsh.exe", "nftables-drop.sh", "ip-customblock.sh",
        "block-ip", "active-response/bin/pf",
    ],
)  # fmt: skip
def test_what_bans_at_the_firewall_is_known_by_its_program(tmp_path: Path, executable: str) -> None:
    made = plan(tmp_path, blocks("<timeout>60</timeout>", executable=executable))

    assert made.policies["active-response"]["ban"] == "1m"


def test_a_command_that_is_defined_elsewhere_is_known_by_its_name(tmp_path: Path) -> None:
    response = "<active-response>\n<command>host-deny</command><timeout>60</timeout></active-response>"

    made = plan(tmp_path, f"<ossec_config>{response}</ossec_config>")

    assert made.policies["active-response"]["ban"] == "1m"
    assert any("no <command> of that name" in text for text in told(made, 1, "human"))


@pytest.mark.parametrize(
    ("executable", "kind"),
    [
        ("disable-account.sh", "kept"), ("restart-ossec.sh", "kept"), ("restart-wazuh", "kept"),
        ("responder-ar", "kept"), ("cloudflare-ban.sh", "kept"), ("own.sh", "human"), ("firewall-dropper", "human"),
    ],
)  # fmt: skip
def test_what_does_not_ban_here_sets_no_limits(tmp_path: Path, executable: str, kind: Kind) -> None:
    made = plan(tmp_path, blocks("<timeout>60</timeout>", executable=executable))

    assert made.policies == {}
    assert any(text.startswith("command it") for text in told(made, 1, kind))
    assert any(text.startswith("active-response it") for text in told(made, 2, kind))
    assert not [one for one in made.remarks if "take these" in one.text]


def test_one_that_is_disabled_is_left_out(tmp_path: Path) -> None:
    made = plan(tmp_path, blocks("<disabled>yes</disabled><timeout>60</timeout>", "<timeout>600</timeout>"))

    assert made.policies["active-response"]["ban"] == "10m"
    assert any("disabled" in text for text in told(made, 2, "kept"))


def test_where_active_response_is_off_nothing_of_it_is_taken_over(tmp_path: Path) -> None:
    off = "<active-response><disabled>yes</disabled></active-response>"

    made = plan(tmp_path, blocks("<timeout>60</timeout>", before=off))

    assert made.policies == {}
    assert any("nobody was banned" in text for text in told(made, 1, "human"))
    assert any("left out" in text for text in told(made, 2, "kept"))
    assert not [one for one in made.remarks if "take these" in one.text]


def test_a_level_is_answered_with_the_rules_that_count_it(tmp_path: Path) -> None:
    low, high = (told(plan(tmp_path, blocks(f"<level>{level}</level>")), 2, "tightened") for level in (6, 12))

    assert any("ossec-notable (level 7 to 9: 2 against policy alert); those below 7" in text for text in low)
    assert any("ossec-grave (from level 12: 15 against policy alert)" in text for text in high)
    assert not any("ossec-notable" in text for text in high)


def test_rules_and_groups_that_ours_know_are_named_and_others_are_for_a_human(tmp_path: Path) -> None:
    response = "<rules_id>3351, 100100</rules_id>\n<rules_group>authentication_failures|own_group</rules_group>"

    made = plan(tmp_path, blocks(response, "<rules_id>3306</rules_id>"))

    [ids] = [text for text in told(made, 2, "human") if "3351" in text]
    assert "3351: ossec-relay (1 against policy smtp-abuse); no rule of ossec.toml names rule 100100:" in ids
    [groups] = [text for text in told(made, 3, "human") if "own_group" in text]
    assert "authentication_failures: ossec-logins-failed (3 against policy login)" in groups
    assert any("3306: ossec-listed" in text for text in told(made, 4, "tightened"))


@pytest.mark.parametrize(
    ("location", "kind", "says"),
    [
        ("local", "kept", "location local bans where it happened"),
        ("server", "kept", "this host bans"),
        ("AS", "kept", "this host bans"),
        ("all", "human", "location all: it bans on all agents"),
        ("defined-agent", "human", "it bans on agent 003"),
    ],
)
def test_where_it_banned_is_told(tmp_path: Path, location: str, kind: Kind, says: str) -> None:
    made = plan(tmp_path, blocks(f"<agent_id>003</agent_id><location>{location}</location>"))

    assert any(says in text for text in told(made, 2, kind))


@pytest.mark.parametrize(
    "entry", ["^10.0.", "!mx.example.org", "192.168", "1.2.3.4/", "0.0.0.0/0", "", "a b", "192.0.2.999"]
)
def test_a_pattern_that_is_no_host_and_a_list_of_everybody_are_for_a_human(tmp_path: Path, entry: str) -> None:
    made = plan(tmp_path, friends(entry))

    assert (made.allow, made.hosts) == ((), ())
    assert told(made, 2, "human")


def test_a_host_that_was_a_pattern_is_that_host_alone(tmp_path: Path) -> None:
    made = plan(tmp_path, friends("mx.example.org", "^192.0.2.1", "^192.0.2.2$"))

    assert [one.text for one in made.hosts] == ["mx.example.org"]
    assert [one.text for one in made.allow] == ["192.0.2.1", "192.0.2.2"]
    assert [len(told(made, line, "tightened")) for line in (2, 3, 4)] == [1, 1, 0]


def test_loopback_is_on_our_allowlist_anyway(tmp_path: Path) -> None:
    made = plan(tmp_path, friends("127.0.0.1", "::1", "^localhost.localdomain$", "localhost"))

    assert (made.allow, made.hosts) == ((), ())
    assert all("never banned" in told(made, line, "kept")[0] for line in (2, 3, 4, 5))


def test_a_configuration_without_bans_asks_for_nothing(tmp_path: Path) -> None:
    made = plan(tmp_path, "<ossec_config><syscheck><frequency>7200</frequency></syscheck></ossec_config>")

    assert (made.policies, made.allow, made.hosts, made.bans) == ({}, (), (), ())
    assert loaded(made, tmp_path).policies["active-response"].ban == HOUR


PIECES = [
    "<ossec_config>", "</ossec_config>", "<global>", "</global>", "<white_list>", "</white_list>", "<active-response>",
    "</active-response>", "<command>", "</command>", "<name>", "</name>", "firewall-drop", "<executable>",
    "</executable>", "<timeout>", "</timeout>", "<level>", "</level>", "<rules_id>3301", "</rules_id>",
    "<repeated_offenders>", "1,2",
    "</repeated_offenders>", "<!--", "-->", "<!", "!>", "&amp;", "\\<", "\n", "192.0.2.1/", "24", "^mx$", "|",
    "<client>", "<jsonout_output>yes</jsonout_output>", "<ruleset/>", "<location>", "</location>",
    "<disabled>yes</disabled>", "<",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@given(text=st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=40).map("".join))
def test_anything_may_stand_in_a_file(folder: Path, text: str) -> None:
    """A plan comes out that responder takes, or a word on what is wrong."""
    try:
        made = plan(folder, text.encode("utf-8", "replace").decode())
    except UsageError:
        return
    loaded(made, folder)


VALUES = st.sampled_from(["", "0", "600", "-5", "99999999999999999999", "1e3", "yes", "x\ny", "٣"]) | st.text(
    st.characters(exclude_characters="<>\\\ufffe\uffff", exclude_categories=["Cs", "Cc"]), max_size=12
)
TAGS = ["command", "timeout", "level", "rules_id", "rules_group", "location", "repeated_offenders", "disabled"]
NETWORKS = st.ip_addresses().map(str) | st.sampled_from(["::/0", "::ffff:0:0/90", "10.0.0.1/0.0.0.0"])


@given(
    responses=st.lists(st.dictionaries(st.sampled_from(TAGS), VALUES), max_size=4),
    spared=st.lists(VALUES | NETWORKS),
    name=VALUES,
)
def test_any_values_come_to_settings_that_load(
    folder: Path, responses: list[dict[str, str]], spared: list[str], name: str
) -> None:
    elements = ("".join(f"<{tag}>{text}</{tag}>" for tag, text in one.items()) for one in responses)
    allowed = "".join(f"<white_list>{one}</white_list>" for one in spared)
    own = f"<command><name>{name}</name><executable>{name}</executable></command>"
    made = plan(folder, blocks(*elements, before=f"<global>{allowed}</global>{own}"))

    settings = loaded(made, folder)
    assert len(settings.settings.allow.networks) == len(made.allow)
    assert tomllib.loads(settings_text(made, "/etc/responder/rules.d"))["source"] == [dict(one) for one in made.sources]
