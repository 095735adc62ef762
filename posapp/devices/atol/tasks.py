"""The seam between the driver and the three ways to an АТОЛ register: perform one JSON task of the vendor.

`AtolPrinter` (driver.py) knows registers, receipts and money; a `Tasks` knows how a task gets there: through the
vendor's web server (web.py), the vendor's driver in a process of its own (library.py), or raw commands (wire.py).

What the driver gives and reads, so that every way answers the same (reference/devices.md B.1.4):

* sums are JSON numbers in roubles with at most two decimals, quantities numbers with at most six; a way that decodes
  JSON gives numbers with a point as `Decimal`, never as float; the driver takes both;
* a result is the object that the vendor's driver gives: `{"fiscalParams": {…}, "warnings": {…}}`, `{"deviceStatus":
  {…}}`, `{"shiftStatus": {…}}`, `{"deviceInfo": {…}}`, `{"fnStatus": {…}}`, `{"fnInfo": {…}}`, `{"status", "errors"}`
  of `ofdExchangeStatus`, `{"organization", "device", "ofd"}` of `getRegistrationInfo`, `{"counters": {"cashSum"}}`;
* `getFnDocument` is asked with `"withRawData": true`. `rawData` is base64 of the document's TLV as the storage gives
  it (with or without its outer tag); `documentTLV` maps tags, as text, to values and has `fiscalDocumentType` and
  `short` (true: the storage no longer has the whole). Missing document: TaskFailed 123;
* `getShiftTotals` → `{"shiftTotals": {"shiftNumber", "cashDrawer": {"sum"}, "income": {"count", "sum"}, "outcome":
  {"count", "sum"}, "receipts": {"sell" | "sellReturn" | "buy" | "buyReturn": {"count", "sum", "payments": {"cash",
  "electronically", "prepaid", "credit", "other"}}}}}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money


class TaskFailed(Exception):
    """The device or driver answered "no": `code` is a number of reference/devices.md B.1.5, `description` its text.

    Of a task that makes a document this says *nothing* about whether the document was made (design rule 5).
    """

    def __init__(self, code: int, description: str = "") -> None:
        super().__init__(f"{code} {description}".strip())
        self.code = code
        self.description = description


class NotSent(Exception):
    """Nothing of the task reached the device. `text` says why, for a person and without secrets; `code` and `facts` are
    those of `errors.WORDS` by which the driver says it (`port` is added)."""

    def __init__(self, text: str, code: str = "device_unreachable", **facts: object) -> None:
        super().__init__(text)
        self.code = code
        self.facts = facts


class Lost(Exception):
    """The task may have been performed or may still be; its outcome is read, it is never repeated."""


class Busy(Exception):
    """The queue or the device is still at something: nothing may be concluded yet. `text`, `code`, `facts` as above."""

    def __init__(self, text: str, code: str = "device_busy", **facts: object) -> None:
        super().__init__(text)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class OpenReceipt:
    """A receipt that is open on the device: its kind (1054), the sum of its lines so far, whether a correction."""

    kind: ReceiptKind
    subtotal: Money
    is_correction: bool = False


class Tasks(Protocol):
    """One way to have tasks performed. Used from one thread; every call blocks at most as long as it is told to."""

    def open(self) -> None:
        """Makes the way ready. Raises NotSent."""
        ...

    def close(self) -> None:
        """Lets it go; safe at any time, also twice."""
        ...

    def reset(self) -> None:
        """After it nothing that was sent before can still run (design rule 6). Raises Busy while it may, NotSent.

        Library: its process is killed. Wire: Abort, drained. Web: the queue has come to its end.
        """
        ...

    def perform(self, task: Mapping[str, Any], timeout_s: float, request: str = "") -> dict[str, Any]:
        """The result object of one task.

        `request`: a uuid that the journal holds already, for a task that makes or moves something; ways that take
        none ignore it. Raises TaskFailed, NotSent, Lost, Busy (nothing was begun: the device is at something else).
        """
        ...

    def end_request(self, request: str) -> None:
        """Rule 9: returns when the request with this uuid can no longer run; raises Busy while it may, NotSent.

        What became of it is not said: the storage is read for that. Ways that take no requests return at once.
        """
        ...

    def open_receipt(self) -> OpenReceipt | None:
        """The receipt that is open on the device; None when none is, and always on a way that cannot tell (web)."""
        ...

    def cancel_receipt(self) -> None:
        """Cancels the open receipt. Raises TaskFailed: 81 when none is open, 11 on a way that cannot cancel (web)."""
        ...


@runtime_checkable
class TellsOpening(Protocol):
    """What a way may offer besides: to say when the device has acknowledged that the receipt is open (rule 7).

    The driver asks for it by isinstance; a way without it performs the whole task by `perform`, and a receipt that it
    leaves open is cancelled on a person's word only.
    """

    def perform_receipt(self, task: Mapping[str, Any], timeout_s: float, opened: Callable[[], None]) -> dict[str, Any]:
        """`perform` of a receipt; `opened` is called once, after the acknowledgement and before the first line.

        When `opened` raises, the receipt is cancelled and what it raised is passed on: nothing was made.
        """
        ...


@runtime_checkable
class ReadsTogether(Protocol):
    """What a way may offer besides: several questions in one exchange."""

    def read(self, tasks: Sequence[Mapping[str, Any]], timeout_s: float) -> list[dict[str, Any]]:
        """The results of questions, in their order. Raises TaskFailed (of the first that failed), NotSent, Busy."""
        ...


@runtime_checkable
class TellsResult(Protocol):
    """What a way may offer besides: the result of a request that has come to its end, as its queue keeps it."""

    def result_of(self, request: str) -> Mapping[str, Any] | None:
        """The result object of its first task that has one. Raises NotSent, Lost: it could not be asked for."""
        ...


@runtime_checkable
class KnowsDone(Protocol):
    """What a way may offer besides: what its queue says became of a request. A hint, never a proof of a document."""

    def was_done(self, request: str) -> bool:
        """Whether it is said there, now or in the answer that we have had, that the request was performed."""
        ...
