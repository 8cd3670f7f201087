"""Two wordings side by side: a line stands beside the one that it was made from, and only what is new stands out."""

from datetime import UTC, datetime
from pathlib import Path

from campaign.models.listing import PostRow
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.plan.gather import Copy
from campaign.ports import Draft
from campaign.review.comparing import Pair, Piece, compared
from campaign.review.subjects import outline_of, template_of

SHIPPED = Path(__file__).parents[2]
COPY = Copy.read(
    SHIPPED / "schedules/national-conversation.toml", SHIPPED / "templates/national-conversation", "Europe/London"
)


def said(pieces: tuple[Piece, ...], *, differs: bool = True) -> str:
    return " … ".join(piece.words for piece in pieces if piece.differs == differs)


def beside_template(words: str, details: dict[str, str], template: str, **facts: str) -> list[Pair]:
    """Compare what a school in London says on Facebook with its template."""
    now = datetime(2025, 12, 10, 8, 30, tzinfo=UTC)
    partner = Partner(id=1, key="oak", name="Oak School", region="London", details=details, joined_at=now)
    post = Post(channel="facebook", template=template, due_at=now, fields={}, **facts)
    found = template_of(COPY, template, "facebook")
    assert found is not None
    draft = Draft(words, link="https://www.gov.uk/dfe/SEND-conversation")
    outline = outline_of(COPY, found, PostRow(post, Account(), partner), draft)
    return compared(outline.words, words, outline.holes)


def test_wordings_are_compared_word_by_word() -> None:
    same, changed, added = compared("One line\n\nJoin us on Monday\n", "One line\nJoin us on Friday\nMore")
    assert not same.differs
    assert (said(changed.before), said(changed.now)) == ("Monday", "Friday")
    assert added.before == ()
    assert said(added.now) == "More"


def test_a_line_put_in_between_does_not_push_the_others_apart() -> None:
    before = "Join us on Monday\nRing the office on Tuesday\nBring a friend along"
    pairs = compared(before, "Join us on Friday\nTea and cake for all\nRing the office on Sunday\nBring a friend along")
    assert [said(pair.now) for pair in pairs] == ["Friday", "Tea and cake for all", "Sunday", ""]
    assert [said(pair.before) for pair in pairs] == ["Monday", "", "Tuesday", ""]


def test_beside_its_template_only_what_the_partner_wrote_stands_out() -> None:
    details = {"own_words": "We care.", "local_link": "https://oak.example.org", "contact": "us@oak.example.org"}
    words = (
        "We care.\n\nFrom the Department for Education:\n\n"
        "We know many settings are already doing a fantastic job of supporting children and young people with SEND and "
        "ensuring they are a part of early years, school and college life.\n\n"
        "We want to hear about this good practice and will consider how that's being delivered and what we can learn "
        "from them to deliver a system that works for all children and young people.\n\n"
        "More from us: https://oak.example.org\n\nContact: us@oak.example.org\n\nOak School, London\n\n"
        "You can share your views online here:"
    )
    pairs = beside_template(words, details, "good-practice")
    assert [said(pair.now) for pair in pairs if pair.differs] == [
        "We care.",
        "https://oak.example.org",
        "us@oak.example.org",
    ]
    assert all(said(pair.before) == "" for pair in pairs), "a hole was not taken out"
    assert [said(pair.before, differs=False) for pair in pairs if pair.differs] == [
        "[own words]",
        "More from us:  … [local link]",
        "Contact:  … [contact]",
    ]


def test_what_a_partner_changed_in_a_line_of_the_template_stands_out_beside_it() -> None:
    event = COPY.timetable.event("early")
    assert event is not None
    words = 'Our own words here\nToday at 7pm: an online event on "Early"'
    pairs = beside_template(words, {"own_words": "Our own words here"}, "event-today", event="early")
    (changed,) = [pair for pair in pairs if "7pm" in said(pair.now)]
    assert (said(changed.before), said(changed.now)) == ("6pm:", "7pm:")
    assert said(pairs[0].now) == "Our own words here"


def test_a_template_that_the_files_no_longer_fill_is_shown_with_every_field_by_its_name() -> None:
    pairs = beside_template('Today at 7pm: an online event on "Early"', {}, "event-today", event="gone")
    (line,) = [pair for pair in pairs if "7pm" in said(pair.now)]
    assert "an online event on" in said(line.now, differs=False)
    assert "[time]" in said(line.before, differs=False)
