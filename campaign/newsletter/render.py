"""The letter of an issue: Markdown words to accessible HTML and to plain text, once, with marks for each recipient.

Words come from partners, so raw HTML in them is shown as text, and what Markdown makes of them is cleaned all the same.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import css_inline
import nh3
from jinja2 import Environment, StrictUndefined, Template
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from campaign.newsletter.links import counted
from campaign.newsletter.marks import CONTACT, PARTNER, UNSUBSCRIBE, mark
from campaign.newsletter.plain import plain_words
from campaign.plan.marked import takes_marks

_TAGS = {"h1", "h2", "h3", "p", "a", "ul", "ol", "li", "strong", "em", "blockquote", "br", "hr", "code", "pre"}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_DEEPEST = 3

REASON = f"You get this email because you are on the mailing list of {mark(PARTNER)}."
REACH = f"{mark(PARTNER)} can be reached at "
LEAVING = "Unsubscribe from these emails"
WORDS_FROM, WORDS_UNTIL = "<!--words-->", "<!--/words-->"
FOOT = "\n\n-- \n"


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered letter. The marks in both parts stand for what each recipient's copy says."""

    html: str
    plain: str


@lru_cache(maxsize=512)
def rendered(words: str, subject: str, preheader: str, counter: str = "") -> Letter:
    """Render an issue's Markdown words into its letter. Pure: the same words give the same bytes. ``counter``: the
    address, without the number of a link, through which the links lead whose clicks are counted.
    """
    tokens = _parsed(words)
    if counter:
        for number, link in enumerate(counted(tokens)):
            link.attrSet("href", f"{counter}/{number}")
    has_title = any(token.type == "heading_open" and token.tag == "h1" for token in tokens)
    html = _layout().render(
        subject=subject,
        preheader=preheader,
        heading=None if has_title else subject,
        words=Markup(_clean(tokens)),  # noqa: S704 - cleaned on this line
        reason=REASON,
        contact=REACH,
        address=mark(CONTACT),
        leave=mark(UNSUBSCRIBE),
        leaving=LEAVING,
    )
    return Letter(_inliner().inline(html), _plain(tokens, None if has_title else subject))


def links(words: str) -> list[str]:
    """Return the addresses of an issue's words whose clicks can be counted, by the number of their link."""
    return [str(link.attrGet("href")) for link in counted(_parsed(words))]


def _parsed(words: str) -> list[Token]:
    tokens = _markdown().parse(words)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"} and int(token.tag[1:]) > _DEEPEST:
            token.tag = f"h{_DEEPEST}"
    return tokens


def _clean(tokens: list[Token]) -> str:
    markdown = _markdown()
    html: str = markdown.renderer.render(tokens, markdown.options, {})
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None).strip()


def _plain(tokens: list[Token], heading: str | None) -> str:
    words = plain_words(tokens)
    above = f"{heading}\n\n" if heading else ""
    leave = f"{LEAVING}: {mark(UNSUBSCRIBE)}"
    return f"{above}{words}{FOOT}{REASON}\n{REACH}{mark(CONTACT)}\n{leave}\n"


class _Markdown(MarkdownIt):
    """CommonMark, in which an address with a mark where none may stand is no link but text, for everybody to see."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - the library's name
        return super().normalizeLink(url) if takes_marks(url) else url

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        return takes_marks(url) and super().validateLink(url)


@cache
def _markdown() -> MarkdownIt:
    return _Markdown("commonmark", {"html": False})


@cache
def _layout() -> Template:
    source = resources.files("campaign.newsletter").joinpath("letter.html").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(source)


@cache
def _inliner() -> css_inline.CSSInliner:
    # Nothing is fetched: the sheet stands in the layout. Rules for dark screens cannot be inlined, so they stay.
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
