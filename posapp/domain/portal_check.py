"""A receipt that the portal or the site orders, in one normal form, whatever vocabulary it came in. Pure.

    site_check.site_check      the site's poll: ATOL's words (versions 3 and 2), numbers of FFD 1.0 (no version)
    cashbox_check.cashbox_check  the REST cashbox: what PRINT_URL was sent
    check_receipt.receipt_of_check   the normal form → a receipt of this till, or the reason why it is held

Nobody looks at such a receipt before it is printed, so nothing in it is guessed: what is not understood is refused with
its place (`BadCheck`), sums are whole kopecks that add up, everything has a bound.

Its settlement is named by the portal's own number of the check, and its key follows from that number. So the same check
always meets the same receipt: handed out again, after a crash, in a journal that went back in time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from posapp.domain.checkout import is_contact
from posapp.domain.deal_lines import printed_name
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.marked_lines import LINES_MAX
from posapp.domain.money import KOPECKS_MAX, ZERO, Money, Quantity, decimal_of, total
from posapp.domain.receipt import PaymentMethod, PaymentObject, TaxSystem, Tender, TenderKind
from posapp.domain.settlement import Settlement, short_key
from posapp.domain.vat import VatRate
from posapp.errors import SaleError

CHECK = "check:"
"""The part of a settlement that the portal or the site orders: this and the number of the check there."""
TRIES_MAX = 20
"""So many times the receipt of a check may be given up before its next one is not known by its key any more."""
PAYMENTS_MAX = 20
SPREAD_MAX = Decimal(10)
"""Kopecks that the portal may give to a line so that the lines come to the payments."""
TEXT_MAX = 2_000
NUMBER_MAX = 40
"""Characters of a number: PHP writes at most seventeen digits, a point and an exponent."""
_KEYS = UUID("0d4b6a5e-6a0b-5a52-8f0e-5f3a1c9b7d20")
"""What the keys of these receipts are derived from; never changes."""
_EXTERNAL = re.compile(r"check\|[0-9A-Za-zА-Яа-яЁё.:_\-\[\]]{0,80}\|[0-9]{1,18}")
_UUID = re.compile(r"(check|report)\|([^|]*)\|([0-9]+)(?:\|[0-9]*)?")


class BadCheck(SaleError):
    """What was ordered is no receipt that may be printed: `what` says where and why. Nothing was made."""

    def __init__(self, what: str) -> None:
        super().__init__("check_unfit", what=what)


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A line: price × quantity is the sum, to the kopeck. The rate is said by a word (`rate`) or by a row of the
    portal's VAT table (`vat_row`; 0 is "none found", which only a delivery may have)."""

    name: str
    price: Money
    quantity: Quantity
    line_sum: Money
    rate: VatRate | None = None
    vat_row: int | None = None
    is_delivery: bool = False
    method: PaymentMethod = PaymentMethod.FULL_PAYMENT
    object: PaymentObject = PaymentObject.COMMODITY
    measure: int = 0
    marking: str = ""


@dataclass(frozen=True, slots=True)
class PortalCheck:
    """A receipt as it was ordered. `external_id` is `check|HOST|ID`, the same each time the check is handed out.

    `tax_system` None: the till's own. `register` is the factory number that the order names, "" for none.
    """

    external_id: str
    kind: ReceiptKind
    lines: tuple[CheckLine, ...]
    tenders: tuple[Tender, ...]
    tax_system: TaxSystem | None = None
    contact: str = ""
    register: str = ""
    is_internet: bool = False

    def __post_init__(self) -> None:
        if not is_external_id(self.external_id):
            raise BadCheck(f"номер чека «{shown(self.external_id)}» не такой, как «check|сайт|номер»")
        if not 1 <= len(self.lines) <= LINES_MAX:
            raise BadCheck(f"строк {len(self.lines)}, а бывает от 1 до {LINES_MAX}")
        if len({each.kind for each in self.tenders}) != len(self.tenders) or not self.tenders:
            raise BadCheck("оплаты нет")
        if not 0 < sum(each.line_sum.kopecks for each in self.lines) <= KOPECKS_MAX:
            raise BadCheck("сумма строк не бывает такой")
        paid = total([each.amount for each in self.tenders])
        if paid != self.total:
            raise BadCheck(f"строки дают {self.total}, а оплаты {paid}")

    @property
    def total(self) -> Money:
        """The sum of the lines, which the payments come to."""
        return total([each.line_sum for each in self.lines])

    @property
    def content(self) -> str:
        """A hash of what would be printed: whether the same check was handed out again, or another under its number."""
        lines = [
            (each.name, each.price.kopecks, str(each.quantity), each.rate, each.vat_row, each.method, each.object,
             each.measure, each.marking)
            for each in self.lines
        ]  # fmt: skip
        tenders = sorted((each.kind.value, each.amount.kopecks) for each in self.tenders)
        return sha256(repr((self.kind.value, lines, tenders, self.tax_system)).encode()).hexdigest()


# ------------------------------------------------------------------------------------------------ its name and key
def is_external_id(text: str) -> bool:
    """Whether it names a check of a site or portal: `check|HOST|ID`."""
    return _EXTERNAL.fullmatch(text) is not None


def is_number_of(kind: str, text: str) -> bool:
    """Whether it names a `check` or a `report` of a site."""
    return is_external_id(text.replace(f"{kind}|", "check|", 1)) and text.startswith(f"{kind}|")


def external_id_of(uuid: str) -> str:
    """The number of a check or report out of the text that goes over the wire, which younger kernels end with the time
    of the hand-out: `check|HOST|ID|UNIX`. One site answers under its name with and without `www.`."""
    found = _UUID.fullmatch(uuid.strip())
    return uuid if found is None else f"{found[1]}|{found[2].lower().removeprefix('www.')}|{found[3]}"


def external_id_at(site: str, uuid: str) -> str:
    """The number of a check or report of a site that is known by one name, whatever the site calls itself today: its
    own name in the text may change from one hand-out to the next, and the same check must meet the same receipt."""
    found = _UUID.fullmatch(uuid.strip())
    return uuid if found is None else f"{found[1]}|{site.lower().removeprefix('www.')}|{found[3]}"


def check_settlement(external_id: str, kind: ReceiptKind) -> Settlement:
    """The settlement of an ordered receipt. It belongs to no portal's order: only its number says which it is."""
    return Settlement("", 0, f"{CHECK}{external_id}", kind)


def is_ordered(settlement: Settlement) -> bool:
    """Whether a settlement is that of a receipt which the portal or site ordered, or of its refund here."""
    return not settlement.portal and settlement.part.startswith(CHECK)


def check_identity(external_id: str, number: int = 1) -> UUID:
    """The identity of the `number`th receipt of a check: those before it were given up by a person."""
    return uuid5(_KEYS, f"{external_id}|{number}")


def check_keys(external_id: str) -> tuple[str, ...]:
    """The keys that receipts of a check may have, the first one first."""
    return tuple(short_key(check_identity(external_id, number)) for number in range(1, TRIES_MAX + 1))


# ------------------------------------------------------------------------------------------------ reading, strictly
def shown(value: object) -> str:
    """What was sent, short enough for a message."""
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:57] + "…"


def mapping_of(value: object, where: str) -> Mapping[str, Any]:
    """An object with names. Raises BadCheck."""
    if not isinstance(value, Mapping):
        raise BadCheck(f"{where}: не объект")
    return value


def list_of(value: object, where: str, most: int) -> Sequence[Any]:
    """A list of at most so many; PHP writes a list with a gap as an object. Raises BadCheck."""
    if isinstance(value, Mapping) and value and all(str(each).isdecimal() for each in value):
        value = list(value.values())
    if not isinstance(value, list):
        raise BadCheck(f"{where}: не список")
    if len(value) > most:
        raise BadCheck(f"{where}: больше {most}")
    return value


def text_of(value: object, where: str, *, most: int = TEXT_MAX) -> str:
    """A text on one line, "" for none. Raises BadCheck."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise BadCheck(f"{where}: не текст")
    if len(str(value)) > most:
        raise BadCheck(f"{where}: длиннее {most} знаков")
    text = " ".join(str(value).split())
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadCheck(f"{where}: не текст") from error
    return text


def number_of(value: object, where: str) -> Decimal:
    """A finite number, also as a text of PHP. Raises BadCheck; floats are refused, they hold no money."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise BadCheck(f"{where}: нет числа")
    if isinstance(value, int) and abs(value) > 10**17:
        raise BadCheck(f"{where}: слишком большое число")
    text = str(value).strip()
    if not text.isascii() or "_" in text or not 0 < len(text) <= NUMBER_MAX:
        raise BadCheck(f"{where}: «{shown(text)}» – не число")
    try:
        return decimal_of(text)
    except ValueError as error:
        raise BadCheck(f"{where}: «{shown(text)}» – не число") from error


def money_of(value: object, where: str) -> Money:
    """Roubles of the portal, half up to the kopeck, not negative. Raises BadCheck."""
    number = number_of(value, where)
    try:
        amount = Money.from_roubles(number)
    except ValueError as error:
        raise BadCheck(f"{where}: {shown(value)} не помещается в чек") from error
    if number < 0:
        raise BadCheck(f"{where}: {shown(value)} меньше нуля")
    return amount


def quantity_of(value: object, where: str) -> Quantity:
    """How much. Raises BadCheck for nothing, less, too much, more than six decimals."""
    try:
        return Quantity(number_of(value, where))
    except (ValueError, ArithmeticError) as error:
        raise BadCheck(f"{where}: {shown(value)} – не количество") from error


def name_of(value: object, where: str) -> str:
    """A line's name as it is printed. Raises BadCheck when there is none."""
    name = printed_name(text_of(value, where))
    if not name:
        raise BadCheck(f"{where}: пусто")
    return name


def contact_of(*values: object) -> str:
    """The first of these that tag 1008 takes, a phone as people write it put into its form; "" for none of them."""
    for value in values:
        text = value.strip() if isinstance(value, str) else ""
        digits = re.sub(r"[\s()\-]", "", text)
        if re.fullmatch(r"8[0-9]{10}", digits):
            digits = "+7" + digits[1:]
        elif re.fullmatch(r"7[0-9]{10}", digits):
            digits = "+" + digits
        for each in (text, digits):
            if is_contact(each):
                return each
    return ""


# ------------------------------------------------------------------------------------------------ sums
def fitted(line: CheckLine, given: Money, where: str) -> list[CheckLine]:
    """The line so that price × quantity is its sum to the kopeck, as the register computes it.

    The portal spreads discounts and rounding over sums, and its prices have more than two decimals. Where no price in
    kopecks gives the sum, whole things are told apart: three for 1000 are two at 333.33 and one at 333.34.

    Args:
        line: with the sum that counts; its price is set here.
        given: the price that the portal told; it may miss the sum by a kopeck a thing, and by what was left of the
            rounding of all lines.

    Raises BadCheck.
    """
    amount, quantity = line.line_sum.kopecks, line.quantity.value
    if abs(amount - given.kopecks * quantity) > quantity + SPREAD_MAX:
        raise BadCheck(f"{where}: цена {given} на количество {line.quantity} – не {line.line_sum}")
    for kopecks in (given.kopecks, *_near(amount, quantity)):
        if 0 <= kopecks <= KOPECKS_MAX and Money(kopecks).times(line.quantity) == line.line_sum:
            return [_priced(line, kopecks, quantity)]
    whole = int(quantity)
    if whole != quantity or whole <= 1:
        raise BadCheck(f"{where}: нет цены, которая на {line.quantity} даёт {line.line_sum}")
    low, dearer = divmod(amount, whole)
    return [_priced(line, low, Decimal(whole - dearer)), _priced(line, low + 1, Decimal(dearer))]


def _near(amount: int, quantity: Decimal) -> tuple[int, ...]:
    """The prices in kopecks around the exact one."""
    low = int(amount / quantity)
    return (low, low + 1)


def _priced(line: CheckLine, kopecks: int, quantity: Decimal) -> CheckLine:
    price, much = Money(kopecks), Quantity(quantity)
    return CheckLine(
        line.name, price, much, price.times(much), line.rate, line.vat_row, line.is_delivery, line.method, line.object,
        line.measure, line.marking,
    )  # fmt: skip


def tenders_of(sums: Sequence[tuple[TenderKind, Money]]) -> tuple[Tender, ...]:
    """One tender of a kind; what is nothing is left out."""
    found: dict[TenderKind, Money] = {}
    for kind, amount in sums:
        found[kind] = found.get(kind, ZERO) + amount
    return tuple(Tender(kind, amount) for kind, amount in found.items() if amount)
