"""How a database means to answer a question about posts, or about another table."""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import Session

from campaign.models import Database


def plan_of(database: Database, question: Callable[[Session], object], table: str = "post") -> str:
    """Return how the database means to answer. PostgreSQL is told not to read whole tables, as it would if they were
    long: on a short one it would not use an index at all.
    """
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        if f"FROM {table}" in statement:
            asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as session:
        question(session)
    event.remove(database.engine, "before_cursor_execute", note)
    [(statement, parameters)] = asked
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    with database.engine.connect() as connection:
        if not database.is_sqlite:
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        rows = connection.exec_driver_sql(f"{explain} {statement}", parameters)  # type: ignore[arg-type]
        return "\n".join(str(row[-1]) for row in rows)
