"""search - which of the files beside a log hold generations that were not read to their end.

Two questions, asked after a rotation: where is the rest of a generation that
was begun, and which generations came and went without being seen at all.

Falls short: a generation is known by its first HEAD bytes, so generations that
all begin with the same long preamble are taken for one.
"""

from collections.abc import Callable, Iterable

from responder.sources.body import Body
from responder.sources.generation import Generation
from responder.sources.position import HEAD, is_finished, same_head, telling
from responder.sources.siblings import Sibling
from responder.values import Position


def find_rest(position: Position, among: Iterable[Sibling]) -> Generation | None:
    """Return the generation at *position* from the file that holds it now.

    The very file is looked at first, which rotation may have renamed; then copies
    of it, which begin as it does and have the same bytes before the offset.
    """
    for place in sorted(among, key=lambda one: ((one.device, one.inode) != position[1:3], -one.mtime)):
        body = place.open()
        if body is None:
            continue
        if holds(body, position):
            return Generation(body, position.offset, position.head, position.mark)
        body.close()
    return None


def find_unseen(among: Iterable[Sibling], floor: float, known: Callable[[bytes, int, int], bool]) -> list[Generation]:
    """Return the generations among the files of rotation that nobody knows, the oldest first.

    *known* is asked with a head, a device and an inode.  A file last written
    before *floor* is older than what was followed, and so is a copy of it.
    """
    unseen: list[Generation] = []
    older: list[Sibling] = []
    copied: list[bytes] | None = None
    for place in among:
        if not place.turn:
            continue
        if place.mtime < floor:
            older.append(place)
            continue
        body = place.open()
        if body is None:
            continue
        generation = Generation(body)
        head = generation.peek()
        if head and not known(head, body.device, body.inode):
            if copied is None:
                copied = [one.head() for one in older]
            if not any(same_head(head, other) for other in (*copied, *(one.head for one in unseen))):
                unseen.append(generation)
                continue
        body.close()
    return unseen


def holds(body: Body, position: Position) -> bool:
    """Tell whether the generation at *position* is in that file."""
    if not telling(position.head) and (body.device, body.inode) != position[1:3]:
        return False
    start = body.data_after(0) or 0
    if is_finished(position):
        return body.read(len(position.head), start) == position.head and body.read(1, position.offset - 1) != b""
    before = position.offset - len(position.mark)
    return (
        body.read(min(HEAD, len(position.head)), start) == position.head
        and body.read(len(position.mark), before) == position.mark
    )
