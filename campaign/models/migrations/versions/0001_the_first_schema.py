"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text

import campaign.models.types

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""

    op.create_table('audit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('who', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('before', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('beat',
    sa.Column('owner', sa.String(), nullable=False),
    sa.Column('started_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('tick_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('next_wake_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('owner')
    )
    op.create_table('campaign',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('timezone', sa.String(), nullable=False),
    sa.Column('salt', sa.String(), nullable=False),
    sa.Column('created_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('hold',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('held_by', sa.String(), nullable=False),
    sa.Column('held_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('released_by', sa.String(), nullable=True),
    sa.Column('released_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('hold', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hold_scope'), ['scope'], unique=False)

    op.create_table('mailinglist',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.create_table('notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('to', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('created_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_try_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('sent_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index('notice_unsent', ['id'], unique=False, sqlite_where=sa.text('sent_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL'))

    op.create_table('partner',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('region', sa.String(), nullable=False),
    sa.Column('approver', sa.String(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('joined_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.create_table('suppression',
    sa.Column('address_digest', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('address_digest')
    )
    op.create_table('templateversion',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('seen_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('name', 'digest')
    )
    op.create_table('users',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('partner_key', sa.String(), nullable=True),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('added_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('name')
    )
    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('partner_id', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('handle', sa.String(), nullable=False),
    sa.Column('external_id', sa.String(), nullable=False),
    sa.Column('mode', sa.String(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('imported', sa.String(), nullable=True),
    sa.Column('sender', sa.String(), nullable=True),
    sa.Column('reply_to', sa.String(), nullable=True),
    sa.Column('can_find', sa.Boolean(), nullable=True),
    sa.Column('stopped_why', sa.String(), nullable=True),
    sa.Column('stopped_until', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('partner_id', 'channel', 'external_id')
    )
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_partner_id'), ['partner_id'], unique=False)

    op.create_table('agreement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('partner_id', sa.Integer(), nullable=False),
    sa.Column('slot', sa.String(), nullable=True),
    sa.Column('post_id', sa.Integer(), nullable=True),
    sa.Column('given_by', sa.String(), nullable=False),
    sa.Column('given_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('revoked_by', sa.String(), nullable=True),
    sa.Column('revoked_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('agreement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agreement_partner_id'), ['partner_id'], unique=False)

    op.create_table('subscriber',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('list_id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('consent_source', sa.String(), nullable=False),
    sa.Column('consent_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('token', sa.String(), nullable=False),
    sa.Column('unsubscribed_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['list_id'], ['mailinglist.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('list_id', 'email'),
    sa.UniqueConstraint('token')
    )
    with op.batch_alter_table('subscriber', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscriber_list_id'), ['list_id'], unique=False)

    op.create_table('lane',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('owner', sa.String(), nullable=True),
    sa.Column('lease_until', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ready_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ready_why', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], ),
    sa.PrimaryKeyConstraint('account_id')
    )
    op.create_table('post',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('partner_id', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('slot', sa.String(), nullable=False),
    sa.Column('occurrence', sa.String(), nullable=False),
    sa.Column('template', sa.String(), nullable=False),
    sa.Column('template_version', sa.String(), nullable=False),
    sa.Column('token', sa.String(), nullable=False),
    sa.Column('due_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('window_from', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('window_until', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('draft', sa.JSON(), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('content_hash', sa.String(), nullable=False),
    sa.Column('approved_hash', sa.String(), nullable=True),
    sa.Column('text_key', sa.String(), nullable=False),
    sa.Column('media_key', sa.String(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('queued_by', sa.String(), nullable=False),
    sa.Column('edited_by', sa.String(), nullable=True),
    sa.Column('comment', sa.String(), nullable=True),
    sa.Column('moved', sa.Boolean(), nullable=False),
    sa.Column('withdrawn_by_plan', sa.Boolean(), nullable=False),
    sa.Column('next_try_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('started_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('next_look_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('looks', sa.Integer(), nullable=False),
    sa.Column('good_reads', sa.Integer(), nullable=False),
    sa.Column('first_read_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('needs_person', sa.String(), nullable=True),
    sa.Column('external_id', sa.String(), nullable=True),
    sa.Column('url', sa.String(), nullable=True),
    sa.Column('published_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('next_reading_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('readings', sa.Integer(), nullable=False),
    sa.Column('created_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], ),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('account_id', 'slot', 'occurrence'),
    sa.UniqueConstraint('token')
    )
    with op.batch_alter_table('post', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_post_partner_id'), ['partner_id'], unique=False)
        batch_op.create_index('post_due', ['next_try_at', 'id'], unique=False, sqlite_where=sa.text("status = 'approved'"), postgresql_where=sa.text("status = 'approved'"))
        batch_op.create_index('post_external', ['account_id', 'external_id'], unique=False)
        batch_op.create_index('post_in_review', ['due_at'], unique=False, sqlite_where=sa.text("status = 'in_review'"), postgresql_where=sa.text("status = 'in_review'"))
        batch_op.create_index('post_lane_due', ['account_id', 'next_try_at'], unique=False, sqlite_where=sa.text("status = 'approved'"), postgresql_where=sa.text("status = 'approved'"))
        batch_op.create_index('post_look', ['next_look_at'], unique=False, sqlite_where=sa.text("status = 'unconfirmed'"), postgresql_where=sa.text("status = 'unconfirmed'"))
        batch_op.create_index('post_one_publishing', ['account_id'], unique=True, sqlite_where=sa.text("status = 'publishing'"), postgresql_where=sa.text("status = 'publishing'"))
        batch_op.create_index('post_reading', ['next_reading_at'], unique=False, sqlite_where=sa.text('next_reading_at IS NOT NULL'), postgresql_where=sa.text('next_reading_at IS NOT NULL'))
        batch_op.create_index('post_status_due', ['status', 'due_at'], unique=False)

    op.create_table('approval',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('content_hash', sa.String(), nullable=False),
    sa.Column('side', sa.String(), nullable=False),
    sa.Column('who', sa.String(), nullable=False),
    sa.Column('at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('post_id', 'content_hash', 'side')
    )
    with op.batch_alter_table('approval', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_approval_post_id'), ['post_id'], unique=False)

    op.create_table('attempt',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('owner', sa.String(), nullable=False),
    sa.Column('content_hash', sa.String(), nullable=False),
    sa.Column('started_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('lease_until', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('media_ids', sa.JSON(), nullable=False),
    sa.Column('closed_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('detail', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('post_id', 'number')
    )
    op.create_table('delivery',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('subscriber_id', sa.Integer(), nullable=True),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('token', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_try_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('reply', sa.String(), nullable=True),
    sa.Column('settled_at', campaign.models.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('post_id', 'email')
    )
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.create_index('delivery_status', ['post_id', 'status'], unique=False)
        batch_op.create_index('delivery_waiting', ['post_id', 'next_try_at', 'id'], unique=False, sqlite_where=sa.text("status IN ('waiting', 'deferred')"), postgresql_where=sa.text("status IN ('waiting', 'deferred')"))

    op.create_table('event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('who', sa.String(), nullable=False),
    sa.Column('move', sa.String(), nullable=False),
    sa.Column('from_status', sa.String(), nullable=False),
    sa.Column('to_status', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_event_post_id'), ['post_id'], unique=False)

    op.create_table('snapshot',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('reading', sa.String(), nullable=False),
    sa.Column('due_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('taken_at', campaign.models.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('impressions', sa.Integer(), nullable=True),
    sa.Column('reach', sa.Integer(), nullable=True),
    sa.Column('reactions', sa.Integer(), nullable=True),
    sa.Column('comments', sa.Integer(), nullable=True),
    sa.Column('shares', sa.Integer(), nullable=True),
    sa.Column('clicks', sa.Integer(), nullable=True),
    sa.Column('gap', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('post_id', 'due_at')
    )
    with op.batch_alter_table('snapshot', schema=None) as batch_op:
        batch_op.create_index('snapshot_taken', ['taken_at', 'id'], unique=False)


