"""What an officer reads: no commands, no words of a machine, and what is theirs to do."""

import re
from datetime import timedelta

import pytest
from builders import add_post
from pages_room import Room
from sqlmodel import select

from campaign import tell
from campaign.models import partners
from campaign.models.notices import Notice
from campaign.models.partners import Account
from campaign.models.posts import Event
from campaign.models.status import Status
from campaign.newsletter.marks import mark
from campaign.notices.kinds import Kind
from campaign.plan.rows import SINGLE
from campaign.review import decisions, holding

pytestmark = pytest.mark.thorough
COMMAND = re.compile(
    r"`|(?<!Schedule )\bcampaign (?:partners|posts|accounts|queue|release|agree|hold|plan|check|settle|retract)\b"
)


def visible(html: str) -> str:
    """The text of a page as a person sees it."""
    return re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<(script|style|title)\b.*?</\1>", " ", html))


def detail(room: Room, key: str = "oak", **details: str) -> None:
    with room.office.database.write() as session:
        found = partners.partner_by_key(session, key)
        assert found is not None
        found.details = details


@pytest.mark.parametrize("line", ["", "x" * 129])
def test_no_page_of_an_officer_names_a_command(room: Room, line: str) -> None:
    detail(room, x_line=line)
    olga, account = room.browser("olga"), room.office.accounts["oak"]
    held = room.office.post("oak", status=Status.APPROVED, changes={"event": "fair"})
    with room.office.desk("rita") as desk:
        reason = "It moved. Mend the timetable, then `campaign queue`; or `campaign release event:fair`"
        holding.hold(desk.session, desk.person, f"post:{held}", reason, desk.now)
    out = room.office.post("oak", status=Status.PUBLISHED, after=-timedelta(days=1))
    pages = [
        *(olga.get(path) for path in ("/", "/posts", "/posts/plan", "/posts/new", "/details", "/details/agreement")),
        *(olga.get(path) for path in (f"/posts/{held}", "/review", "/accounts")),
        olga.send("/posts/new", template="post-1", account=str(account), x_line=line, day="3/12/2025", time="9:30am"),
        olga.send(f"/posts/{out}/withdraw", why="Wrong"),
        olga.send(f"/posts/{held}/release"),
    ]
    found = {page.url: COMMAND.search(visible(page.text)) for page in pages}
    assert {path: match[0] for path, match in found.items() if match} == {}


def test_a_line_that_is_too_long_is_said_beside_its_field(room: Room) -> None:
    olga, account = room.browser("olga"), str(room.office.accounts["oak"])
    page = olga.send("/posts/new", template="post-1", account=account, x_line="x" * 129, day="3/12/2025", time="9am")
    assert page.text.count("X line has 129 characters as X counts them, 56 at most. Shorten it by 73.") == 2
    assert '<a href="#x_line">' in page.text


def test_a_new_officer_is_told_what_to_do_until_it_is_done(room: Room) -> None:
    olga = room.browser("olga")
    olga.send("/details/revoke", partner="oak")
    page = olga.get("/").text
    for words, path in (
        ("Fill in your details", "/details"),
        ("Agree that we publish in your name", "/details/agreement"),
        ("Queue the timetable", "/posts/plan"),
    ):
        assert re.search(rf'href="{path}">{words}</a>', page), words
    assert "Nothing waits for you" not in page
    detail(room, x_line="Ours")
    olga.send("/details/agree", partner="oak")
    with room.office.database.write() as session:
        add_post(session, session.get_one(Account, room.office.accounts["oak"]), room.office.clock.now())
    page = olga.get("/").text
    assert not re.search("Fill in your details|Agree that we|Queue the timetable</a>", page)


def joined(room: Room, *channels: str, **changes: object) -> dict[str, int]:
    """The same post on several channels of oak."""
    posts = {}
    with room.office.database.write() as session:
        first = session.get_one(Account, room.office.accounts["oak"])
        for channel in channels:
            account = Account(
                partner_id=first.partner_id,
                channel=channel,
                mode="by-hand",
                handle=f"Oak {channel}",
                external_id=channel,
            )
            session.add(account)
            session.flush()
            due_at = room.office.clock.now() + timedelta(hours=2)
            one = {"slot": "question", "occurrence": "one", "channel": channel, **changes}
            posts[channel] = add_post(session, account, due_at, status=Status.IN_REVIEW, changes=one).ident
    return posts


def test_a_post_says_its_channel_and_the_others_their_state(room: Room) -> None:
    posts = joined(room, "facebook", "linkedin")
    with room.office.deciding("olga", posts["linkedin"]) as (desk, row):
        decisions.withdraw(desk, row, "Wrong day")
    page = room.browser("rita").get(f"/posts/{posts['facebook']}").text
    assert "Question on Facebook</h1>" in page
    assert "Your decision on the Facebook post</h2>" in page
    others = page.partition("The same on other channels</h2>")[2]
    assert "LinkedIn preview" in others
    assert "Facebook preview" not in others
    assert "Withdrawn" in others
    assert "See this post<" in others
    assert page.index("Your decision on") < page.index("The same on other channels")


def test_the_address_on_the_platform_is_a_link(room: Room) -> None:
    url = "https://x.com/oak/status/1?a=1&b=<2>"
    out = room.office.post("oak", status=Status.PUBLISHED, after=-timedelta(days=1), changes={"url": url})
    page = room.browser("olga").get(f"/posts/{out}").text
    assert '<a class="govuk-link" href="https://x.com/oak/status/1?a=1&amp;b=&lt;2&gt;" rel="noreferrer">' in page
    assert "Take the X post down" in page


RAW = "ConnectionError: ('Connection aborted.', RemoteDisconnected('no response'))"


def happened(room: Room, post: int, **whys: str) -> None:
    with room.office.database.write() as session:
        for move, why in whys.items():
            now, who = room.office.clock.now(), "olga" if move in {"edit", "approve"} else "host:123:abc"
            session.add(Event(post_id=post, at=now, who=who, move=move, from_status="", to_status="", why=why))


def test_what_happened_is_said_in_plain_sentences(room: Room) -> None:
    changes = {"needs_person": f"it could not look it up: {RAW}"}
    post = room.office.post("oak", status=Status.UNCONFIRMED, after=-timedelta(minutes=9), changes=changes)
    digest = "c96ab872c96ab872c96ab872c96ab872"
    late = "later than the grace of 30 minutes; no connection to api.example.org"
    happened(room, post, edit="edited: x_line", approve=f"content {digest}", claim="attempt 1", lose=RAW, expire=late)
    officer, reviewer = (visible(room.browser(name).get(f"/posts/{post}").text) for name in ("olga", "rita"))
    for said in (
        "Nobody can tell whether it is on X. Look at the account, then say what you see.",
        "We sent it and got no clear answer, so it may or may not be there.",
        "It could not go out within 30 minutes of its time.",
        "New: x line.",
    ):
        assert said in officer
        assert said in reviewer
    raw = ("ConnectionError", digest, "attempt 1", "x_line", "api.example.org")
    assert [word for word in raw if word in officer] == []
    assert [word for word in raw if word in reviewer] == ["ConnectionError", digest, "api.example.org"]
    assert "Technical details" in reviewer
    for path in ("/", "/posts?status=unconfirmed", "/settle", f"/settle/{post}"):
        assert "ConnectionError" not in room.browser("olga").get(path).text


def test_a_post_that_is_looked_up_says_so_and_when(room: Room) -> None:
    at = room.office.clock.now() + timedelta(minutes=4)
    changes = {"next_look_at": at}
    post = room.office.post("oak", status=Status.UNCONFIRMED, after=-timedelta(minutes=9), changes=changes)
    page = visible(room.browser("olga").get(f"/posts/{post}").text)
    assert "We sent it and got no clear answer. We are looking on X; nothing is sent again meanwhile." in page
    assert "Next look: Tuesday 2 December, 9:04am." in page
    assert "How it looks" in page


def test_a_mail_about_a_post_outside_the_timetable_names_no_slot(room: Room) -> None:
    room.office.reach("olga", "olga@oak.example")
    post = room.office.post("oak", changes={"slot": SINGLE})
    with room.office.database.write() as session:
        tell.of_post(session, room.office.seen(post), Kind.RETURNED, "asks for a change", room.office.clock.now())
    with room.office.database.read() as session:
        [notice] = session.exec(select(Notice)).all()
    assert "on X, Tuesday 2 December, 11am: asks for a change." in notice.body


def test_a_newsletter_is_seen_as_a_reader_gets_it(room: Room) -> None:
    room.office.join("ash", channel="email")
    envelope = {
        "sender": "SEND team <news@ash.example>",
        "partner": "Ash & Co",
        "public_url": "https://send.example.org",
        "reply_to": "help@ash.example",
        "counts_clicks": False,
    }
    words = f"# News\n\nDear {mark('name|reader')}"
    draft = {"words": words, "subject": "News", "audience": "ash", "media": [], "envelope": envelope}
    post = room.office.post("ash", changes={"draft": draft})
    rita = room.browser("rita")
    html, page = rita.get(f"/posts/{post}/mail").text, rita.get(f"/posts/{post}").text
    assert "on the mailing list of Ash &amp; Co." in html
    assert '<a href="mailto:help@ash.example"' in html
    assert 'href="https://send.example.org/u/example"' in html
    assert "Dear reader" in html
    plain = page.partition("The plain text part</span>")[2]
    for said in ("list of Ash &amp; Co.", "reached at help@ash.example", "https://send.example.org/u/example"):
        assert said in plain
    assert not re.search(r"\[(partner|contact|unsubscribe)\]", plain)
    assert not re.search(r'href="(mailto:)?"', html), "an empty mark"


def test_what_dfe_approves_is_not_said_to_wait_for_an_officer(room: Room) -> None:
    for _ in range(2):
        room.office.post("oak", changes={"template": "post-1"})
    page = room.browser("olga").get("/review").text
    assert "Waiting for DfE</h1>" in page
    assert "2 posts of yours wait for the Department for Education" in page
    assert "wait for you" not in page
    group = room.browser("olga").get("/review/group?template=post-1&version=1&channel=x").text
    assert 'type="checkbox"' not in group
    with room.office.database.write() as session:
        found = partners.partner_by_key(session, "oak")
        assert found is not None
        found.approver = "both"
    page = room.browser("olga").get("/review").text
    assert "Review</h1>" in page
    assert "2 posts wait for you" in page


def test_what_else_can_be_done_has_its_own_heading(room: Room) -> None:
    post = room.office.post("oak", status=Status.APPROVED)
    page = room.browser("olga").get(f"/posts/{post}").text
    assert page.index("Other actions</h2>") < page.index("Change the time") < page.index("Withdraw this post")
