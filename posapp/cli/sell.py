"""`posapp sell`: an order – or, with `--items`, goods by their codes – and one receipt.

For an order, typing the command again after trouble is the person's consent to print.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import typer

from posapp.cli import sell_items
from posapp.cli.card import hear
from posapp.cli.common import By, DataDir, Json, Why, amount, answer, command, complain, language
from posapp.domain.checkout import Terms
from posapp.domain.marking import MarkingCode, parse_marking
from posapp.domain.money import Money, Quantity, total
from posapp.domain.offers import Way
from posapp.domain.order import Order
from posapp.domain.partial import RefusedLine
from posapp.domain.receipt import Tender
from posapp.domain.terms import IDENTIFIERS_MAX, CashlessDetail
from posapp.errors import PosError, UsageError
from posapp.till import card as card_money
from posapp.till import counters, doorstep, exchange, orders, refusing, sale, stock
from posapp.till.card import CardPay
from posapp.till.context import Till
from posapp.till.sale import AlreadyReceipted, Codes, Sold


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("sell")(command(sell))


Named = Annotated[
    list[str] | None,
    typer.Argument(help="Номер заказа или то, что прочитал сканер; с --items – коды товаров, КОД или КОД×СКОЛЬКО."),
]
Another = Annotated[bool, typer.Option("--another", help="С --items: такой же чек начат, но это другой покупатель.")]
OldPrices = Annotated[
    bool, typer.Option("--old-prices", help="С --items: продать по ценам, которые давно не обновлялись.")
]
Oversell = Annotated[
    bool, typer.Option("--oversell", help="Продать, хотя на портале товара меньше: товар здесь, человек его видит.")
]
Marks = Annotated[
    list[str] | None,
    typer.Option("--mark", help="СТРОКА=КОД: код маркировки вещи этой строки; на каждую вещь свой."),
]
As = Annotated[Way, typer.Option("--as", help="Что делаем; «posapp orders offers» говорит, что можно.")]
DealDay = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="День старой сделки: её ставка НДС ещё действует (с --why)."),
]
Override = Annotated[
    bool, typer.Option("--override", help="Продать, хотя не доказано, что чека ещё нет: отвечает старший (--why).")
]
Refuse = Annotated[
    list[str] | None,
    typer.Option("--refuse", help="СТРОКА или СТРОКА×СКОЛЬКО: от чего покупатель отказался (с --why); all – от всего."),
]


def sell(
    order: Named = None,
    items: Annotated[bool, typer.Option("--items", help="Продажа без заказа: дальше идут коды товаров.")] = False,
    begun: Annotated[str, typer.Option(metavar="КЛЮЧ", help="Допечатать начатую продажу без заказа.")] = "",
    another: Another = False,
    old_prices: OldPrices = False,
    cash: Annotated[str | None, typer.Option(help="Получено наличными, рубли; остальное – сдача.")] = None,
    card: Annotated[str | None, typer.Option(help="Картой, рубли; подключённый терминал возьмёт их сам.")] = None,
    mark: Marks = None,
    sbp: Annotated[str | None, typer.Option(help="Оплачено по СБП, рубли.")] = None,
    way: As = Way.FULL,
    payment: Annotated[int | None, typer.Option(help="Какая оплата заказа, если их несколько.")] = None,
    shipment: Annotated[int | None, typer.Option(help="Какая отгрузка заказа, если их несколько.")] = None,
    card_ref: Annotated[str, typer.Option(help="Номер операции (RRN), если карту провели руками.")] = "",
    charged: Annotated[str, typer.Option(metavar="НОМЕР", help="С --items: карта уже списана этой операцией.")] = "",
    sbp_ref: Annotated[str, typer.Option(help="Идентификатор операции СБП.")] = "",
    contact: Annotated[str, typer.Option(help="Почта или телефон +7… для чека; иначе из заказа.")] = "",
    buyer: Annotated[str, typer.Option(help="Покупатель-организация: название (вместе с --inn).")] = "",
    inn: Annotated[str, typer.Option(help="ИНН покупателя-организации.")] = "",
    deal_day: DealDay = None,
    override: Override = False,
    oversell: Oversell = False,
    refuse: Refuse = None,
    why: Why = "",
    by: By = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Печатает чек заказа. Перед этим выясняет судьбу прежних чеков; второй чек того же расчёта не печатает никогда."""
    from posapp import app

    by_card, by_sbp = amount(card), amount(sbp)
    tenders = sale.tenders_of(amount(cash), _sum(by_card, by_sbp))
    if (override or deal_day is not None or bool(refuse)) != bool(why.strip()):
        raise UsageError("usage", what="--override, --deal-day или --refuse и --why идут вместе")
    codes = codes_of(mark or [])
    day = None if deal_day is None else deal_day.date()
    terms = Terms(way=way, payment_id=payment, shipment_id=shipment, deal_day=day, why=why.strip())
    terms = replace(terms, contact=contact.strip(), buyer_name=buyer.strip(), buyer_inn=inn.strip())
    number = _order_or_none(order or [], items=items, begun=begun, of_items=another or old_prices)
    with app.open_till(app.data_dir(data_dir), person=by.strip()) as till:
        terms = replace(terms, cashless=_details(till, (by_card, card_ref), (by_sbp, sbp_ref)))
        pay = _pay(by_card, card_ref, charged, another=another)
        if number is None:
            asked = sell_items.Asked(
                tuple(order or ()), begun.strip(), another=another, old_prices=old_prices, oversell=oversell
            )
            sell_items.sell(till, asked, tenders, codes, terms, pay, json=json)
        else:
            before = orders.on_board(till, number)
            found = exchange.order_for_sale(till, number)
            doorstep.require_seen(till, found, before)
            terms = replace(terms, refused=_refused(found, refuse or []))
            if not oversell and not till.journal.receipts_of_order(found.portal, found.order_id):
                stock.refuse_short_order(till, found)
            _sell(till, found, tenders, why.strip() if override else "", codes, terms, pay, json=json)


def _sell(
    till: Till,
    order: Order,
    tenders: Sequence[Tender],
    override: str,
    codes: Codes,
    terms: Terms,
    pay: CardPay | None,
    *,
    json: bool,
) -> None:
    try:
        done = sale.sell(till, order, tenders, override, codes, terms, pay)
    except AlreadyReceipted as error:
        error.extra = {"order": order.number, "receipt": error.view.as_json()}
        raise
    except PosError as error:
        _say_charged(till, order, error, json=json)
        raise
    _answer(json, order, done, till)
    counters.settle(till)  # the receipt is out and told: now the register's counters are compared with our sums


def _pay(amount: Money | None, card_ref: str, charged: str, *, another: bool) -> CardPay | None:
    """How the card money is taken; None without any. Raises UsageError."""
    if amount is None:
        if card_ref.strip() or charged.strip():
            raise UsageError("usage", what="--card-ref и --charged идут с --card")
        return None
    return CardPay(amount, card_ref.strip(), charged.strip().upper(), another, hear)


def _say_charged(till: Till, order: Order, error: PosError, *, json: bool) -> None:
    """Whatever went wrong: a card that is charged is not forgotten."""
    owed = card_money.open_of_order(till, order.portal, order.order_id)
    if owed is None or "card" in error.extra:
        return
    error.extra = {**error.extra, "card": card_money.as_json(owed)}
    if not json:
        complain(card_money.trouble_of(till, owed).message(language()))


def _order_or_none(given: list[str], *, items: bool, begun: str, of_items: bool) -> str | None:
    """The order that is meant; None for a sale without one. Raises UsageError."""
    if items or begun:
        if items == bool(begun) or bool(given) != items:
            raise UsageError("usage", what="после --items идут коды товаров, а у --begun только ключ чека")
        return None
    if len(given) != 1 or of_items:
        raise UsageError("usage", what="нужен один номер заказа; коды товаров идут после --items")
    return given[0]


def codes_of(given: list[str]) -> dict[int, list[MarkingCode]]:
    """`2=0104…` → the codes of line 2. Raises UsageError, BadMarking."""
    found: dict[int, list[MarkingCode]] = {}
    for each in given:
        number, equals, code = each.partition("=")
        if not equals or not (number.isascii() and number.isdigit()) or len(number) > 4:
            raise UsageError("usage", what="--mark пишут как СТРОКА=КОД, строка – её номер в чеке")
        found.setdefault(int(number), []).append(parse_marking(code))
    return found


_REFUSED = re.compile("([0-9]{1,4})(?:[x×*хX]([0-9]{1,8}(?:[.,][0-9]{1,6})?))?")  # also the Cyrillic х
ALL = "all"


def _refused(order: Order, given: list[str]) -> tuple[RefusedLine, ...]:
    """`2`, `3×1` or `4x0.5`: lines of the order that are not taken, whole or in part. Raises UsageError."""
    found = []
    for each in given:
        if each.strip() == ALL:
            found += [RefusedLine(number) for number, line in enumerate(order.lines, 1) if not line.is_delivery]
            continue
        match = _REFUSED.fullmatch(each.strip())
        try:
            if match is None:
                raise ValueError("no line")
            quantity = Quantity(Decimal(match[2].replace(",", "."))) if match[2] else None
        except ValueError as error:
            what = f"--refuse {each[:20]}: пишут СТРОКА или СТРОКА×СКОЛЬКО, номера строк – в posapp orders show"
            raise UsageError("usage", what=what) from error
        found.append(RefusedLine(int(match[1]), quantity))
    return tuple(found)


def _sum(*amounts: Money | None) -> Money | None:
    given = [each for each in amounts if each is not None]
    return total(given) if given else None


def _details(till: Till, card: tuple[Money | None, str], sbp: tuple[Money | None, str]) -> tuple[CashlessDetail, ...]:
    """Of each cashless payment what is known (1234): told when an SBP payment or a number of an operation was given."""
    if not (sbp[0] or card[1].strip() or sbp[1].strip()):
        return ()
    sales = till.settings.sales
    named = (("картой", card, sales.card_sign), ("СБП", sbp, sales.sbp_sign))
    return tuple(
        CashlessDetail(paid, sign, reference.strip()[:IDENTIFIERS_MAX], word)
        for word, (paid, reference), sign in named
        if paid
    )


def _answer(json: bool, order: Order, done: Sold, till: Till) -> None:
    receipt = done.view.receipt
    mark = done.view.mark
    body = {"order": order.number, "receipt": done.view.as_json(), "outbox_pending": done.outbox_pending}
    text = (
        f"Чек напечатан: заказ {order.number}, {receipt.total}, сдача {receipt.change}, "
        f"ФД {mark.document_number if mark else '?'}. В Битрикс ждёт записей: {done.outbox_pending}."
    )
    if receipt.refused is not None:
        text += f"\nВернуть в магазин: {receipt.refused.text()}."
        if receipt.refused.to_refund:
            text += f"\n{refusing.refund_text(sale.made_for(till, order))}"
    answer(json, body, text)
