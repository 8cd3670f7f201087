"""What people see: local wall time, plain words instead of Python's, words to copy as they are. JSON stays."""

from pathlib import Path

import pytest
from terminal import HEAD, Terminal, opened_terminal, slot

from campaign.cli.screen import said
from campaign.models import listing
from campaign.newsletter.marks import spoken_marks
from campaign.wording import counted, some_of

pytestmark = pytest.mark.thorough

SUMMER = HEAD.replace("2030-12-02", "2030-07-01")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A campaign in summer, when London is an hour ahead of UTC."""
    opened = opened_terminal(tmp_path)
    opened.timetable(slot("launch", channels=("x", "facebook")), head=SUMMER)
    opened.run("queue")
    return opened


def test_times_on_screen_are_those_of_the_campaigns_zone_and_in_json_utc(terminal: Terminal) -> None:
    assert {post["due_at"][:16] for post in terminal.posts()} == {"2030-07-01T08:00"}
    terminal.timetable(slot("launch", channels=("x", "facebook")), slot("second", "launch + 1 day 09:00"), head=SUMMER)
    for command, day in ((("posts", "list"), 1), (("review", "list"), 1), (("plan",), 2)):
        shown = terminal.run(*command)
        assert "08:00" not in shown
        assert f"2030-07-0{day} 09:00" in shown


def test_a_moved_post_is_listed_at_the_time_that_was_typed(terminal: Terminal) -> None:
    ident = terminal.posts()[0]["id"]
    assert "2030-07-02 14:30" in terminal.run("posts", "move", ident, "--at", "2030-07-02T14:30")
    assert "2030-07-02 14:30" in terminal.run("posts", "list")
    assert terminal.posts("--day", "2030-07-02")[0]["due_at"] == "2030-07-02T13:30:00Z"


def test_no_word_of_python_reaches_people(terminal: Terminal) -> None:
    ident = terminal.posts()[0]["id"]
    for command in (
        *(("posts", "show", ident), ("posts", "preview", ident), ("hand", "show", ident), ("audit",)),
        *(("audit", "--verify"), ("accounts", "list"), ("partners", "list"), ("users", "list")),
    ):
        shown = terminal.run(*command)
        assert not [word for word in ("None", "[]", "{", "True", "False", "⟦") if word in shown], shown


def test_the_words_to_copy_stand_last_as_they_are(terminal: Terminal) -> None:
    ident = terminal.posts()[0]["id"]
    text = terminal.json("posts", "preview", ident)["text"]
    assert terminal.run("hand", "show", ident).endswith(f"\ntext:\n\n{text}\n")


def test_the_preview_of_a_share_says_what_it_passes_on(terminal: Terminal) -> None:
    share = '[[slot]]\nname = "pass on"\naction = "share"\nof = "first@oak"\nchannels = ["x"]\nat = "launch 13:00"\n'
    terminal.timetable(slot("first"), share)
    terminal.run("queue")
    ident = next(post["id"] for post in terminal.posts("--partner", "elm") if post["slot"] == "pass on")
    shown = terminal.run("posts", "preview", ident)
    assert "passes on the post of oak in the slot 'first'" in shown
    assert "characters" not in shown


def test_a_post_that_never_was_is_left_out_and_not_withdrawn(terminal: Terminal) -> None:
    quiet = '\n[[quiet]]\nname = "holiday"\nfrom = 2030-12-03\nuntil = 2030-12-04\n'
    again = slot("launch", channels=("x", "facebook"))
    terminal.timetable(again, slot("second", "launch + 1 day 09:00") + quiet)
    assert "leave out" in terminal.run("plan")
    assert "withdraw" not in terminal.run("plan")
    assert "withdraw" in {row["action"] for row in terminal.json("plan")}
    assert "2 leave out" in terminal.run("queue")


def test_a_database_that_may_not_be_written_is_named_with_its_mend(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise listing.sa.exc.OperationalError("SELECT 1", {}, Exception("attempt to write a readonly database"))

    monkeypatch.setattr(listing, "posts_page", refuse)
    shown = terminal.run("posts", "list", code=2)
    assert f"{terminal.folder}/campaign.db" in shown
    assert "See that you may write" in shown
    assert "db upgrade" not in shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        ("", "-"),
        ([], "-"),
        ({}, "-"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        ("2030-01-01T09:00:00Z", "2030-01-01 09:00"),
        ("waits until 2030-01-01T09:00:07.5Z: slow", "waits until 2030-01-01 09:00:07: slow"),
        ({"given_by": "rita", "why": None, "ids": [1, 2]}, "given by rita, ids 1; 2"),
    ],
)
def test_a_value_is_said_in_plain_words(value: object, shown: str) -> None:
    assert said(value) == shown


def test_marks_of_a_letter_are_shown_in_brackets() -> None:
    assert spoken_marks("Dear ⟦name|reader⟧, from ⟦ partner ⟧") == "Dear [name, or reader], from [partner]"


def test_numbers_carry_their_noun_and_long_lists_are_cut() -> None:
    assert (counted(1, "mail"), counted(0, "mail"), counted(1200, "reply", "replies")) == (
        "1 mail",
        "0 mails",
        "1,200 replies",
    )
    assert some_of(["a", "b", "a", "c"]) == "a, b, c"
    assert some_of("abcde") == "a, b, c and 2 more"
