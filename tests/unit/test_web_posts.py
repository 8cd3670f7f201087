"""The dashboard, the list and the post page: what they show, and decisions bound to what was seen."""

import re
from datetime import timedelta

import pytest
from pages_room import Browser, Room

from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.review import holding
from campaign.web.queue import SIZE

DAY = timedelta(days=1)
ROW = re.compile(r'class="govuk-link app-post__title" href="/posts/(\d+)"')

pytestmark = pytest.mark.thorough


def rows(browser: Browser, path: str) -> list[int]:
    return [int(found) for found in ROW.findall(browser.get(path).text)]


def decide(room: Room, name: str, post: int, seen: str | None = None, **fields: str) -> int:
    page = f"/posts/{post}"
    browser = room.browser(name)
    shown = re.search(r'name="seen" value="(\w+)"', browser.get(page).text)
    digest = seen or (shown[1] if shown else "0" * 64)
    return browser.send(f"{page}/decision", page=page, seen=digest, **fields).status_code


def test_what_was_seen_is_approved(room: Room) -> None:
    post = room.office.post("oak")
    assert decide(room, "rita", post, decision="approve") == 303
    assert room.office.seen(post).status == Status.APPROVED
    assert room.office.moves(post)[-1] == ("rita", "approve")


def test_a_post_outside_the_timetable_is_called_by_its_first_words(room: Room) -> None:
    post = room.office.post("oak", changes={"slot": "single"})
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "words": "Come to our open evening " + "and bring a friend " * 9}
    text = room.browser("olga").get(f"/posts/{post}").text
    assert "Come to our open evening and bring a friend" in text
    assert "<h1" in text
    assert "Single" not in text


def test_nobody_is_told_that_a_post_goes_out_which_a_person_publishes(room: Room) -> None:
    room.office.join("yew", mode="by-hand")
    post = room.office.post("yew")
    assert "a person publishes the post when it is due" in room.browser("rita").get(f"/posts/{post}").text
    browser = room.browser("rita")
    seen = re.search(r'name="seen" value="(\w+)"', browser.get(f"/posts/{post}").text)
    assert seen
    assert browser.send(f"/posts/{post}/decision", seen=seen[1], decision="approve").status_code == 303
    assert "Its organisation publishes it by hand at its time." in browser.get(f"/posts/{post}").text


def test_a_hold_on_everything_is_said_above_the_list(room: Room) -> None:
    with room.office.desk("rita") as desk:
        holding.hold(desk.session, desk.person, "everything", "wait", desk.now)
    text = room.browser("olga").get("/posts").text
    assert "<strong>Everything is on hold</strong>" in text
    assert "See what a release will do" not in text, "which an officer may not see"


@pytest.mark.parametrize("decision", ["approve", "return", "reject"])
def test_a_post_that_changed_meanwhile_is_not_decided_and_is_shown_anew(room: Room, decision: str) -> None:
    post = room.office.post("oak")
    browser, page = room.browser("rita"), f"/posts/{post}"
    old = re.search(r'name="seen" value="(\w+)"', browser.get(page).text)
    assert old
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "words": "Other words"}
        session.add(row)
    given = {"decision": decision, "comment": "A wrong number", "reason": "A wrong number"}
    found = browser.send(f"{page}/decision", page=page, seen=old[1], **given)
    assert found.status_code == 409
    assert "This post changed since you opened it" in found.text
    assert room.office.seen(post).status == Status.IN_REVIEW
    assert "Other words" in found.text
    assert room.office.seen(post).status == Status.IN_REVIEW
    new = re.search(r'name="seen" value="(\w+)"', found.text)
    assert new
    assert browser.send(f"{page}/decision", page=page, seen=new[1], decision="approve").status_code == 303


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose what you decide"),
        ({"decision": "publish"}, "Choose what you decide"),
        ({"decision": "return"}, "Enter what needs to change"),
        ({"decision": "return", "comment": "  "}, "Enter what needs to change"),
        ({"decision": "reject"}, "Enter why it is not to go out"),
        ({"decision": "return", "comment": "x" * 501}, "Keep it to 500 characters"),
    ],
)
def test_a_form_that_lacks_something_says_what(room: Room, fields: dict[str, str], said: str) -> None:
    post = room.office.post("oak")
    page = f"/posts/{post}"
    found = room.browser("rita").send(f"{page}/decision", page=page, seen="0" * 64, **fields)
    assert found.status_code == 422
    assert "<title>Error: " in found.text
    assert found.text.count(said) == 2, "in the summary and beside the field"
    assert room.office.seen(post).status == Status.IN_REVIEW


@pytest.mark.parametrize("length", [0, 8, 32, 63])
def test_a_form_that_names_a_part_of_the_hash_decides_nothing(room: Room, length: int) -> None:
    post = room.office.post("oak")
    page, seen = f"/posts/{post}", room.office.seen(post).content_hash[:length]
    found = room.browser("rita").send(f"{page}/decision", page=page, seen=seen, decision="approve")
    assert found.status_code == 422
    assert "it does not say which words you saw" in found.text
    assert room.office.seen(post).status == Status.IN_REVIEW


def test_a_returned_post_tells_its_officer_and_stands_first_in_the_dashboard(room: Room) -> None:
    post = room.office.post("oak")
    assert decide(room, "rita", post, decision="return", comment="Say <where> it is") == 303
    text = room.browser("olga").get("/").text
    assert "Say &lt;where&gt; it is" in text
    assert "Needs changes" in text
    assert room.office.moves(post)[-1] == ("rita", "return")


def test_who_queued_a_post_is_told_why_they_may_not_approve_it(room: Room) -> None:
    post = room.office.post("oak", changes={"queued_by": "rita"})
    text = room.browser("rita").get(f"/posts/{post}").text
    assert "you queued or edited it" in text
    assert 'value="approve"' not in text
    assert decide(room, "rita", post, decision="approve") == 403
    assert room.office.seen(post).status == Status.IN_REVIEW


def test_a_withdrawal_needs_a_reason_and_is_kept(room: Room) -> None:
    post = room.office.post("oak")
    page, browser = f"/posts/{post}", room.browser("olga")
    assert browser.send(f"{page}/withdraw", page=page).status_code == 422
    assert browser.send(f"{page}/withdraw", page=page, why="Wrong day").status_code == 303
    assert "Wrong day" in browser.get(page).text
    assert room.office.seen(post).status == Status.WITHDRAWN
    again = browser.send(f"{page}/withdraw", page=page, why="Again")
    assert again.status_code == 409


def test_a_notice_is_shown_once(room: Room) -> None:
    post = room.office.post("oak")
    page, browser = f"/posts/{post}", room.browser("olga")
    browser.send(f"{page}/withdraw", page=page, why="Wrong day")
    assert "Withdrawn. It will not go out." in browser.get(page).text
    assert "Withdrawn. It will not go out." not in browser.get(page).text


def test_the_list_shows_each_post_once_page_by_page(room: Room) -> None:
    posts = [room.office.post("oak", after=timedelta(minutes=30 + number // 3)) for number in range(2 * SIZE + 5)]
    browser, seen, path = room.browser("rita"), [], "/posts"
    later = re.compile(r'href="(/posts\?[^"]*after=[^"]*)"')
    for _ in range(3):
        text = browser.get(path).text
        seen.append([int(found) for found in ROW.findall(text)])
        step = later.search(text)
        path = step[1].replace("&amp;", "&") if step else path
    assert [len(page) for page in seen] == [SIZE, SIZE, 5]
    assert [*seen[0], *seen[1], *seen[2]] == posts
    back = re.search(r'href="(/posts\?[^"]*before=[^"]*)"', browser.get(path).text)
    assert back
    assert rows(browser, back[1].replace("&amp;", "&")) == seen[1]


def test_filters_narrow_the_list(room: Room) -> None:
    approved = room.office.post("oak", status=Status.APPROVED)
    waiting = room.office.post("elm", after=DAY)
    past = room.office.post("oak", status=Status.MISSED, after=-2 * DAY)
    browser = room.browser("rita")
    assert rows(browser, "/posts") == [approved, waiting]
    assert rows(browser, "/posts?status=in_review") == [waiting]
    assert rows(browser, "/posts?status=missed&status=approved") == [past, approved]
    assert rows(browser, "/posts?partner=elm") == [waiting]
    assert rows(browser, "/posts?from=3/12/2025") == [waiting]
    assert rows(browser, "/posts?channel=email") == []


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=2025-12-02T10:00:00~1",
        "after=~",
        "before=9~9",
        "from=31/31/2025",
        "status=none",
        "after=2025-01-01T00:00:00%2B00:00~99999999999999999999",
    ],
)
def test_an_address_that_was_tampered_with_is_no_fault_of_ours(room: Room, query: str) -> None:
    room.office.post("oak")
    assert room.browser("rita").get(f"/posts?{query}").status_code == 200


def test_a_day_that_is_none_is_said(room: Room) -> None:
    text = room.browser("rita").get("/posts?from=31/31/2025").text
    assert "Enter the day as day, month and year" in text


def test_a_hold_shows_on_what_it_keeps_back(room: Room) -> None:
    post = room.office.post("oak", status=Status.APPROVED)
    with room.office.desk("rita") as desk:
        holding.hold(desk.session, desk.person, "everything", "An <incident>", desk.now)
    browser = room.browser("olga")
    assert "On hold: An &lt;incident&gt;" in browser.get(f"/posts/{post}").text
    assert "Everything is on hold" in browser.get("/").text


@pytest.mark.parametrize("ident", ["0", "999", "x", "1e3", "٣", "9" * 30, "-1"])
def test_a_number_that_is_no_post_is_not_found(room: Room, ident: str) -> None:
    found = room.browser("rita").get(f"/posts/{ident}")
    assert found.status_code == 404
    assert "Page not found" in found.text


def test_the_words_of_a_partner_are_words_and_never_markup(room: Room) -> None:
    nasty = "<script>alert(1)</script><img src=x onerror=alert(1)>'\"{{ 7*77777 }}"
    post = room.office.post("oak", changes={"slot": nasty, "comment": nasty, "needs_person": nasty})
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "words": nasty}
        session.add(row)
    for path in ("/", "/posts", f"/posts/{post}"):
        text = room.browser("rita").get(path).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "544439" not in text


def test_a_last_day_bounds_the_list(room: Room) -> None:
    posts = [room.office.post("oak", after=timedelta(days=number)) for number in range(3)]
    text = room.browser("rita").get("/posts?from=2/12/2025&to=3/12/2025").text
    assert [f'href="/posts/{post}"' in text for post in posts] == [True, True, False]
    assert "Enter the day" in room.browser("rita").get("/posts?to=31/31/2025").text
    assert room.browser("rita").get("/posts?to=31/12/9999").status_code == 200


def test_a_template_is_called_alike_everywhere(room: Room) -> None:
    post = room.office.post("oak", changes={"template": "post-2", "slot": "your voice matters"})
    browser = room.browser("rita")
    for path in (f"/posts/{post}", "/review", f"/posts/new?account={room.office.accounts['oak']}", "/engagement"):
        text = browser.get(path).text
        assert "Your voice matters" in text, path
        assert "Template post 2" not in text, path
        assert ">post-2<" not in text, path


def test_an_empty_list_without_a_filter_speaks_of_none(room: Room) -> None:
    browser = room.browser("rita")
    assert "No posts are still to come." in browser.get("/posts").text
    assert "Clear the filters</a> to see" not in browser.get("/posts").text
    assert "Clear the filters</a> to see" in browser.get("/posts?channel=x").text


def test_an_example_of_a_day_is_never_past(room: Room) -> None:
    post = room.office.post("oak")
    for days, said in ((0, "16/12/2025"), (60, "14/2/2026")):
        room.office.clock.move(timedelta(days=days))
        for path in ("/posts", f"/posts/{post}"):
            assert f"For example, {said}" in room.browser("rita").get(path).text
