"""What a search of posts means and finds, on both databases, and where it stops."""

from collections.abc import Sequence

import pytest
from builders import add_account, add_post
from conftest import MovedClock

from campaign.models import Database, searching
from campaign.models.listing import PostFilter
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.reports.posts import each_post
from campaign.review.searching import read


def partner_with(database: Database, clock: MovedClock, name: str, words: Sequence[str]) -> list[int]:
    """Store a partner with a post for each of the words, one due after the other."""
    with database.write() as session:
        account = add_account(session, clock.now())
        session.get_one(Partner, account.partner_id).name = name
        return [add_post(session, account, clock.now(), words=text).ident for text in words]


def found(database: Database, text: str, wanted: PostFilter | None = None, *, in_words: bool = False) -> list[int]:
    with database.read() as session:
        search = read(session, text, wanted or PostFilter(), in_words=in_words)
    return [row.post.ident for row in each_post(database, search)]


def test_words_are_found_in_any_order_and_case_and_script(database: Database, clock: MovedClock) -> None:
    words = [
        "Our CAFÉ’s open evening",
        "An evening in Łódź, 100% free",
        "Die Straße und das O\N{LATIN SMALL LIGATURE FFI}ce",
    ]
    first, second, third = partner_with(database, clock, "Oak", words)
    for text, ids in {
        "café's": [first],
        "evening OPEN": [first],
        "evening": [first, second],
        "łódź": [second],
        "0% free": [second],
        "strasse": [third],
        "office straße": [third],
        "words": [],
        "morning": [],
    }.items():
        assert found(database, text) == ids, text


def test_the_subject_of_an_issue_is_searched(database: Database, clock: MovedClock) -> None:
    (post,) = partner_with(database, clock, "Oak", ["Dear reader"])
    with database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "subject": "News for December"}
    assert found(database, "december") == [post]


def test_a_number_finds_the_post_and_what_is_no_posts_number_is_words(database: Database, clock: MovedClock) -> None:
    first, second = partner_with(database, clock, "Oak", ["Come in 2026", "Come"])
    assert found(database, str(second)) == found(database, f"#{second}") == [second]
    assert found(database, "2026") == [first]
    assert found(database, str(second), PostFilter(statuses=("draft",))) == [], "within the filter"


def test_a_name_finds_the_partners_posts_unless_words_are_asked_for(database: Database, clock: MovedClock) -> None:
    oak = partner_with(database, clock, "Great Oak School", ["Come", "Come again"])
    (elm,) = partner_with(database, clock, "Elm", ["Oak is a tree"])
    assert found(database, "oak") == found(database, "school great") == oak
    assert found(database, "oak", in_words=True) == [elm]
    with database.read() as session:
        key = session.get_one(Partner, session.get_one(Post, elm).partner_id).key
    assert found(database, key.upper()) == [elm]
    assert found(database, "oak", PostFilter(partners=(key,))) == [elm], "a chosen partner is searched in words"


def test_a_text_in_many_names_is_words(database: Database, clock: MovedClock) -> None:
    for number in range(11):
        partner_with(database, clock, f"School {number}", ["Come"])
    (post,) = partner_with(database, clock, "Elm", ["Our school"])
    assert found(database, "school") == [post]


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_search_stops_at_its_bound_says_so_and_goes_on_from_there(
    database: Database, clock: MovedClock, monkeypatch: pytest.MonkeyPatch, *, newest_first: bool
) -> None:
    monkeypatch.setattr(searching, "_PIECE", 3)
    ids = partner_with(database, clock, "Oak", ["rare" if number in {0, 13} else "Come" for number in range(14)])
    with database.read() as session:
        search = read(session, "rare", PostFilter(statuses=(Status.APPROVED.value,)))
        place, pages = None, []
        while not pages or place is not None:
            one = search.page(session, 5, after=place, newest_first=newest_first, most=6)
            pages.append([row.post.ident for row in one.page.rows])
            place = one.further
        assert pages == ([[ids[13]], [], [ids[0]]] if newest_first else [[ids[0]], [], [ids[13]]])
        back = search.page(session, 5, before=(clock.now(), ids[13]), most=6)
        assert (back.page.rows, back.stopped) == ([], (clock.now(), ids[7]))
        assert back.page.has_after
    assert found(database, "rare") == [ids[0], ids[13]], "a file is made of all"


def test_pages_of_a_search_are_whole_in_both_directions(database: Database, clock: MovedClock) -> None:
    ids = partner_with(database, clock, "Oak", ["Come"] * 7)
    with database.read() as session:
        search = read(session, "come", PostFilter())
        first = search.page(session, 3)
        second = search.page(session, 3, after=first.page.rows[-1].place)
        back = search.page(session, 3, before=second.page.rows[0].place)
    assert [[row.post.ident for row in one.page.rows] for one in (first, second, back)] == [ids[:3], ids[3:6], ids[:3]]
    assert [one.page.has_before for one in (first, second, back)] == [False, True, False]
    assert all(one.page.has_after and one.stopped is None for one in (first, second, back))


def test_posts_of_several_partners_come_in_one_order(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        accounts = [add_account(session, clock.now()) for _ in range(3)]
        keys = tuple(session.get_one(Partner, one.partner_id).key for one in accounts[:2])
        ids = [
            add_post(session, session.get_one(Account, accounts[number % 3].ident), clock.now()).ident
            for number in range(9)
        ]
    assert found(database, "", PostFilter(partners=keys)) == [one for at, one in enumerate(ids) if at % 3 < 2]
