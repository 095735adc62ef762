"""`posapp sell`: one order, one receipt. Typing the command again after trouble is the person's consent to print."""

from __future__ import annotations

from typing import Annotated

import typer

from posapp.cli.common import DataDir, Json, amount, answer, command
from posapp.domain.marking import MarkingCode, parse_marking
from posapp.errors import UsageError
from posapp.till import counters, exchange, sale
from posapp.till.context import Till
from posapp.till.sale import AlreadyReceipted, Sold


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("sell")(command(sell))


def sell(
    order: Annotated[str, typer.Argument(help="Номер заказа или то, что прочитал сканер.")],
    cash: Annotated[str | None, typer.Option(help="Получено наличными, рубли; остальное – сдача.")] = None,
    card: Annotated[str | None, typer.Option(help="Оплачено картой, рубли.")] = None,
    mark: Annotated[
        list[str] | None,
        typer.Option("--mark", help="СТРОКА=КОД: код маркировки вещи этой строки; на каждую вещь свой."),
    ] = None,
    override: Annotated[
        bool, typer.Option("--override", help="Продать, хотя не доказано, что чека ещё нет: отвечает старший (--why).")
    ] = False,
    why: Annotated[str, typer.Option(help="Почему так решено; остаётся в журнале решений.")] = "",
    by: Annotated[str, typer.Option(help="Кто решил; иначе кассир из настроек.")] = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Печатает чек заказа. Перед этим выясняет судьбу прежних чеков; второй чек того же заказа не печатает никогда."""
    from posapp import app

    tenders = sale.tenders_of(amount(cash), amount(card))
    codes = _codes(mark or [])
    if override != bool(why.strip()):
        raise UsageError("usage", what="--override и --why идут вместе")
    with app.open_till(app.data_dir(data_dir), person=by.strip()) as till:
        found = exchange.order_for_sale(till, order)
        try:
            done = sale.sell(till, found, tenders, why.strip(), codes)
        except AlreadyReceipted as error:
            error.extra = {"order": found.number, "receipt": error.view.as_json()}
            raise
        _answer(json, found.number, done, till)
        counters.settle(till)  # the receipt is out and told: now the register's counters are compared with our sums


def _codes(given: list[str]) -> dict[int, list[MarkingCode]]:
    """`2=0104…` → the codes of line 2. Raises UsageError, BadMarking."""
    found: dict[int, list[MarkingCode]] = {}
    for each in given:
        number, equals, code = each.partition("=")
        if not equals or not (number.isascii() and number.isdigit()) or len(number) > 4:
            raise UsageError("usage", what="--mark пишут как СТРОКА=КОД, строка – её номер в чеке")
        found.setdefault(int(number), []).append(parse_marking(code))
    return found


def _answer(json: bool, number: str, done: Sold, till: Till) -> None:
    receipt = done.view.receipt
    mark = done.view.mark
    body = {"order": number, "receipt": done.view.as_json(), "outbox_pending": done.outbox_pending}
    text = (
        f"Чек напечатан: заказ {number}, {receipt.total}, сдача {receipt.change}, "
        f"ФД {mark.document_number if mark else '?'}. В Битрикс ждёт записей: {done.outbox_pending}."
    )
    answer(json, body, text)
