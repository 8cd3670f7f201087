"""The pages of admins: people and invitations, the audit log and its check, health, lists; and settling."""

import re
from datetime import timedelta
from html import escape

import pytest
import sqlalchemy as sa
from api_room import Program, token_of
from builders import unsent
from pages_room import Room

from campaign.models import audit, mailing, upkeep, users
from campaign.models.audit import Audit
from campaign.models.mailing import MailingList, Subscriber
from campaign.models.posts import Post
from campaign.models.sign_in import Elsewhere
from campaign.models.status import Status
from campaign.review import holding
from campaign.web.audit import SIZE

pytestmark = pytest.mark.thorough
LINK = re.compile(r"http://[^<\s]*(/invitation/[\w-]+)")


def ident(room: Room, name: str) -> int:
    with room.office.database.read() as session:
        found = users.user(session, name)
        assert found is not None
        return found.ident


def person(room: Room, name: str) -> users.User:
    with room.office.database.read() as session:
        found = users.user(session, name)
        assert found is not None
        return found


def actions(room: Room) -> list[str]:
    with room.office.database.read() as session:
        return [row.action for row in audit.rows(session)]


# --- people ---------------------------------------------------------------------------------------------------------


def test_an_account_at_the_provider_is_shown_and_let_go_of(room: Room) -> None:
    page, browser = f"/admin/people/{ident(room, 'rita')}", room.browser("adam")
    assert "Let another account there be theirs" not in browser.get(page).text
    with room.office.database.write() as session:
        found = {"issuer": "https://login.example.org", "subject": "s-rita", "added_at": room.office.clock.now()}
        session.add(Elsewhere(user_id=ident(room, "rita"), **found))
    shown = browser.get(page).text
    assert "https://login.example.org" in shown
    assert "They have not set up an account here yet" not in shown
    assert browser.send(f"{page}/unbind").status_code == 303
    assert "https://login.example.org" not in browser.get(page).text
    assert browser.send(f"{page}/unbind").status_code == 422
    assert actions(room)[-1] == "let go of sign-in elsewhere"


def test_a_newcomer_gets_an_invitation_that_is_shown_once_and_lets_them_in(room: Room) -> None:
    fields = {"name": "Nora", "role": "officer", "partner": "oak", "email": "nora@example.org"}
    shown = room.browser("adam").send("/admin/people/new", **fields)
    link = LINK.search(shown.text)
    assert link
    assert "nora@example.org" in room.browser().get(link[1]).text
    again = room.browser("adam").get(f"/admin/people/{ident(room, 'Nora')}")
    assert "/invitation/" not in again.text.replace("/invite", "")
    assert (person(room, "Nora").role, person(room, "Nora").partner_key) == ("officer", "oak")
    assert actions(room)[-3:-1] == ["add user", "invite"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"role": "admin"}, "Enter a name"),
        ({"name": "Nora"}, "Choose what the person is to do"),
        ({"name": "Nora", "role": "owner"}, "Choose what the person is to do"),
        ({"name": "Nora", "role": "officer"}, "An officer belongs to one partner"),
        ({"name": "Nora", "role": "officer", "partner": "none"}, "There is no partner"),
        ({"name": "No\nra", "role": "admin"}, "holds a line break"),
        ({"name": "rita", "role": "admin"}, "There is a user"),
        ({"name": "Nora", "role": "admin", "email": "nora"}, "is no mail address"),
    ],
)
def test_a_newcomer_that_lacks_something_is_not_added_and_says_what(
    room: Room, fields: dict[str, str], said: str
) -> None:
    found = room.browser("adam").send("/admin/people/new", **fields)
    assert found.status_code == 422
    assert "<title>Error: " in found.text
    assert said in found.text
    with room.office.database.read() as session:
        assert len(users.users(session)) == 6


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "Our partner", "role": "reviewer"}, "name"),
        ({"name": "No\nra", "role": "reviewer"}, "name"),
        ({"name": "Nora", "role": "officer"}, "partner"),
        ({"name": "Nora", "role": "officer", "partner": "none"}, "partner"),
    ],
)
def test_a_refusal_stands_beside_the_field_that_it_is_about(room: Room, fields: dict[str, str], field: str) -> None:
    room.office.hire("Our partner", "reviewer")
    found = room.browser("adam").send("/admin/people/new", **fields)
    assert re.findall(r'<a href="#(\w+)">', found.text) == [field]
    assert "--partner" not in found.text
    if field == "partner":
        again = room.browser("adam").send(f"/admin/people/{ident(room, 'rita')}/role", **fields)
        assert (again.status_code, re.findall(r'<a href="#(\w+)">', again.text)) == (422, [field])


def test_a_changed_role_counts_at_once(room: Room) -> None:
    otto = room.browser("otto")
    assert otto.get("/admin").status_code == 403
    number = ident(room, "otto")
    assert room.browser("adam").send(f"/admin/people/{number}/role", role="admin", partner="oak").status_code == 303
    assert otto.get("/admin").status_code == 200
    assert person(room, "otto").partner_key is None, "who is no officer speaks for no partner"
    assert actions(room).count("change user") == 1


def test_the_last_admin_stays(room: Room) -> None:
    number = ident(room, "adam")
    found = room.browser("adam").send(f"/admin/people/{number}/role", role="reviewer")
    assert (found.status_code, re.findall(r'<a href="#(\w+)">', found.text)) == (422, ["role"])
    assert "adam is the last admin" in found.text
    assert room.browser("adam").send(f"/admin/people/{number}/send-away").status_code == 422
    assert person(room, "adam").role == "admin"
    assert person(room, "adam").active


def test_another_persons_address_is_refused_beside_its_field(room: Room) -> None:
    adam = room.browser("adam")
    adam.send("/admin/people/new", name="Nora", role="reviewer", email="nora@example.org")
    for path in ("new", f"{ident(room, 'rita')}/role"):
        found = adam.send(f"/admin/people/{path}", name="Ned", role="reviewer", email="Nora@example.org")
        assert found.status_code == 422
        assert '<a href="#email">Another person has this address' in found.text
    assert person(room, "rita").email is None
    adam.send(f"/admin/people/{ident(room, 'Nora')}/send-away")
    assert adam.send("/admin/people/new", name="Ned", role="reviewer", email="nora@example.org").status_code == 200
    assert adam.send(f"/admin/people/{ident(room, 'Nora')}/take-back").status_code == 422
    assert not person(room, "Nora").active


def test_who_is_sent_away_is_out_at_once_and_can_be_taken_back(room: Room) -> None:
    rita, number = room.browser("rita"), ident(room, "rita")
    assert rita.get("/posts").status_code == 200
    held = rita.send("/account/calendar").text
    calendar = "/calendar/" + held.partition("/calendar/")[2].partition(".ics")[0] + ".ics"
    program = Program(room, token_of(room, "rita"))
    assert (room.browser().get(calendar).status_code, program.call("GET", "/posts").status_code) == (200, 200)
    room.browser("adam").send(f"/admin/people/{number}/send-away")
    assert rita.get("/posts").status_code == 303
    assert room.browser("adam").send(f"/admin/people/{number}/invite").status_code == 404
    room.browser("adam").send(f"/admin/people/{number}/take-back")
    assert room.browser("rita").get("/posts").status_code == 200
    assert room.browser().get(calendar).status_code == 404, "who has the old address stays outside"
    assert program.call("GET", "/posts").status_code == 401
    assert {"send user away", "take user back"} <= set(actions(room))


def test_sessions_of_another_end(room: Room) -> None:
    rita, adam = room.browser("rita"), room.browser("adam")
    adam.send(f"/admin/people/{ident(room, 'rita')}/end-sessions")
    assert rita.get("/posts").status_code == 303
    assert adam.get("/admin/people").status_code == 200
    with room.office.database.read() as session:
        assert [(row.who, row.subject) for row in audit.rows(session) if row.action == "end sessions"] == [
            ("adam", "user:rita")
        ]


# --- the audit log --------------------------------------------------------------------------------------------------


def decided(room: Room, count: int) -> None:
    with room.office.database.write() as session:
        for number in range(count):
            facts = {"why": f"<b>{number}</b>"}
            audit.record(
                session, who="rita", action="hold", subject=f"post:{number}", at=room.office.clock.now(), facts=facts
            )


def subjects(text: str) -> list[int]:
    return [int(number) for number in re.findall(r">Post (\d+)</a>", text)]


def test_the_audit_log_is_walked_there_and_back(room: Room) -> None:
    decided(room, SIZE + 20)
    adam = room.browser("adam")
    first = adam.get("/admin/audit?by=rita&action=hold").text
    assert subjects(first) == list(range(SIZE + 19, 19, -1))
    assert "&lt;b&gt;69&lt;/b&gt;" in first
    older = re.search(r'href="([^"]+)" rel="next"', first)
    assert older
    second = adam.get(older[1].replace("&amp;", "&")).text
    assert subjects(second) == list(range(19, -1, -1))
    newer = re.search(r'href="([^"]+)" rel="prev"', second)
    assert newer
    assert subjects(adam.get(newer[1].replace("&amp;", "&")).text) == subjects(first)


def test_the_audit_log_is_filtered(room: Room) -> None:
    decided(room, 12)
    adam = room.browser("adam")
    assert subjects(adam.get("/admin/audit?subject=post:1").text) == [1], "post:1 is not post:10"
    assert len(subjects(adam.get("/admin/audit?subject=post").text)) == 12
    assert subjects(adam.get("/admin/audit?subject=po%25").text) == []
    assert "No decisions match" in adam.get("/admin/audit?by=nobody").text
    assert adam.get("/admin/audit?before=x&after=99999999999999999999").status_code == 200


def test_the_check_says_whole_and_a_changed_row_shows(room: Room) -> None:
    decided(room, 3)
    adam = room.browser("adam")
    assert "The audit log is whole" in adam.get("/admin/audit/check").text
    with room.office.database.write() as session:
        session.execute(sa.update(Audit).where(Audit.subject == "post:1").values(who="somebody"))
    text = adam.get("/admin/audit/check").text
    assert "The audit log is broken" in text
    assert "was changed" in text


# --- health and lists -----------------------------------------------------------------------------------------------


def test_health_says_what_the_doctor_says(room: Room) -> None:
    text = room.browser("adam").get("/admin").text
    assert "Nothing goes out now" in text
    for finding in room.app.doctor.examine():
        assert escape(finding.what.partition("`")[0])[1:] in text
    assert "Ask the platforms too" in text


def test_lists_are_counted_and_given_as_the_command_prints_them(room: Room) -> None:
    now = room.office.clock.now()
    with room.office.database.write() as session:
        readers = MailingList(key="families")
        session.add(readers)
        session.flush()
        for number in range(3):
            left = now if number == 0 else None
            email = "=cmd@example.org" if number == 1 else f"r{number}@example.org"
            facts = {"list_id": readers.ident, "email": email, "consent_source": "form", "consent_at": now}
            session.add(Subscriber(token=f"t{number}", unsubscribed_at=left, **facts))
        mailing.suppress(session, "gone@example.org", "hard bounce", now)
    adam = room.browser("adam")
    text = adam.get("/admin/lists").text
    assert re.findall(r"numeric\">(\d+)</td>", text) == ["2", "1", "1"]
    assert "gone@" not in text
    file = adam.get("/admin/lists/families.csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert "'=cmd@example.org" in file.text
    assert adam.get("/admin/lists/none.csv").status_code == 404


def test_an_address_that_a_server_refused_is_mailed_again_and_a_complaint_stays(room: Room) -> None:
    with room.office.database.write() as session:
        for email, why in (("dead@example.org", mailing.BOUNCED), ("cross@example.org", "complaint")):
            mailing.suppress(session, email, why, room.office.clock.now())
    adam, why = room.browser("adam"), "their server was mended"
    for fields, said in (
        ({"address": "", "reason": why}, "Enter the address"),
        ({"address": "dead@example.org", "reason": ""}, "Enter a reason"),
        ({"address": "new@example.org", "reason": why}, "No mail server has refused"),
        ({"address": "cross@example.org", "reason": why}, "complaint"),
    ):
        found = adam.send("/admin/lists/allow", **fields)
        assert (found.status_code, said in found.text) == (422, True), said
    assert adam.send("/admin/lists/allow", address=" Dead@Example.ORG ", reason=why).status_code == 303
    with room.office.database.read() as session:
        assert mailing.suppression(session, "dead@example.org") is None
        assert mailing.suppression(session, "cross@example.org") is not None
        (row,) = [row for row in audit.rows(session) if row.action == "allow address"]
    assert (row.who, row.subject, row.facts) == (
        "adam",
        f"address:{mailing.address_digest('dead@example.org')}",
        {"reason": why},
    )


# --- settling -------------------------------------------------------------------------------------------------------

URL = "https://x.com/i/status/1999"


def in_doubt(
    room: Room, partner: str = "oak", status: Status = Status.UNCONFIRMED, after: timedelta = -timedelta(minutes=1)
) -> int:
    """Store a post that was approved and sent, of which nobody knows more."""
    post = room.office.post(partner, status=status, after=after, changes={"needs_person": "X does not answer"})
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.approved_hash = row.content_hash
    return post


def test_a_post_that_is_there_counts_as_published_in_the_persons_name(room: Room) -> None:
    post = in_doubt(room)
    assert f"/settle/{post}" in room.browser("olga").get("/settle").text
    found = room.browser("olga").send(f"/settle/{post}", there="yes", url=URL)
    assert found.status_code == 303
    seen = room.office.seen(post)
    assert (seen.status, seen.url, seen.external_id) == (Status.PUBLISHED, URL, "1999")
    assert room.office.moves(post)[-1] == ("olga", "found")
    assert "settle" in actions(room)


def test_an_address_that_names_another_account_is_asked_about(room: Room) -> None:
    post, url = in_doubt(room), "https://x.com/oak_renamed/status/1998"
    asked = room.browser("olga").send(f"/settle/{post}", there="yes", url=url)
    assert asked.status_code == 422
    assert "names oak_renamed" in asked.text
    assert room.office.seen(post).status == Status.UNCONFIRMED
    assert room.browser("olga").send(f"/settle/{post}", there="yes", url=url, sure="yes").status_code == 303
    assert room.office.seen(post).external_id == "1998"


def test_a_post_that_is_not_there_goes_out_again_or_is_missed(room: Room) -> None:
    post, late = in_doubt(room), in_doubt(room, after=-timedelta(days=2))
    for one, then in ((post, Status.APPROVED), (late, Status.MISSED)):
        assert room.browser("rita").send(f"/settle/{one}", there="no").status_code == 303
        assert room.office.seen(one).status == then
    assert room.office.moves(post)[-1] == ("rita", "absent")
    assert room.browser("rita").get(f"/settle/{post}").status_code == 404, "it is settled"
    assert room.browser("rita").send(f"/settle/{post}", there="yes", url=URL).status_code == 409


def test_a_post_taken_down_by_hand_is_gone_or_stays(room: Room) -> None:
    gone, stays = in_doubt(room, status=Status.RETRACTING), in_doubt(room, status=Status.RETRACTING)
    assert "Was it taken down?" in room.browser("rita").get(f"/settle/{gone}").text
    room.browser("rita").send(f"/settle/{gone}", there="no")
    room.office.reach("rolf", "rolf@dfe.example.org")
    room.browser("rita").send(f"/settle/{stays}", there="yes", url=URL)
    with room.office.database.read() as session:
        told = [notice for notice in unsent(session) if notice.to == "rolf@dfe.example.org"]
    assert ["rita looked: it is still there, and stays" in notice.body for notice in told] == [True]
    assert room.office.seen(gone).status == Status.RETRACTED
    assert room.office.seen(stays).status == Status.PUBLISHED


def test_a_post_in_doubt_is_ordered_to_be_taken_down_once_it_is_found(room: Room) -> None:
    one = room.office.post("oak", status=Status.UNCONFIRMED, changes={"slot": "first"})
    other = room.office.post("oak", status=Status.PUBLISHING, changes={"slot": "first", "occurrence": "2"})
    rita = room.browser("rita")
    assert "Take the X post down" in rita.get(f"/posts/{one}").text
    rita.send(f"/posts/{one}/take-down", page=f"/posts/{one}", remove="The wrong picture")
    text = rita.get(f"/posts/{one}").text
    assert "It is taken down as soon as it is found, as rita ordered: The wrong picture" in text
    assert "Take the X post down" not in text, "it is ordered"
    page = rita.get("/take-down?slot=first").text
    assert "1 post is on its way or in doubt: it is taken down once it is found." in page
    told = re.search(r'name="told" value="(\w+)"', page)
    assert told
    rita.send("/take-down", page="/take-down?slot=first", slot="first", told=told[1], remove="The wrong picture")
    assert "as rita ordered" in rita.get(f"/posts/{other}").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose what you saw"),
        ({"there": "maybe"}, "Choose what you saw"),
        ({"there": "yes"}, "Enter the address of the post"),
        ({"there": "yes", "url": "javascript:alert(1)"}, "is no web address"),
    ],
)
def test_a_word_that_says_too_little_settles_nothing(room: Room, fields: dict[str, str], said: str) -> None:
    post = in_doubt(room)
    found = room.browser("rita").send(f"/settle/{post}", **fields)
    assert found.status_code == 422
    assert said in found.text
    assert room.office.seen(post).status == Status.UNCONFIRMED


def test_an_officer_settles_their_own_partners_posts_alone(room: Room) -> None:
    theirs = in_doubt(room, "elm")
    assert f"/settle/{theirs}" not in room.browser("olga").get("/settle").text
    assert room.browser("olga").send(f"/settle/{theirs}", there="no").status_code == 404
    assert room.office.seen(theirs).status == Status.UNCONFIRMED


# --- health says no more than is known --------------------------------------------------------------------------------


def beating(room: Room) -> None:
    with room.office.database.write() as session:
        upkeep.tick(session, "host:1:a", room.office.clock.now(), None)


def test_an_empty_workspace_is_not_said_to_publish_on_time(room: Room) -> None:
    beating(room)
    text = room.browser("adam").get("/admin").text
    assert "The publishing service runs, and no approved post waits for it" in text
    assert "on time" not in text
    assert "All is well" not in text


def test_what_waits_for_people_stands_on_the_page_of_health(room: Room) -> None:
    beating(room)
    room.office.post("oak", status=Status.APPROVED)
    for number in range(2):
        room.office.post("oak", changes={"slot": f"review {number}"})
    room.office.post("oak", status=Status.BY_HAND, after=timedelta(hours=-1))
    room.office.post("elm", status=Status.BY_HAND, after=timedelta(hours=1))
    text = room.browser("adam").get("/admin").text
    assert "Posts are going out on time" in text
    assert '<a class="govuk-link" href="/review">2 posts to review</a>' in text
    assert '<a class="govuk-link" href="/posts?status=by_hand">1 post due to be published by hand</a>' in text
    with room.office.desk("rita") as desk:
        holding.hold(desk.session, desk.person, "everything", "A wrong link", desk.now)
    assert "Everything is on hold" in room.browser("adam").get("/admin").text


def test_the_page_of_health_names_no_daemon(room: Room) -> None:
    text = room.browser("adam").get("/admin").text
    assert "Nothing goes out now" in text
    assert "No publishing service runs" in text
    assert "daemon" not in text.replace("daemon-silent", "")


# --- plain words ------------------------------------------------------------------------------------------------------


def test_removing_a_persons_access_asks_first(room: Room) -> None:
    page, browser = f"/admin/people/{ident(room, 'rolf')}", room.browser("adam")
    assert f'href="{page}/send-away"' in browser.get(page).text
    assert f'action="{page}/send-away"' not in browser.get(page).text
    text = browser.get(f"{page}/send-away").text
    assert "Are you sure you want to remove the access of rolf?" in text
    assert person(room, "rolf").active
    assert browser.send(f"{page}/send-away").status_code == 303
    assert not person(room, "rolf").active
    assert "Give access again" in browser.get(page).text
