"""Merging: whatever a recipient's values are, the copy holds them, whole, and nothing else changes."""

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaign.errors import Refused
from campaign.newsletter.headers import address, line
from campaign.newsletter.merge import Copies, Mail, Mould, Recipient
from campaign.newsletter.render import rendered
from campaign.ports import Message

NOW = datetime(2025, 12, 4, 10, 0, tzinfo=UTC)
LETTER = rendered("Dear ⟦name|reader⟧ of ⟦town⟧,\n\n.dot first\n\nfrom ⟦partner⟧ é", "Join ⟦name|us⟧ → today", "pre")
MESSAGE = Message(
    "email", LETTER.plain, subject="Join ⟦name|us⟧ → today", preheader="pre", html=LETTER.html, audience="Parents"
)
MOULD = Mould(
    post_id=7,
    salt="salt",
    public_url="https://campaign.example",
    sender="Ünï School <news@school.example>",
    partner="Castle & Priory",
    audience="Parents",
    reply_to="office@school.example",
)
COPIES = Copies(MESSAGE, MOULD)
NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=120).map(str.strip)
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def parsed(mail: Mail) -> EmailMessage:
    return message_from_bytes(mail.data, policy=SMTP)


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def lines(text: str) -> str:
    return re.sub(r"\r\n|\r", "\n", text)


@given(name=NAMES, town=ANYTHING)
def test_each_value_arrives_whole_and_escaped_in_html(name: str, town: str) -> None:
    mail = parsed(COPIES.copy(Recipient("zoe@example.org", name, "tok", {"Town": town}), NOW))
    spoken = f"Dear {name or 'reader'} of {town},"
    assert lines(spoken) in lines(part(mail, "plain"))
    inner = f"Dear {html.escape(name) or 'reader'} of {html.escape(town)},"
    assert lines(inner) in lines(part(mail, "html"))


@given(name=NAMES, town=ANYTHING)
def test_wire_carries_short_ascii_lines_that_end_in_crlf(name: str, town: str) -> None:
    data = COPIES.copy(Recipient("zoe@example.org", name, "tok", {"town": town}), NOW).data
    assert data.isascii()
    assert data.endswith(b"\r\n")
    assert re.sub(rb"\r\n", b"", data).count(b"\r") == 0
    assert re.sub(rb"\r\n", b"", data).count(b"\n") == 0
    assert max(map(len, data.split(b"\r\n"))) <= 998


@given(value=ANYTHING)
@example("Oak Lane & Elm/../#?x")
@example("javascript:alert(1)//")
@example('"><script>')
def test_a_value_in_an_address_stays_one_part_of_it(value: str) -> None:
    words = (
        "[Book](https://x.example/⟦town|any place⟧/a?s=⟦town⟧&t=1#⟦town⟧) [write](mailto:a@x.example?subject=⟦town⟧)"
    )
    letter = rendered(words.replace("⟦town|any place⟧", "⟦town|any%20place⟧"), "S", "")
    copies = Copies(replace(MESSAGE, text=letter.plain, html=letter.html), MOULD)
    mail = parsed(copies.copy(Recipient("zoe@example.org", "Zoe", "tok", {"Town": value}), NOW))
    said = quote(value, safe="", errors="replace")
    book = f"https://x.example/{said or 'any%20place'}/a?s={said}&t=1#{said}"
    assert f"Book ({book}) write (mailto:a@x.example?subject={said})" in part(mail, "plain")
    assert f'href="{html.escape(book)}"' in part(mail, "html")


@given(name=NAMES)
def test_no_value_adds_a_header_or_a_recipient(name: str) -> None:
    mail = parsed(COPIES.copy(Recipient("zoe@example.org", name, "tok", {}), NOW))
    plain = parsed(COPIES.copy(Recipient("zoe@example.org", "Zoe", "tok", {}), NOW))
    assert mail.keys() == plain.keys()
    assert [one.addr_spec for one in mail["To"].addresses] == ["zoe@example.org"]


@given(before=NAMES, breaking=st.sampled_from(["\n", "\r\n", "\r", "\t", "\x85", "\u2028"]), after=NAMES)
def test_a_detail_of_many_lines_is_one_line_of_the_subject(before: str, breaking: str, after: str) -> None:
    copies = Copies(replace(MESSAGE, subject="News for ⟦school|you⟧"), MOULD)
    school = f"a{before}{breaking}{after}b"
    mail = parsed(copies.copy(Recipient("zoe@example.org", "Zoe", "tok", {"school": school}), NOW))
    assert " ".join(str(mail["Subject"]).split()) == " ".join(f"News for {school}".split())


@given(name=NAMES, breaking=st.sampled_from("\r\n\x00\x1b\x85\u2028\u2029"), rest=NAMES)
def test_name_with_a_line_break_is_refused(name: str, breaking: str, rest: str) -> None:
    with pytest.raises(Refused, match="control character"):
        COPIES.copy(Recipient("zoe@example.org", f"a{name}{breaking}{rest}b", "tok", {}), NOW)


@given(value=st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=300))
def test_header_of_any_printable_words_stays_one_header(value: str) -> None:
    written = line("Subject", value)
    assert written.isascii()
    assert re.sub(rb"\r\n[ \t]", b"", written).count(b"\n") == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nobody",
        "@example.org",
        "a@",
        "a@b@c.example",
        "a b@example.org",
        "a@example.org\r\nRCPT TO:<b@example.org>",
        "a@example.org>",
        "Zoe <a@example.org>",
        "a@example.org,b@example.org",
        "a\x00@example.org",
        "a@" + "x" * 64 + ".example",
        "x" * 250 + "@example.org",
    ],
)
def test_what_is_no_bare_address_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is no mail address"):
        address(text)


def test_domain_beyond_ascii_goes_in_its_ascii_form_and_a_wide_name_is_marked() -> None:
    assert address("info@bücher.example").text == "info@xn--bcher-kva.example"
    assert not address("info@bücher.example").wide
    assert address("kim@straße.example").text == "kim@xn--strae-oqa.example"
    with pytest.raises(Refused, match="no mail address"):
        address("kim@☃.example")
    assert address("zoë@example.org").wide
    wide = COPIES.copy(Recipient("zoë@example.org", "Zoë", "tok", {}), NOW)
    assert "zoë@example.org".encode() in wide.data


def test_bulk_headers_follow_the_standards() -> None:
    mail = parsed(COPIES.copy(Recipient("zoe@example.org", "Zoë O'Neil", "tok123", {}), NOW))
    assert mail["List-Unsubscribe"] == "<https://campaign.example/u/tok123>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Id"] == "<parents.school.example>"
    assert mail["Reply-To"] == "office@school.example"
    assert str(mail["From"]) == "Ünï School <news@school.example>"
    assert mail["Subject"] == "Join Zoë O'Neil → today"
    assert mail["Date"].datetime == NOW
    assert mail.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]
    for kind in ("plain", "html"):
        assert "https://campaign.example/u/tok123" in part(mail, kind)
    assert "Castle &amp; Priory" in part(mail, "html")


def test_message_id_follows_from_campaign_post_and_address() -> None:
    first = COPIES.message_id("Zoe@example.org")
    assert first == COPIES.message_id(" zoe@EXAMPLE.org ")
    assert first.endswith("@school.example")
    other = Copies(MESSAGE, Mould(**{**{name: getattr(MOULD, name) for name in Mould.__slots__}, "salt": "else"}))
    assert len({first, COPIES.message_id("b@example.org"), other.message_id("zoe@example.org")}) == 3


@pytest.mark.parametrize("one", [{"reply_to": "zoë@oak.example"}, {"sender": "News <zoë@oak.example>"}])
def test_an_issue_whose_answers_would_go_to_a_mailbox_beyond_ascii_is_refused_as_a_whole(one: dict[str, str]) -> None:
    with pytest.raises(Refused, match="not ASCII"):
        Copies(MESSAGE, replace(MOULD, **one))  # type: ignore[arg-type]


SENDERS = [
    ("Oak (Primary) School <news@oak.example>", "Oak (Primary) School"),
    ('"Oak (Primary) School" <news@oak.example>', "Oak (Primary) School"),
    (r'"Oak \"Hill\" \\ School" <news@oak.example>', r'Oak "Hill" \ School'),
    ('The "Oak" School <news@oak.example>', 'The "Oak" School'),
    ("Oak: news <news@oak.example>", "Oak: news"),
    ("Oak, Elm & Ash; Schools [Hub] <news@oak.example>", "Oak, Elm & Ash; Schools [Hub]"),
    ("a@b.example via Oak <news@oak.example>", "a@b.example via Oak"),
    ("=?utf-8?q?Boss?= <news@oak.example>", "=?utf-8?q?Boss?="),
    ("Zoë (Oak): school <news@oak.example>", "Zoë (Oak): school"),
    ("news@oak.example (Oak School)", "Oak School"),
    ("news@oak.example", "Castle & Priory"),
    ("<news@oak.example>", "Castle & Priory"),
]


@pytest.mark.parametrize(("sender", "name"), SENDERS)
def test_the_sender_goes_out_as_it_was_approved(sender: str, name: str) -> None:
    made = Copies(MESSAGE, replace(MOULD, sender=sender)).copy(Recipient("zoe@example.org", "", "t", {}), NOW)
    (shown,) = parsed(made)["From"].addresses
    assert (shown.display_name, shown.addr_spec) == (name, "news@oak.example")


@pytest.mark.parametrize("sender", ["Oak news@oak.example", "Oak: news@oak.example", "Oak <news@oak.example> School"])
def test_a_sender_that_is_no_name_with_an_address_is_refused(sender: str) -> None:
    with pytest.raises(Refused, match="no mail address"):
        Copies(MESSAGE, replace(MOULD, sender=sender))


def test_sender_that_would_forge_a_header_is_refused() -> None:
    with pytest.raises(Refused, match="control character"):
        Copies(
            MESSAGE, Mould(**{**{n: getattr(MOULD, n) for n in Mould.__slots__}, "sender": "a\r\nBcc: b@c.d <e@f.g>"})
        )
