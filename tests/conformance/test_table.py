"""The page of the suite tells the scenarios, the worlds and the wrong drivers that there are."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.table import drivers_table, scenarios_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "devices" / "conformance.md"


def test_the_tables_of_the_page_are_those_of_the_suite() -> None:
    """After a change: `python -m tests.conformance.table`."""
    page = PAGE.read_text("utf-8")
    for table in (scenarios_table(), drivers_table()):
        assert "\n".join(table) in page
