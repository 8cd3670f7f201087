"""Alerts and duties."""

import sqlalchemy as sa
from alembic import op

import campaign.models.types

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table('alert',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('sign', sa.String(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('mend', sa.String(), nullable=False),
    sa.Column('event', sa.String(), nullable=False),
    sa.Column('turn', sa.Integer(), nullable=False),
    sa.Column('opened_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('told_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('gone_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('closed_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('call_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('calls', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.create_index('alert_calling', ['call_at'], unique=False, sqlite_where=sa.text('call_at IS NOT NULL'), postgresql_where=sa.text('call_at IS NOT NULL'))
        batch_op.create_index('alert_open', ['rule', 'subject'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
    op.create_table('duty',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('owner', sa.String(), nullable=True),
    sa.Column('until', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('name')
    )
