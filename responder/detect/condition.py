"""condition - what a rule's ``when`` asks of one field of a record.

    rule     = [3301, "3306"]              one of these
    groups   = "postfix"                   for a field of several values: any of them
    level    = { at_least = 6, at_most = 9 }
    location = { pattern = '/var/log/.*' } the whole of it
    user     = { present = true }          there, and not empty

Pure.  A pattern is proven to match in linear time, like those of log lines.
"""

from dataclasses import dataclass
from typing import Annotated

import regex
from pydantic import BaseModel, ConfigDict, Field, model_validator

from responder.detect import proof, syntax
from responder.detect.pieces import expand
from responder.values import Field as Value

Word = str | int


class Condition(BaseModel):
    """What one field must be, all of it at once; a field that is not there is empty."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)

    any_of: Annotated[tuple[Word, ...], Field(strict=False)] | None = None
    at_least: int | None = None
    at_most: int | None = None
    pattern: str | None = None
    present: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: object) -> object:
        """Take a word or a list of words for ``any_of``."""
        if isinstance(given, (str, int)) and not isinstance(given, bool):
            return {"any_of": [given]}
        return {"any_of": given} if isinstance(given, list) else given

    @model_validator(mode="after")
    def _sound(self) -> "Condition":
        if not self.model_fields_set:
            raise ValueError("asks nothing; write a word, a list, or at_least, at_most, pattern, present")
        if self.pattern is not None:
            try:
                nodes = syntax.parse(self.pattern)
            except ValueError as error:
                raise ValueError(f"pattern: {error}; write the syntax that Python's re and regex share") from None
            if found := proof.runaways(nodes):
                raise ValueError(f"pattern: {found[0].what}; {found[0].remedy}")
        return self

    def compiled(self) -> "Check":
        """Return what does the checking."""
        words = None if self.any_of is None else frozenset(map(str, self.any_of))
        pattern = None if self.pattern is None else regex.compile(expand(self.pattern), regex.ASCII | regex.VERSION0)
        return Check(words, self.at_least, self.at_most, pattern, self.present)


@dataclass(frozen=True, slots=True)
class Check:
    """A Condition ready to be asked."""

    words: frozenset[str] | None
    at_least: int | None
    at_most: int | None
    pattern: "regex.Pattern[str] | None"
    present: bool | None

    def holds(self, value: Value) -> bool:
        """Tell whether *value* is as asked."""
        texts = value if isinstance(value, tuple) else (str(value),)
        number = value if isinstance(value, int) else None
        return (
            (self.words is None or not self.words.isdisjoint(texts))
            and (self.at_least is None or (number is not None and number >= self.at_least))
            and (self.at_most is None or (number is not None and number <= self.at_most))
            and (self.pattern is None or any(map(self.pattern.fullmatch, texts)))
            and (self.present is None or any(texts) is self.present)
        )
