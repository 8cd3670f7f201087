"""A new workspace: the starter's files, the key, the database with its campaign, and the operator."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from campaign.clock import Clock, SystemClock
from campaign.config import CONFIG_NAME, Settings, lay_out, load_settings
from campaign.engine import require_cluster
from campaign.errors import WrongUse
from campaign.models import Database, audit, partners, tallies, users
from campaign.models.partners import Campaign
from campaign.models.users import User
from campaign.people import OPERATOR
from campaign.plan.shift import launch_in, shifted
from campaign.plan.toml_tables import toml_text
from campaign.vault import create_key


def open_workspace(
    folder: Path,
    environ: Mapping[str, str],
    *,
    launch: date | None,
    salt: str,
    move: bool = False,
    clock: Clock | None = None,
) -> Settings:
    """Lay out ``folder`` and make its key and its database. A config.toml that is there already is kept, so that a
    workspace written by hand only gets what it lacks. ``move``: the days of a timetable that is there already may be
    moved to ``launch``.

    Raises:
        WrongUse: a part of the starter is there already without a config.toml, the configuration is at fault, or the
            timetable that is there has another launch and may not be moved.

    """
    folder = folder.resolve()
    laid_out = not (folder / CONFIG_NAME).is_file()
    if laid_out:
        lay_out(folder)
    settings = load_settings(folder, environ)
    if launch is not None:
        _launch_on(settings.campaign.timetable, launch, may_move=laid_out or move)
    if not settings.vault.key_file.exists():
        create_key(settings.vault.key_file)
    _fill_database(settings, salt, clock or SystemClock())
    return settings


def _launch_on(timetable: Path, launch: date, *, may_move: bool) -> None:
    """Move the timetable to the launch. Raises WrongUse: it is a person's own and nobody said that it may be moved."""
    text = toml_text(timetable)
    moved = shifted(text, launch, timetable.name)
    if moved == text:
        return
    if not may_move:
        problem = f"{timetable} is there already and launches on {launch_in(text)}"
        raise WrongUse(problem=problem, mend="Nothing was changed. Say --force to move all its days to the new launch.")
    timetable.write_text(moved, encoding="utf-8", newline="")


def upgraded(settings: Settings) -> Database:
    """Return the database with the newest schema, sums of engagement by the days of the campaign's time zone, and
    PgQueuer's tables where the engine wants them.

    Raises:
        ExtraMissing: the engine is pgqueuer, and its library is not installed.

    """
    if settings.engine.kind == "pgqueuer":
        require_cluster()
    database = Database(settings.database.url)
    database.upgrade()
    with database.write() as session:
        tallies.follow_zone(session, settings.campaign.timezone)
    if settings.engine.kind == "pgqueuer":
        from campaign.models import jobs  # noqa: PLC0415 - the library is an extra

        jobs.upgrade(database.url)
    return database


def _fill_database(settings: Settings, salt: str, clock: Clock) -> None:
    database = upgraded(settings)
    now, name = clock.now(), settings.campaign.name
    with database.write() as session:
        if partners.campaign(session) is None:
            session.add(Campaign(name=name, timezone=settings.campaign.timezone, salt=salt, created_at=now))
        if users.user(session, OPERATOR) is None:
            session.add(User(name=OPERATOR, role="admin", added_at=now))
            audit.record(session, who=OPERATOR, action="init", subject="workspace", at=now, facts={"name": name})
    database.close()
