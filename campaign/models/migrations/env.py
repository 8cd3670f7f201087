"""How Alembic runs: on the connection that ``Database.upgrade`` hands over, inside its transaction."""

from alembic import context
from sqlmodel import SQLModel

import campaign.models  # noqa: F401 - loads every table

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
