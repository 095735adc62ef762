"""`posapp setup sales`: what the till adds to its receipts – cashier's post, name and INN, place, cashless signs."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

import typer

from posapp.cli import setup
from posapp.cli.common import DataDir, Json, answer, language
from posapp.domain.inn import is_personal_inn
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
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Кто и где рассчитывается: кассир или курьер, его ИНН, место; без параметров – показывает."""
    from posapp import app

    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    name = setup.checked_cashier(cashier)
    given = {"cashier_inn": _inn(inn), "place": _place(place), "is_mobile": courier,
             "card_sign": card_sign, "sbp_sign": sbp_sign}  # fmt: skip
    changes = {field: value for field, value in given.items() if value is not None}
    if changes or name:
        changed = replace(settings.sales, **changes)  # type: ignore[arg-type]
        settings = settings.with_(cashier=name or settings.cashier, sales=changed)
        setup.save(folder, settings)
    answer(json, {"cashier": settings.cashier, "sales": asdict(settings.sales)}, _text(settings))


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
        return f"{settings.cashier}, INN {chosen.cashier_inn or '–'}; place {chosen.place or 'as registered'}; {where}."
    where = "по адресу заказа" if chosen.is_mobile else "в магазине"
    return f"{settings.cashier}, ИНН {chosen.cashier_inn or '–'}; место: {chosen.place or 'как в ККТ'}; {where}."
