"""Marking codes put on the lines of a receipt: one code, one thing, one line. Pure.

A line of three things with three codes becomes three lines of one; the codes stand on them in the order in which they
were scanned. What a code cannot stand on – a service, a half, more or fewer things than codes – is refused by the
number of the line, before there is any receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from posapp.domain.lawful import STEP_OF, Step
from posapp.domain.marking import BadMarking, MarkingCode
from posapp.domain.money import Quantity
from posapp.domain.receipt import ReceiptLine
from posapp.domain.terms import PaymentObject
from posapp.errors import SaleError

LINES_MAX = 500
"""Lines of a receipt after the splitting: the storage takes 30 KB, a marked line has about a hundred bytes."""

MARKED_AS = {
    PaymentObject.COMMODITY: PaymentObject.COMMODITY_MARKED,
    PaymentObject.COMMODITY_UNMARKED: PaymentObject.COMMODITY_MARKED,
    PaymentObject.COMMODITY_MARKED: PaymentObject.COMMODITY_MARKED,
    PaymentObject.EXCISE: PaymentObject.EXCISE_MARKED,
    PaymentObject.EXCISE_UNMARKED: PaymentObject.EXCISE_MARKED,
    PaymentObject.EXCISE_MARKED: PaymentObject.EXCISE_MARKED,
}
"""What tag 1212 becomes when the thing has a code: 31 and 33. FFD 1.05 has no word for it; the driver knows."""


def with_codes(lines: Sequence[ReceiptLine], codes: Mapping[int, Sequence[MarkingCode]]) -> tuple[ReceiptLine, ...]:
    """The lines with their codes. `codes`: number of the line, from 1, to the codes of its things.

    Raises SaleError `marking_quantity`, `marking_twice`, `marking_early` (a receipt that hands nothing over),
    `not_found` (no such line); BadMarking for a barcode, which
    names a sort of goods and not the thing.
    """
    for number in codes:
        if not 1 <= number <= len(lines):
            raise SaleError("not_found", what=f"строка {number}")
        if not all(code.is_marked for code in codes[number]):
            raise BadMarking("это штрихкод товара, а не код маркировки", 0)
    refuse_twice([(number, code) for number in sorted(codes) for code in codes[number]])
    found: list[ReceiptLine] = []
    for number, line in enumerate(lines, start=1):
        found += _pieces(number, line, codes.get(number, ()))
    return tuple(found)


def refuse_twice(codes: Sequence[tuple[int, MarkingCode]]) -> None:
    """Raises SaleError `marking_twice` when one thing stands on two lines, whatever of its code was read."""
    lines: dict[str, int] = {}
    for number, code in codes:
        if code.identity in lines:
            raise SaleError("marking_twice", first=lines[code.identity], line=number)
        lines[code.identity] = number


def same_goods(some: Sequence[ReceiptLine], others: Sequence[ReceiptLine]) -> bool:
    """Whether both are the same goods for the same money, whatever codes stand on them and however they are split."""
    return _goods(some) == _goods(others)


def _goods(lines: Sequence[ReceiptLine]) -> list[tuple[ReceiptLine, Decimal]]:
    """Each run of alike lines as one piece of it without its code, with the quantity of the run."""
    found: list[tuple[ReceiptLine, Decimal]] = []
    for line in lines:
        one = Quantity(Decimal(1))
        kind = MARKED_AS.get(line.payment_object, line.payment_object)
        piece = replace(line, quantity=one, line_sum=line.price.times(one), payment_object=kind, marking="")
        if found and found[-1][0] == piece:
            found[-1] = (piece, found[-1][1] + line.quantity.value)
        else:
            found.append((piece, line.quantity.value))
    return found


def _pieces(number: int, line: ReceiptLine, codes: Sequence[MarkingCode]) -> list[ReceiptLine]:
    if not codes:
        return [line]
    if STEP_OF[line.payment_method] is not Step.HANDOVER:
        raise SaleError("marking_early", line=number, name=line.name)
    marked = MARKED_AS.get(line.payment_object)
    if marked is None or line.measure or line.quantity.value != len(codes) or len(codes) > LINES_MAX:
        raise SaleError("marking_quantity", line=number, name=line.name, quantity=line.quantity, count=len(codes))
    one = Quantity(Decimal(1))
    return [
        replace(line, quantity=one, line_sum=line.price.times(one), payment_object=marked, marking=code.text)
        for code in codes
    ]
