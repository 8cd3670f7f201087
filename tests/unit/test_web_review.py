"""The review by groups: what is on the page is approved, what changed or was set aside is not."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import escape
from pages_room import Browser, Room

from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.ports import Draft
from campaign.review import decisions, grouping, rearranging
from campaign.web import new_words

pytestmark = pytest.mark.thorough
GROUP = "/review/group?template=t&version=1&channel=x"
SEEN = re.compile(r'name="(seen|plain)" value="([^"]+@\w+)"')


def write(room: Room, post: int, words: str) -> None:
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "words": words}
        session.add(row)


def three(room: Room) -> tuple[int, int, int]:
    """Two posts with the common words alone, and one with a line of its own."""
    posts = (room.office.post("oak"), room.office.post("elm"), room.office.post("elm"))
    for post in posts:
        write(room, post, "Join in.")
    write(room, posts[2], "Join in.\n\nOur <own> line 020 7946 0000")
    return posts


def decide(browser: Browser, decision: str, aside: list[str] | None = None, **fields: str) -> int:
    found = browser.get(GROUP).text
    return send(browser, SEEN.findall(found), decision, aside, **fields)


def send(
    browser: Browser,
    seen: list[tuple[str, str]],
    decision: str,
    aside: list[str] | None = None,
    path: str = GROUP,
    **fields: str,
) -> int:
    pairs = [*seen, ("decision", decision), *(("aside", one) for one in aside or []), *fields.items()]
    data = [("form_token", browser.token or ""), *pairs]
    return browser.session.post(f"{browser.address}{path}", data=data, timeout=20, allow_redirects=False).status_code


def states(room: Room, posts: Sequence[int]) -> list[str]:
    return [str(room.office.seen(post).status) for post in posts]


def test_posts_that_say_the_same_are_one_group(room: Room) -> None:
    three(room)
    room.office.post("oak", changes={"template": "other", "event": "early"})
    text = room.browser("rita").get("/review").text
    assert "4 posts wait for you" in text
    assert GROUP.replace("&", "&amp;") in text
    assert "template=other&amp;version=1&amp;channel=x" in text


def test_the_common_words_stand_once_and_own_words_with_what_to_check(room: Room) -> None:
    three(room)
    text = room.browser("rita").get(GROUP).text
    assert text.count("Join in.") == 1
    assert "Our &lt;own&gt; line 020 7946 0000" in text
    assert "It holds a telephone number that nobody approved before." in text
    assert "2 posts with the common words alone" in text


def test_what_was_shown_is_approved_together(room: Room) -> None:
    posts = three(room)
    assert decide(room.browser("rita"), "approve") == 303
    assert states(room, posts) == ["approved"] * 3
    assert room.office.moves(posts[2])[-1] == ("rita", "approve")


def test_what_is_set_aside_is_left_and_comes_back_with_a_comment(room: Room) -> None:
    posts, browser = three(room), room.browser("rita")
    assert decide(browser, "approve", [str(posts[2])]) == 303
    assert states(room, posts) == ["approved", "approved", "in_review"]
    assert decide(browser, "return", [str(posts[2])]) == 422, "a return needs a comment"
    assert decide(browser, "return", [str(posts[2])], comment="A wrong number") == 303
    assert states(room, posts) == ["approved", "approved", "draft"]
    assert room.office.seen(posts[2]).comment == "A wrong number"


def test_what_is_no_longer_set_aside_stays_so_when_the_form_comes_back(room: Room) -> None:
    """Who unticks a post and forgets the comment does not return it with what was ticked before."""
    posts, browser = three(room), room.browser("rita")
    assert decide(browser, "approve", [str(post) for post in posts[1:]]) == 303
    text = browser.get(GROUP).text
    data = [("form_token", browser.token or ""), *SEEN.findall(text), ("decision", "return"), ("aside", str(posts[2]))]
    found = browser.session.post(f"{browser.address}{GROUP}", data=data, timeout=20)
    assert found.status_code == 422
    assert re.findall(r'name="aside" type="checkbox" value="(\d+)" checked', found.text) == [str(posts[2])]


def test_what_is_set_aside_stays_so_until_it_is_decided_or_changes(room: Room) -> None:
    """The wrong number is not approved by the next press of the button."""
    posts, browser = three(room), room.browser("rita")
    assert decide(browser, "approve", [str(posts[2])]) == 303
    ticked = re.compile(rf'value="{posts[2]}"[^>]* checked')
    for name in ("rita", "rolf"):
        text = room.browser(name).get(GROUP).text
        assert ticked.search(text)
        assert "Set aside by" in text
    assert "1 set aside" in browser.get("/review").text
    write(room, posts[2], "Join in.\n\nOur right line")
    with room.office.deciding("olga", posts[2]) as (desk, row):
        row.post.content_hash = desk.contents.digest(row.post, row.account)
    text = browser.get(GROUP).text
    assert not ticked.search(text)
    assert "set aside" not in browser.get("/review").text
    assert decide(browser, "approve") == 303
    assert states(room, posts) == ["approved"] * 3


def test_words_approved_on_one_channel_are_known_on_another(room: Room) -> None:
    room.office.join("fir", channel="x")
    room.office.join("ash", channel="facebook")
    with room.office.database.write() as session:
        session.get_one(Account, room.office.accounts["ash"]).partner_id = session.get_one(
            Account, room.office.accounts["fir"]
        ).partner_id
    first = room.office.post("fir", status=Status.APPROVED, changes={"slot": "first"})
    write(room, first, "Join in.\n\nOur line 020 7946 0000")
    again = room.office.post("ash", changes={"slot": "again"})
    with room.office.database.write() as session:
        session.get_one(Post, again).partner_id = session.get_one(Post, first).partner_id
    write(room, again, "Join in.\n\nOur line 020 7946 0000")
    text = room.browser("rita").get(GROUP.replace("channel=x", "channel=facebook")).text
    assert "with nothing new" in text
    assert "that nobody approved before" not in text


def test_every_new_line_stands_once_on_one_page(room: Room) -> None:
    three(room)
    rare = room.office.post("oak", changes={"template": "other", "fields": {"line": "As late as possible"}})
    write(room, rare, "Join in.\n\nAs late as possible")
    text = room.browser("rita").get("/review/words").text
    assert text.count("Our &lt;own&gt; line 020 7946 0000</p>") == 1
    assert "It holds a telephone number." in text
    assert f'href="/posts/{rare}?from=words"' in text
    assert "As late" not in room.browser("ella").get("/review/words").text


def test_changes_are_asked_of_every_post_that_says_a_line(room: Room) -> None:
    """Whoever finds a wrong number in twelve posts does not open twelve pages."""
    posts = [*three(room), room.office.post("elm", changes={"slot": "again"})]
    write(room, posts[3], "Join in.\n\nOur <own> line 020 7946 0000")
    browser = room.browser("rita")
    (path,) = re.findall(r'href="(/review/words/line[^"]+)"', browser.get("/review/words").text)
    text = browser.get(path).text
    assert re.findall(r'name="aside" type="checkbox" value="(\d+)" checked', text) == [str(one) for one in posts[2:]]
    assert send(browser, SEEN.findall(text), "return", [str(posts[2])], path=path) == 422, "a return needs a comment"
    assert send(browser, SEEN.findall(text), "approve", path=path, comment="Yes") == 422, "nothing is approved here"
    assert states(room, posts) == ["in_review"] * 4
    said = {"path": path, "comment": "A wrong number"}
    assert send(browser, SEEN.findall(text), "return", [str(one) for one in posts[2:]], **said) == 303
    assert states(room, posts) == ["in_review", "in_review", "draft", "draft"]
    assert room.office.seen(posts[3]).comment == "A wrong number"
    assert browser.get(path).headers["location"] == "/review/words", "nobody says it any more"


def test_a_line_that_changed_meanwhile_is_not_returned(room: Room) -> None:
    posts = [*three(room), room.office.post("elm", changes={"slot": "again"})]
    write(room, posts[3], "Join in.\n\nOur <own> line 020 7946 0000")
    browser = room.browser("rita")
    (path,) = re.findall(r'href="(/review/words/line[^"]+)"', browser.get("/review/words").text)
    seen = SEEN.findall(browser.get(path).text)
    write(room, posts[2], "Join in.\n\nOur right line")
    ticked = [str(one) for one in posts[2:]]
    assert send(browser, seen, "return", ticked, path=path, comment="A wrong number") == 303
    assert states(room, posts) == ["in_review", "in_review", "in_review", "draft"]
    assert "changed" in browser.get("/review/words").text


def test_changes_are_asked_of_those_alone_whose_line_it_is(room: Room) -> None:
    """A number may be one organisation's own and a slip of another: two lines with the same words."""
    posts = [room.office.post(key, changes={"slot": f"{number}"}) for key in ("oak", "elm") for number in range(2)]
    for post in posts:
        write(room, post, "Join in.\n\nRing 020 7946 0001")
    for _ in range(6):  # else it is a line that most posts have
        write(room, room.office.post("oak"), "Join in.")
    with room.office.database.write() as session:
        session.get_one(Partner, session.get_one(Post, posts[0]).partner_id).details = {"phone": "020 7946 0001"}
    browser = room.browser("rita")
    paths = re.findall(r'href="(/review/words/line[^"]+)"', browser.get("/review/words").text)
    shown = [re.findall(r'name="aside" type="checkbox" value="(\d+)"', browser.get(path).text) for path in paths]
    assert sorted(map(sorted, shown)) == [[str(one) for one in posts[:2]], [str(one) for one in posts[2:]]]


def test_what_many_organisations_say_is_not_ticked_for_all_of_them(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_words, "_WORDINGS", 1)
    alike(room)
    browser = room.browser("rita")
    (path,) = re.findall(r'href="(/review/words/line[^"]+)"', browser.get("/review/words").text)
    text = browser.get(path).text
    assert text.count('name="aside" type="checkbox"') == 2
    assert "checked" not in text
    assert "1 more line differs from these" in text


def alike(room: Room) -> tuple[int, int, int]:
    """Posts of two organisations that differ by their own numbers alone, and one with a number that is not its own."""
    posts = (room.office.post("oak"), room.office.post("elm"), room.office.post("elm", changes={"slot": "again"}))
    numbers = ("020 7946 0001", "020 7946 0002", "020 7946 0003")
    with room.office.database.write() as session:
        for post, number in zip(posts[:2], numbers, strict=False):
            session.get_one(Partner, session.get_one(Post, post).partner_id).details = {"phone": number}
    for post, number in zip(posts, numbers, strict=True):
        write(room, post, f"Join in.\n\nRing {number}")
    return posts


def test_new_words_that_differ_by_an_organisations_own_facts_are_one_line_and_can_be_opened(room: Room) -> None:
    posts = alike(room)
    text = room.browser("rita").get("/review/words").text
    assert text.count('<li class="app-change">') == 2
    assert text.index("Ring 020 7946 0003") < text.index("Ring 020 7946 0001"), "what one post alone says comes first"
    assert text.count("It holds a telephone number.") == 1
    folded = text.partition("1 line like it")[2]
    assert "Ring 020 7946 0002" in folded
    assert f'href="/posts/{posts[1]}?from=words"' in folded


def test_posts_that_are_alike_are_together_in_a_group_and_each_can_be_set_aside(room: Room) -> None:
    posts, browser = alike(room), room.browser("rita")
    text = browser.get(GROUP).text
    assert text.index("Ring 020 7946 0003") < text.index("Ring 020 7946 0001")
    before, _, folded = text.partition("1 more post like it")
    assert "Ring 020 7946 0002" in folded
    assert "Ring 020 7946 0002" not in before
    assert "020 7946 0002" in before, "the number itself stands openly: a detail may be wrong too"
    assert len(SEEN.findall(text)) == 3, "each is approved by the hash of what the page holds of it"
    assert decide(browser, "approve", [str(posts[1])]) == 303
    assert states(room, posts) == ["approved", "in_review", "approved"]


def test_what_was_set_aside_of_posts_that_are_alike_is_in_sight(room: Room) -> None:
    posts, browser = alike(room), room.browser("rita")
    details = '<details class="govuk-details govuk-!-margin-bottom-0" open>'
    assert details not in browser.get(GROUP).text
    assert decide(browser, "approve", [str(one) for one in posts[:2]]) == 303
    assert details in browser.get(GROUP).text


def test_what_somebody_set_aside_since_the_page_was_shown_is_not_approved_in_passing(room: Room) -> None:
    posts, browser = alike(room), room.browser("rita")
    shown = browser.get(GROUP).text
    assert decide(room.browser("rolf"), "approve", [str(posts[0])]) == 303
    assert send(browser, SEEN.findall(shown), "approve") == 409
    assert states(room, posts) == ["in_review", "approved", "approved"]
    assert 'name="apart"' in browser.get(GROUP).text, "it is still set aside"


def test_what_was_written_for_one_post_is_on_the_first_page(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST", 2)
    posts = three(room)
    with room.office.database.write() as session:
        session.get_one(Post, posts[2]).fields = {"line": "Our <own> line"}
    text = room.browser("rita").get(GROUP).text
    assert "Written for this post:" in text
    assert f"/posts/{posts[2]}" in text
    assert f"/posts/{posts[1]}" not in text


def test_posts_without_words_of_their_own_are_one_decision(room: Room) -> None:
    posts = three(room)
    assert decide(room.browser("rita"), "approve", ["plain-1"]) == 303
    assert states(room, posts) == ["in_review", "in_review", "approved"]


def test_a_post_that_changed_meanwhile_is_refused_and_the_others_are_approved(room: Room) -> None:
    posts, browser = three(room), room.browser("rita")
    seen = SEEN.findall(browser.get(GROUP).text)
    write(room, posts[0], "Other words")
    assert send(browser, seen, "approve") == 409
    assert states(room, posts) == ["in_review", "approved", "approved"]


def test_nothing_is_approved_that_was_not_on_the_page(room: Room) -> None:
    posts, browser = three(room), room.browser("rita")
    for seen in ([], [("seen", str(posts[0]))]):
        assert send(browser, seen, "approve") == 422
    for digest in ("", "0" * 64, room.office.seen(posts[0]).content_hash[:32]):
        assert send(browser, [("seen", f"{posts[0]}@{digest}")], "approve") == 409
    assert states(room, posts) == ["in_review"] * 3


def test_four_eyes_bind_in_a_group_too(room: Room) -> None:
    posts = (*three(room)[:2], room.office.post("oak", changes={"queued_by": "rita"}))
    browser = room.browser("rita")
    seen = [*SEEN.findall(browser.get(GROUP).text), ("seen", f"{posts[2]}@{room.office.seen(posts[2]).content_hash}")]
    assert f"{posts[2]}@" not in browser.get(GROUP).text
    assert "you queued or edited it" in browser.get(GROUP).text
    assert send(browser, seen, "approve") == 409
    assert states(room, posts) == ["approved", "approved", "in_review"]


def test_four_eyes_see_who_wrote_the_words_before_somebody_changed_more(room: Room) -> None:
    post = changed_by_two(room)
    browser, seen = room.browser("rita"), room.office.seen(post).content_hash
    for path, offer in ((GROUP, f"{post}@"), (f"/posts/{post}", 'value="approve"')):
        text = browser.get(path).text
        assert "you queued or edited it" in text
        assert offer not in text
    assert send(browser, [("seen", f"{post}@{seen}")], "approve") == 409
    assert browser.send(f"/posts/{post}/decision", seen=seen, decision="approve").status_code == 403
    assert states(room, (post,)) == ["in_review"]


def changed_by_two(room: Room) -> int:
    """A post whose words rita changed, and then rolf changed words and time."""
    post = room.office.post("oak")
    with room.office.deciding("rita", post) as (desk, row):
        decisions.edit(desk, row, Draft(words="Words of rita's"), {}, "edited")
    with room.office.deciding("rolf", post) as (desk, row):
        decisions.edit(desk, row, Draft(words="Words of rita's, and more"), {}, "edited")
        rearranging.reschedule(desk, row, row.post.due_at + timedelta(hours=1))
    return post


@pytest.mark.parametrize("name", ["template", "version", "channel"])
def test_a_group_whose_name_is_too_long_to_be_one_is_refused_like_by_the_api(room: Room, name: str) -> None:
    assert room.browser("rita").get(f"/review/group?{name}={'x' * 201}").status_code == 422


def test_an_officer_sees_and_decides_own_posts_alone(room: Room) -> None:
    posts = three(room)
    with room.office.database.write() as session:
        row = session.get_one(Post, posts[0])
        row.queued_by = "otto"
    browser = room.browser("ella")
    text = browser.get(GROUP).text
    assert f"/posts/{posts[0]}" not in text
    assert f"/posts/{posts[2]}" in text
    assert "2 posts of yours wait" in browser.get("/review").text
    theirs = [("seen", f"{posts[0]}@{room.office.seen(posts[0]).content_hash}")]
    assert send(browser, theirs, "approve") == 409
    assert states(room, posts) == [Status.IN_REVIEW.value] * 3


def test_a_group_that_is_done_says_so(room: Room) -> None:
    assert "Nothing of this group waits" in room.browser("rita").get("/review/group?template=none").text


def test_from_the_new_words_a_decision_leads_back_to_them(room: Room) -> None:
    post, browser = three(room)[2], room.browser("rita")
    text = browser.get(f"/posts/{post}?from=words").text
    assert "Back to new words" in text
    seen = re.search(r'name="seen" value="(\w+)"', text)
    assert seen
    fields = {"seen": seen[1], "decision": "return", "comment": "A wrong number", "from": "words"}
    found = browser.send(f"/posts/{post}/decision", **fields)
    assert (found.status_code, found.headers["location"]) == (303, "/review/words")
    assert "Our &lt;own&gt; line" not in browser.get("/review/words").text


def test_what_has_a_check_is_not_approved_with_others_but_on_its_own_page_by_who_read_it(room: Room) -> None:
    posts, browser = three(room), room.browser("rita")
    write(room, posts[2], "Join in.\n\nToday is the last day of the national conversation on SEND reform.")
    text = browser.get(GROUP).text
    assert "<strong>Check:</strong>" in text
    assert re.findall(r'name="aside" type="checkbox" value="(\d+)" checked', text) == [str(posts[2])]
    assert "It is not approved with the others." in text
    assert decide(browser, "approve") == 409, "even where the tick was taken away"
    assert states(room, posts) == ["approved", "approved", "in_review"]
    page = browser.get(f"/posts/{posts[2]}").text
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    assert "I have read the check" in page
    found = browser.send(f"/posts/{posts[2]}/decision", seen=seen[1], decision="approve")
    assert found.status_code == 422
    assert found.text.count("Tick “I have read the check” to approve this post") == 2
    assert states(room, posts)[2] == "in_review"
    assert room.office.moves(posts[2]) == [], "nothing of the approval is left"
    assert browser.send(f"/posts/{posts[2]}/decision", seen=seen[1], decision="approve", read="yes").status_code == 303
    assert states(room, posts)[2] == "approved"


def test_words_that_are_not_true_on_their_day_are_warned_of_on_the_post_and_in_its_group(room: Room) -> None:
    post = room.office.post("oak")
    write(room, post, "Today is the last day of the national conversation on SEND reform.")
    warning = "It says “Today” of the close of the campaign, Wednesday 14 January, and goes out on Tuesday 2 December."
    for page in (f"/posts/{post}", GROUP):
        text = room.browser("rita").get(page).text
        assert warning in text
        assert "Give it a time on Wednesday 14 January" in text
    with room.office.database.write() as session:
        session.get_one(Post, post).due_at = datetime(2026, 1, 14, 9, tzinfo=UTC)
    assert "It says" not in room.browser("rita").get(f"/posts/{post}").text


def test_one_of_the_posts_with_nothing_new_can_be_set_aside(room: Room) -> None:
    posts, browser = three(room), room.browser("rita")
    text = browser.get(GROUP).text
    assert f'name="aside" type="checkbox" value="{posts[0]}"' in text
    assert decide(browser, "approve", [str(posts[0])]) == 303
    assert states(room, posts) == ["in_review", "approved", "approved"]
    assert re.search(rf'value="{posts[0]}"[^>]* checked', browser.get(GROUP).text)


def test_the_button_says_how_many_posts_it_approves(room: Room) -> None:
    three(room)
    assert "Approve all 3 posts but those set aside" in room.browser("rita").get(GROUP).text
    room.office.post("oak", changes={"template": "other"})
    other = room.browser("rita").get(GROUP.replace("template=t", "template=other")).text
    assert "Approve this post" in other


def test_who_returns_without_a_tick_is_told_which_box_to_tick(room: Room) -> None:
    three(room)
    browser = room.browser("rita")
    data = {"form_token": browser.token or "", "decision": "return", "comment": "A wrong number"}
    text = browser.post(GROUP, data).text
    assert text.count("Tick “Set aside” beside each post that needs changes") == 2, "in the summary and at the button"


def test_a_question_stands_once_under_a_short_heading(room: Room) -> None:
    questions = room.app.copy.questions[:2]
    for one in questions:
        post = room.office.post("oak", changes={"question": one.key, "slot": one.key})
        write(room, post, f"Join in.\n\n{one.lead_in} {one.question}".replace("  ", " "))
    text = room.browser("rita").get(GROUP).text
    for number, one in enumerate(questions, 1):
        assert f">Question {number} of 2</h2>" in text or f">Question {number} of 2\n" in text
        assert text.count(str(escape(one.question))) == 1
