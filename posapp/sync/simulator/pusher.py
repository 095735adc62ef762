"""Delivers the portal's pushes from a thread of its own: one after another, ten seconds each, never a second time."""

from __future__ import annotations

import http.client
import threading
from urllib.parse import urlsplit

from posapp.sync.simulator.pushes import Push, Pushes

TIMEOUT_S = 10.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Bitrix24 Webhook Engine"}


class Pusher:
    """The thread that delivers.

    Args:
        pushes: the portal's queue; only this thread takes from it.
    """

    def __init__(self, pushes: Pushes) -> None:
        self._pushes = pushes
        self._woken = threading.Event()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="portal-pusher", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something may be waiting."""
        if self._pushes.waiting:
            self._woken.set()

    def close(self) -> None:
        """Stop soon; what waits stays undelivered, and nobody waits long for a slow application."""
        self._is_closing = True
        self._woken.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while not self._is_closing:
            self._woken.wait()
            self._woken.clear()
            while not self._is_closing and (push := self._pushes.take()) is not None:
                deliver(push)


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
