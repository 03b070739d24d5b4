"""python -m tests.bench - measure, print a table, and JSON where asked."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.bench import (
    blacklist,
    enforcing,
    exporting,
    figure,
    growth,
    journaling,
    kernel,
    live,
    parts,
    peers,
    plots,
    policing,
    profiling,
    responding,
    scanning,
    serving,
)
from tests.lab import journal, network

EVERYTHING = (
    "scan", "peers", "growth", "parts", "journal", "kernel", "live",
    "firewall", "ar", "export", "blacklist", "policyd", "service",
)  # fmt: skip
_KEPT = ("scan", "peers", "growth", "parts", "blacklist")  # they begin with what --keep has


def main() -> None:
    """Measure what the words on the command line ask for."""
    words = argparse.ArgumentParser(prog="contrib/bench", description="Measure responder on this machine.")
    words.add_argument("what", nargs="*", choices=[*EVERYTHING, []], help="all when left out")
    words.add_argument("--lines", type=int, default=1_000_000, help="length of the generated log (default 1000000)")
    words.add_argument("--crowd", type=int, default=10_000, help="attackers at once (default 10000)")
    words.add_argument("--tracked", type=int, default=1_000_000, help="addresses tracked (default 1000000)")
    words.add_argument("--entries", type=int, default=1_000_000, help="length of the exported list (default 1000000)")
    words.add_argument("--subjects", type=int, default=1_000_000, help="in the blacklist (default 1000000)")
    words.add_argument("--reports", type=int, default=5_000_000, help="about them (default 5000000)")
    words.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="where long made logs and lists stay for the next run"
    )
    words.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too, and the machine")
    words.add_argument("--plots", type=Path, metavar="FOLDER", help="draw what `growth` finds there, as growth.svg")
    words.add_argument(
        "--profile",
        type=Path,
        metavar="FILE",
        help="profile `scan`: write its dearest functions there, and .pstats beside",
    )
    given = words.parse_args()
    wanted = given.what or EVERYTHING
    if given.plots and "growth" not in wanted:
        words.error("--plots draws what the part growth finds")
    if {"kernel", "live", "firewall", "ar", "service"} & set(wanted) and (problem := network.missing()):
        sys.exit(f"contrib/bench: {problem}")
    if "journal" in wanted and (problem := journal.missing()):
        sys.exit(f"contrib/bench: {problem}")
    measured: dict[str, Callable[[Path], Iterable[figure.Figure]]] = {
        "scan": lambda folder: scanning.measure(folder, given.lines),
        "peers": lambda folder: peers.measure(folder, given.lines),
        "growth": lambda folder: growth.measure(folder, given.lines),
        "parts": lambda folder: parts.measure(folder, given.lines),
        "journal": lambda folder: journaling.measure(folder, given.lines),
        "kernel": lambda folder: kernel.measure(folder, given.crowd),
        "live": lambda folder: live.measure(folder, given.lines, given.tracked),
        "firewall": enforcing.measure,
        "ar": responding.measure,
        "export": lambda folder: exporting.measure(folder, given.entries),
        "blacklist": lambda folder: blacklist.measure(folder, given.subjects, given.reports),
        "policyd": policing.measure,
        "service": lambda folder: serving.measure(folder, given.crowd),
    }
    figures: list[figure.Figure] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = (given.keep or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for part in EVERYTHING:
            if part in wanted:
                figures += measured[part](folder if part in _KEPT else Path(scratch))
        if given.profile:
            print("profiles:", *profiling.profile(folder, given.lines, given.profile))
    figure.show(figures)
    if given.plots:
        print("plots:", plots.draw(figures, given.plots))
    if given.json:
        given.json.write_text(figure.as_json(figures) + "\n")


if __name__ == "__main__":
    main()
