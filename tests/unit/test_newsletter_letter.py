"""The letter and the article: accessible HTML, readable text, nothing in them that a partner's words could smuggle."""

import re
from email import message_from_bytes
from email.policy import default
from html import escape
from html.parser import HTMLParser

import pytest

from campaign.channels.email import EmailChannel
from campaign.newsletter.article import article
from campaign.newsletter.marks import Skeleton, spoken_marks
from campaign.newsletter.plain import plain_words
from campaign.newsletter.render import rendered
from campaign.plan.words import over_limits
from campaign.ports import Draft, Message

WORDS = """Dear ⟦name|reader⟧,

## How you can get involved

Join [an online event](https://www.gov.uk/event?a=1&b=2).

- first
- second *really*
"""


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def seen(html: str) -> _Seen:
    parser = _Seen()
    parser.feed(html)
    return parser


def test_letter_says_its_language_on_the_page_and_on_a_wrapper_that_survives_mail_programs() -> None:
    page = seen(rendered(WORDS, "Subject", "Soon").html)
    assert page.all("html") == [{"lang": "en-GB", "dir": "ltr"}]
    assert {"lang": "en-GB", "dir": "ltr"} in page.all("div")


def test_every_table_is_for_layout_alone_and_says_so() -> None:
    tables = seen(rendered(WORDS, "Subject", "Soon").html).all("table")
    assert tables
    assert {table["role"] for table in tables} == {"presentation"}


def test_no_visible_text_is_smaller_than_16_pixels() -> None:
    page = seen(rendered(WORDS, "Subject", "Soon").html)
    styles = [(at.get("class"), at.get("style") or "") for _, at in page.tags]
    sizes = [
        int(size) for kind, style in styles if kind != "preheader" for size in re.findall(r"font-size: (\d+)", style)
    ]
    assert sizes
    assert min(sizes) >= 16


def test_subject_is_the_one_first_heading_unless_the_words_bring_their_own() -> None:
    assert len(seen(rendered(WORDS, "Subject", "").html).all("h1")) == 1
    own = rendered("# A title\n\nWords", "Subject", "").html
    assert "<h1" in own
    assert ">A title</h1>" in own
    assert ">Subject</h1>" not in own


def test_deep_headings_become_third_level() -> None:
    page = seen(rendered("##### Deep", "Subject", "").html)
    assert len(page.all("h3")) == 1
    assert not page.all("h5")


def test_preheader_comes_first_and_is_hidden_and_absent_when_there_is_none() -> None:
    html = rendered(WORDS, "Subject", "Just & so").html
    hidden = re.search(r'<div class="preheader" style="display: none[^>]*>Just &amp; so</div>', html)
    assert hidden
    assert hidden.start() < html.index("<table")
    assert "preheader" not in rendered(WORDS, "Subject", "").html


def test_unsubscribe_link_and_sender_stand_in_both_parts() -> None:
    letter = rendered(WORDS, "Subject", "")
    assert 'href="⟦unsubscribe⟧"' in letter.html
    for part in (letter.html, letter.plain):
        assert "⟦unsubscribe⟧" in part
        assert "⟦partner⟧" in part
        assert "⟦contact⟧" in part


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)">',
        "[click](javascript:alert(1))",
        "![pixel](https://tracker.example/p.gif)",
        '<a href="https://a.example" onclick="x()">a</a>',
        "<style>p{display:none}</style>",
    ],
)
def test_words_bring_no_markup_of_their_own(evil: str) -> None:
    plainly = {(tag, at.get("href")) for tag, at in seen(rendered("Words", "Subject", "").html).tags}
    with_evil = {(tag, at.get("href")) for tag, at in seen(rendered(f"Words\n\n{evil}", "Subject", "").html).tags}
    assert with_evil == plainly


def test_subject_is_escaped_in_the_letter() -> None:
    html = rendered("Words", "<b>Castle</b> & Priory", "").html
    assert "<b>" not in html
    assert "<title>&lt;b&gt;Castle&lt;/b&gt; &amp; Priory</title>" in html


def test_styles_are_inlined_and_only_the_dark_screen_rules_stay_in_the_head() -> None:
    html = rendered(WORDS, "Subject", "").html
    sheet = html[html.index("<style>") : html.index("</style>")]
    assert sheet.startswith("<style>@media (prefers-color-scheme: dark)")
    assert '<p style="margin' in html


def test_plain_part_keeps_lists_links_and_quotes() -> None:
    words = "1. one\n2. two\n   - in\n\n> said\n> so\n\nlast <https://b.example> [c](https://c.example)\n\n---\n\nend"
    assert rendered(words, "S", "").plain.split("\n\n-- \n")[0] == (
        "S\n\n1. one\n2. two\n   - in\n\n> said\n> so\n\nlast https://b.example c (https://c.example)\n\n* * *\n\nend"
    )


def test_plain_words_of_nothing_are_nothing() -> None:
    assert plain_words([]) == ""


def test_the_same_words_give_the_same_bytes() -> None:
    first = rendered(WORDS, "Subject", "Soon")
    rendered.cache_clear()
    assert rendered(WORDS, "Subject", "Soon") == first


def test_mark_has_words_for_those_of_whom_the_value_is_not_known() -> None:
    skeleton = Skeleton.of("Dear ⟦name|reader⟧ of ⟦town⟧, ⟦ not a mark")
    assert skeleton.filled({"name": "Zoë", "town": "York"}) == "Dear Zoë of York, ⟦ not a mark"
    assert skeleton.filled({}) == "Dear reader of , ⟦ not a mark"


def test_value_that_looks_like_a_mark_is_not_filled_again() -> None:
    assert Skeleton.of("⟦name⟧").filled({"name": "⟦email⟧", "email": "secret"}) == "⟦email⟧"


FOOT = {"⟦unsubscribe⟧", "mailto:⟦contact⟧"}
BOOK = "[Book](https://x.example/?s=⟦school⟧)"


def test_a_mark_in_an_address_is_filled_encoded_in_both_parts() -> None:
    letter = rendered(f"{BOOK} <https://y.example/⟦School_Name|any⟧>", "S", "")
    values = {"school": "Oak Lane & Co", "school_name": "É/?"}
    assert "https://x.example/?s=Oak%20Lane%20%26%20Co" in Skeleton.of(letter.plain).filled(values)
    page = seen(Skeleton.of(letter.html).filled(values, escape))
    assert [link["href"] for link in page.all("a")][:2] == [
        "https://x.example/?s=Oak%20Lane%20%26%20Co",
        "https://y.example/%C3%89%2F%3F",
    ]
    assert "(https://y.example/any)" in Skeleton.of(letter.plain).filled({})
    assert spoken_marks(letter.plain).count("https://x.example/?s=[school]") == 1


@pytest.mark.parametrize(
    "words",
    [
        "[Book](https://⟦school⟧.example/)",
        "[Book](https://x.example⟦school⟧)",
        "[Book](https://⟦school⟧@x.example/)",
        "[Book](https://x.example\\⟦school⟧/)",
        "[Book](⟦school⟧)",
        "[Book](⟦school⟧://alert)",
        "[Book](//⟦school⟧/)",
        "[Book](mailto:⟦contact⟧)",
        "<https://⟦school⟧.example/>",
        "[Book][1]\n\n[1]: https://⟦school⟧.example/",
        "Look at https://⟦school⟧.example/",
    ],
)
def test_a_mark_that_would_say_where_a_link_leads_makes_no_link_and_is_found(words: str) -> None:
    channel = EmailChannel(EmailChannel.settings_type())
    message = channel.compose(Draft(words, subject="S"), "t")
    assert {link["href"] for link in seen(message.html or "").all("a")} == FOOT
    (found,) = over_limits(channel.limits, message, "mail")
    assert (found.field, found.severity) == ("words", "error")
    assert "a mark stands where an address says where it leads" in found.problem


@pytest.mark.parametrize(
    "words", [BOOK, "[See](https://x.example/)⟦name⟧", "[Write](mailto:a@x.example?subject=⟦school⟧)", "see: ⟦name⟧"]
)
def test_marks_elsewhere_are_nothing_to_find(words: str) -> None:
    channel = EmailChannel(EmailChannel.settings_type())
    assert over_limits(channel.limits, channel.compose(Draft(words, subject="S"), "t"), "mail") == []


def test_an_encoded_mark_that_is_typed_in_a_host_makes_no_link() -> None:
    html = rendered("[Book](https://%E2%9F%A6school%E2%9F%A7.example/)", "S", "").html
    assert {link["href"] for link in seen(html).all("a")} == FOOT


def test_article_is_the_words_alone_in_three_forms() -> None:
    letter = rendered(WORDS, "Join in & talk", "")
    made = article(Message("email", letter.plain, subject="Join in & talk", html=letter.html))
    assert made.html_fragment.startswith("<h1")
    assert "Dear reader," in made.html_fragment
    for part in (made.html_fragment, made.plain):
        assert "nsubscribe" not in part
        assert "⟦" not in part
    assert made.plain.startswith("Join in & talk\n\nDear reader,\n")
    mail = message_from_bytes(made.eml, policy=default)
    assert (mail["Subject"], mail["X-Unsent"], mail["To"]) == ("Join in & talk", "1", None)
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
