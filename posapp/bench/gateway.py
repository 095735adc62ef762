"""How many checks a second PRINT_URL accepts, against a bare handler with one durable INSERT.

Both are processes of their own and are asked as a portal asks: one connection for each check, `Connection: close`, some
of them at the same time. What the gateway does more: it compares the secret, decodes PHP's form, applies the rules,
looks whether the check is known, keeps it under a UNIQUE index and wakes the tills; what it does less: checks that come
at the same time share one commit. The two take turns in short rounds, so that noise of the machine meets both; each
figure is that of the median round.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

ROUNDS = 20
AT_ONCE = 16
LINES = 5
GOAL = 0.6
_PATH = "bench" * 8
_SECRET = "bench-secret-" * 4


def run(count: int = 6000) -> dict[str, object]:
    """Sends `count` checks to each. `value` and `floor` in checks a second, `ratio` = value ÷ floor."""
    size = max(count // ROUNDS, AT_ONCE)
    with tempfile.TemporaryDirectory(prefix="posapp-bench-") as folder:
        return asyncio.run(_run(Path(folder), size))


async def _run(folder: Path, size: int) -> dict[str, object]:
    rates: dict[str, list[float]] = {"value": [], "floor": []}
    slowest = 0.0
    with _floor(folder / "floor.sqlite") as floor_port, _gateway(folder / "gateway.sqlite") as port:
        for turn in range(ROUNDS + 1):
            bodies = [_body(turn * size + number) for number in range(1, size + 1)]
            value, longest = await _rate(port, f"/cb/{_PATH}/print", bodies)
            floor, _ = await _rate(floor_port, "/print", bodies)
            if turn:  # the first round warms connections, statements and the WAL
                rates["value"].append(value)
                rates["floor"].append(floor)
                slowest = max(slowest, longest)
        expected = (ROUNDS + 1) * size
        _check(folder / "gateway.sqlite", expected)
        _check(folder / "floor.sqlite", expected)
    value, floor = (statistics.median(rates[name]) for name in ("value", "floor"))
    return {
        "name": "gateway",
        "value": round(value, 1),
        "floor": round(floor, 1),
        "ratio": round(value / floor, 3),
        "unit": "checks accepted per second, each durable before it is answered",
        "goal": GOAL,
        "checks": ROUNDS * size,
        "at_once": AT_ONCE,
        "slowest_answer_ms": round(slowest * 1000, 1),
    }


def _check(path: Path, expected: int) -> None:
    """Both have kept the same number; a figure for less work would be no figure."""
    db = sqlite3.connect(path)
    try:
        (found,) = db.execute("SELECT count(*) FROM jobs").fetchone()
    finally:
        db.close()
    if found != expected:
        raise RuntimeError(f"{path.name}: {found} checks kept instead of {expected}")


# ---------------------------------------------------------------------------------------------- asking
async def _rate(port: int, path: str, bodies: list[bytes]) -> tuple[float, float]:
    """Checks a second, and the longest that one answer took."""
    waiting = iter(bodies)
    longest = 0.0

    async def portal() -> None:
        nonlocal longest
        for body in waiting:
            begun = time.perf_counter()
            await _post(port, path, body)
            longest = max(longest, time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(portal() for _ in range(AT_ONCE)))
    return len(bodies) / (time.perf_counter() - begun), longest


async def _post(port: int, path: str, body: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAccept: */*\r\nAccept-Language: en\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200") or b'"UUID"' not in answer:
        raise RuntimeError(f"not accepted: {answer[:200]!r}")


def _body(number: int) -> bytes:
    """A check of five lines as a portal sends it."""
    pairs = [("type", "sell"), ("calculated_sign", "income"), ("unique_id", str(number)), ("currency", "RUB")]
    for place in range(LINES):
        line = {
            "name": f"Молоко пастеризованное 3,2 %, {place}", "base_price": "89.9", "price": "89.9", "sum": "179.8",
            "currency": "RUB", "quantity": "2", "measure_code": "796", "vat": "4", "vat_sum": "32.422950819672",
            "payment_object": "commodity", "payment_method": "full_payment",
        }  # fmt: skip
        pairs += [(f"items[{place}][{name}]", value) for name, value in line.items()]
    total = "899"
    payment = {"type": "cash", "is_cash": "Y", "sum": total, "currency": "RUB"}
    pairs += [(f"payments[0][{name}]", value) for name, value in payment.items()]
    pairs += [
        ("date_create", "1786000123"), ("client_email", "buyer@example.test"), ("total_sum", total),
        ("uuid", f"check|shop.example.test|{number}|1786000123"), ("operation", "income"), ("number_kkm", ""),
        ("service_email", "till@example.test"),
    ]  # fmt: skip
    return urlencode(pairs).encode()


# ---------------------------------------------------------------------------------------------- processes
@contextmanager
def _gateway(database: Path) -> Iterator[int]:
    """The gateway as it is started in a shop; its port."""
    command = ["-m", "posapp", "gateway", "--listen", "127.0.0.1:0", "--database", f"sqlite:///{database}"]
    secrets = {"POSAPP_GATEWAY_SECRET": _SECRET, "POSAPP_GATEWAY_PRINT_PATH": _PATH, "POSAPP_WEBHOOK": ""}
    with _process([*command, "--portal", "shop.example"], secrets) as line:
        yield urlsplit(json.loads(line)["url"]).port or 0


@contextmanager
def _floor(database: Path) -> Iterator[int]:
    with _process(["-m", "posapp.bench.gateway_floor", str(database)], {}) as line:
        yield int(line)


@contextmanager
def _process(arguments: list[str], more: dict[str, str]) -> Iterator[str]:
    """A Python process; its first line."""
    process = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, text=True, env={**os.environ, **more}
    )
    try:
        if process.stdout is None or not (line := process.stdout.readline()):
            raise RuntimeError(f"{arguments[1]} did not start")
        yield line
    finally:
        process.kill()
        process.communicate()
