"""What the portal says to others by itself: form POSTs to an application, in the order they came up.

A push is `application/x-www-form-urlencoded` with nested names (`auth[access_token]=…`), is delivered once and never
repeated (reference: Bitrix REST 4.2). The portal only queues them here; `pusher.py` has the socket, and what became of
each is kept for `/_sim/pushes`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

Row = dict[str, Any]


@dataclass
class Push:
    """One form on its way: where to, which event, the body, and – once it was tried – the answer's status."""

    url: str
    event: str
    body: bytes
    http: int | None = None
    error: str | None = None
    is_done: bool = False

    @classmethod
    def of(cls, url: str, event: str, value: Row) -> Push:
        """A push of an event with its nested value."""
        return cls(url, event, urlencode(list(_flat({"event": event, **value}))).encode())

    def show(self) -> Row:
        """The push as `/_sim/pushes` shows it; its body holds tokens and stays out."""
        return {"url": self.url, "event": self.event, "is_done": self.is_done, "http": self.http, "error": self.error}


@dataclass
class Pushes:
    """Queued pushes and the last ones that went out."""

    waiting: deque[Push] = field(default_factory=deque)
    sent: deque[Push] = field(default_factory=lambda: deque(maxlen=1000))

    def take(self) -> Push | None:
        """The next push to deliver; it counts as sent from now on, whatever becomes of it."""
        if not self.waiting:
            return None
        push = self.waiting.popleft()
        self.sent.append(push)
        return push

    def show(self) -> list[Row]:
        """All pushes, oldest first."""
        return [push.show() for push in (*self.sent, *self.waiting)]


def _flat(value: Any, name: str = "") -> Any:
    """`{"a": {"b": 1}}` as the pairs of a form: `a[b]` = 1."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{name}[{key}]" if name else key)
    elif value is not None:
        yield name, str(value)
