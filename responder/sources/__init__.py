"""sources - where the bytes come from.

    FileSource  logs followed through every kind of rotation    filesource.py
    Watch       wakes the daemon when one of them changes       watch.py
    read_whole  a file or standard input, once                  whole.py
    lookback    where to begin in a log met for the first time  lookback.py

    Chunk, Position, Status   what they hand out                chunk.py, values.py, status.py

A log is a sequence of generations, and a rotation begins a new one.  A
Generation is read from the file that holds it, wherever a rotation put it; a
Trail keeps the generations of one path in order; a FileSource keeps the Trails
of one pattern.

Promised: every line once, in a process that may be killed at any instant, as
long as the positions are committed with what was made of the chunks.  Nothing
is ever written, and nothing is logged: what there is to tell is in the Status.
"""

from responder.sources.chunk import MAX_LINE, Chunk, Cut, last_line_end
from responder.sources.filesource import FileSource
from responder.sources.lookback import lookback
from responder.sources.status import Status
from responder.sources.watch import Watch
from responder.sources.whole import read_whole
from responder.values import Position

__all__ = [
    "MAX_LINE",
    "Chunk",
    "Cut",
    "FileSource",
    "Position",
    "Status",
    "Watch",
    "last_line_end",
    "lookback",
    "read_whole",
]
