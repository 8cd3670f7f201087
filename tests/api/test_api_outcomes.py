"""What becomes of posts outside the program, told by programs: by hand, settled, agreed to, taken down; long lists."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_room import program
from conftest import MovedClock
from pages_room import Room, opened_room

from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.review import holding, taking_down

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with opened_room(tmp_path_factory.mktemp("api"), MovedClock()) as room:
        yield room


def test_a_post_is_fetched_published_by_hand_and_recorded(room: Room) -> None:
    olga, post = program(room, "olga"), room.office.post("oak", status=Status.BY_HAND)
    assert str(post) in {row["id"] for row in olga.get("/posts?status=by_hand")["items"]}
    ready = olga.get(f"/posts/{post}/hand")
    assert ready["text"] == olga.get(f"/posts/{post}/preview")["text"]
    assert ready["compose_url"].startswith("https://x.com/intent/")
    assert ready["held"] is None
    with room.office.desk("rita") as desk:
        holding.hold(desk.session, desk.person, f"post:{post}", "a wrong picture", desk.now)
    assert olga.get(f"/posts/{post}/hand")["held"] == "a wrong picture"
    assert olga.call("POST", f"/posts/{post}/hand", {"url": "nowhere at all"}).json()["code"] == "wrong-use"
    doubtful = {"url": "https://x.com/oak", "sure": False}
    asked = olga.call("POST", f"/posts/{post}/hand", doubtful)
    assert (asked.status_code, "Check the address" in asked.text) == (422, True)
    assert room.office.seen(post).status == Status.BY_HAND
    theirs = {"url": "https://x.com/elm/status/1234567890", "sure": False}
    assert "names elm" in olga.call("POST", f"/posts/{post}/hand", theirs).text
    sent = {"url": "https://x.com/i/status/1234567890", "sure": False}
    done = olga.call("POST", f"/posts/{post}/hand", sent)
    assert (done.status_code, done.json()["status"], done.json()["note"]) == (200, "published", None)
    assert room.office.seen(post).external_id == "1234567890"
    assert olga.call("GET", f"/posts/{post}/hand").status_code == 409, "it waits no more"


@pytest.mark.parametrize(
    ("url", "status"), [("https://x.com/oak/status/42", Status.PUBLISHED), (None, Status.APPROVED)]
)
def test_a_person_says_what_became_of_a_post(room: Room, url: str | None, status: Status) -> None:
    rita = program(room, "rita")
    post = room.office.post("oak", status=Status.UNCONFIRMED, changes={"needs_person": "X does not answer"})
    with room.office.database.write() as session:
        stored = session.get_one(Post, post)
        stored.approved_hash = stored.content_hash
    assert str(post) in {row["id"] for row in rita.get("/posts?needs_person=true")["items"]}
    theirs = {"url": "https://x.com/elm/status/42", "sure": False}
    assert "names elm" in rita.call("POST", f"/posts/{post}/settle", theirs).text
    found = rita.call("POST", f"/posts/{post}/settle", {"url": url})
    assert (found.status_code, found.json()["status"]) == (200, status.value)
    assert room.office.moves(post)[-1][0] == "rita"
    assert rita.call("POST", f"/posts/{post}/settle", {"url": url}).json()["code"] == "refused"


def test_a_partner_speaks_again_after_it_took_its_yes_back(room: Room) -> None:
    ella, post = program(room, "ella"), room.office.post("elm", status=Status.APPROVED)
    found = ella.call("POST", "/partners/elm/revoke", {}).json()
    assert found == {"partner": "elm", "returned": 1}
    assert room.office.seen(post).status == Status.IN_REVIEW
    draft = room.office.post("elm", status=Status.DRAFT)
    assert ella.call("POST", f"/posts/{draft}/agree").json()["status"] == "in_review"
    other = room.office.post("elm", status=Status.DRAFT, changes={"slot": "launch"})
    refused = ella.call("POST", "/partners/elm/agree", {"slot": "lunch"})
    assert (refused.status_code, "There are" in refused.text) == (404, True)
    assert ella.call("POST", "/partners/elm/agree", {"slot": "launch"}).json() == {"partner": "elm", "submitted": 1}
    assert room.office.seen(other).status == Status.IN_REVIEW
    assert ella.call("POST", "/partners/elm/agree", {}).json() == {"partner": "elm", "submitted": 0}


def test_what_a_slot_published_is_taken_down_where_it_is_what_was_seen(room: Room) -> None:
    rita = program(room, "rita")
    first, second = (
        room.office.post("oak", status=Status.PUBLISHED, changes={"slot": "wrong", "occurrence": str(number)})
        for number in range(2)
    )
    seen = rita.get("/take-down?slot=wrong&limit=1")
    assert (seen["posts"], [row["id"] for row in seen["items"]]) == (2, [str(first)])
    assert rita.call("POST", f"/posts/{second}/take-down", {"reason": "a typo"}).json()["status"] == "retracting"
    order = {"slot": "wrong", "seen": seen["seen"], "reason": "a wrong figure"}
    refused = rita.call("POST", "/take-down", order)
    assert (refused.status_code, refused.json()["code"]) == (409, "changed")
    assert room.office.seen(first).status == Status.PUBLISHED
    order["seen"] = rita.get("/take-down?slot=wrong")["seen"]
    assert rita.call("POST", "/take-down", order).json() == {
        "slot": "wrong",
        "posts": 1,
        "once_found": 0,
        "more": False,
    }
    assert room.office.seen(first).status == Status.RETRACTING


def test_what_is_in_doubt_is_ordered_once_and_stays_what_was_seen_once_it_is_found(room: Room) -> None:
    rita = program(room, "rita")
    one, other = (
        room.office.post("oak", status=Status.UNCONFIRMED, changes={"slot": "doubtful", "occurrence": str(number)})
        for number in range(2)
    )
    assert rita.call("POST", f"/posts/{one}/take-down", {"reason": "a typo"}).json()["status"] == "unconfirmed"
    seen = rita.get("/take-down?slot=doubtful")
    assert (seen["posts"], seen["once_found"], [row["id"] for row in seen["items"]]) == (0, 1, [str(other)])
    with room.office.database.write() as session:
        session.get_one(Post, other).status = Status.PUBLISHED
    order = {"slot": "doubtful", "seen": seen["seen"], "reason": "a typo"}
    assert rita.call("POST", "/take-down", order).json()["posts"] == 1
    assert room.office.seen(other).status == Status.RETRACTING
    room.office.post("oak", status=Status.BY_HAND, changes={"slot": "doubtful", "occurrence": "3"})
    left = rita.get("/take-down?slot=doubtful")
    assert (left["once_found"], left["handed"]) == (0, 1)


def test_mail_that_was_sent_is_not_taken_back(room: Room) -> None:
    issue = room.office.post("oak", status=Status.PUBLISHED, changes={"channel": "email"})
    refused = program(room, "rita").call("POST", f"/posts/{issue}/take-down", {"reason": "a typo"})
    assert (refused.status_code, "correction" in refused.text) == (422, True)
    assert room.office.seen(issue).status == Status.PUBLISHED


def test_a_slot_with_more_posts_than_one_order_takes_says_so(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_down, "MOST", 1)
    for number in range(2):
        room.office.post("oak", status=Status.PUBLISHED, changes={"slot": "long", "occurrence": str(number)})
    rita = program(room, "rita")
    for more in (True, False):
        seen = rita.get("/take-down?slot=long")
        order = {"slot": "long", "seen": seen["seen"], "reason": "a wrong figure"}
        assert (seen["posts"], seen["more"]) == (1, more)
        assert rita.call("POST", "/take-down", order).json() == {
            "slot": "long",
            "posts": 1,
            "once_found": 0,
            "more": more,
        }


def test_a_file_of_posts_is_seen_then_stored_whole(tmp_path: Path) -> None:
    with opened_room(tmp_path, MovedClock()) as room:
        olga = program(room, "olga")
        rows = ["x,post-1,2025-12-03 09:30,A line", "x,post-1,2025-12-04 09:30,Another"]
        file = {"csv": "\r\n".join(["channel,template,at,x_line", *rows, "x,none,2025-12-05 09:30,No"])}
        seen = olga.call("POST", "/posts/import/preview", file).json()
        assert [(row["line"], row["state"]) for row in seen["rows"]] == [(2, "new"), (3, "new"), (4, "wrong")]
        assert "A line" in seen["rows"][0]["text"]
        assert seen["rows"][2]["faults"][0]["field"] == "template"
        wrong = olga.call("POST", "/posts/import", {**file, "seen": seen["seen"]})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "bad-fields")
        file = {"csv": "\n".join(["channel,template,at,x_line", *rows])}
        stale = olga.call("POST", "/posts/import", {**file, "seen": seen["seen"]})
        assert (stale.status_code, stale.json()["code"]) == (409, "changed")
        order = {**file, "seen": olga.call("POST", "/posts/import/preview", file).json()["seen"]}
        made = olga.call("POST", "/posts/import", order, **{"Idempotency-Key": "file-1"})
        assert made.status_code == 201
        assert len(made.json()["posts"]) == 2
        assert olga.call("POST", "/posts/import", order, **{"Idempotency-Key": "file-1"}).json() == made.json()
        again = olga.call("POST", "/posts/import/preview", file).json()["rows"]
        assert [row["post"] for row in again] == made.json()["posts"]


def test_partners_and_accounts_come_page_by_page(tmp_path: Path) -> None:
    with opened_room(tmp_path, MovedClock()) as room:
        for key in ("ash", "yew"):
            room.office.join(key)
        rita = program(room, "rita")
        for path in ("/partners", "/accounts"):
            seen, cursor = list[str](), ""
            while cursor is not None:
                page = rita.get(f"{path}?limit=3&cursor={cursor}")
                seen += [row["partner"] for row in page["items"]]
                cursor = page["next"]
            assert seen == ["ash", "elm", "oak", "yew"]
