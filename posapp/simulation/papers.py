"""What the documents of an order come to: read from their tags, held against the portal, never asked of a till.

A document settles one step of a deal: money ahead (1214 = 1, 2, 3), the hand-over (4, 5, 6) or a debt (7). The goods
go out once; money of a step is the sum of one payment of the order, and no payment has two documents; what is taken
never exceeds the price, what is set off (1215) never what was taken, what is paid later never what was owed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from posapp.devices.simulator.documents import StoredDocument
from posapp.domain import ffd
from posapp.simulation.violation import Violation

AHEAD, HANDOVER, DEBT = "ahead", "hand-over", "debt"
_STEP_OF = {1: AHEAD, 2: AHEAD, 3: AHEAD, 4: HANDOVER, 5: HANDOVER, 6: HANDOVER, 7: DEBT}
Place = tuple[str, int]
"""Where a document is: (storage, number)."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A receipt as its tags tell it, in kopecks: `money` is 1031 and 1081 together, the others 1215, 1216, 1217."""

    place: Place
    key: str
    step: str
    total: int
    money: int
    prepaid: int
    credit: int
    other: int

    @property
    def settled(self) -> int:
        """What of a payment it settles: money, or what is given in its place."""
        return self.money + self.other

    @property
    def steps(self) -> list[str]:
        """What the portal has to hear of it."""
        found = ["mark", "payment"] if self.settled else []
        if self.step != AHEAD and not self.credit:
            found.append("status")
        return [*found, "stock"] if self.step == HANDOVER else found


def paper_of(place: Place, key: str, document: StoredDocument) -> Paper:
    """Reads a receipt. Raises Violation when it is of no single step."""
    entries = ffd.decode(document.body)

    def kopecks(*tags: int) -> int:
        found = (ffd.find(entries, tag) for tag in tags)
        return sum(each.value for each in found if each is not None and isinstance(each.value, int))

    methods = {ffd.find(each.items or (), 1214) for each in entries if each.tag == 1059}
    steps = {_STEP_OF[int(str(each.value))] for each in methods if each is not None}
    if len(steps) != 1:
        raise Violation(f"ФД {place[1]}: в одном чеке расчёты {sorted(steps)}")
    total = document.total_kopecks or 0
    paper = Paper(
        place, key, steps.pop(), total, kopecks(1031, 1081), kopecks(1215), kopecks(1216), kopecks(1217)
    )  # fmt: skip
    if paper.money + paper.prepaid + paper.credit + paper.other != total:
        raise Violation(f"ФД {place[1]}: оплаты не дают итога {total}")
    return paper


def one_of_each(order_id: int, papers: Sequence[Paper]) -> None:
    """The goods go out once, and no two documents settle the same money. Raises Violation.

    Whatever people do to the order: two documents that cannot be told apart by what they settle are one too many.
    """
    seen: dict[tuple[str, int], Paper] = {}
    for each in papers:
        what = (each.step, 0 if each.step == HANDOVER else each.settled)
        former = seen.setdefault(what, each)
        if former is not each:
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


def _kopecks(amount: Any) -> int:
    return int(Decimal(amount) * 100)


def _name(paper: Paper) -> str:
    return f"ФД {paper.place[1]} (ФН {paper.place[0]})"
