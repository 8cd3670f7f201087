"""`campaign plan`, `queue`, `posts new`: from the timetable to posts in review."""

from typing import TYPE_CHECKING, Annotated

import typer

from campaign.cli.frame import As, AsJson, PostId, cli, day_bounds, desk, local_time, opened, show
from campaign.cli.posts import find, pairs, posts
from campaign.errors import WrongUse
from campaign.wording import counted, some_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlmodel import Session

    from campaign.app import App
    from campaign.plan.rows import PlanFacts, PlanRow
    from campaign.plan.spend import Line

_COLUMNS = ("action", "partner", "channel", "slot", "due_at", "reason")
_MONEY = ("month", "channel", "posts", "with_link", "readings", "spent", "forecast", "cap")
_SHOWN = frozenset({"add", "change", "withdraw", "past", "blocked"})

Placeholders = Annotated[
    bool, typer.Option("--allow-placeholders", help="Take days and links that DfE has not given yet as they stand.")
]


def _planned(
    app: "App", session: "Session", now: "datetime", *, placeholders: bool
) -> "tuple[PlanFacts, list[PlanRow]]":
    from campaign.plan.gather import gather
    from campaign.plan.planner import plan

    facts = gather(session, app.source(placeholders=placeholders), now)
    return facts, plan(facts)


def row_document(row: "PlanRow") -> dict[str, object]:
    """Return a row of the plan as it is shown."""
    from campaign.clock import iso

    return {
        "action": row.action,
        "partner": row.partner,
        "channel": row.channel,
        "slot": row.slot,
        "occurrence": row.occurrence,
        "due_at": iso(row.due_at),
        "template": row.template or None,
        "reason": row.reason or None,
        "post_id": str(row.post_id) if row.post_id else None,
        "findings": [str(finding) for finding in row.findings],
    }


@cli.command("plan")
def plan_command(
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="Only from this day on.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Only up to this day.")] = None,
    placeholders: Placeholders = False,
    as_json: AsJson = False,
) -> None:
    """Show what `campaign queue` would add, change and withdraw; nothing is written. Exit 1 when posts are blocked."""
    with opened() as app, app.database.read() as session:
        start, end = day_bounds(app, since)[0], day_bounds(app, until)[1]
        if start is not None and end is not None and start >= end:
            raise WrongUse(problem=f"--from {since} comes after --to {until}", mend="Give the earlier day first.")
        facts, rows = _planned(app, session, app.clock.now(), placeholders=placeholders)
        money = months(app, session, facts, rows, by_account=False)
        shown = [
            row
            for row in rows
            if row.action in _SHOWN and (start is None or row.due_at >= start) and (end is None or row.due_at < end)
        ]
    documents = [row_document(row) if as_json else row_document(row) | {"action": row.spoken_action} for row in shown]
    show(documents, as_json=as_json, columns=_COLUMNS, empty="Nothing to do: every post stands as the timetable says.")
    if money and not as_json:
        typer.echo("What posting costs by month, with the readings of figures, in US dollars:")
        show([line.words() for line in money], as_json=False, columns=_MONEY, empty="")
    _say_blocked(shown)


@cli.command("spend")
def spend_command(
    by_account: Annotated[bool, typer.Option("--by-account", help="A row for each account.")] = False,
    placeholders: Placeholders = False,
    as_json: AsJson = False,
) -> None:
    """Show what posts and readings have cost and will cost by month, in US dollars. Exit 1 when a cap will not last."""
    with opened() as app, app.database.read() as session:
        facts, rows = _planned(app, session, app.clock.now(), placeholders=placeholders)
        money = months(app, session, facts, rows, by_account=by_account)
    columns = (_MONEY[0], "partner", "account", *_MONEY[1:]) if by_account else _MONEY
    rows_shown = [line.document() if as_json else line.words() for line in money]
    show(rows_shown, as_json=as_json, columns=columns, empty="Nothing that was posted or is planned costs money.")
    if any(line.over_cap for line in money):
        raise typer.Exit(1)


def months(
    app: "App", session: "Session", facts: "PlanFacts", rows: "Sequence[PlanRow]", *, by_account: bool
) -> "Sequence[Line]":
    """Return what was spent and what is still to come, by month and channel."""
    from campaign.models import bookings, readings
    from campaign.plan.spend import forecast, still_read, summed, with_prices

    priced, days = with_prices(app.channels), app.cooling.days
    coming = [*forecast(facts, rows, priced, days), *still_read(readings.watched(session), priced, days)]
    return summed(facts, coming, bookings.spending(session), priced, single=by_account)


def _say_blocked(rows: "Sequence[PlanRow]") -> None:
    """Name what is blocked with field and mend, each finding once, and exit 1 when anything is."""
    seen: dict[str, list[str]] = {}
    for row in rows:
        for finding in row.findings:
            seen.setdefault(str(finding), []).append(f"{row.partner} {row.channel}")
    for line, places in seen.items():
        typer.echo(f"{line} ({some_of(places)})", err=True)
    if any(row.action == "blocked" for row in rows):
        raise typer.Exit(1)


@cli.command("queue")
def queue_command(placeholders: Placeholders = False, by: As = None, as_json: AsJson = False) -> None:
    """Write the plan: posts go to review in your name. Running it twice changes nothing."""
    from campaign.review.planning import bring_in

    with opened() as app, desk(app, by) as place:
        brought = bring_in(place, app.source(placeholders=placeholders))
    done, rows, held, let_go = brought.queued, brought.rows, brought.held, brought.let_go
    counts = {name: done.counts.get(name, 0) for name in ("add", "change", "withdraw", "keep", "past", "blocked")}
    if as_json:
        show([dict(counts)], as_json=True, columns=(), empty="")
    else:
        typer.echo(_told(counts, sum(row.spoken_action == "leave out" for row in rows)))
    for scope in (*(f"event:{name}" for name in held), *let_go):
        typer.echo(f"{'Released' if scope in let_go else 'Held'}: {scope}.", err=True)
    if brought.noticed:
        told = counted(brought.noticed, "notice")
        typer.echo(f"Drafted {told} of events that do not take place (`campaign posts list --status draft`).", err=True)
    if done.not_agreed:
        waiting = "waits" if len(done.not_agreed) == 1 else "wait"
        drafts = counted(len(done.not_agreed), "draft")
        typer.echo(f"{drafts} {waiting} for the partner's yes (`campaign agree --partner P`).", err=True)
    _say_blocked(brought.blocked)


def _told(counts: "Mapping[str, int]", left_out: int) -> str:
    """Return the counts in words; what a quiet period or a cancelled event leaves out was never there to withdraw."""
    shown = {**counts, "withdraw": counts["withdraw"] - left_out} | ({"leave out": left_out} if left_out else {})
    return ", ".join(f"{count} {name}" for name, count in shown.items())


@posts.command("new")
def new_post(
    partner: Annotated[str, typer.Option("--partner", help="The partner's key.")],
    channel: Annotated[str, typer.Option("--channel", help="The channel.")],
    template: Annotated[str, typer.Option("--template", help="The template's name.")],
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="Local wall time, as 2025-12-02T09:00.")],
    values: Annotated[list[str] | None, typer.Argument(metavar="FIELD=VALUE")] = None,
    account: Annotated[str, typer.Option("--account", help="Its handle, where the partner has several there.")] = "",
    by: As = None,
) -> None:
    """Queue a single post outside the timetable; it goes to review like any other."""
    from campaign.review.single import Asked, queue_one

    with opened() as app, desk(app, by) as place:
        asked = Asked(partner, channel, template, local_time(app, at), pairs(values or []), account, files=True)
        post = queue_one(place, app.source(placeholders=False), asked)
        typer.echo(f"Post {post.id} is {post.status} for {at}.")


@posts.command("correct")
def correct(
    ident: PostId,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="Local wall time, as 2025-12-02T09:00.")],
    values: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE")],
    by: As = None,
) -> None:
    """Queue a correction of a newsletter, to exactly those who got it; it goes to review like any other.

    The fields are those of the template `correction`: mistake, right, contact.
    """
    from campaign.review.correcting import queue_correction

    with opened() as app, desk(app, by) as place:
        row = find(place.session, ident)
        post = queue_correction(place, app.source(placeholders=False), row, local_time(app, at), pairs(values))
        typer.echo(f"Post {post.id} is {post.status} for {at}. It goes to {post.draft['audience']}.")
