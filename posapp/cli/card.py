"""`posapp card list|ask|settle|back|ready`: card money that is owed an answer or a receipt, and the light before it.

list     what is open; with --all the last operations
ask      asks the terminal, by its own reference, about each operation whose outcome is not known
settle   a person says what became of one: --rrn from the slip, or --not-charged with --why
back     money of a charge of which no receipt was printed goes back to the card
ready    whether a card may be charged now, and if not why
"""

from __future__ import annotations

from typing import Annotated

import typer

from posapp.cli.common import By, DataDir, Json, Why, answer, command, complain, emit, language, say
from posapp.errors import PosError, UsageError
from posapp.journal.card_rows import CardOperation
from posapp.till import card, ready, recover
from posapp.till.context import Till

STATES = {
    "asking": ("исход не известен", "outcome unknown"),
    "approved": ("прошла, чек не напечатан", "approved, no receipt"),
    "receipted": ("прошла, чек напечатан", "approved, receipt printed"),
    "declined": ("отказ, деньги не взяты", "declined, no money taken"),
    "returned": ("деньги возвращены", "given back"),
}
KINDS = {"charge": ("оплата", "charge"), "refund": ("возврат", "refund"), "cancel": ("отмена", "cancel")}
LIGHTS = {"green": ("зелёный", "green"), "amber": ("жёлтый", "amber"), "red": ("красный", "red")}

Reference = Annotated[str, typer.Argument(help="Номер операции, 16 знаков; его показывает posapp card list.")]


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Деньги по карте: что не выяснено и за что нет чека.", no_args_is_help=True)
    group.command("list")(command(list_))
    group.command("ask")(command(ask))
    group.command("settle")(command(settle))
    group.command("back")(command(back))
    group.command("ready")(command(ready_))
    app.add_typer(group, name="card")


def list_(
    all_: Annotated[bool, typer.Option("--all", help="И закрытые операции.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Операции по карте, которые ждут ответа или чека; по одной на строку."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        found = till.journal.cards() if all_ else till.journal.open_cards()
    _lines(found, json=json)


def ask(data_dir: DataDir = None, json: Json = False) -> int:
    """Спрашивает у терминала, чем кончились невыясненные операции; ничего не повторяет."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        found = card.ask_all(till)
    _lines(found, json=json)
    return 3 if any(each.is_unknown for each in found) else 0


def settle(
    reference: Reference,
    rrn: Annotated[str, typer.Option(help="Номер операции (RRN) с чека терминала: деньги прошли.")] = "",
    not_charged: Annotated[bool, typer.Option("--not-charged", help="Деньги не прошли (с --why).")] = False,
    why: Why = "",
    by: By = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Человек решает, чем кончилась операция. Терминал, если он может ответить, спрашиваем первым: его слово важнее."""
    from posapp import app

    if bool(rrn.strip()) == not_charged:
        raise UsageError("usage", what="нужно одно: --rrn НОМЕР или --not-charged")
    with app.open_till(app.data_dir(data_dir), person=by.strip()) as till:
        done = card.settle(till, reference.strip().upper(), rrn=rrn, why=why)
    answer(json, card.as_json(done), _line(done))


def back(
    reference: Reference,
    card_ref: Annotated[str, typer.Option(help="RRN отмены, если её сделали на терминале руками.")] = "",
    why: Why = "",
    by: By = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Возвращает на карту деньги, за которые чека не будет."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), person=by.strip()) as till:
        pay = card.CardPay(typed=card_ref.strip(), said=hear)
        done = card.give_back(till, reference.strip().upper(), why=why, pay=pay)
    answer(json, card.as_json(done), _line(done))


def ready_(data_dir: DataDir = None, json: Json = False) -> int:
    """Можно ли сейчас брать карту: бумага, смена, ФН, ОФД, часы, ответ ККТ. Красный – код выхода 1."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        light = light_of(till)
    signs = [each.as_json(language()) for each in light.signs]
    lines = [_said("light", light.tone.value)]
    lines += [f"  ! {each.trouble.message(language())} {each.trouble.action(language())}" for each in light.signs
              if each.trouble is not None]  # fmt: skip
    answer(json, {"light": light.tone.value, "may_charge": light.may_charge, "signs": signs}, "\n".join(lines))
    return 0 if light.may_charge else 1


def hear(words: str) -> None:
    """The terminal's words, on stderr."""
    if words:
        complain(f"Terminal: {words}" if language() == "en" else f"Терминал: {words}")


def light_of(till: Till) -> ready.Ready:
    """The light as it is before a sale."""
    try:
        return ready.look(till, recover.status_for_sale(till))
    except PosError as error:
        return ready.of_trouble(till, error)


def _said(what: str, word: str) -> str:
    number = int(language() == "en")
    if what == "light":
        return (f"Карту брать: {LIGHTS[word][0]}", f"To charge a card: {LIGHTS[word][1]}")[number]
    return {"state": STATES, "kind": KINDS}[what][word][number]


def _lines(found: list[CardOperation], *, json: bool) -> None:
    for each in found:
        if json:
            emit(card.as_json(each))
        else:
            say(_line(each))
    if not found and not json:
        say("Nothing is open." if language() == "en" else "Всё выяснено, за всё есть чеки.")


def _line(each: CardOperation) -> str:
    order = each.order_number or ("no order" if language() == "en" else "без заказа")
    parts = [each.reference, _said("kind", each.kind), order, str(each.amount), _said("state", each.state)]
    parts += [f"RRN {each.rrn}"] if each.rrn else []
    parts += [each.card] if each.card else []
    parts += [each.reason] if each.is_unknown and each.reason else []
    return " · ".join(parts)
