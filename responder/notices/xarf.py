"""xarf - a ban as an abuse report that programs read: X-ARF 0.2, login attacks and others.

Three parts: words for people, the report as YAML, the log lines.  Every value in
the YAML is quoted as JSON, which YAML reads the same way.  A report is about an address; where a network is banned, its
own address stands for it, and a field of ours, Source-Network, says so to who knows it.

Source: the X-ARF specification 0.2 (x-arf.org).
"""

import json
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import responder
from responder.notices.notice import Notice, line
from responder.settings.notify import NotifySettings

_SCHEMA = "http://www.x-arf.org/schema/abuse_login-attack_0.1.2.json"


def report(settings: NotifySettings, notice: Notice) -> EmailMessage:
    """Return *notice* of a ban as a report, but for its recipients."""
    message = EmailMessage()
    prefix = str(notice.facts["prefix"])
    number = make_msgid(domain=settings.sender.rpartition("@")[2])
    message["From"] = settings.sender
    message["Subject"] = line(f"abuse report about {prefix} - {formatdate()}")
    message["Date"] = formatdate()
    message["Message-ID"] = number
    message["Auto-Submitted"] = "auto-generated"
    message["X-ARF"] = "Yes"
    message["X-XARF"] = "PLAIN"
    people = (
        f"Hello,\n\nour server saw attacks from {prefix}, and no longer speaks to it.\n{line(notice.text)}\n\n"
        "The second part is a report that programs read (X-ARF), the third our log lines; times are in UTC.\n"
    )
    message.set_content(people, cte="quoted-printable")
    message.add_attachment(_yaml(settings, notice, prefix, number), subtype="plain", filename="report.txt", cte="8bit")
    lines = "".join(f"{line(one)}\n" for one in notice.evidence)
    message.add_attachment(lines, subtype="plain", filename="logfile.log", cte="quoted-printable")
    return message


def _yaml(settings: NotifySettings, notice: Notice, prefix: str, number: str) -> str:
    said = {
        "Reported-From": settings.sender,
        "Category": "abuse",
        "Report-Type": "login-attack" if "login" in str(notice.facts["policy"]) else "attack",
        "Service": str(notice.facts["rule"]).partition("-")[0] or "unknown",
        "Version": "0.2",
        "User-Agent": f"responder {responder.__version__}",
        "Date": str(notice.facts["start"]),
        "Source-Type": "ipv6" if ":" in prefix else "ipv4",
        "Source": prefix.partition("/")[0],
        "Report-ID": number.strip("<>"),
        "Schema-URL": _SCHEMA,
        "Attachment": "text/plain",
        **({"Source-Network": prefix} if "/" in prefix else {}),
    }
    return "---\n" + "".join(f"{key}: {json.dumps(value)}\n" for key, value in said.items()) + "...\n"
