"""What happens in a world, as data: who does what and when, or which fault is armed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FRAME = ("morning", "evening")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that somebody does, or a fault that is armed, `at` seconds after the world began."""

    at: float
    what: str
    till: int = 0
    args: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_frame(self) -> bool:
        """Whether a shortened plan keeps it."""
        return self.what in FRAME

    def as_json(self) -> str:
        """One line."""
        return json.dumps({"at": self.at, "what": self.what, "till": self.till, **self.args}, ensure_ascii=False)
