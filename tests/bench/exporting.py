"""exporting - a long list in every format: processor time and peak memory, a process each, the list made as it goes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from responder.settings.export import FORMATS
from tests.bench.figure import Figure

_WRITE = """
import json, resource, sys, time
from responder.blacklist.export.exporting import export_one
from responder.settings.export import ExportSettings
from tests.lab.listings import BEGIN, listings

form, output, count = sys.argv[1:]
options = {"nameservers": ["ns1.example.org"]} if form.startswith(("bind", "rbldnsd")) else {}
settings = ExportSettings.model_validate({"format": form, "output": output, "options": options})
begin = time.process_time()
made = sum(1 for _ in listings(int(count)))
making = time.process_time() - begin
begin = time.process_time()
result = export_one(settings, listings(int(count)), (), BEGIN)
assert result.changed and not result.error, result
whole = time.process_time() - begin
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([whole - making, peak / 1024, result.size / 1e6]))
"""


def measure(folder: Path, count: int) -> Iterator[Figure]:
    """Yield seconds, without those that making the list takes, peak memory and size of each format's file."""
    for form in FORMATS:
        words = [sys.executable, "-c", _WRITE, form, str(folder / form), str(count)]
        seconds, peak, size = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
        yield Figure(f"export {form}, {count:,} entries", "CPU s", (seconds,))
        yield Figure(f"export {form}, peak memory", "MB", (peak,))
        yield Figure(f"export {form}, file", "MB", (size,))
        (folder / form).unlink()
