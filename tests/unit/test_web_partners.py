"""Taking down, accounts with their state, and who takes part."""

import csv
import html
import io
import re
from datetime import timedelta

import pytest
from pages_room import Browser, Room

from campaign.models import partners
from campaign.models.partners import change_account
from campaign.models.status import Status
from campaign.review import taking_down
from campaign.web import accounts

pytestmark = pytest.mark.thorough
OUT = {"slot": "launch"}


def published(room: Room, partner: str, **changes: object) -> int:
    now = room.office.clock.now()
    more = {**OUT, "published_at": now, "external_id": "9", **changes}
    return room.office.post(partner, status=Status.PUBLISHED, after=timedelta(hours=-1), changes=more)


def told(browser: Browser, page: str) -> str:
    found = re.search(r'name="told" value="(\w+)"', browser.get(page).text)
    assert found
    return found[1]


def test_a_published_post_is_taken_down_with_a_reason(room: Room) -> None:
    post, browser = published(room, "oak"), room.browser("olga")
    page = f"/posts/{post}"
    assert browser.send(f"{page}/take-down", page=page).status_code == 422
    assert browser.send(f"{page}/take-down", page=page, remove="A wrong number").status_code == 303
    assert room.office.seen(post).status == Status.RETRACTING
    assert "A wrong number" in browser.get(page).text
    assert browser.send(f"{page}/take-down", page=page, remove="Again").status_code == 409


def test_what_is_not_out_cannot_be_taken_down(room: Room) -> None:
    post = room.office.post("oak")
    assert "/take-down" not in room.browser("olga").get(f"/posts/{post}").text


def test_every_post_of_a_slot_is_taken_down_by_whom_it_concerns(room: Room) -> None:
    oak, elm, other = published(room, "oak"), published(room, "elm"), published(room, "oak", slot="other")
    page = "/take-down?slot=launch"
    assert "1 post is published" in room.browser("olga").get(page).text
    browser = room.browser("rita")
    assert "2 posts are published" in browser.get(page).text
    seen = told(browser, page)
    assert browser.send("/take-down", page=page, slot="launch", told=seen).status_code == 422
    assert browser.send("/take-down", page=page, slot="launch", told=seen, remove="Wrong").status_code == 303
    assert [room.office.seen(post).status for post in (oak, elm, other)] == ["retracting", "retracting", "published"]
    assert "No “Launch” post is published" in browser.get(page).text
    assert "handed over" not in browser.get(page).text
    room.office.post("oak", status=Status.BY_HAND, changes={**OUT, "occurrence": "2"})
    assert "1 post was handed over to be published by hand, and nobody has recorded it" in browser.get(page).text


def test_only_the_posts_that_were_seen_are_taken_down(room: Room) -> None:
    """As many as before, and yet others: one is gone, another one is new."""
    gone, page, browser = published(room, "oak"), "/take-down?slot=launch", room.browser("rita")
    seen = told(browser, page)
    with room.office.deciding("rita", gone) as (desk, row):
        taking_down.take_down(desk, [row], "first")
    new = published(room, "elm")
    found = browser.send("/take-down", page=page, slot="launch", told=seen, remove="Wrong")
    assert found.status_code == 409
    assert "Others are published than you saw" in found.text
    assert room.office.seen(new).status == Status.PUBLISHED


def test_accounts_say_what_stops_them_in_local_time(room: Room) -> None:
    until = room.office.clock.now() + timedelta(hours=3)
    with room.office.database.write() as session:
        change_account(session, room.office.accounts["oak"], {"stopped_why": "too <many>", "stopped_until": until})
        change_account(session, room.office.accounts["elm"], {"stopped_why": "refused"})
    text = room.browser("olga").get("/accounts").text
    assert "It has stopped until Tuesday 2 December, midday: too &lt;many&gt;" in text
    assert "refused" not in text, "another partner's is not hers"
    text = room.browser("adam").get("/accounts").text
    assert "It has stopped: refused. An admin connects it again." in text
    assert "Needs you" in text


def test_accounts_come_page_by_page_and_by_partner(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_SIZE", 2)
    for channel in ("facebook", "linkedin", "email"):
        room.office.join(f"ash-{channel}", channel=channel)
    with room.office.database.read() as session:
        names = dict(partners.names(session))
    browser, path, shown = room.browser("rita"), "/accounts", list[str]()
    while path:
        text = browser.get(path).text
        shown += re.findall(r'app-post__facts">([^<]+)<', text)
        found = re.search(r'href="([^"]+)" rel="next"', text)
        path = html.unescape(found[1]) if found else ""
    assert shown == [name for _, name in sorted(names.items())], "each once, the last page too"
    assert re.findall(r'app-post__facts">([^<]+)<', browser.get("/accounts?partner=oak").text) == [names["oak"]]
    assert "This partner has no accounts." in browser.get("/accounts?partner=nobody").text
    assert names["elm"] not in room.browser("olga").get("/accounts?partner=elm").text


def test_an_officer_whose_partner_is_not_there_sees_nobodys_accounts(room: Room) -> None:
    room.office.hire("gail", "officer", "gone")
    browser = room.browser("gail")
    assert "app-account-row" not in browser.get("/accounts").text
    assert not re.findall(r'<option value="\d+"', browser.get("/posts/new").text)


def test_an_account_that_does_not_open_shows_it(room: Room) -> None:
    with room.office.database.write() as session:
        change_account(session, room.office.accounts["oak"], {"sealed": b"not ours"})
        change_account(session, room.office.accounts["elm"], {"mode": "by-hand"})
    text = room.browser("adam").get("/accounts").text
    assert "Needs you" in text
    assert "By hand" in text
    assert "not ours" not in text


def test_partners_are_counted_step_by_step(room: Room) -> None:
    with room.office.database.write() as session:
        oak, elm = (partners.partner_by_key(session, key) for key in ("oak", "elm"))
        assert oak
        assert elm
        oak.kind, oak.region, oak.details, oak.name = "school", "London", {"x_line": "Ours"}, "=Oak"
        change_account(session, room.office.accounts["oak"], {"mode": "by-hand"})
    published(room, "oak")
    text = room.browser("rita").get("/participation").text
    assert "London" in text
    assert "All done" in text
    assert "Gave details" in text
    found = room.browser("rita").get("/participation.csv")
    rows = {row["partner"]: row for row in csv.DictReader(io.StringIO(found.content.decode("utf-8-sig")))}
    assert rows["oak"]["next step"] == ""
    assert rows["oak"]["published"] == "1"
    assert rows["oak"]["name"] == "'=Oak", "no cell is read as a formula"
    assert rows["elm"]["next step"] == "Give details"
    assert rows["elm"]["Agreed"] == "yes"
