"""`posapp correct`: what is wrong and what would put it right, in words; or one of these, printed on an order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from posapp.cli.common import By, DataDir, Json, Why, amount, answer, command, emit, language, say
from posapp.domain.correction import Basis
from posapp.domain.offers import Way
from posapp.domain.receipt import Receipt, TaxSystem, Tender, TenderKind
from posapp.domain.terms import CorrectionType
from posapp.domain.vat import VatRate
from posapp.errors import UsageError
from posapp.till import correct as correcting
from posapp.till import correction_list, counters, exchange, sale
from posapp.till.context import Till
from posapp.till.correct import Corrected
from posapp.till.correct_late import Late, planned_late
from posapp.till.correct_plan import Said, find, planned, planned_void
from posapp.till.correction_list import Item
from posapp.till.correction_words import document_words, plan_json

EXIT_WAITS = 3
LIST_DAYS = 31
_TENDERS = {"cash": TenderKind.CASH, "card": TenderKind.CASHLESS}
_DATE = ["%Y-%m-%d"]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("correct")(command(correct))


def correct(
    what: Annotated[str, typer.Argument(help="list или КЛЮЧ чека, который неверен.")] = "list",
    order: Annotated[str, typer.Option(help="Расчёт этого заказа был без кассы (с --date).")] = "",
    day: Annotated[datetime | None, typer.Option("--date", formats=_DATE, help="День того расчёта.")] = None,
    way: Annotated[Way, typer.Option("--as", help="Чем был тот расчёт, как у «posapp sell».")] = Way.FULL,
    payment: Annotated[int | None, typer.Option(help="Какая оплата заказа, если их несколько.")] = None,
    tender: Annotated[str, typer.Option(help="Чем на самом деле заплатили: cash или card.")] = "",
    cash: Annotated[str | None, typer.Option(help="На самом деле наличными, рубли.")] = None,
    card: Annotated[str | None, typer.Option(help="На самом деле безналичными, рубли.")] = None,
    vat: Annotated[list[str] | None, typer.Option(help="СТРОКА=КОД: верная ставка (1199) строки чека.")] = None,
    tax_system: Annotated[int | None, typer.Option(help="Верная система налогообложения (1055).")] = None,
    void: Annotated[bool, typer.Option("--void", help="Чек лишний: по заказу есть другой.")] = False,
    document: Annotated[int | None, typer.Option(min=1, help="С --void: лишний ФД, которого журнал не знает.")] = None,
    own: Annotated[bool, typer.Option("--self", help="Исправляем сами; так и без этого слова.")] = False,
    by_order: Annotated[str, typer.Option(help="Исправляем по предписанию с этим номером (1179).")] = "",
    plan: Annotated[bool, typer.Option("--plan", help="Только показать, что было бы напечатано.")] = False,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=_DATE, help="С list: чеки с этого дня; иначе за 31 день.")
    ] = None,
    override: Annotated[
        bool, typer.Option("--override", help="С --order: хотя не доказано, что чека нет; отвечает старший (--why).")
    ] = False,
    by: By = "",
    why: Why = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Показывает неверные чеки и расчёты без чека или исправляет один из них законными документами."""
    from posapp import app

    if own and by_order:
        raise UsageError("usage", what="--self или --by-order, не вместе")
    basis = Basis(CorrectionType.ORDER, by_order.strip()) if by_order.strip() else Basis()
    said = Said(_tenders(tender, cash, card), _rates(vat or []), _system(tax_system), void, basis)
    if void and (tender or said != Said(is_void=True, basis=basis)):
        raise UsageError("usage", what="--void – без --tender, --cash, --card, --vat и --tax-system")
    if document is not None and (what != "list" or order or not void):
        raise UsageError("usage", what="--document – вместо ключа и с --void")
    if order:
        late = _late_of(what, day, way, payment, tender, said)
    elif day is not None or payment is not None or override or way is not Way.FULL:
        raise UsageError("usage", what="--date, --as, --payment и --override – с --order")
    with app.open_till(app.data_dir(data_dir), person=by.strip()) as till:
        if order:
            return _late(till, order, late, why, why.strip() if override else "", only_plan=plan, json=json)
        if document is not None:
            return _surplus(till, document, said, why, only_plan=plan, json=json)
        if what == "list":
            return _list(till, since.date() if since is not None else None, json)
        if tender:
            said = replace(said, tenders=correcting.all_by(find(till, what), _TENDERS[tender]))
        return _correct(till, what, said, why, only_plan=plan, json=json)


def _late_of(what: str, day: datetime | None, way: Way, payment: int | None, tender: str, said: Said) -> Late:
    """What is said of a settlement without the register. Raises UsageError."""
    if what != "list" or said.rates or said.tax_system is not None or said.is_void:
        raise UsageError("usage", what="--order – вместо ключа и без --vat, --tax-system, --void")
    if day is None:
        raise UsageError("usage", what="с --order нужен день расчёта: --date ГГГГ-ММ-ДД")
    return Late(day.date(), way, payment, said.tenders, _TENDERS.get(tender), said.basis)


def _tenders(tender: str, cash: str | None, card: str | None) -> tuple[Tender, ...]:
    if tender and (tender not in _TENDERS or cash or card):
        raise UsageError("usage", what="--tender cash или card, и тогда без --cash и --card")
    return sale.tenders_of(amount(cash), amount(card))


def _system(code: int | None) -> TaxSystem | None:
    try:
        return None if code is None else TaxSystem(code)
    except ValueError:
        raise UsageError("usage", what=f"нет системы налогообложения {code}") from None


def _rates(given: list[str]) -> dict[int, VatRate]:
    """`2=11` → the rate of line 2."""
    found: dict[int, VatRate] = {}
    for each in given:
        line, equals, code = each.partition("=")
        try:
            if not (equals and line.isascii() and line.isdigit() and code.isascii() and code.isdigit()):
                raise ValueError(each)
            found[int(line)] = VatRate(int(code))
        except ValueError:
            raise UsageError("usage", what="--vat пишут как СТРОКА=КОД, код ставки от 1 до 12") from None
    return found


# ------------------------------------------------------------------------------------------------ what is wrong
def _list(till: Till, since: date | None, json: bool) -> int:
    now = till.now()
    begin = datetime.combine(since, datetime.min.time(), now.tzinfo) if since else now - timedelta(days=LIST_DAYS)
    items = correction_list.items(till, begin)
    for each in items:
        if json:
            emit(each.as_json(language()))
        else:
            say(_text(each))
    if not items and not json:
        say("Исправлять нечего.")
    return EXIT_WAITS if items else 0


def _text(item: Item) -> str:
    spoken = language()
    lines = [item.message(spoken)]
    if item.is_assumed:
        lines.append("  as if today and in cash:" if spoken == "en" else "  если сегодня и наличными:")
    lines += _plan_lines(item.documents)
    if item.trouble is not None:
        lines.append(f"  ! {item.trouble.message(spoken)}")
    return "\n".join([*lines, f"  → {item.command}"])


def _plan_lines(documents: tuple[Receipt, ...]) -> list[str]:
    return [f"  {place}. {document_words(each, language())}" for place, each in enumerate(documents, 1)]


# ------------------------------------------------------------------------------------------------ one of them
def _correct(till: Till, key: str, said: Said, why: str, *, only_plan: bool, json: bool) -> int:
    if only_plan:
        wrong = find(till, key)
        return _show(wrong.receipt.order_number, wrong.receipt.key, planned(till, wrong, said), json)
    return _answer(till, correcting.correct(till, key, said, why), json)


def _surplus(till: Till, number: int, said: Said, why: str, *, only_plan: bool, json: bool) -> int:
    if only_plan:
        documents = planned_void(till, number, said.basis)
        return _show(documents[0].order_number, "", documents, json)
    return _answer(till, correcting.correct_surplus(till, number, said, why), json)


def _late(till: Till, number: str, late: Late, why: str, override: str, *, only_plan: bool, json: bool) -> int:
    order = exchange.order_for_sale(till, number)
    if only_plan:
        return _show(order.number, "", (planned_late(till, order, late, why),), json)
    return _answer(till, correcting.correct_late(till, order, late, why, override), json)


def _show(order: str, key: str, documents: tuple[Receipt, ...], json: bool) -> int:
    body = {"order": order, "key": key or None, "plan": plan_json(documents, language())}
    answer(json, body, "\n".join([f"Заказ {order}: будет напечатано", *_plan_lines(documents)]))
    return 0


def _answer(till: Till, done: Corrected, json: bool) -> int:
    documents = [{**each.view.as_json(), "words": document_words(each.view.receipt, language())} for each in done.sold]
    body = {
        "order": done.order,
        "key": done.key,
        "documents": documents,
        "outbox_pending": done.outbox_pending,
    }
    told = [
        f"  ФД {each.view.mark.document_number if each.view.mark else '?'}: {document_words(each.view.receipt)}"
        for each in done.sold
    ]
    answer(json, body, "\n".join([f"Исправлено: заказ {done.order}.", *told]))
    counters.settle(till)  # the documents are out and told: now the register's counters are compared with our sums
    return 0
