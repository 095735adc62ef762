"""Asking portal and OFD for a reconciliation: one request a job, so that the exchange goes on in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.in_force import in_force
from posapp.domain.settlement import Stamp, State, is_key
from posapp.domain.undone import undone
from posapp.errors import PosError, SetupError
from posapp.sync.bitrix import look
from posapp.sync.bitrix.look import PortalOrder, PortalPayment
from posapp.sync.ofd import OfdDocument
from posapp.till import exchange, register
from posapp.till.context import Till
from posapp.till.readings import Span, Tell, Where, kept_of
from posapp.till.reconcile_views import OFD, PORTAL, ReconcileProgress
from posapp.till.witnesses import Expected, JournalReading, Kept, OfdReading, Paid, PortalReading, StorageReading

T = TypeVar("T")

PAGES_MAX = 400
DIGITS_MAX = 10  # 1040 has 32 bits
PATIENCE_S = 20.0
"""One request: a reconciliation that runs by itself must not hold up what comes after it for minutes."""
OVERLAP = timedelta(minutes=10)
"""The clocks of till and portal may differ."""


# ------------------------------------------------------------------------------------------------ the portal
def read_portal(
    till: Till, where: Where, span: Span, journal: JournalReading, tell: Tell
) -> tuple[tuple[Kept, ...], PortalReading]:
    """Our receipts of orders of this portal – those of the period, and those whose orders changed in it – and the
    orders as the portal has them now, and what is paid there without a receipt. Raises SyncError, SetupError.
    """
    kept = {each.receipt.key: each for each in journal.kept if each.receipt.settlement.portal == till.portal}
    for order_id in _paged(where, lambda after: _look(till, look.changed_orders, span, after)):
        for stored in till.journal.receipts_of_order(till.portal, order_id):
            one = kept_of(till, stored)
            if one is not None:
                kept.setdefault(stored.receipt.key, one)
    untold = _gone(till, kept.values()) | {key for key, each in kept.items() if _is_untold(till, each)}
    kept = {key: each for key, each in kept.items() if key not in untold}
    ids = sorted({each.receipt.settlement.order_id for each in kept.values()})
    orders: dict[int, PortalOrder | None] = {}
    for start in range(0, len(ids), look.ORDERS_MAX):
        part = ids[start : start + look.ORDERS_MAX]
        orders |= where.sync(lambda: _orders(till, part))  # noqa: B023  (run at once)
        tell(ReconcileProgress(PORTAL, len(orders), len(ids)))
    payments = list(_paged(where, lambda after: _look(till, look.paid_payments, span, after)))
    inside = [
        each for each in payments if span.until is None or (each.paid_at is not None and each.paid_at < span.until)
    ]
    paid = [one for one in (_paid(till, where, each) for each in inside) if one is not None]
    return tuple(kept.values()), PortalReading(orders, tuple(paid))


def _gone(till: Till, kept: Iterable[Kept]) -> set[str]:
    """Sales that were taken back whole: what their refunds have told the portal counts now."""
    orders = {each.receipt.settlement.order_id for each in kept}
    found = set[str]()
    for order_id in orders:
        stored = till.journal.receipts_of_order(till.portal, order_id)
        printed = [each.receipt for each in stored if each.state is State.FISCALIZED]
        found |= {each.key for each in undone(in_force(printed))}
    return found


def _is_untold(till: Till, each: Kept) -> bool:
    """A receipt of which the portal is told nothing: neither a sale nor its refund, or of a deal that was put right."""
    receipt = each.receipt
    made = till.journal.receipts_of_order(receipt.settlement.portal, receipt.settlement.order_id)
    is_put_right = any(one.mark is not None and one.receipt.settlement.fix is not None for one in made)
    return is_put_right or receipt.kind not in (ReceiptKind.SELL, ReceiptKind.SELL_REFUND)


_Page = tuple[list[T], int | None]


def _paged(where: Where, page: Callable[[int], _Page[T]]) -> Iterator[T]:
    """The items of all pages, one request a job."""
    after: int | None = 0
    for _ in range(PAGES_MAX):
        begin = after
        items, after = where.sync(lambda: page(begin or 0))  # noqa: B023  (run at once)
        yield from items
        if after is None:
            return


def _look(till: Till, ask: Callable[..., _Page[T]], span: Span, after: int) -> _Page[T]:
    with exchange.logged(till) as client, client.within(PATIENCE_S):
        return ask(client, span.since - OVERLAP, after)


def _orders(till: Till, ids: list[int]) -> dict[int, PortalOrder | None]:
    with exchange.logged(till) as client, client.within(PATIENCE_S):
        return look.orders_now(client, ids)


def _paid(till: Till, where: Where, payment: PortalPayment) -> Paid | None:
    """A paid payment that has no receipt with a mark and ought to have one of this till; None for all others."""
    receipts = till.journal.receipts_of_order(till.portal, payment.order_id)
    if any(each.mark is not None for each in receipts):
        return None
    on_board = till.journal.order_by_id(till.portal, payment.order_id)
    number = on_board.number if on_board else str(payment.order_id)
    if is_key(payment.key):
        printer = till.settings.printer
        if printer is None or payment.storage != printer.storage_number:
            return None  # another till's, on its own register
        if where.device(lambda: _is_another_tills(till, payment)):
            return None
        return Paid(payment, number, till.journal.receipt(payment.key), is_mine=True)
    begun = next((each for each in receipts if each.receipt.settlement.part == str(payment.payment_id)), None)
    is_mine = till.journal.is_claimed(till.portal, payment.order_id)
    return Paid(payment, number, begun, is_mine) if begun is not None or (is_mine and payment.is_cash) else None


def _is_another_tills(till: Till, payment: PortalPayment) -> bool:
    """Whether the document that a payment names is in our storage with another till's stamp: two tills, one register.

    While the register cannot be asked, it may be so where several tills share the portal.
    """
    if not (payment.document.isascii() and payment.document.isdigit() and len(payment.document) <= DIGITS_MAX):
        return False
    number, storage = int(payment.document), till.identity.storage_number
    document = next(iter(till.journal.foreign_documents(storage, after=number - 1, limit=1)), None)
    if document is None or document.number != number:
        try:
            register.refuse_other_device(till)
            document = till.printer.read_document(number)
        except PosError as error:
            return error.code != "not_found" and till.settings.gateway is not None
    stamp = Stamp.parse(document.stamp) if document.stamp else None
    return stamp is not None and stamp.key == payment.key and stamp.till not in ("", till.settings.till)


# ------------------------------------------------------------------------------------------------ the OFD
def read_ofd(
    till: Till, span: Span, journal: JournalReading, storage: StorageReading | None, tell: Tell
) -> list[OfdReading]:
    """What the OFD has of our storage, and of former ones that receipts of the period name.

    Raises SyncError, SetupError – also `training_mismatch` when practice and real would be mixed (rule 20).
    """
    if till.ofd is None:
        raise SetupError("not_set_up", what="не указан ОФД", command="ofd")
    ofd = till.ofd()
    try:
        here = till.identity.storage_number
        former = {each.mark.storage_number for each in journal.kept} - {here}
        readings = []
        for number in (here, *sorted(former)):
            read = storage if number == here else None
            expected = {each.number: each for each in _expected(number, journal, read)}
            if read is None and number == here:  # asked by moment: what was printed before is not among the answers
                expected = {each.number: each for each in expected.values() if span.holds(each.at)}
            held: dict[int, OfdDocument] = {}
            for page in _ofd_pages(ofd, number, span, expected, read, is_former=number != here):
                held |= {each.number: each for each in page}
                tell(ReconcileProgress(OFD, len(held), None))
                _refuse_mixing(till, ofd.is_simulator)
            last = read.last if read is not None and read.is_whole else None
            readings.append(OfdReading(expected, held, last))
        return readings
    finally:
        ofd.close()


def _refuse_mixing(till: Till, is_simulator: bool | None) -> None:
    if is_simulator is not None and is_simulator != till.settings.is_training:
        what = (
            "ОФД учебный, а каталог данных настоящий." if is_simulator else "ОФД настоящий, а каталог данных учебный."
        )
        raise SetupError("training_mismatch", what=what)


def _ofd_pages(
    ofd: _Ofd,
    storage_number: str,
    span: Span,
    expected: dict[int, Expected],
    storage: StorageReading | None,
    *,
    is_former: bool,
) -> Iterator[list[OfdDocument]]:
    """By number where the numbers are known, else by moment. Up to now is asked without an end: extras come last."""
    if storage is None and not is_former:
        return ofd.documents_between(storage_number, span.local_since, span.local_until)
    if not expected:
        if storage is None or span.until is not None:
            return iter(())
        return ofd.documents(storage_number, storage.last + 1)
    is_open = span.until is None and storage is not None and storage.is_whole
    return ofd.documents(storage_number, min(expected), None if is_open else max(expected))


class _Ofd(Protocol):
    def documents(self, storage_number: str, first: int, last: int | None = None) -> Iterator[list[OfdDocument]]: ...
    def documents_between(
        self, storage_number: str, since: datetime, until: datetime | None = None
    ) -> Iterator[list[OfdDocument]]: ...


def _expected(storage_number: str, journal: JournalReading, storage: StorageReading | None) -> Iterator[Expected]:
    """What the OFD ought to have: by the journal, and by the storage itself, which is right where they differ."""
    for each in journal.kept:
        receipt, mark = each.receipt, each.mark
        if mark.storage_number == storage_number:
            yield Expected(
                mark.document_number,
                receipt.kind,
                receipt.total,
                mark.document_sign,
                mark.printed_at,
                receipt.order_number,
                receipt.key,
            )
    for found in storage.found if storage is not None else ():
        document, stamp = found.document, found.stamp
        yield Expected(
            document.number,
            document.kind,
            document.total,
            document.sign,
            document.at,
            stamp.order if stamp else "",
            stamp.key if stamp else "",
        )
