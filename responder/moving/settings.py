"""settings - what a plan asks for, put into the responder.toml that is there; whatever stands in that stays.

Comments and order are kept (tomlkit).  A value that is set already is not
changed, and that is told; lists get what they lack.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, Table

from responder.errors import UsageError
from responder.moving.plan import Plan, settings_text
from responder.moving.remark import Remark


class Together(NamedTuple):
    """A whole responder.toml, and what of the plan is not in it."""

    text: str
    remarks: tuple[Remark, ...]


def together(there: str, plan: Plan, rule_folder: str) -> Together:
    """Return the settings *there* with those of *plan*; raises UsageError where they are no TOML."""
    try:
        document = tomlkit.parse(there)
    except TOMLKitError as error:
        raise UsageError(f"the settings that are there are no TOML: {error}; mend them first") from None
    remarks = tuple(_merge(document, tomlkit.parse(settings_text(plan, rule_folder)), ""))
    return Together(tomlkit.dumps(document), remarks)


def _merge(old: MutableMapping[str, Any], new: MutableMapping[str, Any], at: str) -> Iterator[Remark]:
    for key, value in new.items():
        where = f"{at}{key}"
        mine = old.get(key)
        if mine is None:
            old[key] = value
        elif isinstance(mine, Table) and isinstance(value, Table):
            yield from _merge(mine, value, f"{where}.")
        elif isinstance(mine, (AoT, Array)) and isinstance(value, (AoT, Array)):
            for one in value:
                if one not in mine:
                    mine.append(one)
        elif mine != value:
            what = f"{tomlkit.item(mine).as_string()} stays, as it stood there; from there came {value}"
            yield Remark("human", where, what)
