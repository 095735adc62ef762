"""Which receipt is to be taken back, and what of it has been taken back already.

A receipt of this till is in the journal, whole. One of another till is made anew from the order and from the list of
receipts that the portal keeps with it (rule 15); without the portal, from the order and the customer's paper receipt.
Whatever leaves a doubt about what came back already stands in `Original.doubts`: a refund then needs a senior's word.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import TYPE_CHECKING

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.in_force import in_force, taken_back_by
from posapp.domain.money import Money
from posapp.domain.offers import TITLES, Way, way_of
from posapp.domain.order import Order
from posapp.domain.qr import ReceiptQr, parse_qr
from posapp.domain.receipt import OriginalReceipt, Receipt, TenderKind
from posapp.domain.receipt_list import Listed, ReceiptList
from posapp.domain.refund import REFUND_KIND, as_told
from posapp.domain.settlement import Fix, State, fix_part, numbered_part
from posapp.domain.told_receipt import is_exact, told_receipt
from posapp.domain.undone import REFUNDS
from posapp.errors import PosError, SaleError, SetupError, SyncError
from posapp.till import alone, exchange, neighbours, orders
from posapp.till.context import Till
from posapp.till.sale import Codes

if TYPE_CHECKING:
    from posapp.journal.rows import StoredReceipt
    from posapp.sync.bitrix.look import PortalOrder, PortalPayment

NO_KEY = "0" * 16
"""Stands for the key of a receipt of which only the paper is known."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a person names the receipt: by its key, its QR, its document (of this register unless `storage` is given), or
    the order. Of a receipt of another till `paid` says how it was paid where only its paper does, `codes` which marked
    things it had.
    """

    key: str = ""
    qr: str = ""
    document: int | None = None
    storage: str = ""
    order: str = ""
    paid: TenderKind | None = None
    codes: Codes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Original:
    """The receipt to be taken back.

    `basis` names its document. `listed` is what the portal had when it was read, at `read_at`, None where it was not;
    `doubts` are the reasons why a senior has to answer for a refund.
    """

    receipt: Receipt
    basis: OriginalReceipt
    is_ours: bool
    listed: ReceiptList | None = None
    read_at: datetime | None = None
    doubts: tuple[PosError, ...] = ()

    @property
    def name(self) -> str:
        """The document, as a name for the journal's facts."""
        return f"{self.basis.storage_number}-{self.basis.document_number}"


def found(till: Till, wanted: Wanted) -> Original:
    """The receipt that is meant. Asks the portal what others have taken back of it, and waits for it only shortly.

    Raises SaleError `refund_nothing`, `refund_which`, `refund_other_order`, `refund_tender`, `refund_unclear`,
    `portal_prints`, `unknown_order`; PosError `bad_input` for a QR that is none.
    """
    code = parse_qr(wanted.qr) if wanted.qr else None
    stored = _own(till, wanted, code)
    if stored is not None and stored.mark is not None:
        _refuse_other_order(till, stored.receipt, wanted.order)
        return _of_this_till(till, stored, OriginalReceipt.of(stored.receipt.key, stored.mark))
    if not wanted.order:
        what = "такого чека в журнале этой кассы нет; чек другой кассы ищут и по заказу, --order НОМЕР"
        raise SaleError("refund_nothing", what=what)
    return _of_another_till(till, wanted, code)


def _refuse_other_order(till: Till, receipt: Receipt, number: str) -> None:
    """An order that is named beside the receipt is the receipt's. Raises SaleError `refund_other_order`."""
    order = orders.on_board(till, number) if number else None
    if order is not None and order.order_id != receipt.settlement.order_id:
        why = f"чек {receipt.key} – по заказу {receipt.order_number or '–'}, а назван {order.number}"
        raise SaleError("refund_other_order", why=why)


# ---------------------------------------------------------------------------------------------- receipts of this till
def _own(till: Till, wanted: Wanted, code: ReceiptQr | None) -> StoredReceipt | None:
    if wanted.key:
        return _sale(till.journal.receipt(wanted.key.strip().upper()), wanted.key)
    if code is not None:
        stored = till.journal.receipt_of_document(code.storage_number, code.document_number)
        if stored is None:
            return None
        mark, receipt = stored.mark, stored.receipt
        shown = (code.document_sign, code.total, code.kind)
        if mark is None or shown != (mark.document_sign, receipt.total, receipt.kind):
            raise SaleError("refund_other_order", why=f"QR говорит не то, что напечатано в ФД {code.document_number}")
        return _sale(stored, f"ФД {code.document_number}")
    if wanted.document is not None:
        storage = wanted.storage or till.identity.storage_number
        stored = till.journal.receipt_of_document(storage, wanted.document)
        return None if stored is None else _sale(stored, f"ФД {wanted.document}")
    return _of_order(till, wanted.order) if wanted.order else None


def _sale(stored: StoredReceipt | None, what: str) -> StoredReceipt:
    """A receipt that can be taken back. Raises SaleError `refund_nothing`."""
    if stored is None:
        raise SaleError("refund_nothing", what=f"чека {what} на этой кассе нет")
    if stored.receipt.kind in REFUNDS:
        raise SaleError("refund_nothing", what=f"{what} – уже возврат")
    if stored.state is not State.FISCALIZED:
        raise SaleError("refund_nothing", what=f"чек {what} не напечатан")
    return stored


def _of_order(till: Till, text: str) -> StoredReceipt | None:
    """The one receipt of the order from which something can still come back; None when this till made none."""
    order = orders.on_board(till, text)
    if order is None:
        return None
    printed = [
        each for each in till.journal.receipts_of_order(order.portal, order.order_id) if each.state is State.FISCALIZED
    ]
    counting = {each.key for each in in_force([each.receipt for each in printed])}
    stored = [each for each in printed if each.receipt.key in counting and each.receipt.kind not in REFUNDS]
    open_ = [each for each in stored if _left(till, each)]
    if len(open_) > 1:
        shown = "; ".join(
            f"{each.receipt.key} – {_words(each.receipt)}, ФД {each.mark.document_number if each.mark else '?'},"
            f" {each.receipt.total}"
            for each in open_
        )
        raise SaleError("refund_which", order=order.number, receipts=shown)
    return open_[0] if open_ else (stored[-1] if stored else None)


def _words(receipt: Receipt) -> str:
    return TITLES[way_of(receipt)][0]


def _left(till: Till, stored: StoredReceipt) -> Money:
    if stored.mark is None:
        return Money(0)
    made, _ = own_refunds(till, stored.receipt, OriginalReceipt.of(stored.receipt.key, stored.mark))
    return stored.receipt.total - Money(sum(each.receipt.total.kopecks for each in made))


def _of_this_till(till: Till, stored: StoredReceipt, basis: OriginalReceipt) -> Original:
    receipt = stored.receipt
    _refuse_put_right(till, receipt)
    original = Original(receipt, basis, is_ours=True)
    has_portal = till.settings.portal is not None and receipt.settlement.portal == till.settings.portal.portal
    if has_portal:
        order = till.journal.order_by_id(receipt.settlement.portal, receipt.settlement.order_id)
        if order is not None:
            _refuse_printed_by_portal(order)
        seen, why = _portal(till, receipt.settlement.order_id)
        original = _with_loss(till, _with_list(till, original, seen))
    else:
        why = "чек не по заказу портала"
    original = with_neighbours(till, original)
    if original.listed is None and alone.is_beside_another(till):
        original = replace(original, doubts=(*original.doubts, SaleError("refund_unread", why=why)))
    return original


def _refuse_put_right(till: Till, receipt: Receipt) -> None:
    """A wrong receipt that was put right is not the one to be taken back."""
    printed = [each.receipt for each in _family(till, receipt) if each.state is State.FISCALIZED]
    if receipt.key not in {each.key for each in in_force(printed)}:
        instead = next((each.key for each in printed if each.settlement.fix == (Fix.REDO, receipt.key)), "")
        what = f"чек {receipt.key} исправлен" + (f", верный – {instead}" if instead else " и отменён")
        raise SaleError("refund_nothing", what=what)


def with_neighbours(till: Till, original: Original) -> Original:
    """Refunds of this receipt that others printed on this register, and that neither journal nor list can count."""
    storage = original.basis.storage_number
    seen = [
        number
        for number in neighbours.refunds_beside(till, storage, str(int(original.basis.document_sign)))
        if till.journal.receipt_of_document(storage, number) is None
        and (original.listed is None or original.listed.of_document(storage, number) is None)
    ]
    if not seen:
        return original
    numbers = ", ".join(f"ФД {number}" for number in seen)
    doubt = SaleError("refund_unclear", why=f"на этой ККТ его возвращала другая программа: {numbers}")
    if doubt.message() in [each.message() for each in original.doubts]:
        return original
    return replace(original, doubts=(*original.doubts, doubt))


def _with_list(till: Till, original: Original, seen: PortalOrder | None) -> Original:
    """With what the portal told; a list that cannot be read whole leaves a doubt."""
    if seen is None:
        return original
    told = replace(original, listed=seen.receipts, read_at=till.now())
    if not seen.receipts.is_damaged:
        return told
    doubt = SaleError("refund_unclear", why="список чеков в заказе на портале повреждён")
    return replace(told, doubts=(*told.doubts, doubt))


def _with_loss(till: Till, original: Original) -> Original:
    """The list had this receipt and has it no more: what other tills took back may be gone with it."""
    if original.listed is None or original.listed.get(original.receipt.key) or not alone.is_beside_another(till):
        return original
    told = till.journal.entries_of_receipt(original.receipt.key)
    if not any(each.state == "done" and each.body.get("entry") for each in told):
        return original
    return replace(original, doubts=(*original.doubts, SaleError("refund_unclear", why=_WIPED)))


_WIPED = "список чеков в заказе на портале стёрт"


def _refuse_printed_by_portal(order: Order) -> None:
    """Rule 14: where the portal prints the receipts, it prints the refunds too."""
    for payment in order.payments:
        if payment.prints_receipt is None:
            raise SaleError("portal_no_paysystems")
        if payment.prints_receipt:
            raise SaleError("portal_prints", system=payment.pay_system)


def _portal(till: Till, order_id: int) -> tuple[PortalOrder | None, str]:
    """The order as the portal has it now; or None and why not."""
    from posapp.sync.bitrix.look import orders_now

    is_noted = not till.journal.is_read_only  # who only looks beside another process writes no row of the sync log
    try:
        client = exchange.client_of(till)
        with client.within(exchange.PATIENCE_S), exchange.logged(till) if is_noted else nullcontext():
            seen = orders_now(client, [order_id])[order_id]
    except (SyncError, SetupError):
        return None, "портал не ответил"
    return (seen, "") if seen is not None else (None, "на портале такого заказа больше нет")


# ------------------------------------------------------------------------------------------- receipts of other tills
def _of_another_till(till: Till, wanted: Wanted, code: ReceiptQr | None) -> Original:
    is_noted = not till.journal.is_read_only
    order = exchange.order_for_sale(till, wanted.order) if is_noted else orders.find(till, wanted.order)
    _refuse_printed_by_portal(order)
    seen, why = _portal(till, order.order_id)
    told, part = (None, "") if seen is None else _told(order, seen, wanted, code)
    doubts: list[PosError] = [SaleError("refund_unread", why=why)] if seen is None else []
    if seen is not None and any(each.returned and not _lists_refund(seen, each) for each in seen.payments):
        doubts.append(SaleError("refund_unclear", why=_WIPED))
    if told is None:
        told = _on_paper(order, wanted, code)
        part = str(_one_payment(order))
        if seen is not None:
            doubts.append(SaleError("refund_unclear", why="в заказе на портале этого чека нет"))
    receipt = told_receipt(order, told, part, till.vat, till.seller, till.now().tzinfo, wanted.codes)
    if told.digest and not is_exact(receipt, told):
        doubts.append(SaleError("refund_unclear", why="строки заказа не те, что были в чеке"))
    basis = told.basis if told.key != NO_KEY else replace(told.basis, key="")
    return _with_list(till, Original(receipt, basis, is_ours=False, doubts=tuple(doubts)), seen)


def _told(order: Order, seen: PortalOrder, wanted: Wanted, code: ReceiptQr | None) -> tuple[Listed | None, str]:
    """The sale that is meant, as the portal's list has it, and its part of the order; None when it is not there."""
    sales = [each for each in seen.receipts.entries if not each.is_refund]
    if wanted.key or wanted.document is not None or code is not None:
        document = _document_meant(wanted, code)
        sales = [each for each in sales if each.key == wanted.key.upper() or each.document == document]
    else:
        sales = [each for each in sales if not seen.receipts.is_undone(each.key)] or sales[-1:]
    if len(sales) > 1:
        shown = "; ".join(f"{each.key}, ФД {each.document_number}, {each.total}" for each in sales)
        raise SaleError("refund_which", order=order.number, receipts=shown)
    if sales:
        if code is not None and (code.total, code.document_sign) != (sales[0].total, sales[0].document_sign):
            raise SaleError("refund_other_order", why="QR говорит не то, что стоит в заказе на портале")
        return sales[0], seen.places.get(sales[0].key, "")
    return _in_fields(order, seen, wanted, code)


def _lists_refund(seen: PortalOrder, payment: PortalPayment) -> bool:
    """Whether the refund that the payment's fields tell of stands in the list."""
    refunds = [each for each in seen.receipts.entries if each.is_refund]
    return any(str(each.document_number) == payment.returned for each in refunds)


def _document_meant(wanted: Wanted, code: ReceiptQr | None) -> str:
    if code is not None:
        return f"{code.storage_number}-{code.document_number}"
    return f"{wanted.storage}-{wanted.document}" if wanted.document is not None else ""


def _in_fields(order: Order, seen: PortalOrder, wanted: Wanted, code: ReceiptQr | None) -> tuple[Listed | None, str]:
    """A receipt from before there was a list: only the fields of its payment tell of it."""
    document = _document_meant(wanted, code)
    marked = [each for each in seen.payments if each.key and each.document and each.sign and each.storage]
    if document:
        marked = [each for each in marked if f"{each.storage}-{each.document}" == document]
    if len(marked) != 1 or marked[0].amount is None:
        return None, ""
    return _as_full(marked[0], marked[0].amount, wanted), str(marked[0].payment_id)


def _as_full(payment: PortalPayment, amount: Money, wanted: Wanted) -> Listed:
    number = int(payment.document) if payment.document.isascii() and payment.document.isdigit() else 0
    at = payment.paid_at.replace(tzinfo=None, second=0, microsecond=0) if payment.paid_at else datetime(2026, 1, 1)
    return _full(payment.key, payment.storage, number, payment.sign, at, amount, wanted)


def _on_paper(order: Order, wanted: Wanted, code: ReceiptQr | None) -> Listed:
    """The receipt as its paper tells it: the whole order, paid at once."""
    if code is None:
        what = f"чека заказа {order.number} не видно ни здесь, ни на портале; возьмите QR бумажного чека, --qr"
        raise SaleError("refund_nothing", what=what)
    if code.kind is not ReceiptKind.SELL:
        raise SaleError("refund_nothing", what=f"ФД {code.document_number} – не продажа")
    if code.total != order.price:
        raise SaleError("refund_other_order", why=f"чек на {code.total}, а заказ {order.number} на {order.price}")
    at = datetime.combine(code.at.date(), time(code.at.hour, code.at.minute))
    return _full(NO_KEY, code.storage_number, code.document_number, code.document_sign, at, code.total, wanted)


def _full(key: str, storage: str, number: int, sign: str, at: datetime, amount: Money, wanted: Wanted) -> Listed:
    if wanted.paid is None:
        raise SaleError("refund_tender", document=number)
    return Listed(
        key=key,
        kind=ReceiptKind.SELL,
        storage_number=storage,
        document_number=number,
        document_sign=sign,
        at=at,
        total=amount,
        tenders=((wanted.paid, amount),),
        way=Way.FULL.value,
    )


def _one_payment(order: Order) -> int:
    fits = [each.payment_id for each in order.payments if each.amount == order.price and not each.is_inner]
    if len(fits) != 1:
        raise SaleError("refund_unclear", why=f"какая из оплат заказа {order.number} в этом чеке, не видно")
    return fits[0]


# ---------------------------------------------------------------------------------------------- what came back before
def own_refunds(
    till: Till, receipt: Receipt, basis: OriginalReceipt
) -> tuple[list[StoredReceipt], list[StoredReceipt]]:
    """The refunds of a receipt in the journal: those with a mark, and those that were begun and stand open."""
    family = _family(till, receipt)
    printed = [each.receipt for each in family if each.state is State.FISCALIZED]
    counting = {each.key for each in in_force(printed)}
    refunds = [
        each for each in family if each.receipt.kind in REFUNDS and _is_of(taken_back_by(each.receipt, printed), basis)
    ]
    made = [each for each in refunds if each.state is State.FISCALIZED and each.receipt.key in counting]
    return made, [each for each in refunds if each.state not in (State.FISCALIZED, State.CANCELLED)]


def _family(till: Till, receipt: Receipt) -> list[StoredReceipt]:
    """The receipts of the same deal, cancelled ones too. A sale without an order has only its own refunds and what puts
    it right: asked for by their settlements, for all such sales together are many."""
    settlement = receipt.settlement
    if settlement.portal:
        return till.journal.receipts_of_order(settlement.portal, settlement.order_id)
    found, number = list["StoredReceipt"](), 1
    while (each := _of_part(till, receipt, numbered_part(settlement.part, number))) is not None:
        found.append(each)
        number += 1
    parts = [fix_part(settlement.part, fix, receipt.key) for fix in (Fix.UNDO, Fix.VOID)]
    fixes = [_of_part(till, receipt, part) for part in parts]
    right = replace(settlement, part=fix_part(settlement.part, Fix.REDO, receipt.key))
    fixes.append(till.journal.receipt_of_settlement(right))
    own = till.journal.receipt(receipt.key)
    return [each for each in (own, *found, *fixes) if each is not None]


def _of_part(till: Till, receipt: Receipt, part: str) -> StoredReceipt | None:
    kind = REFUND_KIND[receipt.kind]
    return till.journal.receipt_of_settlement(replace(receipt.settlement, part=part, kind=kind))


def _is_known(till: Till, listed: Listed) -> bool:
    stored = till.journal.receipt(listed.key)
    return stored is not None and stored.state is not State.CANCELLED


def _is_of(named: OriginalReceipt | None, basis: OriginalReceipt) -> bool:
    """Whether a refund that refers to `named` takes back the receipt of `basis`, by whatever it knew of it."""
    if named is None:
        return False
    if named.key and basis.key:
        return named.key == basis.key
    if named.storage_number and basis.storage_number:
        document = (basis.storage_number, basis.document_number)
        return (named.storage_number, named.document_number) == document
    return named.document_sign == basis.document_sign


def earlier(till: Till, original: Original, *, but: str = "") -> tuple[Receipt, ...]:
    """Everything that was taken back of it, here and elsewhere; without the refund of key `but`.

    Raises SaleError `refund_unclear` for a refund of another till that does not fit the receipt.
    """
    made, _ = own_refunds(till, original.receipt, original.basis)
    ours = [each.receipt for each in made if each.receipt.key != but]
    if original.listed is None:
        return tuple(ours)
    ids = (original.basis.key, original.name)
    refunds = [each for each in original.listed.entries if each.is_refund and each.of in ids]
    others = [each for each in refunds if not _is_known(till, each)]  # of ours, put right or not, the journal tells
    return (*ours, *(as_told(original.receipt, each) for each in others))
