"""Notices that are gathered into letters, told once by a key; which mail a person wants."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here. Notices that were written before go each by itself, as they would have."""
    op.add_column("notice", sa.Column("kind", sa.String(), nullable=False, server_default=""))
    op.add_column("notice", sa.Column("path", sa.String(), nullable=False, server_default=""))
    op.add_column("notice", sa.Column("key", sa.String(), nullable=True))
    op.create_index("notice_key", "notice", ["key"], unique=True)
    op.create_index("notice_sent", "notice", ["to", "sent_at"], unique=False)
    op.add_column("users", sa.Column("mail", sa.String(), nullable=False, server_default="all"))
