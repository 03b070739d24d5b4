"""recordrule - a rule for what programs write in fields: conditions, and the field that holds the address.

All of ``when`` must hold, and none of ``unless``.  The address is taken as the
field has it and must be one, strictly, with or without a port behind it
(``192.0.2.7:80``, ``[2001:db8::7]:80``); anything else is nobody's.

Nothing here reads text that a peer wrote for what it may say of others: the
author of a rule chooses a field that is the program's own (formats/alerts.py
tells which these are in alerts).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from responder.detect.condition import Check, Condition
from responder.detect.rule import Rule
from responder.values import Prefix, Record, parse_address

_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15})):[0-9]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRule(Rule):
    """What an offence looks like in the fields of a record; *address* is the name of the one that holds it."""

    address: str
    when: Mapping[str, Condition]
    unless: Mapping[str, Condition]
    _when: Mapping[str, Check] = field(init=False, repr=False, compare=False)
    _unless: Mapping[str, Check] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make ready what is asked of each record."""
        object.__setattr__(self, "_when", {name: one.compiled() for name, one in self.when.items()})
        object.__setattr__(self, "_unless", {name: one.compiled() for name, one in self.unless.items()})

    def find(self, record: Record) -> Prefix | None:
        """Return the address that *record* blames, or None where the rule does not match."""
        fields = record.fields
        if not all(check.holds(fields.get(name, "")) for name, check in self._when.items()):
            return None
        if any(check.holds(fields.get(name, "")) for name, check in self._unless.items()):
            return None
        return _address(str(fields.get(self.address, "")))

    def looks_for(self) -> dict[str, Any]:
        """Return what the rule asks of a record."""
        return {
            "program": list(self.programs),
            "address": self.address,
            "when": {name: one.model_dump(exclude_none=True) for name, one in self.when.items()},
            "unless": {name: one.model_dump(exclude_none=True) for name, one in self.unless.items()},
        }


def _address(text: str) -> Prefix | None:
    """Return the address that *text* is, whatever port stands behind it."""
    found = _WITH_PORT.fullmatch(text)
    return parse_address((found[1] or found[2]) if found else text)
