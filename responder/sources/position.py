"""position - how far a generation of a log has been read, as the store keeps it.

*head* and *mark* are what makes a saved position safe to believe: a file whose
inode was used again, or which was truncated and has grown past the offset,
begins otherwise or differs just before the offset.

Most positions say where to go on.  Three kinds are there for the memory of a
Lineage.  Past offset 0 and without a mark, the generation is finished, and only
kept lest a copy of it be taken for news; *inode* is the time when it was last
written.  Inode 0 is no generation: *offset* is the time before which all of
them are known.  A negative inode is a generation of which the last file seen
holds another one now.  (Times here are nanoseconds since the epoch.)
"""

from typing import NamedTuple

HEAD = 256
MARK = 64


class Position(NamedTuple):
    """Where reading goes on in one generation of the log at *path*; unique by path, device and inode.

    *offset* is the first byte not yet handed out, in bytes of the log as it was
    written (a compressed file counts unpacked); *head* is what the generation
    begins with, leading NULs aside; *mark* is what lies just before *offset*.
    """

    path: str
    device: int
    inode: int
    offset: int
    head: bytes
    mark: bytes

    @property
    def finished(self) -> bool:
        """Tell whether the generation was read to its end and is over."""
        return self.inode > 0 and self.offset > 0 and not self.mark


def telling(head: bytes) -> bool:
    """Tell whether *head* is enough to know a generation by: a whole first line, or all of HEAD."""
    return b"\n" in head or len(head) >= HEAD


def same_head(one: bytes, other: bytes) -> bool:
    """Tell whether both are heads of one generation, seen when it had different sizes."""
    common = min(len(one), len(other))
    return one[:common] == other[:common] and telling(one[:common])
