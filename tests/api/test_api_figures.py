"""Figures by a program are those of the charts, an officer's own partner's alone, and outcomes stand beside them."""

from collections.abc import Iterator

import pytest
from api_room import program
from conftest import MovedClock
from measured import measure
from pages_room import Room, opened_room

from campaign.models import partners, totals
from campaign.models.snapshots import FIGURES, LogFilter
from campaign.reports.log import KNOWN

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with opened_room(tmp_path_factory.mktemp("figures"), MovedClock()) as room:
        measure(room)
        yield room


def test_totals_are_those_of_the_charts_and_an_officer_sees_their_own(room: Room) -> None:
    with room.office.database.read() as session:
        every, own = (totals.totals(session, LogFilter(partner=name)) for name in (None, "oak"))
    for name, known in (("rita", every), ("olga", own)):
        rows = program(room, name).get("/figures/totals?partner=oak" if name == "olga" else "/figures/totals")["items"]
        columns = ("channel", "posts", *FIGURES, *KNOWN)
        assert [tuple(row[one] for one in columns) for row in rows] == [
            (total.channel, total.posts, *total.figures, *total.known) for total in known
        ]
    split = program(room, "rita").get("/figures/totals?by=partner")["items"]
    assert {(row["partner"], row["part"]) for row in split} == {
        ("oak", "Oakfield Academy"),
        ("elm", "Elm Valley Council"),
    }
    assert {row["partner"] for row in program(room, "rita").get("/figures/totals?by=template")["items"]} == {None}


def test_a_week_names_partners_by_their_keys_too(room: Room) -> None:
    with room.office.database.read() as session:
        names = {partner.key: partner.name for partner in partners.partners(session)}
    week = program(room, "rita").get("/figures/week?of=2025-11-12")
    assert week["best"]
    assert {names[post["partner"]] for post in week["best"]} == {post["partner_name"] for post in week["best"]}
    quiet = program(room, "rita").get("/figures/week?of=2025-06-04")
    assert [names[key] for key in quiet["silent_keys"]] == quiet["silent"] != []


def test_the_last_day_has_the_total(room: Room) -> None:
    rita = program(room, "rita")
    sums = {row["channel"]: row["reach"] for row in rita.get("/figures/totals")["items"] if row["reach"] is not None}
    days = rita.get("/figures/over-time?figure=reach")["items"]
    assert {name: value for name, value in days[-1]["channels"].items() if value is not None} == sums
    assert [day["day"] for day in days] == sorted(day["day"] for day in days)
    assert rita.call("GET", "/figures/over-time?figure=likes").status_code == 422


def test_from_a_day_on_the_last_day_has_what_was_gained_and_after_the_last_reading_there_is_none(room: Room) -> None:
    rita = program(room, "rita")
    for since in ("2025-11-20T00:00:00Z", "2025-11-20T10:00:00Z"):
        sums = {row["channel"]: row["reach"] for row in rita.get(f"/figures/totals?since={since}")["items"]}
        days = rita.get(f"/figures/over-time?figure=reach&since={since}")["items"]
        assert days[0]["day"] == "2025-11-20"
        assert days[-1]["channels"] == sums
        assert 0 < sums["linkedin"] < rita.get("/figures/totals?channel=linkedin")["items"][0]["reach"]
    assert rita.get("/figures/over-time?since=2026-01-01T00:00:00Z")["items"] == []


def test_the_hours_count_every_post_that_has_the_figure(room: Room) -> None:
    rita = program(room, "rita")
    rows = rita.get("/figures/hours")["items"]
    counted = {row["channel"]: row["posts"] for row in rita.get("/figures/totals")["items"]}
    for name in {row["channel"] for row in rows}:
        assert sum(row["posts"] for row in rows if row["channel"] == name) <= counted[name]
    assert rows


def test_outcomes_come_in_once_and_an_officer_sees_none(room: Room) -> None:
    adam = program(room, "adam")
    file = "day,name,number,source\n2025-12-02,views submitted,12,DfE\n"
    first = adam.call("POST", "/outcomes", {"csv": file}, **{"Idempotency-Key": "o"})
    assert first.json() == {"added": 1, "changed": 0, "same": 0, "removed": 0}
    assert adam.call("POST", "/outcomes", {"csv": file}, **{"Idempotency-Key": "o"}).json() == first.json()
    assert adam.call("POST", "/outcomes", {"csv": file}).json() == {
        "added": 0,
        "changed": 0,
        "same": 1,
        "removed": 0,
    }
    wrong = adam.call("POST", "/outcomes", {"csv": file + "soon,views submitted,1,DfE\n", "name": "views.csv"})
    assert wrong.status_code == 422
    assert "is no day" in wrong.text
    rows = program(room, "rita").get("/outcomes?since=2025-12-02&until=2025-12-02")["items"]
    assert rows == [{"day": "2025-12-02", "name": "views submitted", "number": 12, "source": "DfE"}]
    assert program(room, "olga").call("GET", "/outcomes").status_code == 403
    assert program(room, "rita").call("POST", "/outcomes", {"csv": file}).status_code == 403


def test_issues_are_listed_with_what_became_of_their_copies(room: Room) -> None:
    found = program(room, "rita").get("/figures/issues")
    assert all(row["clicks"] is None for row in found["items"])
    assert program(room, "olga").call("GET", "/figures/issues?limit=1").status_code == 200
