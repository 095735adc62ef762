"""`posapp bench log`: opening and scrolling a sync log of 1 000 000 rows in the window.

value   the slowest of what a manager does – the log opens on what needs a person, another filter, a search, the next
        page while scrolling, a request with its answer –, each from the key to the painted screen, in milliseconds:
        of each the worst but one in twenty; `cpu_ms` is the work alone, for computers that are busy with others
floor   the same window going to a screen that reads nothing and being painted
memory  what opening, filtering and scrolling down to the end of the list (20 000 rows) adds to the window, in megabytes

The journal is a real one on disk: pulls and rounds as a shop with three hundred receipts a day has them after three
months, four hundred entries waiting, thirty for a person, request and answer beside the newest rows. The window draws
offscreen; its reading runs in the same thread, so nothing is hidden behind another one.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from posapp.errors import SetupError
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.store import Journal
from posapp.lanes import Lanes
from posapp.settings import TRAINING, PortalSettings, Settings
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.ui.window import Window

ROWS = 1_000_000
GOAL_MS, GOAL_MB = 100, 60
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
ENTRY_EVERY = 5
"""Of so many rows one is of a pull, the others of entries; four entries a receipt."""
WAITING, FAILED = 400, 30
BODIES = 100_000
TIMES = 60
Taken = tuple[float, float]
"""Milliseconds by the clock, and of this process's own work: on a computer that is busy with others they differ."""


def run(rows: int = ROWS) -> dict[str, object]:
    """Measures. The answer is `{"name", "value", "floor", "ratio", "unit", …}`."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="posapp-bench-") as room:
        folder = Path(room)
        fill(folder, rows)
        with Journal.open(folder, now=lambda: AT, write=False) as journal:
            settings = Settings(TRAINING, str(uuid4())).with_(
                portal=PortalSettings("bench.example", "till-driven", "F", is_simulated=True)
            )
            return _measure(Till(settings, journal, lambda: AT, uuid4), rows)


def _measure(till: Till, rows: int) -> dict[str, object]:
    from posapp.ui.service_screen import LookSettings
    from posapp.ui.start import make_application, make_window
    from posapp.ui.till_desk import DeskOfTill

    application = make_application()
    window = make_window(LookSettings(is_muted=True), lambda: AT)
    window.show()
    window.attach(DeskOfTill(till), Lanes.on_the_spot(), poll=False)
    paint = application.processEvents
    paint()
    before = _resident_mb()
    steps = _steps(window, paint)
    taken = {name: _times(paint, step) for name, step in steps.items()}
    scrolled, taken["scroll"] = _scroll(window, paint)
    memory = None if before is None else (_resident_mb() or before) - before
    floor = statistics.median(wall for wall, _ in taken.pop("floor"))
    slowest = {name: _percentile([wall for wall, _ in each]) for name, each in taken.items()}
    busiest = {name: _percentile([busy for _, busy in each]) for name, each in taken.items()}
    window.close()
    value = max(slowest.values())
    return {
        "name": "log",
        "value": round(value, 1),
        "floor": round(floor, 1),
        "ratio": round(value / floor, 2),
        "unit": "ms",
        "goal": GOAL_MS,
        "steps_ms": {name: round(each, 1) for name, each in slowest.items()},
        "worst_ms": {name: round(max(wall for wall, _ in each), 1) for name, each in taken.items()},
        "cpu_ms": {name: round(each, 1) for name, each in busiest.items()},
        "memory_mb": None if memory is None else round(memory, 1),
        "memory_goal_mb": GOAL_MB,
        "rows": rows,
        "rows_scrolled": scrolled,
    }


def _steps(window: Window, paint: Callable[[], object]) -> dict[str, Callable[[], Taken]]:
    """What is done, each step from a screen where it means something; the set-up before is not timed."""
    log = window.frame.log

    def at(screen: str, then: Callable[[], object]) -> Callable[[], Taken]:
        def step() -> Taken:
            window.go(screen)
            paint()
            began = _now()
            then()
            paint()
            return _since(began)

        return step

    def search() -> None:
        log.search.setText("B-77")
        log.ask()

    def clear() -> None:
        log.search.clear()
        log.choose_chip("all")

    def look() -> None:
        log.detail_asked.emit(log.model.rows[0].row_id)

    return {
        "floor": at("route", lambda: window.go("help")),
        "open": at("help", lambda: window.go("log")),
        "filter all": at("log", partial(log.choose_chip, "all")),
        "filter way": at("log", partial(log.choose_chip, "way")),
        "filter done": at("log", partial(log.choose_chip, "done")),
        "search": at("log", search),
        "clear": at("log", clear),
        "request": at("log", look),
    }


def _now() -> Taken:
    return time.perf_counter() * 1000, time.process_time() * 1000


def _since(began: Taken) -> Taken:
    wall, busy = _now()
    return wall - began[0], busy - began[1]


def _times(paint: Callable[[], object], step: Callable[[], Taken]) -> list[Taken]:
    """Each run; the first one warms fonts, statements and caches."""
    step()
    found = [step() for _ in range(TIMES)]
    paint()
    return found


def _scroll(window: Window, paint: Callable[[], object]) -> tuple[int, list[Taken]]:
    """Down to the end of the list, page by page; rows that were shown and how long each page took."""
    log = window.frame.log
    window.go("log")
    log.back()
    log.search.clear()
    log.choose_chip("all")
    paint()
    bar, taken, before = log.table.verticalScrollBar(), list[Taken](), -1
    while len(log.model.rows) != before:
        before = len(log.model.rows)
        began = _now()
        bar.setValue(bar.maximum())
        paint()
        taken.append(_since(began))
    return before, taken


def _percentile(times: list[float]) -> float:
    """The worst but one in twenty."""
    return sorted(times)[max(0, -(-len(times) * 95 // 100) - 1)]


def _resident_mb() -> float | None:
    """What this process holds in memory now; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


# ---------------------------------------------------------------------------------------------- a full log
def fill(folder: Path, rows: int) -> None:
    """A journal with so many rows of the sync log. Written by bare SQL: a year of a shop in seconds."""
    Journal.open(folder, now=lambda: AT).close()
    entries = rows * (ENTRY_EVERY - 1) // ENTRY_EVERY
    step_us = int(timedelta(days=90).total_seconds() * 1e6) // max(rows, 1)
    first_us = int(AT.timestamp() * 1e6) - rows * step_us
    body = zlib.compress(b'{"order": {"id": 12345, "statusId": "F", "payments": [{"id": 7, "paid": "Y"}]}}' * 8, 1)
    values = {"rows": rows, "entries": entries, "first": first_us, "step": step_us, "every": ENTRY_EVERY, "body": body,
              "waiting": WAITING, "failed": FAILED, "bodies": min(BODIES, rows)}  # fmt: skip
    with closing(sqlite3.connect(folder / JOURNAL_NAME, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        for statement in (_OUTBOX, _LOG, _BODIES):
            db.execute(statement, values)
        db.execute("COMMIT")
        found = db.execute("SELECT count(*) FROM sync_log").fetchone()[0]
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if found != rows:
        raise SetupError("not_set_up", what=f"{found} строк из {rows}", command="portal")


_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most})"
_STEP = "CASE ({i} - 1) % 4 WHEN 0 THEN 'mark' WHEN 1 THEN 'payment' WHEN 2 THEN 'status' ELSE 'stock' END"
_OUTBOX = f"""
INSERT INTO outbox (id, receipt_key, step, step_order, portal, order_id, order_number, order_key, state, tries,
                    created_at, due_at, code, facts, proof, is_unsure, body)
{_NUMBERS.format(most=":entries")}
SELECT i, printf('%016d', (i + 3) / 4), {_STEP.format(i="i")}, (i - 1) % 4, 'bench.example', (i + 3) / 4,
       printf('B-%d', (i + 3) / 4), printf('b-%d', (i + 3) / 4),
       CASE WHEN i > :entries - :waiting THEN 'waiting' WHEN i > :entries - :waiting - :failed THEN 'failed'
            ELSE 'done' END,
       1, :first, :first, '', '{{}}', '', 0, '{{}}' FROM n
"""  # noqa: S608
_LOG = f"""
INSERT INTO sync_log (id, at, entry_id, order_number, order_key, step, method, outcome, http, code, reason,
                      duration_ms, attempt)
{_NUMBERS.format(most=":rows")}
SELECT i, :first + i * :step, CASE WHEN i % :every THEN i - i / :every END,
       CASE WHEN i % :every THEN printf('B-%d', (i - i / :every + 3) / 4) ELSE '' END,
       CASE WHEN i % :every THEN printf('b-%d', (i - i / :every + 3) / 4) ELSE '' END,
       CASE WHEN i % :every THEN {_STEP.format(i="(i - i / :every)")} ELSE 'pull' END,
       CASE WHEN i % :every THEN 'sale.payment.update' ELSE 'sale.order.list' END,
       CASE WHEN i % 997 THEN 'done' ELSE 'failed' END, CASE WHEN i % 997 THEN 200 ELSE 403 END,
       CASE WHEN i % 997 THEN '' ELSE 'stock_rejected' END,
       CASE WHEN i % 997 THEN '' ELSE 'Склад не списан: нет права «Отгрузки».' END, 40 + i % 900, 1 FROM n
"""  # noqa: S608
_BODIES = """
INSERT INTO sync_bodies (log_id, is_done, request, answer)
SELECT id, outcome = 'done', :body, :body FROM sync_log WHERE id > :rows - :bodies
"""
