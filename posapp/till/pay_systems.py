"""Which pay systems print receipts by themselves (rule 14): asked at every contact, kept with every order on board.

A pull brings the orders that changed. That an administrator has let a pay system print changes no order, and yet the
till must print nothing for any order of it from then on, with a network or without one. So the portal's answer is
compared with the last one, and where it differs, every copy on board is told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from posapp.domain.order import Order
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.sync.bitrix.mapping import PaySystem

_ANSWERS = "pay_systems_that_print"
"""The journal's fact: what the portal said last, `{pay system id: true | false | null}`."""

PAGE = 500


def keep_answers(till: Till, systems: Mapping[int, PaySystem]) -> int:
    """Keeps what the portal says now of each pay system with the orders on board; how many orders it changed.

    An order of a pay system that is not among them is kept as "could not be read": nothing is printed for it. No system
    at all is what a portal says whose webhook lost the scope `pay_system`.
    """
    answers = {each.pay_system_id: each.prints for each in systems.values()}
    said = json.dumps({str(number): answers[number] for number in sorted(answers)})
    if answers_of(till) == said:
        return 0
    count, after = 0, 0
    while page := till.journal.orders_behind(till.portal, after, PAGE):
        after = page[-1].order_id
        changed = [told for order in page if (told := _told(order, answers)) != order]
        for claimed in (True, False):
            orders = [each for each in changed if till.journal.is_claimed(till.portal, each.order_id) is claimed]
            if orders:
                till.journal.save_orders(orders, claimed=claimed)
        count += len(changed)
    till.journal.set_fact(_name(till), said)  # last: cut off before, the next contact does it again
    return count


def answers_of(till: Till) -> str:
    """What the portal said last, as text to be compared; "" for nothing yet."""
    return till.journal.get_fact(_name(till)) or ""


def _name(till: Till) -> str:
    return f"{_ANSWERS}:{till.portal}"


def _told(order: Order, answers: Mapping[int, bool | None]) -> Order:
    payments = tuple(replace(each, prints_receipt=answers.get(each.pay_system_id)) for each in order.payments)
    return replace(order, payments=payments)
