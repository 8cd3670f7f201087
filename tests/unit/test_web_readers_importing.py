"""Readers from a file in the pages: counted before they are taken, named to nobody, and who has left stays away."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import requests
from pages_room import Browser, Room

from campaign.intake import digest_of, subscribers_of
from campaign.models import audiences, audit, mailing, subscribing
from campaign.models.mailing import Subscriber

pytestmark = pytest.mark.thorough
PAGE = "/admin/lists/import"
HEADER = "email,name,consent_source,consent_at"
FILE = f"{HEADER},borough\nann@example.org,Ann,form,2025-11-20,Camden\nbo@example.org,Bo,form,2025-11-20,\n"


def upload(browser: Browser, text: str, **fields: str) -> requests.Response:
    return browser.upload(PAGE, text, "readers.csv", **fields)


def confirm(browser: Browser, page: str, **changed: str) -> requests.Response:
    return browser.confirm(PAGE, page, do="import", **changed)


def readers(room: Room, key: str) -> dict[str, Subscriber]:
    with room.office.database.read() as session:
        found = mailing.list_by_key(session, key)
        return {one.email: one for one in mailing.subscribers(session, found.ident)} if found else {}


def imported(room: Room, text: str = FILE) -> Browser:
    adam = room.browser("adam")
    assert confirm(adam, upload(adam, text, new="parents").text).headers["location"] == "/admin/lists"
    return adam


def counts(page: str) -> list[str]:
    """New, changed, as before, left before."""
    return re.findall(r'numeric">(\d+)</td>', page)


def test_a_new_list_is_counted_then_made(room: Room) -> None:
    adam = room.browser("adam")
    page = upload(adam, FILE, new="parents").text
    assert "2 readers for the new list “parents”" in page
    assert counts(page) == ["2", "0", "0", "0"]
    assert "@example.org" not in page, "a preview names nobody"
    assert readers(room, "parents") == {}
    assert confirm(adam, page, told="0" * 64).status_code == 409
    assert confirm(adam, page).headers["location"] == "/admin/lists"
    assert "2 readers added, 0 changed, 0 as before." in adam.get("/admin/lists").text
    ann = readers(room, "parents")["ann@example.org"]
    assert (ann.name, ann.details, ann.consent_source) == ("Ann", {"borough": "Camden"}, "form")
    with room.office.database.read() as session:
        (row,) = audit.page(session, audit.AuditFilter("adam", "import list"), 1).rows
    assert (row.subject, row.facts) == ("list:parents", {"added": 2, "changed": 0})


def test_what_becomes_of_known_readers_is_counted_and_who_left_stays_away(room: Room) -> None:
    adam, now = imported(room), room.office.clock.now()
    with room.office.database.write() as session:
        mailing.unsubscribe(session, readers(room, "parents")["ann@example.org"].token, now)
        mailing.suppress(session, "cy@example.org", "hard bounce", now)
    again = f"{HEADER}\nANN@example.org,Ann,form,2025-11-20\nbo@example.org,Bob,form,2025-11-20\n"
    page = upload(adam, f"{again}cy@example.org,Cy,form,2025-11-20\n", list="parents").text
    assert "3 readers for the list “parents”" in page
    assert counts(page) == ["1", "1", "0", "1"]
    assert "1 address of these gets no mail, whatever list they are on." in page
    assert confirm(adam, page).status_code == 303
    found = readers(room, "parents")
    assert found["ann@example.org"].unsubscribed_at == now
    assert found["bo@example.org"].name == "Bob"
    assert set(found) == {"ann@example.org", "bo@example.org", "cy@example.org"}


def test_who_left_since_the_preview_is_counted_anew(room: Room) -> None:
    adam = imported(room)
    page = upload(adam, FILE, list="parents").text
    with room.office.database.write() as session:
        mailing.unsubscribe(session, readers(room, "parents")["ann@example.org"].token, room.office.clock.now())
    found = confirm(adam, page)
    assert found.status_code == 409
    assert counts(found.text) == ["0", "0", "1", "1"]


def broken_off(room: Room, text: str) -> None:
    """Leave the list as an import of this text leaves it that broke off a minute ago."""
    now = room.office.clock.now()
    digest = digest_of(subscribers_of("big.csv", text.encode(), now, ZoneInfo("UTC")))
    with room.office.database.write() as session:
        found = subscribing.list_to_fill(session, "parents")
        subscribing.note_import(session, found.ident, now - timedelta(minutes=1), "big.csv", digest)


def test_the_file_of_an_import_that_broke_off_ends_it_here(room: Room) -> None:
    broken_off(room, FILE)
    adam = room.browser("adam")
    assert "The import of big.csv has not ended" in adam.get("/admin/lists").text
    assert confirm(adam, upload(adam, FILE, list="parents").text).status_code == 303
    assert "has not ended" not in adam.get("/admin/lists").text


def test_another_file_ends_it_only_where_that_one_is_said_to_be_lost(room: Room) -> None:
    broken_off(room, f"{FILE}cy@example.org,Cy,form,2025-11-20,\n")
    adam = room.browser("adam")
    assert 'name="lost"' in adam.get(PAGE).text
    refused = upload(adam, FILE, list="parents")
    assert refused.status_code == 422
    assert "The import of big.csv into the list" in refused.text
    assert readers(room, "parents") == {}
    assert confirm(adam, upload(adam, FILE, list="parents", lost="yes").text).status_code == 303
    assert len(readers(room, "parents")) == 2
    with room.office.database.read() as session:
        (row,) = audit.page(session, audit.AuditFilter("adam", "give up import"), 1).rows
        assert not any(one.importing for one in audiences.counts(session))
    assert (row.subject, row.facts["file"]) == ("list:parents", "big.csv")
    assert 'name="lost"' not in adam.get(PAGE).text


def test_a_file_of_the_same_counts_is_another_file(room: Room) -> None:
    adam = room.browser("adam")
    seen = re.search(r'name="told" value="(\w+)"', upload(adam, FILE, new="parents").text)
    assert seen
    other = upload(adam, FILE.replace("ann@", "eve@"), new="parents").text
    assert confirm(adam, other, told=seen[1]).status_code == 409
    assert readers(room, "parents") == {}


@pytest.mark.parametrize(
    ("fields", "text", "told"),
    [
        ({}, FILE, "No list is named"),
        ({"list": "parents", "new": "staff"}, FILE, "A list is chosen already"),
        ({"new": "Parents"}, FILE, "There is a list of this name"),
        ({"new": "a\x00b"}, FILE, "another control character"),
        ({"list": "none"}, FILE, "No list is named"),
        ({"list": "parents"}, f"{HEADER}\nann,Ann,form,2025-11-20\n", "Line 2, email"),
        ({"list": "parents"}, f"{HEADER}\na@example.org,Ann,,2025-11-20\n", "Line 2, consent_source: it is empty"),
        ({"list": "parents"}, f"{HEADER}\n", "The file has no rows"),
        ({"list": "parents"}, "", "Choose a CSV file"),
    ],
    ids=str,
)
def test_what_is_no_list_or_no_file_of_readers_is_refused(
    room: Room, fields: dict[str, str], text: str, told: str
) -> None:
    found = upload(imported(room), text, **fields)
    assert found.status_code == 422
    assert told in found.text
    assert "<title>Error: " in found.text
    assert len(readers(room, "parents")) == 2


def test_many_faults_are_named_in_part(room: Room) -> None:
    rows = "".join(f"nobody{number},N,form,2025-11-20\n" for number in range(60))
    found = upload(room.browser("adam"), f"{HEADER}\n{rows}", new="parents").text
    assert found.count("is no mail address") == 50
    assert "And 10 more." in found


def test_the_file_to_fill_in_has_the_columns_that_are_needed(room: Room) -> None:
    sheet = room.browser("adam").get(f"{PAGE}/template.csv").content.decode("utf-8-sig").strip()
    assert sheet == "email,consent_source,consent_at,name"
