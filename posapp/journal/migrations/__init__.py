"""The steps of the schema, one file each, oldest first; nothing imports them, Alembic loads them by path.

A step is frozen once it was released. A new one names the one before it in `down_revision`, and `migrate.HEAD` names
the new one; a test compares where the steps arrive with `tables.py`.
"""
