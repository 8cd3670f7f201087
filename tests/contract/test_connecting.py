"""Connecting accounts: the pages against the local platforms' consent pages, and all that must not connect anything."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import MovedClock
from pages_room import Room, opened_room
from trips import CHANNELS, Trip, begun, box, room, settings, trip

from campaign.models import audit, partners
from campaign.models.partners import Account
from campaign.models.status import Status
from campaign.ports import Message, Renews, Retracts
from campaign.sandbox.consent import PUBLIC_ID
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

__all__ = ["box", "room", "trip"]


def test_consent_connects_the_account_and_lets_it_go_again(trip: Trip) -> None:
    with trip.room.office.database.write() as session:
        partners.change_account(session, trip.account_id, {"stopped_why": "its token is dead"})
    assert "Connect it again." in trip.browser.get("/accounts").text
    page = trip.browser.get(f"/accounts/{trip.account_id}/connect")
    assert "s5001" in page.text
    found = trip.comes_back("5001")
    assert (found.status_code, found.headers["location"]) == (303, "/accounts")
    assert "connected. Posts can be looked up" in trip.notice()
    stored = trip.stored
    assert (stored.stopped_why, stored.can_find, stored.external_id, stored.mode) == (None, True, "5001", "api")
    with trip.room.office.database.read() as session:
        row = audit.rows(session, limit=1)[0]
    assert (row.who, row.action, row.subject) == (trip.officer, "connect account", f"account:{trip.account_id}")


def test_what_was_connected_may_post(trip: Trip, watch: Any) -> None:
    trip.comes_back("5001")
    who, channel = trip.room.app.identities.by_id(trip.account_id), trip.room.app.channels[trip.stored.channel]
    words = f"Words {trip.account_id} on {channel.name}"
    receipt = channel.publish(who, Message(channel.name, words), watch)
    assert (channel.name, words) in [(line.get("channel"), line.get("text")) for line in trip.box.world.ledger()]
    if isinstance(channel, Retracts):
        channel.retract(who, receipt.external_id)


def test_what_was_connected_is_renewed_later(trip: Trip) -> None:
    trip.comes_back("5001")
    channel = trip.room.app.channels[trip.stored.channel]
    if isinstance(channel, Renews):
        fresh = channel.renew(trip.credentials)
        assert fresh["access_token"] != trip.credentials["access_token"]
    else:
        assert "expires_at" not in trip.credentials, "a page's token that came by a long one does not end"


def test_x_knows_public_clients(box: Sandbox, tmp_path: Path) -> None:
    environ = settings(box) | {"CAMPAIGN__CHANNELS__X__CLIENT_ID": PUBLIC_ID}
    del environ["CAMPAIGN__CHANNELS__X__CLIENT_SECRET"]
    environ["CAMPAIGN__WEB__PUBLIC_URL"] = "http://localhost:1"
    with opened_room(tmp_path, MovedClock(), environ) as room:
        trip = begun(room, box, "x")
        assert trip.comes_back("5001").status_code == 303
        channel = room.app.channels["x"]
        assert isinstance(channel, Renews)
        assert channel.renew(trip.credentials)["client_id"] == PUBLIC_ID
        facebook = begun(room, box, "facebook")
        found = facebook.browser.get(f"/accounts/{facebook.account_id}/connect/start")
        assert found.status_code == 422
        assert "The secret of this program" in found.text
        assert "app.txt" not in found.text


def test_an_answer_is_taken_once(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook")
    path = trip.allowed(trip.asked(), "5001")
    assert trip.browser.get(path).status_code == 303
    sealed = trip.stored.sealed
    found = trip.browser.get(path)
    assert found.status_code == 422
    assert "begun elsewhere" in found.text
    assert trip.stored.sealed == sealed


def test_an_answer_to_another_sessions_question_is_refused(room: Room, box: Sandbox) -> None:
    ours, theirs = begun(room, box, "x"), begun(room, box, "x")
    path = theirs.allowed(theirs.asked(), "5001")
    ours.asked()
    ours.refused(ours.browser.get(path), "begun elsewhere")
    again = room.browser(theirs.officer)
    assert "begun elsewhere" in again.get(path).text, "another session of the very person"
    assert theirs.stored.sealed is None


@pytest.mark.parametrize("state", ["", "guessed", "é"])
def test_a_state_that_was_never_given_out_is_refused(room: Room, box: Sandbox, state: str) -> None:
    trip = begun(room, box, "x")
    trip.asked()
    trip.refused(trip.browser.get(f"/accounts/connected/x?code=any&state={state}"), "begun elsewhere")


def test_an_answer_that_comes_late_is_refused(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "linkedin")
    path = trip.allowed(trip.asked(), "5001")
    room.office.clock.at += timedelta(minutes=11)
    try:
        trip.refused(trip.browser.get(path), "took too long")
    finally:
        room.office.clock.at -= timedelta(minutes=11)


def test_another_platforms_answer_is_refused(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook")
    path = trip.allowed(trip.asked(), "5001").replace("/connected/facebook", "/connected/linkedin")
    trip.refused(trip.browser.get(path), "Another platform was asked")
    again = path.replace("/connected/linkedin", "/connected/facebook")
    trip.refused(trip.browser.get(again), "begun elsewhere")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_code_that_somebody_else_got_is_refused(room: Room, box: Sandbox, channel: str) -> None:
    """An attacker slips the code of a consent of their own under a victim's question: PKCE tells, where there is one;
    else a made-up code is no code.
    """
    theirs, ours = begun(room, box, channel), begun(room, box, channel)
    stolen = parse_qs(urlsplit(theirs.allowed(theirs.asked(), "5001")).query)["code"][0]
    state = parse_qs(urlsplit(ours.asked()).query)["state"][0]
    code = stolen if channel == "x" else f"{stolen}x"
    ours.refused(ours.browser.get(f"/accounts/connected/{channel}?code={code}&state={state}"), "gave no access")


def test_a_no_is_a_no(trip: Trip) -> None:
    trip.refused(trip.comes_back("5001", do="cancel"), "You did not allow it")


def test_another_error_of_the_platform_is_told(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x")
    state = parse_qs(urlsplit(trip.asked()).query)["state"][0]
    found = trip.browser.get(f"/accounts/connected/x?error=%3Cb%3Eserver_error&state={state}")
    trip.refused(found, "&lt;b&gt;server_error")


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("pages_manage_posts", "without pages_manage_posts nothing can be posted"),
        ("pages_show_list", "without pages_show_list your pages cannot be listed"),
        ("pages_read_engagement", "without pages_read_engagement posts cannot be looked up"),
    ],
)
def test_a_permission_that_is_needed_is_named(room: Room, box: Sandbox, scope: str, words: str) -> None:
    trip = begun(room, box, "facebook")
    trip.refused(trip.comes_back("5001", without=scope), words)


def test_without_a_permission_that_is_not_needed_it_is_connected_and_said(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook")
    assert trip.comes_back("5001", without="read_insights").status_code == 303
    assert "Without read_insights figures cannot be read." in trip.notice()
    assert "Without read_insights figures cannot be read." in trip.browser.get("/accounts").text, "and from then on"


def test_another_account_than_the_one_that_is_named_is_refused(trip: Trip) -> None:
    trip.refused(trip.comes_back("5002"), "this account is s5001 (5001)")


def test_nobodys_pages_are_refused(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook")
    trip.refused(trip.comes_back(), "You may post for no page on Facebook")


@pytest.mark.parametrize("channel", ["facebook", "linkedin"])
def test_of_many_pages_a_person_chooses_the_one(room: Room, box: Sandbox, channel: str) -> None:
    trip = begun(room, box, channel, external_id="", mode="by-hand")
    page, here = trip.comes_back("5001", "5002"), f"/accounts/{trip.account_id}/connect/choice"
    assert page.status_code == 200
    assert "School 5001" in page.text
    assert "School 5002" in page.text
    assert trip.stored.sealed is None
    raw = room.office.raw()
    for choice in ("", "5003"):
        found = trip.browser.send(here, choice=choice)
        assert found.status_code == 422
        assert "Choose the one that this account is" in found.text
    assert trip.browser.send(here, choice="5002").status_code == 303
    stored = trip.stored
    assert (stored.external_id, stored.handle, stored.mode) == ("5002", "School 5002", "api")
    assert trip.credentials["access_token"].encode() not in raw, "between the two pages it was sealed too"
    assert "made already" in trip.browser.send(here, choice="5001").text
    assert trip.stored.external_id == "5002"


def test_a_choice_ends_and_is_the_sessions_own(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook", external_id="")
    trip.comes_back("5001", "5002")
    here = f"/accounts/{trip.account_id}/connect/choice"
    assert room.browser(trip.officer).send(here, choice="5001").status_code == 422
    room.office.clock.at += timedelta(minutes=11)
    try:
        assert trip.browser.send(here, choice="5001").status_code == 422
    finally:
        room.office.clock.at -= timedelta(minutes=11)
    assert trip.stored.sealed is None


def test_an_account_without_an_id_takes_the_one_of_its_name_at_once(room: Room, box: Sandbox) -> None:
    named, other = begun(room, box, "x", external_id=""), begun(room, box, "x", external_id="")
    assert named.comes_back("5001").status_code == 303
    assert named.stored.external_id == "5001"
    assert other.comes_back("5002").status_code == 200, "another name than the row has: a person is asked"
    assert other.stored.sealed is None


def test_one_platform_account_is_one_row_of_a_partner(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x", external_id="")
    with room.office.database.write() as session:
        partner_id = session.get_one(Account, trip.account_id).partner_id
        twin = Account(partner_id=partner_id, channel="x", handle="twin", external_id="5001")
        partners.add_account(session, twin)
    trip.refused(trip.comes_back("5001"), "is another account of this organisation already")


def test_posts_that_were_approved_for_an_unnamed_account_are_read_again(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x", external_id="")
    key = trip.officer.removeprefix("officer-")
    post = room.office.post(key, status=Status.APPROVED)
    trip.comes_back("5001")
    assert room.office.seen(post).status == Status.IN_REVIEW
    assert "1 post went back to review" in trip.notice()
    assert room.office.seen(post).writers == [trip.officer], "somebody else approves what speaks as another now"


@pytest.mark.parametrize("kind", ["5xx-before-store", "drop-before-store", "html-2xx", "truncated"])
def test_a_platform_that_fails_leaves_everything_as_it_was(room: Room, box: Sandbox, kind: str) -> None:
    trip = begun(room, box, "x")
    path = trip.allowed(trip.asked(), "5001")
    box.world.faults.replace([Fault(kind, "x", "token")])
    try:
        trip.refused(trip.browser.get(path), "X gave no access")
    finally:
        box.world.faults.replace([])


def test_another_partners_account_is_not_there_and_a_reviewer_connects_none(room: Room, box: Sandbox) -> None:
    ours, theirs = begun(room, box, "x"), begun(room, box, "x")
    for path in ("connect", "connect/start"):
        assert ours.browser.get(f"/accounts/{theirs.account_id}/{path}").status_code == 404
        assert room.browser("rita").get(f"/accounts/{theirs.account_id}/{path}").status_code == 403
    assert f"/accounts/{theirs.account_id}/connect" not in ours.browser.get("/accounts").text
    assert "/connect" not in room.browser("rita").get("/accounts").text
    assert room.browser("adam").get(f"/accounts/{theirs.account_id}/connect").status_code == 200


def test_a_link_on_another_site_begins_nothing(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x")
    address = f"{room.address}/accounts/{trip.account_id}/connect/start"
    headers = {"Sec-Fetch-Site": "cross-site"}
    found = trip.browser.session.get(address, headers=headers, allow_redirects=False, timeout=5)
    assert found.status_code == 403


def test_an_account_that_was_taken_out_is_not_connected(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x")
    path = trip.allowed(trip.asked(), "5001")
    with room.office.database.write() as session:
        partners.change_account(session, trip.account_id, {"disabled_why": "left"})
    trip.refused(trip.browser.get(path), "out of the campaign")
    assert f"/accounts/{trip.account_id}/connect" not in trip.browser.get("/accounts").text
