"""`posapp setup catalogue`: where the portal's catalogue holds barcodes and prices, and how the shop's scales code."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

import typer

from posapp.cli import setup_common
from posapp.cli.common import DataDir, Json, answer, language
from posapp.domain.barcode import ScaleScheme
from posapp.errors import SetupError, UsageError
from posapp.settings import PRODUCT_FIELD, CatalogueSettings
from posapp.sync.bitrix.catalogue import Sample

SHOWN = 3


def catalogue(
    barcode: Annotated[str | None, typer.Option(help="Поле со штрихкодом: propertyN, xmlId или code.")] = None,
    article: Annotated[str | None, typer.Option(help="Поле с артикулом, который набирают руками.")] = None,
    scale: Annotated[str | None, typer.Option(help="Поле с номером товара на весах; пусто – нет такого.")] = None,
    marked: Annotated[
        str | None, typer.Option(help="Поле, не пустое у маркированных товаров; пусто – такого нет.")
    ] = None,
    price_type: Annotated[int | None, typer.Option(min=1, help="Номер типа цены; иначе базовая.")] = None,
    scales: Annotated[
        str | None, typer.Option(help="Схемы весовых штрихкодов: ПРЕФИКС:ТОВАР:ВЕС, например 21:5:5,23:6:4.")
    ] = None,
    prices_hours: Annotated[
        int | None, typer.Option(min=0, max=8760, help="Сколько часов цены не считаются старыми; 0 – всегда.")
    ] = None,
    accept_proposed: Annotated[
        bool, typer.Option("--accept-proposed", help="Взять поле штрихкода и тип цены, которые предложены.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Показывает, какие поля и цены есть в каталоге портала, и запоминает, что где; всё проверяется на портале."""
    from posapp import app
    from posapp.sync.bitrix.catalogue import likely_barcode, sample

    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    if settings.portal is None:
        raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
    given = {"barcode": barcode, "article": article, "scale": scale, "marked": marked, "price_type": price_type,
             "scales": _scheme(scales), "prices_hours": prices_hours}  # fmt: skip
    changes = {name: value for name, value in given.items() if value is not None}
    with setup_common.portal_of(settings, folder) as client:
        found = sample(client)
    proposed = likely_barcode(found)
    if changes or accept_proposed:
        former = settings.catalogue
        if accept_proposed and "barcode" not in changes and not (former and former.barcode):
            changes["barcode"] = _sure(proposed)
        if former is None and "price_type" not in changes:
            changes["price_type"] = _base(found)
        kept = replace(former or CatalogueSettings(), **changes)  # type: ignore[arg-type]
        _check(kept, found)
        settings = settings.with_(catalogue=kept)
        setup_common.save(folder, settings)
    body = {
        "catalogue": None if settings.catalogue is None else asdict(settings.catalogue),
        "proposed": {"barcode": proposed or None, "price_type": found.base_type},
        "fields": {name: list(values[:SHOWN]) for name, values in found.fields.items()},
        "price_types": {str(number): name for number, name in found.price_types.items()},
    }
    answer(json, body, _text(settings.catalogue, found, proposed))


def _scheme(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return ",".join(map(str, ScaleScheme.parse_all(text)))
    except ValueError as error:
        what = f"--scales {text}: ждём ПРЕФИКС:ТОВАР:ВЕС, префикс 20–29, цифр товара и веса вместе десять"
        raise UsageError("usage", what=what) from error


def _sure(proposed: str) -> str:
    if not proposed:
        raise SetupError("catalogue_field", what="По товарам не видно, в каком поле штрихкоды: назовите его, --barcode")
    return proposed


def _base(found: Sample) -> int:
    if found.base_type is None:
        raise SetupError(
            "catalogue_field", what="Какая цена базовая, портал не сказал: назовите тип цены, --price-type"
        )
    return found.base_type


def _check(kept: CatalogueSettings, found: Sample) -> None:
    """Every field is one that the products have, and the type of price is one of the portal's."""
    for name in filter(None, (kept.barcode, kept.article, kept.scale, kept.marked)):
        if not PRODUCT_FIELD.fullmatch(name) or name not in found.fields:
            raise SetupError("catalogue_field", what=f"У товаров портала нет поля «{name[:40]}»")
    if found.price_types and kept.price_type not in found.price_types:
        raise SetupError("catalogue_field", what=f"Типа цены {kept.price_type} на портале нет")


def _text(kept: CatalogueSettings | None, found: Sample, proposed: str) -> str:
    english = language() == "en"
    lines = [
        f"{name:<14} {', '.join(values[:SHOWN]) or '–'}{_mark(name, proposed, english=english)}"
        for name, values in found.fields.items()
    ]
    lines += [f"{number:<14} {name}" for number, name in found.price_types.items()]
    if kept is None:
        told = "Not set up: posapp setup catalogue --accept-proposed" if english else (
            "Не настроено: posapp setup catalogue --accept-proposed"
        )  # fmt: skip
        return "\n".join([*lines, told])
    shown = (
        f"Штрихкод {kept.barcode or '–'}, артикул {kept.article or '–'}, на весах {kept.scale or '–'}, "
        f"маркировка {kept.marked or '–'}, тип цены {kept.price_type}, весы {kept.scales or '–'}."
    )
    if english:
        shown = (
            f"Barcode {kept.barcode or '–'}, article {kept.article or '–'}, on the scales {kept.scale or '–'}, "
            f"marking {kept.marked or '–'}, price type {kept.price_type}, scales {kept.scales or '–'}."
        )
    return "\n".join([*lines, shown])


def _mark(name: str, proposed: str, *, english: bool) -> str:
    if not proposed or name != proposed:
        return ""
    return "   ← barcodes, it seems" if english else "   ← похоже, штрихкоды"
