"""`posapp catalogue pull|list|find`: the goods that are sold without an order."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from posapp.cli.common import DataDir, Json, answer, command, language
from posapp.domain.basket import Item
from posapp.domain.marking import BadMarking
from posapp.domain.product import Product
from posapp.errors import Offline, PosError, Rejected, SaleError
from posapp.till import catalogue, store_stock
from posapp.till.context import Till
from posapp.till.views import CatalogueReport


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Каталог товаров на этой кассе.", no_args_is_help=True)
    group.command("pull")(command(pull))
    group.command("list")(command(list_))
    group.command("find")(command(find))
    app.add_typer(group, name="catalogue")


def pull(
    whole: Annotated[bool, typer.Option("--whole", help="Весь каталог заново, а не только изменения.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Загружает товары, штрихкоды и цены: изменения, а раз в сутки всё. Прерванная загрузка идёт дальше с места."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        report = catalogue.pull(till, whole=whole)
        stock = _pull_stock(till)
    answer(json, report.as_json(language()) | {"stock": stock}, f"{text_of(report)}\n{_stock_text(stock)}")


def _pull_stock(till: Till) -> dict[str, Any]:
    """What the stores have; a portal that does not tell it keeps nobody from selling."""
    trouble: PosError | None = None
    try:
        store_stock.pull(till)
    except (Offline, Rejected) as error:
        trouble = error
    amounts, stores = till.journal.amount_count(till.portal), len(till.journal.stores(till.portal))
    body: dict[str, Any] = {"stores": stores, "amounts": amounts}
    return body | ({} if trouble is None else {"error": trouble.as_json(language())})


def _stock_text(stock: dict[str, Any]) -> str:
    if "error" in stock:
        return str(stock["error"]["message"])
    if language() == "en":
        return f"Stores {stock['stores']}, amounts {stock['amounts']}."
    return f"Складов {stock['stores']}, остатков {stock['amounts']}."


def text_of(report: CatalogueReport) -> str:
    """A line for people, or what stopped it."""
    if report.trouble is not None:
        return f"{report.trouble.message(language())} {report.trouble.action(language())}"
    if language() == "en":
        done = "whole" if report.is_complete else "not whole yet"
        return (
            f"Catalogue {done}: {report.products} products, {report.barcodes} barcodes, {report.prices} prices; "
            f"read {report.read} and {report.prices_read}, gone {report.gone}."
        )
    done = "загружен" if report.is_complete else "ещё не весь"
    return (
        f"Каталог {done}: товаров {report.products}, штрихкодов {report.barcodes}, цен {report.prices}; "
        f"прочитано {report.read} и {report.prices_read}, исчезло {report.gone}."
    )


def list_(
    after: Annotated[int, typer.Option(help="С какого номера дальше; по пятьдесят.")] = 0,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Товары на борту, страницами в порядке номеров."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        _tell(till, till.journal.products(till.portal, after=after), json=json)


def find(
    code: Annotated[str, typer.Argument(help="Штрихкод, артикул, номер – как при продаже – или часть названия.")],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Что пробьёт касса по этому коду и за сколько; если кода нет – товары, в названии которых это есть."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        try:
            item = catalogue.item(till, code)
        except (SaleError, BadMarking):
            named = till.journal.products(till.portal, search=code)
            if not named:
                raise
            _tell(till, named, json=json)
            return
        _tell_item(item, json=json)


def _tell(till: Till, products: list[Product], *, json: bool) -> None:
    counts = till.journal.catalogue_counts(till.portal)
    stock = {each.product_id: _stock(till, each) for each in products}
    lines = [
        f"{each.product_id:>8}  {_price(each):>14}  {each.name}{_notes(each)}{_stock_words(stock[each.product_id])}"
        for each in products
    ]
    body = {"count": counts.products, "products": [_row(each) | {"stock": stock[each.product_id]} for each in products]}
    answer(json, body, "\n".join(lines) or "Товаров на борту нет. Загрузите их: posapp catalogue pull")


def _tell_item(item: Item, *, json: bool) -> None:
    product = item.product
    body: dict[str, Any] = {"products": [_row(product)], "quantity": str(item.quantity)}
    text = f"№ {product.product_id} «{product.name}», {item.quantity} {product.measure_name}, {_price(product)}"
    answer(json, body, text + _notes(product))


def _stock(till: Till, product: Product) -> list[dict[str, Any]]:
    """What each store has of it, as the portal last told it."""
    titles = till.journal.stores(till.portal)
    return [
        {
            "store": each.store_id,
            "title": titles.get(each.store_id, (f"№ {each.store_id}", True))[0],
            "amount": f"{each.amount:f}",
            "reserved": f"{each.reserved:f}",
        }
        for each in till.journal.amounts_of(till.portal, product.product_id)
    ]


def _stock_words(stock: list[dict[str, Any]]) -> str:
    """` · Основной склад 12, в резерве 2`."""
    reserved = "reserved" if language() == "en" else "в резерве"
    words = [
        f"{each['title']} {each['amount']}" + (f", {reserved} {each['reserved']}" if Decimal(each["reserved"]) else "")
        for each in stock
    ]
    return f"  · {'; '.join(words)}" if words else ""


def _price(product: Product) -> str:
    return ", ".join(str(each.amount) for each in product.prices) or "–"


def _notes(product: Product) -> str:
    notes = [
        word
        for word, is_so in (("снят с продажи", not product.is_active), ("маркированный", bool(product.marking)))
        if is_so
    ]
    return f"  ({', '.join(notes)})" if notes else ""


def _row(product: Product) -> dict[str, Any]:
    return {
        "id": product.product_id,
        "name": product.name,
        "type": product.kind,
        "active": product.is_active,
        "measure": product.measure,
        "measure_name": product.measure_name,
        "vat_row": product.vat_row,
        "vat_included": product.vat_included,
        "marking": product.marking or None,
        "barcodes": list(product.barcodes),
        "articles": list(product.articles),
        "scale_numbers": list(product.scale_numbers),
        "prices": [
            {
                "price_kopecks": each.amount.kopecks,
                "currency": each.currency,
                "quantity_from": each.quantity_from,
                "quantity_to": each.quantity_to,
            }
            for each in product.prices
        ],
        "updated_at": product.updated_at,
    }
