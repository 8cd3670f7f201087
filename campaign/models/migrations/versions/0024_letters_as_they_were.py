"""Which letter a notice was put into, while nobody knows whether that letter went."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("notice", sa.Column("letter", sa.Integer(), nullable=True))
