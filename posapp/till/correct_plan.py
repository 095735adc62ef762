"""Which documents put a receipt right: by what its document says, what the program sees and what a person says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from posapp.domain.correction import Basis, Content, answer
from posapp.domain.in_force import in_force
from posapp.domain.lawful import MONEY, REFUNDS
from posapp.domain.money import total
from posapp.domain.receipt import Receipt, TaxSystem, Tender
from posapp.domain.settlement import Fix, State
from posapp.domain.undone import standing
from posapp.domain.vat import VatRate
from posapp.errors import SaleError
from posapp.journal.rows import StoredReceipt
from posapp.till import correction_state, mismatches
from posapp.till.context import Till
from posapp.till.correct_surplus import surplus
from posapp.till.correction_state import UNPRINTED, correction_of


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says is right; what is not said stays as it was printed, or as the program has found it.

    `tenders` is the money that was really taken; `rates` the rate of a line, by its number from 1; `is_void`: there
    should be no receipt at all.
    """

    tenders: tuple[Tender, ...] = ()
    rates: Mapping[int, VatRate] = field(default_factory=dict)
    tax_system: TaxSystem | None = None
    is_void: bool = False
    basis: Basis = field(default_factory=Basis)

    @property
    def is_silent(self) -> bool:
        """Nothing is said of the content."""
        return not (self.tenders or self.rates or self.tax_system or self.is_void)


def find(till: Till, key: str) -> StoredReceipt:
    """The wrong receipt that a key means: its own, or that of a document which puts it right. Raises SaleError."""
    stored = till.journal.receipt(key.strip().upper())
    fix = stored.receipt.settlement.fix if stored is not None else None
    if stored is not None and fix is not None and (fix[0] is not Fix.REDO or stored.state in UNPRINTED):
        stored = till.journal.receipt(fix[1])
    if stored is None:
        raise SaleError("not_found", what=key)
    return stored


def planned(till: Till, wrong: StoredReceipt, said: Said) -> tuple[Receipt, ...]:
    """The documents that would be printed; nothing is changed. Asks the register for its format.

    Raises SaleError `correction_nothing`, `correction_unfit`, `correction_done`; Refused `register_lacks`; DeviceError.
    """
    known = correction_of(till, wrong)
    if known.is_begun and not (known.is_half and known.second is None):
        return tuple(each.receipt for each in known.documents)
    _require_correctable(till, wrong, said)
    printed, right = _contents(till, wrong, said)
    assert wrong.mark is not None  # noqa: S101  (`_require_correctable`)
    fixes = (Fix.VOID,) if right is None else (Fix.UNDO, Fix.REDO)
    if known.is_half:
        fixes = (Fix.REDO,)
    tries = correction_state.free_try(till, wrong.receipt.key, fixes)
    now = till.now().replace(microsecond=0)
    found = answer(printed, wrong.mark, right, format_of(till), till.seller, now=now, basis=said.basis, tries=tries)
    return found[-1:] if known.is_half else found


def format_of(till: Till) -> str:
    """The format that the register writes now."""
    return till.printer.format().text


# ------------------------------------------------------------------------------------------------ what is right
def planned_void(till: Till, number: int, basis: Basis) -> tuple[Receipt, ...]:
    """What would be printed for a surplus document that the journal does not know. As `planned`."""
    receipt, mark = surplus(till, number)
    now = till.now().replace(microsecond=0)
    return answer(receipt, mark, None, format_of(till), till.seller, now=now, basis=basis)


def _require_correctable(till: Till, wrong: StoredReceipt, said: Said) -> None:
    """Raises SaleError `correction_unfit` for what is no printed receipt of ours that counts."""
    receipt = wrong.receipt
    if wrong.state is not State.FISCALIZED or wrong.mark is None:
        raise SaleError("correction_unfit", key=receipt.key, why="он не напечатан")
    if correction_state.undoes(receipt):
        raise SaleError("correction_unfit", key=receipt.key, why="он сам исправляет другой чек")
    refund = correction_state.refund_of(till, receipt)
    if refund is not None:
        raise SaleError("correction_unfit", key=receipt.key, why=f"по нему есть возврат {refund.receipt.key}")
    if said.is_void and not _has_another(till, receipt):
        why = "другого чека по этому заказу нет, деньги остались бы без чека; если их отдают, это возврат"
        raise SaleError("correction_unfit", key=receipt.key, why=why)


def _has_another(till: Till, receipt: Receipt) -> bool:
    """Whether another receipt settles the same and was not taken back: it has the same payment or shipment, or is the
    same step of the deal (a payment may have been made anew on the portal). A prepayment is no second hand-over.
    """
    settlement = receipt.settlement
    if not settlement.portal:
        return False
    of_order = till.journal.receipts_of_order(settlement.portal, settlement.order_id)
    made = in_force([each.receipt for each in of_order if each.state is State.FISCALIZED])
    counting = made if receipt.kind in REFUNDS else standing(made)
    others = [each for each in counting if each.kind is receipt.kind and each.key != receipt.key]
    return any(each.settlement.base == settlement.base or each.step is receipt.step for each in others)


def _contents(till: Till, wrong: StoredReceipt, said: Said) -> tuple[Receipt, Content | None]:
    """What was printed, and what should have been: by what the program sees and what the person says."""
    found = mismatches.of_receipt(till, wrong)
    printed = found.printed if found is not None and found.printed is not None else wrong.receipt
    if said.is_void:
        return printed, None
    right = found.right if found is not None and found.right is not None else Content.of(printed)
    lines = list(right.lines)
    for number, rate in said.rates.items():
        if not 0 < number <= len(lines):
            raise SaleError("correction_unfit", key=wrong.receipt.key, why=f"в нём нет строки {number}")
        try:
            lines[number - 1] = replace(lines[number - 1], vat=rate)
        except ValueError as error:
            why = f"строка {number} не бывает по ставке {rate.title}"
            raise SaleError("correction_unfit", key=wrong.receipt.key, why=why) from error
    tenders = _tenders(wrong.receipt, right, said.tenders) if said.tenders else right.tenders
    system = said.tax_system or right.tax_system
    if said.rates and said.tax_system is None:
        system = till.seller.system_for([(line.name, line.vat) for line in lines])
    return printed, Content(tuple(lines), tenders, system)


def _tenders(receipt: Receipt, right: Content, said: Sequence[Tender]) -> tuple[Tender, ...]:
    """The money that was really taken, beside what needed no money. Raises SaleError when it is another sum."""
    fixed = tuple(each for each in right.tenders if each.kind not in MONEY)
    due = total([each.amount for each in right.tenders if each.kind in MONEY])
    given = total([each.amount for each in said])
    if given != due:
        raise SaleError("correction_unfit", key=receipt.key, why=f"по нему взяли {due}, а названо {given}")
    return (*said, *fixed)
