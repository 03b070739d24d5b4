"""merged - the shares of all jails as one: no source twice, one set of limits for each policy."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from responder.moving import penalty
from responder.moving.remark import Remark
from responder.moving.takeover import Limits, Share, Source


class Merged(NamedTuple):
    """Tables as the settings have them, what is said about each policy, and what had to be decided."""

    sources: tuple[Source, ...]
    policies: Mapping[str, Mapping[str, object]]
    about: Mapping[str, str]
    remarks: tuple[Remark, ...]


def merged(shares: Sequence[Share]) -> Merged:
    """Return *shares* as one."""
    sources, remarks = _sources(shares)
    policies: dict[str, dict[str, object]] = {}
    about: dict[str, str] = {}
    for name in dict.fromkeys(name for share in shares for name in share.limits):
        those = [(share.jail, share.limits[name]) for share in shares if name in share.limits]
        jails = ", ".join(jail for jail, _ in those)
        wanted = frozenset[str]().union(*(limits.wanted for _, limits in those))
        if not wanted:
            continue
        values, differ = penalty.patient([limits.values for _, limits in those], wanted)
        policies[name] = penalty.table(values, _ports([limits for _, limits in those]))
        about[name] = f"from jail{'s' if len(those) > 1 else ''} {jails}"
        if differ:
            what = f"jails {jails} count together here, with the most patient of their limits"
            remarks.append(Remark("human", f"policy.{name}", what))
    return Merged(sources, policies, about, tuple(remarks))


def _ports(those: Iterable[Limits]) -> tuple[str, ...]:
    """Return the ports of all of *those*; none, which is all, where one has none."""
    every = [limits.ports for limits in those]
    return tuple(dict.fromkeys(port for ports in every for port in ports)) if all(every) else ()


def _sources(shares: Iterable[Share]) -> tuple[tuple[Source, ...], list[Remark]]:
    by_place: dict[str, Source] = {}
    units: list[str] = []
    remarks = []
    for share in shares:
        for source in share.sources:
            if "journal" in source:
                units += [unit for unit in _texts(source["journal"]) if unit not in units]
                continue
            place = str(source["path"])
            other = by_place.setdefault(place, source)
            if other != source:
                what = f"jail {share.jail} reads {place} as {json.dumps(source)}, another jail as {json.dumps(other)}"
                remarks.append(Remark("human", place, f"{what}; a log is read in one way: the first is kept"))
    journal: tuple[Source, ...] = ({"journal": units},) if units else ()
    return (*by_place.values(), *journal), remarks


def _texts(names: object) -> list[str]:
    return [str(name) for name in names] if isinstance(names, list) else []
