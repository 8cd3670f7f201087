"""Many posts from a file: every row as New post would make it, all stored or none, and no row makes two."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import MovedClock
from pages_room import opened_app
from reviewing import Office, opened_office

from campaign.app import App
from campaign.errors import BadInput, NotAllowed
from campaign.intake.posts import ROWS_MAX, read_posts
from campaign.models import listing, partners, users
from campaign.models.listing import PostFilter
from campaign.models.status import Status
from campaign.review import bulk, decisions
from campaign.review.bulk import Proposal

LONDON = ZoneInfo("Europe/London")
FILE = (
    "partner,channel,template,at,x_line\n"
    "oak,x,post-1,03/12/2025 09:30,A line of oak\n"
    'oak,x,post-1,2026-07-01T09:30,"Another line, of oak"\n'
    "elm,x,post-1,03/12/2025 09:30,A line of elm\n"
)


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock)


@pytest.fixture
def app(tmp_path: Path, office: Office) -> App:
    return opened_app(tmp_path / "workspace", office.database, office.clock)


def proposed(app: App, office: Office, text: str, name: str = "rita") -> list[Proposal]:
    lines = read_posts("posts.csv", text.encode(), LONDON)
    with office.database.read() as session:
        person = users.user(session, name)
        assert person is not None
        source = app.source(placeholders=False)
        return bulk.propose(session, source, "posts.csv", lines, person, office.clock.now())


def stored(app: App, office: Office, proposals: list[Proposal], name: str = "rita") -> list[int]:
    with app.database.write() as session:
        person = users.user(session, name)
        assert person is not None
        desk = decisions.Desk(session, app.contents, person, office.clock.now())
        return [post.ident for post in bulk.store(desk, "posts.csv", proposals)]


def every_post(office: Office) -> list[str]:
    with office.database.read() as session:
        return [row.post.draft["words"] for row in listing.posts(session, PostFilter())]


def test_every_row_is_shown_and_nothing_is_stored(app: App, office: Office) -> None:
    found = proposed(app, office, FILE)
    assert not bulk.findings(found)
    assert [one.row.due_at.isoformat() for one in found if one.row] == [
        "2025-12-03T09:30:00+00:00",
        "2026-07-01T08:30:00+00:00",
        "2025-12-03T09:30:00+00:00",
    ]
    assert found[0].row is not None
    assert found[0].row.draft is not None
    assert "A line of oak" in found[0].row.draft.words
    assert every_post(office) == []


def test_the_rows_go_to_review_together_and_none_of_them_twice(app: App, office: Office) -> None:
    first = proposed(app, office, FILE)
    ids = stored(app, office, first)
    assert len(ids) == 3
    post = office.seen(ids[0])
    assert (post.status, post.queued_by, post.fields) == ("in_review", "rita", {"x_line": "A line of oak"})
    assert stored(app, office, first) == [], "the same confirmation once more"
    again = proposed(app, office, FILE)
    assert [one.there for one in again] == ids
    assert bulk.digest(again) == bulk.digest(first)
    assert stored(app, office, again) == []
    assert len(every_post(office)) == 3


def test_what_was_withdrawn_may_come_in_again(app: App, office: Office) -> None:
    ids = stored(app, office, proposed(app, office, FILE))
    with office.deciding("rita", ids[0]) as (desk, row):
        decisions.withdraw(desk, row, "a mistake")
    again = stored(app, office, proposed(app, office, FILE))
    assert len(again) == 1
    assert office.seen(ids[0]).status == Status.WITHDRAWN


WRONG = (
    ("oak,x,post-1,tomorrow,L", "at", "is no day with a time"),
    ("oak,x,post-1,03/12/2025,L", "at", "is no day with a time"),
    ("oak,x,post-1,2025-W49-3,L", "at", "is no day with a time"),
    ("oak,x,post-1,2025W493,L", "at", "is no day with a time"),
    ("oak,x,post-1,01/12/2025 09:00,L", "at", "is past"),
    ("oak,x,post-one,03/12/2025 09:30,L", "template", "no template"),
    ("oak,x,event,03/12/2025 09:30,L", "template", "speaks of an event"),
    ("oak,facebook,post-1,03/12/2025 09:30,L", "channel", "no account on facebook"),
    ("ash,x,post-1,03/12/2025 09:30,L", "partner", "no partner"),
    ("oak,x,post-1,03/12/2025 09:30,", "x_line", "missing"),
    ("oak,x,post-1,03/12/2025 09:30", "the row", "4 values for 5 columns"),
    (f"oak,x,post-1,03/12/2025 09:30,{'x' * 300}", "x_line", "characters"),
    ("oak,x,post-1,03/12/2025 09:30,L,other.png", "the row", "6 values for 5 columns"),
    ("elm,x,post-1,04/12/2025 09:30,A line of oak", "words", "another account says the same"),
    ("oak,x,post-1,03/12/2025 09:30,A line of oak", "the row", "stands in line 2 too"),
)


def test_what_is_wrong_stands_with_its_row_and_nothing_of_the_file_is_stored(app: App, office: Office) -> None:
    for row, column, said in WRONG:
        found = proposed(app, office, FILE + row + "\n")
        (finding,) = bulk.findings(found)
        assert (finding.line, finding.field) == (5, column), row
        assert said in finding.problem
        assert finding.mend
        with pytest.raises(BadInput):
            stored(app, office, found)
    assert every_post(office) == []


def test_it_is_guessed_for_the_first_rows_alone_which_partner_was_meant(app: App, office: Office) -> None:
    rows = "".join(f"oek,x,post-1,03/12/2025 09:{number:02},Ours\n" for number in range(12))
    found = bulk.findings(proposed(app, office, f"{FILE.splitlines()[0]}\n{rows}"))
    assert ["Did you mean 'oak'?" in str(one) for one in found] == [True] * 10 + [False] * 2


def test_an_account_that_is_disabled_takes_no_row(app: App, office: Office) -> None:
    with office.database.write() as session:
        for account, partner in partners.accounts(session):
            account.disabled_why = "elm leaves" if partner.key == "elm" else None
    (finding,) = bulk.findings(proposed(app, office, FILE))
    assert (finding.line, finding.field) == (4, "channel")
    assert "is disabled: elm leaves" in finding.problem


def test_a_file_names_no_picture(app: App, office: Office) -> None:
    text = "partner,channel,template,at,x_line,image\noak,x,post-1,03/12/2025 09:30,L,elm.png\n"
    assert "image" in [finding.field for finding in bulk.findings(proposed(app, office, text))]


def test_an_officer_brings_in_their_own_partners_posts_alone(app: App, office: Office) -> None:
    found = proposed(app, office, FILE, "olga")
    assert [one.partner.key if one.partner else None for one in found] == ["oak", "oak", None]
    assert [finding.field for finding in bulk.findings(found)] == ["partner"]
    short = "channel,template,at,x_line\nx,post-1,03/12/2025 09:30,A line of oak\n"
    assert proposed(app, office, short, "olga")[0].findings == ()
    with pytest.raises(BadInput):
        stored(app, office, found, "olga")
    with pytest.raises(NotAllowed):
        stored(app, office, proposed(app, office, FILE), "olga")
    assert every_post(office) == []


def test_without_the_partners_yes_the_posts_are_drafts(app: App, office: Office) -> None:
    with office.database.write() as session:
        oak = partners.partner_by_key(session, "oak")
        assert oak is not None
        for given in partners.agreements(session, oak.ident):
            given.revoked_at = office.clock.now()
    assert [office.seen(one).status for one in stored(app, office, proposed(app, office, FILE))] == [
        "draft",
        "draft",
        "in_review",
    ]


@pytest.mark.parametrize(
    "text", ["", "partner,at\n", "channel,template,at\n", "channel,template,at\n" + "x,a,b\n" * (ROWS_MAX + 1)]
)
def test_what_is_no_list_of_posts_is_refused_whole(text: str) -> None:
    with pytest.raises(BadInput):
        read_posts("posts.csv", text.encode(), LONDON)
