"""Marked goods at a sale: may these things be sold, and what the register thinks of their codes – before the receipt.

    codes of the lines → «Честный знак» (one question for all) → the register, code by code → verdicts

Nothing is in the journal and nothing is open on the register while this is asked, so a code that is refused costs
nothing: the cashier hears which line it is, takes another thing and sells again. The verdicts go into the attempt's row
before a byte of the receipt leaves; a later try asks anew, since a thing may have been sold or banned meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.marked_lines import refuse_twice
from posapp.domain.marking import MarkingCode, parse_marking
from posapp.domain.permission import (
    IndustryDetail,
    LineVerdict,
    Permission,
    RegisterVerdict,
    Source,
    planned_status,
)
from posapp.domain.receipt import Receipt
from posapp.errors import SaleError, SetupError
from posapp.till import marking_service
from posapp.till.context import Till

EVIDENCE = "marking"
TAIL = 6
"""So many last characters of a code tell one thing from the next to a person."""
FFD_WITH_MARKING = "1.2"
"""From this format on registers check codes (FF61); before it a code is written into tag 1162 unchecked."""


# ------------------------------------------------------------------------------------------------ before the receipt
def checked(till: Till, receipt: Receipt) -> tuple[LineVerdict, ...]:
    """A verdict for each marked line, all of them good. Makes no document and keeps nothing.

    Nobody is asked for what puts a receipt right: it tells of what has happened, and the thing is sold already.

    Raises SaleError `marking_refused`, `marking_unanswered`, `marking_cut`, `marking_twice`, `marking_access`;
    BadMarking for a code in the receipt that is none; SetupError when nobody has said where to ask; DeviceError.
    """
    marked = [(index, parse_marking(line.marking)) for index, line in enumerate(receipt.lines) if line.marking]
    if not marked or receipt.correction is not None or receipt.settlement.fix is not None:
        return ()
    refuse_twice([(index + 1, code) for index, code in marked])
    with_register = till.printer_settings.ffd == FFD_WITH_MARKING
    for index, code in marked:
        if with_register and not code.is_complete:
            raise SaleError("marking_cut", line=index + 1)
    permissions = _permissions(till, receipt, marked)
    registers = _registers(till, receipt, marked) if with_register else [None] * len(marked)
    return tuple(
        LineVerdict(index, permission, register)
        for (index, _), permission, register in zip(marked, permissions, registers, strict=True)
    )


def require_fresh(till: Till, verdicts: Sequence[LineVerdict]) -> None:
    """Raises SaleError when an answer grew old before the receipt could be begun."""
    now = till.now()
    for each in verdicts:
        if each.permission is not None and not each.permission.is_fresh(now):
            raise SaleError("marking_unanswered", line=each.line + 1, name="", reason="ответ устарел, ККТ была занята")


def _permissions(
    till: Till, receipt: Receipt, marked: Sequence[tuple[int, MarkingCode]]
) -> Sequence[Permission | None]:
    """The permission mode is about selling; for what comes back nobody needs a permission."""
    settings = till.settings.marking
    if receipt.kind is not ReceiptKind.SELL:
        return [None] * len(marked)
    if settings is None:
        raise SetupError("not_set_up", what="не указано, где спрашивать о маркированных товарах", command="marking")
    if not settings.asks:
        return [None] * len(marked)
    found = _asked(till, receipt, marked)
    for (index, _), permission in zip(marked, found, strict=True):
        if permission.ban is not None:
            raise _refused(receipt, index, permission.ban.why)
    return found


def _asked(till: Till, receipt: Receipt, marked: Sequence[tuple[int, MarkingCode]]) -> Sequence[Permission]:
    from posapp.devices.marking import Unanswered

    codes = [code for _, code in marked]
    try:
        return marking_service.ask(till, codes)
    except Unanswered as silent:
        if till.settings.marking is not None and till.settings.marking.sells_unanswered:
            return [Permission(code.identity, Source.SILENCE, till.now()) for code in codes]
        index = marked[0][0]
        name = receipt.lines[index].name
        raise SaleError("marking_unanswered", line=index + 1, name=name, reason=silent.reason) from silent


def _registers(
    till: Till, receipt: Receipt, marked: Sequence[tuple[int, MarkingCode]]
) -> Sequence[RegisterVerdict | None]:
    """The register's word on each code. What an abandoned sale left there is forgotten first."""
    till.printer.clear_markings()
    found = []
    for index, code in marked:
        line = receipt.lines[index]
        status = planned_status(receipt.kind, line.measure)
        verdict = till.printer.check_marking(code, status, line.measure, line.quantity)
        if verdict.is_refused:
            raise _refused(receipt, index, verdict.why)
        found.append(verdict)
    return found


def _refused(receipt: Receipt, index: int, why: str) -> SaleError:
    line = receipt.lines[index]
    code = parse_marking(line.marking).identity[-TAIL:]
    return SaleError("marking_refused", line=index + 1, name=line.name, code=code, why=why)


# ------------------------------------------------------------------------------------------------ for the attempt
def evidence(verdicts: Sequence[LineVerdict]) -> dict[str, object]:
    """What the attempt's row says of the codes; nothing for a receipt without any."""
    return {EVIDENCE: [each.as_json() for each in verdicts]} if verdicts else {}


def verdicts_of(evidence: Mapping[str, object]) -> tuple[LineVerdict, ...]:
    """The reverse, for whoever looks at an attempt. What is not of that form is nothing."""
    rows = evidence.get(EVIDENCE)
    try:
        return tuple(LineVerdict.from_json(each) for each in rows) if isinstance(rows, list) else ()
    except (ValueError, KeyError, TypeError):
        return ()


def details(verdicts: Sequence[LineVerdict]) -> dict[int, Sequence[IndustryDetail]]:
    """Tag 1260 by line (0-based), as the register wants it beside the receipt."""
    return {each.line: each.details for each in verdicts if each.details}
