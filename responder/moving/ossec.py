"""ossec - the ossec.conf of OSSEC or Wazuh as settings of ours.

    <white_list> <allow_list>       [allow]
    <jsonout_output>                a [[source]] with alerts.json, or alerts.log
    <command> <active-response>     [policy.active-response]: see responses.py
    <localfile>                     OSSEC goes on reading its logs, and alerts tell what it found

Its own detection stays where it is.  There are two ways to have its alerts answered here (README, "OSSEC and Wazuh"):
to follow them, which is what comes out of this, or to let responder-ar carry out what it decides.

Source: OSSEC 3.7 and 4.3, Wazuh 4.14 (src/config/global-config.c; the manuals' "ossec.conf").
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from responder.moving import ossecfile, responses
from responder.moving.ossecfile import Element
from responder.moving.plan import Plan
from responder.moving.remark import Remark
from responder.moving.responses import Responses
from responder.moving.spared import Entry, parsed, spared

FILE = Path("/var/ossec/etc/ossec.conf")
_WAZUH = (
    "ruleset", "wodle", "auth", "cluster", "logging", "sca", "vulnerability-detector", "vulnerability-detection",
    "indexer", "rule_test", "client_buffer",
)  # fmt: skip
"""Sections that Wazuh has and OSSEC has not."""
_WAZUH_GLOBAL = ("alerts_log", "logall_json", "agents_disconnection_time", "update_check")


def read(path: Path) -> Plan:
    """Return what the ossec.conf at *path* comes to; raises UsageError where it cannot be read."""
    config = ossecfile.read(path)
    where = str(path)
    answers = responses.read(config, where)
    sources, told = _sources(config, path.absolute(), where)
    allowed = spared(_entries(config, where))
    logs = _logs(config, where)
    return Plan(
        origin=where,
        sources=sources,
        policies={responses.POLICY: answers.policy} if answers.policy else {},
        about={responses.POLICY: answers.about} if answers.policy else {},
        allow=allowed.networks,
        hosts=allowed.hosts,
        remarks=(*_ways(answers, where, bool(sources)), *told, *answers.remarks, *allowed.remarks, *logs),
    )


def _entries(config: Element, where: str) -> Iterator[Entry]:
    """Yield who is on the allowlists; what is no address there is a pattern (OS_Match) for the text of an address."""
    for section in config.all("global"):
        for one in section.all("white_list", "allow_list"):
            for text in one.text.split("|"):
                whole = text.removeprefix("^").removesuffix("$")
                exact = text == f"^{whole}$" or (text == whole and parsed(whole)[0] is not None)
                note = "" if exact else "there it was a pattern, and spared also what only contains it"
                yield Entry(whole, f"{where}:{one.line}", note)


def _sources(config: Element, path: Path, where: str) -> tuple[tuple[Mapping[str, object], ...], list[Remark]]:
    """Return the log of alerts as a source, and what has to be said of it."""
    if agent := next(iter(config.all("client")), None):
        what = "this is an agent's: its alerts are on the server, as is the rest; here say responder-ar --install"
        return (), [Remark("human", f"{where}:{agent.line}", what)]
    wazuh = next(_signs_of_wazuh(config), None)
    switch = _last(config, "jsonout_output")
    has_json = switch.text == "yes" if switch else wazuh is not None
    lines = _last(config, "alerts_log")
    at = f"{where}:{(switch or wazuh or config).line}"
    if not has_json and lines and lines.text == "no":
        what = "neither alerts.json nor alerts.log is written; <jsonout_output>yes</jsonout_output> does that"
        return (), [Remark("human", at, what)]
    name = ("wazuh-json" if wazuh else "ossec-json") if has_json else "ossec-log"
    home = path.parent.parent if path.parent.name == "etc" else FILE.parent.parent
    alerts = str(home / "logs" / "alerts" / ("alerts.json" if has_json else "alerts.log"))
    if not alerts.isprintable():
        return (), [Remark("human", at, "its folder has no printable name; write the [[source]] by hand")]
    remarks = [Remark("kept", at, f"{alerts} is followed; the daemon's user must be in its group (ossec or wazuh)")]
    whose = f"Wazuh's: it has <{wazuh.tag}>" if wazuh else "OSSEC's: nothing in it is Wazuh's alone"
    if has_json:
        remarks.append(Remark("kept", f"{where}:{(wazuh or config).line}", f"it is taken for {whose}; format {name}"))
    else:
        what = "no log line can imitate an alert in alerts.json; <jsonout_output>yes</jsonout_output> has it written"
        remarks.append(Remark("human", at, what))
    if path.parent.name != "etc":
        what = f"the file is in no folder etc, so {alerts} is a guess; correct `path`"
        remarks.append(Remark("human", where, what))
    return ({"path": alerts, "format": name},), remarks


def _last(config: Element, tag: str) -> Element | None:
    """Return the switch *tag* of the global sections that counts: the last."""
    return next((one for section in reversed(config.all("global")) if (one := section.last(tag))), None)


def _signs_of_wazuh(config: Element) -> Iterator[Element]:
    yield from config.all(*_WAZUH)
    for section in config.all("global"):
        yield from section.all(*_WAZUH_GLOBAL)
    for command in config.all("command"):
        if "wazuh" in command.get("executable"):
            yield command


def _ways(answers: Responses, where: str, followed: bool) -> Iterator[Remark]:
    """Tell the two ways, and what must not go on beside them."""
    if followed:
        what = (
            "there are two ways, and both may be used: alerts are a source, and rules/ossec.toml counts them, as in "
            "these settings; or OSSEC or Wazuh decides, and [policy.active-response] bans: responder-ar --install"
        )
        yield Remark("human", where, what)
    if answers.lines:
        what = (
            "take these <active-response> out, or let them name responder-ar's command, and restart OSSEC or Wazuh: "
            "beside responder they would go on banning by themselves"
        )
        yield Remark("human", f"{where}:{','.join(map(str, answers.lines))}", what)


def _logs(config: Element, where: str) -> Iterator[Remark]:
    if logs := config.all("localfile"):
        what = (
            f"{len(logs)} <localfile> are no sources: OSSEC or Wazuh goes on reading them, and its alerts tell; "
            "responder reads a log by itself with a [[source]] of its own, and counts an offence once all the same"
        )
        yield Remark("kept", f"{where}:{logs[0].line}", what)
