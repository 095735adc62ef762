"""`posapp bench receipt`: a ten-line receipt over a simulated 115 200-baud line, journal commits included.

value   seconds from the call of the sale to its return, the median of `count` receipts
floor   the time on the wire of the fixed minimum exchange: 10h, 11h, FF01, 8Dh, FF0C with the key, 10 × FF46, 89h,
        FF45, FF01, FF0A, each with ENQ, NAK, two ACK – its bytes as counted on this very line, ÷ 11 520 bytes a second
ratio   value ÷ floor, to be at most 1.15

The register runs in a process of its own and has no device time; only its line is slow.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from posapp.devices.flow import Port
from posapp.devices.port import SerialPort
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.shtrih.frame import ENQ, STX
from posapp.domain.money import Money, Quantity
from posapp.domain.order import Buyer, Order, OrderLine, OrderPayment, OrderShipment
from posapp.domain.receipt import Tender, TenderKind
from posapp.journal.store import Journal
from posapp.settings import TRAINING, PortalSettings, Settings, VatSettings
from posapp.till import counters, sale, setup, shift
from posapp.till.context import Till

BAUD = 115_200
BITS_PER_BYTE = 10
LINES = 10
CONTROLS = 4  # ENQ, NAK, and an ACK each way
MINIMUM = ["10", "11", "ff01", "8d", "ff0c", *["ff46"] * LINES, "89", "ff45", "ff01", "ff0a"]


class CountingPort:
    """A port that remembers how many bytes each command and its answer took, control bytes left out."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._command = ""
        self.sizes: dict[str, list[int]] = defaultdict(list)

    def write(self, data: bytes) -> None:
        """Passes it on."""
        if data[0] == STX:
            self._command = data[2:4].hex() if data[2] == 0xFF else data[2:3].hex()
            self.sizes[self._command].append(len(data))
        elif data[0] == ENQ:
            self._command = ""  # what comes now belongs to no command
        self._port.write(data)

    def read(self, timeout_s: float) -> bytes | None:
        """Passes it on."""
        data = self._port.read(timeout_s)
        if data and self._command:
            self.sizes[self._command][-1] += len(data)
        return data

    def close(self) -> None:
        """Passes it on."""
        self._port.close()


def run(count: int = 15) -> dict[str, object]:
    """Measures. The answer is `{"name", "value", "floor", "ratio", "unit", …}`."""
    with tempfile.TemporaryDirectory(prefix="posapp-bench-") as room:
        register = subprocess.Popen(
            [sys.executable, "-m", "posapp", "sim", "printer", "--listen", "pty", "--baud", str(BAUD)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            return _measure(register, Path(room), count)
        finally:
            register.terminate()
            register.wait()


def _measure(register: subprocess.Popen[str], room: Path, count: int) -> dict[str, object]:
    ready: dict[str, Any] = json.loads(register.stdout.readline() if register.stdout else "")
    ports: list[CountingPort] = []

    def open_port() -> Port:
        ports.append(CountingPort(SerialPort(ready["port"], BAUD)))
        return ports[-1]

    printer = ShtrihPrinter(open_port, ready["port"])
    settings = setup.with_printer(
        Settings(TRAINING, str(uuid4())), printer.probe(), model="shtrih", port=ready["port"], link="v1", password=30
    )
    settings = settings.with_(
        portal=PortalSettings("bench", "till-driven", "F", is_simulated=True),
        vat=VatSettings(confirmed={1: 11}, rows={1: ("НДС 22 %", "22")}),
    )
    with Journal.open(room, now=_now) as journal:
        till = Till(settings, journal, _now, uuid4, printer)
        shift.open_shift(till)
        elapsed = [_sell(till, number) for number in range(1, count + 1)]
        printer.close()
    sizes = {code: statistics.median(found) for code, found in ports[-1].sizes.items()}
    wire_bytes = sum(_clean(sizes[code]) for code in MINIMUM)
    floor = wire_bytes * BITS_PER_BYTE / BAUD
    value = statistics.median(elapsed)
    return {
        "name": "receipt",
        "value": round(value, 5),
        "floor": round(floor, 5),
        "ratio": round(value / floor, 3),
        "unit": "s",
        "bytes": wire_bytes,
        "receipts": count,
        "best": round(min(elapsed), 5),
        "goal": 1.15,
    }


def _clean(size: float) -> float:
    """A command's bytes with exactly the four control bytes of the dialogue: the counted ACK of the answer is one."""
    return size - 1 + CONTROLS


def _sell(till: Till, number: int) -> float:
    order = _order(number)
    begin = time.perf_counter()
    sale.sell(till, order, (Tender(TenderKind.CASH, order.price),))
    elapsed = time.perf_counter() - begin
    counters.settle(till)  # when the receipt is out, as the programs do: the customer has it and waits for nothing
    return elapsed


def _order(number: int) -> Order:
    line = OrderLine("Чай чёрный листовой «Утро», 100 г", Quantity(Decimal(2)), Money(24_500), 1, Decimal(22))
    lines = tuple(replace(line, price=Money(24_500 + each)) for each in range(LINES))
    price = Money(sum(each.line_sum.kopecks for each in lines))
    return Order(
        portal="bench",
        order_id=number,
        number=f"{10_000 + number}",
        version=1,
        status_id="N",
        is_cancelled=False,
        price=price,
        lines=lines,
        payments=(OrderPayment(number, 1, "Наличные", price, is_paid=False, prints_receipt=False),),
        shipments=(OrderShipment(number, is_deducted=False),),
        buyer=Buyer(),
        updated_at="",
        pulled_at=_now(),
    )


def _now() -> datetime:
    return datetime.now().astimezone()
