"""What can lawfully be done with an order now: from its own payments, shipments and receipts to a list of offers.

Each offer is one settlement and gives exactly one lawful receipt; a person chooses among them in plain words and cannot
choose anything else. Pure: the caller gives the order and the receipts that were made for it.

| way | words | method (1214) | paid by |
| --- | --- | --- | --- |
| full | money and goods change hands | 4 | money |
| handover | paid before, the goods go out now | 4 | 1215 |
| rest | a part was paid before, the rest now | 4 | 1215 and money |
| prepayment, part-prepayment, advance | money now, the goods later | 1, 2, 3 | money |
| site-payment | the receipt of money that came in on the site | 1, 2 | 1081 |
| credit | the goods go out, the money comes later | 6; 5 with a part paid before | 1216, 1215 |
| part-credit | a part now, the rest later | 5 | money, 1216, 1215 |
| debt | the customer pays what went out on credit | 7 | money |
| barter | the customer gives something else instead of money | 4 | 1217 |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.in_force import in_force
from posapp.domain.lawful import Step
from posapp.domain.money import ZERO, Money, total
from posapp.domain.order import Order, OrderPayment
from posapp.domain.parted import parts_of
from posapp.domain.receipt import PaymentMethod, Receipt, Tender, TenderKind
from posapp.domain.settlement import handover_part, numbered_part
from posapp.domain.undone import standing, undone
from posapp.errors import SaleError


class Way(StrEnum):
    """How an order is settled; the value is what is typed after `--as`."""

    FULL = "full"
    HANDOVER = "handover"
    REST = "rest"
    PREPAYMENT = "prepayment"
    PART_PREPAYMENT = "part-prepayment"
    ADVANCE = "advance"
    SITE_PAYMENT = "site-payment"
    CREDIT = "credit"
    PART_CREDIT = "part-credit"
    DEBT = "debt"
    BARTER = "barter"


TITLES: Mapping[Way, tuple[str, str]] = {
    Way.FULL: ("берём деньги и отдаём товар", "take the money and hand over"),
    Way.HANDOVER: ("оплачено раньше, отдаём товар", "paid before, hand over"),
    Way.REST: ("часть оплачена: берём остальное и отдаём товар", "a part was paid: take the rest and hand over"),
    Way.PREPAYMENT: ("берём предоплату 100 %, товар потом", "take a prepayment of 100 %, the goods later"),
    Way.PART_PREPAYMENT: ("берём часть предоплаты, товар потом", "take a part ahead, the goods later"),
    Way.ADVANCE: ("берём аванс: за что, ещё не решено", "take an advance: what for is not settled"),
    Way.SITE_PAYMENT: ("деньги пришли на сайте: чек предоплаты", "money came in on the site: its prepayment receipt"),
    Way.CREDIT: ("отдаём товар в долг", "hand over on credit"),
    Way.PART_CREDIT: ("берём часть, остальное в долг, отдаём товар", "take a part, the rest on credit, hand over"),
    Way.DEBT: ("клиент гасит долг", "the customer pays the debt"),
    Way.BARTER: ("вместо денег встречное предоставление", "something else instead of money"),
}

MAY_BE_ALL = frozenset((Way.FULL, Way.BARTER, Way.HANDOVER, Way.REST))
"""Ways that may be all that an order ever sees of one till: those that a gateway, which closes it then, allows."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that can lawfully be done now.

    `due` is the money to be taken at the till; `prepaid` (1215), `credit` (1216), `other` (1217) and `came_in` (1081,
    money that is with the shop already) stand on the receipt without anybody handing anything over. `payment_id` is the
    portal's payment whose money it is, `shipment_id` the shipment that goes out. `again`: the which time it is settled,
    after the former receipts were taken back whole.
    """

    way: Way
    due: Money = ZERO
    prepaid: Money = ZERO
    credit: Money = ZERO
    other: Money = ZERO
    came_in: Money = ZERO
    payment_id: int | None = None
    shipment_id: int | None = None
    again: int = 1

    @property
    def total(self) -> Money:
        """What the receipt will come to (1020)."""
        return total([self.due, self.prepaid, self.credit, self.other, self.came_in])

    @property
    def part(self) -> str:
        """The part of the settlement: the payment where money is settled, else the shipment."""
        if self.payment_id is not None:
            return numbered_part(str(self.payment_id), self.again)
        if self.shipment_id is None:
            raise ValueError("an offer settles a payment or a shipment")
        return numbered_part(handover_part(self.shipment_id), self.again)

    def tenders(self, money: Sequence[Tender]) -> tuple[Tender, ...]:
        """All tenders of the receipt: the money that was handed over and what needs no hand."""
        fixed = (
            (TenderKind.CASHLESS, self.came_in),
            (TenderKind.PREPAID, self.prepaid),
            (TenderKind.CREDIT, self.credit),
            (TenderKind.OTHER, self.other),
        )
        return (*money, *(Tender(kind, amount) for kind, amount in fixed if amount > ZERO))

    def title(self, language: str = "ru") -> str:
        """In plain words."""
        return TITLES[self.way][language == "en"]

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """One of `offers` of the command line."""
        return {
            "as": self.way.value,
            "title": self.title(language),
            "due_kopecks": self.due.kopecks,
            "total_kopecks": self.total.kopecks,
            "prepaid_kopecks": self.prepaid.kopecks,
            "credit_kopecks": self.credit.kopecks,
            "payment": self.payment_id,
            "shipment": self.shipment_id,
        }


@dataclass(frozen=True, slots=True)
class Deal:
    """How an order stands: what the portal says of its payments, and what our own receipts say, which is newer."""

    order: Order
    made: tuple[Receipt, ...]
    gone: tuple[Receipt, ...] = ()

    @classmethod
    def of(cls, order: Order, made: Sequence[Receipt]) -> Deal:
        """The deal from everything that was printed: without what was put right, and without what was taken back whole,
        which is `gone`."""
        counting = in_force(made)
        return cls(order, standing(counting), undone(counting))

    @property
    def undone(self) -> frozenset[int]:
        """The payments whose money has gone back whole, whatever the portal still shows, and was not taken anew."""
        found = (each.settlement.payment_id for each in self.gone)
        return frozenset(each for each in found if each is not None) - self.taken

    @property
    def taken(self) -> frozenset[int]:
        """The payments for which a receipt was made here."""
        found = (each.settlement.payment_id for each in self.made if each.kind is ReceiptKind.SELL)
        return frozenset(each for each in found if each is not None)

    @property
    def paid_payments(self) -> tuple[OrderPayment, ...]:
        """Payments whose money is with the shop: marked on the portal, or receipted here."""
        return tuple(
            each
            for each in self.order.payments
            if each.payment_id in self.taken or (each.is_paid and each.payment_id not in self.undone)
        )

    @property
    def open_payments(self) -> tuple[OrderPayment, ...]:
        """Payments that are still awaited, the buyer's inner account left out."""
        paid = {each.payment_id for each in self.paid_payments}
        return tuple(each for each in self.order.payments if not each.is_inner and each.payment_id not in paid)

    @property
    def paid(self) -> Money:
        """The sum of the paid ones."""
        return total([each.amount for each in self.paid_payments])

    @property
    def handed_over(self) -> frozenset[int]:
        """The shipments that receipts of ours handed over, each by its own."""
        found = (each.settlement.shipment_id for each in self._hand_overs())
        return frozenset(each for each in found if each is not None)

    @property
    def is_handed_over(self) -> bool:
        """Receipts of ours handed all of the goods over."""
        gone = self._hand_overs()
        parts = {part.shipment_id for part in parts_of(self.order)}
        return any(each.settlement.shipment_id not in parts for each in gone) or (
            bool(gone) and parts <= self.handed_over
        )

    def _hand_overs(self) -> list[Receipt]:
        return [each for each in self.made if each.kind is ReceiptKind.SELL and each.step is Step.HANDOVER]

    @property
    def debt(self) -> Money:
        """What went out on credit and is not paid."""
        sold = [each for each in self.made if each.kind is ReceiptKind.SELL]
        given = total([each.tender(TenderKind.CREDIT) for each in sold])
        return given - total([each.total for each in sold if each.step is Step.DEBT])

    @property
    def is_refunded(self) -> bool:
        """A part was taken back: what is left of the deal is not the order's payments any more."""
        return any(each.kind is ReceiptKind.SELL_REFUND for each in self.made)


def offers(order: Order, made: Sequence[Receipt]) -> tuple[Offer, ...]:
    """What can be done now, what is likeliest first; empty when nothing is left.

    Args:
        order: fit to be sold (`checkout.refuse_unfit`).
        made: the fiscalized receipts of this order.

    Raises:
        SaleError: `deal_unclear` – the payments do not come to the order, or something was taken back.
    """
    deal = Deal.of(order, made)
    if deal.is_refunded:
        raise SaleError("deal_unclear", order=order.number, why="по нему возвращена часть")
    return tuple(replace(each, again=_number(each.part, deal, made)) for each in _open(deal))


def _number(part: str, deal: Deal, made: Sequence[Receipt]) -> int:
    """Which settlement of its part comes next: the journal keeps what was taken back, or was wrong, under the numbers
    before."""
    former = [each.settlement for each in made if each.kind is ReceiptKind.SELL and each not in deal.made]
    return 1 + sum(each.base == part and each.fix is None for each in former)


def next_part(order: Order, part: str, made: Sequence[Receipt]) -> str:
    """The part, with its number where earlier receipts of it were taken back whole or put right.

    `made`: the fiscalized receipts of the order.
    """
    return numbered_part(part, _number(part, Deal.of(order, made), made))


def _open(deal: Deal) -> tuple[Offer, ...]:
    order = deal.order
    awaited = deal.paid + total([each.amount for each in deal.open_payments])
    if deal.is_handed_over:
        return tuple(_debts(deal))
    if deal.handed_over:  # of several shipments: the money was settled before the first one
        return tuple(_paid(deal))
    if awaited != order.price:
        raise SaleError("deal_unclear", order=order.number, why=f"оплаты дают {awaited}, а заказ {order.price}")
    if not deal.paid:
        return tuple(_unpaid(deal))
    if deal.paid < order.price:
        return (*_part_paid(deal), *_site_payments(deal))
    return (*_paid(deal), *_site_payments(deal))


def _shipment(order: Order) -> int | None:
    """The one shipment that a hand-over takes; None when there are none or several."""
    return order.shipments[0].shipment_id if len(order.shipments) == 1 else None


def _unpaid(deal: Deal) -> list[Offer]:
    order, shipment, found = deal.order, _shipment(deal.order), list[Offer]()
    for each in deal.open_payments:
        amount, number = each.amount, each.payment_id
        if amount == order.price:
            ways = (Way.FULL, Way.PREPAYMENT, Way.ADVANCE)
            found += [Offer(way, due=amount, payment_id=number) for way in ways]
            found.append(Offer(Way.BARTER, other=amount, payment_id=number))
            continue
        found += [Offer(way, due=amount, payment_id=number) for way in (Way.PART_PREPAYMENT, Way.ADVANCE)]
        if shipment is not None:
            rest = order.price - amount
            found.append(Offer(Way.PART_CREDIT, due=amount, credit=rest, payment_id=number, shipment_id=shipment))
    if shipment is not None:
        found.append(Offer(Way.CREDIT, credit=order.price, shipment_id=shipment))
    return found


def _part_paid(deal: Deal) -> list[Offer]:
    order, shipment, paid, found = deal.order, _shipment(deal.order), deal.paid, list[Offer]()
    for each in deal.open_payments:
        amount, number, rest = each.amount, each.payment_id, order.price - paid - each.amount
        if rest == ZERO:
            found.append(Offer(Way.REST, due=amount, prepaid=paid, payment_id=number, shipment_id=shipment))
        elif shipment is not None:
            found.append(Offer(Way.PART_CREDIT, amount, paid, credit=rest, payment_id=number, shipment_id=shipment))
        found += [Offer(way, due=amount, payment_id=number) for way in (Way.PART_PREPAYMENT, Way.ADVANCE)]
    if shipment is not None:
        found.append(Offer(Way.CREDIT, prepaid=paid, credit=order.price - paid, shipment_id=shipment))
    return found


def _paid(deal: Deal) -> list[Offer]:
    shipment = _shipment(deal.order)
    if shipment is not None:
        return [Offer(Way.HANDOVER, prepaid=deal.order.price, shipment_id=shipment)]
    return [
        Offer(Way.HANDOVER, prepaid=part.total, shipment_id=part.shipment_id)
        for part in parts_of(deal.order)
        if not part.is_deducted and part.shipment_id not in deal.handed_over and part.total > ZERO
    ]


def _site_payments(deal: Deal) -> list[Offer]:
    """Money that came in without a receipt of ours; whether the site's bank has made one, a person knows."""
    return [
        Offer(Way.SITE_PAYMENT, came_in=each.amount, payment_id=each.payment_id)
        for each in deal.paid_payments
        if each.payment_id not in deal.taken and not each.is_inner and each.amount > ZERO
    ]


def _debts(deal: Deal) -> list[Offer]:
    return [
        Offer(Way.DEBT, due=each.amount, payment_id=each.payment_id)
        for each in deal.open_payments
        if ZERO < each.amount <= deal.debt
    ]


def chosen(
    order: Order, made: Sequence[Receipt], way: Way, payment_id: int | None = None, shipment_id: int | None = None
) -> Offer:
    """The one offer that a person means.

    Raises SaleError `way_closed` with what can be done instead, `way_unclear`, `shipment_unclear`.
    """
    found = offers(order, made)
    fits = [
        each
        for each in found
        if each.way is way and payment_id in (None, each.payment_id) and shipment_id in (None, each.shipment_id)
    ]
    if not fits:
        ways = ", ".join(dict.fromkeys(each.way.value for each in found)) or "–"
        raise SaleError("way_closed", order=order.number, way=way.value, ways=ways)
    if len(fits) > 1 and len({each.shipment_id for each in fits}) == len(fits):
        shipments = ", ".join(f"{each.shipment_id} ({each.total})" for each in fits)
        raise SaleError("shipment_unclear", order=order.number, shipments=shipments)
    if len(fits) > 1:
        payments = ", ".join(f"{each.payment_id} ({each.total})" for each in fits)
        raise SaleError("way_unclear", order=order.number, payments=payments)
    return fits[0]


def way_of(receipt: Receipt) -> Way:
    """Which way of settling made a sale's receipt, by what stands on it."""
    methods = {line.payment_method for line in receipt.lines}
    if receipt.step is Step.DEBT:
        return Way.DEBT
    if receipt.step is Step.AHEAD:
        if receipt.is_internet:
            return Way.SITE_PAYMENT
        if PaymentMethod.ADVANCE in methods:
            return Way.ADVANCE
        return Way.PREPAYMENT if PaymentMethod.FULL_PREPAYMENT in methods else Way.PART_PREPAYMENT
    if receipt.tender(TenderKind.CREDIT):
        return Way.CREDIT if receipt.settlement.payment_id is None else Way.PART_CREDIT
    if receipt.settlement.payment_id is None:
        return Way.HANDOVER
    if receipt.tender(TenderKind.OTHER):
        return Way.BARTER
    return Way.REST if receipt.tender(TenderKind.PREPAID) else Way.FULL


def part_of(order: Order, receipt: Receipt, made: Sequence[Receipt]) -> str | None:
    """Which part of an order a receipt settled that was read back from its document; None when it cannot be told."""
    money = receipt.settled_money
    if money == ZERO:
        gone = Deal.of(order, made).handed_over
        alike = (each.shipment_id for each in parts_of(order) if each.total == receipt.total)
        shipment = _shipment(order) or next((each for each in alike if each not in gone), None)
        return None if shipment is None else handover_part(shipment)
    taken = Deal.of(order, made).taken
    fits = [each for each in order.payments if each.amount == money and each.payment_id not in taken]
    fits.sort(key=lambda each: (each.is_inner, each.is_paid))  # an open one is likelier, the inner account unlikely
    return str(fits[0].payment_id) if fits else None
