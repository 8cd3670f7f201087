"""Links of newsletters whose clicks are counted: where they lead, what is counted, and what is never replaced."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import requests
from conftest import MovedClock
from pages_room import Room, opened_room
from sqlalchemy.exc import OperationalError

from campaign.models import clicks
from campaign.models.deliveries import Delivery
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.newsletter.render import links, rendered
from campaign.ports import Draft, Envelope
from campaign.review.content import content_hash, draft_to_json

pytestmark = pytest.mark.thorough
WORDS = """Share your views at [the page](https://www.gov.uk/dfe/SEND-conversation), or <https://gov.uk/views>.

More from us: [our page](https://oak.example.org/send?a=1&b=2), [mail](mailto:a@example.org),
[yours](https://oak.example.org/⟦name⟧), [not the government](https://gov.uk.example.org/), [us](http://oak.example.org).
"""
COUNTED = ["https://oak.example.org/send?a=1&b=2", "https://gov.uk.example.org/", "http://oak.example.org"]
ENVELOPE = Envelope("News <news@oak.example.org>", "Oak School", "https://campaign.example.org", counts_clicks=True)
NOON = datetime(2025, 12, 2, 12, tzinfo=UTC)
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Accept": "text/html,*/*;q=0.8"}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with opened_room(tmp_path_factory.mktemp("links"), MovedClock()) as room:
        room.office.join("ash", channel="email")
        yield room


def issue(
    room: Room, envelope: Envelope = ENVELOPE, status: Status = Status.PUBLISHED, *, approved: bool = True
) -> Post:
    draft = Draft(WORDS, subject="News", preheader="What we heard", audience="readers", envelope=envelope)
    changes = {"draft": draft_to_json(draft), "slot": "newsletter", "occurrence": secrets.token_hex(4)}
    ident = room.office.post("ash", status=status, changes=changes)
    with room.office.database.write() as session:
        post = session.get_one(Post, ident)
        post.approved_hash = post.content_hash if approved else None
        session.add(post)
    return room.office.seen(ident)


def withdrawn(room: Room, post: Post) -> None:
    """Put an issue out of the way: an account sends one at a time."""
    with room.office.database.write() as session:
        found = session.get_one(Post, post.ident)
        found.status = Status.WITHDRAWN
        session.add(found)


def copy_goes_out(room: Room, post: Post) -> None:
    with room.office.database.write() as session:
        copy = {"email": "ann@example.org", "token": secrets.token_hex(8), "status": "sent"}
        session.add(Delivery(post_id=post.ident, next_try_at=NOON, **copy))


def follow(room: Room, path: str, headers: dict[str, str] | None = None) -> requests.Response:
    agent = {"User-Agent": None} if headers is None else headers
    # None takes a header away in requests; its stubs do not know that.
    return requests.get(f"{room.address}{path}", headers=agent, timeout=20, allow_redirects=False)  # type: ignore[arg-type]


def counts(room: Room, post: Post) -> dict[int, tuple[int, int]]:
    with room.office.database.read() as session:
        return clicks.by_link(session, post.ident)


def test_links_that_are_the_governments_or_a_readers_own_are_never_replaced() -> None:
    assert links(WORDS) == COUNTED
    letter = rendered(WORDS, "News", "", "https://campaign.example.org/l/tok")
    for part in (letter.html, letter.plain):
        assert "https://www.gov.uk/dfe/SEND-conversation" in part
        assert "https://gov.uk/views" in part
        for number, address in enumerate(COUNTED):
            assert f"https://campaign.example.org/l/tok/{number}" in part
            assert address not in part
        assert "/l/tok/3" not in part
    assert rendered(WORDS, "News", "").plain.count("/l/") == 0


def test_a_link_leads_where_the_words_say_and_each_click_is_counted_once(room: Room) -> None:
    post = issue(room)
    for number, address in enumerate(COUNTED):
        answer = follow(room, f"/l/{post.token}/{number}", FIREFOX)
        assert (answer.status_code, answer.headers["location"]) == (302, address)
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
    follow(room, f"/l/{post.token}/0", FIREFOX)
    assert counts(room, post) == {0: (2, 0), 1: (1, 0), 2: (1, 0)}
    page = room.browser("rita").get(f"/engagement/posts/{post.id}").text
    assert "Clicks on its links" in page
    assert "https://oak.example.org/send?a=1&amp;b=2" in page


@pytest.mark.parametrize(
    "headers",
    [
        None,
        FIREFOX | {"User-Agent": "Mozilla/5.0 (compatible; Proofpoint URL Defense)"},
        FIREFOX | {"User-Agent": "python-requests/2.34"},
        FIREFOX | {"Sec-Purpose": "prefetch;prerender"},
        FIREFOX | {"Accept": "*/*"},
    ],
)
def test_a_program_that_says_so_is_counted_apart_and_led_on_all_the_same(
    room: Room, headers: dict[str, str] | None
) -> None:
    post = issue(room)
    assert follow(room, f"/l/{post.token}/0", headers).status_code == 302
    assert counts(room, post) == {0: (0, 1)}


def test_what_asks_for_the_head_alone_is_led_on_and_is_no_person(room: Room) -> None:
    post = issue(room)
    address = f"{room.address}/l/{post.token}/0"
    answer = requests.head(address, headers=FIREFOX, timeout=20, allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, COUNTED[0])
    assert counts(room, post) == {0: (0, 1)}


def test_nothing_leads_anywhere_that_an_issues_words_do_not_name(room: Room) -> None:
    post, plain = issue(room), issue(room, replace(ENVELOPE, counts_clicks=False))
    other = room.office.seen(room.office.post("oak", status=Status.PUBLISHED))
    paths = [f"{post.token}/3", f"{post.token}/-1", f"{post.token}/1e1", f"{plain.token}/0", f"{other.token}/0"]
    paths += ["nobody/0", "%00/0", f"{post.token}/0?to=https://evil.example", f"{post.token.upper()}x/0"]
    answers = [follow(room, f"/l/{path}", FIREFOX) for path in paths]
    assert [answer.status_code for answer in answers] == [404] * 7 + [302, 404]
    assert answers[7].headers["location"] == COUNTED[0]
    assert "This link does not work" in answers[0].text


UNSEEN = (Status.DRAFT, Status.IN_REVIEW, Status.REJECTED, Status.WITHDRAWN)
GONE = (Status.PUBLISHING, Status.UNCONFIRMED, Status.PUBLISHED, Status.RETRACTING, Status.RETRACTED)


@pytest.mark.parametrize(
    ("status", "approved"),
    [
        *((status, False) for status in (*UNSEEN, *GONE)),
        *((status, True) for status in (Status.APPROVED, Status.MISSED, Status.FAILED, Status.WITHDRAWN)),
    ],
)
def test_an_issue_that_has_not_begun_or_that_nobody_approved_leads_nowhere(
    room: Room, status: Status, *, approved: bool
) -> None:
    """Else whoever may write a draft would have an address of ours that leads to any of theirs."""
    post = issue(room, status=status, approved=approved)
    answer = follow(room, f"/l/{post.token}/0", FIREFOX)
    withdrawn(room, post)
    assert (answer.status_code, answer.headers.get("location"), counts(room, post)) == (404, None, {})


@pytest.mark.parametrize("status", GONE)
def test_an_issue_that_has_begun_leads_on(room: Room, status: Status) -> None:
    post = issue(room, status=status)
    answer = follow(room, f"/l/{post.token}/0", FIREFOX)
    withdrawn(room, post)
    assert answer.headers.get("location") == COUNTED[0]


@pytest.mark.parametrize("status", [Status.APPROVED, Status.IN_REVIEW, Status.FAILED, Status.MISSED, Status.WITHDRAWN])
def test_who_has_a_copy_is_led_on_whatever_became_of_the_issue(room: Room, status: Status) -> None:
    """Its words are those that were approved: nobody may change them while a copy is out."""
    post = issue(room, status=status, approved=status == Status.APPROVED)
    copy_goes_out(room, post)
    assert follow(room, f"/l/{post.token}/0", FIREFOX).headers.get("location") == COUNTED[0]
    assert counts(room, post) == {0: (1, 0)}


def test_what_was_approved_before_clicks_could_be_counted_stays_approved(room: Room) -> None:
    """The digest was taken with the release before this one, of the same content."""
    post = issue(room, replace(ENVELOPE, counts_clicks=False))
    account = Account(partner_id=1, channel="email", handle="news", external_id="readers")
    message, window = replace(room.app.contents.message(post), html="<p>News</p>"), (NOON, NOON)
    assert content_hash(message, account, *window).startswith("619414f9")
    assert content_hash(replace(message, envelope=ENVELOPE), account, *window)[:8] != "619414f9"


def test_a_count_that_cannot_be_stored_does_not_keep_the_reader(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    post = issue(room)

    def fails(*_given: object, **_named: object) -> None:
        raise OperationalError("", None, Exception("database or disk is full"))

    monkeypatch.setattr(clicks, "count", fails)
    assert follow(room, f"/l/{post.token}/0", FIREFOX).headers["location"] == COUNTED[0]
