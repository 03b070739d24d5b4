"""wholejournal - the journal read once, as `responder scan --journal` does."""

import subprocess
from collections.abc import Iterator

from responder.errors import UsageError
from responder.formats.export import Export
from responder.sources.believed import Believed, Verdict
from responder.sources.chunk import Chunk
from responder.sources.journal import Following, as_line
from responder.sources.journalctl import command, journal_problem

_BLOCK = 1 << 20


def read_journal(following: Following, since: float) -> Iterator[Chunk]:
    """Yield what *following* names, from *since* (epoch seconds) on, in chunks of lines.

    Raises UsageError, after what could be read, where the journal cannot be read to its end.
    """
    words = command(following.wanted, following.directory, [f"--since=@{max(0, int(since))}"], follow=False)
    if why := journal_problem(following.directory):
        raise UsageError(why)
    try:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    except OSError as error:
        raise UsageError(f"journalctl cannot be started: {error.strerror}") from None
    export, believed = Export(), Believed(following.wanted, following.users)
    assert process.stdout
    with process, process.stdout as stream:
        while data := stream.read1(_BLOCK):  # type: ignore[attr-defined]
            lines = [
                as_line(entry, bare=following.bare)
                for entry in export.feed(data)
                if believed.judge(entry.unit, entry.uid, entry.identifier) is Verdict.OURS
            ]
            if lines:
                yield Chunk(following.name, b"".join(lines), live=False)
    if process.returncode:
        raise UsageError(f"journalctl ended with status {process.returncode}; its own words stand above")
