"""sources - where the bytes come from.

    FileSource     logs followed through every kind of rotation    filesource.py
    JournalSource  what units say in systemd's journal             journal.py, journalctl.py, nudge.py, believed.py
    Receiver       syslog messages that come in at a socket        receiver.py, inlet.py
    Watch          wakes the daemon when a file changes            watch.py
    Arrivals       wakes it when something comes in at the others  arrivals.py
    read_whole     a file or standard input, once                  whole.py
    read_journal   the journal, once                               wholejournal.py
    lookback       where to begin in a log met for the first time  lookback.py

    Chunk, Position, Status   what they hand out                chunk.py, values.py, status.py

A log is a sequence of generations, and a rotation begins a new one.  A
Generation is read from the file that holds it, wherever a rotation put it; a
Trail keeps the generations of one path in order; a FileSource keeps the Trails
of one pattern.

Promised: every line once, in a process that may be killed at any instant, as
long as the positions are committed with what was made of the chunks; except what
a Receiver heard, which nobody keeps.  Nothing is ever written, and nothing is
logged: what there is to tell is in the Status.
"""

from responder.sources.arrivals import Arrivals
from responder.sources.chunk import MAX_LINE, Chunk, Cut, count_lines, last_line_end
from responder.sources.filesource import FileSource
from responder.sources.journal import Following, JournalSource, JournalStatus, earlier
from responder.sources.journalctl import journal_problem
from responder.sources.lookback import lookback
from responder.sources.receiver import Listening, Receiver, ReceiverStatus
from responder.sources.status import Status
from responder.sources.watch import Watch
from responder.sources.whole import read_whole
from responder.sources.wholejournal import read_journal
from responder.values import Position

__all__ = [
    "MAX_LINE",
    "Arrivals",
    "Chunk",
    "Cut",
    "FileSource",
    "Following",
    "JournalSource",
    "JournalStatus",
    "Listening",
    "Position",
    "Receiver",
    "ReceiverStatus",
    "Status",
    "Watch",
    "count_lines",
    "earlier",
    "journal_problem",
    "last_line_end",
    "lookback",
    "read_journal",
    "read_whole",
]
