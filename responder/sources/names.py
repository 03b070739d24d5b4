"""names - many paths, asked again and again which of them one path may be a rotated file of.

A name that rotation gives begins with the log's name, or with that name without
its extension.  So what is kept is a table of such beginnings, and a look costs as
much as the name is long, however many paths there are: a host may have thousands
of sites with a log each, in a folder each or all in one.

Pure: paths are texts here.
"""

import os
from collections import defaultdict
from collections.abc import Iterable


class Names:
    """Knows *paths*."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths: dict[tuple[str, str], list[str]] = defaultdict(list)
        for path in paths:
            folder, name = os.path.split(path)
            for beginning in {name, os.path.splitext(name)[0]}:  # noqa: PTH122
                self._paths[folder, beginning].append(path)

    def begun_like(self, path: str) -> list[str]:
        """Return the other paths of its folder with whose name, or name without extension, that of *path* begins."""
        folder, name = os.path.split(path)
        beginnings = (name[:length] for length in range(1, len(name) + 1))
        found = {other for beginning in beginnings for other in self._paths.get((folder, beginning), ())}
        return sorted(found - {path})
