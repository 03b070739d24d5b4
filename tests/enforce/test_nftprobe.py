"""Whether nftables can be used here is known at the start, and said in a sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from responder.enforce.nftprobe import counts, open_netlink
from tests.enforce.namespace import nft

_OPEN = """
from responder.enforce.nftables import Nftables
from responder.errors import FirewallError
try:
    Nftables()
except FirewallError as error:
    print(error)
"""
_WHERE = """
import nftables
nftables.Nftables()
print(next(line.split()[-1] for line in open("/proc/self/maps") if "libnftables" in line))
"""


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.kernel
def test_asking_the_kernel_leaves_nothing_behind(network: None) -> None:
    """It looks at what we would make, and gives it up; a table that is there stays as it is."""
    open_netlink().close()
    assert nft("list", "ruleset") == ""

    nft("add table inet responder { set probe { type ipv6_addr; }; }")
    before = nft("list", "ruleset")
    open_netlink().close()
    assert nft("list", "ruleset") == before


@pytest.mark.kernel
def test_without_the_library_it_says_what_to_install(network: None) -> None:
    """One sentence, and no traceback."""
    library = Path(said(sys.executable, "-c", _WHERE).strip())
    hide = f'mount --bind /dev/null {library} && exec "$@"'

    told = said("unshare", "-m", "sh", "-c", hide, "sh", sys.executable, "-c", _OPEN)

    assert told.startswith("libnftables cannot be loaded (")
    assert told.endswith("; install libnftables1\n")


@pytest.mark.parametrize(
    ("release", "enough"),
    [
        ("4.19.0-27-amd64", False),
        ("5.6.19", False),
        ("5.7.0-rc1", True),
        ("5.10.0-32-arm64", True),
        ("6.1.0-13-amd64", True),
        ("10.0", True),
        ("unheard of", True),
    ],
)
def test_kernels_that_leave_counters_out_of_sets_are_known_by_their_number(release: str, enough: bool) -> None:
    """They would take the set and never count."""
    assert counts(release) is enough
