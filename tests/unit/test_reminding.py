"""Reminding partners of their next step: once a day, those who have one, where somebody can be reached."""

import re
from datetime import UTC, datetime, timedelta

from builders import unsent
from pages_room import Room

from campaign.models import audit
from campaign.models.participation import Progress
from campaign.models.partners import Partner
from campaign.models.users import Mail, User
from campaign.review.reminding import NOBODY, TODAY, UNWANTED, Step, Wanted, choose

NOW = datetime(2025, 12, 2, 9, tzinfo=UTC)
DONE = {"x_line": "Ours"}


def partner(number: int, key: str, **details: str) -> Partner:
    return Partner(id=number, key=key, name=key.title(), kind="school", details=details, joined_at=NOW)


def progress(one: Partner, *, channels: tuple[str, ...] = ("x",), agreed: bool = False) -> Progress:
    return Progress(one, invited=True, channels=channels, agreed=agreed, published=0)


def officer(name: str, of: str, mail: Mail = Mail.ALL) -> User:
    return User(name=name, role="officer", partner_key=of, email=f"{name}@{of}.org", mail=mail, added_at=NOW)


def test_each_partner_is_reminded_of_its_own_step_or_left_out_with_the_reason() -> None:
    rows = [
        progress(partner(1, "ash")),
        progress(partner(2, "oak", **DONE), channels=()),
        progress(partner(3, "elm", **DONE)),
        progress(partner(4, "fir", **DONE), agreed=True),
        progress(partner(5, "yew", **DONE)),
        progress(partner(6, "box", contact_email="office@box.org")),
        progress(partner(7, "bay", **DONE)),
        progress(partner(8, "may", **DONE)),
    ]
    people = [officer("ann", "ash"), officer("bob", "ash"), officer("cid", "oak", Mail.NEEDS_ME)]
    people += [officer("dot", "elm"), officer("eve", "bay", Mail.NONE), officer("fay", "may")]
    found = choose(rows, people, {8})
    assert [(one.partner.key, one.step, one.to) for one in found.reminders] == [
        ("ash", Step.DETAILS, ("ann@ash.org", "bob@ash.org")),
        ("oak", Step.ACCOUNT, ("cid@oak.org",)),
        ("elm", Step.AGREE, ("dot@elm.org",)),
        ("box", Step.AGREE, ("office@box.org",)),
    ]
    assert {one.partner.key: one.why for one in found.left_out} == {"yew": NOBODY, "bay": UNWANTED, "may": TODAY}


def test_a_filter_takes_by_step_kind_and_region() -> None:
    ash = progress(partner(1, "ash"))
    assert [
        Wanted(*words).takes(ash) for words in ((), ("details",), ("agree",), ("", "school"), ("", "", "London"))
    ] == [
        True,
        True,
        False,
        True,
        False,
    ]


def test_a_reviewer_sees_the_mail_sends_it_and_the_same_day_nobody_gets_it_again(room: Room) -> None:
    room.office.reach("ella", "ella@elm.example.org")
    browser, page = room.browser("rita"), "/participation/remind?step=details"
    assert "Remind these 2" in browser.get("/participation?step=details").text
    assert "Remind these" not in browser.get("/participation?step=agree").text
    shown = browser.get(page).text
    assert "please give your details" in shown
    assert "ella@elm.example.org" in shown
    assert NOBODY in shown
    told = re.search(r'name="told" value="(\w+)"', shown)
    assert told
    sent = browser.send("/participation/remind", page=page, step="details", told=told[1])
    assert (sent.status_code, sent.headers["location"]) == (303, "/participation")
    again = browser.send("/participation/remind", page=page, step="details", told=told[1])
    assert again.status_code == 409
    assert TODAY in browser.get(page).text
    with room.office.database.read() as session:
        [notice] = unsent(session)
        rows = [row for row in audit.rows(session) if row.action == "remind"]
    assert (notice.to, notice.path) == ("ella@elm.example.org", "/details")
    assert [(row.who, row.facts) for row in rows] == [("rita", {"partners": ["elm"], "left_out": ["oak"]})]
    room.office.clock.move(timedelta(hours=15))
    assert TODAY not in browser.get(page).text, "it is tomorrow, local time"
