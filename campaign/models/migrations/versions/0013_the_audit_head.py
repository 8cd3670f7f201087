"""The head of the audit chain: how many rows there are and the newest one's digest, so that removed ones show."""

import sqlalchemy as sa
from alembic import op

import campaign.models.types

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here; the rows that stand there make the first head, and without any the first row makes it."""
    head = op.create_table(
        "audithead",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("told_at", campaign.models.types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    audit = sa.table("audit", sa.column("id", sa.Integer), sa.column("digest", sa.String))
    connection = op.get_bind()
    count = connection.execute(sa.select(sa.func.count()).select_from(audit)).scalar_one()
    newest = connection.execute(sa.select(audit.c.digest).order_by(audit.c.id.desc()).limit(1)).scalar()
    if newest is not None:
        connection.execute(sa.insert(head).values(id=1, rows=count, digest=newest))
