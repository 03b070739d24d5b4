"""python -m tests.lab.meddler iptables|nft - somebody else who changes the firewall all the time.

Adds and deletes rules of its own with the ordinary programs (iptables with -w),
until its standard input closes; then prints each rule or element that should be
there and is not, and "done" with how many changes it made.
"""

import select
import subprocess
import sys

_TABLE = "inet meddler"


def main(kind: str) -> None:
    """Meddle until told to stop, then compare."""
    change, there = {"iptables": (_iptables, _iptables_there), "nft": (_nft, _nft_there)}[kind]
    if kind == "nft":
        _run("nft", f"add table {_TABLE}; add set {_TABLE} s {{ type ipv4_addr; }}")
    kept = there()
    count = 0
    print("begun", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        count += 1
        own = f"203.0.113.{count % 250 + 1}"
        if own in kept:
            change(own, add=False)
            kept.discard(own)
        else:
            change(own, add=True)
            kept.add(own)
    found = there()
    for missing in kept - found:
        print("missing", missing)
    for left in found - kept:
        print("left behind", left)
    print("done", count)


def _run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def _iptables(own: str, *, add: bool) -> None:
    where = ("-I", "PREROUTING", "1") if add else ("-D", "PREROUTING")
    _run("iptables-legacy", "-w", "-t", "raw", *where, "-s", own, "-p", "udp", "--dport", "9", "-j", "ACCEPT")


def _iptables_there() -> set[str]:
    rules = _run("iptables-legacy", "-w", "-t", "raw", "-S", "PREROUTING").splitlines()
    return {rule.split()[3].removesuffix("/32") for rule in rules if rule.startswith("-A PREROUTING -s 203.0.113.")}


def _nft(own: str, *, add: bool) -> None:
    _run("nft", f"{'add' if add else 'delete'} element {_TABLE} s {{ {own} }}")


def _nft_there() -> set[str]:
    listing = _run("nft", "list", "set", *_TABLE.split(), "s")
    found = listing.partition("elements = {")[2].partition("}")[0]
    return {address.strip() for address in found.split(",") if address.strip()}


if __name__ == "__main__":
    main(sys.argv[1])
