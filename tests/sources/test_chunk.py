"""Line ends are counted one by one."""

from hypothesis import given
from hypothesis import strategies as st

from responder.sources import count_lines


@given(st.lists(st.sampled_from([b"\n", b"\r", b"\0", b"x", b"\xff"])).map(b"".join))
def test_the_count_is_that_of_line_ends(data: bytes) -> None:
    """Whatever else there is."""
    assert count_lines(data) == data.count(b"\n")
