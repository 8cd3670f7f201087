"""Alembic's migrations, carried in the wheel."""
