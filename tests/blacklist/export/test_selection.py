"""What is chosen is what the settings say; what cannot be meant is refused with what would be right."""

from typing import Any

import pytest

from responder.blacklist.export.exporting import selection
from responder.blacklist.values import Entry, Level
from responder.errors import ConfigError
from responder.settings.export import ExportSettings
from responder.validate import validate
from tests.blacklist.export.lists import ENTRIES, NOW, entry


def chosen(form: str = "json", entries: list[Entry] = ENTRIES, **more: Any) -> list[str]:
    settings = ExportSettings.model_validate({"format": form, "output": "/dev/null", **more})
    taken = selection(settings, NOW)
    return [one.subject.value for one in entries if taken.takes(one)]


def test_a_level_takes_what_is_surer_too() -> None:
    """Levels are nested."""
    assert len(chosen()) == len(ENTRIES)
    assert set(chosen(level="strict")) < set(chosen(level="moderate")) < set(chosen(level="broad"))
    assert set(chosen(level="strict")) == {one.subject.value for one in ENTRIES if one.level is Level.STRICT}


def test_kinds_are_those_asked_for_and_held() -> None:
    """A format holds no more than it can, whatever is asked."""
    assert chosen(kinds=["url", "email"]) == ["spammer@mail.example", "https://www.example/buy"]
    assert chosen("adblock", kinds=["url"]) == []
    assert "192.0.2.5" not in chosen("rpz")
    assert "192.0.2.5" in chosen("rpz", kinds=["address"])


def test_families_and_sizes() -> None:
    """Of addresses and networks; names are not concerned."""
    assert all(":" not in value or "//" in value for value in chosen(families=[4]))
    assert chosen("plain", kinds=["network"], bits_v4=[24, 30], families=[4]) == [
        "198.51.103.128/25",
        "203.0.113.16/28",
    ]
    assert "2001:db8:bad::/48" not in chosen(bits_v6=[64, 128])
    assert "spam.example" in chosen(families=[4], bits_v4=[32, 32])


def test_age_category_and_end() -> None:
    """Only lately listed, only spam, and never what has expired."""
    old = entry("192.0.2.1")._replace(since=NOW - 5000)
    over = entry("192.0.2.2")._replace(until=NOW)
    probe = entry("192.0.2.3", category="probe")
    entries = [old, over, probe]
    assert chosen(entries=entries) == ["192.0.2.1", "192.0.2.3"]
    assert chosen(entries=entries, max_age="1h") == ["192.0.2.3"]
    assert chosen(entries=entries, categories=["probe"]) == ["192.0.2.3"]


def test_the_whole_of_the_internet_is_never_taken() -> None:
    """By default nothing wider than /8 and /16, and nothing makes it 0/0."""
    everything = [entry("0.0.0.0/0"), entry("::/0"), entry("8.0.0.0/7"), entry("2001::/15")]
    assert chosen(entries=everything) == []
    assert chosen(entries=everything, bits_v4=[1, 32], bits_v6=[1, 128]) == ["8.0.0.0/7", "2001::/15"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"format": "bindd"}, "no format; known are rbldnsd-ip4set"),
        ({"output": "relative"}, "is relative"),
        ({"format": "bind-ip4"}, "a zone needs a nameserver; add options"),
        ({"format": "plain", "options": {"zone": "a.example"}}, "plain has no option zone; its options are none"),
        ({"format": "rpz", "options": {"text": "x"}}, "rpz has no option text; its options are nameservers"),
        ({"options": {"text": "{"}}, "has braces"),
        ({"options": {"text": "{reason.__class__}"}}, "what may stand there is {value}"),
        ({"options": {"text": "a\nb"}}, "one line of ASCII"),
        ({"options": {"nameservers": ["ns1"]}}, "no full domain name"),
        ({"options": {"nameservers": ["a b.example\n$TTL"]}}, "no full domain name"),
        ({"options": {"codes": {"strict": "10.0.0.1"}}}, "no answer of a blacklist"),
        ({"options": {"codes": {"strict": "127.0.0.1"}}}, "no answer of a blacklist"),
        ({"format": "nftables", "options": {"set": "x; flush ruleset"}}, "pattern"),
        ({"bits_v4": [0, 32]}, "no range of prefix lengths"),
        ({"bits_v4": [24, 16]}, "no range of prefix lengths"),
        ({"reload": "rndc reload"}, "write a list"),
        ({"reload": [""]}, "the command is empty"),
        ({"level": "total"}, "level"),
        ({"formt": "x"}, "did you mean 'format'?"),
    ],
)
def test_what_cannot_be_meant_is_refused(data: dict[str, Any], said: str) -> None:
    """With what would be right."""
    whole = {"format": "rbldnsd-ip4set", "output": "/tmp/x"} | data
    made, problems = validate(ExportSettings, whole, lambda *words: ConfigError("file", *words))
    assert made is None
    assert said in "\n".join(map(str, problems))
