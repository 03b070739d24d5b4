"""python -m tests.bench - measure, print a table, and JSON where asked."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import enforcing, exporting, figure, journaling, kernel, policing, responding, scanning
from tests.lab import journal, network

EVERYTHING = ("scan", "journal", "kernel", "firewall", "ar", "export", "policyd")


def main() -> None:
    """Measure what the words on the command line ask for."""
    words = argparse.ArgumentParser(prog="contrib/bench", description="Measure responder on this machine.")
    words.add_argument("what", nargs="*", choices=[*EVERYTHING, []], help="all when left out")
    words.add_argument("--lines", type=int, default=1_000_000, help="length of the generated log (default 1000000)")
    words.add_argument("--crowd", type=int, default=10_000, help="attackers at once (default 10000)")
    words.add_argument("--entries", type=int, default=1_000_000, help="length of the exported list (default 1000000)")
    words.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = words.parse_args()
    wanted = given.what or EVERYTHING
    if {"kernel", "firewall", "ar"} & set(wanted) and (problem := network.missing()):
        sys.exit(f"contrib/bench: {problem}")
    if "journal" in wanted and (problem := journal.missing()):
        sys.exit(f"contrib/bench: {problem}")
    figures: list[figure.Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        if "scan" in wanted:
            figures += scanning.measure(Path(folder), given.lines)
        if "journal" in wanted:
            figures += journaling.measure(Path(folder), given.lines)
        if "kernel" in wanted:
            figures += kernel.measure(Path(folder), given.crowd)
        if "firewall" in wanted:
            figures += enforcing.measure(Path(folder))
        if "ar" in wanted:
            figures += responding.measure(Path(folder))
        if "export" in wanted:
            figures += exporting.measure(Path(folder), given.entries)
        if "policyd" in wanted:
            figures += policing.measure(Path(folder))
    figure.show(figures)
    if given.json:
        given.json.write_text(figure.as_json(figures) + "\n")


if __name__ == "__main__":
    main()
