"""A partner's details, its agreement, and publishing by hand, in the pages."""

import re
from datetime import datetime
from email import message_from_bytes

import pytest
from pages_room import Browser, Room
from sqlmodel import Session

from campaign.models import audit
from campaign.models.partners import Partner
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.plan.gather import Source
from campaign.review import holding, planning

pytestmark = pytest.mark.thorough
GOOD = {"name": "Oak School", "x_line": "Oak's own line", "contact": "send@oak.example"}


def send(browser: Browser, do: str = "save", key: str = "oak", **fields: str) -> tuple[int, str]:
    version = browser.version(f"/details?partner={key}")
    found = browser.send("/details", partner=key, do=do, **{**GOOD, "version": version, **fields})
    return found.status_code, found.text


def test_a_form_that_was_opened_before_another_change_undoes_nothing(room: Room) -> None:
    olga = room.browser("olga")
    old = olga.version("/details")
    assert send(olga, contact="new@oak.example")[0] == 303
    code, text = send(olga, x_line="A line of an older page", version=old)
    assert (code, "Somebody changed these details" in text) == (409, True)
    kept = room.office.partner().details
    assert kept == {**kept, "contact": "new@oak.example", "x_line": GOOD["x_line"]}


def test_details_are_fields_of_the_templates_shown_as_posts_before_they_are_saved(room: Room) -> None:
    browser = room.browser("olga")
    page = browser.get("/details").text
    assert 'name="x_line"' in page
    assert 'name="quote_role"' in page
    code, text = send(browser, "preview", x_line="A line <b> to try")
    assert code == 200
    assert re.search(r"of 280 characters", text)
    assert "A line &lt;b&gt; to try" in text
    assert room.office.partner().details == {}, "a preview stores nothing"
    assert send(browser)[0] == 303
    assert room.office.partner().details == {"x_line": "Oak's own line", "contact": "send@oak.example"}
    assert room.office.partner().name == "Oak School"


def test_what_the_campaign_team_keeps_is_text_and_no_input(room: Room) -> None:
    with room.office.database.write() as session:
        session.get_one(Partner, room.office.partner().ident).region = "London"
    browser = room.browser("olga")
    text = browser.get("/details").text
    assert ">London</dd>" in text
    assert "Kept by the campaign team. Ask them" in text
    assert 'name="region"' not in text
    assert send(browser, region="Atlantis")[0] == 303
    assert (room.office.partner().region, "region" in room.office.partner().details) == ("London", False)
    assert (
        f'href="/admin/partners/{room.office.partner().id}">Change it'
        in room.browser("adam").get("/details?partner=oak").text
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"contact": "no address"}, "Contact is no email address"),
        ({"local_link": "oak.example"}, "Local link is no web address"),
        ({"own_words": "x" * 2000}, "Shorten it by"),
        ({"contact_email": "nobody"}, "is no mail address"),
        ({"quote": "Well said", "quote_name": ""}, "Quote lacks name and role"),
        ({"name": ""}, "Enter the name of your organisation"),
    ],
)
def test_a_detail_that_is_wrong_is_named_beside_its_field(room: Room, fields: dict[str, str], said: str) -> None:
    code, text = send(room.browser("olga"), **fields)
    assert code == 422
    assert "<title>Error: " in text
    assert said in text
    assert room.office.partner().details == {}


def test_details_are_planned_while_others_write_and_again_after_what_they_decided(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, tries = planning.plan_ahead, list[bool]()

    def meanwhile(session: Session, source: Source, now: datetime) -> planning.Ahead:
        ahead = planned(session, source, now)
        with room.office.desk("adam") as desk:  # it would wait for a transaction that writes
            audit.record(desk.session, who="adam", action="hold", subject="post:9", at=desk.now)
            tries.append(ahead.stands(desk.session))
        return ahead

    monkeypatch.setattr(planning, "plan_ahead", meanwhile)
    assert send(room.browser("olga"))[0] == 303
    assert tries == [False, False], "planned again, and at last while others wait"
    assert room.office.partner().details["x_line"] == "Oak's own line"


def test_what_a_post_lacks_is_said_beside_the_form(room: Room) -> None:
    text = room.browser("olga").get("/details").text
    assert re.search(r'<strong>X:</strong> <a [^>]*href="#x_line">X line is missing\. One line of your own for X', text)


def test_details_are_shown_with_any_toolkits_templates(room: Room) -> None:
    """The example is the first post of the timetable, whatever its template is called."""
    wanted = room.app.settings.campaign
    for file in wanted.templates.glob("post-1*.md"):
        file.rename(file.with_name(file.name.replace("post-1", "our-first")))
    wanted.timetable.write_text(wanted.timetable.read_text("utf-8").replace('"post-1"', '"our-first"'), "utf-8")
    code, text = send(room.browser("olga"), "preview")
    assert (code, "X preview" in text) == (200, True)


def test_an_officer_has_one_partner_and_an_admin_chooses(room: Room) -> None:
    assert room.browser("olga").get("/details?partner=elm").status_code == 404
    assert send(room.browser("olga"), key="elm")[0] == 404
    assert "Which partner?" in room.browser("adam").get("/details").text
    assert send(room.browser("adam"), key="elm")[0] == 303
    assert room.office.partner("elm").details["x_line"] == "Oak's own line"


def test_a_yes_taken_back_stops_what_is_approved_and_given_again_brings_drafts_in(room: Room) -> None:
    post, browser = room.office.post("oak", status=Status.APPROVED), room.browser("olga")
    assert browser.send("/details/revoke", page="/details", partner="oak").status_code == 303
    assert room.office.seen(post).status == Status.IN_REVIEW
    draft = room.office.post("oak", status=Status.DRAFT)
    assert 'href="/details/agreement"' in browser.get("/details").text
    page = browser.get("/details/agreement").text
    assert "Nothing goes out in your name before you agree" in page
    assert f"/posts/{draft}" in page
    assert browser.send("/details/agree", page="/details", partner="oak").status_code == 303
    assert room.office.seen(draft).status == Status.IN_REVIEW
    assert browser.send("/details/agree", page="/details", partner="elm").status_code == 404


def test_the_details_have_no_other_form_that_could_lose_what_was_typed(room: Room) -> None:
    room.browser("olga").send("/details/revoke", partner="oak")
    text = room.browser("olga").get("/details").text
    assert [found for found in re.findall(r'<form method="post" action="([^"]*)"', text) if found != "/sign-out"] == [
        "/details"
    ]


def test_one_post_is_agreed_to_alone(room: Room) -> None:
    browser = room.browser("olga")
    browser.send("/details/revoke", page="/details", partner="oak")
    posts = [room.office.post("oak", status=Status.DRAFT) for _ in range(2)]
    page = f"/posts/{posts[0]}"
    assert "Agree to this post" in browser.get(page).text
    assert browser.send(f"{page}/agree", page=page).status_code == 303
    assert [room.office.seen(post).status for post in posts] == [Status.IN_REVIEW, Status.DRAFT]


def by_hand(room: Room, words: str = "Copy <me>") -> int:
    post = room.office.post("oak", status=Status.BY_HAND)
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "words": words}
    return post


def test_a_post_by_hand_is_ready_to_copy_and_counts_when_its_address_is_there(room: Room) -> None:
    post, browser = by_hand(room), room.browser("olga")
    page = f"/posts/{post}/hand"
    assert page in browser.get(f"/posts/{post}").text
    text = browser.get(page).text
    assert "Copy &lt;me&gt;</textarea>" in text
    assert 'href="https://x.com/intent/' in text
    handle = browser.send(page, page=page, url="https://x.com/i/status/1234567890123456789")
    assert handle.status_code == 303
    seen = room.office.seen(post)
    assert (seen.status, seen.url) == ("published", "https://x.com/i/status/1234567890123456789")
    assert room.office.moves(post)[-1] == ("olga", "done")
    assert browser.get(page).status_code == 409, "it is out"


@pytest.mark.parametrize("scope", ["everything", "channel:x", "partner:oak", "post:{post}"])
def test_whoever_publishes_by_hand_is_told_of_a_hold_wherever_they_look(room: Room, scope: str) -> None:
    post, browser = by_hand(room), room.browser("olga")
    with room.office.desk("rita") as desk:
        holding.hold(desk.session, desk.person, scope.format(post=post), "The minister resigned.", desk.now)
    page, said = f"/posts/{post}/hand", "On hold: The minister resigned. Do not publish it yet."
    for path in (f"/posts/{post}", page):
        assert said in browser.get(path).text, path
    text = browser.get(page).text
    assert "Copy &lt;me&gt;" not in text, "which would be published"
    assert "intent" not in text
    assert re.search(r"By hand\s*</strong>\s*<strong[^>]*>\s*On hold", browser.get("/posts?status=by_hand").text)
    url = "https://x.com/i/status/1234567890123456789"
    assert browser.send(page, page=page, url=url).status_code == 303, "where it is out already"
    assert room.office.seen(post).status == "published"


def test_an_address_that_is_no_posts_is_recorded_only_on_a_second_word(room: Room) -> None:
    post, browser = by_hand(room), room.browser("olga")
    page, url = f"/posts/{post}/hand", "https://example.com/x"
    found = browser.send(page, page=page, url=url)
    assert found.status_code == 422
    assert "Check the address" in found.text
    assert room.office.seen(post).status == Status.BY_HAND
    assert browser.send(page, page=page, url=url, sure="yes").status_code == 303
    assert (room.office.seen(post).status, room.office.seen(post).url) == ("published", url)


@pytest.mark.parametrize("url", ["", "x", "javascript:alert(1)", "https://"])
def test_what_is_no_address_is_not_recorded(room: Room, url: str) -> None:
    post, browser = by_hand(room), room.browser("olga")
    page = f"/posts/{post}/hand"
    assert browser.send(page, page=page, url=url).status_code == 422
    assert room.office.seen(post).status == Status.BY_HAND


def test_a_newsletter_is_an_article_to_paste(room: Room) -> None:
    room.office.join("ash", channel="email")
    post = room.office.post("ash")
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "subject": "News", "words": "# News\n\nFrom **us**.", "audience": "a"}
    browser = room.browser("rita")
    text = browser.get(f"/posts/{post}/article").text
    assert "&lt;strong&gt;us&lt;/strong&gt;" in text
    assert "Unsubscribe" not in text
    found = browser.get(f"/posts/{post}/article.eml")
    mail = message_from_bytes(found.content)
    assert (mail["Subject"], mail["X-Unsent"]) == ("News", "1")
    assert f'filename="newsletter-{post}.eml"' in found.headers["Content-Disposition"]
    assert browser.get(f"/posts/{room.office.post('oak')}/article").status_code == 404


def test_a_newsletter_to_publish_by_hand_shows_its_subject_and_no_marks(room: Room) -> None:
    room.office.join("elder", channel="email", mode="by-hand")
    post = room.office.post("elder", status=Status.BY_HAND)
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        words = {"subject": "News for ⟦name|you⟧", "words": "Dear ⟦name|reader⟧", "audience": "a"}
        row.draft = {**row.draft, **words}
        session.add(row)
    text = room.browser("rita").get(f"/posts/{post}/hand").text
    assert re.search(r'<textarea[^>]*id="subject"[^>]*>News for you<', text)
    assert 'data-copy="subject"' in text
    assert "Dear reader" in text
    assert "⟦" not in text
    assert "%E2%9F%A6" not in text
