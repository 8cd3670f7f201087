"""What changed: common words and own words told apart, the riskiest first."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest

from campaign.errors import Finding
from campaign.models.groups import Stored
from campaign.models.listing import PostRow
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.plan.fixed_lines import FixedLines, fixed_lines, told_lines
from campaign.plan.template import load_templates
from campaign.ports import Draft, Media
from campaign.review.differences import Said, changes, lines_of, sheet
from campaign.review.masks import NAME, REGION
from campaign.review.novelty import Read, Whose, novelties

NOW = datetime(2025, 12, 1, tzinfo=UTC)
FIXED = FixedLines(("Join in.", "Tell us what works."), frozenset({"For families."}))


def said(
    number: int,
    *lines: str,
    findings: tuple[Finding, ...] = (),
    media: tuple[Media, ...] = (),
    event: str | None = None,
) -> Said:
    partner = Partner(id=number, key=f"p{number}", name=f"School {number}", region="London", joined_at=NOW)
    post = Post(id=number, due_at=NOW, event=event)
    return Said(PostRow(post, Account(), partner), Draft("\n\n".join(lines), media=media), f"hash{number}", findings)


def test_common_words_stand_once_and_own_words_with_their_post() -> None:
    found = changes(
        [
            said(1, "Join in.", "Tell us what works.", "School 1, London"),
            said(2, "Our own line.", "Join in.", "Tell us what works.", "School 2, London"),
        ],
        FIXED,
    )
    assert found.common == ("Join in.", "Tell us what works.", f"{NAME}, {REGION}")
    assert [one.row.post.id for one in found.plain] == [1], "a name and a region are no words of its own"
    assert [(one.row.post.id, [line.words for line in one.own]) for one in found.own] == [(2, ["Our own line."])]


def test_an_altered_line_of_the_template_comes_first_and_is_named() -> None:
    found = changes(
        [
            said(1, "Join in.", "Tell us what works.", "Ring us on 020 7946 0000, or look at https://example.org/a"),
            said(2, "Join in.", "Tell us what fails."),
            said(3, "Join in.", "Tell us what works."),
        ],
        FIXED,
    )
    assert [one.row.post.id for one in found.own] == [2, 1]
    assert found.own[0].lacks == ("Tell us what works.",)
    assert [line.words for line in found.own[0].own] == ["Tell us what fails."]


def test_a_post_alone_is_told_from_its_template() -> None:
    found = changes([said(1, "Join in.", "Tell us what works.", "For families.", "Mine.")], FIXED)
    assert [line.words for line in found.own[0].own] == ["Mine."]


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("Ring 020 7946 0000", ["a telephone number"]),
        ("Ring +44 (0)20 7946 0000", ["a telephone number"]),
        ("See https://example.org", ["a link"]),
        ("Write to send@example.org", ["an email address"]),
        ("We have 140 pupils", []),
    ],
)
def test_what_is_easily_wrong_is_named_and_comes_before_plain_words(line: str, holds: list[str]) -> None:
    posts = [said(1, "Join in.", "Tell us what works.", "Words"), said(2, "Join in.", "Tell us what works.", line)]
    found = changes(posts, FIXED)
    assert found.own[0].row.post.id == 2
    assert found.own[0].holds == holds


def test_what_was_approved_before_comes_last() -> None:
    line = "See https://example.org"
    posts = [said(number, "Join in.", "Tell us what works.", f"{line}/{number}") for number in (1, 2)]
    found = changes(posts, FIXED, {1: {f"{line}/1"}})
    assert [one.row.post.id for one in found.own] == [2]
    assert [one.row.post.id for one in found.known] == [1]
    assert found.known[0].own[0].known
    assert found.known[0].holds == []


def test_what_was_written_for_one_post_comes_before_what_the_details_say() -> None:
    posts = [
        said(number, "Join in.", "Tell us what works.", f"Words of {number}, as late as possible") for number in (1, 2)
    ]
    posts[1].row.post.fields = {"own_words": "Words of 2, as late as possible"}
    found = changes([*posts, said(3, "Join in.", "Tell us what works.", "Ring 020 7946 0000")], FIXED)
    assert [one.row.post.id for one in found.own] == [2, 3, 1]
    assert [line.single for one in found.own for line in one.own] == [True, False, False]


def test_a_post_alone_in_its_section_is_told_from_what_the_template_says_of_its_event() -> None:
    one = said(1, "Join in.", "Tell us what works.", "On Monday.", event="early")
    for day, event, own in (("Monday", "early", 0), ("Friday", "early", 1), ("Monday", "local", 1)):
        told = {event: FIXED.and_at_times({f"On {day}."})}
        found = sheet([one], lambda about, _question, told=told: told.get(about or "", FIXED), lambda _partners: {})
        assert len(found.posts[0].own) == own


def test_told_lines_are_those_in_which_no_field_and_no_partner_has_a_part(tmp_path: Path) -> None:
    text = "On {{ event.day }}.\n{{ own }} on {{ event.day }}\n{{ event.nothing }}\nBy {{ partner.name }}\nAlways\n"
    head = '---\ntitle: T\nversion: 1\nlink: "{{ event.url }}"\nlink_title: Join\nfields: {own: {type: text}}\n---\n'
    (tmp_path / "t.md").write_text(head + text)
    found = told_lines(load_templates(tmp_path).pick("t", "x"), {"event": {"day": "Monday", "url": "https://e.org"}})
    assert found == {"On Monday.", "Link: https://e.org", "Link title: Join"}


def read(number: int, *lines: str, channel: str = "facebook") -> Read:
    row = said(number, *lines).row
    stored = Stored(number, number, "t", "1", channel, None, None, "{}")
    return Read(stored, lines_of(row.partner, Draft("\n\n".join(lines))))


def whose(
    partner_ids: Collection[int], approved: Mapping[int, Collection[str]] = MappingProxyType({})
) -> dict[int, Whose]:
    return {ident: Whose(said(ident).row.partner, approved.get(ident, ())) for ident in partner_ids}


def test_each_new_line_stands_once_and_the_rarest_first() -> None:
    posts = [read(number, "Join in.", "Tell us what works.", f"Line of School {number}") for number in (1, 2, 3, 4)]
    posts += [
        read(5, "Join in.", "Shared."),
        read(6, "Join in.", "Shared.", channel="x"),
        read(7, "Join in.", "Known."),
    ]
    posts += [read(8, "Join in.", "Ring 020 7946 0000")]
    found = novelties(posts, lambda *_place: FIXED, lambda partners: whose(partners, {7: {"Known."}}))
    assert [(one.words, [told.post.post_id for told in one.posts]) for one in found] == [
        ("Ring 020 7946 0000", [8]),
        ("Shared.", [5, 6]),
    ], "four schools have the same line but for their names: it is common"
    assert found[0].holds == ["a telephone number"]
    assert [partner.key for partner in found[1].partners] == ["p5", "p6"]


def test_what_one_partner_says_everywhere_stands_before_what_many_say_once() -> None:
    posts = [read(1, "Join in.", "Ring 0909 879 0123", channel=channel) for channel in ("x", "facebook", "linkedin")]
    posts += [read(number, "Join in.", "Shared.", channel="email") for number in (2, 3)]
    posts += [read(number, "Join in.", channel="email") for number in range(4, 9)]
    found = novelties(posts, lambda *_place: FIXED, whose)
    assert [(one.words, len(one.posts)) for one in found] == [("Ring 0909 879 0123", 3), ("Shared.", 2)]


def test_what_check_finds_makes_even_common_words_a_case_of_their_own() -> None:
    fault = Finding("t", "words", "it is too long", "Shorten it")
    found = changes([said(1, "Join in.", "Tell us what works.", findings=(fault,))], FIXED)
    assert found.own[0].said.findings == (fault,)
    assert found.plain == ()


def test_the_alt_text_of_an_image_is_words_too() -> None:
    image = Media("d", "image/png", "A garden", Path("a.png"))
    found = changes([said(1, "Join in.", "Tell us what works.", media=(image,))], FIXED)
    assert [line.words for line in found.own[0].own] == ["Image: A garden"]


def test_posts_about_one_event_are_told_from_those_about_another() -> None:
    found = sheet(
        [
            said(1, "Join in.", "Tell us what works.", "On Monday.", event="early"),
            said(2, "Join in.", "Tell us what works.", "On Monday.", event="early"),
            said(3, "Join in.", "Tell us what works.", "On Friday.", event="local"),
            said(4, "Join in.", "Tell us what works.", "On Monday.", event="local"),
            said(5, "Join in.", "Tell us what works.", "On Friday.", event="local"),
        ],
        lambda *_about: FIXED,
        lambda _partners: {},
    )
    assert found.common == ("Join in.", "Tell us what works.")
    assert [(part.event, part.changes.common) for part in found.sections] == [
        ("local", ("On Friday.",)),
        ("early", ("On Monday.",)),
    ]
    assert [one.row.post.id for one in found.sections[0].changes.own] == [4], "it names the day of another event"
    assert len(found.posts) == 5


def test_what_was_approved_is_asked_for_those_alone_that_say_something_of_their_own() -> None:
    posts = [said(number, "Join in.", "Tell us what works.") for number in (1, 2, 3)]
    posts.append(said(4, "Join in.", "Tell us what works.", "Ours.", "Theirs."))
    asked: list[set[int]] = []

    def approved(partner_ids: Collection[int]) -> dict[int, set[str]]:
        asked.append(set(partner_ids))
        return {4: {"Ours."}}

    found = sheet(posts, lambda *_about: FIXED, approved)
    assert asked == [{4}]
    assert [(line.words, line.known) for line in found.posts[0].own] == [("Ours.", True), ("Theirs.", False)]
    assert sheet(posts[:3], lambda *_about: FIXED, approved).common
    assert asked == [{4}], "nobody says anything of their own"


def test_nothing_has_no_changes() -> None:
    assert sheet([], lambda *_about: FIXED, lambda _partners: {}).common == changes([], FIXED).common == ()


def test_fixed_lines_are_those_without_a_field(tmp_path: Path) -> None:
    head = "---\ntitle: T\nversion: 1\nfields:\n  a: {type: text}\n---\n"
    text = "Always.\n{% if a %}\nAt times.\n{{ a }}\n{% endif %}\n"
    (tmp_path / "t.md").write_text(f"{head}{text}By {{{{ partner.name }}}}.\nThe end.\n")
    found = fixed_lines(load_templates(tmp_path).pick("t", "x"))
    assert found == FixedLines(("Always.", "The end."), frozenset({"At times."}))


def test_what_stands_in_the_details_of_its_partner_is_no_case_of_its_own() -> None:
    posts = [read(number, "Join in.", f"Contact: office@p{number}.example.org") for number in (1, 2)]
    known = whose([1, 2])
    known[1].partner.details = {"contact": "office@p1.example.org"}
    found = novelties(posts, lambda *_place: FIXED, lambda _partners: known)
    assert [(one.words, one.holds) for one in found] == [
        ("Contact: office@p2.example.org", ["an email address"]),
        ("Contact: office@p1.example.org", []),
    ]
