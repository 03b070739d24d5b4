"""Whatever is written, rotated and killed in whatever order: every committed line is there once."""

import gzip
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from responder.sources import FileSource, Position
from tests.sources.logs import Log, source


class Following(RuleBasedStateMachine):
    """A writer, a rotation and a reader that commits what it read with its positions, or is killed before."""

    folder: Path
    reader: FileSource

    @initialize(plain=st.booleans())
    def begin(self, plain: bool) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.log = Log(self.folder / "mail.log")
        self.written: list[bytes] = []
        self.begun = b""
        self.committed = b""
        self.saved: tuple[Position, ...] = ()
        self.uncommitted = b""
        self.now = 0.0
        if not plain:
            self.log.write(b"")
        self.pattern = str(self.log.path) if plain else str(self.log.path.parent / "mail*")
        self.reader = source(self.pattern)
        self.poll(100)
        self.commit()

    def teardown(self) -> None:
        if hasattr(self, "reader"):
            try:
                self.finish()
            finally:
                self.reader.close()
                shutil.rmtree(self.folder)

    @rule(count=st.integers(1, 5), size=st.sampled_from([0, 10, 300]))
    def write(self, count: int, size: int) -> None:
        for _ in range(count):
            self.log.write(self.begun or self.line(size))
            self.begun = b""

    @rule(size=st.sampled_from([0, 300]), cut=st.integers(1, 20))
    def write_in_pieces(self, size: int, cut: int) -> None:
        if not self.begun:
            line = self.line(size)
            cut = min(cut, len(line) - 1)
            self.log.write(line[:cut])
            self.begun = line[cut:]

    def line(self, size: int) -> bytes:
        line = b"%d %s.\n" % (len(self.written), b"x" * size)
        self.written.append(line)
        return line

    def end_line(self) -> None:
        if self.begun:
            self.log.write(self.begun)
            self.begun = b""

    @rule(how=st.sampled_from([Log.rename, Log.shift, Log.copytruncate]))
    def rotate(self, how: object) -> None:
        self.end_line()
        if self.log.path.exists():
            assert callable(how)
            how(self.log)

    @rule()
    def compress(self) -> None:
        """The oldest rotated file is packed, with its time kept, as gzip does."""
        for old in sorted(self.log.path.parent.glob("mail.log-????????"))[:1]:
            packed = Path(f"{old}.gz")
            packed.write_bytes(gzip.compress(old.read_bytes()))
            os.utime(packed, ns=(0, old.stat().st_mtime_ns))
            old.unlink()

    @rule()
    def truncate_what_was_read(self) -> None:
        """An administrator empties the log; only what was committed may go."""
        if self.log.path.exists() and not self.begun:
            self.poll(1 << 20)
            self.settle()
            self.commit()
            self.log.truncate()

    @rule(budget=st.sampled_from([1, 30, 1000, 1 << 20]))
    def poll(self, budget: int) -> None:
        self.now += 0.1
        self.uncommitted += b"".join(chunk.data for chunk in self.reader.poll(budget, self.now))

    @rule(seconds=st.sampled_from([1.0, 20.0, 100.0]))
    def pass_time(self, seconds: float) -> None:
        if not self.begun:
            self.now += seconds

    @rule()
    def commit(self) -> None:
        self.committed += self.uncommitted
        self.uncommitted = b""
        self.saved = self.reader.positions()

    @rule()
    def kill(self) -> None:
        self.reader.close()
        self.uncommitted = b""
        self.reader = source(self.pattern, self.saved)
        self.now += 1

    def settle(self) -> None:
        for _ in range(400):
            before = self.uncommitted
            self.poll(1 << 20)
            self.now += 1.0
            if before == self.uncommitted and _ > 3:
                break

    def finish(self) -> None:
        self.end_line()
        self.settle()
        self.commit()
        got = self.committed.splitlines(keepends=True)
        assert sorted(got) == sorted(self.written)


TestFollowing = Following.TestCase
TestFollowing.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
