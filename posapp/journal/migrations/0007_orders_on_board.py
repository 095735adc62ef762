"""The first load of all orders, and what has changed since an order was taken on board.

Revision: 0007, 2026-11-21
"""

from __future__ import annotations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables."""
