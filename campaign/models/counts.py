"""How many posts stand where, kept as they change: a month of a hundred thousand posts is then some thousand rows.

A trigger of the table of posts notes what every statement changed. Notes are only added, so that no two machines wait
for each other; now and then they are added up (``add_up``). A count is what is kept and what was noted since, read in
one statement: it is exact at any moment. By hours of UTC, so that no time zone is in it.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Index, text
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel

from campaign.models.database import Database, insert_into
from campaign.models.hours import hour_of
from campaign.models.posts import Post
from campaign.models.types import table_of

_NONE = text("posts = 0")
_KEYS = ("hour", "slot", "template", "template_version", "channel", "status")
PAUSE = timedelta(seconds=20)
"""So long notes wait for being added up, at most."""
_ADDING_UP = 29
"""The lock under which one machine adds up; the others leave it to that one."""


class PostCount(SQLModel, table=True):
    """So many posts of a slot, a template's version and a channel are due in an hour (``2025-12-02 09``) and stand in a
    state, as it was when notes were added up last.
    """

    __table_args__ = (
        Index("postcount_none", "posts", sqlite_where=_NONE, postgresql_where=_NONE),
        Index("postcount_in", "status", "template", "template_version", "channel", "posts"),
    )

    hour: str = Field(primary_key=True)
    slot: str = Field(primary_key=True)
    template: str = Field(primary_key=True)
    template_version: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    status: str = Field(primary_key=True)
    posts: int


class PostNote(SQLModel, table=True):
    """There is one such post more, or one less. The trigger alone writes it."""

    id: int | None = Field(default=None, primary_key=True)
    hour: str
    slot: str
    template: str
    template_version: str
    channel: str
    status: str
    posts: int


_kept, _noted = table_of(PostCount), table_of(PostNote)


Wanted = Callable[[sa.FromClause], Sequence[sa.ColumnElement[bool]]]
"""Gives the conditions on the columns of what is counted."""


def counts(names: Sequence[str], wanted: Wanted) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement for how many posts there are by these columns: the columns, and ``posts``, never nought."""
    rows = every(names, wanted)
    return summed(rows, [rows.c[name] for name in names])


def every(names: Sequence[str], wanted: Wanted) -> sa.Subquery:
    """Return what is kept and what was noted since, with these columns and ``posts``, to be ``summed``."""
    arms = [sa.select(*(rows.c[name] for name in names), rows.c.posts).where(*wanted(rows)) for rows in (_kept, _noted)]
    return sa.union_all(*arms).subquery("every")


def summed(
    rows: sa.Subquery, keys: Sequence[sa.ColumnElement[Any]], *facts: sa.ColumnElement[Any]
) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement that adds ``rows`` up by these keys: the keys, ``posts``, never nought, and the facts."""
    total = sa.func.sum(rows.c.posts)
    return sa.select(*keys, sa.cast(total, sa.Integer).label("posts"), *facts).group_by(*keys).having(total != 0)


def add_up(database: Database) -> None:
    """Add the notes to what is kept, unless there are none or another machine is at it."""
    with database.read() as session:
        if session.execute(sa.select(_noted.c.id).limit(1)).first() is None:
            return
    with database.write() as session:
        if database.is_sqlite:
            _keep(session, _noted)
            session.execute(sa.delete(_noted))  # a writer is alone: nothing was noted meanwhile
        elif session.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_ADDING_UP))).scalar_one():
            _keep(session, sa.delete(_noted).returning(*_noted.c).cte("noted"))


def _keep(session: Session, notes: sa.FromClause) -> None:
    keys = [notes.c[name] for name in _KEYS]
    total = sa.func.sum(notes.c.posts)
    added = sa.select(*keys, total).where(sa.true()).group_by(*keys).having(total != 0).order_by(*keys)
    statement = insert_into(session, PostCount).from_select([*_KEYS, "posts"], added)
    more = {"posts": _kept.c.posts + statement.excluded.posts}
    session.execute(statement.on_conflict_do_update(index_elements=list(_KEYS), set_=more))
    session.execute(sa.delete(_kept).where(sa.literal_column("posts") == sa.literal_column("0")))


def rebuild(session: Session) -> None:
    """Count every post anew."""
    session.execute(sa.delete(_noted))
    session.execute(sa.delete(_kept))
    columns = [hour_of(session, Post.due_at), *(getattr(Post, name) for name in _KEYS[1:])]
    found = sa.select(*columns, sa.func.count()).group_by(*columns)
    session.execute(sa.insert(_kept).from_select([*_KEYS, "posts"], found))


# --- what notes ------------------------------------------------------------------------------------------------------


def watch(connection: Connection) -> None:
    """Let the database note every change of a post from now on."""
    for statement in _ON_SQLITE if connection.dialect.name == "sqlite" else _ON_POSTGRESQL:
        connection.exec_driver_sql(statement)


_INTO = "INSERT INTO postnote (hour, slot, template, template_version, channel, status, posts) VALUES"
_NAMED = "{0}.slot, {0}.template, {0}.template_version, {0}.channel, {0}.status"
_OLD, _NEW = _NAMED.format("OLD"), _NAMED.format("NEW")
_CHANGED = "AFTER UPDATE OF due_at, slot, template, template_version, channel, status ON post"
_ON_SQLITE = (
    f"""CREATE TRIGGER post_added AFTER INSERT ON post BEGIN
        {_INTO} (substr(NEW.due_at, 1, 13), {_NEW}, 1);
    END""",
    f"""CREATE TRIGGER post_removed AFTER DELETE ON post BEGIN
        {_INTO} (substr(OLD.due_at, 1, 13), {_OLD}, -1);
    END""",
    f"""CREATE TRIGGER post_changed {_CHANGED} WHEN (OLD.due_at, {_OLD}) IS NOT (NEW.due_at, {_NEW}) BEGIN
        {_INTO} (substr(OLD.due_at, 1, 13), {_OLD}, -1), (substr(NEW.due_at, 1, 13), {_NEW}, 1);
    END""",
)
_ON_POSTGRESQL = (
    f"""CREATE OR REPLACE FUNCTION note_post() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN
            {_INTO} (to_char(timezone('UTC', OLD.due_at), 'YYYY-MM-DD HH24'), {_OLD}, -1);
        END IF;
        IF TG_OP <> 'DELETE' THEN
            {_INTO} (to_char(timezone('UTC', NEW.due_at), 'YYYY-MM-DD HH24'), {_NEW}, 1);
        END IF;
        RETURN NULL;
    END $$""",
    "CREATE TRIGGER post_added AFTER INSERT OR DELETE ON post FOR EACH ROW EXECUTE FUNCTION note_post()",
    f"""CREATE TRIGGER post_changed {_CHANGED} FOR EACH ROW
        WHEN ((OLD.due_at, {_OLD}) IS DISTINCT FROM (NEW.due_at, {_NEW})) EXECUTE FUNCTION note_post()""",
)
