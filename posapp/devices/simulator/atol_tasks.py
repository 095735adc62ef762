"""The vendor's JSON tasks on a simulated АТОЛ: one task in, its result out, or `TaskError` with the driver's number.

    AtolTasks(printer).perform({"type": "sell", …}, now)   → {"fiscalParams": {…}, "warnings": {}}

What the vendor's driver accepts but this register cannot do (`UNSUPPORTED`) is refused with 11, never pretended. A task
that makes a document tells nothing of it when it fails: whether it was made, the storage knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from posapp.devices.base import Ffd
from posapp.devices.simulator import atol_errors as e
from posapp.devices.simulator import atol_marking as marking
from posapp.devices.simulator import atol_reading as reading
from posapp.devices.simulator import atol_receipts as receipts
from posapp.devices.simulator import atol_values as words
from posapp.devices.simulator.atol_acts import Acts, Denied
from posapp.devices.simulator.atol_fields import Fields, TaskError
from posapp.devices.simulator.atol_tags import operator_tags
from posapp.devices.simulator.documents import StoredDocument
from posapp.devices.simulator.printer import Printer

Result = Any
Handler = Callable[[Acts, Fields], Result]

REGISTRATIONS = frozenset(("registration", "fnChange", "changeRegistrationParameters", "closeArchive"))
FISCAL = REGISTRATIONS | {*words.KINDS, *words.CORRECTION_KINDS, "openShift", "closeShift", "reportOfdExchangeStatus"}
"""Tasks that make a fiscal document: a web server blocks its queue when one is lost."""

UNSUPPORTED = REGISTRATIONS | {
    "uploadPictureCliche",
    "getDeviceParameters",
    "setDeviceParameters",
    "getMcu",
    "getDepartmentSum",
    "printDocumentsFromJournal",
    "pingIsm",
}
"""Tasks that the vendor's driver knows and this register does not."""


class AtolTasks:
    """The tasks of one register. Not thread-safe: one task at a time, as on a cable."""

    def __init__(self, printer: Printer) -> None:
        self.printer = printer

    def acts(self, now: datetime, step: Callable[[str], None] = lambda name: None) -> Acts:
        """The verbs at this moment."""
        return Acts(self.printer, now, step)

    def perform(self, task: object, now: datetime, step: Callable[[str], None] = lambda name: None) -> Result:
        """The result of one task: JSON values with exact numbers. Raises TaskError, and whatever `step` raises."""
        fields = _known(task)
        handler = HANDLERS.get(fields.words("type"))
        if handler is None:
            raise TaskError(e.NOT_SUPPORTED)
        try:
            return handler(self.acts(now, step), fields)
        except Denied as denial:
            raise TaskError(denial.code) from denial

    def validate(self, task: object) -> None:
        """What the vendor's validator says without a device. Raises TaskError."""
        fields = _known(task)
        kind = fields.words("type")
        try:
            if kind in words.KINDS:
                receipts.receipt_of(fields, Ffd.V1_2 if _is_of_new_format(fields) else Ffd.V1_05)
            elif kind in ("cashIn", "cashOut"):
                fields.kopecks("cashSum", required=True)
            elif kind in ("getFnDocument", "printFnDocument"):
                fields.whole("fiscalDocumentNumber", required=True)
        except Denied as denial:
            raise TaskError(denial.code) from denial

    def recovered(self, number: int, now: datetime) -> dict[str, Any]:
        """What a web server tells of a document that it found after it had lost the register."""
        acts = self.acts(now)
        return _fiscal(acts, acts.document(number), recovered=True)


def _known(task: object) -> Fields:
    """The task, when it is one that the vendor's driver knows."""
    if not isinstance(task, Mapping):
        raise TaskError(e.PARSE_ERROR)
    fields = Fields(task)
    if not fields.has("type"):
        raise TaskError(e.PARSE_ERROR, f'{e.text_of(e.PARSE_ERROR)} (поле "type" отсутствует)')
    kind = fields.words("type")
    if kind not in HANDLERS and kind not in UNSUPPORTED:
        raise fields.wrong("type")
    return fields


def _is_of_new_format(task: Fields) -> bool:
    return any(item.has("imcParams") for item in task.children("items"))


# --- what makes documents


def _fiscal(acts: Acts, document: StoredDocument, *, recovered: bool = False, opened: bool = False) -> dict[str, Any]:
    warnings = {"recovered": recovered, "notPrinted": not acts.is_printed, "shiftAutoOpened": opened}
    return {
        "fiscalParams": reading.fiscal_params(acts, document),
        "warnings": {name: True for name, is_so in warnings.items() if is_so},
    }


def _receipt(acts: Acts, task: Fields) -> Result:
    receipt = receipts.receipt_of(task, acts.ffd)
    was_open = acts.printer.storage.shift.is_open
    return _fiscal(acts, receipts.make(acts, receipt), opened=not was_open)


def _open_shift(acts: Acts, task: Fields) -> Result:
    tags = operator_tags(task)
    acts.cancel_if_open()
    return _fiscal(acts, acts.open_shift(tags))


def _close_shift(acts: Acts, task: Fields) -> Result:
    tags = operator_tags(task)
    acts.cancel_if_open()
    result = _fiscal(acts, acts.close_shift(tags))
    result["fiscalParams"]["receiptsCount"] = acts.printer.storage.shift.receipts
    return result


def _exchange_report(acts: Acts, task: Fields) -> Result:
    operator_tags(task)
    acts.cancel_if_open()
    made, exchange = _fiscal(acts, acts.exchange_report()), reading.ofd_exchange(acts)
    return {**made, **exchange, "warnings": {**exchange["warnings"], **made["warnings"]}}


# --- what prints or moves money


def _report_x(acts: Acts, task: Fields) -> Result:
    operator_tags(task)
    acts.cancel_if_open()
    acts.x_report()
    return {"warnings": {} if acts.is_printed else {"notPrinted": True}}


def _cash_in(acts: Acts, task: Fields) -> Result:
    operator_tags(task)
    kopecks = task.kopecks("cashSum", required=True) or 0
    acts.cancel_if_open()
    acts.cash_in(kopecks)
    return reading.counters(acts)


def _cash_out(acts: Acts, task: Fields) -> Result:
    operator_tags(task)
    kopecks = task.kopecks("cashSum", required=True) or 0
    acts.cancel_if_open()
    acts.cash_out(kopecks)
    return reading.counters(acts)


def _non_fiscal(acts: Acts, task: Fields) -> Result:
    items = task.children("items", required=True)
    acts.print_text(item.words("text", required=False) for item in items)
    return {"warnings": {}}


def _continue_print(acts: Acts, task: Fields) -> Result:
    acts.continue_print()
    return {}


def _copy(acts: Acts, task: Fields) -> Result:
    acts.print_copy()
    return {}


def _printed_report(acts: Acts, task: Fields) -> Result:
    acts.print_text([task.words("type")])
    return {}


def _print_document(acts: Acts, task: Fields) -> Result:
    found = acts.document(task.whole("fiscalDocumentNumber", required=True) or 0)
    acts.print_text([f"ФД {found.number} ФПД {found.sign:010d}"])
    return {}


def _set_clock(acts: Acts, task: Fields) -> Result:
    wanted = task.date("dateTime", "%Y.%m.%d %H:%M:%S", required=True)
    if wanted is not None:
        acts.set_clock(wanted)
    return {}


def _document(acts: Acts, task: Fields) -> Result:
    number = task.whole("fiscalDocumentNumber", required=True) or 0
    return reading.document(acts, number, with_raw=task.flag("withRawData"))


def _looks(look: Callable[[Acts], Result]) -> Handler:
    return lambda acts, task: look(acts)


def _nothing(acts: Acts, task: Fields) -> Result:
    return {}


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys((*words.KINDS, *words.CORRECTION_KINDS), _receipt),
    "openShift": _open_shift,
    "closeShift": _close_shift,
    "reportOfdExchangeStatus": _exchange_report,
    "reportX": _report_x,
    "reportDepartments": _printed_report,
    "reportFnRegistrations": _printed_report,
    "cashIn": _cash_in,
    "cashOut": _cash_out,
    "nonFiscal": _non_fiscal,
    "continuePrint": _continue_print,
    "printLastReceiptCopy": _copy,
    "printFnDocument": _print_document,
    "openCashDrawer": _nothing,
    "setDateTime": _set_clock,
    "getDeviceStatus": _looks(reading.device_status),
    "getDeviceInfo": _looks(reading.device_info),
    "getShiftStatus": _looks(reading.shift_status),
    "getShiftTotals": _looks(reading.shift_totals),
    "getOverallTotals": _looks(reading.overall_totals),
    "getCashDrawerStatus": _looks(reading.cash_drawer),
    "getLicenses": _looks(reading.licenses),
    "getFnStatus": _looks(reading.fn_status),
    "getFnInfo": _looks(reading.fn_info),
    "getRegistrationInfo": _looks(reading.registration_info),
    "ofdExchangeStatus": _looks(reading.ofd_exchange),
    "ismExchangeStatus": _looks(reading.ism_exchange),
    "getFnDocument": _document,
    "beginMarkingCodeValidation": marking.begin,
    "getMarkingCodeValidationStatus": _looks(marking.status),
    "acceptMarkingCode": _looks(marking.accept),
    "declineMarkingCode": _looks(marking.decline),
    "cancelMarkingCodeValidation": _looks(marking.cancel),
    "clearMarkingCodeValidationResult": _looks(marking.clear),
    "validateMarks": marking.validate,
    "checkImcTime": _looks(marking.check_time),
    "checkImcWorkState": _looks(marking.work_state),
    "checkMarkingCodeValidationsReady": lambda acts, task: {"ready": True},
}
"""Task → how it is done."""
