"""python -m tests.lab.storm SOCKET COUNT - as many processes as COUNT ban an address each, all at the same moment.

Prints how many were told that theirs is enforced.  Every process has its own
connection to the daemon's control socket, and asks when the last of them is
there.
"""

import os
import sys
from pathlib import Path

from responder.control import client


def address(number: int) -> str:
    """Return whom process *number* bans."""
    return f"198.18.{100 + number // 250}.{number % 250 + 1}" if number % 2 else f"2001:db8:77:{number + 1:x}::/64"


def main(path: Path, count: int) -> None:
    """Fork, let them loose, gather what they were told."""
    gate, open_gate = os.pipe()
    ready, are_ready = os.pipe()
    children = []
    for number in range(count):
        child = os.fork()
        if not child:
            os.close(open_gate)
            os._exit(_ban(path, number, are_ready, gate))
        children.append(child)
    os.close(gate)
    for _ in children:
        os.read(ready, 1)
    os.close(open_gate)
    print(sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0 for child in children))


def _ban(path: Path, number: int, are_ready: int, gate: int) -> int:
    os.write(are_ready, b".")
    os.read(gate, 1)  # ends when the parent closes its end
    try:
        answer = client.ask(path, "ban", address=address(number), seconds=3600, reason="storm")
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the parent must hear of it
        print(number, error, file=sys.stderr)
        return 1
    return 0 if answer["enforced"] and answer["stored"] else 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
