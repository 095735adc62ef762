"""The tables of docs/devices/conformance.md: `python -m tests.conformance.table` prints, test_table.py compares."""

from __future__ import annotations

from tests.conformance.broken import CASES
from tests.conformance.processes import WIRE_RATES, WORLDS
from tests.conformance.scenarios import SCENARIOS

TITLES = {"pty": "pty", "tcp:127.0.0.1:0": "tcp"}
PLAYED, PARTLY, REFUSED, NOT_THERE = "yes", "in part", "refused", "–"


def column(world: tuple[str, str, str, str]) -> str:
    """The head of a column: `shtrih v1, pty, 1.05`."""
    model, listen, link, ffd = world
    return f"{model} {link}, {TITLES[listen]}, {ffd}"


def cell(name: str, world: tuple[str, str, str, str]) -> str:
    """What is played there: all of it, a part while the rest is refused by its name, or nothing but the refusal."""
    _, _, link, ffd = world
    is_old = ffd == "1.05"
    told = {
        "marking": REFUSED if is_old else PLAYED,
        "correction": PARTLY if is_old else PLAYED,
        "all rates": PARTLY if link == "wire" and WIRE_RATES else PLAYED,
        "wrong password": NOT_THERE if link == "library" else PLAYED,
        "another program's receipt": NOT_THERE if link == "web" else PLAYED,
    }
    return told.get(name, PLAYED)


def scenarios_table() -> list[str]:
    """Scenarios × worlds."""
    heads = ["", *map(column, WORLDS), "on a real register"]
    rows = [
        [each.name, *(cell(each.name, world) for world in WORLDS), f"no: {each.by_hand}" if each.by_hand else "yes"]
        for each in SCENARIOS.values()
    ]
    return [_row(heads), _row(["---"] * len(heads)), *map(_row, rows)]


def drivers_table() -> list[str]:
    """Wrong drivers and what tells of them."""
    rows = [[case.right, case.name.partition(": ")[2], ", ".join(case.telling)] for case in CASES]
    return [_row(["driver", "what is wrong with it", "told by"]), _row(["---"] * 3), *map(_row, rows)]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print("\n".join([*scenarios_table(), "", *drivers_table()]))
