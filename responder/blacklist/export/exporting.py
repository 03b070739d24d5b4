"""exporting - one ``[[export]]`` carried out: selected, written where it differs, its reader told.

`lines` makes the text, for whoever wants it elsewhere.  `export_one` keeps a file:
where the list is the same but for the stamp, neither the file nor its time is
touched.  Trouble is in the Result, so that one export never keeps others from theirs.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from responder.blacklist.export import reload
from responder.blacklist.export.beside import Memory, write_sum
from responder.blacklist.export.exclusions import gather
from responder.blacklist.export.formats import FORMATS, Format
from responder.blacklist.export.head import Head, next_serial, read_stamp
from responder.blacklist.export.selection import Selection, Tally, select
from responder.blacklist.values import Entry, Kind, Subject
from responder.draft import Draft, alone
from responder.errors import ResponderError
from responder.settings.export import ExportSettings

_START = 4096  # bytes within which a stamp stands
_BUILT = {"hash": "db", "btree": "db", "lmdb": "lmdb", "cdb": "cdb"}


class Result(NamedTuple):
    """What an export came to; *error* is empty where all went well."""

    format: str
    output: str
    changed: bool = False
    reloaded: bool = False
    entries: int = 0
    left_out: int = 0
    size: int = 0
    serial: int = 0
    error: str = ""


def selection(settings: ExportSettings, now: float) -> Selection:
    """Return what *settings* choose of all entries, for a store that can choose better than we can."""
    form = FORMATS[settings.format]
    kinds = [Kind(kind) for kind in settings.kinds] or form.usual or form.kinds
    families = settings.families or form.families
    return Selection.of(settings, set(kinds) & set(form.kinds), set(families) & set(form.families), now)


def body(
    settings: ExportSettings, entries: Iterable[Entry], exclusions: Iterable[Subject], head: Head, tally: Tally
) -> Iterator[str]:
    """Yield the lines below the top; *entries* are in canonical order."""
    form = FORMATS[settings.format]
    chosen = select(entries, selection(settings, head.made), form.fits, settings.options, tally)
    return form.body(chosen, gather(exclusions), head)


def lines(
    settings: ExportSettings, entries: Iterable[Entry], exclusions: Iterable[Subject], now: float, tally: Tally
) -> Iterator[str]:
    """Yield a whole file, as the first of its kind."""
    head = Head(now, next_serial(0, now, settings.options.serial), settings.options)
    yield FORMATS[settings.format].top(head)
    yield from body(settings, entries, exclusions, head, tally)


def export_one(settings: ExportSettings, entries: Iterable[Entry], exclusions: Iterable[Subject], now: float) -> Result:
    """Make the file of *settings* say what *entries* and *exclusions* say, and run its reload command if it changed.

    A reload that failed is run again next time, changed or not.
    """
    result = Result(settings.format, settings.output)
    try:
        path = Path(settings.output).resolve()
        with alone(path.parent):
            result = _write(settings, path, entries, exclusions, now)
            return _reload(settings, path, result)
    except (OSError, ResponderError) as error:
        return result._replace(error=str(error))


def _write(
    settings: ExportSettings, path: Path, entries: Iterable[Entry], exclusions: Iterable[Subject], now: float
) -> Result:
    form, memory, old = FORMATS[settings.format], Memory.of(path), _stamp(path)
    last = _later(old[1] if old else 0, memory.serial)
    head = Head(now, next_serial(last, now, settings.options.serial), settings.options)
    top, tally, draft = form.top(head), Tally(), Draft(path)
    try:
        draft.write(_joined(top, body(settings, entries, exclusions, head, tally)))
        old_head = Head(*old, settings.options) if old else head
        same = draft.continues(form.top(old_head).encode(), top.encode())
        changed = not same or _unbuilt(settings, path)
        if changed:
            _publish(settings, form, draft, head.serial)
        else:
            write_sum(path)
    finally:
        draft.discard()
    return Result(
        settings.format,
        settings.output,
        changed=changed,
        entries=tally.taken,
        left_out=tally.left_out,
        size=draft.size,
        serial=head.serial if changed else last,
    )


def _joined(top: str, below: Iterator[str]) -> Iterator[str]:
    yield top
    yield from below


def _stamp(path: Path) -> tuple[float, int] | None:
    try:
        with path.open("rb") as file:
            return read_stamp(file.read(_START))
    except FileNotFoundError:
        return None


def _later(one: int, other: int) -> int:
    """Return the later of two serial numbers around the circle."""
    return other if other and (not one or (other - one) % (1 << 32) < 1 << 31) else one


def _publish(settings: ExportSettings, form: Format, draft: Draft, serial: int) -> None:
    if form.numbered or settings.reload:
        Memory(serial, owed=bool(settings.reload)).keep(draft.path)
    kind = settings.options.map
    if kind:
        problem = reload.run(["postmap", f"{kind}:{draft.beside}"])
        if problem:
            raise ResponderError(problem)
        draft.beside.with_name(f"{draft.beside.name}.{_BUILT[kind]}").rename(_map(settings, draft.path))
    draft.publish()
    write_sum(draft.path, draft.digest)


def _map(settings: ExportSettings, path: Path) -> Path:
    return path.with_name(f"{path.name}.{_BUILT[settings.options.map]}")


def _unbuilt(settings: ExportSettings, path: Path) -> bool:
    return bool(settings.options.map) and not _map(settings, path).exists()


def _reload(settings: ExportSettings, path: Path, result: Result) -> Result:
    memory = Memory.of(path)
    if not settings.reload or not memory.owed:
        return result
    problem = reload.run(settings.reload)
    if not problem:
        memory._replace(owed=False).keep(path)
    return result._replace(reloaded=not problem, error=problem)
