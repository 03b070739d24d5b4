"""story - plain lines with the time since the beginning, and a count of the promises kept."""

import time

_MARGIN = " " * 10
_LONGEST = 170  # of another program's lines


class Story:
    """What the demonstration tells, on standard output, as it happens."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._kept = self._broken = 0
        self._growing = False

    def title(self, text: str) -> None:
        """Begin a chapter."""
        print(f"\n{text}", flush=True)

    def say(self, text: str) -> None:
        """Tell one thing, with the time."""
        if self._growing:  # interrupted
            self.end()
        print(f"{self._at()}  {text}", flush=True)

    def add(self, text: str) -> None:
        """Tell something that belongs to the line before."""
        print(f"{_MARGIN}{text}", flush=True)

    def block(self, text: str) -> None:
        """Show what a program printed."""
        for line in text.rstrip().splitlines():
            self.add(line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "...")

    def begin(self, text: str) -> None:
        """Begin a line that grows."""
        print(f"{self._at()}  {text}", end="", flush=True)
        self._growing = True

    def more(self, word: str) -> None:
        """Let it grow by a word."""
        print(f" {word}", end="", flush=True)

    def end(self) -> None:
        """End it."""
        print(flush=True)
        self._growing = False

    def promise(self, text: str, *, kept: bool) -> None:
        """Tell whether something came out as promised."""
        self._kept += kept
        self._broken += not kept
        self.say(f"{'as promised' if kept else 'NOT AS PROMISED'}: {text}")

    def verdict(self) -> int:
        """Sum up, and return the exit status."""
        total = self._kept + self._broken
        print(f"\n{self._kept} of {total} promises kept, in {time.monotonic() - self._start:.0f} s.", flush=True)
        return 0 if total and not self._broken else 1

    def _at(self) -> str:
        return f"{time.monotonic() - self._start:6.1f} s"
