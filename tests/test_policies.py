"""Rules and policies that ship, together: who is banned for what, and who never is."""

from datetime import UTC

from responder import config
from responder.decide.allowlist import Allowlist
from responder.decide.tracker import Tracker
from responder.detect import library
from responder.detect.detector import Detector
from responder.formats.stamps import Stamps
from responder.values import Ban

POLICIES = config.load(None).policies
DETECTOR = Detector(library.load([library.shipped()], POLICIES))


def bans(*lines: str) -> list[Ban]:
    """Return whom the access log *lines* get banned."""
    tracker = Tracker(POLICIES, Allowlist())
    offences = DETECTOR.find("".join(f"{line}\n" for line in lines).encode(), Stamps(UTC, 0.0), "access-log", "nginx")
    judged = (tracker.judge(offence) for offence in offences)
    return [judgement.ban for judgement in judged if judgement.ban]


def asked(path: str, status: int, minute: int = 0, second: int = 0) -> str:
    stamp = f"25/Nov/2026:16:{minute:02}:{second:02} +0000"
    return f'192.0.2.7 - - [{stamp}] "GET {path} HTTP/1.1" {status} 153 "https://www.example.org/" "Mozilla/5.0"'


def test_a_visitor_of_a_page_with_fifty_dead_pictures_is_never_banned() -> None:
    """Nor is he when he reads it five times in ten minutes."""
    once = [asked("/gallery", 200), *(asked(f"/pictures/{number}.jpg", 404) for number in range(50))]
    again = [asked(f"/pictures/{number}.jpg", 404, minute, 7) for minute in range(0, 10, 2) for number in range(50)]

    assert bans(*once) == []
    assert bans(*again) == []


def test_a_search_engine_after_a_move_is_not_banned() -> None:
    """It asks for a page that is gone every three seconds, all hour."""
    lines = [
        asked(f"/old/{minute}/{second}", 404, minute, second) for minute in range(60) for second in range(0, 60, 3)
    ]

    assert bans(*lines) == []


def test_who_asks_for_hundreds_of_pages_that_are_not_there_is_banned_from_the_web() -> None:
    """And from nothing else."""
    (ban,) = bans(*(asked(f"/admin{number}.php", (403, 404)[number % 2], 0, number % 60) for number in range(300)))

    assert (str(ban.prefix), ban.scope.ports) == ("192.0.2.7", (80, 443))


def test_a_few_requests_that_no_visitor_makes_are_enough() -> None:
    """The hundreds are for those whose requests could be anybody's."""
    (ban,) = bans(*(asked(path, 404) for path in ("/.env", "/.git/config", "/.ssh/id_rsa", "/wp-config.php.bak")))

    assert ban.policy == "web-probe"
