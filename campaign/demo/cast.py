"""Who plays in the demo: partners, their accounts with fresh tokens, lists and people, laid out as files and stored.

The files in ``data`` are what a person would bring; each token is made up anew for every demo and written, like a
person's own, to a file that ``accounts.csv`` refers to.
"""

import csv
import json
import os
import secrets
import shutil
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import Session

from campaign import people
from campaign.app import App
from campaign.demo.settings import APP_SECRET_FILE
from campaign.intake import read_accounts, read_partners, read_subscribers
from campaign.models import sign_in
from campaign.models.partners import AccountMode
from campaign.people import tickets
from campaign.people.tickets import Purpose
from campaign.ports import MAIL
from campaign.register import accounts, lists, partners
from campaign.review.rules import QuietPeriods
from campaign.sandbox.accounts import SandboxAccount, load_accounts
from campaign.sandbox.consent import CLIENT_SECRET

REVIEWER = "reviewer"
"""Who approves for DfE."""

SHOWN_PARTNER = "harbourside"
"""Whose officer a person may be in the pages."""

LEFT_TO_REVIEW = frozenset({"harbourside", "brightpath"})
"""Partners whose later posts stay in review, so that a person has something to decide."""

_DATA = Path(__file__).parent / "data"


def officer(partner: str) -> str:
    """Return the name of the person who speaks for a partner."""
    return f"officer-{partner}"


def lay_out(workspace: Path) -> None:
    """Put partners.csv, accounts.csv with its tokens, lists/ and pictures/ into the workspace."""
    shutil.copyfile(_DATA / "partners.csv", workspace / "partners.csv")
    for folder in ("lists", "pictures"):
        shutil.copytree(_DATA / folder, workspace / folder, dirs_exist_ok=True)
    (workspace / "tokens").mkdir(mode=0o700, exist_ok=True)
    _write_private(workspace / APP_SECRET_FILE, CLIENT_SECRET)
    with (_DATA / "accounts.csv").open(encoding="utf-8", newline="") as file:
        rows = [_with_credentials(workspace, row) for row in csv.DictReader(file)]
    with (workspace / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _with_credentials(workspace: Path, row: dict[str, str]) -> dict[str, str]:
    if row["mode"] != AccountMode.API or row["channel"] == MAIL:
        return row | {"credentials": ""}
    name = f"tokens/{row['channel']}-{row['partner']}.json"
    _write_private(workspace / name, json.dumps(credentials(row["channel"], row["external_id"])))
    return row | {"credentials": f"file:{name}"}


def credentials(channel: str, external_id: str) -> dict[str, str]:
    """Return made-up credentials of the kind that the platform gives out."""
    token = secrets.token_urlsafe(24)
    if channel != "x":
        return {"access_token": token}
    return {
        "consumer_key": "demo",
        "consumer_secret": secrets.token_urlsafe(24),
        "access_token": f"{external_id}-{token}",
        "access_token_secret": secrets.token_urlsafe(24),
    }


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def on_platforms(workspace: Path) -> list[SandboxAccount]:
    """Return the accounts that the sandbox shall know, under their partners' names."""
    names = {row.key: row.name for row in read_partners(workspace / "partners.csv")}
    found = load_accounts(workspace / "accounts.csv")
    return [
        replace(account, partner_name=names[account.partner])
        for account in found
        if account.channel != MAIL and account.external_id
    ]


def store(app: App, workspace: Path) -> None:
    """Import the files in the operator's name, as `campaign partners import` and its kin do, and add the people."""
    with app.database.write() as session:
        keys = _store_partners(app, session, workspace)
        _store_people(app, session, keys)
        _store_accounts(app, session, workspace, keys)
        by, now = people.acting(session, people.OPERATOR), app.clock.now()
        zone = ZoneInfo(app.settings.campaign.timezone)
        for file in sorted((workspace / "lists").glob("*.csv")):
            lists.take(session, file.stem, read_subscribers(file, now, zone), by=by, now=now)


def _store_partners(app: App, session: Session, workspace: Path) -> list[str]:
    rows = read_partners(workspace / "partners.csv")
    by = people.acting(session, people.OPERATOR)
    quiet = QuietPeriods(app.settings.campaign)
    partners.take(session, rows, app.settings.review, quiet=quiet, by=by, now=app.clock.now())
    return [row.key for row in rows]


def _store_accounts(app: App, session: Session, workspace: Path, keys: Collection[str]) -> None:
    rows = read_accounts(workspace / "accounts.csv", set(app.channels), keys, {})
    by = people.acting(session, people.OPERATOR)
    accounts.take(session, rows, app.vault, by=by, now=app.clock.now())


def sign_in_paths(app: App) -> dict[str, str]:
    """Return for each role the path of a link that signs in as one of the people; those of the last start end."""
    people_of = {"an officer": officer(SHOWN_PARTNER), "a reviewer": REVIEWER, "an admin": people.OPERATOR}
    now, found = app.clock.now(), dict[str, str]()
    with app.database.write() as session:
        for role, name in people_of.items():
            person = people.acting(session, name)
            sign_in.drop_tickets(session, Purpose.DEMO, person.ident)
            secret = tickets.issue(session, person, Purpose.DEMO, by=people.OPERATOR, now=now)
            found[role] = f"/sign-in/demo/{secret}"
    return found


def _store_people(app: App, session: Session, keys: Collection[str]) -> None:
    by, now = people.OPERATOR, app.clock.now()
    for key in keys:
        name = officer(key)
        email = f"{name}@example.org"
        people.add_user(session, name=name, role="officer", partner_key=key, email=email, by=by, now=now)
    email = f"{REVIEWER}@example.org"
    people.add_user(session, name=REVIEWER, role="reviewer", partner_key=None, email=email, by=by, now=now)
