"""namespace - another network for as long as a block lasts, for this thread and for what it starts.

The kernel keeps rules for each network apart, so nothing that is done inside
reaches the machine's own.
"""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def inside(name: str = "") -> Iterator[None]:
    """Be in the network called *name*, or in a new one that ends when nobody is in it any more."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if name:
            there = os.open(Path("/run/netns", name), os.O_RDONLY)
            _must(_libc.setns(there, _CLONE_NEWNET))
            os.close(there)
        else:
            _must(_libc.unshare(_CLONE_NEWNET))
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        yield
    finally:
        _must(_libc.setns(home, _CLONE_NEWNET))
        os.close(home)


def _must(failed: int) -> None:
    if failed:
        raise OSError(ctypes.get_errno(), "the network namespace cannot be entered")


def nft(*words: str) -> str:
    """Run nft(8) here, as an administrator would, and return what it printed."""
    return subprocess.run(["nft", *words], check=True, capture_output=True, text=True).stdout
