"""Delivers the portal's pushes from a thread of its own: one after another, ten seconds each, never a second time.

The thread lives only while something waits: a portal that tells nobody anything has none.
"""

from __future__ import annotations

import http.client
import threading
from urllib.parse import urlsplit

from posapp.sync.simulator.pushes import Push, Pushes

TIMEOUT_S = 10.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Bitrix24 Webhook Engine"}


class Pusher:
    """Who delivers.

    Args:
        pushes: the portal's queue; only this one's thread takes from it.
    """

    def __init__(self, pushes: Pushes) -> None:
        self._pushes = pushes
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closing = False

    def wake(self) -> None:
        """Something may be waiting."""
        with self._lock:
            if self._pushes.waiting and self._thread is None and not self._is_closing:
                self._thread = threading.Thread(target=self._run, name="portal-pusher", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop soon; what waits stays undelivered, and nobody waits long for a slow application."""
        self._is_closing = True
        thread = self._thread
        if thread is not None:
            thread.join(1.0)

    def _run(self) -> None:
        while (push := self._next()) is not None:
            deliver(push)

    def _next(self) -> Push | None:
        with self._lock:
            push = None if self._is_closing else self._pushes.take()
            if push is None:
                self._thread = None
            return push


def deliver(push: Push) -> None:
    """POST one push and note the answer's status, or why there is none."""
    parts = urlsplit(push.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, push.body, _FORM)
        push.http = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        push.error = type(error).__name__
    finally:
        connection.close()
        push.is_done = True
