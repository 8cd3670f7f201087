"""The weekly report and the outcomes in the pages: shown to whom, imported by whom, beside the figures by day."""

import csv
import io
import re
from collections.abc import Iterator

import pytest
import requests
from conftest import MovedClock
from measured import measure
from pages_room import Browser, Room, opened_room

pytestmark = pytest.mark.thorough
FILE = "day,name,number,source\n20/11/2025,Views <b>,1250,form\n2025-12-02,Views <b>,7,form\n"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with opened_room(tmp_path_factory.mktemp("weekly"), MovedClock()) as room:
        measure(room)
        yield room


def upload(browser: Browser, content: bytes) -> requests.Response:
    return browser.session.post(
        f"{browser.address}/engagement/outcomes",
        data={"form_token": browser.token},
        files={"file": ("outcomes.csv", content, "text/csv")},
        timeout=20,
        allow_redirects=False,
    )


def test_outcomes_stand_beside_the_figures_and_in_the_report(room: Room) -> None:
    admin, reviewer, officer = room.browser("adam"), room.browser("rita"), room.browser("olga")
    assert upload(admin, FILE.encode()).headers["location"] == "/engagement/outcomes"
    assert "2 numbers added" in admin.get("/engagement/outcomes").text
    assert "1,250" in reviewer.get("/engagement").text
    assert "Views &lt;b&gt; (outcome of the day)" in reviewer.get("/engagement").text
    assert "1,250" not in reviewer.get("/engagement/over-time.csv").text, "no figure of a platform"
    assert "Views &lt;b&gt;" in reviewer.get("/engagement/week?of=1/12/2025").text
    assert reviewer.get("/engagement/outcomes.csv").text.splitlines()[1] == '"2025-11-20","Views <b>",1250,"form"'
    for path in ("/engagement", "/engagement/week?of=1/12/2025", "/engagement/week.csv?of=1/12/2025"):
        assert "Views" not in officer.get(path).text, "they are the campaign's, not a partner's"
        assert path == "/engagement" or "Views" not in reviewer.get(f"{path}&partner=oak").text
    assert "Outcomes</h3>" not in reviewer.get("/engagement/week?of=1/12/2025&partner=oak").text


def test_what_waits_in_one_partners_report_leads_to_that_partners_posts(room: Room) -> None:
    room.office.post("oak")
    room.office.post("elm")
    browser = room.browser("rita")
    assert 'href="/posts?status=in_review"' in browser.get("/engagement/week").text
    text = browser.get("/engagement/week?partner=oak").text
    [address] = re.findall(r'href="(/posts\?status=in_review[^"]*)"', text)
    assert address.replace("&amp;", "&") == "/posts?status=in_review&partner=oak"


def test_a_file_of_outcomes_with_a_fault_is_named_by_line(room: Room) -> None:
    admin = room.browser("adam")
    found = upload(admin, b"day,name,number,source\nsoon,Views,1,form\n")
    assert found.status_code == 422
    assert "Line 2, day:" in found.text
    assert upload(admin, b"").status_code == 422


def test_an_officer_reads_the_report_of_their_own_partner(room: Room) -> None:
    whole = room.browser("rita").get("/engagement/week?of=10/11/2025").text
    own = room.browser("olga").get("/engagement/week?of=10/11/2025&partner=elm").text
    assert "Elm Valley Council" in whole
    assert "Elm" not in own.replace("elm", "")
    assert "Oakfield Academy" in own
    rows = list(csv.DictReader(io.StringIO(room.browser("olga").get("/engagement/week.csv?of=10/11/2025").text)))
    assert {row["week"] for row in rows} == {"2025-11-10"}
    assert not [row for row in rows if "Elm" in row["name"]]


@pytest.mark.parametrize("of", ["", "nonsense", "31/12/9999", "1/1/0001"])
def test_a_day_that_cannot_be_is_this_week(room: Room, of: str) -> None:
    assert room.browser("rita").get(f"/engagement/week?of={of}").status_code == 200
