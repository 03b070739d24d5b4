"""nftban - a ban as an element of nftables: the set it belongs into, its key there, how long it lasts.

The set is named for the scope, the family and the length of the prefix, and its
elements are the networks of the prefixes: 4 or 16 bytes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from math import ceil

from responder.enforce.backend import Held, Target
from responder.enforce.nftset import Element, adding, removing
from responder.errors import FirewallError
from responder.values import Prefix, Scope

_SET_NAME = re.compile(r"(drop|reject)((?:_\d+)*)((?:_u\d+)*)_v([46])_(\d+)")
_V4_SPACE = 0xFFFF
_LONGEST = (1 << 63) // 1_000_000  # ms; the kernel counts nanoseconds
_DAY = 86_400_000
_FLEETING = 60_000


def place(target: Target) -> tuple[str, bytes]:
    """Return the set that *target* belongs into, and its key there."""
    (network, length), scope = target
    if length >= 96 and network >> 32 == _V4_SPACE:
        return set_name(scope, 4, length - 96), (network & 0xFFFFFFFF).to_bytes(4)
    return set_name(scope, 6, length), network.to_bytes(16)


@lru_cache(maxsize=4096)
def set_name(scope: Scope, family: int, bits: int) -> str:
    """Return the name of the set for prefixes of *bits* bits: ``reject_25_587_u53_v4_32``."""
    ports = "".join((*(f"_{port}" for port in scope.ports), *(f"_u{port}" for port in scope.udp)))
    return f"{scope.verdict}{ports}_v{family}_{bits}"


@lru_cache(maxsize=4096)
def parse_name(name: str) -> tuple[Scope, int, int] | None:
    """Return the scope, family and prefix length that `set_name` put into *name*; None for another's name."""
    found = _SET_NAME.fullmatch(name)
    if not found:
        return None
    tcp = tuple(int(port) for port in found[2].split("_") if port)
    udp = tuple(int(port) for port in found[3].split("_u") if port)
    family, bits = int(found[4]), int(found[5])
    scope = Scope("drop" if found[1] == "drop" else "reject", tcp, udp)
    return (scope, family, bits) if set_name(scope, family, bits) == name and bits <= 8 * _SIZES[family] else None


def read(name: str, elements: Iterable[Element], now: float) -> Iterator[tuple[Target, Held]]:
    """Yield what *elements* of the set *name* say of bans; those that are no key of ours are passed over."""
    if (parsed := parse_name(name)) is None:
        return
    scope, family, bits = parsed
    size, space, length = _SIZES[family], _V4_SPACE << 32 if family == 4 else 0, bits + 96 if family == 4 else bits
    for key, left, packets, octets in elements:
        if len(key) == size:
            prefix = Prefix(space | int.from_bytes(key), length)
            yield Target(prefix, scope), Held(now + left / 1000, packets, octets)


_SIZES = {4: 4, 6: 16}


def changing(
    added: Mapping[Target, float], gone: Iterable[Target], before: Mapping[Target, Held], now: float
) -> Iterator[bytes]:
    """Yield the messages that add and remove bans; who is in *before* goes on counting from there."""
    # Add, delete, add: right for an element that is there, is not, or ends this moment; and on kernels
    # before 6.12, where adding an element that is there does not change its timeout.
    fleeting: dict[str, list[bytes]] = defaultdict(list)
    lasting: dict[str, list[Element]] = defaultdict(list)
    for target, expires in added.items():
        name, key = place(target)
        left = milliseconds(expires - now)
        if counted := before.get(target):
            fleeting[name].append(key)
            lasting[name].append(Element(key, left, counted.packets, counted.octets))
        else:
            lasting[name].append(Element(key, left))
    for target in gone:
        name, key = place(target)
        fleeting[name].append(key)
    for name, keys in fleeting.items():
        yield from adding(name, (Element(key, _FLEETING) for key in keys))
        yield from removing(name, keys)
    for name, elements in lasting.items():
        yield from adding(name, elements)


def as_text(table: str, wanted: Mapping[Target, float], before: Mapping[Target, Held], now: float) -> Iterator[str]:
    """Yield for each set of *table* the nft command that adds its bans; who is in *before* goes on counting."""
    by_set: dict[str, list[str]] = defaultdict(list)
    for target, expires in wanted.items():
        name, key = place(target)
        address = ".".join(map(str, key)) if len(key) == 4 else key.hex(":", 2)
        counted = before.get(target)
        counter = f" counter packets {counted.packets} bytes {counted.octets}" if counted else ""
        by_set[name].append(f"{address}{counter} timeout {_duration(milliseconds(expires - now))}")
    for name, members in by_set.items():
        yield f"add element {table} {name} {{ {', '.join(members)} }}"


def milliseconds(seconds: float) -> int:
    """Return *seconds* as the kernel takes them, at least one and rounded up; raises FirewallError for ages."""
    whole = max(1, ceil(seconds * 1000))
    if whole > _LONGEST:
        raise FirewallError(f"nftables cannot ban for {seconds:.0f} seconds")
    return whole


def _duration(whole: int) -> str:
    """Return milliseconds as nft reads them: it takes no number of more than eight digits."""
    days, rest = divmod(whole, _DAY)
    return f"{days}d{rest // 1000}s{rest % 1000}ms"
