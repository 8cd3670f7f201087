"""New posts and other words: seen before they are sent, to review with every change, nothing outside of the fields."""

import re
from collections.abc import Mapping
from datetime import timedelta
from html import escape

import pytest
from builders import add_post
from pages_room import Browser, Room

from campaign.models import holds, partners
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.status import Status

pytestmark = pytest.mark.thorough
WHEN = {"day": "3/12/2025", "time": "9:30am"}
LINE = "A line of our own <b>"


@pytest.fixture
def room(room: Room) -> Room:
    with room.office.database.write() as session:
        for key in ("oak", "elm"):
            partner = partners.partner_by_key(session, key)
            assert partner is not None
            partner.details = {"x_line": f"The line of {key}"}
    return room


def new(room: Room, browser: Browser, do: str = "send", partner: str = "oak", **fields: str) -> tuple[int, str]:
    account = str(room.office.accounts[partner])
    found = browser.send("/posts/new", template="post-1", account=account, do=do, **{**WHEN, **fields})
    return found.status_code, found.text if found.status_code != 303 else found.headers["location"]


def stored(room: Room, browser: Browser, **fields: str) -> int:
    code, where = new(room, browser, **fields)
    assert code == 303
    return int(where.rpartition("/")[2])


def test_a_new_post_is_previewed_then_sent_for_review(room: Room) -> None:
    browser = room.browser("olga")
    assert "Launch" in browser.get(f"/posts/new?account={room.office.accounts['oak']}").text
    page = browser.get(f"/posts/new?template=post-1&account={room.office.accounts['oak']}").text
    assert "The line of oak" in page
    code, text = new(room, browser, "preview", x_line=LINE)
    assert code == 200
    assert re.search(r"of 280 characters", text)
    assert "A line of our own &lt;b&gt;" in text
    with room.office.database.read() as session:
        assert session.get(Post, 1) is None, "a preview stores nothing"
    post = room.office.seen(stored(room, browser, x_line=LINE))
    assert (post.status, post.queued_by, post.due_at.isoformat()) == ("in_review", "olga", "2025-12-03T09:30:00+00:00")
    assert LINE in post.draft["words"]
    assert post.fields == {"x_line": LINE}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"day": "soon"}, "Enter the day as day, month and year"),
        ({"time": "930"}, "Enter the time, like 9:30am"),
        ({"day": "1/12/2025"}, "Monday 1 December, 9:30am is past"),
        ({"x_line": "x" * 400}, "400 characters as X counts them"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(room: Room, fields: dict[str, str], said: str) -> None:
    code, text = new(room, room.browser("olga"), **fields)
    assert code == 422
    assert text.count(said) >= 2, "in the summary and beside the field"
    assert "<title>Error: " in text


def test_nobody_posts_for_another_partner(room: Room) -> None:
    code, text = new(room, room.browser("olga"), partner="elm")
    assert code == 422
    assert "Choose the account that is to post" in text


def test_an_event_post_is_left_to_the_timetable(room: Room) -> None:
    address = f"/posts/new?template=event&account={room.office.accounts['oak']}"
    assert "This template needs an event of the timetable" in room.browser("olga").get(address).text
    titles = room.browser("olga").get(f"/posts/new?account={room.office.accounts['oak']}").text
    assert 'value="post-1"' in titles
    assert 'value="event"' not in titles


def test_the_account_is_chosen_first_then_one_of_its_templates(room: Room) -> None:
    olga, account = room.browser("olga"), room.office.accounts["oak"]
    first = olga.get("/posts/new").text
    assert "From which template?" not in first
    assert "Error: " not in first
    for address in ("/posts/new?account=", "/posts/new?account=&template=post-1"):
        found = olga.get(address)
        assert (found.status_code, found.text.count("Choose the account that is to post")) == (422, 2)
    second = olga.get(f"/posts/new?account={account}")
    assert (second.status_code, "Error: " in second.text) == (200, False)
    offered = re.findall(r'<option value="([\w-]+)"', second.text)
    assert "post-1" in offered
    for name in offered:
        assert olga.get(f"/posts/new?account={account}&template={name}").status_code == 200, name
    again = olga.get(f"/posts/new?account={account}&template=")
    assert (again.status_code, "Choose a template</a>" in again.text) == (422, True)


def test_who_sees_all_partners_chooses_one_first(room: Room) -> None:
    rita, account = room.browser("rita"), room.office.accounts["elm"]
    first = rita.get("/posts/new").text
    assert re.findall(r'<option value="(\w+)"', first) == ["elm", "oak"]
    nobody = rita.get("/posts/new?partner=nobody")
    assert (nobody.status_code, nobody.text.count("Choose the partner that is to speak")) == (422, 2)
    second = rita.get("/posts/new?partner=elm").text
    assert re.findall(r'<option value="(\w+)"', second) == [str(account)]
    assert 'name="partner" value="elm"' in second
    chosen = rita.get(f"/posts/new?partner=elm&account={account}").text
    assert 'href="/posts/new?partner=elm"' in chosen
    assert 'value="post-1"' in chosen


def test_an_officer_chooses_among_the_own_accounts_whatever_the_address_says(room: Room) -> None:
    olga, mine = room.browser("olga"), str(room.office.accounts["oak"])
    assert re.findall(r'<option value="(\w+)"', olga.get("/posts/new?partner=elm").text) == [mine]
    found = olga.get(f"/posts/new?partner=elm&account={room.office.accounts['elm']}")
    assert (found.status_code, re.findall(r'<option value="(\w+)"', found.text)) == (422, [mine])


def test_a_preview_needs_no_time_and_is_where_one_reads_on(room: Room) -> None:
    olga = room.browser("olga")
    code, text = new(room, olga, "preview", day="", time="", x_line=LINE)
    assert (code, "of 280 characters" in text) == (200, True)
    assert re.search(r"<h2[^>]* autofocus>How it will look</h2>", text)
    code, text = new(room, olga, "preview", day="soon", x_line=LINE)
    assert (code, "of 280 characters" in text) == (422, True)
    assert text.count("Enter the day as day, month and year") == 2
    assert "autofocus" not in text, "the mistakes come first"
    code, text = new(room, olga, "preview", day="", time="", x_line="x" * 57)
    assert (code, "Shorten it by 1." in text, "Enter the day" in text) == (422, True, False)


def test_how_long_a_line_may_be_is_said_beforehand(room: Room) -> None:
    page = room.browser("olga").get(f"/posts/new?account={room.office.accounts['oak']}&template=post-1").text
    assert "At most 56 characters as X counts them." in page


def test_without_the_partners_yes_a_new_post_is_a_draft(room: Room) -> None:
    with room.office.database.write() as session:
        partner = partners.partner_by_key(session, "oak")
        assert partner is not None
        for given in partners.agreements(session, partner.ident):
            given.revoked_at = room.office.clock.now()
    browser = room.browser("olga")
    post = stored(room, browser, x_line=LINE)
    assert room.office.seen(post).status == Status.DRAFT
    text = browser.get(f"/posts/{post}").text
    assert "has not agreed to it yet" in text
    assert "Agree to this post" in text


def edit(browser: Browser, post: int, **fields: str) -> tuple[int, str]:
    page = f"/posts/{post}/edit"
    version = re.search(r'name="version" value="(\d+)"', browser.get(page).text)
    found = browser.send(page, page=page, **{"version": version[1] if version else "1", "do": "save", **fields})
    return found.status_code, found.text


def test_other_words_are_previewed_and_void_an_approval(room: Room) -> None:
    browser = room.browser("olga")
    post = stored(room, browser, x_line=LINE)
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.status, row.approved_hash = Status.APPROVED, row.content_hash
    assert "goes back to review" in browser.get(f"/posts/{post}/edit").text
    code, text = edit(browser, post, do="preview", x_line="Other words")
    assert (code, room.office.seen(post).version) == (200, 1)
    assert "Other words" in text
    assert edit(browser, post, x_line="Other words")[0] == 303
    seen = room.office.seen(post)
    assert (seen.status, seen.version, seen.approved_hash, seen.edited_by) == ("in_review", 2, None, "olga")
    assert "Other words" in seen.draft["words"]


@pytest.mark.parametrize("do", ["preview", "save"])
def test_words_that_are_too_long_come_back_with_what_is_wrong_and_change_nothing(room: Room, do: str) -> None:
    browser = room.browser("olga")
    post = stored(room, browser, x_line=LINE)
    code, text = edit(browser, post, do=do, x_line="x" * 57)
    assert (code, "Shorten it by 1." in text, "x" * 57 in text) == (422, True, True)
    assert (room.office.seen(post).version, room.office.seen(post).fields) == (1, {"x_line": LINE})


def test_words_that_equal_the_details_follow_the_details(room: Room) -> None:
    browser = room.browser("olga")
    post = stored(room, browser, x_line=LINE)
    assert edit(browser, post, x_line="The line of oak")[0] == 303
    assert room.office.seen(post).fields == {}
    assert "The line of oak" in room.office.seen(post).draft["words"]


def test_a_post_shows_the_region_that_the_register_keeps(room: Room) -> None:
    room.office.join("ash", channel="facebook")
    with room.office.database.write() as session:
        session.get_one(Partner, room.office.partner("ash").ident).region = "London"
    browser, account = room.browser("adam"), room.office.accounts["ash"]
    assert 'value="London"' in browser.get(f"/posts/new?template=post-1&account={account}").text
    code, where = new(room, browser, partner="ash", region="London")
    assert (code, room.office.seen(int(where.rpartition("/")[2])).fields) == (303, {}), "it follows the register"


def test_a_post_that_changed_meanwhile_is_not_overwritten(room: Room) -> None:
    browser = room.browser("olga")
    post = stored(room, browser, x_line=LINE)
    assert edit(browser, post, x_line="First")[0] == 303
    code, text = edit(browser, post, version="1", x_line="Second")
    assert code == 409
    assert "This post changed since you opened it" in text
    assert room.office.seen(post).fields == {"x_line": "First"}


def test_what_is_out_can_no_longer_be_changed(room: Room) -> None:
    post = room.office.post("oak", status=Status.PUBLISHED, changes={"template": "post-1"})
    assert room.browser("olga").get(f"/posts/{post}/edit").status_code == 409
    text = room.browser("olga").get(f"/posts/{post}").text
    assert f"/posts/{post}/edit" not in text
    assert f"/posts/{post}/move" not in text


def test_a_post_gets_a_new_time(room: Room) -> None:
    post, browser = room.office.post("oak"), room.browser("olga")
    page = f"/posts/{post}"
    assert browser.send(f"{page}/move", page=page, day="4/12/2025", time="midday").status_code == 303
    assert room.office.seen(post).due_at.isoformat() == "2025-12-04T12:00:00+00:00"
    for fields in ({"day": "1/1/2025", "time": "9am"}, {"day": "x", "time": "9am"}, {"day": "", "time": ""}):
        assert browser.send(f"{page}/move", page=page, **fields).status_code == 422


def test_one_post_is_held_and_released_by_its_officer(room: Room) -> None:
    post, browser = room.office.post("oak", status=Status.APPROVED), room.browser("olga")
    page = f"/posts/{post}"
    assert browser.send(f"{page}/hold", page=page).status_code == 422
    assert browser.send(f"{page}/hold", page=page, hold="A wrong picture").status_code == 303
    with room.office.database.read() as session:
        assert holds.reason(session, f"post:{post}") == "A wrong picture"
    assert "On hold: A wrong picture" in browser.get(page).text
    assert browser.send(f"{page}/release", page=page).status_code == 303
    with room.office.database.read() as session:
        assert holds.reason(session, f"post:{post}") is None


def test_what_a_reviewer_holds_no_officer_lets_go(room: Room) -> None:
    post = room.office.post("oak", status=Status.APPROVED)
    page = f"/posts/{post}"
    assert room.browser("rita").send(f"{page}/hold", page=page, hold="Stop").status_code == 303
    assert room.browser("olga").send(f"{page}/release", page=page).status_code == 403


def on_facebook(room: Room, same: Mapping[str, object]) -> int:
    """Store a post of oak's second account, in the same place of the timetable."""
    with room.office.database.write() as session:
        oak = partners.partner_by_key(session, "oak")
        assert oak is not None
        account = Account(partner_id=oak.ident, channel="facebook", handle="Oak School", external_id="77", mode="api")
        account = partners.add_account(session, account)
        return add_post(session, account, room.office.clock.now() + timedelta(hours=2), changes=same).ident


def test_the_post_page_shows_every_channel_of_its_partner_and_nobody_elses(room: Room) -> None:
    same = {"slot": "launch", "occurrence": "once"}
    post, theirs = room.office.post("oak", changes=same), room.office.post("elm", changes=same)
    other, elsewhen = on_facebook(room, same), room.office.post("oak", changes={**same, "occurrence": "twice"})
    text = room.browser("rita").get(f"/posts/{post}").text
    assert re.findall(r'aria-label="Preview for ([^"]+)"', text) == ["X", "Facebook"]
    for one in (post, other):
        assert escape(room.office.seen(one).draft["words"]) in text
    assert f'href="/posts/{other}"' in text
    for one in (theirs, elsewhen):
        assert f'href="/posts/{one}"' not in text
        assert f"{room.office.seen(one).draft['words']}<" not in text


def test_the_post_page_says_what_check_finds(room: Room) -> None:
    post = room.office.post("oak")
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "words": "x" * 300 + " #SEND https://example.org/a?b=<c>"}
    text = room.browser("rita").get(f"/posts/{post}").text
    assert "<strong>Fix:</strong> The text counts" in text
    assert '<span class="app-link">#SEND</span>' in text
    assert "app-meter--over" in text


def test_a_letter_is_framed_without_scripts_and_with_its_own_policy(room: Room) -> None:
    room.office.join("ash", channel="email")
    post = room.office.post("ash")
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "subject": "News", "words": "# News\n\n<script>alert(1)</script>", "audience": "a"}
    browser = room.browser("rita")
    page, letter = browser.get(f"/posts/{post}"), browser.get(f"/posts/{post}/mail")
    assert f'src="/posts/{post}/mail"' in page.text
    assert 'sandbox=""' in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert letter.headers["Content-Security-Policy"].endswith("sandbox")
    assert "script-src" not in letter.headers["Content-Security-Policy"]
    assert "<script>" not in letter.text
    assert browser.get(f"/posts/{room.office.post('oak')}/mail").status_code == 404
