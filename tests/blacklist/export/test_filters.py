"""SpamAssassin takes the lines without complaint, and knows whom they list."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.blacklist.export.lists import ENTRIES, EXCLUSIONS, text

MAIL = """From {sender} Thu May 28 20:26:40 2026
From: <{sender}>
To: <ok@example.org>
Subject: hello
Date: Thu, 28 May 2026 20:26:40 +0000
Message-Id: <1.example@mail.example>

hello

"""

RULE = """header   LISTED eval:check_from_in_blocklist()
score    LISTED 50
report_safe 0
add_header all Rules _TESTS_
util_rb_tld example
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with SpamAssassin's shipped plugins, our list, and nothing of this machine's."""
    if not shutil.which("spamassassin"):
        pytest.skip("SpamAssassin is not installed")
    folder = tmp_path_factory.mktemp("spamassassin")
    for shipped in Path("/etc/spamassassin").glob("*.pre"):
        shutil.copy(shipped, folder)
    (folder / "rules").mkdir()
    (folder / "rules/rule.cf").write_text(RULE)
    (folder / "blacklist.cf").write_text(text("spamassassin", ENTRIES, EXCLUSIONS))
    return folder


def run(home: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = ["spamassassin", "-L", "-x", f"--siteconfigpath={home}", f"--configpath={home / 'rules'}", *words]
    environment = os.environ | {"HOME": str(home)}
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)


def test_spamassassin_lint_has_nothing_to_say(home: Path) -> None:
    """Not a line is refused."""
    done = run(home, "--lint")
    assert (done.returncode, done.stderr) == (0, "")


def test_mail_of_a_listed_sender_is_noticed(home: Path) -> None:
    """By address, by domain, and below it."""
    senders = ("spammer@mail.example", "x@spam.example", "x@www.spam.example", "x@mail.example")
    mails = run(home, "--mbox", stdin="".join(MAIL.format(sender=sender) for sender in senders)).stdout
    found = re.findall(r"^X-Spam-Rules: (.*)\n(?:.+\n)*?From: <(.*)>$", mails, re.MULTILINE)
    assert {sender: rules for rules, sender in found} == dict(zip(senders, ["LISTED"] * 3 + ["none"], strict=True))


def test_a_filter_list_names_domains_and_exceptions() -> None:
    """In the syntax that those who filter domains share."""
    lines = text("adblock", ENTRIES, EXCLUSIONS).splitlines()
    assert lines[0].startswith("[Adblock Plus")
    assert lines[3:] == ["@@||good.spam.example^", "||a.b.spam.example^", "||shop.test^", "||spam.example^"]
