"""exporting - a long list in every format: processor time and peak memory, a process each, the list made as it goes."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from responder.settings.export import FORMATS
from tests.bench.figure import Figure
from tests.lab.listings import listings

_WRITE = """
import json, sys, time
from responder.blacklist.export.exporting import export_one
from responder.settings.export import ExportSettings
from tests.lab.listings import BEGIN, listings

form, output, count = sys.argv[1:]
options = {"nameservers": ["ns1.example.org"]} if form.startswith(("bind", "rbldnsd")) else {}
settings = ExportSettings.model_validate({"format": form, "output": output, "options": options})
begin, used = time.perf_counter(), time.process_time()
result = export_one(settings, listings(int(count)), (), BEGIN)
assert result.changed and not result.error, result
wall, used = time.perf_counter() - begin, time.process_time() - used
peak = int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])  # ru_maxrss counts who started us
print(json.dumps([wall, used, peak / 1024, result.size / 1e6]))
"""


def measure(folder: Path, count: int) -> Iterator[Figure]:
    """Yield time, peak memory and size of each format's file; making the list, told first, is part of the time."""
    begin = time.process_time()
    for _ in listings(count):
        pass
    yield Figure(f"export, making a list of {count:,} alone", "CPU s", (time.process_time() - begin,))
    for form in FORMATS:
        words = [sys.executable, "-c", _WRITE, form, str(folder / form), str(count)]
        wall, used, peak, size = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
        yield Figure(f"export {form}", "s", (wall,))
        yield Figure(f"export {form}", "CPU s", (used,))
        yield Figure(f"export {form}, peak memory", "MB", (peak,))
        yield Figure(f"export {form}, file", "MB", (size,))
        (folder / form).unlink()
