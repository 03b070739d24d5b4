"""position - how to read a saved Position, and how to know a generation by its head.

*head* is what a generation begins with, leading NULs aside.  Head and mark make
a saved position safe to believe: a file whose inode was used again, or which
was truncated and has grown past the offset, begins otherwise or differs just
before the offset.  In a compressed file, offsets count unpacked bytes.

Most positions say where to go on.  Three kinds are there for the memory of a
Lineage.  Past offset 0 and without a mark, the generation is finished, and only
kept lest a copy of it be taken for news; *inode* is the time when it was last
written.  Inode 0 is no generation: *offset* is the time before which all of
them are known.  A negative inode is a generation of which the last file seen
holds another one now.  (Times here are nanoseconds since the epoch.)
"""

from responder.values import Position

HEAD = 256
MARK = 64


def is_finished(position: Position) -> bool:
    """Tell whether the generation at *position* was read to its end and is over."""
    return position.inode > 0 and position.offset > 0 and not position.mark


def telling(head: bytes) -> bool:
    """Tell whether *head* is enough to know a generation by: a whole first line, or all of HEAD."""
    return b"\n" in head or len(head) >= HEAD


def same_head(one: bytes, other: bytes) -> bool:
    """Tell whether both are heads of one generation, seen when it had different sizes."""
    common = min(len(one), len(other))
    return one[:common] == other[:common] and telling(one[:common])
