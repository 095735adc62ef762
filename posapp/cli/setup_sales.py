"""`posapp setup sales`: what the till adds to its receipts – cashier's post, name and INN, place, cashless signs."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

import typer

from posapp.cli import setup_common
from posapp.cli.common import DataDir, Json, amount, answer, language
from posapp.domain.inn import is_personal_inn
from posapp.domain.money import ZERO, Money
from posapp.domain.partial import FeeRule
from posapp.errors import UsageError
from posapp.settings import PLACE_MAX, Settings


def sales(
    cashier: Annotated[str | None, typer.Option(help="Должность и фамилия, как в чеке: «Курьер Петров П.».")] = None,
    inn: Annotated[str | None, typer.Option(help="ИНН кассира, 12 цифр; пусто – без него.")] = None,
    place: Annotated[str | None, typer.Option(help="Место расчётов, если не то, что в ККТ; пусто – как в ККТ.")] = None,
    courier: Annotated[
        bool | None, typer.Option("--courier/--shop", help="Касса курьера: адрес расчёта берётся из заказа.")
    ] = None,
    card_sign: Annotated[
        int | None, typer.Option(min=0, max=255, help="Что писать в тег 1236 для карты; говорит бухгалтер.")
    ] = None,
    sbp_sign: Annotated[int | None, typer.Option(min=0, max=255, help="То же для СБП.")] = None,
    fee: Annotated[
        FeeRule | None,
        typer.Option(
            "--refusal-fee",
            help="Доставка при отказе от части: keep – как в заказе, waive – не берём, "
            "free-from – бесплатно от --free-from, иначе --fee.",
        ),
    ] = None,
    free_from: Annotated[str | None, typer.Option(help="От какой суммы товаров доставка бесплатна, рубли.")] = None,
    fee_sum: Annotated[str | None, typer.Option("--fee", help="Сколько стоит доставка ниже этой суммы, рубли.")] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Кто и где рассчитывается: кассир или курьер, его ИНН, место; без параметров – показывает."""
    from posapp import app

    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    name = setup_common.checked_cashier(cashier)
    given = {"cashier_inn": _inn(inn), "place": _place(place), "is_mobile": courier,
             "card_sign": card_sign, "sbp_sign": sbp_sign,
             **_fee_rule(fee, amount(free_from), amount(fee_sum))}  # fmt: skip
    changes = {field: value for field, value in given.items() if value is not None}
    if changes or name:
        changed = replace(settings.sales, **changes)  # type: ignore[arg-type]
        settings = settings.with_(cashier=name or settings.cashier, sales=changed)
        setup_common.save(folder, settings)
    answer(json, {"cashier": settings.cashier, "sales": asdict(settings.sales)}, _text(settings))


def _fee_rule(rule: FeeRule | None, free_from: Money | None, fee: Money | None) -> dict[str, object]:
    """The rule for the delivery when a part is refused. Raises UsageError."""
    is_from = rule is FeeRule.FREE_FROM
    if is_from != (free_from is not None) or is_from != (fee is not None):
        raise UsageError("usage", what="--refusal-fee free-from, --free-from и --fee идут вместе")
    if rule is None:
        return {}
    sums = (free_from or ZERO, fee or ZERO)
    return {"fee_rule": rule.value, "fee_free_from_kopecks": sums[0].kopecks, "fee_kopecks": sums[1].kopecks}


def _fee_text(settings: Settings) -> str:
    chosen = settings.sales
    limit, fee = Money(chosen.fee_free_from_kopecks), Money(chosen.fee_kopecks)
    if language() == "en":
        words = {"keep": "as ordered", "waive": "nothing", "free-from": f"free from {limit}, else {fee}"}
        return f"Delivery when a part is refused: {words[chosen.fee_rule]}."
    words = {"keep": "как в заказе", "waive": "не берём", "free-from": f"бесплатно от {limit}, иначе {fee}"}
    return f"Доставка при отказе от части: {words[chosen.fee_rule]}."


def _inn(text: str | None) -> str | None:
    if text and not is_personal_inn(text):
        raise UsageError("usage", what=f"--inn {text}: ждём 12 цифр, которые сходятся")
    return text


def _place(text: str | None) -> str | None:
    if text is not None and len(text) > PLACE_MAX:
        raise UsageError("usage", what=f"--place: до {PLACE_MAX} знаков")
    return text


def _text(settings: Settings) -> str:
    chosen = settings.sales
    if language() == "en":
        where = "the order's address" if chosen.is_mobile else "the shop"
        who = f"{settings.cashier}, INN {chosen.cashier_inn or '–'}; place {chosen.place or 'as registered'}; {where}."
        return f"{who}\n{_fee_text(settings)}"
    where = "по адресу заказа" if chosen.is_mobile else "в магазине"
    who = f"{settings.cashier}, ИНН {chosen.cashier_inn or '–'}; место: {chosen.place or 'как в ККТ'}; {where}."
    return f"{who}\n{_fee_text(settings)}"
