"""The plain text part: the same words as the HTML, from the same Markdown, fit to be read as they stand."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

_END_OF_QUOTE = re.compile(r"\n(?:> ?)+\n(?!>)")
_MANY_BLANKS = re.compile(r"\n{3,}")


def plain_words(tokens: Sequence[Token]) -> str:
    """Return the parsed Markdown as plain text: blank lines between blocks, an address in brackets after its words."""
    page = _Page()
    for token in tokens:
        page.take(token)
    text = "\n".join(page.lines) + "\n"
    return _MANY_BLANKS.sub("\n\n", _END_OF_QUOTE.sub("\n\n", text)).strip()


@dataclass(slots=True)
class _Page:
    """The lines so far, and where the next one begins: its margins, the numbers of open lists, a bullet that waits."""

    lines: list[str] = field(default_factory=list)
    margins: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    bullet: str = ""

    def take(self, token: Token) -> None:
        if token.nesting == 1:
            self._open(token)
        elif token.nesting == -1:
            self._close(token)
        else:
            self._write(_words(token))

    def _open(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self.numbers.append(0)
            case "ordered_list_open":
                self.numbers.append(int(token.attrGet("start") or 1))
            case "list_item_open":
                self.bullet = self._next_bullet()
                self.margins.append(" " * len(self.bullet))
            case "blockquote_open":
                self.margins.append("> ")

    def _close(self, token: Token) -> None:
        match token.type:
            case "list_item_close" | "blockquote_close":
                self.margins.pop()
            case "bullet_list_close" | "ordered_list_close":
                self.numbers.pop()
                self.lines += [] if self.numbers else [""]
            case "paragraph_close" | "heading_close" if not token.hidden:
                self.lines.append("".join(self.margins).rstrip())

    def _next_bullet(self) -> str:
        if not self.numbers[-1]:
            return "- "
        self.numbers[-1] += 1
        return f"{self.numbers[-1] - 1}. "

    def _write(self, words: str) -> None:
        margin = "".join(self.margins)
        first = "".join(self.margins[:-1]) + self.bullet if self.bullet else margin
        self.bullet = ""
        self.lines += [((margin if number else first) + line).rstrip() for number, line in enumerate(words.split("\n"))]


def _words(token: Token) -> str:
    match token.type:
        case "inline":
            return "".join(_inline(token.children or []))
        case "hr":
            return "* * *\n"
        case _:
            return token.content


def _inline(children: Sequence[Token]) -> Iterator[str]:
    """Write words; after the words of a link its address, unless they are the address."""
    address, shown = "", ""
    for child in children:
        words = child.content if child.type in {"text", "code_inline", "image"} else ""
        if child.type in {"softbreak", "hardbreak"}:
            words = "\n"
        if child.type == "link_open":
            address, shown = str(child.attrGet("href") or ""), ""
        if child.type == "link_close" and address not in {shown, f"mailto:{shown}", ""}:
            words = f" ({address})" if shown.strip() else address
        shown += words
        yield words
