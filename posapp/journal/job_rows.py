"""What the journal keeps of a receipt or shift report that the portal or the site ordered: plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

CHECK, REPORT = "check", "report"
OPEN, HELD, REFUSED, DONE = "open", "held", "refused", "done"


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job as it was handed out. `source`: `site:HOST` or `gateway:PORTAL`; `external_id` its number there.

    `register` is the factory number of the register that it was handed out to; `lease` what the gateway wants to see
    again (`job_id`, `fence`), {} for a site; `body` is plain JSON.
    """

    source: str
    external_id: str
    kind: str  # check, report
    register: str
    body: Mapping[str, Any]
    lease: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands. `deliveries`: how often it was handed out; `delivered_at` the last time.

    `state`: `open` waits to be printed or to be proven, `held` waits for other settings or a person, `refused` is
    proven not made, `done` has its mark. `code` and `facts` rebuild the trouble of a held or refused one.
    `shift_number` is the shift that a report was ordered for.
    """

    id: int
    source: str
    external_id: str
    kind: str
    register: str
    state: str
    is_told: bool
    deliveries: int
    received_at: datetime
    delivered_at: datetime
    receipt_key: str | None
    shift_number: int | None
    lease: dict[str, Any]
    code: str
    facts: dict[str, Any]
    body: dict[str, Any]
