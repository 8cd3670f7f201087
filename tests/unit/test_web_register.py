"""Partners, accounts, agreement and plan in the pages: seen first, stored in one's name, refused beside the field."""

import re
from datetime import UTC, datetime

import pytest
import requests
from api_room import program
from pages_room import Browser, Room
from reviewing import Office

from campaign.models import audit, bounds, listing, partners
from campaign.models.listing import PostFilter
from campaign.models.partners import Account, Agreement
from campaign.models.status import Status

pytestmark = pytest.mark.thorough
HOME = "/admin/partners"
FILE = 'partner,name,kind,agreed,x_line\noak,Oak School,school,,Our line\nyew,Yew,charity,"2025-11-20, Jo",<b>\n'


def yes(room: Room, key: str) -> list[Agreement]:
    with room.office.database.read() as session:
        return partners.agreements(session, room.office.partner(key).ident)


def accounts(room: Room, key: str) -> list[Account]:
    with room.office.database.read() as session:
        return [one for one, _ in partners.accounts(session, partner_ids=[room.office.partner(key).ident])]


def decided(office: Office, action: str) -> dict[str, object]:
    """Return the facts of the newest decision of a kind, by adam."""
    with office.database.read() as session:
        (row,) = audit.page(session, audit.AuditFilter("adam", action), 1).rows
        return {**row.facts, "subject": row.subject}


def test_a_partner_is_added_and_speaks_for_itself_later(room: Room) -> None:
    adam = room.browser("adam")
    answer = adam.send(f"{HOME}/new", name="Yew School", partner="yew", kind="school", contact_email="a@yew.org")
    yew = room.office.partner("yew")
    assert answer.headers["location"] == f"{HOME}/{yew.ident}"
    assert (yew.name, yew.details) == ("Yew School", {"contact_email": "a@yew.org"})
    assert yes(room, "yew") == [], "adding is no yes, also where an import is"
    assert decided(room.office, "add partner")["subject"] == "partner:yew"
    assert "Yew School" in adam.get(HOME).text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"name": "", "partner": "yew"}, "Name is empty. Fill it in"),
        ({"name": "Yew", "partner": "y w"}, "Short name: &#39;y w&#39; cannot be used"),
        ({"name": "Yew", "partner": "OAK"}, "has the key &#39;oak&#39;"),
        ({"name": "Yew", "partner": "yew", "contact_email": "no"}, "is no mail address"),
        ({"name": "Y\x00ew", "partner": "yew"}, "another control character"),
    ],
    ids=str,
)
def test_a_partner_that_cannot_be_is_refused_beside_its_field(room: Room, typed: dict[str, str], told: str) -> None:
    answer = room.browser("adam").send(f"{HOME}/new", **typed)
    assert answer.status_code == 422
    assert told in answer.text


def upload(browser: Browser, text: str) -> requests.Response:
    return browser.upload(f"{HOME}/import", text)


def confirm(browser: Browser, page: str, **changed: str) -> requests.Response:
    return browser.confirm(f"{HOME}/import", page, do="import", **changed)


def test_a_file_is_shown_row_by_row_before_it_is_taken(room: Room) -> None:
    adam = room.browser("adam")
    columns = adam.get(f"{HOME}/import/template.csv").text.strip().split(",")
    assert columns[:6] == ["partner", "name", "kind", "region", "agreed", "contact_email"]
    assert {"x_line", "quote_name"} < set(columns)
    assert len(set(columns)) == len(columns)
    page = upload(adam, FILE).text
    assert "New: 1. Changed: 1. As before: 0." in page
    assert "An agreement to speak is recorded for 1 partner." in page, "oak has agreed already"
    assert "x_line: &lt;b&gt;" in page
    assert re.search(r"name: <del>Partner \d+</del> Oak School", page)
    with room.office.database.read() as session:
        assert partners.partner_by_key(session, "yew") is None, "a preview stores nothing"
    assert confirm(adam, page, told="0" * 64).status_code == 409
    assert confirm(adam, page).headers["location"] == HOME
    assert room.office.partner("oak").details["x_line"] == "Our line"
    assert [one.given_by for one in yes(room, "yew")] == ["Jo"]
    again = upload(adam, FILE).text
    assert "New: 0. Changed: 0. As before: 2." in again
    assert "An agreement to speak is recorded" not in again


def test_what_changed_since_the_preview_is_shown_again(room: Room) -> None:
    adam = room.browser("adam")
    page = upload(adam, FILE).text
    with room.office.database.write() as session:
        oak = partners.partner_by_key(session, "oak")
        assert oak is not None
        oak.kind = "council"
    found = confirm(adam, page)
    assert found.status_code == 409
    assert "council" in found.text
    assert room.office.partner("oak").name != "Oak School"


def test_a_file_with_a_fault_is_refused_whole(room: Room) -> None:
    adam = room.browser("adam")
    found = upload(adam, FILE + "y w,,,,\n")
    assert found.status_code == 422
    assert "Line 4, partner" in found.text
    assert "Line 4, name: it is empty" in found.text
    assert upload(adam, "partner,name\n").status_code == 422
    assert upload(adam, "").status_code == 422


def test_a_yes_that_was_given_elsewhere_is_kept_with_its_source(room: Room) -> None:
    room.office.join("yew", agrees=False)
    draft = room.office.post("yew", status=Status.DRAFT)
    adam, ident = room.browser("adam"), room.office.partner("yew").ident
    said = {"given_by": "Jo Smith", "given_on": "20/11/2025", "source": "Mail to the campaign team"}
    for lacks in said:
        assert adam.send(f"{HOME}/{ident}/agree", **{**said, lacks: ""}).status_code == 422
    assert adam.send(f"{HOME}/{ident}/agree", **said | {"source": "a\x00b"}).status_code == 422
    late = adam.send(f"{HOME}/{ident}/agree", **said | {"given_on": "3/12/2025"})
    assert "That day is still to come" in late.text
    assert yes(room, "yew") == []
    assert adam.send(f"{HOME}/{ident}/agree", **said).status_code == 303
    (given,) = yes(room, "yew")
    assert (given.given_by, given.source) == ("Jo Smith", "Mail to the campaign team")
    assert decided(room.office, "agree")["source"] == "Mail to the campaign team"
    assert room.office.seen(draft).status == "in_review"
    for page in (f"{HOME}/{ident}", "/details/agreement?partner=yew"):
        assert "Mail to the campaign team" in adam.get(page).text
    assert adam.send(f"{HOME}/{ident}/revoke").status_code == 303
    assert yes(room, "yew") == []
    found = adam.send(f"{HOME}/{ident}/agree", **said)
    assert found.status_code == 422
    assert "They took their yes back" in found.text


def test_an_admin_changes_kind_region_and_who_approves(room: Room) -> None:
    adam, ident = room.browser("adam"), room.office.partner("oak").ident
    assert adam.send(f"{HOME}/{ident}", kind="school", region="London", approver="both").status_code == 303
    oak = room.office.partner("oak")
    assert (oak.kind, oak.region, oak.approver) == ("school", "London", "both")
    assert adam.send(f"{HOME}/{ident}", approver="nobody").status_code == 422
    assert adam.get(f"{HOME}/999").status_code == 404


def test_whoever_comes_under_a_quiet_period_is_silent_at_once(room: Room) -> None:
    timetable = room.app.settings.campaign.timetable
    quiet = '\n[[quiet]]\nname = "a pause"\nfrom = 2025-12-10\nuntil = 2025-12-11\npartners = { region = ["Mars"] }\n'
    timetable.write_text(timetable.read_text() + quiet)
    inside = datetime(2025, 12, 10, 12, tzinfo=UTC)

    def silent(*keys: str) -> list[bool]:
        idents = [room.office.partner(key).ident for key in keys]
        with room.office.database.read() as session:
            return [bounds.quiet_at(session, ident, inside) is not None for ident in idents]

    adam, machine = room.browser("adam"), program(room, "adam")
    home = f"{HOME}/{room.office.partner('oak').ident}"
    assert adam.send(home, region="Mars", approver="dfe").status_code == 303
    assert silent("oak", "elm") == [True, False]
    assert adam.send(home, approver="dfe").status_code == 303
    file = "partner,name,region\nelm,Elm,mars\n"
    assert confirm(adam, upload(adam, file).text).status_code == 303
    assert adam.send(f"{HOME}/new", name="Yew School", partner="yew", region="Mars").status_code == 303
    assert machine.call("POST", "/partners", {"partner": "fir", "name": "Fir", "region": "Mars"}).status_code == 201
    csv = {"csv": "partner,name,region\nash,Ash,Mars\n"}
    seen = machine.call("POST", "/partners/import/preview", csv).json()["seen"]
    assert machine.call("POST", "/partners/import", csv | {"seen": seen}).status_code == 201
    assert silent("oak", "elm", "yew", "fir", "ash") == [False, True, True, True, True]


def test_an_account_by_hand_and_one_for_mail_are_added(room: Room) -> None:
    adam = room.browser("adam")
    page = {"partner": "oak", "channel": "facebook", "handle": "@Oak", "way": "by-hand"}
    assert adam.send("/accounts/new", **page).headers["location"].startswith(HOME)
    mail = {"partner": "oak", "channel": "email", "handle": "News", "list": "parents", "way": "service"}
    assert adam.send("/accounts/new", **mail, sender="Oak <news@oak.org>").status_code == 303
    found = {one.channel: (one.handle, one.external_id, one.mode, one.sender) for one in accounts(room, "oak")}
    assert found["facebook"] == ("Oak", "", "by-hand", None)
    assert found["email"] == ("News", "parents", "api", "Oak <news@oak.org>")
    assert decided(room.office, "add account")["channel"] == "email"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"partner": ""}, "Choose whose account it is"),
        ({"channel": "none"}, "Choose where it is"),
        ({"way": ""}, "Choose who publishes its posts"),
        ({"handle": ""}, "Its name there is empty. Fill it in"),
        ({"way": "service"}, "This service has no app there yet"),
        ({"channel": "email", "list": ""}, "Name of the list is empty. Fill it in"),
        ({"channel": "email", "list": "l", "sender": "nobody"}, "is no sender"),
    ],
    ids=str,
)
def test_an_account_that_cannot_be_is_refused_beside_its_field(room: Room, typed: dict[str, str], told: str) -> None:
    before = len(accounts(room, "oak"))
    sent = {"partner": "oak", "channel": "linkedin", "handle": "Oak", "way": "by-hand"} | typed
    answer = room.browser("adam").send("/accounts/new", **sent)
    assert answer.status_code == 422
    assert told in answer.text
    assert len(accounts(room, "oak")) == before


def test_an_account_is_not_added_twice(room: Room) -> None:
    adam = room.browser("adam")
    sent = {"partner": "oak", "channel": "linkedin", "handle": "Oak", "way": "by-hand"}
    assert adam.send("/accounts/new", **sent).status_code == 303
    assert "without an id too" in adam.send("/accounts/new", **sent | {"handle": "Other"}).text
    assert "there already" in adam.send("/accounts/new", **sent | {"handle": "@OAK", "external_id": "7"}).text
    assert adam.send("/accounts/new", **sent | {"handle": "Other", "external_id": "7"}).status_code == 303


def test_no_form_reads_a_file_or_a_variable_of_the_server(room: Room, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("secret") / "x.json"
    secret.write_text('{"access_token": "a secret of the server"}')
    adam = room.browser("adam")
    sent = {"partner": "oak", "channel": "linkedin", "handle": "Oak", "way": "by-hand"}
    adam.send("/accounts/new", **sent, credentials=f"file:{secret}", mode="api")
    (made,) = [one for one in accounts(room, "oak") if one.channel == "linkedin"]
    assert (made.sealed, made.mode) == (None, "by-hand")


def told(page: str) -> str:
    found = re.search(r'name="told" value="(\w+)"', page)
    assert found
    return found[1]


def test_the_plan_is_seen_then_queued_for_ones_own_partner(room: Room) -> None:
    with room.office.database.write() as session:
        oak = partners.partner_by_key(session, "oak")
        assert oak is not None
        oak.details = {"x_line": "A line of oak"}
    olga = room.browser("olga")
    page = olga.get("/posts/plan").text
    count = re.search(r"(\d+) posts? added", page)
    assert count
    with room.office.database.read() as session:
        assert listing.posts(session, PostFilter()) == [], "a plan that is looked at writes nothing"
    assert olga.send("/posts/plan", told="0" * 64).status_code == 409
    assert olga.send("/posts/plan", told=told(page)).headers["location"] == "/posts"
    with room.office.database.read() as session:
        found = listing.posts(session, PostFilter())
    assert len(found) == int(count[1]) > 0
    assert {row.partner.key for row in found} == {"oak"}
    assert {row.post.queued_by for row in found} == {"olga"}
    assert "Nothing to do" in olga.get("/posts/plan").text


def test_what_a_post_lacks_is_named_before_it_is_queued(room: Room) -> None:
    page = room.browser("olga").get("/posts/plan").text
    assert "because something is missing" in page
    assert "<strong>Fix:</strong> X line is missing." in page
    assert page.count("X line is missing") == 1, "once, however many templates ask for it"
    assert re.search(r"X line is missing\. [^<]* \d+ posts\.", page)
    assert "DfE’s event days and links. You do not need to do anything." in page
    assert "placeholder" not in page, "an officer edits no files"
    page = room.browser("adam").get("/posts/plan").text
    assert "What the timetable is missing" in page
    assert "is a placeholder" in page
