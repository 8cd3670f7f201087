"""Many posts from a CSV file: uploaded, shown row by row with nothing stored, then sent for review all together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.responses import Response
from sqlmodel import Session

from campaign.errors import BadInput, Finding, WrongUse
from campaign.intake.posts import COLUMNS, FILE_MAX, ROWS_MAX, read_posts
from campaign.models import partners
from campaign.models.posts import Post
from campaign.people import Right
from campaign.plan.fill import parts
from campaign.plan.refill import tied
from campaign.plan.template import Template
from campaign.reports.log import LogRow
from campaign.review import bulk
from campaign.review.bulk import Proposal
from campaign.web.area import Area
from campaign.web.carrying import carried, in_letters
from campaign.web.downloads import as_csv
from campaign.web.forms import CONFLICT, WRONG, Form, Posted, Sent, Upload
from campaign.web.pictures import addresses
from campaign.web.preview import Preview, drafted
from campaign.web.visitor import Actor, Who
from campaign.wording import counted

area = Area()

_MOST_BYTES = 2 * FILE_MAX
"""A form that carries the file: as it was uploaded, or in letters (base64) from the preview to its confirmation."""
_CHANGED = "What these rows would say has changed since you saw it. Look at it again"


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of the file with the preview of its post, where it makes one."""

    proposal: Proposal
    look: Preview | None


@area.get("/posts/import", Right.QUEUE)
def ask(who: Who) -> Response:
    """Ask for the file, and say what it holds."""
    return _asked(who, Form())


def _asked(who: Actor, form: Form[Any], findings: Sequence[Finding] = (), status: int = 200) -> Response:
    return who.page(
        "importing/ask.html",
        status=status,
        form=form,
        findings=findings,
        templates=_wordings(who),
        all_partners=not who.partners,
        most_rows=ROWS_MAX,
        most_kilobytes=FILE_MAX // 1000,
    )


def _wordings(who: Actor) -> list[tuple[Template, list[str]]]:
    """Return the templates that a row may name, each variant with its fields."""
    found = who.house.app.copy.templates.by_key.values()
    return [
        (one, [part for spec in one.fields.values() if spec.type != "image" for part in parts(spec)])
        for one in sorted(found, key=lambda one: (one.name, one.channel or ""))
        if not tied(one)
    ]


@area.get("/posts/import/template.csv", Right.QUEUE)
def template_csv(who: Who) -> Response:
    """Give a file to fill in: every column, and a row for each of the person's accounts."""
    columns = (*COLUMNS, *dict.fromkeys(name for _, names in _wordings(who) for name in names))
    with who.reading() as session:
        rows = list(_empty_rows(session, who))
    return as_csv(iter(rows), columns, "posts")


def _empty_rows(session: Session, who: Actor) -> Iterator[LogRow]:
    for account, partner in partners.accounts(session, only=who.partners):
        if account.disabled_why is None:
            handle = account.handle.removeprefix("@")
            yield {"partner": partner.key, "channel": account.channel, "account": handle}


@area.post("/posts/import", Right.QUEUE, most_bytes=_MOST_BYTES)
def take(who: Who, sent: Sent) -> Response:
    """Show what the file would make, or send it all for review."""
    file = carried(sent)
    if file is None:
        return _asked(who, Form(sent, None, {"file": "Choose a CSV file"}), status=WRONG)
    try:
        proposals = _proposed(who, file)
    except BadInput as error:
        said = {"file": "This file cannot be read as a list of posts. See below what to mend"}
        return _asked(who, Form(sent, None, said), error.findings, WRONG)
    if sent.one("do") != "send":
        return _shown(who, file, proposals, Form())
    if sent.one("told") != bulk.digest(proposals):
        return _shown(who, file, proposals, Form(sent, None, {"rows": _CHANGED}), CONFLICT)
    return _stored(who, file, proposals)


def _proposed(who: Actor, file: Upload) -> list[Proposal]:
    """Return what the rows would make. Raises BadInput."""
    lines = read_posts(file.name or "posts.csv", file.content, who.house.zone)
    source = who.house.app.source(placeholders=False)
    with who.reading() as session:
        return bulk.propose(session, source, file.name or "posts.csv", lines, who.person, who.house.now())


def _shown(who: Actor, file: Upload, proposals: Sequence[Proposal], form: Form[Any], status: int = 200) -> Response:
    return who.page(
        "importing/preview.html",
        status=status,
        form=form,
        name=file.name,
        content=in_letters(file),
        told=bulk.digest(proposals),
        shown=[Shown(one, _look(who, one)) for one in proposals],
        wrong=sum(bool(one.findings) for one in proposals),
        fresh=sum(one.there is None and not one.findings for one in proposals),
        there=sum(one.there is not None for one in proposals),
    )


def _look(who: Actor, one: Proposal) -> Preview | None:
    if one.row is None or one.row.draft is None or one.account is None or one.partner is None:
        return None
    return drafted(who.house.app, one.row.draft, one.account, one.partner, addresses(who, one.partner))


def _stored(who: Actor, file: Upload, proposals: Sequence[Proposal]) -> Response:
    if wrong := bulk.findings(proposals):
        said = {"rows": f"Mend {counted(len(wrong), 'fault')} in the file first, then upload it again"}
        return _shown(who, file, proposals, Form(Posted(), None, said), WRONG)
    try:
        with who.desk() as desk:
            made = bulk.store(desk, file.name, proposals)
            drafts = sum(post.status == "draft" for post in made)
    except WrongUse as error:
        return _shown(who, file, proposals, Form(Posted(), None, {"rows": str(error)}), WRONG)
    return who.redirect(_listed(made), _told(len(made), drafts, len(proposals)))


def _listed(made: Sequence[Post]) -> str:
    """Return where the new posts are seen, and nothing else."""
    return f"/posts?ids={','.join(str(post.ident) for post in made)}" if made else "/posts"


def _told(made: int, drafts: int, rows: int) -> str:
    """Say what came of it."""
    if not made:
        return "Nothing new: every post of the file was there already."
    parts_of = [f"{counted(made, 'post')} imported."]
    if drafts:
        parts_of.append(f"Drafts until your organisation agrees: {drafts}.")
    if rows > made:
        parts_of.append(f"There already: {rows - made}.")
    return " ".join(parts_of)
