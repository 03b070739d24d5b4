"""library - all rules that are in force, from folders of rule files.

Folders are read in order, files in each by name.  A rule whose id was met in
an earlier folder replaces that one in its place; twice in one folder is an
error.  Reading them is the one thing this room does with the world.
"""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

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


def load(
    folders: Iterable[Path], policies: Collection[str], disabled: Collection[str] = (), *, proven: bool = False
) -> tuple[Rule, ...]:
    """Return the rules in *folders*, proven and true to their examples, which *proven* says they were shown to be.

    Raises Refused with every problem of every file.
    """
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
    problems += [
        RuleError("disabled", rule_id, "there is no such rule", "name a rule that `responder rules list` shows")
        for rule_id in disabled
        if rule_id not in rules and not problems
    ]
    in_force = tuple(rule for rule in rules.values() if rule.id not in disabled)
    if not proven:
        problems += examples.run(in_force)
        problems += [fault for rule in in_force if rule.path.parent != shipped() for fault in _too_slow(rule)]
    if problems:
        raise Refused(problems)
    return in_force


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
