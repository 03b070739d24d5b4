"""storm - a program that writes numbered lines at full speed and rotates its log all the time.

    python storm.py KIND PATH ROTATIONS LINES

Between two rotations it writes up to LINES lines, and prints how many there were in all.
"""

import os
import random
import shutil
import sys
from pathlib import Path
from typing import BinaryIO


def opened(path: Path) -> BinaryIO:
    return path.open("ab", buffering=0)


def main(kind: str, path: Path, rotations: int, lines: int) -> int:
    chance = random.Random(rotations)
    if kind == "symlink":
        path.symlink_to(f"{path.name}.0")
    file = opened(path)
    written = 0
    for turn in range(1, rotations + 1):
        for _ in range(chance.randrange(1, lines)):
            line = b"line %d %s\n" % (written, b"x" * (written % 150))
            if chance.random() < 0.1:
                file.write(line[:7])
                line = line[7:]
            file.write(line)
            written += 1
        if kind == "copytruncate":
            shutil.copyfile(path, f"{path}.{turn}")
            os.truncate(path, 0)
            continue
        if kind == "symlink":
            Path(f"{path}.next").symlink_to(f"{path.name}.{turn}")
            Path(f"{path}.next").rename(path)
        elif kind == "shift":
            for number in range(turn - 1, 0, -1):
                Path(f"{path}.{number}").rename(f"{path}.{number + 1}")
            path.rename(f"{path}.1")
        else:
            path.rename(f"{path}.{turn}")
        new = opened(path)
        file.close()
        file = new
    return written


if __name__ == "__main__":
    sys.stdout.write(str(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
