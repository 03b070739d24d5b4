"""crowdsec - Debian's CrowdSec, run from where it was unpacked, without a network, to read one file.

Its package holds a snapshot of the hub.  What a mail host would install from it is
linked into a configuration of its own: the parsers of syslog, Postfix, Dovecot and
sshd, and their scenarios, which together know every offence of the generated log.
An agent that reads a file (``-dsn``) must log in to a local API before it begins, so one
runs beside it, on another port of loopback; the central API is off.

Falls short: at the end of a file the agent waits for a second or two, which is in
the time on the wall and not in that of the processor.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import debian
from tests.bench.policypeers import free_port, running

_HUB = (
    "parsers/s00-raw/crowdsecurity/syslog-logs.yaml",
    "parsers/s01-parse/crowdsecurity/postfix-logs.yaml",
    "parsers/s01-parse/crowdsecurity/postscreen-logs.yaml",
    "parsers/s01-parse/crowdsecurity/dovecot-logs.yaml",
    "parsers/s01-parse/crowdsecurity/sshd-logs.yaml",
    "parsers/s02-enrich/crowdsecurity/dateparse-enrich.yaml",
    "scenarios/crowdsecurity/postfix-spam.yaml",
    "scenarios/crowdsecurity/dovecot-spam.yaml",
    "scenarios/crowdsecurity/ssh-bf.yaml",
    "scenarios/crowdsecurity/ssh-slow-bf.yaml",
)


@contextmanager
def agent(folder: Path) -> Iterator[Callable[[Path], tuple[str | Path, ...]]]:
    """Yield what says how the agent is called to read a log, while there is an API for it; *folder* is its own."""
    root, port = debian.unpacked("crowdsec"), free_port()
    config, program = _configured(folder, root, port), root / "usr/bin/crowdsec"
    credentials = ("machines", "add", "bench", "--password", "bench", "--force", "-f", folder / "credentials.yaml")
    subprocess.run([root / "usr/bin/cscli", "-c", config, *credentials], cwd=folder, check=True, capture_output=True)
    with running([program, "-c", config, "-no-cs", "-no-capi"], port, "the local API of CrowdSec"):
        yield lambda log: (program, "-c", config, "-dsn", f"file://{log}", "-type", "syslog", "-no-api", "-no-capi")


def _configured(folder: Path, root: Path, port: int) -> Path:
    shutil.copytree(root / "etc/crowdsec", folder / "config")
    shutil.copytree(root / "usr/share/crowdsec/data", folder / "data")
    hub = folder / "hub"
    hub.symlink_to(root / "usr/share/crowdsec/hub")
    for item in _HUB:
        place = folder / "config" / Path(item).parents[1]  # no folder of the author's
        place.mkdir(parents=True, exist_ok=True)
        (place / Path(item).name).symlink_to(hub / item)
    (folder / "credentials.yaml").touch()
    settings = {
        "common": {"daemonize": False, "log_media": "stdout", "log_level": "info", "working_dir": str(folder)},
        "config_paths": {
            "config_dir": str(folder / "config"),
            "data_dir": str(folder / "data"),
            "hub_dir": str(hub),
            "index_path": str(hub / ".index.json"),
            "simulation_path": str(folder / "config/simulation.yaml"),
        },
        "crowdsec_service": {"parser_routines": 1},
        "db_config": {"type": "sqlite", "db_path": str(folder / "data/crowdsec.db"), "use_wal": True},
        "api": {
            "client": {"credentials_path": str(folder / "credentials.yaml")},
            "server": {"listen_uri": f"127.0.0.1:{port}", "profiles_path": str(folder / "config/profiles.yaml")},
        },
        "prometheus": {"enabled": False},
    }
    config = folder / "crowdsec.yaml"
    config.write_text(json.dumps(settings))  # which is YAML too
    return config
