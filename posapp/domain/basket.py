"""A sale without an order: products of the catalogue and how much of each, made into a receipt. No clock, no I/O.

What cannot be sold as it was scanned is refused here, each case with its own words: no price, taken off sale, a set, a
weight that is missing or on a good sold by pieces, a fraction of a piece, a marked thing without its code, a VAT row
that nobody has confirmed (rule 17).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from posapp.domain.checkout import Seller, Terms, VatTable, check_tenders, is_contact
from posapp.domain.deal_lines import printed_name
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.inn import is_inn
from posapp.domain.marked_lines import LINES_MAX, refuse_twice, with_codes
from posapp.domain.marking import MarkingCode, parse_marking
from posapp.domain.money import KOPECKS_MAX, ZERO, Money, Quantity, round_half_up, total
from posapp.domain.order import OrderLine
from posapp.domain.product import GRAMS_OF, ROUBLES, SELLABLE, Product, ProductKind
from posapp.domain.receipt import PaymentObject, Receipt, ReceiptLine, Tender
from posapp.domain.settlement import Settlement, short_key
from posapp.domain.terms import MEASURES
from posapp.domain.vat import VatRate
from posapp.errors import SaleError

QUANTITY_MAX = Decimal(9_999)
"""More than that of one thing is a barcode that was typed for a quantity."""
DECIMALS_MAX = 3
"""Grams of a kilogram: scales know no less."""
MARKED_MAX = Decimal(1)
"""One code is one thing."""
WALK_IN = "walkin:"
"""The part of a settlement that has no order: this and the receipt's own key."""


def walk_in_settlement(key: str, kind: ReceiptKind = ReceiptKind.SELL) -> Settlement:
    """The settlement of a sale without an order: nothing but the receipt itself says which sale it was (rule 1).

    It belongs to no portal, so it never meets a settlement of an order, whatever is set up later; the same key gives
    the same settlement when the receipt is read back from the fiscal storage.
    """
    return Settlement("", 0, f"{WALK_IN}{key}", kind)


def is_walk_in(settlement: Settlement) -> bool:
    """Whether a settlement is that of a sale without an order, or of its refund."""
    return not settlement.portal and settlement.part.startswith(WALK_IN)


def is_walk_in_sale(receipt: Receipt) -> bool:
    """Whether it is the sale itself, and not its refund or a document that puts it right."""
    return receipt.settlement == walk_in_settlement(receipt.key)


@dataclass(frozen=True, slots=True)
class Item:
    """A product with how much of it, the code that was scanned or typed, and the marking code of the thing, if any."""

    product: Product
    quantity: Quantity
    code: str = ""
    marking: MarkingCode | None = None

    def as_json(self) -> dict[str, object]:
        """What the portal's stock will be told; see `journal.rows.WalkIn`."""
        body: dict[str, object] = {
            "portal": self.product.portal,
            "product_id": self.product.product_id,
            "name": self.product.name,
            "code": self.code,
            "quantity": str(self.quantity),
        }
        return body | ({"marking": self.marking.text} if self.marking is not None else {})


# ------------------------------------------------------------------------------------------------ one thing
def item_of(
    product: Product,
    *,
    code: str = "",
    typed: Decimal | None = None,
    grams: Decimal | None = None,
    marking: MarkingCode | None = None,
) -> Item:
    """The item that a code and what was typed with it mean. Raises SaleError.

    Args:
        typed: the quantity by hand; None for one piece – or for what the label says.
        grams: the weight on the label, 0 where the label has none.
        marking: the code of the thing that was scanned.
    """
    _refuse_unsellable(product)
    if grams is not None and not product.is_weighed:
        raise SaleError("goods_weight_code", name=product.name, measure=product.measure_name)
    weight = grams if grams else None
    if weight is not None and typed is not None:
        raise _bad_quantity(product, typed, "вес уже есть в штрихкоде")
    if weight is not None:
        amount = weight / GRAMS_OF[product.measure]
    elif typed is not None:
        amount = typed
    elif product.is_measured:
        raise SaleError("goods_no_weight", name=product.name, measure=product.measure_name)
    else:
        amount = Decimal(1)
    return Item(product, _quantity(product, amount, marking), code, marking)


def _refuse_unsellable(product: Product) -> None:
    if product.kind not in SELLABLE:
        raise SaleError("goods_set", name=product.name, why=_UNSELLABLE.get(product.kind, f"вид {product.kind}"))
    if not product.is_active:
        raise SaleError("goods_inactive", name=product.name)


_UNSELLABLE: Mapping[int, str] = {
    ProductKind.SET: "это комплект, его состава касса не знает",
    ProductKind.WITH_VARIATIONS: "у него есть варианты, продают вариант",
}


def _quantity(product: Product, amount: Decimal, marking: MarkingCode | None) -> Quantity:
    if amount <= 0:
        raise _bad_quantity(product, amount, "оно должно быть больше нуля")
    if amount > QUANTITY_MAX:
        raise _bad_quantity(product, amount, f"больше {QUANTITY_MAX} за раз не продают")
    whole = amount == amount.to_integral_value()
    if not product.is_measured and not whole:
        raise _bad_quantity(product, amount, f"товар продают целыми ({product.measure_name})")
    if amount != round(amount, DECIMALS_MAX):
        raise _bad_quantity(product, amount, "после запятой больше трёх знаков")
    if marking is not None and amount > MARKED_MAX:
        raise _bad_quantity(product, amount, "один код маркировки – одна вещь, у каждой свой")
    return Quantity(amount)


def _bad_quantity(product: Product, amount: Decimal, why: str) -> SaleError:
    shown = f"{amount.normalize():f}" if abs(amount) < 10**15 else "слишком большое"
    return SaleError("goods_quantity", name=product.name, quantity=shown, why=why)


# ------------------------------------------------------------------------------------------------ its price and rate
def price_of(product: Product, quantity: Quantity, vat: VatTable) -> Money:
    """The gross price of one for this quantity. Raises SaleError `goods_no_price`; no price and zero are the same.

    Two prices for one quantity are no price: nobody may choose between them but the portal.
    """
    fitting = [each for each in product.prices if each.holds_for(quantity)]
    in_roubles = [each.amount for each in fitting if each.currency == ROUBLES]
    if not product.prices:
        raise _no_price(product, "на портале её нет")
    if not in_roubles:
        why = f"она в {fitting[0].currency or '?'}" if fitting else f"её нет для количества {quantity}"
        raise _no_price(product, why)
    if len(set(in_roubles)) > 1:
        raise _no_price(product, "на портале их несколько: " + ", ".join(map(str, sorted(in_roubles, key=_kopecks))))
    price = in_roubles[0] if product.vat_included else _with_vat(product, in_roubles[0], vat)
    if price <= ZERO:
        raise _no_price(product, f"она {price}")
    return price


def _kopecks(amount: Money) -> int:
    return amount.kopecks


def _no_price(product: Product, why: str) -> SaleError:
    return SaleError("goods_no_price", name=product.name, why=why)


def _with_vat(product: Product, net: Money, vat: VatTable) -> Money:
    """A net price with the VAT of the product's row on top, half up; the row itself is checked with the rate."""
    row = vat.rows.get(product.vat_row or 0)
    percent = Decimal(0) if row is None or row.percent is None else row.percent
    return Money(round_half_up(net.kopecks * (1 + percent / 100)))


def line_of(item: Item, vat: VatTable, now: datetime) -> ReceiptLine:
    """The line of a receipt. Raises SaleError `goods_no_price`, `vat_unmapped`, `goods_quantity`."""
    product, price = item.product, price_of(item.product, item.quantity, vat)
    if price.kopecks * item.quantity.value > KOPECKS_MAX:
        raise _bad_quantity(product, item.quantity.value, "сумма больше, чем бывает в чеке")
    line = ReceiptLine(
        name=printed_name(product.name) or f"Товар {product.product_id}",
        price=price,
        quantity=item.quantity,
        line_sum=price.times(item.quantity),
        vat=_rate(product, item.quantity, price, vat, now),
        payment_object=PaymentObject.SERVICE if product.kind == ProductKind.SERVICE else PaymentObject.COMMODITY,
        measure=product.measure,
    )
    if line.line_sum <= ZERO:
        raise _bad_quantity(product, item.quantity.value, "сумма меньше копейки")
    return line


def _rate(product: Product, quantity: Quantity, price: Money, vat: VatTable, now: datetime) -> VatRate:
    """The confirmed rate of the product's row; rule 17 holds what is not confirmed, and row 0 is that of deliveries."""
    line = OrderLine(product.name, quantity, price, product.vat_row or None, None, measure=MEASURES[product.measure])
    return vat.rate_for(line, now.date())


# ------------------------------------------------------------------------------------------------ the receipt
Codes = Mapping[int, Sequence[MarkingCode]]


def lines_of(items: Sequence[Item], codes: Codes, vat: VatTable, now: datetime) -> tuple[ReceiptLine, ...]:
    """The lines with the marking codes that were scanned as goods or given for a line. Raises SaleError, BadMarking."""
    if not items:
        raise SaleError("goods_code", code="–", why="не набран ни один товар")
    if len(items) > LINES_MAX:
        raise SaleError("walkin_too_much", what=f"строк {len(items)} из {LINES_MAX}")
    scanned = [(number, each.marking) for number, each in enumerate(items, 1) if each.marking is not None]
    given = [(number, code) for number in sorted(codes) for code in codes[number]]
    refuse_twice(sorted([*scanned, *given], key=lambda each: each[0]))
    for number, _ in scanned:
        if codes.get(number):
            name, both = items[number - 1].product.name, 1 + len(codes[number])
            raise SaleError("marking_quantity", line=number, name=name, quantity=1, count=both)
    lines = [line_of(each, vat, now) for each in items]
    _refuse_unmarked(items, codes)
    return with_codes(lines, {**{number: (code,) for number, code in scanned}, **codes})


def _refuse_unmarked(items: Sequence[Item], codes: Codes) -> None:
    """What the catalogue calls marked is not sold by its barcode: any thing would do for that, and one code is one."""
    for number, each in enumerate(items, 1):
        if each.product.marking and each.marking is None and not codes.get(number):
            raise SaleError("goods_unmarked", line=number, name=each.product.name)


def walk_in_receipt(
    items: Sequence[Item],
    tenders: Sequence[Tender],
    vat: VatTable,
    seller: Seller,
    *,
    identity: UUID,
    now: datetime,
    codes: Codes,
    terms: Terms,
) -> Receipt:
    """The frozen receipt of a sale without an order. Raises SaleError with the reason when there can be none."""
    lines = lines_of(items, codes, vat, now)
    kopecks = sum(each.line_sum.kopecks for each in lines)
    if kopecks > KOPECKS_MAX:
        raise SaleError("walkin_too_much", what="сумма больше, чем бывает в чеке")
    check_tenders(total([each.line_sum for each in lines]), tenders)
    contact, name, inn = _buyer(terms)
    return Receipt(
        identity=identity,
        settlement=walk_in_settlement(short_key(identity)),
        order_number="",
        lines=lines,
        tenders=tuple(tenders),
        tax_system=seller.system_for([(line.name, line.vat) for line in lines]),
        till=seller.till,
        cashier=seller.cashier,
        created_at=now,
        buyer_contact=contact,
        buyer_name=name,
        buyer_inn=inn,
        is_training=seller.is_training,
        cashless=terms.cashless,
        cashier_inn=seller.cashier_inn,
        place=seller.place,
    )


def _buyer(terms: Terms) -> tuple[str, str, str]:
    """Contact (1008), name (1227) and INN (1228) as the person at the till says."""
    if terms.contact and not is_contact(terms.contact):
        raise SaleError("contact_unfit", contact=terms.contact[:64])
    if (terms.buyer_inn and not is_inn(terms.buyer_inn)) or bool(terms.buyer_name) != bool(terms.buyer_inn):
        raise SaleError("inn_unfit", inn=terms.buyer_inn[:20] or "–")
    return terms.contact, terms.buyer_name, terms.buyer_inn


# ------------------------------------------------------------------------------------------------ the same goods
def content_of(lines: Sequence[ReceiptLine]) -> str:
    """A hash of goods, prices and codes: the same for the same things, in whatever order they were scanned.

    How they are paid is no part of it: who pays by card what he wanted to pay in cash buys the same goods.
    """
    sums: dict[tuple[object, ...], Decimal] = {}
    codes: list[str] = []
    for line in lines:
        thing = (line.name, line.price.kopecks, line.vat.value, line.measure)
        sums[thing] = sums.get(thing, Decimal(0)) + line.quantity.value
        if line.marking:
            codes.append(parse_marking(line.marking).identity)
    goods = sorted([*map(str, thing), f"{amount.normalize():f}"] for thing, amount in sums.items())
    return sha256(json.dumps([goods, sorted(codes)], ensure_ascii=False).encode()).hexdigest()
