"""The list of posts is searched and taken away as a file: of what the filter shows, and of one's own partner alone."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from zipfile import ZipFile

import pytest
from conftest import MovedClock
from pages_room import Browser, Room

from campaign.models import searching
from campaign.models.listing import PostFilter
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.review.searching import Search
from campaign.web import queue
from campaign.web.queue import Filter

pytestmark = pytest.mark.thorough
PAST = timedelta(days=-9)
ROW = re.compile(r'class="govuk-link app-post__title" href="/posts/(\d+)"')


def rows(browser: Browser, path: str) -> list[int]:
    return [int(found) for found in ROW.findall(browser.get(path).text)]


def said(room: Room, partner: str, words: str, after: timedelta = PAST) -> int:
    post = room.office.post(partner, after=after, status=Status.PUBLISHED)
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "words": words}
    return post


def test_a_search_finds_what_is_past_too_the_latest_first(room: Room) -> None:
    old, new = said(room, "oak", "Our open evening"), said(room, "elm", "Another open evening", timedelta(hours=1))
    rita = room.browser("rita")
    assert rows(rita, "/posts?search=open+evening") == [new, old]
    text = rita.get("/posts?search=open+evening").text
    assert "Posts that say “open evening”, the latest first." in text
    assert "Another open evening" in text, "what was found is shown"
    assert rows(rita, f"/posts?search={old}") == [old]
    assert rows(rita, "/posts?search=open+evening&partner=oak") == [old]
    assert rows(rita, "/posts?search=open+evening&status=published") == [new, old]
    assert rows(rita, "/posts?search=open+evening&status=published&to=1/12/2025") == [old]


def test_a_search_among_what_went_out_begins_where_that_may_be(clock: MovedClock) -> None:
    asked = Filter("x", "", "", (), ("published", "retracted"), "", None, "")
    search, now = Search(PostFilter(), words=("x",)), clock.now()
    assert asked.begun(search, now).wanted == PostFilter(until=now + timedelta(days=1))
    for other in ({"statuses": ("published", "approved")}, {"statuses": ()}, {"last": now.date()}):
        assert replace(asked, **other).begun(search, now) == search
    assert asked.begun(Search(PostFilter(), named=("Oak",)), now).wanted.until is None


def test_an_officer_finds_own_posts_alone(room: Room) -> None:
    own, other = said(room, "oak", "Our open evening"), said(room, "elm", "Our open evening")
    olga = room.browser("olga")
    assert rows(olga, "/posts?search=evening&partner=elm") == [own]
    assert rows(olga, f"/posts?search={other}") == []
    assert f"/posts/{other}" not in olga.get("/posts?search=elm").text
    for name in ("csv", "xlsx"):
        assert "elm" not in table(room, "olga", f"/posts.{name}?search=evening&partner=elm")


def table(room: Room, name: str, path: str) -> str:
    """Return the texts of a file."""
    answer = room.browser(name).get(path)
    assert answer.status_code == 200, answer.text
    if ".csv" in path:
        return answer.content.decode()
    with ZipFile(io.BytesIO(answer.content)) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


def test_the_name_of_a_partner_is_looked_for_in_words_by_a_link(room: Room) -> None:
    said(room, "elm", "Hello")
    rita = room.browser("rita")
    text = rita.get("/posts?search=elm").text
    assert "Posts of " in text
    way = re.search(r'href="(/posts\?search=elm&amp;within=words)"', text)
    assert way
    assert rows(rita, way[1].replace("&amp;", "&")) == []


def test_a_search_that_stopped_says_so_and_leads_on(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MOST", 2)
    monkeypatch.setattr(searching, "_PIECE", 1)
    for hours in range(1, 4):
        said(room, "oak", "Come", timedelta(hours=-hours))
    rare = said(room, "oak", "A rare word", timedelta(days=-3))
    rita = room.browser("rita")
    text = rita.get("/posts?search=rare").text
    assert "The search stopped after" in text
    assert "No posts match<span data-so-far> so far</span>." in text
    way = re.search(r'href="([^"]+)" data-further>', text)
    assert way
    assert rows(rita, way[1].replace("&amp;", "&")) == [rare]


def test_the_file_holds_what_the_filter_shows_and_no_formula(room: Room) -> None:
    bad = said(room, "oak", "=1+1 is two", timedelta(hours=1))
    said(room, "elm", "Past and gone")
    got = list(csv.DictReader(io.StringIO(table(room, "rita", "/posts.csv?status=published&partner=oak"))))
    assert [row["id"] for row in got] == [str(bad)]
    assert (got[0]["partner"], got[0]["text"], got[0]["status"]) == ("oak", "'=1+1 is two", "published")
    assert [row["id"] for row in csv.DictReader(io.StringIO(table(room, "rita", "/posts.csv")))] == [str(bad)]
    sheet = table(room, "rita", "/posts.xlsx?status=published&partner=oak")
    assert "=1+1 is two" in sheet
    assert "<f>" not in sheet
    link = re.search(r'href="(/posts\.csv[^"]*)"', room.browser("rita").get("/posts?status=published&partner=oak").text)
    assert link
    assert link[1] == "/posts.csv?partner=oak&amp;status=published"


def test_what_no_text_can_be_is_no_search(room: Room) -> None:
    for text in ("%00", "%0A", "+++", "x" * 5000, "99999999999999999999", "%25_%5C"):
        assert room.browser("rita").get(f"/posts?search={text}&partner={text}").status_code == 200
