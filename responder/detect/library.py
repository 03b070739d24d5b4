"""library - all rules that are in force, from folders of rule files.

Folders are read in order, files in each by name.  A rule whose id was met in
an earlier folder replaces that one in its place; twice in one folder is an
error.  Reading them is the one thing this room does with the world.

Those that call themselves last stand behind all others, so that they take
nothing from a rule of the administrator's.  A rule whose file says why it is
off is proven like the others, and in force only where it is enabled.
"""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import responder
from responder.detect import examples, rulefile
from responder.detect.pattern import slow_text
from responder.detect.rule import Rule
from responder.errors import ConfigError, Refused, RuleError

POLICIES = "policies.toml"


def shipped() -> Path:
    """Return the folder of the rules that come with responder, installed or in a checkout."""
    package = Path(responder.__file__).parent
    installed = package / "shipped"
    return installed if installed.is_dir() else package.parent / "rules"


class Library(NamedTuple):
    """Rules that are *in_force*, and those that their files turn *off* and nobody enabled, each in its order."""

    in_force: tuple[Rule, ...]
    off: tuple[Rule, ...]


def load(
    folders: Iterable[Path],
    policies: Collection[str],
    disabled: Collection[str] = (),
    enabled: Collection[str] = (),
    *,
    proven: bool = False,
) -> tuple[Rule, ...]:
    """Return the rules in *folders* that are in force, proven and true to their examples.

    *proven* says that they were shown to be.  Raises Refused with every problem of every file.
    """
    return survey(folders, policies, disabled, enabled, proven=proven).in_force


def survey(
    folders: Iterable[Path],
    policies: Collection[str],
    disabled: Collection[str] = (),
    enabled: Collection[str] = (),
    *,
    proven: bool = False,
) -> Library:
    """Return what `load` does, and what is off beside it; raises Refused as that does."""
    rules: dict[str, Rule] = {}
    problems: list[ConfigError | RuleError] = []
    for folder in folders:
        found, wrong = _read(folder)
        rules.update(found)
        problems += wrong
    known = ", ".join(sorted(policies))
    problems += [
        rule.error(f"there is no policy {rule.policy!r}", f"write a [policy.{rule.policy}] or name one of {known}")
        for rule in rules.values()
        if rule.policy not in policies
    ]
    if not problems:
        problems += [*_unknown("disable", disabled, rules), *_unknown("enable", enabled, rules)]
    problems += [
        RuleError("enable", rule_id, "`disable` names it too", "take it out of one of them")
        for rule_id in enabled
        if rule_id in disabled
    ]
    wanted = sorted((rule for rule in rules.values() if rule.id not in disabled), key=lambda rule: rule.last)
    in_force = tuple(rule for rule in wanted if not rule.off or rule.id in enabled)
    off = tuple(rule for rule in wanted if rule.off and rule.id not in enabled)
    if not proven:
        problems += [*examples.run(in_force), *examples.run(off, among=wanted)]
        problems += [fault for rule in wanted if rule.path.parent != shipped() for fault in _too_slow(rule)]
    if problems:
        raise Refused(problems)
    return Library(in_force, off)


def _unknown(key: str, named: Collection[str], rules: Collection[str]) -> Iterator[RuleError]:
    """Yield an error for each rule that the setting *key* names and that is not among *rules*."""
    for rule_id in named:
        if rule_id not in rules:
            close = get_close_matches(rule_id, rules, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else "name a rule that `responder rules list` shows"
            yield RuleError(key, rule_id, "there is no such rule", remedy)


def _too_slow(rule: Rule) -> Iterator[RuleError]:
    """Yield what a trial shows of *rule*; for those that ship a test has tried it."""
    for text in rule.texts():
        if (message := slow_text(text)) is not None:
            what = f"matching {text!r} takes too long on a message like {message[:60]!r}..."
            yield rule.error(what, "narrow its repetitions, as in <[^>]*>, or bound them, as in .{{0,200}}")


def _read(folder: Path) -> tuple[dict[str, Rule], list[ConfigError | RuleError]]:
    rules: dict[str, Rule] = {}
    problems: list[ConfigError | RuleError] = []
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".toml" and path.name != POLICIES)
    except OSError as error:
        return {}, [RuleError(folder, "", f"cannot be read: {error.strerror}", "make it readable, or name another")]
    if folder != shipped() and (folder / POLICIES).exists():
        what = "policies are not read from here"
        problems.append(RuleError(folder / POLICIES, "", what, "write them into the settings"))
    for path in paths:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(RuleError(path, "", f"cannot be read: {error}", "make it a readable UTF-8 file"))
            continue
        found, wrong = rulefile.parse(path, text)
        problems += wrong
        for rule in found:
            if rule.id in rules:
                problems.append(rule.error(f"this id is also in {rules[rule.id].path}", "give one of them another id"))
            rules[rule.id] = rule
    return rules, problems
