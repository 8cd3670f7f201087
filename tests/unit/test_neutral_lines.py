"""Lines that differ by an organisation's own facts alone are one to a reviewer.

What does not stand in its details never is: a wrong number, a wrong event, an altered principle.
"""

from datetime import UTC, datetime

import pytest

from campaign.models.groups import Stored
from campaign.models.listing import PostRow
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.plan.fixed_lines import FixedLines
from campaign.ports import Draft
from campaign.review.differences import Difference, Said, changes, lines_of
from campaign.review.marks import is_own
from campaign.review.masks import neutral, shown
from campaign.review.novelty import Novelty, Read, Whose, novelties

NOW = datetime(2025, 12, 1, tzinfo=UTC)
SCHOOLS = 92
PRINCIPLE = "Children should receive the support they need as soon as possible."
FIXED = FixedLines((PRINCIPLE,))
OWN = "Ring {name} on {phone}, or come to {short} in {town} before “Early”."
LINK = "More from us: {link}"


def school(number: int) -> Partner:
    details = {
        "short_name": f"Oak {number}",
        "town": ("Leeds", "York", "Hull")[number % 3],
        "phone": f"0113 496 {number:04}",
        "local_link": f"https://s{number}.example.org/send",
        "local_event": f"Open evening on {number % 28 + 1} January",
    }
    return Partner(id=number, key=f"s{number}", name=f"Oak {number} Primary", details=details, joined_at=NOW)


def line(partner: Partner, pattern: str, **facts: str) -> str:
    known = partner.details
    own = {"phone": known["phone"], "short": known["short_name"], "town": known["town"], "link": known["local_link"]}
    return pattern.format(**{"name": partner.name, **own, **facts})


FAULTS: dict[int, tuple[str, str]] = {
    7: ("phone", "0113 496 9999"),
    17: ("phone", "0113 496 0018"),
    27: ("phone", "0113 496 00271"),
    37: ("town", "Hull"),
    47: ("short", "Oak 46"),
}
"""By the school what is wrong in its line: nobody's number, its neighbour's, a digit too many, another town, a name."""


def words_of(partner: Partner) -> list[str]:
    """What a school says; some of them wrongly."""
    number = partner.ident
    own = line(partner, OWN, **dict([FAULTS[number]] if number in FAULTS else []))
    links = {57: partner.details["local_link"].removesuffix("/send"), 67: f"{partner.details['local_link']}/old"}
    link = line(partner, LINK, **({"link": links[number]} if number in links else {}))
    event = own.replace("“Early”", "“Late”") if number == 77 else own
    if number == 82:
        event = line(partner, OWN, phone="[phone]")
    return [event, PRINCIPLE.replace("possible", "usual") if number == 87 else PRINCIPLE, link]


WRONG = {*FAULTS, 57, 67, 77, 82, 87}
PARTNERS = [school(number) for number in range(1, SCHOOLS + 1)]


def drafts() -> list[tuple[Partner, Draft]]:
    return [(partner, Draft("\n\n".join(words_of(partner)))) for partner in PARTNERS]


def new_words() -> list[Novelty]:
    read = [
        Read(Stored(partner.ident, partner.ident, "t", "1", "x", None, None, "{}"), lines_of(partner, draft))
        for partner, draft in drafts()
    ]
    return novelties(read, lambda *_place: FIXED, lambda _: {one.ident: Whose(one, ()) for one in PARTNERS})


def group() -> list[list[Difference]]:
    said = [
        Said(PostRow(Post(id=partner.ident, due_at=NOW), Account(), partner), draft, str(partner.ident))
        for partner, draft in drafts()
    ]
    return changes(said, FIXED).alike


def test_of_many_schools_one_line_is_shown_and_every_fault_stands_alone_before_it() -> None:
    found = new_words()
    alone = [one for one in found if len(one.posts) == 1]
    assert {one.partners[0].ident for one in alone} == WRONG
    assert found[: len(alone)] == alone
    assert [(len(one.wordings), one.holds) for one in found[len(alone) :]] == [
        (SCHOOLS - len({*FAULTS, 77, 82}), []),
        (SCHOOLS - 2, []),
    ]


def test_what_is_folded_can_all_be_opened() -> None:
    words = {wording.words for one in new_words() for wording in one.wordings}
    assert words >= {one for partner in PARTNERS for one in words_of(partner)} - {PRINCIPLE}


def test_in_a_group_posts_that_are_alike_are_together_and_every_fault_is_on_its_own() -> None:
    found = group()
    assert found[0][0].lacks == (PRINCIPLE,), "an altered line of the template comes first"
    assert {alike[0].row.post.ident for alike in found[:-1]} == WRONG
    assert all(len(alike) == 1 for alike in found[:-1])
    assert len(found[-1]) == SCHOOLS - len(WRONG)


def test_a_name_without_its_last_words_is_the_partners_own() -> None:
    one = Partner(id=1, key="ash", name="Alder Grange Sixth Form College", joined_at=NOW)
    for words in ("Alder Grange", "Alder Grange Sixth Form"):
        assert neutral(one, f"{words} joins in").replace("\N{WORD JOINER}", "") == "[short name] joins in"
    assert neutral(one, "Alder joins in") == "Alder joins in", "one word may be any word"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("Oak 1 Primary, Oak 1", "[partner’s name], [short name]"),
        ("Oak 11 joins in", "Oak 11 joins in"),
        ("Oak joins in", "Oak joins in"),
        ("Ring 0113 496 0001.", "Ring [phone]."),
        ("Ring 0113 496 00011", "Ring 0113 496 00011"),
        ("See https://s1.example.org/send.", "See [local link]."),
        ("See https://s1.example.org/send/old", "See https://s1.example.org/send/old"),
        ("See https://s1.example.org/send?a=1", "See https://s1.example.org/send?a=1"),
        ("Open evening on 2 January", "Open evening on 2 January"),
        ("In Yorkshire", "In Yorkshire"),
    ],
)
def test_a_mark_stands_for_a_whole_fact_of_the_details_and_for_no_words_to_be_read(text: str, marked: str) -> None:
    assert neutral(school(1), text).replace("\N{WORD JOINER}", "") == marked


@pytest.mark.parametrize("hole", ["[phone]", "[region]", "[partner’s name]"])
def test_a_hole_that_somebody_left_in_the_words_is_shown_as_it_is(hole: str) -> None:
    one = school(1)
    one.region = "London"
    (line,) = lines_of(one, Draft(f"Come to {hole}"))
    assert shown(one, line) == neutral(one, line) == f"Come to {hole}"


def test_a_number_that_is_only_in_words_of_its_own_is_no_fact_of_the_details() -> None:
    one = school(1)
    one.details = {"own_words": "Ring 0113 496 0001."}
    assert neutral(one, "Ring 0113 496 0001.") == "Ring 0113 496 0001."


@pytest.mark.parametrize("more", ["/old", "~old", ";old", ",old", "!old", "+old", "(old"])
def test_a_longer_link_is_not_the_partners_own(more: str) -> None:
    one = school(1)
    link = one.details["local_link"]
    assert is_own(one, f"More: {link}, or ask us ({link}).")
    assert not is_own(one, f"More: {link}{more}")


def test_what_is_folded_says_its_numbers_and_links() -> None:
    (alike,) = group()[-1:]
    assert len(alike) > 1
    for one in alike:
        details = one.row.partner.details
        assert one.easily_wrong == [details["local_link"], details["phone"]]
