"""Posts from a file in the pages: a preview that stores nothing, and a confirmation that is bound to it."""

import re

import pytest
import requests
from pages_room import Browser, Room

from campaign.models import listing
from campaign.models.listing import PostFilter
from campaign.web.forms import MOST_BYTES

pytestmark = pytest.mark.thorough
PAGE = "/posts/import"
FILE = "channel,template,at,x_line\nx,post-1,03/12/2025 09:30,A line <b>\nx,post-1,04/12/2025 9:30,Another line\n"


def upload(browser: Browser, text: str, name: str = "posts.csv") -> requests.Response:
    return browser.upload(PAGE, text, name)


def confirm(browser: Browser, page: str, **changed: str) -> requests.Response:
    return browser.confirm(PAGE, page, **{"do": "send", **changed})


def count(room: Room) -> int:
    with room.office.database.read() as session:
        return len(listing.posts(session, PostFilter()))


def test_a_file_is_previewed_then_sent_for_review_once(room: Room) -> None:
    browser = room.browser("olga")
    assert "x_line" in browser.get(PAGE).text
    assert browser.get(f"{PAGE}/template.csv").text.splitlines()[0].startswith("partner,channel,account,template,at,")
    page = upload(browser, FILE).text
    assert "Send 2 posts for review" in page
    assert "A line &lt;b&gt;" in page
    assert "Wednesday 3 December, 9:30am" in page
    assert count(room) == 0, "a preview stores nothing"
    room.office.post("oak")
    made = confirm(browser, page).headers["location"]
    listed = browser.get(made).text
    assert "2 posts imported." in listed
    assert len(re.findall(r'app-post__title" href="/posts/\d+"', listed)) == 2, "those, and not what stood there before"
    assert confirm(browser, page).status_code == 303
    assert "there already" in browser.get("/posts").text
    assert count(room) == 3


def test_what_was_not_previewed_is_not_stored(room: Room) -> None:
    browser = room.browser("olga")
    page = upload(browser, FILE).text
    for changed, code in (({"told": "0" * 64}, 409), ({"told": ""}, 409), ({"content": "no base64"}, 422)):
        assert confirm(browser, page, **changed).status_code == code, changed
    assert count(room) == 0


def test_faults_are_named_row_by_row_and_nothing_can_be_sent(room: Room) -> None:
    browser = room.browser("olga")
    page = upload(browser, f"{FILE}x,post-1,soon,L\n").text
    assert "is no day with a time" in page
    assert 'value="send"' not in page
    assert "Mend what is named below" in page
    assert "Line 1, at: the column is missing" in upload(browser, "channel,template\nx,post-1\n").text
    assert upload(browser, "").status_code == 422


def test_a_file_that_is_too_long_is_not_read(room: Room) -> None:
    browser = room.browser("olga")
    assert upload(browser, "x" * 900_000).status_code == 413
    assert "1 values for 4 columns" in upload(browser, FILE + "#" * (MOST_BYTES + 1)).text, "longer than other forms"
