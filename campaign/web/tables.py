"""Tables that narrow screens show as cards: a line for each cell, with the head of its column before it.

The style sheet makes the cards and says each label before its cell. Roles are not said outright: HTML forbids them on
the parts of a table, and browsers keep those of a table that is shown otherwise.
"""

import re

from markupsafe import Markup, escape

_HEAD = re.compile(r"<thead.*?</thead>", re.DOTALL)
_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_CELL = re.compile(r"<(td|th)\b([^>]*)>")
_NAME = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_UNSEEN = re.compile(r'<span class="govuk-visually-hidden">.*?</span>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_SPAN = re.compile(r'colspan="(\d+)"')


def carded(table: str) -> Markup:
    """Return a table of ours, as HTML, whose cells name their columns."""
    table = str(table)  # Markup would escape what is put into it
    head = _HEAD.search(table)
    names = [_said(name) for name in _NAME.findall(head[0])] if head else []
    rest = table[head.end() :] if head else table
    text = (table[: head.end()] if head else "") + _ROW.sub(lambda row: _labelled(row[0], names), rest)
    return Markup(text.replace('class="govuk-table ', 'class="govuk-table app-carded ', 1))  # noqa: S704 - a page's own


def _labelled(row: str, names: list[str]) -> str:
    at = 0

    def cell(found: re.Match[str]) -> str:
        nonlocal at
        name = names[at] if at < len(names) else ""
        span = _SPAN.search(found[2])
        at += int(span[1]) if span else 1
        label = f' data-label="{escape(name)}"' if name and not span and found[1] == "td" else ""
        return f"<{found[1]}{label}{found[2]}>"

    return _CELL.sub(cell, row)


def _said(head: str) -> str:
    return Markup(_TAG.sub("", _UNSEEN.sub("", head))).unescape().strip()  # noqa: S704 - only to read its words
