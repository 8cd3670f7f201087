"""Which of a partner's details a campaign uses: templates by a field or ``partner.NAME``, the timetable by a filter."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from campaign.config import alike
from campaign.models.partners import CONTACT
from campaign.plan.entries import Timetable
from campaign.plan.fill import parts
from campaign.plan.gather import Copy
from campaign.plan.template import Template

_OF_PARTNER: Final = re.compile(r"""\bpartner(?:\.|\[\s*["'])(\w+)""")
_BY_ITSELF: Final = frozenset({CONTACT, "approver"})
"""Details that the program itself goes by."""


def details_mentioned(copy: Copy) -> frozenset[str]:
    """Return the names of the details that anything of the campaign uses."""
    found = {name for template in copy.templates.by_key.values() for name in _of_template(template)}
    return frozenset({*found, *_of_timetable(copy.timetable), *_BY_ITSELF})


def unmentioned(copy: Copy, names: Iterable[str]) -> str:
    """Return one line that names those of these details that nothing uses, each with the name that was probably meant;
    empty where all are used.
    """
    known = details_mentioned(copy)
    strays = [_with_meant(name, known) for name in dict.fromkeys(names) if name not in known]
    return f"No template and no slot uses {', '.join(strays)}." if strays else ""


def _with_meant(name: str, known: Iterable[str]) -> str:
    meant = alike(name, known)
    return f"{name!r} (did you mean {meant!r}?)" if meant else repr(name)


def _of_template(template: Template) -> Iterator[str]:
    for spec in template.fields.values():
        yield from parts(spec)
    lines = (template.subject, template.preheader, template.link, template.link_title)
    for text in (template.words, *filter(None, lines)):
        yield from _OF_PARTNER.findall(text)


def _of_timetable(timetable: Timetable) -> Iterator[str]:
    for slot in timetable.slots:
        yield from slot.partners
    for quiet in timetable.quiet:
        yield from quiet.partners
