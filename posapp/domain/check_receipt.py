"""From an ordered check to a receipt of this till, or the word why it is held. Pure.

The VAT trap of 2026: the site's built-in table knows the rates 0, 10 and 20 %. A shop whose catalogue has 22, 5 or 7 %
gets "no VAT" for them unless its administrator has typed the word by hand. So a rate is believed only where the till's
own settings say the same; what they contradict or do not know is held, and never defaults.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from posapp.domain.checkout import Seller, VatTable
from posapp.domain.fiscal import ReceiptKind
from posapp.domain.lawful import RATES_OF, STEP_OF, Step
from posapp.domain.marked_lines import MARKED_AS, refuse_twice
from posapp.domain.marking import parse_marking
from posapp.domain.order import OrderLine
from posapp.domain.portal_check import BadCheck, CheckLine, PortalCheck, check_settlement
from posapp.domain.receipt import PaymentMethod, PaymentObject, Receipt, ReceiptLine, TaxSystem
from posapp.domain.vat import VatRate, rule_for
from posapp.errors import SaleError

UNKNOWN_TO_SITE = frozenset((VatRate.VAT_5, VatRate.VAT_7, VatRate.VAT_22))
"""The rates that the site's built-in table does not know and sends without VAT."""
_SILENT = frozenset((VatRate.NONE, VatRate.VAT_0))
_MARKED = frozenset((PaymentObject.EXCISE_MARKED, PaymentObject.COMMODITY_MARKED))


@dataclass(frozen=True, slots=True)
class CheckRules:
    """What the shop has said of the receipts that the portal orders.

    `rates`: the line rates that its goods carry. `is_site_table_right`: a person has seen to it that the site sends
    what is 5, 7 or 22 % as such. `advance` is the rate of advances that come without one, None: they are held.
    """

    table: VatTable
    rates: frozenset[VatRate] = field(default_factory=frozenset)
    is_site_table_right: bool = False
    advance: VatRate | None = None

    @property
    def known(self) -> frozenset[VatRate]:
        """All rates that a person has confirmed in one way or the other."""
        return self.rates | frozenset(self.table.confirmed.values())


class CheckHeld(SaleError):
    """The rate of a line contradicts what the shop has confirmed. Nothing was made."""

    def __init__(self, line: str, rate: str, why: str) -> None:
        super().__init__("check_vat", line=line, rate=rate, why=why)


def receipt_of_check(
    check: PortalCheck, rules: CheckRules, seller: Seller, *, identity: UUID, now: datetime
) -> Receipt:
    """The frozen receipt. Raises BadCheck, CheckHeld, SaleError (`vat_unmapped`, `vat_against_tax_system`).

    A receipt by a method of money ahead carries calculated rates (22/122), whatever the portal calls them.
    """
    lines = tuple(_line(each, check, rules, now.date()) for each in check.lines)
    rates = [(each.name, each.vat) for each in lines]
    refuse_twice([(number, parse_marking(each.marking)) for number, each in enumerate(lines, 1) if each.marking])
    try:
        return Receipt(
            identity=identity,
            settlement=check_settlement(check.external_id, check.kind),
            order_number=check.external_id,
            lines=lines,
            tenders=check.tenders,
            tax_system=_system(check, seller, rates),
            till=seller.till,
            cashier=seller.cashier,
            created_at=now,
            buyer_contact=check.contact,
            is_training=seller.is_training,
            cashier_inn=seller.cashier_inn,
            place=seller.place,
            is_internet=check.is_internet and check.kind is ReceiptKind.SELL,
        )
    except ValueError as error:
        raise BadCheck(f"такого чека не бывает: {error}") from error


def _system(check: PortalCheck, seller: Seller, rates: list[tuple[str, VatRate]]) -> TaxSystem:
    """The tax system that was ordered, if the register has it and it allows the rates; the till's own for none."""
    if check.tax_system is None:
        return seller.system_for(rates)
    registered = seller.tax_systems or (seller.tax_system,)
    if check.tax_system not in registered:
        names = ", ".join(each.name for each in registered)
        raise BadCheck(f"налогообложение {check.tax_system.name}, а у ККТ {names}")
    return replace(seller, tax_system=check.tax_system, tax_systems=()).system_for(rates)


# ------------------------------------------------------------------------------------------------ a line and its rate
def _line(line: CheckLine, check: PortalCheck, rules: CheckRules, day: date) -> ReceiptLine:
    if (line.object in _MARKED) and not line.marking and check.kind is ReceiptKind.SELL:
        raise BadCheck(f"«{line.name}»: маркированный товар без кода маркировки")
    try:
        return ReceiptLine(
            name=line.name,
            price=line.price,
            quantity=line.quantity,
            line_sum=line.line_sum,
            vat=_rate(line, check, rules, day),
            payment_method=line.method,
            payment_object=MARKED_AS.get(line.object, line.object) if line.marking else line.object,
            measure=line.measure,
            marking=line.marking,
        )
    except ValueError as error:
        raise BadCheck(f"«{line.name}»: {error}") from error


def _rate(line: CheckLine, check: PortalCheck, rules: CheckRules, day: date) -> VatRate:
    """The rate as the step of the deal wants it. Raises CheckHeld, SaleError `vat_unmapped`."""
    step = STEP_OF[line.method]
    if step is Step.DEBT:  # its VAT was in the receipt of the hand-over
        return _of_debt(line)
    if line.method is PaymentMethod.ADVANCE and (line.rate is VatRate.NONE or line.vat_row == 0):
        return _of_advance(line, rules)
    said = line.rate if line.rate is not None else _of_row(line, rules.table, day)
    rate = said.calculated if step is Step.AHEAD else said
    if rate not in RATES_OF[step]:
        raise CheckHeld(line.name, said.title, "расчётная ставка бывает только в предоплате")
    if line.rate is not None:
        _believe(line, said.direct, check, rules, day)
    return rate


def _of_debt(line: CheckLine) -> VatRate:
    if line.rate not in (None, VatRate.NONE) or line.vat_row:
        said = line.rate.title if line.rate else f"строка НДС {line.vat_row}"
        raise CheckHeld(line.name, said, "долг платят без НДС")
    return VatRate.NONE


def _of_advance(line: CheckLine, rules: CheckRules) -> VatRate:
    """The portal sends no VAT with advances, whatever the shop owes: what it owes is a setting of the till."""
    if rules.advance is None:
        raise CheckHeld(line.name, VatRate.NONE.title, "для авансов ставка в кассе не задана")
    return rules.advance.calculated


def _of_row(line: CheckLine, table: VatTable, day: date) -> VatRate:
    """By the confirmed table of the portal's rows; 0 is "none found", and right for a delivery alone."""
    row = line.vat_row or None
    asked = OrderLine(line.name, line.quantity, line.price, row, None, is_delivery=line.is_delivery)
    return table.rate_for(asked, day)


def _believe(line: CheckLine, rate: VatRate, check: PortalCheck, rules: CheckRules, day: date) -> None:
    """Raises CheckHeld unless the shop's own settings say that its goods carry this rate, today."""
    if not rules.known:
        raise CheckHeld(line.name, rate.title, "ставки магазина в кассе не подтверждены")
    if rate not in rules.known:
        names = ", ".join(each.title for each in sorted(rules.known))
        raise CheckHeld(line.name, rate.title, f"а в кассе подтверждены: {names}")
    if check.kind is ReceiptKind.SELL and rule_for(rate, day) is None:
        raise CheckHeld(line.name, rate.title, "для новых продаж она не действует")
    doubtful = sorted(rules.known & UNKNOWN_TO_SITE)
    if rate in _SILENT and doubtful and not rules.is_site_table_right:
        names = ", ".join(each.title for each in doubtful)
        raise CheckHeld(line.name, rate.title, f"а сайт без ручной настройки шлёт так и {names}")
