"""A profile allows what AppArmor would, and strace's lines are understood."""

from pathlib import Path

import pytest

from tests.lab.profile import Deed, Profile, done_in

TEXT = """
@{run}=/run/ /var/run/
@{PROC}=/proc/
@{pid}={[1-9],[1-9][0-9]}
profile one flags=(complain) {
  /usr/lib/** r,
  /usr/lib{,32}/**.so* mr,
  /etc/{a,b}/*.conf r,
  owner @{run}/x/** rwk,
  @{PROC}/@{pid}/net/* r,
  capability net_admin,
  /usr/bin/python3* rix,
}

profile other {
  /only/other r,
}
"""


@pytest.mark.parametrize(
    ("path", "letters", "allowed"),
    [
        ("/usr/lib/a/b.py", "r", True),
        ("/usr/lib/a/b.py", "w", False),
        ("/usr/lib", "r", False),
        ("/usr/lib32/x/y.so.1", "m", True),
        ("/usr/lib/x/y.py", "m", False),
        ("/etc/a/x.conf", "r", True),
        ("/etc/a/x/y.conf", "r", False),
        ("/etc/c/x.conf", "r", False),
        ("/run/x/deep/er", "rwk", True),
        ("/var/run/x/1", "w", True),
        ("/proc/12/net/tcp", "r", True),
        ("/proc/123/net/tcp", "r", False),
        ("/usr/bin/python3.11", "x", True),
        ("/only/other", "r", False),
    ],
)
def test_a_profile_allows_what_its_rules_say(path: str, letters: str, allowed: bool) -> None:
    """Stars stop at slashes, two do not; variables are all their values."""
    deeds = {Deed(path, letter) for letter in letters}

    assert Profile(TEXT, "one").forbids(deeds) == (set() if allowed else deeds)


@pytest.mark.parametrize(
    ("line", "deeds"),
    [
        ('openat(AT_FDCWD</>, "x", O_RDONLY|O_CLOEXEC) = 3</usr/lib/x>', {("/usr/lib/x", "r")}),
        ('openat(AT_FDCWD</>, "/a", O_RDONLY|O_DIRECTORY) = 3</a>', {("/a/", "r")}),
        ('mkdir("/a", 0777) = 0', {("/a/", "w")}),
        ('openat(AT_FDCWD</>, "/a", O_RDWR|O_CREAT, 0600) = 3</a>', {("/a", "r"), ("/a", "w")}),
        ('openat(AT_FDCWD</>, "/a", O_WRONLY|O_CREAT|O_CLOEXEC, 0600) = 3</a>', {("/a", "w")}),
        ('openat(AT_FDCWD</>, "/a", O_RDONLY) = -1 ENOENT (No such file or directory)', set()),
        ("mmap(NULL, 8, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3</l.so>, 0) = 0x7f", {("/l.so", "m")}),
        ("mmap(NULL, 8, PROT_READ, MAP_PRIVATE, 3</l.so>, 0) = 0x7f", set()),
        ("flock(3</lock>, LOCK_EX|LOCK_NB) = 0", {("/lock", "k")}),
        ("fcntl(3</db>, F_SETLK, {l_type=F_RDLCK, l_start=1, l_len=1}) = 0", {("/db", "k")}),
        ('execve("/bin/x", ["x", "y"], 0x7ffe /* 9 vars */) = 0', {("/bin/x", "x")}),
        ('connect(3<UNIX-STREAM:[1]>, {sa_family=AF_UNIX, sun_path="/run/s"}, 10) = 0', {("/run/s", "w")}),
        ('rename("/a", "/b") = 0', {("/a", "w"), ("/b", "w")}),
        ('unlink("/a") = -1 ENOENT (No such file or directory)', set()),
        ("+++ exited with 0 +++", set()),
    ],
)
def test_what_strace_says_is_what_was_done(tmp_path: Path, line: str, deeds: set[tuple[str, str]]) -> None:
    """What failed was not done."""
    (tmp_path / "trace.1").write_text(f"{line}\n")

    assert done_in(tmp_path) == {Deed(*deed) for deed in deeds}
