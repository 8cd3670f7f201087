"""Statements of the hot path: many rows in one, each in its place."""

import pytest
import sqlalchemy as sa

from campaign.models import Database
from campaign.models.prepared import Batch, Question, inserted

TABLE = sa.Table("thing", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("words", sa.Text))
KINDS = {name: TABLE.c[name].type for name in ("id", "words")}
UPDATE = Batch(KINDS, lambda given: sa.update(TABLE).where(TABLE.c.id == given.c.id).values(words=given.c.words))


@pytest.mark.parametrize("many", [1, 2, 31, 32, 33, 100])
def test_each_row_of_any_number_gets_its_own_values(database: Database, many: int) -> None:
    with database.write() as session:
        TABLE.create(session.connection())
        rows = [{"id": number, "words": None if number % 7 else f"it's {number}"} for number in range(many)]
        assert inserted(TABLE, ["words", "id"]).run(session, rows) == many
        changed = [{"id": number, "words": f"now {number}"} for number in range(0, many, 2)]
        assert UPDATE.run(session, [*changed, {"id": 1000, "words": "nobody"}]) == len(changed)
        found = dict(map(tuple, session.connection().execute(sa.select(TABLE).order_by(TABLE.c.id))))
    assert found == {row["id"]: row["words"] for row in [*rows, *changed]}


def test_places_that_do_not_stand_as_they_are_named_are_refused(database: Database) -> None:
    """A value in the wrong place would be a wrong post, and no database would say so."""
    chosen = sa.select(TABLE.c.id).where(
        TABLE.c.words == sa.bindparam("words", type_=sa.Text), TABLE.c.id == sa.bindparam("id", type_=sa.Integer)
    )
    with pytest.raises(LookupError, match="in this order"):
        Question({"id": sa.Integer(), "words": sa.Text()}, chosen).ask(database, {"id": 1, "words": "a"})
