"""validate - pydantic's findings as our own errors: where, what, and what would be right."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)
Problem = TypeVar("Problem", bound=Exception)

_REMEDIES = {
    "missing": "add it",
    "string_type": "write it in quotes",
    "list_type": "write a list, in square brackets",
    "tuple_type": "write a list, in square brackets",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "bool_type": "write true or false",
    "dict_type": "write a table",
    "model_type": "write a table",
}


def validate(
    model: type[Model], data: Any, problem: Callable[[str, str, str], Problem]
) -> tuple[Model | None, list[Problem]]:
    """Return *data* as a *model*, or None, with every problem made by ``problem(key, what, remedy)``."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [problem(*_explain(model, found)) for found in error.errors()]


def _explain(model: type[BaseModel], found: Any) -> tuple[str, str, str]:
    location = list(found["loc"])
    key = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")
    kind, message = found["type"], str(found["msg"])
    if kind == "extra_forbidden":
        known = _keys_beside(model, location)
        close = get_close_matches(str(location[-1]), known, n=1)
        return key, "unknown key", f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known))}"
    if kind == "value_error":
        what, _, remedy = message.removeprefix("Value error, ").partition("; ")
        return key, what, remedy or "correct it"
    what = message[0].lower() + message[1:]
    given = "" if kind == "missing" else f" (it is {found['input']!r})"
    return key, what + given, _REMEDIES.get(kind, "correct it")


def _keys_beside(model: type[BaseModel], location: list[Any]) -> list[str]:
    """Return the keys that the table around *location* may have."""
    here: Any = model
    for step in location[:-1]:
        if not isinstance(step, int) and (field := here.model_fields.get(step)):
            here = _model_in(field.annotation) or here
    return [field.alias or name for name, field in here.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """Return the model inside ``X``, ``list[X]``, ``dict[str, X]`` or ``X | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in getattr(annotation, "__args__", ()) if (model := _model_in(part))), None)
