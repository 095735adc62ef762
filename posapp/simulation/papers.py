"""What the documents of an order come to: read from their tags, held against the portal, never asked of a till.

A document settles one step of a deal: money ahead (1214 = 1, 2, 3), the hand-over (4, 5, 6) or a debt (7). The goods
go out once; money of a step is the sum of one payment of the order, and no payment has two documents; what is taken
never exceeds the price, what is set off (1215) never what was taken, what is paid later never what was owed.

A refund (1054 = 2) takes a document back, in whole or in part: never more goods, never more money of any sort than was
sold, and no more documents than customers asked for. Where all of a document came back its step may come anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from posapp.devices.simulator.documents import StoredDocument
from posapp.domain import ffd
from posapp.domain.receipt import TenderKind
from posapp.domain.settlement import Stamp
from posapp.simulation.violation import Violation

SALE, REFUND = 1, 2
"""1054."""
AHEAD, HANDOVER, DEBT = "ahead", "hand-over", "debt"
_STEP_OF = {1: AHEAD, 2: AHEAD, 3: AHEAD, 4: HANDOVER, 5: HANDOVER, 6: HANDOVER, 7: DEBT}
Place = tuple[str, int]
"""Where a document is: (storage, number)."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A receipt as its tags tell it, in kopecks; `goods` is how much of what, by the name that is printed."""

    place: Place
    key: str
    kind: int
    step: str
    total: int
    cash: int  # 1031
    cashless: int  # 1081
    prepaid: int  # 1215
    credit: int  # 1216
    other: int  # 1217
    goods: tuple[tuple[str, Decimal], ...]

    @property
    def money(self) -> int:
        """Cash and cashless."""
        return self.cash + self.cashless

    @property
    def tenders(self) -> tuple[int, ...]:
        """What it was paid with, one sum for each sort."""
        return self.cash, self.cashless, self.prepaid, self.credit, self.other

    @property
    def sorts(self) -> list[TenderKind]:
        """What it was paid with."""
        return [sort for sort, kopecks in zip(TenderKind, self.tenders, strict=True) if kopecks]

    @property
    def settled(self) -> int:
        """What of a payment it settles: money, or what is given in its place."""
        return self.money + self.other

    @property
    def steps(self) -> list[str]:
        """What the portal has to hear of a sale."""
        found = ["mark", "payment"] if self.settled else []
        if self.step != AHEAD and not self.credit:
            found.append("status")
        return [*found, "stock"] if self.step == HANDOVER else found


def stamp_of(document: StoredDocument) -> Stamp | None:
    """The stamp in tag 1086 of a document of ours."""
    entries = ffd.decode(document.body)
    name, value = ffd.find(entries, 1084, 1085), ffd.find(entries, 1084, 1086)
    if name is None or value is None or name.value != "posapp":
        return None
    return Stamp.parse(str(value.value))


def paper_of(place: Place, key: str, document: StoredDocument) -> Paper:
    """Reads a receipt. Raises Violation when it is of no single step."""
    entries = ffd.decode(document.body)

    def kopecks(*tags: int) -> int:
        found = (ffd.find(entries, tag) for tag in tags)
        return sum(each.value for each in found if each is not None and isinstance(each.value, int))

    items = [each.items or () for each in entries if each.tag == 1059]
    steps = {_STEP_OF[int(str(_value(each, 1214)))] for each in items}
    if len(steps) != 1:
        raise Violation(f"ФД {place[1]}: в одном чеке расчёты {sorted(steps)}")
    goods = tuple((str(_value(each, 1030)), Decimal(str(_value(each, 1023)))) for each in items)
    total, kind = document.total_kopecks or 0, document.kind or 0
    cash, cashless, prepaid, credit, other = (kopecks(tag) for tag in (1031, 1081, 1215, 1216, 1217))
    paper = Paper(place, key, kind, steps.pop(), total, cash, cashless, prepaid, credit, other, goods)
    if sum(paper.tenders) != total:
        raise Violation(f"ФД {place[1]}: оплаты не дают итога {total}")
    return paper


def _value(item: Sequence[ffd.Entry], tag: int) -> object:
    found = ffd.find(item, tag)
    return None if found is None else found.value


def one_of_each(order_id: int, papers: Sequence[Paper]) -> None:
    """The goods go out once, and no two documents settle the same money. Raises Violation.

    Whatever people do to the order: two documents that cannot be told apart by what they settle are one too many,
    unless the former came back whole.
    """
    seen: dict[tuple[str, int], Paper] = {}
    returned = Counter[str]()
    for each in papers:
        if each.kind == REFUND:
            returned[each.step] += each.total
            continue
        what = (each.step, 0 if each.step == HANDOVER else each.settled)
        former = seen.get(what)
        seen[what] = each
        if former is not None and returned[each.step] >= former.total:
            returned[each.step] -= former.total
        elif former is not None:
            raise Violation(
                f"по заказу {order_id} два документа одного расчёта: {_name(former)} и {_name(each)} ({each.step})"
            )


def money_is_right(order: dict[str, Any], papers: Sequence[Paper], came_paid: Collection[int]) -> None:
    """The documents of an order that no person has changed; `came_paid` are payments that came in on the site.

    Raises Violation.
    """
    number, price = order["id"], _kopecks(order["price"])
    payments = Counter(_kopecks(each["sum"]) for each in order["payments"])
    for amount, count in Counter(each.settled for each in papers if each.settled).items():
        if count > payments[amount]:
            raise Violation(f"по заказу {number} расчётов на {amount} коп.: {count}, оплат: {payments[amount]}")
    taken = sum(each.settled for each in papers)
    if taken > price:
        raise Violation(f"по заказу {number} принято {taken} коп., а его цена {price}")
    handed_over = [each for each in papers if each.step == HANDOVER]
    settled_ahead = {each.settled for each in papers if each.step == AHEAD}
    sums = {each["id"]: _kopecks(each["sum"]) for each in order["payments"]}
    ahead = sum(amount for each, amount in sums.items() if each in came_paid or amount in settled_ahead)
    for each in handed_over:
        if each.total != price:
            raise Violation(f"заказ {number}: отдали на {each.total} коп., а его цена {price}")
        if each.prepaid != ahead:
            raise Violation(f"заказ {number}: зачтено {each.prepaid} коп., а вперёд взято {ahead}")
    owed, repaid = sum(each.credit for each in handed_over), sum(each.total for each in papers if each.step == DEBT)
    if repaid > owed:
        raise Violation(f"заказ {number}: долга погашено {repaid} коп., а должны {owed}")


def part_is_right(order_id: int, papers: Sequence[Paper], price: Decimal) -> None:
    """An order of which a part was refused at the door: one receipt, of no more than was ordered. Raises Violation."""
    for each in papers:
        if each.settled != each.total or each.total > _kopecks(price):
            raise Violation(f"по заказу {order_id} на {price} взято {each.settled} коп. по чеку на {each.total}")


def refunds_are_right(order_id: int, papers: Sequence[Paper], asked: int) -> None:
    """Never more back than was sold, in goods and in every sort of money; one document a wish. Raises Violation."""
    sold, back = ([each for each in papers if each.kind == kind] for kind in (SALE, REFUND))
    if len(back) > asked:
        names = ", ".join(map(_name, back))
        raise Violation(f"по заказу {order_id} возвратов {len(back)} ({names}), а просили {asked}")
    for name, sums in (("денег", lambda each: each.tenders), ("всего", lambda each: (each.total,))):
        had, gone = ([sum(column) for column in zip(*map(sums, of), strict=True)] for of in (sold, back))
        if any(out > had for out, had in zip(gone, had or [0] * len(gone), strict=False)):
            raise Violation(f"по заказу {order_id} возвращено больше {name}, чем продано: {gone} из {had}")
    goods = Counter[str]()
    for each in papers:
        for name, quantity in each.goods:
            goods[name] += quantity if each.kind == SALE else -quantity  # type: ignore[assignment]
    short = {name: str(quantity) for name, quantity in goods.items() if quantity < 0}
    if short:
        raise Violation(f"по заказу {order_id} возвращено больше товара, чем продано: {short}")


def _kopecks(amount: Any) -> int:
    return int(Decimal(amount) * 100)


def _name(paper: Paper) -> str:
    return f"ФД {paper.place[1]} (ФН {paper.place[0]})"
