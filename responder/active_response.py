"""active_response - what OSSEC and Wazuh run to ban or free an address: it hands that over to the daemon, and ends.

One file that needs Python's standard library alone: ``responder-ar --install``
copies it into their active-response/bin.  execd runs one script after another
and waits for each without a limit, so this one never blocks longer than two
seconds, starts no process, does not read an input that stays open to its end,
and writes nothing to standard output but what execd waits for.

With words on the command line it is OSSEC that calls: action, user, address,
alert, rule; what follows may have been split on spaces and is not trusted.
Without words it is Wazuh, with JSON on standard input, and before an address is
added execd is asked whether it holds it already.  The request goes to the
daemon's socket.  Where no daemon answers that it is stored, it goes into the
spool folder, which the daemon empties in the order of names; its token keeps it
from being carried out twice.

What came of it is the exit status and one line in their active-responses.log:

    0   banned, lifted, or nothing left to do
    1   refused: on the allowlist; or execd did not say that we may go on
    65  it names no address, or asks for nothing we know
    70  a fault of ours
    74  it could not even be kept
    75  kept in the spool, or stored and not in the firewall yet

Falls short: a disk that hangs holds it up.  Killed at the wrong moment it leaves
a file in the spool folder whose name begins with a dot.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import sys
import time

TYPE_CHECKING = False  # what a type checker takes for true; importing typing takes long
if TYPE_CHECKING:
    from typing import NoReturn

NAME = "responder-ar"
SETTINGS = "responder-ar.conf"
CONTROL = "/run/responder/control.sock"
SPOOL = "/var/lib/responder/spool"
PATIENCE = 1.9  # seconds for all that is waited for; the rest of two is for the disk

DONE, REFUSED, INVALID, FAULT, LOST, LATER = 0, 1, 65, 70, 74, 75

_PROGRAM = f"active-response/bin/{NAME}"
_LONGEST_LINE = 1 << 20  # theirs have 64 KB at most
_LONGEST_TEXT = 256  # characters
_MAPPED = bytes(10) + b"\xff\xff"  # IPv4 in IPv6, RFC 4291
_ACTIONS = {"add": "add", "enable": "add", "delete": "delete", "disable": "delete"}
_ADDRESSES = (
    ("data", "win", "eventdata", "ipAddress"),
    ("data", "win", "eventdata", "destinationIp"),
    ("data", "srcip"),
    ("source", "ip"),
)
_DONE_WITH = {"counted", "nothing to lift", "outdated"}  # the firewall has no part in these
_DIDS = {"banned", "already banned", "refused", "lifted", "done before", *_DONE_WITH}


class EndError(Exception):
    """The call ends here, with exit status, a word for rules and a sentence for people."""

    def __init__(self, status: int, did: str, said: str) -> None:
        super().__init__(said)
        self.outcome = status, did, said


class SilenceError(Exception):
    """Who should have said something did not."""


def main() -> int:
    """Do what the command line or standard input asks; return the exit status."""
    deadline = time.monotonic() + PATIENCE
    words = sys.argv[1:]
    if words and words[0].startswith("-"):
        _administer(words)
    request: dict[str, str] = {}
    try:
        execd = Lines(0)
        request = from_words(words) if words else from_json(execd.next(deadline))
        if not words and request["action"] == "add":
            _check(execd, request["address"], deadline)
        outcome = hand_over(request, deadline)
    except EndError as end:
        outcome = end.outcome
    except SilenceError as error:
        outcome = INVALID, "invalid", f"standard input: {error}"
    except Exception as error:  # noqa: BLE001 - execd shows nobody a traceback: their log is the only witness
        outcome = FAULT, "fault", f"a fault of {NAME} itself: {type(error).__name__}: {error}"
    report("ossec" if words else "wazuh", request, outcome)
    return outcome[0]


def from_words(words: list[str]) -> dict[str, str]:
    """Return what OSSEC's *words* ask of the daemon; raise EndError."""
    action, user, address, alert, rule, location = (*words, *[""] * 6)[:6]
    whole = len(words) in (6, 7) and location.startswith("/")
    told = {"alert": alert, "rule": rule, "user": user, "location": location if whole else ""}
    return _request("ossec", action if action in ("add", "delete") else "", words[0], address, told)


def from_json(line: bytes) -> dict[str, str]:
    """Return what Wazuh's *line* asks of the daemon; raise EndError."""
    message = _parsed(line)
    if message is None:
        raise EndError(INVALID, "invalid", "standard input holds no JSON object")
    alert = _find(message, "parameters", "alert")
    event = alert if isinstance(alert, dict) else message  # Wazuh 5 has no such wrapping
    told = {
        "alert": _first(event, ("id",), ("event", "doc_id")),
        "rule": _first(event, ("rule", "id"), ("wazuh", "rule", "id")),
        "user": _first(event, ("data", "dstuser"), ("user", "name")),
        "location": _first(event, ("location",), ("wazuh", "protocol", "location")),
    }
    command = _first(message, ("command",))
    return _request("wazuh", _ACTIONS.get(command, ""), command, _first(event, *_ADDRESSES), told)


def canonical(text: str) -> str:
    """Return the address that *text* is, in its shortest form and IPv4 where it is that in IPv6; or nothing."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            packed = socket.inet_pton(family, text)
        except (OSError, ValueError):
            continue
        if packed[:12] == _MAPPED:
            family, packed = socket.AF_INET, packed[12:]  # noqa: PLW2901 - we leave at once
        return socket.inet_ntop(family, packed)
    return ""


def shown(text: str, most: int = _LONGEST_TEXT) -> str:
    """Return *text* on one line, with what nobody could see made visible, and no longer than *most*."""
    text = text[:most]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return text[:most]


def hand_over(request: dict[str, str], deadline: float) -> tuple[int, str, str]:
    """Give *request* to the daemon, else to the spool; return what came of it."""
    control, spool = places()
    line = _written(request)
    try:
        return _judge(_ask(control, line, deadline))
    except SilenceError as error:
        why = str(error)
    try:
        keep(spool, request["token"], line)
    except OSError as error:
        return LOST, "lost", f"{why}; and it cannot be kept in {spool}: {error.strerror or error}"
    return LATER, "kept", f"{why}; kept in {spool}"


def keep(folder: str, token: str, line: bytes) -> None:
    """Put *line* into the spool *folder*, on the disk when this returns; raise OSError and leave nothing."""
    temporary = f".{token}"
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(temporary, flags, 0o600, dir_fd=directory)
        try:
            os.fchmod(file, 0o600)
            if os.geteuid() == 0:  # the daemon is nobody special, and must read and remove it
                os.fchown(file, os.fstat(directory).st_uid, os.fstat(directory).st_gid)
            while line:
                line = line[os.write(file, line) :]
            os.fsync(file)
            os.rename(temporary, f"{token}.json", src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            os.unlink(temporary, dir_fd=directory)
            raise
        finally:
            os.close(file)
        os.fsync(directory)
    finally:
        os.close(directory)


def places() -> tuple[str, str]:
    """Return where the socket and the spool folder are: environment, the file beside this one, the defaults."""
    found = {"control": CONTROL, "spool": SPOOL}
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), SETTINGS)
    try:
        with open(beside, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read(1 << 16).splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = (part.strip() for part in line.partition("="))
        if key in found and value.startswith("/"):
            found[key] = value
    asked = os.environ.get
    return asked("RESPONDER_CONTROL") or found["control"], asked("RESPONDER_SPOOL") or found["spool"]


def report(by: str, request: dict[str, str], outcome: tuple[int, str, str]) -> None:
    """Write one line about it into the log of OSSEC or Wazuh, as far as there is one."""
    status, did, said = outcome
    tell = _for_wazuh if by == "wazuh" else _for_ossec
    message = tell(request, status, did.replace(" ", "-"), shown(said, 1024))
    line = f"{time.strftime('%Y/%m/%d %H:%M:%S')} {_PROGRAM}: {message}\n".encode()
    try:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(_log_path(), flags, 0o640)
        os.write(file, line)
        os.close(file)
        if not os.isatty(2):
            return
    except OSError:
        pass
    with contextlib.suppress(OSError):
        if _ready(2, select.POLLOUT, 0):
            os.write(2, line)


class Lines:
    """What comes from *file*, a line at a time, never waited for beyond a deadline."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._rest = b""

    def next(self, deadline: float) -> bytes:
        """Return the next line; raise SilenceError."""
        while b"\n" not in self._rest:
            if len(self._rest) > _LONGEST_LINE:
                raise SilenceError("what came is too long")
            left = deadline - time.monotonic()
            if left <= 0 or not _ready(self._file, select.POLLIN, left):
                raise SilenceError("no whole line came in time")
            try:
                data = os.read(self._file, 1 << 16)
            except OSError as error:
                raise SilenceError(error.strerror) from None
            if not data and not self._rest:
                raise SilenceError("it ended before a line came")
            if not data:
                break
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line


def _check(execd: Lines, address: str, deadline: float) -> None:
    """Tell execd whom this is about; raise EndError unless it lets us go on."""
    origin = {"name": os.path.basename(sys.argv[0]), "module": "active-response"}
    question = {"version": 1, "origin": origin, "command": "check_keys", "parameters": {"keys": [address]}}
    try:
        if _ready(1, select.POLLOUT, deadline - time.monotonic()):
            os.write(1, _written(question))
        answer = _first(_parsed(execd.next(deadline)), ("command",))
        why = f"it answered '{shown(answer)}' and not 'continue'"
    except (SilenceError, OSError) as error:
        answer, why = "", str(error)
    if answer == "abort":
        raise EndError(DONE, "held", f"execd holds {address} already, and has begun to count its time anew")
    if answer != "continue":
        said = f"{address} is not banned: execd was asked whether it holds it already, and {why}"
        raise EndError(REFUSED, "unanswered", said)


def _request(by: str, action: str, asked: str, address: str, told: dict[str, str]) -> dict[str, str]:
    if not action:
        raise EndError(INVALID, "invalid", f"neither add nor delete is asked, but '{shown(asked)}'")
    whom = canonical(address)
    if not whom:
        raise EndError(INVALID, "invalid", f"'{shown(address)}' is no address; nothing is done")
    texts = {key: "" if text == "-" else shown(text) for key, text in told.items()}
    return {
        "do": "respond",
        "token": f"{time.time_ns():020d}-{os.getpid()}-{os.urandom(4).hex()}",
        "action": action,
        "address": whom,
        **texts,
        "by": by,
    }


def _ask(path: str, line: bytes, deadline: float) -> dict[str, object]:
    """Return what the daemon answers to *line*; raise SilenceError."""
    left = max(deadline - time.monotonic(), 0.001)
    patience = struct.pack("ll", int(left), int(left % 1 * 1_000_000))
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)  # bounds connect too
            connection.connect(path)
            connection.sendall(line)
            return _parsed(Lines(connection.fileno()).next(deadline)) or {}
    except (OSError, SilenceError) as error:
        why = getattr(error, "strerror", None) or error
        raise SilenceError(f"no answer from a daemon at {path} ({why})") from None


def _judge(answer: dict[str, object]) -> tuple[int, str, str]:
    """Return what the daemon's *answer* comes to; raise SilenceError where the request is still to be kept."""
    wrong = _first(answer, ("error",))
    if wrong:
        return INVALID, "invalid", f"the daemon does not take the request: {shown(wrong)}"
    did, said = _first(answer, ("did",)), shown(_first(answer, ("said",)))
    if did not in _DIDS:
        raise SilenceError("the daemon's answer makes no sense")
    if answer.get("stored") is not True:
        raise SilenceError("the daemon could not store it")
    if did == "refused":
        return REFUSED, did, said
    if did in _DONE_WITH or answer.get("enforced") is True:
        return DONE, did, said
    trouble = shown(_first(answer, ("firewall_error",))) or "the firewall has not taken it yet"
    return LATER, f"{did} not enforced", f"{said} (stored, but not enforced yet: {trouble})"


def _written(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, object] | None:
    """Return the JSON object that *line* is, with numbers as text; or None.

    Logs hold what attackers send, bytes that are no UTF-8 too, and alerts hold logs.
    """
    try:
        text = line.decode("utf-8", "surrogateescape")
        value = json.loads(text, strict=False, parse_int=str, parse_float=str)  # a million digits would take long
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _find(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _first(value: object, *paths: tuple[str, ...]) -> str:
    """Return the first text that *value* has at one of *paths*."""
    for path in paths:
        found = _find(value, *path)
        if isinstance(found, str) and found not in ("", "-"):
            return found
    return ""


def _for_wazuh(request: dict[str, str], status: int, did: str, said: str) -> str:
    """Return an object that Wazuh's decoder ar_log_json and its rules read like those of its own scripts."""
    message: dict[str, object] = {"parameters": {"program": _PROGRAM}}
    if request:
        data = {"srcip": request["address"], "dstuser": request["user"]}
        alert = {"id": request["alert"], "rule": {"id": request["rule"]}, "data": data}
        message = {"command": request["action"], "parameters": {"program": _PROGRAM, "alert": alert}}
    return _written({**message, "responder": {"did": did, "status": str(status), "said": said}}).decode().rstrip()


def _for_ossec(request: dict[str, str], _status: int, did: str, said: str) -> str:
    """Return the words that OSSEC's own scripts log, and then what came of it."""
    keys = ("action", "user", "address", "alert", "rule") if request else ()
    return " ".join([*(request[key].replace(" ", "_") or "-" for key in keys), f"{did}: {said}"])


def _log_path() -> str:
    """Return where their log is; raise OSError where no OSSEC or Wazuh is found."""
    here = os.path.dirname(os.path.abspath(__file__))
    home = here[: -len("/active-response/bin")] if here.endswith("/active-response/bin") else "active-response/.."
    return os.environ.get("RESPONDER_AR_LOG") or os.path.join(home, "logs", "active-responses.log")


def _ready(file: int, event: int, patience: float) -> bool:
    """Tell whether *file* can be read or written within *patience* seconds."""
    poll = select.poll()
    poll.register(file, event)
    return bool(poll.poll(max(patience, 0) * 1000))


def _administer(words: list[str]) -> NoReturn:
    try:
        installer = __import__("responder.installer", fromlist=["main"])  # execd's calls need it not
    except ImportError:
        os.write(2, f"{NAME}: this copy only answers execd; call the {NAME} that came with responder\n".encode())
        sys.exit(64)
    sys.exit(installer.main(words))


if __name__ == "__main__":
    os._exit(main())  # nothing is left to be written, and tidying up takes long
