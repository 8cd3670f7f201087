"""What an officer reads: no commands, no words of a machine, and what is theirs to do."""

import re
from datetime import timedelta

import pytest
from builders import add_post
from pages_room import Room

from campaign.models import partners
from campaign.models.partners import Account
from campaign.models.status import Status
from campaign.review import holding

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
