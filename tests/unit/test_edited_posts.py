"""Other words for a stored post are held to what planning holds them to."""

from pathlib import Path

import pytest
from PIL import Image
from terminal import HEAD, HELLO, Terminal, opened_terminal, slot

from campaign.models.posts import Post


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return opened_terminal(tmp_path)


def oak_on_x(terminal: Terminal) -> str:
    (found,) = [post["id"] for post in terminal.posts("--partner", "oak") if post["channel"] == "x"]
    return str(found)


def edit(terminal: Terminal, ident: str, line: str, code: int = 0) -> str:
    return terminal.run("posts", "edit", ident, f"line={line}", "--as", "olga", code=code)


def test_an_edit_over_the_platform_s_limit_is_refused(terminal: Terminal) -> None:
    terminal.write("templates/own/hello.md", HELLO.replace("max: 80, ", ""))
    terminal.run("queue")
    ident = oak_on_x(terminal)
    assert "x allows 280" in edit(terminal, ident, "word " * 100, code=2)
    edit(terminal, ident, "word " * 40)


def test_an_edit_takes_the_template_s_version_and_last_day_along(terminal: Terminal) -> None:
    terminal.run("queue")
    ident = oak_on_x(terminal)
    newer = HELLO.replace("version: 1", "version: 7\nuntil: 2030-12-DAY")
    terminal.write("templates/own/hello.md", newer.replace("DAY", "01"))
    assert "hold until Sunday 1 December 2030 only" in edit(terminal, ident, "Other words", code=2)
    terminal.write("templates/own/hello.md", newer.replace("DAY", "03"))
    edit(terminal, ident, "Other words")
    with terminal.database() as database, database.read() as session:
        post = session.get_one(Post, int(ident))
    assert (post.template_version, str(post.stale_at)) == ("7", "2030-12-04 00:00:00+00:00")


def test_an_edit_brings_no_placeholder_in_but_leaves_the_one_that_was_queued(terminal: Terminal) -> None:
    head = HEAD.replace("[details]", '[details]\nplaceholders = ["views_url"]')
    says_it = HELLO + "{{ campaign.views_url }}\n"
    terminal.timetable(slot("launch"), head=head)
    terminal.run("queue")
    ident = oak_on_x(terminal)
    terminal.write("templates/own/hello.md", says_it)
    assert "stands in for what DfE has not published" in edit(terminal, ident, "Other words", code=2)
    terminal.run("queue", "--allow-placeholders")
    edit(terminal, ident, "Other words")


def test_an_edit_past_the_permission_of_its_images_is_refused(terminal: Terminal) -> None:
    Image.new("RGB", (20, 20), "red").save(terminal.folder / "templates/own/pic.png")
    terminal.run("queue")
    ident = oak_on_x(terminal)
    image = "media:\n  - {file: pic.png, alt: Our class, permission_until: 2030-12-01}\nfields:"
    terminal.write("templates/own/hello.md", HELLO.replace("fields:", image))
    assert "held until Sunday 1 December 2030 only" in edit(terminal, ident, "Other words", code=2)


def test_an_image_that_the_platform_does_not_take_is_named_by_check_and_refused_by_an_edit(terminal: Terminal) -> None:
    first, second = (Image.new("RGB", (20, 20), colour) for colour in ("red", "blue"))
    first.save(terminal.folder / "templates/own/pic.gif", save_all=True, append_images=[second])
    terminal.run("queue")
    ident = oak_on_x(terminal)
    terminal.write("templates/own/hello.md", HELLO.replace("fields:", "media:\n  - {file: pic.gif, alt: Us}\nfields:"))
    said = "the image “Us” moves, and x gets still images alone"
    assert said in terminal.run("check", code=1)
    assert said in edit(terminal, ident, "Other words", code=2)


SHARE = '[[slot]]\nname = "share"\naction = "share"\nof = "launch@dfe"\nchannels = ["facebook"]\nat = "launch 13:00"\n'


def test_a_share_has_no_words_to_edit(terminal: Terminal) -> None:
    terminal.run("partners", "import", str(terminal.write("p.csv", "partner,name,kind\ndfe,DfE,department\n")))
    accounts = "partner,channel,handle,external_id,mode,credentials\ndfe,facebook,dfe,9,by-hand,\n"
    terminal.run("accounts", "import", str(terminal.write("a.csv", accounts)))
    terminal.run("partners", "set", "dfe", "line=Ours")
    terminal.timetable(slot("launch", channels=("facebook",)), SHARE)
    terminal.run("queue")
    ident = next(post["id"] for post in terminal.posts() if post["slot"] == "share")
    said = edit(terminal, ident, "Other words", code=2)
    assert "passes on the post launch@dfe and says no words of its own" in said
