"""The pages of engagement: what they show and to whom, sorted and filtered, and the files that they give."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import add_account, add_post
from conftest import MovedClock
from measured import measure
from pages_room import Room, opened_room

from campaign.models import readings
from campaign.models.partners import Partner
from campaign.models.posts import Post
from campaign.models.snapshots import Snapshot
from campaign.models.status import Status

pytestmark = pytest.mark.thorough
DAY = timedelta(days=1)
HREF = re.compile(r'<a class="govuk-link govuk-pagination__link" href="([^"]+)" rel="(next|prev)">')
ROW = re.compile(r'href="/engagement/posts/(\d+)"')


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Room, dict[str, int]]]:
    with opened_room(tmp_path_factory.mktemp("engagement"), MovedClock()) as room:
        yield room, measure(room)


@pytest.fixture
def room(measured: tuple[Room, dict[str, int]]) -> Room:
    return measured[0]


def rows(room: Room, path: str, name: str = "rita") -> list[dict[str, str]]:
    found = room.browser(name).get(path)
    assert found.headers["content-type"].startswith("text/csv")
    assert found.headers["content-disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(found.text)))


def test_the_log_is_walked_by_its_links_and_its_file_has_every_reading(room: Room) -> None:
    browser, path, pages = room.browser("rita"), "/engagement/log?sort=impressions", 0
    seen = list[str]()
    while path:
        text = browser.get(path).text
        seen += ROW.findall(text)
        onward = {kind: address.replace("&amp;", "&") for address, kind in HREF.findall(text)}
        assert ("prev" in onward) == (pages > 0)
        path, pages = onward.get("next", ""), pages + 1
    whole = rows(room, "/engagement/log.csv")
    assert pages > 3
    assert len(seen) == len([row for row in whole if row["impressions"]])
    assert any(row["gap"] == "the platform did not answer" for row in whole)


def test_the_filter_narrows_pages_and_files_alike(room: Room) -> None:
    asked = "partner=oak&channel=linkedin&template=post-2&from=20/11/2025&to=21/11/2025"
    found = rows(room, f"/engagement/log.csv?{asked}")
    assert len(found) == 2
    assert {row["taken_at"][:10] for row in found} == {"2025-11-20", "2025-11-21"}
    text = room.browser("rita").get(f"/engagement/log?{asked}").text
    assert len(ROW.findall(text)) == 2
    assert (
        f"/engagement/log.csv?{asked}".replace("&", "&amp;").replace("/2025", "%2F2025").replace("/11", "%2F11") in text
    )


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/engagement/log.csv", "oak"),
        ("/engagement/log.csv?partner=elm", "oak"),
        ("/engagement/by/partner/totals.csv", "oak"),
    ],
)
def test_an_officer_gets_their_own_partners_figures_alone(room: Room, path: str, ours: str) -> None:
    assert {row["partner"] for row in rows(room, path, "olga")} == {ours}
    assert {row["partner"] for row in rows(room, path)} - {ours}, "there is another to hide"


def test_an_officer_does_not_see_another_partners_name(room: Room) -> None:
    for path in ("/engagement", "/engagement/log?partner=elm", "/engagement/by/partner", "/engagement/newsletters"):
        assert "Elm Valley" not in room.browser("olga").get(path).text
        assert "Elm Valley" in room.browser("rita").get("/engagement/log").text


def test_what_the_address_says_wrongly_is_said_or_left_out(room: Room) -> None:
    text = room.browser("rita").get("/engagement?from=31/31/2025&figure=nothing&channel=%00").text
    assert "Enter the day as day, month and year" in text
    assert 'aria-current="true">Impressions' in text
    for path in (
        "/engagement/log?sort=password&after=x~y&before=9999999999999999999~1",
        "/engagement/log?sort=impressions&after=99999999999999999999~1",
        "/engagement?to=31/12/9999",
        "/engagement/newsletters?before=x",
    ):
        assert room.browser("rita").get(path).status_code == 200
    assert room.browser("rita").get("/engagement/by/password").status_code == 404


def test_a_chart_has_its_table_and_its_file_and_the_gap_stays_one(room: Room) -> None:
    text = room.browser("rita").get("/engagement").text
    assert text.count("<polyline") == 2 * 4, "X is broken in two, and each is drawn for a wide and a narrow screen"
    assert not re.search(r"<[^>]*\sstyle=", text)
    days = rows(room, "/engagement/over-time.csv")
    assert len(days) == 27
    assert [row["day"][-2:] for row in days if not row["x"]] == ["21", "22", "23"]
    assert int(days[-1]["linkedin"]) > int(days[0]["linkedin"])
    assert f"{int(days[-1]['linkedin']):,}" in text


def test_a_figure_that_a_channel_does_not_give_is_no_zero(room: Room) -> None:
    text = room.browser("rita").get("/engagement?figure=clicks").text
    assert text.count("Not given") == 2
    assert (
        "LinkedIn does not give this figure." in room.browser("rita").get("/engagement/by/template?figure=clicks").text
    )


def test_a_post_shows_every_reading_and_every_attempt(measured: tuple[Room, dict[str, int]]) -> None:
    room, posts = measured
    text = room.browser("rita").get(f"/engagement/posts/{posts['measured']}").text
    assert "After 24 hours" in text
    assert "After 15 days" in text
    assert "took it" in text
    assert len(rows(room, f"/engagement/posts/{posts['measured']}/readings.csv")) == 15
    issue = room.browser("olga").get(f"/engagement/posts/{posts['mailed']}").text
    assert "36<tspan" in issue
    assert "Bounced: refused by their mail server" in issue
    assert "not counted" in issue


def test_a_posts_page_keeps_a_figure_that_is_given_no_more_and_says_when_it_was(tmp_path: Path) -> None:
    with opened_room(tmp_path, MovedClock()) as room:
        at = room.office.clock.now()
        with room.office.database.write() as session:
            post = add_post(session, add_account(session, at), at, changes={"status": "published", "published_at": at})
            about = {"post_id": post.ident, "partner_id": post.partner_id, "reading": "2d"}
            for days, given in (
                (2, {"impressions": 1111, "clicks": 55}),
                (5, {"impressions": 2222}),
                (6, {"gap": "no"}),
            ):
                due = at + timedelta(days=days)
                readings.store(
                    session, post, [Snapshot.model_validate({**about, "due_at": due, "taken_at": due, **given})]
                )
        text = room.browser("rita").get(f"/engagement/posts/{post.ident}").text
    cards = re.findall(r'app-figure__name">(\w+)</p><p class="[\w-]+">([\w, ]+)</p>(.*?)</li>', text)
    assert [(name, value) for name, value, _ in cards if value != "Not given"] == [
        ("Impressions", "2,222"),
        ("Clicks", "55"),
    ]
    assert [name for name, _, more in cards if "given last" in more] == ["Clicks"]


def test_the_workbook_has_what_the_file_has(room: Room) -> None:
    found = room.browser("olga").get("/engagement/log.xlsx?channel=x&template=post-1")
    assert found.headers["content-type"].endswith("spreadsheetml.sheet")
    with zipfile.ZipFile(io.BytesIO(found.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") - 1 == len(rows(room, "/engagement/log.csv?channel=x&template=post-1", "olga"))


def test_partners_of_one_name_have_a_bar_each_and_are_told_apart(tmp_path: Path, clock: MovedClock) -> None:
    with opened_room(tmp_path, clock) as room:
        measure(room)
        with room.office.database.write() as session:
            session.execute(sa.update(Partner).values(name="St Mary's"))
        found = rows(room, "/engagement/by/partner/totals.csv")
        text = room.browser("rita").get("/engagement/by/partner").text
    assert {(row["partner"], row["name"]) for row in found} == {("oak", "St Mary's"), ("elm", "St Mary's")}
    assert "St Mary&#x27;s (oak)" in text
    assert "St Mary&#x27;s (elm)" in text


def store(room: Room, days_ago: int, **figures: int) -> None:
    """Store a post that was read so many days ago."""
    at = room.office.clock.now() - days_ago * DAY
    ident = room.office.post("oak", status=Status.PUBLISHED, changes={"published_at": at - DAY})
    with room.office.database.write() as session:
        post = session.get_one(Post, ident)
        facts = {"post_id": ident, "partner_id": post.partner_id, "reading": "24h", "due_at": at, "taken_at": at}
        readings.store(session, post, [Snapshot.model_validate(facts | figures)])


def test_figures_are_said_to_be_of_the_posts_that_have_them(tmp_path: Path, clock: MovedClock) -> None:
    with opened_room(tmp_path, clock) as room:
        store(room, 2, impressions=5, clicks=3)
        store(room, 2, impressions=6)
        browser = room.browser("rita")
        assert "impressions of 2 posts" in browser.get("/engagement").text
        assert "clicks of 1 post" in browser.get("/engagement?figure=clicks").text
        assert "(1 post)" in browser.get("/engagement/by/partner?figure=clicks").text
        [row] = rows(room, "/engagement/by/partner/totals.csv")
    assert (row["posts"], row["impressions_posts"], row["clicks_posts"]) == ("2", "2", "1")


def test_card_chart_and_file_agree_on_what_was_gained_from_a_day_on(tmp_path: Path, clock: MovedClock) -> None:
    with opened_room(tmp_path, clock) as room:
        store(room, 100, impressions=1000)
        store(room, 2, impressions=10)
        since = f"{room.office.clock.now() - 10 * DAY:%d/%m/%Y}"
        text = room.browser("rita").get(f"/engagement?from={since}").text
        assert "impressions gained by 2 posts" in text
        assert "X: 10 at the end" in text
        assert "Impressions gained from Saturday 22 November on" in text
        assert "1,0" not in text
        days = rows(room, f"/engagement/over-time.csv?from={since}")
        assert (len(days), days[0]["day"], days[-1]["x"]) == (9, "2025-11-22", "10")
        [row] = rows(room, f"/engagement/by/template/totals.csv?from={since}")
        assert row["impressions"] == "10"
        everything = room.browser("rita").get("/engagement").text
    assert "X: 1,010 at the end" in everything
    assert "impressions of 2 posts" in everything


def test_a_file_never_begins_a_cell_as_a_formula(tmp_path: Path, clock: MovedClock) -> None:
    with opened_room(tmp_path, clock) as room:
        post = room.office.post("oak", changes={"slot": "=cmd", "template": "+1"})
        with room.office.database.write() as session:
            now = clock.now()
            partner_id = session.get_one(Post, post).partner_id
            facts = {"reading": "1h", "due_at": now, "taken_at": now, "impressions": 1}
            session.add(Snapshot(post_id=post, partner_id=partner_id, **facts))
        [row] = rows(room, "/engagement/log.csv?slot=%3Dcmd")
    assert (row["slot"], row["template"]) == ("'=cmd", "'+1")


def test_a_downloads_folder_is_gone_afterwards(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert room.browser("rita").get("/engagement/log.xlsx?slot=none").status_code == 200
    for _ in range(50):
        if not list(tmp_path.iterdir()):
            break
        room.browser().get("/sign-in")
    assert list(tmp_path.iterdir()) == []
