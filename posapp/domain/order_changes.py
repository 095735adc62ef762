"""What is different in an order since a copy of it was taken: old → new, in words for the door.

A courier leaves with copies. While he is on the way a manager changes a line, the customer pays on the site, the order
is cancelled. What counts is what the person at the door would do otherwise: the money, the goods, where to go, whom to
call. What only the shop keeps for itself (status, version, when it was saved) is no change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from posapp.domain.order import Order, OrderLine

GONE = "на портале такого заказа больше нет"
"""The problem of a copy whose order the portal has deleted."""


class What(StrEnum):
    """What has changed."""

    GONE = "gone"
    CANCELLED = "cancelled"
    RESTORED = "restored"
    TO_PAY = "to_pay"
    PRICE = "price"
    PAID = "paid"
    ADDED = "added"
    REMOVED = "removed"
    QUANTITY = "quantity"
    LINE_PRICE = "line_price"
    PAY_SYSTEM = "pay_system"
    ADDRESS = "address"
    PHONE = "phone"
    BUYER = "buyer"
    WINDOW = "window"
    DATE = "date"
    COMMENT = "comment"


_WORDS: dict[What, tuple[str, str]] = {
    What.GONE: ("Заказ удалён на портале", "The order was deleted on the portal"),
    What.CANCELLED: ("Заказ отменён", "The order was cancelled"),
    What.RESTORED: ("Отмена заказа снята", "The order is no longer cancelled"),
    What.TO_PAY: ("К оплате", "To pay"),
    What.PRICE: ("Сумма заказа", "Order total"),
    What.PAID: ("Оплачено", "Paid"),
    What.ADDED: ("Добавили", "Added"),
    What.REMOVED: ("Убрали", "Removed"),
    What.QUANTITY: ("количество", "quantity"),
    What.LINE_PRICE: ("цена", "price"),
    What.PAY_SYSTEM: ("Способ оплаты", "Way of paying"),
    What.ADDRESS: ("Адрес", "Address"),
    What.PHONE: ("Телефон", "Phone"),
    What.BUYER: ("Покупатель", "Buyer"),
    What.WINDOW: ("Время", "Time"),
    What.DATE: ("День", "Day"),
    What.COMMENT: ("Комментарий", "Comment"),
}

_MONEY = frozenset(
    {
        What.GONE,
        What.CANCELLED,
        What.RESTORED,
        What.TO_PAY,
        What.PRICE,
        What.PAID,
        What.ADDED,
        What.REMOVED,
        What.QUANTITY,
        What.LINE_PRICE,
    }
)
_NOTHING = {"ru": "нет", "en": "none"}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `before` and `after` are texts as people read them, "" for nothing; `line` names the goods."""

    what: What
    before: str = ""
    after: str = ""
    line: str = ""

    @property
    def is_money(self) -> bool:
        """Whoever takes money or hands goods over must have seen it."""
        return self.what in _MONEY

    def words(self, language: str = "ru") -> str:
        """`К оплате: 1 480,00 ₽ → 1 600,00 ₽`."""
        title = _WORDS[self.what][language == "en"]
        if self.what in (What.GONE, What.CANCELLED, What.RESTORED):
            return title
        if self.what in (What.ADDED, What.REMOVED):
            return f"{title}: {self.line}, {self.after or self.before}"
        nothing = _NOTHING["en" if language == "en" else "ru"]
        values = f"{self.before or nothing} → {self.after or nothing}"
        return f"{self.line}: {title} {values}" if self.line else f"{title}: {values}"

    def as_json(self, language: str = "ru") -> dict[str, object]:
        """One of `changes` of `posapp orders show`."""
        return {
            "what": self.what.value,
            "line": self.line or None,
            "before": self.before or None,
            "after": self.after or None,
            "money": self.is_money,
            "words": self.words(language),
        }


def changes(before: Order, after: Order) -> tuple[Change, ...]:
    """What has changed between two copies of one order, the most important first; nothing when it is the same deal."""
    if before == after:
        return ()
    return (*_state(before, after), *_money(before, after), *_lines(before, after), *_texts(before, after))


def is_money_changed(found: Sequence[Change]) -> bool:
    """Whether a person has to agree before money is taken."""
    return any(each.is_money for each in found)


def _state(before: Order, after: Order) -> Iterator[Change]:
    if GONE in after.problems and GONE not in before.problems:
        yield Change(What.GONE)
    if after.is_cancelled and not before.is_cancelled:
        yield Change(What.CANCELLED)
    if before.is_cancelled and not after.is_cancelled:
        yield Change(What.RESTORED)


def _money(before: Order, after: Order) -> Iterator[Change]:
    is_other_paid = before.paid != after.paid
    if before.to_pay != after.to_pay:
        yield Change(What.TO_PAY, str(before.to_pay), str(after.to_pay))
    if before.price != after.price and (is_other_paid or before.to_pay == after.to_pay):
        yield Change(What.PRICE, str(before.price), str(after.price))
    if is_other_paid:
        yield Change(What.PAID, str(before.paid), str(after.paid))


def _lines(before: Order, after: Order) -> Iterator[Change]:
    left = list(before.lines)
    for line in after.lines:
        former = _same(line, left)
        if former is None:
            yield Change(What.ADDED, after=_told(line), line=line.name)
            continue
        left.remove(former)
        if former.quantity != line.quantity:
            yield Change(What.QUANTITY, _amount(former), _amount(line), line.name)
        if former.price != line.price:
            yield Change(What.LINE_PRICE, str(former.price), str(line.price), line.name)
    for former in left:
        yield Change(What.REMOVED, before=_told(former), line=former.name)


def _same(line: OrderLine, among: Sequence[OrderLine]) -> OrderLine | None:
    """The line that it was before: by the portal's own number, else the same goods – a line that was taken out and put
    back has a new number."""
    for each in among:
        if line.basket_id and each.basket_id == line.basket_id and each.name == line.name:
            return each
    alike = [each for each in among if _goods(each) == _goods(line)]
    return next((each for each in alike if each.price == line.price and each.quantity == line.quantity), None) or next(
        iter(alike), None
    )


def _goods(line: OrderLine) -> tuple[bool, int, str]:
    return line.is_delivery, line.product_id, line.name


def _amount(line: OrderLine) -> str:
    return f"{str(line.quantity).replace('.', ',')} {line.measure}"


def _told(line: OrderLine) -> str:
    return f"{_amount(line)} × {line.price}"


def _texts(before: Order, after: Order) -> Iterator[Change]:
    pairs = (
        (What.PAY_SYSTEM, _pay_systems(before), _pay_systems(after)),
        (What.ADDRESS, before.buyer.address, after.buyer.address),
        (What.PHONE, before.buyer.phone, after.buyer.phone),
        (What.BUYER, before.buyer.short, after.buyer.short),
        (What.DATE, before.delivery_date, after.delivery_date),
        (What.WINDOW, before.delivery_window, after.delivery_window),
        (What.COMMENT, before.comment, after.comment),
    )
    for what, old, new in pairs:
        if old != new:
            yield Change(what, old, new)


def _pay_systems(order: Order) -> str:
    return ", ".join(dict.fromkeys(each.pay_system for each in order.payments if not each.is_inner))
