"""One call of one method, and what the portal knows of a method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from posapp.sync.simulator.access import Access, Caller
from posapp.sync.simulator.events import OfflineQueue
from posapp.sync.simulator.parameters import Parameters
from posapp.sync.simulator.rows import Page
from posapp.sync.simulator.shop import Shop


@dataclass(frozen=True)
class Call:
    """One call of one method, in its own right or as a command of a batch.

    `known` is the table of all methods, for those that tell of methods; `origin` the portal's own address.
    """

    shop: Shop
    parameters: Parameters
    start: int
    now: datetime
    caller: Caller
    access: Access
    queue: OfflineQueue
    known: Mapping[str, Method] = field(default_factory=dict)
    origin: str = "http://127.0.0.1"


@dataclass(frozen=True)
class Listed:
    """A result with the counters that stand beside it in the envelope."""

    value: Any
    page: Page


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Method:
    """What the portal knows of a method; an empty scope is open to every caller."""

    scope: str
    run: Handler
