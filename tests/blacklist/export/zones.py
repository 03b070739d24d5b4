"""How a nameserver answers: by name, else by the wildcard right below the nearest name there is (RFC 4592)."""

from collections.abc import Mapping


def answer(records: Mapping[str, set[str]], name: str) -> set[str]:
    """Return the data of *name* in a zone of *records*; a name exists where something is below it, too."""
    there = {owner.split(".", count)[-1] for owner in records for count in range(owner.count(".") + 1)}
    if name in there:
        return records.get(name, set())
    while "." in name:
        name = name.partition(".")[2]
        if name in there:
            return records.get(f"*.{name}", set())
    return set()
