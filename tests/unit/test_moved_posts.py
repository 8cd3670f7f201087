"""A post that a person moved: what a later plan, another word, another event and another launch make of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from terminal import HEAD, HELLO, Terminal, event, opened_terminal, slot

from campaign.models.posts import Post


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return opened_terminal(tmp_path)


def ident_of(terminal: Terminal, partner: str = "oak", channel: str = "x") -> str:
    (found,) = [post["id"] for post in terminal.posts("--partner", partner) if post["channel"] == channel]
    return str(found)


def seen(terminal: Terminal, ident: str) -> Post:
    with terminal.database() as database, database.read() as session:
        return session.get_one(Post, int(ident))


def move(terminal: Terminal, ident: str, at: str, code: int = 0) -> str:
    return terminal.run("posts", "move", ident, "--at", at, "--as", "olga", code=code)


def test_an_approval_for_one_day_is_not_good_for_another_after_a_plan_changed_the_words(terminal: Terminal) -> None:
    terminal.run("queue")
    ident = ident_of(terminal)
    move(terminal, ident, "2030-12-20 10:00")
    terminal.write("templates/own/hello.md", HELLO.replace("joins in", "takes part"))
    assert "3 change" in terminal.run("queue")
    post = seen(terminal, ident)
    assert post.window_from <= post.due_at <= post.window_until
    terminal.approve(ident)
    assert "in_review" in move(terminal, ident, "2030-12-02 09:00")


EVENTS_OPEN = HELLO + "{% if campaign.events_open %}\nJoin an online event\n{% endif %}\n"


@pytest.fixture
def with_event(terminal: Terminal) -> Terminal:
    """A launch that speaks of the events to come, and one event on 10 December."""
    terminal.write("templates/own/hello.md", EVENTS_OPEN)
    terminal.timetable(slot("launch", channels=("x", "facebook"), more='spread = "45m"'), head=event("open"))
    terminal.run("queue")
    return terminal


def says(terminal: Terminal, ident: str) -> str:
    return str(terminal.json("posts", "preview", ident)["text"])


def test_a_moved_post_says_what_is_true_at_its_own_time_whoever_fills_it(with_event: Terminal) -> None:
    ident = ident_of(with_event)
    assert "Join an online event" in says(with_event, ident)
    move(with_event, ident, "2030-12-20 10:00")
    assert "Join an online event" not in says(with_event, ident)
    assert "3 keep" in with_event.run("queue")
    with_event.run("posts", "edit", ident, "line=New", "--as", "olga")
    assert "Join an online event" not in says(with_event, ident)
    with_event.approve(ident)
    assert "3 keep" in with_event.run("queue")
    assert seen(with_event, ident).status == "approved"
    move(with_event, ident, "2030-12-09 10:00")
    assert "Join an online event" in says(with_event, ident)


def test_a_move_that_changes_the_words_voids_the_approval_inside_the_window_too(with_event: Terminal) -> None:
    ident = ident_of(with_event)
    at = seen(with_event, ident).due_at
    begins = f"{at - timedelta(minutes=5):%Y-%m-%dT%H:%M:%S}"
    with_event.timetable(slot("launch", channels=("x", "facebook"), more='spread = "45m"'), head=event("open", begins))
    with_event.run("queue")
    with_event.approve(ident)
    before = seen(with_event, ident)
    assert "approved" in move(with_event, ident, f"{at + timedelta(minutes=1):%Y-%m-%d %H:%M}")
    assert "in_review" in move(with_event, ident, f"{at - timedelta(minutes=6):%Y-%m-%d %H:%M}")
    after = seen(with_event, ident)
    assert "Join an online event" in says(with_event, ident)
    assert (after.window_from, after.window_until, after.edited_by) == (before.window_from, before.window_until, "olga")


def test_a_move_takes_no_other_change_of_the_files_along(with_event: Terminal) -> None:
    ident = ident_of(with_event)
    with_event.write("templates/own/hello.md", EVENTS_OPEN.replace("joins in", "takes part"))
    move(with_event, ident, "2030-12-05 10:00")
    assert "joins in" in says(with_event, ident)
    for broken in ("{{ question.question }}", "{{ nothing.such }}"):
        with_event.write("templates/own/hello.md", EVENTS_OPEN.replace("{{ line }}", broken))
        move(with_event, ident, "2030-12-20 10:00")
    assert "joins in" in says(with_event, ident)


def test_what_a_slot_missed_gets_no_new_time_at_which_it_would_say_other_words(with_event: Terminal) -> None:
    ident = ident_of(with_event)
    with_event.approve(ident)
    with_event.put(ident, status="missed")
    slotwise = ("posts", "move", "--slot", "launch", "--as", "rita", "--at")
    assert "would say other words" in with_event.run(*slotwise, "2030-12-20 10:00", code=1)
    assert "1 posts are approved" in with_event.run(*slotwise, "2030-12-05 10:00")


SPREAD = slot("launch", channels=("x", "facebook"), more='spread = "45m"')


@pytest.fixture
def spread(terminal: Terminal) -> Terminal:
    """A launch at each partner's own minute from 09:00 on."""
    terminal.timetable(SPREAD)
    terminal.run("queue")
    return terminal


def shifted(terminal: Terminal, ident: str) -> str:
    """Return a time inside the window that is not the post's own minute."""
    return "2030-12-02 09:25" if seen(terminal, ident).due_at.minute != 25 else "2030-12-02 09:20"


def test_a_post_shifted_inside_its_window_follows_its_slot_and_its_approval_is_void(spread: Terminal) -> None:
    ident = ident_of(spread)
    spread.approve(ident)
    at = shifted(spread, ident)
    assert "approved" in move(spread, ident, at)
    assert "3 keep" in spread.run("queue")
    assert seen(spread, ident).status == "approved"
    spread.timetable(SPREAD, head=HEAD.replace("2030-12-02", "2031-01-13"))
    assert "3 change" in spread.run("queue")
    post = seen(spread, ident)
    assert (f"{post.due_at:%Y-%m-%d %H:%M}", post.status) == (at.replace("2030-12-02", "2031-01-13"), "in_review")
    assert post.window_from <= post.due_at <= post.window_until
    assert "3 keep" in spread.run("queue")


def test_a_slot_that_moves_away_from_a_moved_post_is_told_and_voids_its_approval(spread: Terminal) -> None:
    ident = ident_of(spread)
    move(spread, ident, "2030-12-03 11:00")
    spread.approve(ident)
    assert "3 keep" in spread.run("queue")
    spread.timetable(SPREAD, head=HEAD.replace("2030-12-02", "2031-01-13"))
    told = f"post {ident} of oak on x stays on Tuesday 3 December at 11am, where a person put it"
    out, err = spread.both("plan")
    assert "its slot moves" in out
    assert told in err
    assert told in spread.run("check")
    assert "3 change" in spread.run("queue")
    post = seen(spread, ident)
    assert (f"{post.due_at:%Y-%m-%d %H:%M}", post.status) == ("2030-12-03 11:00", "in_review")
    assert "its slot moves" in spread.json("posts", "show", ident)["events"][-1]["why"]
    spread.approve(ident)
    assert "3 keep" in spread.run("queue")
    assert "Everything holds together" in spread.run("check")
    assert seen(spread, ident).status == "approved"


def test_a_slot_that_comes_to_where_a_post_was_moved_leaves_its_approval(spread: Terminal) -> None:
    ident = ident_of(spread)
    move(spread, ident, "2030-12-03 09:10")
    spread.approve(ident)
    spread.timetable(SPREAD, head=HEAD.replace("2030-12-02", "2030-12-03"))
    assert "2 change, 0 withdraw, 1 keep" in spread.run("queue")
    assert seen(spread, ident).status == "approved"


def test_a_shift_that_the_slots_smaller_spread_no_longer_holds_ends(spread: Terminal) -> None:
    ident = ident_of(spread)
    move(spread, ident, "2030-12-02 09:44")
    spread.timetable(SPREAD.replace("45m", "5m"))
    spread.run("queue")
    post = seen(spread, ident)
    assert post.window_from <= post.due_at <= post.window_until
    assert f"{post.due_at:%H:%M}" <= "09:04"


HUSH = HEAD + '[[quiet]]\nname = "hush"\nfrom = 2030-12-01\nuntil = 2030-12-0{}\n\n'


def there_and_back(terminal: Terminal, until: int) -> None:
    """Queue with a quiet period that nobody meant, and once more without it."""
    terminal.timetable(SPREAD, head=HUSH.format(until))
    terminal.run("queue")
    terminal.timetable(SPREAD)
    terminal.run("queue")


def back_again(terminal: Terminal) -> str:
    (found,) = [
        post["id"] for post in terminal.posts("--partner", "oak", "--status", "in_review") if post["channel"] == "x"
    ]
    return str(found)


def test_what_a_plan_withdrew_comes_back_with_its_own_words_and_time(spread: Terminal) -> None:
    spread.run("users", "add", "rolf", "--role", "reviewer")
    first = ident_of(spread)
    spread.run("posts", "edit", first, "line=Words of rolf's", "--as", "rolf")
    at = shifted(spread, first)
    move(spread, first, at)
    there_and_back(spread, 3)
    ident = back_again(spread)
    post = seen(spread, ident)
    assert ident != first
    assert (f"{post.due_at:%Y-%m-%d %H:%M}", post.fields) == (at, {"line": "Words of rolf's"})
    assert "Words of rolf's" in says(spread, ident)
    assert "queued or edited" in spread.run("review", "approve", f"{ident}@{post.content_hash}", "--as", "rolf", code=2)
    assert "3 keep" in spread.run("queue")
    move(spread, ident, "2030-12-05 11:00")
    spread.timetable(SPREAD, head=HUSH.format(5))
    spread.run("queue")
    spread.timetable(SPREAD, head=HUSH.replace("2030-12-01", "2030-12-05").format(5))
    spread.run("queue")
    assert f"{seen(spread, back_again(spread)).due_at:%Y-%m-%d}" == "2030-12-02", "its own time is quiet still"


def test_own_words_that_no_longer_fit_do_not_keep_a_post_from_coming_back(spread: Terminal) -> None:
    first = ident_of(spread)
    spread.run("posts", "edit", first, "line=Rather more words than there is room for by now", "--as", "olga")
    spread.timetable(SPREAD, head=HUSH.format(3))
    spread.run("queue")
    spread.write("templates/own/hello.md", HELLO.replace("max: 80", "max: 20"))
    spread.timetable(SPREAD)
    spread.run("queue")
    assert "Come on Friday" in says(spread, back_again(spread))
