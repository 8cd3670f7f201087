"""The calendar for other programs: what its person may see, where each post stands, and who gets in."""

from datetime import timedelta

import pytest
import requests
from icalendar import Calendar
from pages_room import Room
from structlog.testing import capture_logs

from campaign.models import audit
from campaign.models.deliveries import Delivery
from campaign.models.status import Status
from campaign.plan.rows import SINGLE
from campaign.ports import Draft
from campaign.review.content import draft_to_json
from campaign.review.rearranging import reschedule
from campaign.web import calendar_feed

pytestmark = pytest.mark.thorough
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def made(room: Room, name: str) -> str:
    """Make an address on the account page, as a person does; returns its path."""
    text = room.browser(name).send("/account/calendar").text
    return "/calendar/" + text.partition("/calendar/")[2].partition(".ics")[0] + ".ics"


def read(room: Room, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{room.address}{path}", headers=headers, timeout=20)


def entries(room: Room, path: str) -> dict[str, dict[str, str]]:
    """Return every entry of a calendar by the part of its name that is its own, as the file has it."""
    found = Calendar.from_ical(read(room, path).content).walk("VEVENT")
    return {
        str(one["uid"]).partition("@")[0]: {name.lower(): one[name].to_ical().decode() for name in one} for one in found
    }


def test_a_post_stands_in_the_calendar_as_it_stands_in_review(room: Room) -> None:
    waits = room.office.post("oak", after=DAY, changes={"slot": "launch"})
    goes = room.office.post("oak", after=2 * DAY, status=Status.APPROVED)
    gone = room.office.post("oak", after=2 * DAY, status=Status.REJECTED)
    old = room.office.post("oak", after=-31 * DAY, status=Status.PUBLISHED)
    path = made(room, "olga")
    found = entries(room, path)
    first = found[f"post-{waits}"]
    assert (first["dtstart"], first["status"], first["transp"]) == ("20251203T090000Z", "TENTATIVE", "TRANSPARENT")
    assert first["summary"].startswith("X: Launch\\, ")
    assert first["url"].endswith(f"/posts/{waits}")
    assert (found[f"post-{goes}"]["status"], found[f"post-{gone}"]["status"]) == ("CONFIRMED", "CANCELLED")
    assert f"post-{old}" not in found
    assert found["event-early"]["dtstart"].endswith("Z")
    assert "Words " not in read(room, path).text, "the words of a post are nobody's but its readers'"
    room.browser("olga").send(f"/posts/{waits}/withdraw", why="over")
    changed = entries(room, path)[f"post-{waits}"]
    assert changed["status"] == "CANCELLED"
    assert int(changed["sequence"]) == int(first["sequence"]) + 1


def test_a_post_outside_the_timetable_stands_under_its_template_not_its_words(room: Room) -> None:
    draft = draft_to_json(Draft(words="Our head resigns", subject="Farewell"))
    changes: dict[str, object] = {"slot": SINGLE, "template": "post-1", "draft": draft}
    post = room.office.post("oak", after=DAY, changes=changes)
    of_none = room.office.post("oak", after=2 * DAY, changes=changes | {"template": "gone", "occurrence": "b"})
    path = made(room, "olga")
    found = entries(room, path)
    assert found[f"post-{post}"]["summary"].startswith("X: Launch\\, ")
    assert found[f"post-{of_none}"]["summary"].startswith("X: gone\\, ")
    text = read(room, path).text
    assert "resigns" not in text
    assert "Farewell" not in text


def test_what_went_out_in_part_or_is_to_be_taken_down_is_not_called_off(room: Room) -> None:
    room.office.join("ash", channel="email")
    leaving = room.office.post("oak", status=Status.RETRACTING)
    stands = {"published": "CONFIRMED", "failed": "TENTATIVE", "missed": "TENTATIVE", "withdrawn": "CANCELLED"}
    begun = {room.office.post("ash", status=Status(status)): stood for status, stood in stands.items()}
    nobody = room.office.post("ash", status=Status.FAILED)
    with room.office.database.write() as session:
        for post in (*begun, nobody):
            for number, status in enumerate(["bounced" if post == nobody else "sent", "waiting"]):
                copy = {"email": f"r{number}@example.org", "token": f"{post}-{number}", "status": status}
                session.add(Delivery(post_id=post, next_try_at=room.office.clock.now(), **copy))
    found = entries(room, made(room, "rita"))
    assert {post: found[f"post-{post}"]["status"] for post in begun} == begun
    assert found[f"post-{nobody}"]["status"] == "CANCELLED"
    assert found[f"post-{leaving}"]["status"] == "CONFIRMED"


def test_a_time_given_inside_the_window_is_a_change_of_the_entry_too(room: Room) -> None:
    post, path = room.office.post("oak", after=DAY, window=HOUR), made(room, "olga")
    first = entries(room, path)[f"post-{post}"]
    for number, minutes in ((1, 30), (2, 10)):
        with room.office.deciding("rita", post) as (desk, row):
            reschedule(desk, row, row.post.window_from + minutes * HOUR / 60)
        moved = entries(room, path)[f"post-{post}"]
        assert moved["dtstart"] == f"20251203T09{minutes}00Z"
        assert int(moved["sequence"]) == int(first["sequence"]) + number


def test_a_calendar_shows_what_its_person_may_see(room: Room) -> None:
    ours, theirs = (f"post-{room.office.post(partner)}" for partner in ("oak", "elm"))
    olga, rita = made(room, "olga"), made(room, "rita")
    for query in ("", "?partner=elm"):
        found = entries(room, olga + query)
        assert ours in found
        assert theirs not in found
    assert {ours, theirs} <= set(entries(room, rita))
    assert ours not in entries(room, f"{rita}?partner=elm&partner=no%00ne")
    assert theirs not in entries(room, f"{rita}?channel=email")


def test_where_there_are_many_those_of_a_slot_stand_together(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_feed, "MOST", 3)
    for number in range(4):
        status = Status.IN_REVIEW if number == 3 else Status.APPROVED
        partner = "elm" if number % 2 else "oak"
        changes = {"slot": "launch", "occurrence": f"once {number // 2}"}
        room.office.post(partner, after=DAY * (1 + number // 2), status=status, changes=changes)
    found = [one for uid, one in entries(room, made(room, "rita")).items() if uid.startswith("slot-")]
    assert [(one["summary"], one["status"]) for one in found] == [
        ("X: Launch\\, 2 posts", "CONFIRMED"),
        ("X: Launch\\, 2 posts", "TENTATIVE"),
    ]


def test_programs_are_told_how_often_to_look_and_that_nothing_changed(room: Room) -> None:
    room.office.post("oak")
    path = made(room, "olga")
    first = read(room, path)
    assert first.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "set-cookie" not in first.headers
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT60M" in first.text
    same = read(room, path, **{"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    room.office.post("oak")
    assert read(room, path, **{"If-None-Match": first.headers["etag"]}).status_code == 200


def test_an_address_serves_until_a_new_one_is_made_or_it_is_revoked(room: Room) -> None:
    browser, first = room.browser("olga"), made(room, "olga")
    assert read(room, first).status_code == 200
    assert "Last read" in browser.get("/account").text
    second = made(room, "olga")
    assert (read(room, first).status_code, read(room, second).status_code) == (404, 200)
    assert first not in browser.get("/account").text
    assert second.encode().split(b"/")[2][:20] not in room.office.raw(), "its digest is kept alone"
    assert browser.send("/account/calendar/revoke").status_code == 303
    assert read(room, second).status_code == read(room, "/calendar/guessed.ics").status_code == 404
    assert browser.send("/account/calendar/revoke").status_code == 404
    with room.office.database.read() as session:
        done = [row.action for row in audit.rows(session)]
    assert [name for name in done if "calendar" in name] == [
        "make calendar address",
        "make calendar address",
        "revoke calendar address",
    ]


def test_an_address_that_is_read_all_the_time_is_told_to_wait(room: Room) -> None:
    path = made(room, "olga")
    answers = [read(room, path).status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]


def test_a_secret_address_is_never_logged(
    room: Room, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path = made(room, "olga")
    monkeypatch.setattr(calendar_feed, "_events", None)
    with capture_logs() as lines:
        assert read(room, path).status_code == 500
    said = "".join(capsys.readouterr()) + caplog.text + str(lines)
    assert "/calendar/{secret}.ics" in said
    assert path.split("/")[2].removesuffix(".ics") not in said
