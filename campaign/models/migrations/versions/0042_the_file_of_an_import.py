"""The file of an import of readers that has not ended: that file again ends it, and no other does."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here. Of an import that broke off before, nobody knows the file: any ends it, as before."""
    op.add_column("mailinglist", sa.Column("importing_file", sa.String(), nullable=True))
    op.add_column("mailinglist", sa.Column("importing_digest", sa.String(), nullable=True))
