"""Fields: what each type takes, and what it says of a wrong value."""

import datetime as dt

import pytest

from campaign.errors import BadInput
from campaign.plan.fields import FieldSpec, Picture, Quote, checked


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("text", "  Cafe\u0301 \r\n open ", "Café \n open"),
        ("url", "https://www.example.org/a?b=c", "https://www.example.org/a?b=c"),
        ("url", "http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("email", "send.team@school.example.sch.uk", "send.team@school.example.sch.uk"),
        ("phone", "020 7946 0000", "020 7946 0000"),
        ("phone", "+44 (0)20 7946 0000 ext 12", "+44 (0)20 7946 0000 ext 12"),
        ("date", "2025-12-10", "2025-12-10"),
        ("date", dt.date(2025, 12, 10), "2025-12-10"),
        ("time", "09:05", "09:05"),
        ("time", dt.time(18, 0), "18:00"),
        ("text", None, ""),
        ("email", "", ""),
    ],
)
def test_a_good_value_is_kept(kind: str, given: object, kept: str) -> None:
    assert checked(FieldSpec("it", kind), given) == kept


@pytest.mark.parametrize(
    ("kind", "given", "problem"),
    [
        ("url", "javascript:alert(1)", "no web address"),
        ("url", "https:///path", "no web address"),
        ("url", "www.example.org", "no web address"),
        ("url", "https://a.org/x y", "no web address"),
        ("url", "https://user:pass@a.org/", "user name"),
        ("url", "http://[::1", "no web address"),
        ("url", "http://a.org:99999/", "no web address"),
        ("email", "a@b", "no email"),
        ("email", "a@b.org\nBcc: c@d.org", "no email"),
        ("phone", "12345", "no UK telephone"),
        ("date", "10/12/2025", "no date"),
        ("time", "25:00", "no time"),
        ("time", 1080, "of type int"),
        ("text", "a\x00b", "control character"),
        ("text", ["a"], "of type list"),
        ("quote", "words alone", "lacks name and role"),
        ("quote", {"text": "x", "name": "A"}, "lacks role"),
        ("quote", {"text": "x", "name": "A" * 81, "role": "B"}, "81 characters"),
        ("image", {"file": "a.png", "alt": " "}, "lacks alt"),
    ],
)
def test_a_wrong_value_is_refused_with_its_problem(kind: str, given: object, problem: str) -> None:
    with pytest.raises(BadInput, match=problem) as caught:
        checked(FieldSpec("it", kind), given)
    assert caught.value.findings[0].field == "it"
    assert caught.value.findings[0].mend


def test_a_choice_becomes_its_wording_whatever_its_case() -> None:
    spec = FieldSpec("audience", "choice", choices={"families": "Parents and carers", "health": "Health professionals"})
    assert checked(spec, "Families") == "Parents and carers"
    with pytest.raises(BadInput, match="Choose one of: families, health"):
        checked(spec, "pupils")


def test_a_quote_shows_words_name_and_role() -> None:
    quote = checked(FieldSpec("quote", "quote"), {"text": '"It works."', "name": "Ann Lee", "role": "parent"})
    assert quote == Quote("It works.", "Ann Lee", "parent")
    assert str(quote) == "“It works.” \N{EN DASH} Ann Lee, parent"


def test_an_image_shows_nothing_in_the_words() -> None:
    picture = checked(FieldSpec("image", "image"), {"file": "a.png", "alt": "A class at work"})
    assert picture == Picture("a.png", "A class at work")
    assert str(picture) == ""


def test_a_required_value_that_is_blank_is_missing() -> None:
    with pytest.raises(BadInput, match="is missing"):
        checked(FieldSpec("it", required=True), " \n ")


def test_a_length_is_counted_as_the_channel_counts_it() -> None:
    spec = FieldSpec("x_line", max=5, count=lambda text: 2 * len(text), unit="characters as X counts them")
    with pytest.raises(BadInput, match="has 6 characters as X counts them, 5 at most"):
        checked(spec, "abc")
