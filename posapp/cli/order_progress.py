"""The load of orders as people and scripts follow it: progress on stderr, patience where the portal wants it."""

from __future__ import annotations

import json as json_format
from datetime import datetime, timedelta
from threading import Event

from posapp.cli.common import complain, language
from posapp.errors import Offline
from posapp.till import exchange, order_load
from posapp.till.context import Till
from posapp.till.views import LoadProgress, PullResult

TELL_EVERY = timedelta(seconds=2)
PATIENCE = 5
"""So often in a row a lost answer is asked for again; a step that gets through begins anew."""
PAUSE_S = 2.0
WAIT_MAX_S = 120.0


def pull_to_the_end(till: Till, wish: order_load.Wish | None, *, json: bool) -> PullResult:
    """Pulls until nothing is left. Raises Offline once the portal does not answer any more, Rejected, SetupError.

    A load that goes on for long asks the portal thousands of times: that it wants a pause, or does not answer once, is
    no reason to end; nothing is read twice for it.
    """
    told = _Told(till, json=json)
    loader = order_load.Loader(till)
    lost, seen = 0, -1
    while True:
        try:
            return exchange.pull(till, wish, loader=loader, tell=told)
        except Offline as error:
            load = order_load.current(till)
            if load is None:
                raise
            lost = lost + 1 if load.seen == seen else 1
            seen, wish = load.seen, None
            if lost > PATIENCE and error.code != "throttled":
                raise
            wait_s = error.facts.get("retry_after_s", PAUSE_S * lost)
            told.pause(error)
            Event().wait(min(float(str(wait_s)), WAIT_MAX_S))


class _Told:
    """Tells how far the load is, not more often than people read."""

    def __init__(self, till: Till, *, json: bool) -> None:
        self._till, self._json = till, json
        self._at: datetime | None = None

    def __call__(self, progress: LoadProgress) -> None:
        now = self._till.now()
        if self._at is not None and timedelta(0) <= now - self._at < TELL_EVERY:
            return
        self._at = now
        if self._json:
            complain(json_format.dumps({"progress": progress.as_json()}))
        else:
            complain(words_of(progress))

    def pause(self, error: Offline) -> None:
        """Why it stands."""
        if self._json:
            complain(json_format.dumps({"paused": error.as_json(language())}, ensure_ascii=False))
        else:
            complain(error.message(language()))


def words_of(progress: LoadProgress) -> str:
    """`Загружено 12 300 из 100 000 заказов, осталось около 14 мин.`"""
    seen, expected = f"{progress.seen:,}".replace(",", " "), f"{progress.expected:,}".replace(",", " ")
    minutes = None if progress.left is None else max(1, round(progress.left.total_seconds() / 60))
    if language() == "en":
        done = "Checked" if progress.is_checking else "Loaded"
        return f"{done} {seen} of {expected} orders" + (f", about {minutes} min left." if minutes else ".")
    done = "Проверено" if progress.is_checking else "Загружено"
    return f"{done} {seen} из {expected} заказов" + (f", осталось около {minutes} мин." if minutes else ".")
