"""`campaign doctor`: what is not well, and how to mend it."""

from typing import Annotated

import typer

from campaign.cli.frame import AsJson, cli, opened, show


@cli.command("doctor")
def doctor(
    probe: Annotated[bool, typer.Option("--probe", help="Ask the platforms and the mail server too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is not well with database, engine and platforms, and how to mend it. Exit 1 when anything is."""
    with opened() as app:
        found = app.doctor.examine()
        if probe:
            found += app.doctor.probe()
        runbook = app.settings.alerts.runbook
    documents = [finding.document(runbook) for finding in found]
    show(documents, as_json=as_json, columns=("severity", "rule", "what", "mend"), empty="All is well.")
    if found and not as_json:
        typer.echo(f"Each rule has a section in {runbook}.")
    if found:
        raise typer.Exit(1)
