"""The difference that stops selling on a register, as the journal keeps it: known without asking the register."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from posapp.errors import PosError, ResolveNeeded
from posapp.till.context import Till


def name(till: Till) -> str:
    """The journal's fact, one for each register."""
    return f"counters_differ:{till.identity.factory_number}"


def read(till: Till) -> dict[str, Any] | None:
    """The difference as it was found: `shift`, `storage`, `at`, `differences`, and its words in `ru` and `en`."""
    stored = till.journal.get_fact(name(till))
    row: dict[str, Any] | None = json.loads(stored) if stored else None
    return row


def text(row: Mapping[str, object]) -> str:
    """For the journal."""
    return json.dumps(dict(row), ensure_ascii=False)


class CountersDiffer(ResolveNeeded):
    """The difference as an error: both figures stand in its message, in either language."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        super().__init__("counters_differ", shift=row["shift"], what=row["ru"])
        self._english = row["en"]

    def message(self, language: str = "ru") -> str:
        """What differs."""
        if language != "en":
            return super().message(language)
        return PosError(self.code, **{**self.facts, "what": self._english}).message(language)


def trouble(till: Till) -> CountersDiffer | None:
    """The difference as an error, both figures in it; None while there is none."""
    row = read(till)
    return None if row is None else CountersDiffer(row)


def refuse(till: Till) -> None:
    """Raises ResolveNeeded `counters_differ` while a difference on this register waits for a person."""
    found = trouble(till)
    if found is not None:
        raise found


def seen_at(till: Till) -> datetime | None:
    """When it was found."""
    row = read(till)
    return None if row is None else datetime.fromisoformat(row["at"])
