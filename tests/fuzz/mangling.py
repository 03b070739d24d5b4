"""mangling - good inputs made bad, and how many of them are tried.

How many, and whether each must be read within a tenth of a second of processor
time, the environment says: contrib/fuzz tries a million.
"""

import os
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("RESPONDER_FUZZ", "40"))
PATIENCE = float(os.environ.get("RESPONDER_FUZZ_PATIENCE", "inf"))

Read = TypeVar("Read")
Edits = list[tuple[float, int, bytes, int]]


def mangled(sample: bytes, changes: Edits) -> bytes:
    """Return *sample* after *changes*: where, how much is cut out, what is put there, and how often."""
    for place, cut, put, times in changes:
        at = int(place * len(sample))
        sample = sample[:at] + put * times + sample[at + cut :]
    return sample


def edits(fragments: Sequence[bytes]) -> st.SearchStrategy[Edits]:
    """Return a strategy for what `mangled` does, with *fragments* to put in."""
    return st.lists(
        st.tuples(
            st.floats(0, 1),
            st.sampled_from([0, 0, 0, 1, 2, 8, 30]),
            st.sampled_from(fragments) | st.binary(max_size=6),
            st.sampled_from([1, 1, 1, 2, 50]),
        ),
        max_size=4,
    )


def patiently(read: Callable[[], Read], what: bytes) -> Read:
    """Return what *read* does of *what* within the time that is allowed.

    What took longer has a second try: the collector of garbage may have been at work.
    """
    for _ in range(2):
        begin = time.process_time()
        found = read()
        if time.process_time() - begin < PATIENCE:
            return found
    raise AssertionError(f"more than {PATIENCE} s for {what!r}")
