"""metered - a program run to its end on one core: how long it took, its processor time, and the most memory it held.

A small process starts the program and waits for it, because the kernel charges
what a large one starts with the large one's memory.

Falls short: less than that small process holds, about 10 MB, is not told apart.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

_METER = """
import json, os, sys, time
report, core, *command = sys.argv[1:]
os.sched_setaffinity(0, {int(core)})
begin = time.perf_counter()
_, status, used = os.wait4(os.posix_spawnp(command[0], command, os.environ), 0)
wall = time.perf_counter() - begin
told = wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)
os.write(int(report), json.dumps(told).encode())
"""


class Run(NamedTuple):
    """Seconds on the wall and of the processor, the *peak* of its memory in MB, and what it printed."""

    wall: float
    cpu: float
    peak: float
    output: bytes


def run(*command: str | Path, folder: Path | None = None) -> Run:
    """Run *command* in *folder*; raises RuntimeError with the end of what it said where it fails."""
    core = max(os.sched_getaffinity(0))
    report, told = os.pipe()
    words = [sys.executable, "-ISc", _METER, str(told), str(core), *map(str, command)]
    with open(report, "rb") as answer, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:  # noqa: PTH123
        try:
            subprocess.run(words, cwd=folder, pass_fds=(told,), stdin=-3, stdout=out, stderr=errors, check=True)
        finally:
            os.close(told)
        wall, cpu, peak, status = json.loads(answer.read())
        out.seek(0)
        errors.seek(0)
        output = out.read()
        if status:
            said = (output + errors.read())[-2000:].decode(errors="replace")
            raise RuntimeError(f"{command[0]} ended with {status}: {said}")
    return Run(wall, cpu, peak, output)
