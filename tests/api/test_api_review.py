"""The review by groups by a program: what is seen is decided, and nothing whose differences were not."""

import pytest
from api_room import Program, program
from pages_room import Room

from campaign.models.posts import Post

pytestmark = pytest.mark.thorough
GROUP = "/review/group?template=t&version=1&channel=x"


def write(room: Room, post: int, words: str) -> None:
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "words": words}
        session.add(row)
        session.flush()
    with room.office.deciding("rita", post) as (desk, found):
        found.post.content_hash = desk.contents.digest(found.post, found.account)
        desk.session.add(found.post)


def three(room: Room) -> tuple[int, int, int]:
    """Two posts with the common words alone, and one with a line of its own."""
    posts = (room.office.post("oak"), room.office.post("elm"), room.office.post("elm"))
    for post in posts:
        write(room, post, "Join in.")
    write(room, posts[2], "Join in.\n\nOur own line 020 7946 0000")
    return posts


def shown(caller: Program) -> dict[str, str]:
    """Return the hash of each post that the group shows, by id."""
    return {one["id"]: one["content_hash"] for part in caller.get(GROUP)["sections"] for one in part["posts"]}


def named(found: dict[str, str], *posts: int) -> dict[str, object]:
    return {"posts": [{"id": str(one), "content_hash": found[str(one)]} for one in posts]}


def states(room: Room, posts: tuple[int, ...]) -> list[str]:
    return [str(room.office.seen(post).status) for post in posts]


def test_a_group_says_the_common_words_once_and_what_is_each_posts_own(room: Room) -> None:
    posts, rita = three(room), program(room, "rita")
    (group,) = rita.get("/review/groups")["items"]
    assert (group["template"], group["version"], group["channel"], group["posts"]) == ("t", "1", "x", 3)
    found = rita.get(GROUP)
    assert (found["common"], found["more"]) == (["Join in."], False)
    first = found["sections"][0]["posts"][0]
    assert (first["id"], first["partner"], first["why_not"]) == (str(posts[2]), "elm", None)
    assert first["own"] == [{"words": "Our own line 020 7946 0000", "known": False, "single": False}]
    assert first["holds"] == ["a telephone number"]
    page = rita.get("/review/words")
    assert (page["unshown"], page["more"]) == (0, 0)
    (line,) = page["items"]
    words = "Our own line 020 7946 0000"
    assert (line["words"], line["posts"]) == (words, 1)
    assert line["wordings"] == [{"words": words, "posts": 1, "some": [str(posts[2])]}]


def test_what_was_shown_is_approved_together(room: Room) -> None:
    posts, rita = three(room), program(room, "rita")
    body = named(shown(rita), *posts)
    done = rita.call("POST", "/review/approve", body, **{"Idempotency-Key": "all"})
    assert done.json() == {"decided": [str(post) for post in posts], "waiting": []}
    assert states(room, posts) == ["approved"] * 3
    assert room.office.moves(posts[2])[-1] == ("rita", "approve")
    assert rita.call("POST", "/review/approve", body, **{"Idempotency-Key": "all"}).json() == done.json()


@pytest.mark.parametrize("act", ["approve", "return", "aside"])
def test_of_posts_one_of_which_changed_since_none_is_decided(room: Room, act: str) -> None:
    posts, rita = three(room), program(room, "rita")
    body = named(shown(rita), *posts) | ({"comment": "A wrong number"} if act == "return" else {})
    write(room, posts[2], "Join in.\n\nWords that nobody saw")
    found = rita.call("POST", f"/review/{act}", body)
    assert (found.status_code, found.json()["code"]) == (409, "changed")
    assert f"Post {posts[2]}" in found.json()["detail"]
    assert states(room, posts) == ["in_review"] * 3
    assert rita.get("/review/groups")["items"][0]["aside"] == 0


def test_a_guessed_or_cut_hash_decides_nothing(room: Room) -> None:
    posts, rita = three(room), program(room, "rita")
    for digest, status in (("0" * 64, 409), (shown(rita)[str(posts[0])][:8], 422)):
        found = rita.call("POST", "/review/approve", {"posts": [{"id": str(posts[0]), "content_hash": digest}]})
        assert found.status_code == status
    assert states(room, posts) == ["in_review"] * 3


def test_what_is_set_aside_is_not_approved_in_passing(room: Room) -> None:
    posts, rita, rolf = three(room), program(room, "rita"), program(room, "rolf")
    seen = shown(rita)
    assert rita.call("POST", "/review/aside", named(seen, posts[2])).status_code == 200
    assert rolf.get("/review/groups")["items"][0]["aside"] == 1
    (apart,) = [one["aside"] for part in rolf.get(GROUP)["sections"] for one in part["posts"] if one["aside"]]
    assert apart["by"] == "rita"
    found = rolf.call("POST", "/review/approve", named(seen, *posts))
    assert (found.status_code, found.json()["code"]) == (409, "refused")
    assert "set aside by rita" in found.text
    assert states(room, posts) == ["in_review"] * 3
    assert rolf.call("POST", "/review/take-back", named(seen, posts[2])).status_code == 200
    assert rolf.call("POST", "/review/approve", named(seen, *posts)).status_code == 200
    assert states(room, posts) == ["approved"] * 3


def test_posts_are_returned_with_a_comment(room: Room) -> None:
    posts, rita = three(room), program(room, "rita")
    seen = shown(rita)
    assert rita.call("POST", "/review/return", named(seen, posts[2])).status_code == 422, "a return needs a comment"
    done = rita.call("POST", "/review/return", named(seen, posts[2]) | {"comment": "A wrong number"})
    assert done.json()["decided"] == [str(posts[2])]
    assert states(room, posts) == ["in_review", "in_review", "draft"]
    assert room.office.seen(posts[2]).comment == "A wrong number"


def test_where_the_partner_must_approve_too_a_post_waits(room: Room) -> None:
    room.office.join("ivy", approver="both")
    post, rita = room.office.post("ivy"), program(room, "rita")
    done = rita.call("POST", "/review/approve", named(shown(rita), post))
    assert done.json() == {"decided": [], "waiting": [str(post)]}


def test_an_officer_reads_and_decides_its_own_partners_posts_alone(room: Room) -> None:
    posts, olga = three(room), program(room, "olga")
    assert set(shown(olga)) == {str(posts[0])}
    assert olga.get("/review/groups")["items"][0]["posts"] == 1
    theirs = named(shown(program(room, "rita")), posts[2])
    for act in ("approve", "aside", "take-back"):
        assert olga.call("POST", f"/review/{act}", theirs).status_code == 404
    assert olga.get(GROUP)["sections"][0]["posts"][0]["why_not"] == "posts of oak are approved by dfe"


def test_who_queued_a_post_is_told_that_they_may_not_approve_it(room: Room) -> None:
    post, rita = room.office.post("oak", changes={"queued_by": "rita"}), program(room, "rita")
    (one,) = rita.get(GROUP)["sections"][0]["posts"]
    assert one["why_not"] == "you queued or edited it"
    assert rita.call("POST", "/review/approve", named(shown(rita), post)).status_code == 403
    assert states(room, (post,)) == ["in_review"]


def test_what_has_a_check_is_approved_only_by_who_says_that_they_read_it(room: Room) -> None:
    posts, rita = three(room), program(room, "rita")
    for post in posts[1:]:
        write(room, post, "Join in.\n\nToday is the last day of the national conversation on SEND reform.")
    seen = shown(rita)
    one = {"content_hash": seen[str(posts[1])]}
    for path, body in ((f"/posts/{posts[1]}/approve", one), ("/review/approve", named(seen, *posts))):
        found = rita.call("POST", path, body)
        assert (found.status_code, found.json()["code"]) == (409, "unread")
        assert "It says “Today”" in found.json()["detail"] or "says “Today”" in found.json()["detail"]
        assert states(room, posts) == ["in_review"] * 3
    assert rita.call("POST", f"/posts/{posts[1]}/approve", one | {"read_checks": True}).json()["status"] == "approved"
    rest = named(seen, posts[0], posts[2]) | {"read_checks": True}
    assert rita.call("POST", "/review/approve", rest).status_code == 200
    assert states(room, posts) == ["approved"] * 3
