"""base - what every table of responder.toml is made of: strict, frozen, unknown keys refused; and types of values."""

from datetime import tzinfo
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from responder.values import Prefix
from responder.zones import zone


def _network(value: Any) -> Prefix:
    try:
        return Prefix.parse(value if isinstance(value, str) else repr(value))
    except ValueError as error:
        raise ValueError(f"{error}; write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48") from None


def _absolute(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError(f"{value!r} is relative, and daemons change folders; write a path that begins with /")
    return value


def _database(value: str) -> str:
    if value:
        from responder.databases import parse_url  # noqa: PLC0415 - 100 ms that only a database needs

        try:
            parse_url(value)
        except ValueError as error:
            raise ValueError(f"names no database that we can use; {error}") from None
    return value


Network = Annotated[Prefix, BeforeValidator(_network)]
Zone = Annotated[tzinfo, BeforeValidator(zone)]
Absolute = Annotated[str, AfterValidator(_absolute)]
AbsoluteOrNone = Annotated[str, AfterValidator(lambda value: value and _absolute(value))]
DatabaseOrNone = Annotated[str, AfterValidator(_database)]


class Table(BaseModel):
    """A table of the settings file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, defer_build=True)
