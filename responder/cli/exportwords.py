"""exportwords - the words of ``responder export`` into the settings that an [[export]] would have."""

from collections.abc import Iterable, Mapping
from typing import Any

from responder.errors import UsageError
from responder.settings.export import FORMATS, ExportOptions, ExportSettings
from responder.validate import validate

_LEVELS = ("broad", "moderate", "strict")


def as_settings(form: str, words: Mapping[str, Any]) -> ExportSettings:
    """Return what *words* ask for; raises UsageError with every problem."""
    data = {key: value for key, value in words.items() if value and key != "options"}
    data["format"] = form
    data["families"] = tuple(int(family) for family in words["families"])
    data["options"] = _options(form, words["options"])
    for key in ("bits_v4", "bits_v6"):
        if key in data:
            data[key] = _range(key, data[key])
    settings, problems = validate(ExportSettings, data, _problem)
    if settings is None:
        raise UsageError("\n".join(str(problem) for problem in problems))
    return settings


def _problem(key: str, what: str, remedy: str) -> UsageError:
    return UsageError(f"{key}: {what}; {remedy}" if key else f"{what}; {remedy}")


def _options(form: str, words: Iterable[str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or name not in ExportOptions.model_fields:
            known = ", ".join(FORMATS[form]) or "none"
            raise UsageError(f"{word!r} is no option; write OPTION=VALUE, the options of {form} are {known}")
        options[name] = _value(name, value)
    return options


def _value(name: str, text: str) -> Any:
    """Return *text* as what TOML would have given for the option."""
    default = ExportOptions.model_fields[name].default
    if isinstance(default, bool):
        return {"true": True, "yes": True, "false": False, "no": False}.get(text, text)
    if isinstance(default, int):
        return int(text) if text.isdecimal() else text
    if isinstance(default, tuple):
        return tuple(text.split(","))
    if name == "codes":
        return dict(zip(_LEVELS, text.split(","), strict=False))
    return text


def _range(key: str, text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    if not (low.isdecimal() and (high or low).isdecimal()):
        word = f"--{key.replace('_', '-')}"
        raise UsageError(f"{word}: {text!r} is no range of prefix lengths; write 16-32, the widest network first")
    return int(low), int(high or low)
