"""Secret addresses of calendars."""

import sqlalchemy as sa
from alembic import op

import campaign.models.types

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "calendarlink",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("made_at", campaign.models.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", campaign.models.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", campaign.models.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    with op.batch_alter_table("calendarlink", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendarlink_user_id"), ["user_id"], unique=False)
