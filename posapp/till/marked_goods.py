"""Which goods of an order carry codes, and what a scanned code is good for, before there is a receipt.

The portal does not tell over REST which goods are marked. So the till remembers it: a product that was sold by its code
is asked for its code from then on, and a code whose GTIN is known goes to the line of its product by itself. What was
learned wrongly is learned anew with the next sale.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from posapp.domain.marking import BadMarking, MarkingCode, parse_marking
from posapp.domain.order import Order
from posapp.domain.partial import RefusedLine
from posapp.domain.permission import Source
from posapp.errors import SaleError, SetupError
from posapp.till import marking_service
from posapp.till.audit import decided
from posapp.till.code_views import CodeAnswer, CodeRead, Said, can_carry
from posapp.till.context import Till

_PRODUCT, _GTIN = "marked.product.", "marked.gtin."
"""Facts of the journal: the GTIN by the product, and the product by the GTIN."""
CODE_MIN = 20
"""A text that is shorter is no marking code that was cut off, but a number – unless it begins like one."""
_BEGINS = re.compile(r"(\]d2)?\x1d?01\d{14}")


# ------------------------------------------------------------------------------------------------ reading
def read(till: Till, order: Order | None, text: str) -> CodeRead | None:
    """A scanned text as the code of a marked thing; None when it is none at all.

    Without an order the code belongs nowhere yet: no lines. Raises BadMarking for a marking code that cannot be read,
    and for the plain barcode of goods where an order waits for codes.
    """
    try:
        code = parse_marking(text)
    except BadMarking:
        is_like_one = len(text.strip()) >= CODE_MIN or _BEGINS.match(text) is not None
        if "://" in text or not is_like_one:
            return None
        raise
    if not code.is_marked:
        if code.gtin and order is not None:
            raise BadMarking("это штрихкод товара, а не код маркировки", 0)
        return None
    return CodeRead(code, () if order is None else lines_for(till, order, code))


def lines_for(till: Till, order: Order, code: MarkingCode) -> tuple[int, ...]:
    """The lines whose product is known by this code; else all that may carry one."""
    product = till.journal.get_fact(f"{_GTIN}{code.gtin}") if code.gtin else None
    carrying = [(number, line) for number, line in enumerate(order.lines, start=1) if can_carry(line)]
    known = tuple(number for number, line in carrying if product and str(line.product_id) == product)
    return known or tuple(number for number, _ in carrying)


def needed(till: Till, order: Order) -> tuple[int, ...]:
    """The lines whose product was sold by its code before: it is asked for."""
    return tuple(
        number
        for number, line in enumerate(order.lines, start=1)
        if can_carry(line) and line.product_id and till.journal.get_fact(f"{_PRODUCT}{line.product_id}")
    )


# ------------------------------------------------------------------------------------------------ asking
def ask(till: Till, codes: Sequence[MarkingCode]) -> tuple[CodeAnswer, ...]:
    """What «Честный знак» says of codes at the counter; the sale asks anew, for its own attempt.

    Raises SetupError when nobody has said where to ask, SaleError `marking_access`.
    """
    from posapp.devices.marking import Unanswered

    settings = till.settings.marking
    if settings is None:
        raise SetupError("not_set_up", what="не указано, где спрашивать о маркированных товарах", command="marking")
    if not settings.asks:
        return tuple(CodeAnswer(each.identity, Said.REGISTER) for each in codes)
    try:
        found = marking_service.ask(till, codes)
    except Unanswered as silent:
        return tuple(CodeAnswer(each.identity, Said.LATER, silent.reason) for each in codes)
    return tuple(
        CodeAnswer(each.identity, Said.BANNED, each.ban.why)
        if each.ban is not None
        else CodeAnswer(each.identity, Said.ALLOWED if each.source is not Source.SILENCE else Said.LATER)
        for each in found
    )


# ------------------------------------------------------------------------------------------------ remembering
def learn(till: Till, order: Order, codes: Mapping[int, Sequence[MarkingCode]]) -> None:
    """Remembers which products of an order were sold by their codes."""
    learn_products(
        till, [(order.lines[number - 1].product_id, code) for number, of_line in codes.items() for code in of_line]
    )


def learn_products(till: Till, sold: Sequence[tuple[int, MarkingCode]]) -> None:
    """Remembers which products, by the portal's numbers, were sold by their codes."""
    facts: dict[str, str] = {}
    for product_id, code in sold:
        product = str(product_id)
        if not code.gtin or not product_id:
            continue
        before = till.journal.get_fact(f"{_GTIN}{code.gtin}")
        if before and before != product and till.journal.get_fact(f"{_PRODUCT}{before}") == code.gtin:
            facts[f"{_PRODUCT}{before}"] = ""
        facts[f"{_GTIN}{code.gtin}"], facts[f"{_PRODUCT}{product}"] = product, code.gtin
    new = {name: value for name, value in facts.items() if till.journal.get_fact(name) != value}
    if new:
        till.journal.set_facts(new)


def is_sold_by_code(till: Till, product_id: int) -> bool:
    """Whether a product was sold by its code before."""
    return bool(till.journal.get_fact(f"{_PRODUCT}{product_id}"))


def product_of(till: Till, gtin: str) -> int | None:
    """The product that was last sold by a code with this GTIN."""
    known = till.journal.get_fact(f"{_GTIN}{gtin}")
    return int(known) if known else None


def note_unmarked(till: Till, order: Order, lines: Sequence[int]) -> None:
    """Whose word it is that goods which are sold by codes elsewhere have none here: before the receipt is there."""
    for number in lines:
        line = order.lines[number - 1]
        facts = {"order": order.number, "line": number, "product": line.product_id}
        till.journal.note(decided(till, "marking.no_code", order.number, line.name[:200], **facts))


def refuse_missing(
    till: Till,
    order: Order,
    codes: Mapping[int, Sequence[MarkingCode]],
    without: Sequence[int],
    refused: Sequence[RefusedLine] = (),
) -> None:
    """Raises SaleError `marking_quantity` for a line that needs codes and has not one for each thing that is taken."""
    stays = {each.number: (each.quantity or order.lines[each.number - 1].quantity).value for each in refused}
    for number in needed(till, order):
        line, count = order.lines[number - 1], len(codes.get(number, ()))
        if number not in without and count != line.quantity.value - stays.get(number, 0):
            raise SaleError("marking_quantity", line=number, name=line.name, quantity=line.quantity, count=count)
