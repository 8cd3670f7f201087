"""Webhooks and their calls."""

import sqlalchemy as sa
from alembic import op

import campaign.models.types

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "hook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", campaign.models.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_event", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", campaign.models.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("quiet_until", campaign.models.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("off_at", campaign.models.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("off_by", sa.String(), nullable=True),
        sa.Column("off_why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "hookcall",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hook_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", campaign.models.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", campaign.models.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tried_at", campaign.models.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("taken_at", campaign.models.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["hook_id"],
            ["hook.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hook_id", "event_id"),
        sa.UniqueConstraint("message"),
    )
    with op.batch_alter_table("hookcall", schema=None) as batch_op:
        batch_op.create_index("hookcall_made", ["made_at"], unique=False)
        batch_op.create_index(
            "hookcall_waiting",
            ["hook_id", "next_try_at"],
            unique=False,
            sqlite_where=sa.text("next_try_at IS NOT NULL"),
            postgresql_where=sa.text("next_try_at IS NOT NULL"),
        )
