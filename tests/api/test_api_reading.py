"""What there is to read by a program beside posts: calendar, week, who takes part, templates, previews, health."""

from datetime import timedelta

import pytest
from api_room import program
from builders import unsent
from pages_room import Room

from campaign.models import partners, users
from campaign.models.posts import Post
from campaign.models.status import Status

pytestmark = pytest.mark.thorough
NEW = {"partner": "oak", "channel": "x", "template": "post-1", "due_at": "2025-12-03T09:00:00Z"}


def letters(room: Room) -> list[str]:
    with room.office.database.read() as session:
        return sorted(one.to for one in unsent(session))


def test_the_calendar_tells_a_day_by_slot_and_state_and_what_is_on_it(room: Room) -> None:
    ours = room.office.post("oak", changes={"slot": "launch"})
    for key in ("oak", "elm"):
        room.office.post(key, status=Status.APPROVED, changes={"slot": "weekly"})
    room.office.post("oak", status=Status.WITHDRAWN, changes={"slot": "gone"})
    rita = program(room, "rita")
    today, *later = rita.get("/calendar")["items"]
    assert (today["day"], len(later)) == ("2025-12-02", 6)
    found = {one["slot"]: (one["status"], one["posts"], one["post"]) for one in today["entries"]}
    assert found == {"launch": ("in_review", 1, str(ours)), "weekly": ("approved", 2, None)}
    (weekly,) = [
        one for one in program(room, "olga").get("/calendar")["items"][0]["entries"] if one["slot"] == "weekly"
    ]
    assert weekly["posts"] == 1, "an officer's own"
    christmas = rita.get("/calendar?since=2025-12-25&until=2025-12-25")["items"]
    assert [one["holiday"] for one in christmas] == ["Christmas Day"]
    events = [
        event for day in rita.get("/calendar?since=2025-12-01&until=2026-01-31")["items"] for event in day["events"]
    ]
    assert "early" in {event["name"] for event in events}


@pytest.mark.parametrize(
    "days",
    [
        "since=2025-12-02&until=2025-12-01",
        "since=2025-01-01&until=2025-12-31",
        "since=9999-12-31",
        "until=0001-01-03",
    ],
)
def test_days_that_are_none_or_too_many_are_refused(room: Room, days: str) -> None:
    assert program(room, "rita").call("GET", f"/calendar?{days}").status_code == 422


@pytest.mark.parametrize(
    "asked", ["calendar?until=2000-01-01", "calendar?since=2100-12-31", "figures/week?of=2100-12-31"]
)
def test_the_first_and_the_last_day_that_may_be_asked_for_are_shown(room: Room, asked: str) -> None:
    assert program(room, "rita").call("GET", f"/{asked}").status_code == 200


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_of_another_age_is_refused(room: Room, day: str) -> None:
    adam = program(room, "adam")
    assert adam.call("GET", f"/figures/week?of={day}").status_code == 422
    yes = {"given_by": "Jo", "given_on": day, "source": "a mail"}
    assert adam.call("POST", "/partners/oak/agreed-elsewhere", yes).status_code == 422


def test_the_week_says_what_went_out_and_an_officer_sees_its_own(room: Room) -> None:
    for key in ("oak", "elm"):
        post = room.office.post(key, status=Status.PUBLISHED, after=timedelta(hours=-1), changes={"external_id": key})
        with room.office.database.write() as session:
            session.get_one(Post, post).published_at = room.office.clock.now() - timedelta(hours=1)
    week = program(room, "rita").get("/figures/week")
    assert (week["first"], week["last"]) == ("2025-12-01", "2025-12-07")
    (x,) = week["channels"]
    assert (x["channel"], x["published"], x["missed"], x["figures"]["impressions"]) == ("x", 2, 0, None)
    assert program(room, "olga").get("/figures/week?partner=oak")["channels"][0]["published"] == 1
    assert program(room, "rita").get("/figures/week?of=2025-11-20")["channels"] == []


def test_a_log_is_asked_for_one_post(room: Room) -> None:
    assert program(room, "olga").get("/log?post=7")["items"] == []


def test_who_takes_part_is_told_page_by_page_and_counted(room: Room) -> None:
    rita = program(room, "rita")
    first = rita.get("/participation?limit=1")
    assert ([one["partner"] for one in first["items"]], first["next"]) == (["elm"], "elm")
    (oak,) = rita.get(f"/participation?limit=1&cursor={first['next']}")["items"]
    assert (oak["partner"], oak["invited"], oak["agreed"], oak["next_step"]) == ("oak", True, True, "details")
    assert rita.get("/participation?step=account")["items"] == []
    counts = rita.get("/participation/counts")
    assert (counts["whole"]["partners"], counts["whole"]["agreed"], counts["whole"]["published"]) == (2, 2, 0)
    assert (counts["region"], counts["channel"]) == ([{"name": "", "counts": counts["whole"]}], [])


def test_a_reminder_reaches_those_who_were_shown_and_nobody_twice_a_day(room: Room) -> None:
    rita = program(room, "rita")
    room.office.reach("olga", "olga@oak.example.org")
    shown = rita.get("/participation/reminders")
    assert shown["reminders"] == [{"partner": "oak", "step": "details", "addresses": 1}]
    assert [one["partner"] for one in shown["left_out"]] == ["elm"]
    assert "please give your details" in shown["letters"][0]["subject"]
    room.office.reach("ella", "ella@elm.example.org")
    changed = rita.call("POST", "/participation/remind", {"seen": shown["seen"]})
    assert (changed.status_code, changed.json()["code"], letters(room)) == (409, "changed", [])
    seen = rita.get("/participation/reminders")["seen"]
    assert rita.call("POST", "/participation/remind", {"seen": seen}).json() == {"reminded": 2}
    again = rita.get("/participation/reminders")
    assert (again["reminders"], len(again["left_out"])) == ([], 2)
    assert letters(room) == ["ella@elm.example.org", "olga@oak.example.org"]


def test_who_takes_part_is_no_officers_to_read(room: Room) -> None:
    olga = program(room, "olga")
    for path in ("", "/counts", "/reminders"):
        assert olga.call("GET", f"/participation{path}").status_code == 403
    assert olga.call("POST", "/participation/remind", {"seen": "0" * 64}).status_code == 403


def test_templates_say_which_fields_a_post_takes(room: Room) -> None:
    found = {(one["name"], one["channel"]): one for one in program(room, "olga").get("/templates")["items"]}
    fields = {one["name"]: one for one in found["post-1", "x"]["fields"]}
    assert (fields["x_line"]["required"], fields["image"]["parts"]) == (True, ["image", "image_alt", "image_until"])
    assert found["post-1", "x"]["single"]
    assert not found["event", None]["single"]


def test_a_new_post_is_shown_before_it_is_stored(room: Room) -> None:
    olga = program(room, "olga")
    found = olga.call("POST", "/posts/preview", NEW | {"fields": {"x_line": "Ours alone"}}).json()
    assert ("Ours alone" in found["preview"]["text"], found["faults"]) == (True, [])
    lacking = olga.call("POST", "/posts/preview", NEW).json()
    assert (lacking["preview"], "x_line" in lacking["faults"][0]["field"]) == (None, True)
    assert olga.call("POST", "/posts/preview", NEW | {"partner": "elm"}).status_code == 404
    assert olga.get("/posts")["items"] == []
    post = olga.call("POST", "/posts", NEW | {"fields": {"x_line": "Ours alone"}}).json()["id"]
    other = olga.call("POST", f"/posts/{post}/preview", {"fields": {"x_line": "Other words"}}).json()
    assert "Other words" in other["text"]
    assert "Ours alone" in olga.get(f"/posts/{post}/preview")["text"]
    named = olga.call("POST", f"/posts/{post}/preview", {"fields": {"image": "config.toml"}})
    assert "no picture comes in here" in named.text


def test_details_are_shown_in_a_first_post_before_they_are_stored(room: Room) -> None:
    olga, path = program(room, "olga"), "/partners/oak/details"
    (found,) = olga.call(
        "POST", f"{path}/preview", {"details": {"x_line": "Ours alone", "name": "Oak Primary"}}
    ).json()["items"]
    assert (found["channel"], found["faults"]) == ("x", [])
    assert "Ours alone" in found["preview"]["text"]
    (lacking,) = olga.call("POST", f"{path}/preview", {"details": {"own_words": "Ours"}}).json()["items"]
    assert (lacking["preview"], "x_line" in lacking["faults"][0]["field"]) == (None, True)
    assert olga.get(path)["details"] == {}
    assert "no picture comes in here" in olga.call("POST", f"{path}/preview", {"details": {"image": "a.png"}}).text
    assert olga.call("POST", "/partners/elm/details/preview", {"details": {"x_line": "x"}}).status_code == 404


def test_what_speaks_against_a_post_is_told_while_it_can_be_mended(room: Room) -> None:
    post, rita = room.office.post("oak", after=timedelta(minutes=5)), program(room, "rita")
    assert rita.get(f"/posts/{post}/check") == {"faults": [], "approved_words": None}
    room.office.clock.move(timedelta(minutes=6))
    (fault,) = rita.get(f"/posts/{post}/check")["faults"]
    assert (fault["field"], fault["severity"], fault["problem"]) == ("time", "error", "its time has passed")
    room.office.post("oak", status=Status.APPROVED, changes={"slot": "before"})
    assert rita.get(f"/posts/{post}/check")["approved_words"]


def test_only_a_newsletter_has_an_article_or_a_correction(room: Room) -> None:
    olga, post = program(room, "olga"), room.office.post("oak")
    assert olga.call("GET", f"/posts/{post}/article").status_code == 404
    body = {"due_at": "2025-12-03T09:00:00Z", "fields": {"mistake": "9", "right": "10"}}
    found = olga.call("POST", f"/posts/{post}/correct/preview", body)
    assert (found.status_code, "Nobody has got post" in found.text) == (422, True)


def test_what_stops_an_account_is_told_to_its_own_partner(room: Room) -> None:
    for key in ("oak", "elm"):
        with room.office.database.write() as session:
            partners.change_account(session, room.office.accounts[key], {"stopped_why": "its token is dead"})
    (found,) = program(room, "olga").get("/accounts/health")["items"]
    assert (found["partner"], [one["rule"] for one in found["findings"]]) == ("oak", ["account-stopped"])
    assert "its token is dead" in found["findings"][0]["what"]
    assert len(program(room, "rita").get("/accounts/health")["items"]) == 2


def test_an_account_whose_list_is_not_there_says_so_in_the_api_and_on_its_page(room: Room) -> None:
    with room.office.database.write() as session:
        partners.change_account(session, room.office.accounts["oak"], {"channel": "email", "external_id": "readers"})
    (found,) = program(room, "olga").get("/accounts/health")["items"]
    assert [one["rule"] for one in found["findings"]] == ["list-missing"]
    page = room.browser("olga").get("/accounts").text
    assert "There is no email list &#39;readers&#39;, so its issues would fail." in page
    assert "No readers" in page


def test_an_admins_program_asks_whether_all_is_well_and_the_chain_is_whole(room: Room) -> None:
    adam = program(room, "adam")
    found = adam.get("/health")
    assert (found["well"], found["asked"]) == (False, False)
    assert "daemon-silent" in {one["rule"] for one in found["findings"]}
    checked = adam.get("/audit/check")
    assert (checked["faults"], checked["more"], bool(checked["head"])) == ([], False, True)
    for path in ("/health", "/audit/check"):
        assert program(room, "rita").call("GET", path).status_code == 403
    assert program(room, "rita").call("POST", "/health/ask-platforms").status_code == 403


# --- one's own account ----------------------------------------------------------------------------------------------


def test_a_program_sees_whom_it_acts_for_and_ends_what_lets_in(room: Room) -> None:
    browser, olga = room.browser("olga"), program(room, "olga")
    me = olga.get("/account")
    assert (me["name"], me["role"], me["partner"], me["calendar"]) == ("olga", "officer", "oak", False)
    assert "read" in me["token"]["scopes"]
    assert olga.call("PUT", "/account/mail", {"mail": "none"}).json() == {"mail": "none"}
    assert olga.get("/account")["mail"] == "none"
    (here,) = olga.get("/account/sessions")["items"]
    assert olga.call("POST", f"/account/sessions/{here['id']}/end").json() == {"ended": 1}
    assert browser.get("/posts").headers["location"].startswith("/sign-in")
    room.browser("olga"), room.browser("olga")
    assert olga.call("POST", "/account/sign-out-everywhere").json() == {"ended": 2}
    other = program(room, "olga")
    assert len(olga.get("/account/tokens")["items"]) == 2
    assert olga.call("POST", f"/account/tokens/{other.get('/account')['token']['id']}/revoke").status_code == 200
    assert other.call("GET", "/account").status_code == 401
    assert "cmp_" not in str(olga.get("/account/tokens"))


def test_another_persons_sessions_and_tokens_are_not_there(room: Room) -> None:
    room.browser("rita")
    rita, olga = program(room, "rita"), program(room, "olga")
    (session,) = rita.get("/account/sessions")["items"]
    token = rita.get("/account")["token"]["id"]
    assert olga.call("POST", f"/account/sessions/{session['id']}/end").status_code == 404
    assert olga.call("POST", f"/account/tokens/{token}/revoke").status_code == 404
    assert rita.call("GET", "/account").status_code == 200
    assert olga.call("POST", "/account/calendar/revoke").status_code == 404
    with room.office.database.read() as found:
        person = users.user(found, "rita")
        assert person is not None
    story = program(room, "adam").get(f"/people/{person.ident}")
    assert (story["name"], len(story["sessions"]), story["has_password"], story["passkeys"]) == ("rita", 1, False, 0)
