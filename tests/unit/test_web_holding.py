"""Hold and release in the pages: the red button, what a release will do, and that it does what was told."""

import re
from datetime import timedelta

import pytest
from pages_room import Browser, Room

from campaign.models import holds
from campaign.models.status import Status
from campaign.review import holding

pytestmark = pytest.mark.thorough
RELEASE = "/hold/release?scope=everything"


def held(room: Room) -> list[str]:
    with room.office.database.read() as session:
        return [hold.scope for hold in holds.active(session)]


def told(browser: Browser) -> str:
    found = re.search(r'name="told" value="(\w+)"', browser.get(RELEASE).text)
    assert found
    return found[1]


def test_the_red_button_holds_everything_with_its_reason(room: Room) -> None:
    browser = room.browser("rita")
    assert 'href="/hold#hold"' in browser.get("/").text
    assert browser.send("/hold", page="/hold", scope="everything", reason="A <wrong> link").status_code == 303
    assert held(room) == ["everything"]
    text = browser.get("/hold").text
    assert "Everything is on hold. Nothing more of it goes out." in text
    assert "A &lt;wrong&gt; link" in text
    assert "Hold everything</button>" not in text, "what is held cannot be held once more"


def test_a_hold_needs_a_reason(room: Room) -> None:
    found = room.browser("rita").send("/hold", page="/hold", scope="everything", reason="  ")
    assert found.status_code == 422
    assert found.text.count("Enter why") == 2, "in the summary and beside the field"
    assert held(room) == []


def test_a_channel_and_a_partner_can_be_held_alone(room: Room) -> None:
    browser = room.browser("rita")
    for scope in ("channel:x", "partner:oak"):
        assert browser.send("/hold", page="/hold", scope=scope, reason="Wrong").status_code == 303
    assert held(room) == ["channel:x", "partner:oak"]
    assert "Everything on X" in browser.get("/hold").text
    assert browser.send("/hold", page="/hold", scope="channel:none", reason="Wrong").status_code == 404


def test_a_choice_left_empty_holds_nothing(room: Room) -> None:
    """Whoever means one partner and chooses none must not stop everybody."""
    found = room.browser("rita").send("/hold", page="/hold", scope="", reason="A wrong link")
    assert found.status_code == 422
    assert "Choose what to hold" in found.text
    assert held(room) == []


def test_nobody_is_led_to_hold_who_may_not(room: Room) -> None:
    assert "/hold" not in room.browser("olga").get("/").text


def test_a_release_says_of_each_item_what_becomes_of_it_then_lets_go(room: Room) -> None:
    room.office.post("oak", status=Status.APPROVED, after=timedelta(minutes=1), changes={"slot": "in time"})
    room.office.post("elm", status=Status.APPROVED, after=timedelta(minutes=-40), changes={"slot": "too late"})
    with room.office.desk("rita") as desk:
        holding.hold(desk.session, desk.person, "everything", "An incident", desk.now)
    room.office.clock.move(timedelta(minutes=2))
    browser = room.browser("rita")
    text = browser.get(RELEASE).text
    assert "In time" in text
    assert "Sent at once" in text
    assert "Too late" in text
    assert "Missed" in text
    assert browser.send("/hold/release", page=RELEASE, scope="everything", told=told(browser)).status_code == 303
    assert held(room) == []
    assert "Everything is released." in browser.get("/hold").text


def test_a_release_whose_outcome_changed_is_shown_anew_and_holds_on(room: Room) -> None:
    room.office.post("oak", status=Status.APPROVED, after=timedelta(minutes=1))
    with room.office.desk("rita") as desk:
        holding.hold(desk.session, desk.person, "everything", "An incident", desk.now)
    room.office.clock.move(timedelta(minutes=2))
    browser = room.browser("rita")
    before = told(browser)
    room.office.clock.move(timedelta(minutes=40))
    found = browser.send("/hold/release", page=RELEASE, scope="everything", told=before)
    assert found.status_code == 409
    assert "What a release will do has changed" in found.text
    assert held(room) == ["everything"]
    assert browser.send("/hold/release", page=RELEASE, scope="everything", told=told(browser)).status_code == 303


def test_what_is_not_held_has_no_release(room: Room) -> None:
    for scope in ("everything", "nonsense", "post:x", ""):
        assert room.browser("rita").get(f"/hold/release?scope={scope}").status_code == 404


@pytest.mark.parametrize("path", ["/", "/posts?status=in_review&status=approved&status=draft"])
def test_a_hold_leaves_the_state_to_be_seen_and_is_told_once(room: Room, path: str) -> None:
    """The state says what is to be done; the hold is one more tag, and its reason stands above the list."""
    room.office.post("oak")
    room.office.post("elm", status=Status.DRAFT, changes={"comment": "Say where"})
    room.office.post("elm", status=Status.APPROVED)
    with room.office.desk("rita") as desk:
        holding.hold(desk.session, desk.person, "everything", "A wrong link", desk.now)
    text = room.browser("rita").get(path).text
    for state in ("To review", "Approved"):
        assert re.search(rf"{state}\s*</strong>\s*<strong[^>]*>\s*On hold", text), state
    assert ("Needs changes" in text) == (path != "/")
    assert text.count("A wrong link") == 1


def test_the_hold_of_one_post_is_told_beside_it(room: Room) -> None:
    post = room.office.post("oak", status=Status.APPROVED)
    with room.office.desk("rita") as desk:
        holding.hold(desk.session, desk.person, f"post:{post}", "A wrong link", desk.now)
    assert "On hold: A wrong link" in room.browser("rita").get("/posts").text


@pytest.mark.parametrize(
    "path", ["/", "/posts", "/calendar", "/review", "/review/group?template=t&version=1&channel=x"]
)
def test_a_hold_over_many_posts_stands_above_every_list(room: Room, path: str) -> None:
    room.office.post("oak")
    with room.office.desk("rita") as desk:
        holding.hold(desk.session, desk.person, "channel:x", "A wrong link", desk.now)
        holding.hold(desk.session, desk.person, "partner:elm", "Not agreed", desk.now)
    text = room.browser("rita").get(path).text
    assert "Everything on X is on hold" in text
    assert "/hold/release?scope=channel%3Ax" in text
    assert "Not agreed" in text
    if not path.startswith("/review"):
        assert "Not agreed" not in room.browser("olga").get(path).text, "which is another partner's"
