"""The package of one checkout is always the same, and has what is to be run from where it lies."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.lab import postfix
from tests.lab.machine import Machine
from tests.lab.network import Network
from tests.lab.twoqueue import FOLDER, TwoQueues
from tests.machine import package
from tests.machine.package import Packages

pytestmark = [pytest.mark.kernel, pytest.mark.long]


def test_the_same_checkout_gives_the_same_package(packages: Packages, tmp_path: Path) -> None:
    """Byte for byte, whatever the clock says and wherever it is built."""
    again = package.build(tmp_path)

    assert again.first.read_bytes() == packages.first.read_bytes()


def test_the_log_of_the_active_response_turns_over(whole: Machine) -> None:
    """Where its folder is writable by their group, and with owner and mode as they were."""
    whole.run("groupadd", "ossec")
    whole.run("install", "-d", "-m", "770", "-g", "ossec", "/var/ossec/logs")
    log = whole.file("/var/ossec/logs/active-responses.log")
    log.write_text("a call\n")
    whole.run("chgrp", "ossec", "/var/ossec/logs/active-responses.log")
    log.chmod(0o660)
    whole.run("cp", "/usr/share/doc/responder/examples/active-responses.logrotate", "/etc/logrotate.d/ossec")

    whole.run("logrotate", "--force", "/etc/logrotate.d/ossec")

    assert whole.file("/var/ossec/logs/active-responses.log.1").read_text() == "a call\n"
    assert whole.said("stat", "--format=%U:%G %a %s", "/var/ossec/logs/active-responses.log") == "root:ossec 660 0"


def test_every_page_that_a_page_in_it_points_to_is_in_it(packages: Packages, tmp_path: Path) -> None:
    """An administrator has the package and no checkout."""
    subprocess.run(["dpkg-deb", "-x", packages.first, tmp_path], check=True)
    pages = [*(tmp_path / "usr/share/doc/responder").rglob("*.md"), *(tmp_path / "usr/share/responder").rglob("*.md")]

    assert len(pages) > 10
    for page in pages:
        links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        assert (page.name, [link for link in links if not (page.parent / link).exists()]) == (page.name, [])


QUEUES = "usr/share/responder/two-queue"


def test_it_has_the_second_queue_whole(packages: Packages) -> None:
    """Each file of it, the scripts to be run by everybody who may, and a link where people look for examples."""
    listed = subprocess.run(["dpkg-deb", "-c", packages.first], check=True, capture_output=True, text=True).stdout
    files = {line.split(maxsplit=5)[5]: line.split()[0] for line in listed.splitlines()}

    for path in FOLDER.iterdir():
        script = path.stat().st_mode & 0o111
        assert files[f"./{QUEUES}/{path.name}"] == ("-rwxr-xr-x" if script else "-rw-r--r--")
    assert "./usr/share/doc/responder/examples/two-queue -> ../../../responder/two-queue" in files


def test_the_second_queue_is_set_up_from_there(packages: Packages, net: Network, tmp_path: Path) -> None:
    """And taken back; its units name the script that the package has."""
    if problem := postfix.missing():
        pytest.skip(problem)
    subprocess.run(["dpkg-deb", "-x", packages.first, tmp_path], check=True)
    scripts = tmp_path / QUEUES
    with TwoQueues(net.srv, "inet:127.0.0.1:10040", scripts) as queues:
        queues.start()
        done = queues.setup()
        assert done.returncode == 0, done.stdout + done.stderr
        assert queues.setup("--check").returncode == 0
        assert f"ExecStart={scripts}/queue-size " in (queues.units / "postfix2525-metric.service").read_text()
        assert "postfix_queue_messages" in queues.run(str(scripts / "queue-size"), str(queues.second)).stdout
        done = queues.setup("--undo")
        assert done.returncode == 0, done.stdout + done.stderr
