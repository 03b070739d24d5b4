"""The journal's export format: whatever is in an entry and however it arrives, it is that entry."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from responder.formats.export import LIMIT, Entry, Export

FIELDS = ["_SYSTEMD_UNIT", "_UID", "SYSLOG_IDENTIFIER", "_COMM", "_PID", "_HOSTNAME", "MESSAGE"]
VALUE = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"\n", b"\n\n", b"\n\n__CURSOR=x\n__REALTIME_TIMESTAMP=1\n\n", b"=", b"a=b", b"x\n\ny", b"\0" * 9]
    ),
)
ENTRY = st.fixed_dictionaries({}, optional=dict.fromkeys([*FIELDS, "OTHER"], VALUE))


def exported(cursor: bytes, time: int, fields: dict[str, bytes]) -> bytes:
    """Return an entry as journalctl writes it."""
    written = b"__CURSOR=%b\n__REALTIME_TIMESTAMP=%d\n" % (cursor, time)
    for name, value in fields.items():
        if b"\n" in value:
            written += b"%b\n%b%b\n" % (name.encode(), len(value).to_bytes(8, "little"), value)
        else:
            written += b"%b=%b\n" % (name.encode(), value)
    return written + b"\n"


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Return *data* cut at *cuts*, wherever those are."""
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[begin:end] for begin, end in pairwise(at)]


def read(parts: list[bytes]) -> list[Entry]:
    """Return the entries that come out when *parts* are fed one after another."""
    export = Export()
    return [entry for part in parts for entry in export.feed(part)]


CUTS = st.lists(st.integers(0, 10_000), max_size=20)


@given(st.lists(ENTRY, max_size=5), CUTS)
def test_entries_come_out_as_they_went_in(entries: list[dict[str, bytes]], cuts: list[int]) -> None:
    """However the bytes are cut up on their way."""
    data = b"".join(exported(b"c%d" % number, number, fields) for number, fields in enumerate(entries))

    assert read(pieces(data, cuts)) == [
        Entry(b"c%d" % number, number, *(fields.get(name, b"") for name in FIELDS))
        for number, fields in enumerate(entries)
    ]


LENGTHS = st.sampled_from([0, 3, 10, 2570, LIMIT, 1 << 30, 1 << 62]).map(lambda size: size.to_bytes(8, "little"))
HOSTILE = st.lists(
    st.one_of(
        st.binary(max_size=20),
        LENGTHS,
        st.sampled_from([b"\n", b"\n\n", b"MESSAGE\n", b"__CURSOR=c\n", b"__REALTIME_TIMESTAMP=7\n", b"MESSAGE=x\n"]),
        st.sampled_from([b"x" * LIMIT, b"N" * 65 + b"\n", b"__REALTIME_TIMESTAMP=" + b"9" * 30 + b"\n"]),
    ),
    max_size=20,
).map(b"".join)


@given(HOSTILE, CUTS)
def test_any_bytes_are_entries_or_none(data: bytes, cuts: list[int]) -> None:
    """The same ones however they are cut up, and never an exception."""
    assert read(pieces(data, cuts)) == read([data])


def test_memory_stays_bounded_whatever_the_length_of_a_field() -> None:
    """A local user may write a message of hundreds of megabytes, as text or not."""
    for begin in (b"MESSAGE=", b"MESSAGE\n" + (1 << 28).to_bytes(8, "little")):
        export = Export()
        export.feed(b"__CURSOR=c\n__REALTIME_TIMESTAMP=7\n" + begin)
        for _ in range(256):
            assert export.feed(b"x" * (1 << 20)) == []
            assert len(export._rest) <= LIMIT
        (entry,) = export.feed(b"\n\n")
        assert entry.message.strip(b"x") == b""
        assert LIMIT - 10 < len(entry.message) <= LIMIT


def test_a_length_that_no_field_has_swallows_nothing() -> None:
    """What follows is read as ever."""
    entry = exported(b"c", 7, {"MESSAGE": b"x"})

    assert read([b"MESSAGE\n" + (1 << 62).to_bytes(8, "little") + b"\n\n" + entry]) == read([entry])


def test_what_has_no_cursor_or_no_time_is_no_entry() -> None:
    """There would be nothing to go on from."""
    assert read([b"MESSAGE=x\n\n__CURSOR=c\nMESSAGE=x\n\n__CURSOR=c\n__REALTIME_TIMESTAMP=soon\n\n\n\n"]) == []


def test_the_process_is_the_one_that_the_journal_knows() -> None:
    """Else what the program says."""
    (entry,) = read([exported(b"c", 7, {"SYSLOG_PID": b"5", "_PID": b"6"})])
    (other,) = read([exported(b"c", 7, {"SYSLOG_PID": b"5"})])

    assert (entry.pid, other.pid) == (b"6", b"5")
