"""A reading names its post's partner, so that a partner's log is found in its order."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


_OLD_ON_SQLITE = (
    """CREATE TRIGGER snapshot_of_old AFTER INSERT ON snapshot WHEN NEW.partner_id = 0 BEGIN
        UPDATE snapshot SET partner_id = (SELECT partner_id FROM post WHERE post.id = NEW.post_id) WHERE id = NEW.id;
    END""",
)
_OLD_ON_POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION name_partner() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.partner_id := (SELECT partner_id FROM post WHERE post.id = NEW.post_id);
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER snapshot_of_old BEFORE INSERT ON snapshot FOR EACH ROW
        WHEN (NEW.partner_id = 0) EXECUTE FUNCTION name_partner()""",
)
"""Workers are brought up to date one at a time: the older ones store readings that name no partner."""


def upgrade() -> None:
    """Bring the schema here."""
    # With a default: SQLite adds a column that must have a value in no other way than by making the table anew.
    op.add_column("snapshot", sa.Column("partner_id", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE snapshot SET partner_id = (SELECT partner_id FROM post WHERE post.id = snapshot.post_id)")
    op.create_index("snapshot_of_partner", "snapshot", ["partner_id", "taken_at", "id"])
    for statement in _OLD_ON_SQLITE if op.get_bind().dialect.name == "sqlite" else _OLD_ON_POSTGRESQL:
        op.execute(statement)
