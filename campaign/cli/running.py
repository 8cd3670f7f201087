"""`campaign run`, `worker`, `serve`, `sandbox`: what stays up."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from campaign.cli.frame import cli, local_time, opened
from campaign.collector import spare_what_stays
from campaign.errors import WrongUse

if TYPE_CHECKING:
    from campaign.app import App


@cli.command("run")
def run(
    web: Annotated[bool, typer.Option("--web", help="Serve the pages too.")] = False,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Stop when nothing is due or in flight.")] = False,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Stop at this local time.")] = None,
) -> None:
    """Run the daemon: dispatch, engagement, upkeep."""
    from campaign import daemon
    from campaign.logs import set_up_logs

    with opened() as app:
        set_up_logs(app.settings.logging.level, as_json=app.settings.logging.json_lines)
        end = local_time(app, until) if until else None
        with _doors(app, pages=web):
            spare_what_stays()
            code = daemon.run(app, until_idle=until_idle, until=end)
    raise typer.Exit(code)


@contextmanager
def _doors(app: "App", *, pages: bool) -> Iterator[None]:
    # The pages are half of what there is to load: a daemon that serves nothing dispatches the sooner without them.
    if not pages and not app.settings.metrics.listen:
        yield
        return
    from campaign.web.doors import doors

    with doors(app, pages=pages):
        yield


@cli.command("worker")
def worker(
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Stop at this local time.")] = None,
) -> None:
    """Run one more machine on the same PostgreSQL: engine pgqueuer."""
    from campaign import daemon
    from campaign.logs import set_up_logs

    with opened() as app:
        kind, base = app.settings.engine.kind, app.settings.database.url.partition(":")[0]
        if kind != "pgqueuer":
            raise WrongUse(
                problem=f"Another machine needs the engine pgqueuer on PostgreSQL; here are {kind} and {base}",
                mend="`campaign run` serves one machine; docs/how-to/run-on-many-machines.md tells the way to many.",
            )
        set_up_logs(app.settings.logging.level, as_json=app.settings.logging.json_lines)
        spare_what_stays()
        code = daemon.run(app, until=local_time(app, until) if until else None)
    raise typer.Exit(code)


@cli.command("serve")
def serve() -> None:
    """Serve the web pages and the API alone."""
    from campaign.logs import set_up_logs
    from campaign.metrics import Metrics
    from campaign.web import server
    from campaign.web.site import site

    with opened() as app:
        set_up_logs(app.settings.logging.level, as_json=app.settings.logging.json_lines)
        pages = site(app, Metrics(app.database, app.clock))
        spare_what_stays()
        server.serve(pages, app.settings.web.listen)


@cli.command("sandbox")
def sandbox(
    listen: Annotated[str, typer.Option("--listen", help="Host and port of the platforms.")] = "127.0.0.1:8100",
    smtp: Annotated[str, typer.Option("--smtp", help="Host and port of the mail catcher.")] = "127.0.0.1:8125",
    accounts: Annotated[Path | None, typer.Option("--accounts", help="The accounts.csv whose tokens are good.")] = None,
    faults: Annotated[Path | None, typer.Option("--faults", help="A fault plan.")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="The folder that keeps the state.")] = None,
    speed: Annotated[float, typer.Option("--speed", help="How much faster engagement grows than in life.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the addresses as JSON only.")] = False,
) -> None:
    """Run the local platforms and the mail catcher, for trying things by hand."""
    from campaign.sandbox.server import run_sandbox

    if accounts is not None and not accounts.is_file():
        raise WrongUse(problem=f"{accounts} is no file", mend="Name the accounts.csv whose tokens are to be good.")

    def announce(addresses: Mapping[str, str]) -> None:
        typer.echo(json.dumps(dict(addresses)))
        if not as_json:
            typer.echo(f"Feeds and mailbox: {addresses['x'].rpartition('/')[0]}/  (Ctrl-C ends)")

    run_sandbox(listen, smtp, accounts=accounts, faults=faults, data=data, speed=speed, announce=announce)
