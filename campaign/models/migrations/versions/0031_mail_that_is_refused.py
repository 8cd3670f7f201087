"""Why a mail to people does not go, since when; and whence the word comes that a partner agrees."""

import sqlalchemy as sa
from alembic import op

import campaign.models.types

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    instant = campaign.models.types.UtcDateTime(timezone=True)
    op.add_column("notice", sa.Column("failed_at", instant, nullable=True))
    op.add_column("notice", sa.Column("outcome", sa.String(), nullable=False, server_default=""))
    op.add_column("notice", sa.Column("why", sa.String(), nullable=False, server_default=""))
    failed = sa.text("failed_at IS NOT NULL")
    op.create_index("notice_failed", "notice", ["failed_at"], sqlite_where=failed, postgresql_where=failed)
    op.add_column("agreement", sa.Column("source", sa.String(), nullable=False, server_default=""))
