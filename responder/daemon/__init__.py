"""daemon - introduces the rooms to each other: one loop, and what it holds together.

loop.py      Daemon: waits, takes what has come, detects, decides, commits, applies
logs.py      Logs: the sources, each with the clock its lines show
ledger.py    Ledger: the tracker and the store, told the same things
kernel.py    Kernel: what the firewall was told, and what is owed to it
guard.py     Guard: keeps the allowlist true
requests.py  Requests: what the control socket can be asked
"""
