"""What binds a post to its time: its event, its question, how long its words are true; and quiet periods."""

import sqlalchemy as sa
from alembic import op

import campaign.models.types

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "quietspan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("from_at", campaign.models.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until_at", campaign.models.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("quietspan_partner", "quietspan", ["partner_id", "from_at"])
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.add_column(sa.Column("event", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("question", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("first_slot", sa.String(), nullable=True))
        batch_op.add_column(
            sa.Column("stale_at", campaign.models.types.UtcDateTime(timezone=True), nullable=True)
        )

