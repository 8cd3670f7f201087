"""The plan: what the timetable would add, change and withdraw, seen first, then queued in the person's name."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fastapi.responses import Response

from campaign.models import partners
from campaign.people import Right
from campaign.plan.rows import PlanRow
from campaign.review import planning
from campaign.review.planning import Ahead, BroughtIn
from campaign.web.area import Area
from campaign.web.forms import CONFLICT, Form, Sent
from campaign.web.visitor import Actor, Who
from campaign.web.words import advised, spoken
from campaign.wording import counted, some_of

area = Area()

_HOME = "/posts/plan"
_SHOWN = 200
"""Rows on the page at most; the counts are of all."""
_CHANGED = "What would be queued has changed since you saw it. Look at it again"


@area.get(_HOME, Right.QUEUE)
def show(who: Who) -> Response:
    """Show what queueing would do; nothing is written."""
    who.house.rates.spend("plan", who.person.name)
    return _page(who, _planned(who), Form())


def _planned(who: Actor) -> Ahead:
    source = who.house.app.source(placeholders=False)
    with who.reading() as session:
        return planning.plan_ahead(session, source, who.house.now())


def _page(who: Actor, ahead: Ahead, form: Form[Any], status: int = 200) -> Response:
    own = who.person.partner_key
    rows, done = [row for row in ahead.rows if own in (None, row.partner)], ahead.doing(own)
    with who.reading() as session:
        named = dict(partners.names(session))
    return who.page(
        "planning/plan.html",
        status=status,
        form=form,
        counts=Counter(row.spoken_action for row in rows),
        rows=[(row, row.spoken_action, named.get(row.partner, row.partner)) for row in done[:_SHOWN]],
        more=max(0, len(done) - _SHOWN),
        **_lacks(rows, own),
        told=ahead.digest(own),
        all_partners=not who.partners,
        empty=not rows,
        may_mend=who.may(Right.ADMINISTER),
    )


def _lacks(rows: Sequence[PlanRow], own: str | None) -> dict[str, object]:
    """Return what keeps posts from being made, each once however many templates ask for it: what partners mend, with
    its posts and whose they are, and what stands in the timetable. Whoever acts for a partner has not its files.
    """
    found: dict[tuple[bool, str], list[PlanRow]] = {}
    for row in rows:
        for one in dict.fromkeys(row.findings) if row.action == "blocked" else ():
            timetable = one.file.endswith(_TIMETABLE)
            words = f"{spoken(one)}." if timetable and own else advised(one)
            found.setdefault((timetable, words), []).append(row)
    lacks = [
        (words, counted(len(of), "post"), some_of(list(dict.fromkeys(row.partner for row in of))))
        for (timetable, words), of in found.items()
        if not timetable
    ]
    waits = [words for timetable, words in found if timetable]
    blocked = [row for row in rows if row.action == "blocked"]
    waiting = sum(all(one.file.endswith(_TIMETABLE) for one in row.findings) for row in blocked)
    return {"lacks": lacks, "waits": waits, "waiting": waiting, "lacking": len(blocked) - waiting}


_TIMETABLE = ".toml"


@area.post(_HOME, Right.QUEUE)
def queue(who: Who, sent: Sent) -> Response:
    """Queue what was shown, all of it, where it is still the same."""
    who.house.rates.spend("plan", who.person.name)
    source = who.house.app.source(placeholders=False)
    ahead = _planned(who)
    with who.desk() as desk:
        brought = planning.bring_in_seen(desk, source, ahead, sent.one("told"))
    if brought is None:
        return _page(who, _planned(who), Form(sent, None, {"rows": _CHANGED}), CONFLICT)
    return who.redirect("/posts", _words(brought))


def _words(brought: BroughtIn) -> str:
    counts = brought.queued.counts
    said = [f"{counted(counts[name], 'post')} {word}" for name, word in _WORDS.items() if counts[name]]
    words = [f"{', '.join(said)}." if said else "Nothing to do: every post stands as the timetable says."]
    if waiting := len(brought.queued.not_agreed):
        words.append(f"{counted(waiting, 'post')} stay drafts until the organisation agrees.")
    if brought.blocked:
        words.append(f"{counted(len(brought.blocked), 'post')} not added, because something is missing.")
    return " ".join(words)


_WORDS = {"add": "added", "change": "changed", "withdraw": "withdrawn"}
