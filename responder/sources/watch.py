"""watch - wakes the daemon when a followed log may have changed.

Folders are watched, not files, so that rotation is seen as well: the folder of
every pattern and, for a symbolic link, that of its target.  Where a folder does
not exist yet, the nearest one above it is watched until it does.

*wake* is called from a thread of watchdog's and must not block; whatever a
change means is found out by `poll`.  Opening and closing a file wakes nobody,
nor does a file whose name no pattern can mean.

Falls short: inotify sees only what this host does, so a log on a network file
system is found to have grown by the poll once a second.
"""

import fnmatch
import glob
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver, ObservedWatch
from watchdog.observers.inotify import InotifyObserver

_DIRECTORIES: list[type[FileSystemEvent]] = [DirCreatedEvent, DirDeletedEvent, DirMovedEvent]
_FILES: list[type[FileSystemEvent]] = [FileCreatedEvent, FileDeletedEvent, FileModifiedEvent, FileMovedEvent]


class _Watched(NamedTuple):
    watch: ObservedWatch
    identity: tuple[int, int]


class Watch:
    """Calls *wake* whenever one of *patterns* may have something new."""

    def __init__(self, patterns: Iterable[str], wake: Callable[[], None]) -> None:
        self._patterns = tuple(patterns)
        self._names = _Names(wake)
        self._watched: dict[str, _Watched] = {}
        self._problems: dict[str, str] = {}
        self._observer: BaseObserver | None = None
        try:
            self._observer = InotifyObserver()
            self._observer.start()
        except OSError as error:
            self._problems[""] = f"inotify cannot be used, logs are looked at once a second: {error.strerror}"
        self.rearm()

    def rearm(self) -> None:
        """Watch the folders that matter now; cheap, to be called about once a second."""
        if self._observer is None:
            return
        wanted: dict[str, tuple[int, int]] = {}
        names: set[str] = set()
        for pattern in self._patterns:
            for path in {pattern, os.path.realpath(pattern)} if not glob.has_magic(pattern) else {pattern}:
                names.add(Path(path).name)
                wanted |= _folders(str(Path(path).parent))
        self._names.patterns = frozenset(names)
        for folder in [folder for folder, one in self._watched.items() if wanted.get(folder) != one.identity]:
            self._observer.unschedule(self._watched.pop(folder).watch)
        for folder, identity in wanted.items():
            if folder not in self._watched:
                self._add(self._observer, folder, identity)

    def problems(self) -> tuple[str, ...]:
        """Return what cannot be watched, and why; the poll once a second still sees it."""
        return tuple(self._problems.values())

    def close(self) -> None:
        """Stop watching."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()

    def _add(self, observer: BaseObserver, folder: str, identity: tuple[int, int]) -> None:
        try:
            watch = observer.schedule(self._names, folder, event_filter=_DIRECTORIES + _FILES)
        except OSError as error:
            self._problems[folder] = f"{folder} cannot be watched, it is looked at once a second: {error.strerror}"
            return
        self._problems.pop(folder, None)
        self._watched[folder] = _Watched(watch, identity)


class _Names(FileSystemEventHandler):
    """Passes on what may concern one of *patterns*, which are base names or globs of them."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self.patterns: frozenset[str] = frozenset()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Wake the daemon unless nobody follows a file of that name."""
        if event.is_directory or any(
            name.startswith(pattern) or fnmatch.fnmatchcase(name, pattern)
            for name in (os.path.basename(os.fsdecode(path)) for path in (event.src_path, event.dest_path) if path)  # noqa: PTH119
            for pattern in self.patterns
        ):
            self._wake()


def _folders(folder: str) -> dict[str, tuple[int, int]]:
    """Return the folders to watch for *folder*, which may be a glob, with what identifies each."""
    found: dict[str, tuple[int, int]] = {}
    if glob.has_magic(folder):
        for path in glob.iglob(folder, recursive=True):  # noqa: PTH207 - the pattern is absolute
            found |= _folders(glob.escape(path)) if not glob.has_magic(path) else {}
    place = Path(folder)
    while glob.has_magic(str(place)) or not place.is_dir():
        if place.parent == place:
            return found
        place = place.parent
    info = place.stat()
    found[str(place)] = (info.st_dev, info.st_ino)
    return found
