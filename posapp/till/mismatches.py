"""What the program itself can see to be wrong: receipts that want a correction, and settlements without a receipt.

| found | by comparing |
| --- | --- |
| `printed_otherwise` | the document in the storage with the receipt of the journal, where a reconciliation differed |
| `rates_wrong` | the rates of a receipt with those of the confirmed table for its day |
| `tax_system_wrong` | the tax system of a receipt with its rates |
| `two_documents` | the documents of an order with its payments, by a reconciliation |
| `money_without_receipt` | what is paid or handed over on the portal with the receipts of the journal |

That other money was taken than the receipt says only a person knows. What was put right, taken back or begun to be put
right is not told again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from posapp.domain import ffd
from posapp.domain.correction import Content
from posapp.domain.deal_lines import printed_name
from posapp.domain.lawful import Step
from posapp.domain.money import ZERO, Money
from posapp.domain.order import Order
from posapp.domain.readback import receipt_from
from posapp.domain.receipt import Receipt, ReceiptLine, TaxSystem
from posapp.domain.settlement import Stamp, State
from posapp.domain.vat import VatRate, is_lawful_under
from posapp.errors import DeviceError, PosError, SaleError
from posapp.journal.period import fiscalized_between
from posapp.journal.rows import StoredReceipt
from posapp.till import contents, correction_state, reconcile, register
from posapp.till.context import Till
from posapp.till.reconcile_views import Difference, Phrase, joined, versus

RECEIPTS_MAX = 2_000
ORDERS_MAX = 500
_NO_RECEIPT = "portal_paid_without_receipt"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is wrong. `code` is of `posapp.errors.WORDS`; `key` is the wrong receipt's, "" without one.

    `printed` is what its document says, `right` what it should have said, where the program knows. `unread` is why the
    document could not be read.
    """

    code: str
    order: str
    amount: Money
    what: Phrase
    command: str
    key: str = ""
    document: int | None = None
    printed: Receipt | None = None
    right: Content | None = None
    is_void: bool = False
    unread: PosError | None = None

    def _error(self, language: str) -> PosError:
        facts: dict[str, object] = {"order": self.order, "amount": self.amount, "command": self.command}
        return PosError(
            self.code, **facts, key=self.key, document=self.document or "–", what=self.what.text(language),
            count=2, documents=self.what.text(language),
        )  # fmt: skip

    def message(self, language: str = "ru") -> str:
        """What is wrong, in plain words."""
        return self._error(language).message(language)

    def action(self, language: str = "ru") -> str:
        """What to do about it."""
        return self._error(language).action(language)


def found(till: Till, since: datetime) -> list[Mismatch]:
    """Everything that the program sees: receipts since then, orders on board, the last reconciliation. Changes nothing.

    Documents are read again from the register when it answers. Raises JournalError.
    """
    told: dict[str, Mismatch] = {}
    for difference in _differences(till):
        stored = till.journal.receipt(difference.key) if difference.key else None
        if stored is not None and difference.code == "two_documents" and is_open(till, stored):
            told[stored.receipt.key] = _surplus(stored, difference)
        elif stored is None and difference.code == "two_documents" and difference.document_number:
            told[difference.key] = _unknown_surplus(difference, difference.document_number)
        elif stored is not None and difference.code == "storage_differs" and is_open(till, stored):
            one = _printed_otherwise(till, stored)
            told |= {} if one is None else {stored.receipt.key: one}
    keys = fiscalized_between(till.journal.path, since, till.now() + timedelta(days=1), RECEIPTS_MAX)
    for stored in (each for each in map(till.journal.receipt, keys) if each is not None):
        if stored.receipt.key not in told and is_open(till, stored):
            one = _rates(till, stored)
            told |= {} if one is None else {stored.receipt.key: one}
    return [*told.values(), *_without_receipt(till)]


def of_receipt(till: Till, stored: StoredReceipt) -> Mismatch | None:
    """What is wrong with one receipt, if anything; its document is read where a reconciliation found it to differ.

    Raises DeviceError when that document cannot be read: what was printed must be known to be taken back.
    """
    key = stored.receipt.key
    if any(each.key == key and each.code == "storage_differs" for each in _differences(till)):
        one = _printed_otherwise(till, stored)
        if one is not None and one.unread is not None:
            raise one.unread
        if one is not None:
            return one
    return _rates(till, stored)


def is_open(till: Till, stored: StoredReceipt) -> bool:
    """Whether it is printed, counts, and is neither taken back nor about to be put right."""
    receipt = stored.receipt
    if stored.state is not State.FISCALIZED or stored.mark is None or correction_state.undoes(receipt):
        return False
    is_touched = correction_state.correction_of(till, stored).is_begun
    return not is_touched and correction_state.refund_of(till, receipt) is None


def _differences(till: Till) -> tuple[Difference, ...]:
    last = reconcile.last(till)
    return () if last is None else last.report.differences


def _surplus(stored: StoredReceipt, difference: Difference) -> Mismatch:
    documents = difference.facts.get("documents", "")
    what = documents if isinstance(documents, Phrase) else Phrase(str(documents), str(documents))
    command = f'posapp correct {stored.receipt.key} --void --why "…"'
    return _of(stored, "two_documents", what, command, is_void=True)


def _unknown_surplus(difference: Difference, number: int) -> Mismatch:
    """One that the journal cannot hold beside the other: it is named by the number of its document."""
    documents = difference.facts.get("documents", "")
    what = documents if isinstance(documents, Phrase) else Phrase(str(documents), str(documents))
    return Mismatch(
        "two_documents",
        difference.order,
        difference.amount or ZERO,
        what,
        f'posapp correct --document {number} --void --why "…"',
        document=number,
        is_void=True,
    )


# ------------------------------------------------------------------------------------------------ what was printed
def _printed_otherwise(till: Till, stored: StoredReceipt) -> Mismatch | None:
    """The document as it is in the storage now; None when it says what the journal says."""
    command = f'posapp correct {stored.receipt.key} --why "…"'
    try:
        printed = _printed(till, stored)
    except DeviceError as error:
        away = Phrase.of(error)
        return _of(stored, "printed_otherwise", away, command, unread=error)
    if printed is None:
        return None
    receipt, what = printed
    return _of(stored, "printed_otherwise", what, command, printed=receipt, right=Content.of(stored.receipt))


def _printed(till: Till, stored: StoredReceipt) -> tuple[Receipt, Phrase] | None:
    """What the document says, and on what it differs; None when it does not, or cannot be read as a receipt of ours."""
    kept, mark = stored.receipt, stored.mark
    if mark is None or mark.storage_number != till.identity.storage_number:
        return None
    register.refuse_other_device(till)
    tlv = till.printer.document_tlv(mark.document_number)
    what = contents.of_contents(kept, tlv)
    if not what:
        return None
    stamp = Stamp(kept.till, kept.order_number, kept.key)
    entries = ffd.read_document(tlv).entries
    shown = receipt_from(entries, stamp, kept.settlement, now=kept.created_at, is_training=kept.is_training)
    lines = tuple(_with_code(line, kept.lines) for line in shown.lines)
    return replace(kept, lines=lines, tenders=shown.tenders, tax_system=shown.tax_system, cashless=()), joined(what)


def _with_code(line: ReceiptLine, kept: tuple[ReceiptLine, ...]) -> ReceiptLine:
    """A storage keeps only a part of a marking code: the whole one is in the journal."""
    if not line.marking:
        return line
    whole = next((each.marking for each in kept if line.marking in each.marking), line.marking)
    return replace(line, marking=whole)


# ------------------------------------------------------------------------------------------------ rates, tax system
def _rates(till: Till, stored: StoredReceipt) -> Mismatch | None:
    receipt = stored.receipt
    lines = _right_lines(till, stored)
    what = [
        versus(Phrase(f"«{line.name}»", f"“{line.name}”"), line.vat.title, right.vat.title)
        for line, right in zip(receipt.lines, lines, strict=True)
        if line.vat is not right.vat
    ]
    if what and not _is_older_deal(till, receipt):
        right = Content(lines, Content.of(receipt).tenders, _system(till, receipt, lines))
        return _of(stored, "rates_wrong", joined(what), f'posapp correct {receipt.key} --why "…"', right=right)
    if all(is_lawful_under(line.vat, receipt.tax_system) for line in receipt.lines):
        return None
    system = _system(till, receipt, receipt.lines)
    if system is receipt.tax_system:
        return None
    words = versus(Phrase("СНО", "system"), receipt.tax_system.name, system.name)
    right = replace(Content.of(receipt), tax_system=system)
    return _of(stored, "tax_system_wrong", words, f'posapp correct {receipt.key} --why "…"', right=right)


def _right_lines(till: Till, stored: StoredReceipt) -> tuple[ReceiptLine, ...]:
    """The lines at the rates of the confirmed table; a line of which the order does not tell the rate stays."""
    receipt = stored.receipt
    order = till.journal.order_by_id(receipt.settlement.portal, receipt.settlement.order_id)
    if order is None or stored.mark is None or receipt.step is Step.DEBT:
        return receipt.lines
    day = receipt.correction.day if receipt.correction is not None else stored.mark.printed_at.date()
    table = _table(till, order, day)
    is_ahead = receipt.step is Step.AHEAD
    found = []
    for line in receipt.lines:
        rates = table.get(line.name, set())
        rate = next(iter(rates)) if len(rates) == 1 else None
        want = line.vat if rate is None else rate.calculated if is_ahead else rate
        found.append(line if want is line.vat else replace(line, vat=want))
    return tuple(found)


def _table(till: Till, order: Order, day: date) -> dict[str, set[VatRate]]:
    """The rates of the order's lines on a day, by the name as it is printed."""
    table: dict[str, set[VatRate]] = {}
    for line in order.lines:
        try:
            table.setdefault(printed_name(line.name), set()).add(till.vat.rate_for(line, day))
        except SaleError:  # nobody has confirmed a rate: then none is known to be right
            continue
    return table


def _is_older_deal(till: Till, receipt: Receipt) -> bool:
    """A person has answered for the rate of the past."""
    return any(each.what == "vat.older_deal" for each in till.journal.audit_rows(subject=receipt.key))


def _system(till: Till, receipt: Receipt, lines: tuple[ReceiptLine, ...]) -> TaxSystem:
    """The receipt's own where it allows these rates, else the shop's that does."""
    if all(is_lawful_under(line.vat, receipt.tax_system) for line in lines):
        return receipt.tax_system
    try:
        return till.seller.system_for([(line.name, line.vat) for line in lines])
    except SaleError:
        return receipt.tax_system


# ------------------------------------------------------------------------------------------------ no receipt at all
def _without_receipt(till: Till) -> Iterator[Mismatch]:
    """Orders that are paid, by the last reconciliation, or handed over, by the copies on board, without a receipt."""
    if till.settings.portal is None:
        return
    paid = {each.order: each for each in _differences(till) if each.code == _NO_RECEIPT}
    orders = {each.order_id: each for each in till.journal.orders(till.portal, limit=ORDERS_MAX) if each.is_deducted}
    for number in paid:
        order = till.journal.order(till.portal, number)
        orders |= {} if order is None else {order.order_id: order}
    for order in orders.values():
        if _is_ours(till, order) and not _has_receipt(till, order):
            is_paid = order.number in paid
            what = _PAID if is_paid else _HANDED_OVER
            amount = paid[order.number].amount if is_paid else None
            command = f'posapp correct --order {order.number} --date YYYY-MM-DD --tender cash|card --why "…"'
            yield Mismatch("money_without_receipt", order.number, amount or order.price, what, command)


_PAID = Phrase("оплата на портале отмечена", "its payment is marked on the portal")
_HANDED_OVER = Phrase("товар на портале отгружен", "its goods are deducted on the portal")


def _is_ours(till: Till, order: Order) -> bool:
    """Neither cancelled, nor receipted by the portal, nor another till's."""
    if order.is_cancelled or any(each.prints_receipt is not False for each in order.payments):
        return False
    return till.settings.gateway is None or till.journal.is_claimed(order.portal, order.order_id)


def _has_receipt(till: Till, order: Order) -> bool:
    """Something was printed or begun for it here."""
    of_order = till.journal.receipts_of_order(order.portal, order.order_id)
    return any(each.state is not State.CANCELLED for each in of_order)


def _of(
    stored: StoredReceipt,
    code: str,
    what: Phrase,
    command: str,
    *,
    printed: Receipt | None = None,
    right: Content | None = None,
    is_void: bool = False,
    unread: PosError | None = None,
) -> Mismatch:
    receipt, number = stored.receipt, stored.mark.document_number if stored.mark else None
    return Mismatch(
        code, receipt.order_number, receipt.total, what, command, receipt.key, number, printed or receipt, right,
        is_void, unread,
    )  # fmt: skip
