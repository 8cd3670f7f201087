"""`campaign posts import`: many posts from a CSV file, all of them or none."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from campaign.cli.frame import As, AsJson, desk, opened, person, show
from campaign.cli.posts import posts
from campaign.errors import BadInput
from campaign.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.app import App
    from campaign.review.bulk import Proposal

_COLUMNS = ("line", "partner", "channel", "account", "due_at", "template", "action", "text")


@posts.command("import")
def import_posts(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show every post that it would make; store none.")] = False,
    by: As = None,
    as_json: AsJson = False,
) -> None:
    """Queue a post for each row of a CSV: partner,channel,account,template,at and the templates' fields.

    Times are local wall time. All posts go to review, or none; a row that made its post before makes no second one.
    With --dry-run exit 1 when anything is wrong.
    """
    try:
        _import(file, by, dry_run=dry_run, as_json=as_json)
    except BadInput as error:
        if not dry_run:
            raise
        typer.echo(f"campaign: {error}", err=True)
        raise typer.Exit(1) from error


def _import(file: Path, by: str | None, *, dry_run: bool, as_json: bool) -> None:
    from campaign.review import bulk

    with opened() as app:
        proposals = _proposed(app, file, by)
        if (found := bulk.findings(proposals)) or dry_run:
            _shown(app, proposals, {}, as_json=as_json, at_all=dry_run or as_json)
            if found:
                raise BadInput(found)
            return
        with desk(app, by) as place:
            made = {(post.account_id, post.occurrence): post for post in bulk.store(place, file.name, proposals)}
            ids = {key: post.ident for key, post in made.items()}
            drafts = sum(post.status == "draft" for post in made.values())
        _shown(app, proposals, ids, as_json=as_json, at_all=as_json)
    if not as_json:
        typer.echo(f"{counted(len(ids), 'post')} added, {len(proposals) - len(ids)} as before.")
    if drafts:
        waits = f"{counted(drafts, 'draft')} {'waits' if drafts == 1 else 'wait'}"
        typer.echo(f"{waits} for the partner's yes (`campaign agree --partner P`).", err=True)


def _shown(
    app: "App", proposals: "list[Proposal]", ids: "Mapping[tuple[int, str], int]", *, as_json: bool, at_all: bool
) -> None:
    if at_all:
        documents = [_document(app, one, ids.get(one.key) if one.key else None) for one in proposals]
        show(documents, as_json=as_json, columns=_COLUMNS, empty="No rows.")


def _proposed(app: "App", file: Path, by: str | None) -> "list[Proposal]":
    from campaign.intake.posts import FILE_MAX, read_posts
    from campaign.intake.sheet import read_content
    from campaign.review import bulk

    lines = read_posts(file.name, read_content(file, FILE_MAX), ZoneInfo(app.settings.campaign.timezone))
    source = app.source(placeholders=False)
    with app.database.read() as session:
        return bulk.propose(session, source, file.name, lines, person(session, by), app.clock.now())


def _document(app: "App", one: "Proposal", made: int | None) -> dict[str, object]:
    from campaign.clock import iso
    from campaign.plan.words import TOKEN

    row, message = one.row, None
    if row is not None and row.draft is not None:
        message = app.contents.composer.compose(row.channel, row.draft, TOKEN)
    return {
        "line": one.line.line,
        "partner": one.partner.key if one.partner else one.line.partner,
        "channel": one.line.channel,
        "account": one.account.handle if one.account else one.line.account,
        "due_at": iso(one.line.due_at) if one.line.due_at else None,
        "template": one.line.template,
        "action": "blocked" if one.findings else "add" if one.there is None else "keep",
        "post_id": str(one.there or made) if one.there or made else None,
        "text": message.text if message else None,
        "findings": [str(finding) for finding in one.findings],
    }
