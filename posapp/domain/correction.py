"""From something wrong to the lawful documents that put it right, for the format that the register writes. Pure.

| what is wrong | FFD 1.05 | FFD 1.1, 1.2 |
| --- | --- | --- |
| a receipt says something wrong | the reverse receipt of just that, a right receipt | both, as correction receipts |
| a receipt that should not be there | the reverse receipt of it | the same, as a correction receipt |
| the register was not used at all | a correction: sums of six rates; no refunds | a correction, with lines |

Whatever answers a wrong document names its fiscal sign in 1192; where no document was made there is nothing to name and
1192 stays empty. A correction receipt says why: 1173 (by oneself, or by the tax office's order), 1174 with the day of
the settlement (1178) and the order's number (1179). Sources: 54-ФЗ art. 4.3 p. 4; the notes on 1192, 1173, 1174 of
order ЕД-7-20/662@; reference D, rule 7.

The keys of the documents follow from the key of the wrong one. So the same wrong receipt never gets a second document
of a sort, and a document that is found in the storage says by its key alone what it put right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID, uuid5

from posapp.domain.checkout import Seller
from posapp.domain.fiscal import DocumentType, FiscalMark, ReceiptKind
from posapp.domain.lawful import REFUNDS
from posapp.domain.receipt import CorrectionBasis, OriginalReceipt, Receipt, ReceiptLine, TaxSystem, Tender
from posapp.domain.refund import taken_by
from posapp.domain.settlement import Fix, fix_part, short_key
from posapp.domain.terms import CorrectionType
from posapp.domain.vat import VatRate
from posapp.errors import Refused, SaleError

SUMS_ONLY = "1.05"
"""The format whose correction receipts have no lines; later ones correct with lines."""
SUMS_ONLY_RATES = frozenset(
    (VatRate.VAT_20, VatRate.VAT_10, VatRate.VAT_0, VatRate.NONE, VatRate.VAT_20_120, VatRate.VAT_10_110)
)
REVERSE: Mapping[ReceiptKind, ReceiptKind] = {
    ReceiptKind.SELL: ReceiptKind.SELL_REFUND,
    ReceiptKind.SELL_REFUND: ReceiptKind.SELL,
    ReceiptKind.BUY: ReceiptKind.BUY_REFUND,
    ReceiptKind.BUY_REFUND: ReceiptKind.BUY,
}
TRIES_MAX = 20
"""So many times a correction may be begun and given up before its documents are not known by their keys any more."""
_KEYS = UUID("6d1f2a52-6f0c-5b7e-9d0c-2f6b1a7c4e31")
"""What the keys of these documents are derived from; never changes."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a receipt should have said."""

    lines: tuple[ReceiptLine, ...]
    tenders: tuple[Tender, ...]
    tax_system: TaxSystem

    @classmethod
    def of(cls, receipt: Receipt) -> Content:
        """What this one says, the change taken off."""
        tenders = tuple(Tender(kind, amount) for kind, amount in taken_by(receipt).items())
        return cls(receipt.lines, tenders, receipt.tax_system)

    def differs(self, other: Content) -> bool:
        """Whether lines, tax system or what was paid by what are not the same."""
        paid = [{each.kind: each.amount for each in content.tenders} for content in (self, other)]
        return (self.lines, self.tax_system) != (other.lines, other.tax_system) or paid[0] != paid[1]


@dataclass(frozen=True, slots=True)
class Basis:
    """Whose will the correction is: one's own, or the tax office's by an order with a number (1173, 1179)."""

    type: CorrectionType = CorrectionType.SELF
    number: str = ""

    def for_day(self, day: date, text: str = "") -> CorrectionBasis:
        """Tags 1173 and 1174. Raises SaleError `correction_unfit` for an order without a number, or too long a one."""
        try:
            return CorrectionBasis(self.type, day, self.number, text)
        except ValueError as error:
            raise SaleError("correction_unfit", key="", why="у предписания нет номера, или он длиннее 32") from error


def corrects_by_sums(ffd: str) -> bool:
    """Whether correction receipts of this format have no lines, and wrong receipts are answered by receipts."""
    return ffd == SUMS_ONLY


# ------------------------------------------------------------------------------------------------ a wrong receipt
def answer(
    wrong: Receipt,
    mark: FiscalMark,
    right: Content | None,
    ffd: str,
    seller: Seller,
    *,
    now: datetime,
    basis: Basis | None = None,
    tries: int = 0,
) -> tuple[Receipt, ...]:
    """The documents that put a wrong receipt right, in the order in which they are printed.

    Args:
        wrong: exactly what its document says, rates and sums as they were printed; `mark` is its mark.
        right: what it should have said; None when there should be no receipt at all.
        ffd: the format of the register: `1.05`, `1.1`, `1.2`.
        seller: who corrects: till and cashier of today.
        basis: by oneself unless told otherwise.
        tries: how often this was begun before and given up.

    Raises:
        SaleError: `correction_nothing` – it says just that already; `correction_unfit` – an order of the tax office
            cannot be named by the documents of this format; no lawful receipt says what is wanted.
        Refused: `register_lacks` – this format cannot answer a wrong correction receipt.
    """
    told = basis or Basis()
    if right is not None and not right.differs(Content.of(wrong)):
        raise SaleError("correction_nothing", key=wrong.key)
    if corrects_by_sums(ffd) and wrong.document_type is DocumentType.CORRECTION:
        raise Refused("register_lacks", what="чек коррекции ФФД 1.05 не исправить другим чеком коррекции")
    if corrects_by_sums(ffd) and told.type is CorrectionType.ORDER:
        why = "по ФФД 1.05 ошибку в чеке исправляют возвратом и новым чеком, номер предписания в них не пишут"
        raise SaleError("correction_unfit", key=wrong.key, why=why)
    day = wrong.correction.day if wrong.correction is not None else mark.printed_at.date()
    reason = None if corrects_by_sums(ffd) else told.for_day(day)
    as_printed = Content.of(wrong)
    first = Fix.VOID if right is None else Fix.UNDO
    contents = [(first, as_printed)] if right is None else [(first, as_printed), (Fix.REDO, right)]
    try:
        return tuple(_document(wrong, mark, fix, content, seller, now, reason, tries) for fix, content in contents)
    except ValueError as error:
        raise SaleError("correction_unfit", key=wrong.key, why=f"такого чека не бывает ({error})") from error


def _document(
    wrong: Receipt,
    mark: FiscalMark,
    fix: Fix,
    content: Content,
    seller: Seller,
    now: datetime,
    reason: CorrectionBasis | None,
    tries: int,
) -> Receipt:
    kind = wrong.kind if fix is Fix.REDO else REVERSE[wrong.kind]
    same_cashless = {each.kind: each.amount for each in content.tenders} == taken_by(wrong)
    return replace(
        wrong,
        identity=fix_identity(wrong.key, fix, tries),
        settlement=replace(wrong.settlement, part=fix_part(wrong.settlement.part, fix, wrong.key), kind=kind),
        lines=content.lines,
        tenders=content.tenders,
        tax_system=content.tax_system,
        till=seller.till,
        cashier=seller.cashier,
        cashier_inn=seller.cashier_inn,
        created_at=now,
        cashless=wrong.cashless if same_cashless else (),
        basis=OriginalReceipt.of(wrong.key, mark),
        correction=reason,
        refused=None,  # what was not handed over is told with the receipt that was issued at the door
    )


def fix_identity(key: str, fix: Fix, tries: int = 0) -> UUID:
    """The identity of the document that does this to the receipt `key`, begun for the `tries`th time, from 0."""
    return uuid5(_KEYS, f"{key}:{fix.value}:{tries}")


def fix_of_key(key: str, wrong_keys: Iterable[str]) -> tuple[Fix, str] | None:
    """What the document with this key does, and to which of the receipts; None when it fixes none of them."""
    for wrong in wrong_keys:
        for fix in Fix:
            if any(short_key(fix_identity(wrong, fix, tries)) == key for tries in range(TRIES_MAX)):
                return fix, wrong
    return None


# ------------------------------------------------------------------------------------------------ no receipt at all
def late(made: Receipt, basis: Basis, day: date, ffd: str, why: str = "") -> Receipt:
    """The one correction receipt of a settlement that was made without the register.

    `made` is the receipt that should have been printed on `day`, change included; `why` is written into 1177, where the
    format has it. Raises Refused `register_lacks`, SaleError `correction_unfit`.
    """
    try:
        told = basis.for_day(day, " ".join(why.split())[:_TEXT_MAX])
        found = replace(made, tenders=Content.of(made).tenders, correction=told)
    except ValueError as error:
        raise SaleError("correction_unfit", key=made.key, why=f"такого чека не бывает ({error})") from error
    refuse_inexpressible(found, ffd)
    return found


_TEXT_MAX = 180


def refuse_inexpressible(receipt: Receipt, ffd: str) -> None:
    """Raises Refused `register_lacks` for a correction receipt that this format has no fields for."""
    if receipt.correction is None or not corrects_by_sums(ffd):
        return
    if receipt.kind in REFUNDS:
        raise Refused("register_lacks", what="чек коррекции ФФД 1.05 не бывает возвратом")
    unknown = sorted({line.vat for line in receipt.lines} - SUMS_ONLY_RATES)
    if unknown:
        rates = ", ".join(each.title for each in unknown)
        raise Refused("register_lacks", what=f"в чеке коррекции ФФД 1.05 нет места для ставки {rates}")
