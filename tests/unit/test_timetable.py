"""What a timetable file may say, and how each fault in one is named."""

import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from campaign.errors import BadInput, Finding, WrongUse
from campaign.plan.shift import shifted
from campaign.plan.timetable import Timetable, load_timetable
from campaign.plan.timetable_check import check_timetable

SHIPPED = Path(__file__).parents[2] / "schedules" / "national-conversation.toml"
SOUND = """
[details]
views_url = "https://www.gov.uk/dfe/SEND-conversation"

[days]
launch = 2025-12-02
close = 2026-01-14

[[event]]
name = "early"
title = "Early"
starts = 2025-12-10T18:00:00
confirmed = true
register_url = "https://example.org/early"
"""


def read(folder: Path, text: str) -> Timetable:
    file = folder / "timetable.toml"
    file.write_text(dedent(text), encoding="utf-8")
    return load_timetable(file, "Europe/London")


def faults(folder: Path, text: str) -> tuple[Finding, ...]:
    with pytest.raises(BadInput) as caught:
        read(folder, text)
    return caught.value.findings


def slot(**keys: str) -> str:
    given = {"name": '"one"', "template": '"post-1"', "channels": '["x"]', "at": '"launch 09:00"'} | keys
    return SOUND + "\n[[slot]]\n" + "\n".join(f"{key} = {value}" for key, value in given.items() if value)


def test_the_shipped_timetable_reads_and_runs_from_launch_to_close() -> None:
    timetable = load_timetable(SHIPPED, "Europe/London")
    assert timetable.bounds() == (timetable.days["launch"], timetable.days["close"])
    assert (timetable.days["launch"], timetable.days["close"]) == (date(2025, 12, 2), date(2026, 1, 14))
    assert [event.principle for event in timetable.events] == ["early", "local", "fair", "effective", "shared"]
    assert {"x", "facebook", "linkedin", "email"} == {name for one in timetable.slots for name in one.channels}


def test_every_key_of_a_slot_is_read(tmp_path: Path) -> None:
    text = slot(
        was='"old"',
        at="",
        template="",
        templates='["post-2", "question"]',
        cron='"0 17 * * thu"',
        days='"working"',
        **{"from": '"launch + 1 working day"', "until": "2026-01-10"},
        spread='"1h30m"',
        late='"catch-up"',
        hours='"08:00-18:00"',
        partners='{ kind = ["school", "council"] }',
    )
    one = read(tmp_path, text).slots[0]
    assert (one.was, one.templates, one.cron, one.working) == ("old", ("post-2", "question"), "0 17 * * thu", True)
    assert (one.spread, one.late, one.hours) == (timedelta(minutes=90), "catch-up", (time(8), time(18)))
    assert one.partners == {"kind": ("school", "council")}
    assert one.starts is not None
    assert (one.starts.day, one.starts.count, one.starts.unit) == ("launch", 1, "working day")


@pytest.mark.parametrize(
    ("keys", "field", "words"),
    [
        ({"chanels": '["x"]'}, "slot.one.chanels", 'Did you mean "channels"?'),
        ({"at": '"lunch 09:00"'}, "slot.one.at", 'Did you mean "launch"?'),
        ({"at": '"launch"'}, "slot.one.at", "date without a time"),
        ({"at": '"launch 25:00"'}, "slot.one.at", "not understood|no time of day"),
        ({"at": '"launch plus 2 days 09:00"'}, "slot.one.at", "not understood"),
        ({"at": '"early + 2 hours 09:00"'}, "slot.one.at", "contradict"),
        ({"at": '"event 09:00"'}, "slot.one.at", "for_each"),
        ({"at": "2025-12-02"}, "slot.one.at", "date without a time"),
        ({"at": "2025-12-02T09:00:00Z"}, "slot.one.at", "without Z"),
        ({"at": '"2026-02-30 09:00"'}, "slot.one.at", "not a day that exists"),
        ({"name": '"single"'}, "slot.single.name", "outside the timetable"),
        ({"cron": '"0 17 * * thu"'}, "slot.one.at", "not both"),
        ({"at": ""}, "slot.one.at", "must be there"),
        ({"at": "", "cron": '"0 17 * * 4"'}, "slot.one.cron", '"thu"'),
        ({"at": "", "cron": '"0 17 * * 0"'}, "slot.one.cron", '"sun".*"mon"'),
        ({"at": "", "cron": '"0 17 * *"'}, "slot.one.cron", "4 fields"),
        ({"at": "", "cron": '"0 77 * * thu"'}, "slot.one.cron", "no cron line"),
        ({"at": "", "cron": '"0 17 * * thu"', "from": '"close"', "until": '"launch"'}, "slot.one.until", "before"),
        ({"for_each": '"events"'}, "slot.one.for_each", "event-\\*"),
        ({"for_each": '"event-lte*"'}, "slot.one.for_each", "fits no event"),
        ({"for_each": '"question-*"'}, "slot.one.at", "every question at one time"),
        ({"late": '"never"'}, "slot.one.late", "Known are|Did you mean"),
        ({"days": '"workin"'}, "slot.one.days", 'Did you mean "working"?'),
        ({"spread": '"a while"'}, "slot.one.spread", "no spread"),
        ({"spread": '"25h"'}, "slot.one.spread", "a day or more"),
        ({"hours": '"18:00-08:00"'}, "slot.one.hours", "ends before"),
        ({"channels": "[]"}, "slot.one.channels", "is missing"),
        ({"channels": "7"}, "slot.one.channels", "list of words"),
        ({"template": ""}, "slot.one.template", "is missing"),
        ({"templates": '["post-2"]'}, "slot.one.templates", "both there"),
        ({"action": '"share"', "template": ""}, "slot.one.of", "is missing"),
        ({"action": '"share"', "template": "", "of": '"launch"'}, "slot.one.of", "SLOT@PARTNER"),
        ({"action": '"share"', "template": "", "of": '"onne@dfe"'}, "slot.one.of", 'Did you mean "one"?'),
        ({"action": '"share"', "of": '"one@dfe"'}, "slot.one.template", "does not go with a share"),
        ({"partners": '"school"'}, "slot.one.partners", "kind ="),
    ],
)
def test_a_fault_in_a_slot_is_named_with_file_line_field_and_mend(
    tmp_path: Path, keys: dict[str, str], field: str, words: str
) -> None:
    found = faults(tmp_path, slot(**keys))
    named = [finding for finding in found if finding.field == field]
    assert named, found
    assert any(
        re.search(words, str(finding)) and finding.file == "timetable.toml" and finding.line for finding in named
    ), named


@pytest.mark.parametrize("name", ["twin", "event-twin"])
def test_two_events_with_one_key_are_one_fault_with_its_line(tmp_path: Path, name: str) -> None:
    one = '\n[[event]]\nname = "{}"\ntitle = "T"\nstarts = 2025-12-11T18:00:00\nregister_url = ""\n'
    (found,) = faults(tmp_path, SOUND + one.format("twin") + one.format(name))
    assert (found.file, found.field) == ("timetable.toml", f"event.{name}")
    assert found.line == len((SOUND + one).splitlines()) + 2
    assert "Give each a name of its own" in found.mend


def test_all_faults_of_a_file_come_at_once_in_its_order(tmp_path: Path) -> None:
    text = SOUND + '\n[[slot]]\nname = "a"\n[[slot]]\nname = "a"\nchannels = ["x"]\ntemplate = "t"\nat = "lunch 9"\n'
    found = faults(tmp_path, text + '\n[[quiet]]\nname = "q"\nfrom = 2026-02-02\nuntil = 2026-01-01\n[extra]\n')
    assert {"slot.a.channels", "slot.a.at", "slot.a", "quiet.q.until", "timetable.extra"} <= {
        one.field for one in found
    }
    lines = [finding.line or 0 for finding in found]
    assert lines == sorted(lines)


def test_a_day_that_no_calendar_has_is_named_by_its_line(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, "[days]\nlaunch = 2026-02-30\n")
    assert (found.line, found.field) == (2, "days.launch")
    assert "2026-02-30 is not a day that exists" in found.problem


def test_broken_toml_is_named_by_its_line(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, '[days]\nlaunch = "2026\n')
    assert found.line == 2


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[days]\nlaunch = "2025-12-02"\n', "days.launch"),
        ("[days]\nlaunch = 2025-12-02T09:00:00+01:00\n", "days.launch"),
        ("[days]\nevent = 2025-12-02\n", "days.event"),
        ('[[event]]\nname = "early"\ntitle = "Early"\nstarts = 2025-12-10\n', "event.early.starts"),
        (
            '[[event]]\nname = "early"\ntitle = "Early"\nstarts = 2025-12-10T18:00:00\nstatus = "opn"\n',
            "event.early.status",
        ),
        ("[details]\nx_handle = 7\n", "details.x_handle"),
        ('[details]\nplaceholders = ["evnts_url"]\nevents_url = "https://example.org"\n', "details.evnts_url"),
        ('[[quiet]]\nname = "q"\nfrom = 2026-01-01T09:00:00\nuntil = 2026-01-02\n', "quiet.q.from"),
        ("details = 7\n", "details"),
        ("slot = 7\n", "slot"),
    ],
)
def test_a_fault_elsewhere_is_named_by_its_field(tmp_path: Path, text: str, field: str) -> None:
    assert field in {finding.field for finding in faults(tmp_path, text)}


def test_a_missing_file_and_an_unknown_zone_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load_timetable(tmp_path / "none.toml", "Europe/London")
    with pytest.raises(BadInput, match="no time zone"):
        load_timetable(SHIPPED, "Europe/Lundon")


NOW = datetime(2025, 11, 24, 9, tzinfo=UTC)


def test_check_stops_on_empty_details_and_placeholders_and_names_their_lines(tmp_path: Path) -> None:
    found = {
        finding.field: finding
        for finding in check_timetable(load_timetable(SHIPPED, "Europe/London"), NOW)
        if finding.severity == "error"
    }
    assert set(found) == {"details.events_url"} | {
        f"event.{name}.placeholder" for name in ("early", "local", "fair", "effective", "shared")
    }
    assert all(finding.line for finding in found.values())
    empty = read(tmp_path, '[details]\nviews_url = " "\n')
    assert [finding.field for finding in check_timetable(empty, NOW)] == ["details.views_url"]


def test_check_is_content_with_the_shipped_timetable_where_placeholders_are_allowed() -> None:
    assert check_timetable(load_timetable(SHIPPED, "Europe/London"), NOW, placeholders_allowed=True) == []


def test_check_warns_of_an_unconfirmed_event_and_of_what_is_past(tmp_path: Path) -> None:
    timetable = read(tmp_path, slot().replace("confirmed = true", "confirmed = false"))
    assert {(finding.field, finding.severity) for finding in check_timetable(timetable, NOW)} == {
        ("event.early.confirmed", "warning")
    }
    later = check_timetable(timetable, datetime(2026, 3, 1, tzinfo=UTC))
    assert {"event.early.starts", "slot.one"} <= {finding.field for finding in later}


def test_check_names_a_slot_that_never_comes(tmp_path: Path) -> None:
    timetable = read(tmp_path, slot(at="", cron='"0 9 30 2 *"'))
    assert ("slot.one", "never comes") in {(one.field, one.problem) for one in check_timetable(timetable, NOW)}


def test_shifting_moves_days_events_and_dated_slots_and_leaves_comments_and_quiet_alone(tmp_path: Path) -> None:
    dated = '\n[[slot]]\nname = "s"\ntemplate = "t"\nchannels = ["x"]\nat = 2025-12-03T09:00:00   # was 2025-12-03\n'
    quiet = '\n[[quiet]]\nname = "q"\nfrom = 2025-12-24\nuntil = 2026-01-01\n'
    moved = shifted(SOUND + dated + quiet, date(2026, 2, 2))
    timetable = read(tmp_path, moved)
    assert timetable.days == {"launch": date(2026, 2, 2), "close": date(2026, 3, 16 + 1)}
    assert timetable.events[0].starts.date() == date(2026, 2, 10)
    assert timetable.slots[0].at is not None
    assert timetable.slots[0].at.day == date(2026, 2, 3)
    assert timetable.quiet[0].first == date(2025, 12, 24)
    assert "# was 2025-12-03" in moved


def test_shifting_to_the_same_day_changes_no_byte_and_shifting_back_restores_the_text() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert shifted(text, date(2025, 12, 2)) == text
    assert shifted(shifted(text, date(2027, 6, 1)), date(2025, 12, 2)) == text


@pytest.mark.parametrize(
    ("launch", "year_end", "quiet"),
    [
        (date(2027, 7, 5), date(2027, 12, 31), (date(2027, 12, 24), date(2028, 1, 1))),
        (date(2026, 12, 31), date(2026, 12, 31), (date(2026, 12, 24), date(2027, 1, 1))),
        (date(2027, 1, 1), date(2027, 12, 31), (date(2026, 12, 24), date(2027, 1, 1))),
    ],
)
def test_a_fact_of_the_calendar_keeps_its_day_and_moves_by_whole_years(
    tmp_path: Path, launch: date, year_end: date, quiet: tuple[date, date]
) -> None:
    timetable = read(tmp_path, shifted(SHIPPED.read_text(encoding="utf-8"), launch))
    assert timetable.days["year_end"] == year_end
    assert [(one.first, one.last) for one in timetable.quiet] == [quiet]


def test_a_leap_day_of_the_calendar_becomes_the_28th() -> None:
    text = "[days]\nlaunch = 2028-02-01\nleap = 2028-02-29  # calendar\n"
    assert "leap = 2029-02-28" in shifted(text, date(2028, 12, 1))


def test_a_past_slot_that_is_still_caught_up_says_so(tmp_path: Path) -> None:
    slot = '\n[[slot]]\nname = "s"\ntemplate = "t"\nchannels = ["x"]\nat = "launch 09:00"\nlate = "catch-up"\n'
    now = datetime(2026, 2, 1, tzinfo=UTC)
    said = {
        str(finding)
        for text in (SOUND + slot, SOUND + slot + 'until = "close"\n')
        for finding in check_timetable(read(tmp_path, text), now)
        if finding.field == "slot.s"
    }
    assert [("still catch it up" in line, "wholly in the past" in line) for line in sorted(said)] == [
        (True, False),
        (False, True),
    ]


def test_shifting_moves_a_slot_s_date_in_quotes_and_no_other_words(tmp_path: Path) -> None:
    lines = (
        '\n[[slot]]\nname = "2025-12-03 s"\ntemplate = "t"\nchannels = ["x"]\n'
        'at = \'2025-12-03 10:00\' # why\nfrom = "2025-12-02"\nuntil = "2025-12-03 + 2 days"\n'
    )
    moved = shifted(SOUND + lines, date(2026, 2, 2))
    timetable = read(tmp_path, moved)
    (slot,) = timetable.slots
    assert slot.name == "2025-12-03 s"
    assert [at.day for at in (slot.at, slot.starts, slot.ends) if at] == [
        date(2026, 2, 3),
        date(2026, 2, 2),
        date(2026, 2, 3),
    ]


@pytest.mark.parametrize(
    ("text", "field", "line"),
    [
        ("days = { launch = 2025-12-02 }\n", "days.launch", 1),
        ("days.launch = 2025-12-02\n", "days.launch", 1),
        ('["days"]\nlaunch = 2025-12-02\n', "days.launch", None),
        ("[days]\nlaunch = 2025-12-02\n[[event]]\nends = [2025-12-11]\n", "event.0.ends.0", 4),
        ('slot = [{ at = "2025-12-05 10:00" }]\n[days]\nlaunch = 2025-12-02\n', "slot.0.at", 1),
    ],
)  # fmt: skip
def test_a_date_that_cannot_be_moved_where_it_stands_is_named(text: str, field: str, line: int | None) -> None:
    with pytest.raises(BadInput) as caught:
        shifted(text, date(2026, 2, 2), "own.toml")
    (found,) = caught.value.findings
    assert (found.file, found.field) == ("own.toml", field)
    assert line is None or found.line == line
    assert shifted(text, date(2025, 12, 2)) == text, "where nothing moves, nothing is left behind"


def test_shifting_needs_days_that_a_calendar_has() -> None:
    with pytest.raises(WrongUse, match="no calendar has all days"):
        shifted("[days]\nlaunch = 2025-12-02\nclose = 2026-01-14\n", date(9999, 12, 31))


def test_shifting_needs_a_launch_day() -> None:
    with pytest.raises(WrongUse, match="launch"):
        shifted("[days]\nclose = 2026-01-14\n", date(2026, 1, 1))
