"""Accounts from a file in the pages: shown row by row, bound to what was seen, and never with credentials."""

import pytest
import requests
from pages_room import Browser, Room

from campaign.models import audit, partners
from campaign.models.partners import Account, change_account
from campaign.models.status import Status
from campaign.review import decisions

pytestmark = pytest.mark.thorough
PAGE = "/accounts/import"
HEADER = "partner,channel,handle,external_id"


def upload(browser: Browser, text: str) -> requests.Response:
    return browser.upload(PAGE, text, "accounts.csv")


def confirm(browser: Browser, page: str, **changed: str) -> requests.Response:
    return browser.confirm(PAGE, page, do="import", **changed)


def accounts(room: Room, key: str) -> list[Account]:
    with room.office.database.read() as session:
        return [one for one, partner in partners.accounts(session) if partner.key == key]


def change(room: Room, key: str, **values: object) -> None:
    with room.office.database.write() as session:
        change_account(session, room.office.accounts[key], values)


def connected(room: Room) -> Account:
    """Oak's account with access of its own."""
    change(room, "oak", mode="api", sealed=b"sealed", handle="oak", external_id="1000")
    (account,) = accounts(room, "oak")
    return account


def test_a_file_is_shown_row_by_row_before_it_is_taken(room: Room) -> None:
    adam, before = room.browser("adam"), connected(room)
    sheet = f"{HEADER},sender\noak,x,oak,1000,\noak,email,News,parents,Oak <n@oak.org>\nelm,facebook,Elm & Co,,\n"
    page = upload(adam, sheet).text
    assert "New: 2. Changed: 0. As before: 1." in page
    assert "mode: by-hand" in page
    assert "sender: Oak &lt;n@oak.org&gt;" in page
    assert len(accounts(room, "oak")) == 1, "a preview stores nothing"
    assert confirm(adam, page, told="0" * 64).status_code == 409
    assert confirm(adam, page).headers["location"] == "/accounts"
    assert "2 accounts added, 0 changed, 1 as before." in adam.get("/accounts").text
    found = {one.channel: one for one in accounts(room, "oak")}
    assert found["x"] == before, "a connected account stays as it is"
    assert (found["email"].mode, found["email"].external_id) == ("api", "parents")
    assert [(one.handle, one.mode) for one in accounts(room, "elm") if one.channel == "facebook"] == [
        ("Elm & Co", "by-hand")
    ]
    assert "New: 0. Changed: 0. As before: 3." in upload(adam, sheet).text
    with room.office.database.read() as session:
        (row,) = audit.page(session, audit.AuditFilter("adam", "import accounts"), 1).rows
    assert row.facts == {"added": 2, "changed": 0}


@pytest.mark.parametrize("mode", ["", "api"])
def test_a_connected_account_keeps_its_access_whatever_else_changes(room: Room, mode: str) -> None:
    adam, before = room.browser("adam"), connected(room)
    page = upload(adam, f"{HEADER},mode\noak,x,@OakSchool,1000,{mode}\n").text
    assert "handle: <del>oak</del> OakSchool" in page
    assert confirm(adam, page).status_code == 303
    (after,) = accounts(room, "oak")
    assert (after.handle, after.mode, after.sealed) == ("OakSchool", "api", before.sealed)


def test_what_follows_of_another_id_is_said_before_it_is_done(room: Room) -> None:
    connected(room)
    posts = [room.office.post("oak", status=status) for status in (Status.APPROVED, Status.IN_REVIEW)]
    adam = room.browser("adam")
    page = upload(adam, f"{HEADER}\noak,x,oak,1007\n").text
    assert "1 approved post goes back to review." in page
    assert "Connect it again afterwards." in page
    assert confirm(adam, page).status_code == 303
    assert [room.office.seen(post).status for post in posts] == ["in_review", "in_review"]
    (after,) = accounts(room, "oak")
    assert (after.external_id, after.sealed) == ("1007", None)


def test_who_takes_another_id_from_a_file_approves_none_of_its_posts(room: Room) -> None:
    connected(room)
    posts = [room.office.post("oak", status=status) for status in (Status.APPROVED, Status.IN_REVIEW, Status.DRAFT)]
    adam = room.browser("adam")
    confirm(adam, upload(adam, f"{HEADER}\noak,x,oak,1007\n").text)
    assert [room.office.seen(post).writers for post in posts] == [["adam"]] * 3
    assert "you queued or edited it" in adam.get(f"/posts/{posts[1]}").text
    confirm(adam, upload(adam, f"{HEADER}\noak,x,Oak,1007\n").text)
    with room.office.deciding("rita", posts[1]) as (desk, row):
        assert decisions.approve(desk, row, row.post.content_hash)
    assert room.office.seen(posts[1]).writers == [], "it has been approved, and a new name is no other account"


def test_a_new_sender_says_which_issues_go_back(room: Room) -> None:
    room.office.join("ash", channel="email")
    change(room, "ash", external_id="parents", handle="News")
    issue = room.office.post("ash", status=Status.APPROVED)
    adam, sheet = room.browser("adam"), f"{HEADER},reply_to\nash,email,News,parents,office@ash.org\n"
    page = upload(adam, sheet).text
    assert "1 approved post goes back to review." in page
    confirm(adam, page)
    assert room.office.seen(issue).status == Status.IN_REVIEW


def test_what_changed_since_the_preview_is_shown_again(room: Room) -> None:
    connected(room)
    adam = room.browser("adam")
    page = upload(adam, f"{HEADER}\noak,x,oakschool,1000\n").text
    change(room, "oak", handle="other")
    found = confirm(adam, page)
    assert found.status_code == 409
    assert "<del>other</del>" in found.text
    assert accounts(room, "oak")[0].handle == "other"


@pytest.mark.parametrize(
    ("sheet", "told"),
    [
        (f"{HEADER},credentials\noak,x,oak,1000,\noak,facebook,Oak,,env:HOME\n", "Line 3, credentials: they are not"),
        (
            f"{HEADER},mode\noak,facebook,Oak,7,api\n",
            "Line 2, mode: oak facebook Oak is not connected yet. Write by-hand, then connect it",
        ),
        (f"{HEADER}\nnone,x,oak,1000\n", "Line 2, partner: there is no partner"),
        (f"{HEADER}\noak,email,News,\n", "Line 2, external_id: it is empty"),
        (f"{HEADER}\n", "The file has no rows"),
        ("", "Choose a CSV file"),
    ],
    ids=str,
)
def test_a_file_with_a_fault_is_refused_whole(room: Room, sheet: str, told: str) -> None:
    before = connected(room)
    found = upload(room.browser("adam"), sheet)
    assert found.status_code == 422
    assert told in found.text
    assert found.text.count("they are not taken from here") <= 1
    assert accounts(room, "oak") == [before]


def test_what_may_be_one_of_two_accounts_is_refused_beside_the_file(room: Room) -> None:
    connected(room)
    adam = room.browser("adam")
    assert confirm(adam, upload(adam, f"{HEADER}\noak,x,oaksixth,1009\n").text).status_code == 303
    found = upload(adam, f"{HEADER}\noak,x,oaknew,\n")
    assert found.status_code == 422
    assert "Line 2, handle: oak x oaknew: it cannot be told which account this is" in found.text
    assert "campaign accounts" not in found.text, "nobody types commands here"


def test_the_file_to_fill_in_changes_nothing_as_it_is(room: Room) -> None:
    connected(room)
    change(room, "elm", handle="elm")
    adam = room.browser("adam")
    sheet = adam.get(f"{PAGE}/template.csv").content.decode("utf-8-sig")
    assert sheet.splitlines()[0] == "partner,channel,handle,external_id,mode,sender,reply_to"
    assert "New: 0. Changed: 0. As before: 2." in upload(adam, sheet).text
