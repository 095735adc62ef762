"""An АТОЛ register as a `FiscalPrinter`: which tasks of the vendor, and what a doubt means.

A receipt is one task: it opens, fills and closes. So nothing is known of the time between, and:

* what was turned away before it reached the device – no way to it, a queue that is busy, a task that cannot be said –
  is `Unreachable` or `Refused`: nothing was made;
* *every* failure of a task that makes something is `OutcomeUnknown`, whatever number it carries (design rule 5). The
  number goes along: when the till has read that nothing was made, it is the reason;
* a result counts only when the storage shows a document of that number with our kind, total and sign.

The key travels in 1084. No task can try that without making a document. So a register counts as taking it once one of
its documents shows it; until then an attempt notes that its document may not show our key, and a doubt that would have
to be settled by the *absence* of the key goes to a person.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from posapp.devices.atol import results
from posapp.devices.atol.archive import Archive
from posapp.devices.atol.asking import Asking
from posapp.devices.atol.marks import Marks
from posapp.devices.atol.receipts import Details, Lacking, operator, task_of
from posapp.devices.atol.refusals import reason, refusal
from posapp.devices.atol.tasks import Busy, KnowsDone, Lost, NotSent, TaskFailed, Tasks, TellsOpening, TellsResult
from posapp.devices.base import (
    Capability,
    CashTotals,
    Ffd,
    LineFacts,
    Named,
    OpenDocument,
    Paper,
    PrinterProfile,
    PrinterStatus,
    ShiftCounters,
    StorageHealth,
)
from posapp.domain.fiscal import (
    DeviceIdentity,
    DocumentType,
    FiscalDocument,
    FiscalMark,
    ReceiptKind,
    Shift,
    ShiftState,
)
from posapp.domain.marking import MarkingCode
from posapp.domain.money import Money, Quantity
from posapp.domain.permission import RegisterVerdict
from posapp.domain.printed import DEFAULT_WIDTH, WIDTH_MAX, WIDTH_MIN
from posapp.domain.receipt import Receipt
from posapp.errors import OutcomeUnknown, PosError, Refused

RECEIPT_S, SHIFT_S, CASH_S = 60.0, 120.0, 30.0
"""How long tasks are waited for: closing a receipt takes a second, a shift with a slow storage two minutes."""
USER_REQUISITE, NO_KEY = "1084", ""
_NOTHING_OPEN = 81

log = logging.getLogger(__name__)


class AtolPrinter:
    """One register behind one way to have tasks performed. `takes_requests`: that way keeps a queue with uuids.

    `link` is what the way is called; `pause` is for waiting between two questions.
    """

    def __init__(
        self,
        tasks: Tasks,
        port_name: str,
        *,
        link: str,
        takes_requests: bool = False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._tasks = tasks
        self._asking = Asking(tasks, port_name)
        self._archive = Archive(self._asking)
        self._marks = Marks(self._asking, pause)
        self._link = link
        self._takes_requests = takes_requests
        self._format: tuple[DeviceIdentity, Ffd] | None = None
        self._is_unprinted = False
        self._is_witnessed = False
        self._shows_key: dict[tuple[DeviceIdentity, DocumentType], bool] = {}

    @property
    def takes_requests(self) -> bool:
        """Whether what makes something is sent under a uuid that the till notes before."""
        return self._takes_requests

    @property
    def queue(self) -> str:
        """The web server's address with its `deviceID`: in another queue nobody knows the uuid."""
        return queue_of(self._asking.port_name) if self._takes_requests else ""

    def end_request(self, request: str) -> Named | None:
        """Rule 9: returns when it can no longer run. Raises Unreachable, Refused `atol_queue` while it may."""
        self._asking.reached(lambda: self._tasks.end_request(request))
        self._is_witnessed = isinstance(self._tasks, KnowsDone) and self._tasks.was_done(request)
        return self._named_by(request)

    def _named_by(self, request: str) -> Named | None:
        if not isinstance(self._tasks, TellsResult):
            return None
        kept = self._tasks
        told = self._asking.reached(lambda: kept.result_of(request))
        try:
            return None if told is None else results.fiscal_of(told).named
        except (ValueError, TypeError):  # not of a task that makes a document
            return None

    def evidence_for(self, receipt: Receipt) -> Mapping[str, object]:
        """Where the document will show our key, as far as this register has proven it."""
        form = self._asking.connect(), receipt.document_type
        if not self._shows_key.get(form):
            self._shows_key.pop(form, None)
        return {"key_tag": self._proven_tag(receipt.document_type)}

    def key_tag(self, kind: ReceiptKind) -> str:
        """1084 once the last receipt of the register shows a key there, "" until then: no task can try it before."""
        return self._proven_tag(DocumentType.RECEIPT)

    def key_tag_of(self, receipt: Receipt) -> str:
        """1084, where it is sent; 1192 is another item and stays free for what a receipt refers to."""
        return USER_REQUISITE

    def _proven_tag(self, document_type: DocumentType) -> str:
        form = self._asking.connect(), document_type
        if form not in self._shows_key:
            self._shows_key[form] = self._archive.has_key(document_type)
        return USER_REQUISITE if self._shows_key[form] else NO_KEY

    # --- connection

    def connect(self) -> DeviceIdentity:
        """Who is there, once per connection."""
        return self._asking.connect()

    def close(self) -> None:
        """Lets it go; the next call opens it."""
        self._asking.close()

    def reset_link(self) -> DeviceIdentity:
        """Rule 6: nothing that was sent before can still run."""
        return self._asking.reset()

    # --- looking

    def probe(self) -> PrinterProfile:
        """What set-up wants to know. Makes no document."""
        identity = self._asking.connect()
        (info,) = self._asking.ask("getDeviceInfo")
        registered = self._asking.registration
        version = self.format()
        told = self._asking.understood(lambda: results.inside(info, "deviceInfo"))
        registration = self._asking.understood(lambda: results.registration_of(registered, identity.factory_number))
        is_shown = self._archive.has_key(DocumentType.RECEIPT)
        capabilities = [Capability.USER_REQUISITE] if is_shown else []
        return PrinterProfile(
            model=results.text(told.get("modelName")) or "АТОЛ",
            ffd=version.text,
            identity=identity,
            tax_systems=self._asking.understood(lambda: results.tax_systems_of(registered)),
            capabilities=(*capabilities, *([Capability.MARKING] if version is Ffd.V1_2 else [])),
            vat_formula="L",
            user=registration.user,
            key_tags=dict.fromkeys(ReceiptKind, USER_REQUISITE) if is_shown else {},
            correction_key_tag=USER_REQUISITE if self._archive.has_key(DocumentType.CORRECTION) else None,
            registration=registration,
            width=_width(told.get("receiptLineLength")),
        )

    def format(self) -> Ffd:
        """Asked for once per connection."""
        identity = self._asking.connect()
        if self._format is None or self._format[0] is not identity:
            (info,) = self._asking.ask("getDeviceInfo")
            self._format = identity, self._asking.understood(lambda: results.format_of(info))
        return self._format[1]

    def status(self) -> PrinterStatus:
        """One look, no side effect. Raises Refused `wrong_device` when another register answers by now."""
        self._asking.connect()
        device, shift, storage, info, storage_info = self._asking.ask(
            "getDeviceStatus", "getShiftStatus", "getFnStatus", "getDeviceInfo", "getFnInfo"
        )
        self._asking.same(info, storage_info)
        has_open = self._open_receipt() is not None
        return self._asking.understood(
            lambda: PrinterStatus(
                shift=results.shift_of(shift),
                paper=results.paper_of(device, is_unprinted=self._is_unprinted),
                is_busy=False,
                has_open_document=has_open,
                last_document=results.number(results.inside(storage, "fnStatus").get("fiscalDocumentNumber")),
                clock=results.moment(results.inside(device, "deviceStatus").get("currentDateTime")),
            )
        )

    def storage_health(self) -> StorageHealth:
        """`getFnInfo`, `getFnStatus`, `ofdExchangeStatus`."""
        self._asking.connect()
        told = self._asking.ask("getFnInfo", "getFnStatus", "ofdExchangeStatus")
        return self._asking.understood(lambda: results.health_of(*told))

    def line_facts(self) -> LineFacts:
        """The tasks tell nothing of a line."""
        self._asking.connect()
        return LineFacts(self._link)

    def wait_until_idle(self) -> None:
        """Paper must be in order; a print that waited for it is continued."""
        self._asking.connect()
        (device,) = self._asking.ask("getDeviceStatus")
        paper = self._asking.understood(lambda: results.paper_of(device, is_unprinted=self._is_unprinted))
        refuse_without_paper(paper)
        if paper is Paper.WAITS_CONTINUE:
            self.continue_print()

    def continue_print(self) -> bool:
        """`continuePrint` where a document of ours has not come out and there is paper again."""
        if not self._is_unprinted:
            return False
        self._asking.connect()
        (device,) = self._asking.ask("getDeviceStatus")
        paper = self._asking.understood(lambda: results.paper_of(device, is_unprinted=True))
        if paper is not Paper.WAITS_CONTINUE:
            return False
        self._asking.ask("continuePrint")
        self._is_unprinted = False
        return True

    def open_document(self) -> OpenDocument | None:
        """The open receipt, where the way can tell of one."""
        self._asking.connect()
        return self._open_receipt()

    def _open_receipt(self) -> OpenDocument | None:
        try:
            found = self._asking.reached(self._tasks.open_receipt)
        except TaskFailed as error:
            raise refusal(error.code, error.description) from error
        return None if found is None else OpenDocument(found.kind, found.subtotal, is_correction=found.is_correction)

    def cancel_open_document(self) -> None:
        """Cancels the open receipt, where the way can."""
        self._asking.connect()
        try:
            self._asking.reached(self._tasks.cancel_receipt)
        except TaskFailed as error:
            if error.code != _NOTHING_OPEN:
                raise refusal(error.code, error.description) from error

    # --- receipts

    def print_receipt(
        self,
        receipt: Receipt,
        after: int,
        opened: Callable[[], None] = lambda: None,
        details: Details | None = None,
        request: str = "",
    ) -> FiscalMark:
        """One document; see the top of this file for what each error means.

        `opened` is called only where the way tells of the opening. A receipt that is open already is another program's:
        the vendor's own programs would cancel it, so it is looked for before. So is the shift, which they would open.
        """
        self._asking.connect()
        try:
            task = task_of(receipt, self.format(), details, self._marks.found)
        except Lacking as lacking:
            raise Refused("register_lacks", what=str(lacking)) from lacking
        self._refuse_unready()
        try:
            told = self._made(task, RECEIPT_S, request, receipt.key, opened)
            return self._proven_mark(receipt, told, after)
        finally:
            self._marks.found.clear()

    def _refuse_unready(self) -> None:
        """Raises Refused where a receipt cannot be made, or where the vendor's program would clear the way for it."""
        shift, device = self._asking.ask("getShiftStatus", "getDeviceStatus")
        state = self._asking.understood(lambda: results.shift_of(shift)).state
        if state is not ShiftState.OPEN:
            raise Refused("shift_closed" if state is ShiftState.CLOSED else "shift_expired")
        refuse_without_paper(self._asking.understood(lambda: results.paper_of(device, is_unprinted=False)))
        if self._open_receipt() is not None:
            raise Refused("foreign_receipt_open")

    def _made(
        self,
        task: dict[str, Any],
        timeout_s: float,
        request: str,
        key: str,
        opened: Callable[[], None] | None = None,
        amount: Money | None = None,
    ) -> Mapping[str, Any]:
        """A task that makes or moves something, once. What is unclear about it is an unknown outcome."""
        if request:  # behind a server another register may have taken the place of ours since it was looked at
            self._asking.same(*self._asking.ask("getDeviceInfo", "getFnInfo"))
        try:
            if opened is not None and isinstance(self._tasks, TellsOpening):
                return self._tasks.perform_receipt(task, timeout_s, opened)
            return self._tasks.perform(task, timeout_s, request)
        except NotSent as error:
            self._asking.close()
            raise self._asking.unreachable(error) from error
        except Busy as error:
            raise Refused(error.code, **{"reason": str(error), **error.facts}) from error
        except Lost as error:
            raise OutcomeUnknown(key=key, reason=str(error)) from error
        except TaskFailed as error:
            raise OutcomeUnknown(
                key=key,
                error=str(error.code),
                reason=reason(error.code, error.description),
                refusal=refusal(error.code, error.description, amount),
            ) from error

    def _proven_mark(self, receipt: Receipt, told: Mapping[str, Any], after: int) -> FiscalMark:
        """Rule 5: a result counts only when a look-up of its number shows our kind, total and sign."""
        try:
            fiscal = results.fiscal_of(told)
        except (ValueError, TypeError) as error:
            raise OutcomeUnknown(key=receipt.key) from error
        self._is_unprinted = fiscal.is_unprinted
        unknown = partial(OutcomeUnknown, key=receipt.key, named=fiscal.named)
        if fiscal.number <= after:
            raise unknown(reason="номер документа не вырос")
        try:
            document = self._archive.read_document(fiscal.number)
            mark = self._archive.mark_of(document)
        except (PosError, ValueError, TypeError) as error:
            raise unknown() from error
        same = (
            results.is_form_of(document.type, receipt.document_type)
            and document.kind == receipt.kind
            and document.total == receipt.total
            and document.sign == fiscal.sign
            and (mark.storage_number, mark.registration_number) == (fiscal.storage_number, fiscal.registration_number)
        )
        if not same or not self._may_be_ours(receipt, document, is_recovered=fiscal.is_recovered):
            raise unknown(reason="в ФН под этим номером другой документ")
        return mark

    def _may_be_ours(self, receipt: Receipt, document: FiscalDocument, *, is_recovered: bool) -> bool:
        """Whether the key does not say otherwise. A document without any is ours when its number came from the task
        itself, not from a look at what had grown, and the register was not known to show the key: then it has left the
        key out, and is known for that. What is known of it is looked for anew after any document without."""
        has_key = receipt.key in (document.stamp or "")
        form = self._asking.connect(), receipt.document_type
        is_shown = self._shows_key.pop(form, False)
        if not has_key and (document.stamp or is_recovered or (is_shown and document.whole)):
            return False
        self._shows_key[form] = has_key
        if not has_key:
            log.warning("FD %d does not show our key: the register has left 1084 out", document.number)
        return True

    # --- marked goods

    def check_marking(
        self, code: MarkingCode, planned_status: int, measure: int = 0, quantity: Quantity | None = None
    ) -> RegisterVerdict:
        """`beginMarkingCodeValidation` and what follows."""
        if self.format() is not Ffd.V1_2:
            raise Refused("register_lacks", what="проверка кодов маркировки")
        return self._marks.check(code, planned_status, measure, quantity)

    def clear_markings(self) -> None:
        """`clearMarkingCodeValidationResult`."""
        self._marks.clear()

    # --- reading back

    def last_document_number(self) -> int:
        """`getFnStatus`."""
        return self._archive.last_document_number()

    def read_document(self, number: int) -> FiscalDocument:
        """`getFnDocument`."""
        return self._archive.read_document(number)

    def documents_after(self, number: int) -> Iterator[FiscalDocument]:
        """Every later document, ascending."""
        return self._archive.documents_after(number)

    def document_mark(self, number: int) -> FiscalMark:
        """The mark of a receipt from the storage."""
        return self._archive.document_mark(number)

    def document_tlv(self, number: int) -> bytes:
        """A document's TLV with its outer tag."""
        return self._archive.document_tlv(number)

    # --- shift and cash; each is issued once, its proof is read by the till (design rule 8)

    def open_shift(self, cashier: str, request: str = "") -> Shift:
        """`openShift`."""
        self._issue({"type": "openShift", "operator": operator(cashier)}, SHIFT_S, request)
        return self._shift_after()

    def close_shift(self, cashier: str, request: str = "") -> Shift:
        """`closeShift`."""
        self._issue({"type": "closeShift", "operator": operator(cashier)}, SHIFT_S, request)
        return self._shift_after()

    def _shift_after(self) -> Shift:
        """The shift after a report that was made: that it cannot be read now is no "nothing was sent"."""
        try:
            return self.status().shift
        except PosError as error:
            raise OutcomeUnknown(key="") from error

    def x_report(self, request: str = "") -> None:
        """`reportX`."""
        self._issue({"type": "reportX"}, SHIFT_S, request)

    def cash_totals(self) -> CashTotals:
        """`getShiftTotals`."""
        self._asking.connect()
        (told,) = self._asking.ask("getShiftTotals")
        return self._asking.understood(lambda: results.cash_totals_of(told, is_witnessed=self._is_witnessed))

    def shift_counters(self, *kinds: ReceiptKind) -> ShiftCounters:
        """`getShiftTotals`; of a closed shift nothing is told."""
        self._asking.connect()
        told, status = self._asking.ask("getShiftTotals", "getShiftStatus")
        if self._asking.understood(lambda: results.shift_of(status)).state is ShiftState.CLOSED:
            raise Refused("no_counters", error="смена закрыта")
        return self._asking.understood(lambda: results.counters_of(told, kinds or tuple(ReceiptKind)))

    def cash_in(self, amount: Money, request: str = "") -> None:
        """`cashIn`."""
        self._move("cashIn", amount, request)

    def cash_out(self, amount: Money, request: str = "") -> None:
        """`cashOut`."""
        self._move("cashOut", amount, request)

    def _move(self, name: str, amount: Money, request: str) -> None:
        self._is_witnessed = False
        self._issue({"type": name, "cashSum": amount.roubles}, CASH_S, request, amount)
        self._is_witnessed = True

    def _issue(self, task: dict[str, Any], timeout_s: float, request: str, amount: Money | None = None) -> None:
        self.wait_until_idle()
        told = self._made(task, timeout_s, request, "", amount=amount)
        warned = told.get("warnings")
        if isinstance(warned, Mapping) and warned.get("notPrinted") is True:
            self._is_unprinted = True


def queue_of(url: str) -> str:
    """An address of the web server in one form, without what may be secret."""
    parts = urlsplit(url)
    device = [value for name, value in parse_qsl(parts.query) if name == "deviceID"]
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}" + (f"/?deviceID={device[0]}" if device else "")


def refuse_without_paper(paper: Paper) -> None:
    """Raises Refused `paper_out` or `cover_open`."""
    if paper is Paper.COVER_OPEN:
        raise Refused("cover_open")
    if paper in (Paper.OUT, Paper.OUT_WHILE_PRINTING):
        raise Refused("paper_out")


def _width(value: object) -> int:
    """Characters in a line of paper."""
    try:
        return min(max(results.number(value), WIDTH_MIN), WIDTH_MAX)
    except ValueError:
        return DEFAULT_WIDTH
