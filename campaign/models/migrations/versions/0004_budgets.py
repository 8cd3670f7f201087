"""What posting uses up, and the caps that stopped it."""

import sqlalchemy as sa
from alembic import op

import campaign.models.types

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table('booking',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('micros', sa.BigInteger(), nullable=False),
    sa.Column('sunk', sa.Boolean(), nullable=False),
    sa.Column('month', sa.String(), nullable=False),
    sa.Column('booked_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('released_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], ),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('booking', schema=None) as batch_op:
        batch_op.create_index('booking_account', ['account_id', 'booked_at'], unique=False)
        batch_op.create_index('booking_attempt', ['post_id', 'number'], unique=False)
        batch_op.create_index('booking_month', ['channel', 'month'], unique=False)

    op.create_table('capreached',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('month', sa.String(), nullable=False),
    sa.Column('cap', sa.BigInteger(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('reached_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('scope', 'month', 'cap')
    )
