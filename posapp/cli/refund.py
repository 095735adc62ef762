"""`posapp refund`: takes a receipt back, in full or in part. Typing the same again after trouble makes no second one.

The receipt is named by its key, its QR, its document or the order. `--look` shows what can still come back and prints
nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from posapp.cli.card import hear
from posapp.cli.common import By, DataDir, Json, Why, amount, answer, command
from posapp.cli.sell import codes_of
from posapp.domain.lawful import Step
from posapp.domain.money import Quantity, total
from posapp.domain.receipt import Receipt, Tender, TenderKind
from posapp.errors import UsageError
from posapp.till import card as card_money
from posapp.till import counters, refund, stock_rows
from posapp.till.card import CardPay
from posapp.till.refund import Left, Original, Wanted
from posapp.till.sale import Sold, tenders_of, tenders_text

PAID = {"cash": TenderKind.CASH, "card": TenderKind.CASHLESS}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("refund")(command(refund_))


def refund_(
    key: Annotated[str, typer.Argument(help="Ключ чека, 16 знаков.")] = "",
    qr: Annotated[str, typer.Option(help="QR чека, как его прочитал сканер.")] = "",
    document: Annotated[int | None, typer.Option(help="Номер фискального документа.", min=1)] = None,
    storage: Annotated[str, typer.Option(help="Номер ФН; иначе ФН этой ККТ.")] = "",
    order: Annotated[str, typer.Option(help="Номер заказа; нужен и для чека другой кассы.")] = "",
    line: Annotated[
        list[str] | None, typer.Option("--line", help="СТРОКА или СТРОКА×СКОЛЬКО (2x1); без него – всё, что осталось.")
    ] = None,
    cash: Annotated[str | None, typer.Option(help="Вернуть наличными, рубли; иначе – как платили.")] = None,
    card: Annotated[str | None, typer.Option(help="Вернуть на карту или по СБП, рубли.")] = None,
    card_ref: Annotated[str, typer.Option(help="RRN возврата, если его сделали на терминале руками.")] = "",
    paid: Annotated[str, typer.Option(help="cash|card: чем платили, если портал этого не знает.")] = "",
    mark: Annotated[
        list[str] | None, typer.Option("--mark", help="СТРОКА=КОД: код маркировки вещи, если касса его не помнит.")
    ] = None,
    goods_stay: Annotated[
        bool, typer.Option("--goods-stay", help="Деньги вернули, а товар не вернулся: остаток на складе не меняем.")
    ] = False,
    look: Annotated[bool, typer.Option("--look", help="Только показать, что ещё можно вернуть.")] = False,
    override: Annotated[
        bool, typer.Option("--override", help="Вернуть, хотя прежние возвраты не видны: отвечает старший (--why).")
    ] = False,
    why: Why = "",
    by: By = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Печатает чек возврата: целиком или частью, никогда не больше, чем продано и ещё не возвращено."""
    from posapp import app

    if not (key or qr or document or order):
        raise UsageError("usage", what="какой чек вернуть: КЛЮЧ, --qr, --document или --order")
    _refuse_contradiction(key, qr, document, order)
    if override != bool(why.strip()):
        raise UsageError("usage", what="--override и --why идут вместе")
    if paid and paid not in PAID:
        raise UsageError("usage", what="--paid: cash или card")
    lines = _lines(line or [])
    codes = codes_of(mark or [])
    tenders = tenders_of(amount(cash), amount(card)) or None
    wanted = Wanted(key, qr, document, storage, order, PAID.get(paid), codes)
    with app.open_till(app.data_dir(data_dir), person=by.strip(), write=not look) as till:
        original = refund.found(till, wanted)
        if look:
            _show(json, original, refund.left(till, original))
            return
        mine = codes if original.is_ours else {}
        done = refund.refund(
            till,
            original,
            lines,
            tenders,
            override=why.strip(),
            codes=mine,
            goods_stay=goods_stay,
            pay=_pay(original, card_ref),
        )
        by_hand = not goods_stay and not stock_rows.by_goods(till, done.view.receipt)
        _answer(json, refund.left(till, original), original, done, by_hand=by_hand)
        refund.told(till, done)
        refund.tell_others(till)
        counters.settle(till)


def _pay(original: Original, card_ref: str) -> CardPay | None:
    """How money goes back to a card; what was paid by SBP does not go over the terminal."""
    if not (card_ref.strip() or card_money.is_by_card(original.receipt)):
        return None
    return CardPay(typed=card_ref.strip(), said=hear)


def _refuse_contradiction(key: str, qr: str, document: int | None, order: str) -> None:
    """One name for one receipt; the order may stand beside a name, for a receipt of another till. UsageError."""
    names = [each for each in (key, qr, document) if each]
    if len(names) > 1:
        raise UsageError("usage", what="чек называют одним: КЛЮЧ, --qr или --document")


def _lines(given: list[str]) -> dict[int, Quantity | None] | None:
    """`2`, `2x1`, `3×0,5` → how much of which line, from 0; a line without a number comes back whole. UsageError."""
    found: dict[int, Quantity | None] = {}
    for each in given:
        number, times, much = each.replace("×", "x").replace("х", "x").replace("*", "x").partition("x")
        try:
            index, quantity = int(number) - 1, Quantity.of(much.replace(",", ".")) if times else None
        except ValueError as error:
            raise UsageError("usage", what=f"--line {each}: пишут СТРОКА или СТРОКА×СКОЛЬКО") from error
        if index < 0 or index in found:
            raise UsageError("usage", what=f"--line {each}: строки считают с 1, каждую один раз")
        found[index] = quantity
    return found or None


def _show(json: bool, original: Original, left: Left) -> None:
    receipt = original.receipt
    body = {**_named(original), "left": _left_body(receipt, left)}
    body["doubts"] = [{"code": each.code, "message": each.message()} for each in original.doubts]
    lines = [f"Чек ФД {original.basis.document_number}, {receipt.total}, осталось вернуть {left.total}"]
    for number, (each, rest) in enumerate(zip(receipt.lines, left.lines, strict=True), 1):
        lines.append(f"  {number}. {each.name} × {each.quantity}: можно вернуть {_plain(rest)}, по {each.price}")
    if left.tenders:
        lines.append(f"Всё это: {tenders_text(left.tenders)}")
    if left.begun is not None:
        lines.append(f"Начат возврат {left.begun.receipt.key} на {left.begun.receipt.total}: сначала закончите его.")
    lines += [each.message() for each in original.doubts]
    answer(json, body, "\n".join(lines))


def _answer(json: bool, after: Left, original: Original, done: Sold, *, by_hand: bool) -> None:
    """`by_hand`: nobody but people brings goods that came back in part into stock."""
    receipt, mark = done.view.receipt, done.view.mark
    body = {
        **_named(original),
        "receipt": done.view.as_json(),
        "tenders": _tenders(receipt.tenders),
        "left": _left_body(original.receipt, after),
        "outbox_pending": done.outbox_pending,
    }
    back = total([each.amount for each in receipt.tenders if each.kind is TenderKind.CASH])
    text = [
        f"Чек возврата напечатан: {receipt.total}, ФД {mark.document_number if mark else '?'}, "
        f"{tenders_text(receipt.tenders)}. В Битрикс ждёт записей: {done.outbox_pending}."
    ]
    if back:
        text.append(f"Отдайте наличными {back}.")
    if after.total:
        people = by_hand and receipt.step is Step.HANDOVER
        rest = ": остаток товара на складе поправьте в Битрикс" if people else ""
        text.append(f"Возвращена часть, осталось {after.total}{rest}.")
    answer(json, body, "\n".join(text))


def _named(original: Original) -> dict[str, Any]:
    basis = original.basis
    return {
        "order": original.receipt.order_number,
        "of": {
            "key": basis.key or None,
            "storage_number": basis.storage_number,
            "document_number": basis.document_number,
            "document_sign": basis.document_sign,
            "total_kopecks": original.receipt.total.kopecks,
            "made_here": original.is_ours,
        },
    }


def _left_body(receipt: Receipt, left: Left) -> dict[str, Any]:
    return {
        "total_kopecks": left.total.kopecks,
        "lines": [
            {"line": number, "name": line.name, "left": _plain(rest), "price_kopecks": line.price.kopecks}
            for number, (line, rest) in enumerate(zip(receipt.lines, left.lines, strict=True), 1)
        ],
        "tenders": _tenders(left.tenders),
        "begun": None if left.begun is None else left.begun.receipt.key,
    }


def _tenders(tenders: tuple[Tender, ...]) -> dict[str, int]:
    return {f"{each.kind.name.lower()}_kopecks": each.amount.kopecks for each in tenders}


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
