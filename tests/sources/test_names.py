"""Which names may be those of rotated logs is found without comparing each with each, and none is passed over."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from responder.sources.names import Names
from responder.sources.siblings import is_turn

NAMES = st.lists(
    st.sampled_from(["mail", "mail.log", "mail.err", "a", "a.b", ".log"]).flatmap(
        lambda log: st.sampled_from(["", ".1", "-20240717", ".old", ".1.log", "-20240717.log", ".gz"]).map(
            lambda end: log + end
        )
    ),
    max_size=12,
)


@given(folders=st.lists(st.sampled_from(["/x", "/x/y"]), min_size=12, max_size=12), names=NAMES)
def test_everybody_who_may_be_kin_is_named(folders: list[str], names: list[str]) -> None:
    """As a comparison of each with each finds them; nobody is named who lies elsewhere, nor himself."""
    paths = {f"{folder}/{name}" for folder, name in zip(folders, names, strict=False)}
    known = Names(paths)

    for path in paths:
        kin, at = known.begun_like(path), Path(path)
        others = [Path(one) for one in paths - {path} if Path(one).parent == at.parent]
        needed = {str(one) for one in others if at.name.startswith(one.name) or is_turn(at.name, one.name)}
        assert needed <= set(kin) <= {str(one) for one in others}
