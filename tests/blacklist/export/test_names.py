"""A zone of domains answers for a name where it, or one above it, is listed and nothing above it is excluded."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.blacklist.export.lists import entry, ordered, text
from tests.blacklist.export.zones import answer

names = st.lists(st.sampled_from("ab"), max_size=4).map(lambda labels: ".".join([*labels, "spam.example"]))


@settings(max_examples=150)
@given(st.lists(names, max_size=5), st.lists(names, max_size=2, unique=True), st.lists(names, max_size=5))
def test_what_is_below_a_listed_name_is_listed(listed: list[str], excluded: list[str], asked: list[str]) -> None:
    """However deep other names lie; in a zone and in a policy zone."""
    entries = ordered(map(entry, listed))
    for form, kind in (("bind-domains", "A"), ("rpz", "CNAME")):
        rows = [line.split() for line in text(form, entries, excluded).splitlines()[3:] if "SOA" not in line]
        records = {row[0]: {row[-1]} if kind in row and row[-1] != "rpz-passthru." else set() for row in rows[::-1]}
        for name in {*listed, *excluded, *asked}:
            above = [name.split(".", count)[-1] for count in range(name.count("."))]
            hidden = any(one in excluded for one in above)
            assert bool(answer(records, name)) is (not hidden and any(one in listed for one in above)), (form, name)
