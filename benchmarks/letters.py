"""Making each recipient's copy of an issue, against the standard library's email package doing the same."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

from campaign.newsletter.merge import Copies, Mould, Recipient
from campaign.newsletter.render import rendered
from campaign.ports import Message

WORDS = "\n\n".join(["# A word from us", *["We want to hear **your** views at [our page](https://example.org)."] * 40])
AT = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)


def message() -> Message:
    letter = rendered(WORDS, "News for you", "What we heard")
    return Message("email", letter.plain, subject="News for you", html=letter.html, audience="readers")


def recipients(number: int) -> list[Recipient]:
    return [Recipient(f"r{n}@example.org", f"Reader Ü {n}", f"token-{n}", {}) for n in range(number)]


def ours(whole: Message, people: list[Recipient]) -> int:
    mould = Mould(
        post_id=1,
        salt="salt",
        public_url="https://example.org",
        sender="News <news@example.org>",
        partner="Oak Lane",
        audience="readers",
    )
    copies = Copies(whole, mould)
    return sum(len(copies.copy(person, AT).data) for person in people)


def standard_library(whole: Message, people: list[Recipient]) -> int:
    size = 0
    for person in people:
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"] = "News <news@example.org>", f'"{person.name}" <{person.email}>'
        mail["Subject"] = "News for you"
        mail["List-Unsubscribe"] = f"<https://example.org/u/{person.token}>"
        mail.set_content(whole.text.replace("⟦name⟧", person.name))
        mail.add_alternative((whole.html or "").replace("⟦name⟧", person.name), subtype="html")
        size += len(mail.as_bytes())
    return size


def rate(work: Callable[[Message, list[Recipient]], int], number: int, rounds: int) -> float:
    whole, people = message(), recipients(number)
    best = min(_timed(lambda: work(whole, people)) for _ in range(rounds))
    return number / best


def _timed(work: Callable[[], int]) -> float:
    start = time.perf_counter()
    assert work() > 0
    return time.perf_counter() - start


def measure(*, quick: bool) -> dict[str, object]:
    """Return copies a second of ours and of the standard library."""
    number, rounds = (300, 3) if quick else (2000, 5)
    mine, peer = rate(ours, number, rounds), rate(standard_library, number, rounds)
    return {
        "copies_per_second": round(mine),
        "email_package_copies_per_second": round(peer),
        "ratios": {"copies_vs_email_package": round(mine / peer, 1)},
    }
