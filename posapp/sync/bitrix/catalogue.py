"""Pull the catalogue page by page: products, variations and their prices, so that it can be cut off and goes on.

Bitrix has no barcode in its REST (reference: 3.8): the shop keeps it in a field of the product, which set-up names.
A *pass* is what is read from beginning to end: first the products of every catalogue block (`catalog.product.list`,
variations by `catalog.product.offer.list`), then the prices of one type (`catalog.price.list`). A whole pass reads all
of it, later ones what changed (`timestampX`). Each `step` is one request or two and says where the next one goes on.

Lists have fifty rows a page, and each page begins behind the last id of the one before. Inside a batch that id is named
by reference (`$result[c0][products][49][id]`); how many pages there are is counted first, for a reference that leads
nowhere is no error on the portal and would list from the beginning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any

from posapp.domain.barcode import article_key, barcode_key, scale_key
from posapp.domain.gs1 import is_gtin
from posapp.domain.money import ZERO, Money
from posapp.domain.product import OKEI_MEASURES, OTHER_MEASURE, PIECE, Product, ProductPrice
from posapp.errors import Offline, Rejected
from posapp.settings import CatalogueSettings
from posapp.sync.bitrix.client import PAGE, BitrixClient, Cell, Command, check_cursor, cursor, require
from posapp.sync.bitrix.parsing import as_decimal, as_flag, as_int, as_object, as_text, as_time, rows_under

CHAIN = 20
"""Pages in one request: each takes the portal some tenths of a second, and the cloud cuts a request at 60 s."""
OVERLAP = timedelta(minutes=10)
NAME_MAX, MARKING_MAX = 500, 40
SAMPLE = 20
"""So many products are looked at to find out which fields hold what."""

Row = Mapping[str, Any]
_COLUMNS = ("id", "iblockId", "name", "active", "type", "measure", "vatId", "vatIncluded", "timestampX")
_PRICE_COLUMNS = ("id", "productId", "catalogGroupId", "price", "currency", "quantityFrom", "quantityTo", "timestampX")
_NO = frozenset(("", "n", "no", "нет", "0", "false"))
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Block:
    """A catalogue block: its id, whether it holds variations, the VAT row of products that name none."""

    iblock_id: int
    is_offers: bool
    vat_row: int | None

    @property
    def method(self) -> str:
        """Which list reads it."""
        return "catalog.product.offer.list" if self.is_offers else "catalog.product.list"

    @property
    def key(self) -> str:
        """The rows' key in the answer."""
        return "offers" if self.is_offers else "products"


@dataclass(frozen=True, slots=True)
class Around:
    """What products only name by id: blocks, measures as (tag 2108, symbol) – None for the default –, the clock."""

    blocks: tuple[Block, ...]
    measures: Mapping[int | None, tuple[int, str]]
    server_time: str


@dataclass(frozen=True, slots=True)
class Work:
    """Where a pass stands. `since` None: a whole pass; `left`: pages that the portal still counts, None: not asked.

    `stage` counts the blocks and then the prices; `after` is the last id that was read in it.
    """

    pass_id: int
    began: str
    since: str | None
    blocks: tuple[int, ...]
    stage: int = 0
    after: int = 0
    left: int | None = None

    def as_json(self) -> dict[str, Any]:
        """For the journal."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Work:
        """The reverse."""
        return cls(**{**body, "blocks": tuple(body["blocks"])})


@dataclass(frozen=True, slots=True)
class Step:
    """What a step brought, and where the next one goes on; `work` None: the pass is complete."""

    products: tuple[Product, ...] = ()
    prices: tuple[ProductPrice, ...] = ()
    work: Work | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What set-up looks at: for each field the values of some products, and the price types (id → name), `base` first.

    `price_types` is empty where this access may not read them (it needs an administrator's).
    """

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    price_types: Mapping[int, str] = field(default_factory=dict)
    base_type: int | None = None


# ------------------------------------------------------------------------------------------------ surroundings
def read_around(client: BitrixClient) -> Around:
    """Blocks, measures and the portal's clock in one request.

    Raises:
        Offline: the portal is away. Rejected: `access` without the scope `catalog`, or there is no catalogue.
    """
    cells = client.batch(
        [
            Command("catalogs", "catalog.catalog.list", {"select": ["id", "iblockId", "productIblockId", "vatId"]}),
            Command(
                "measures", "catalog.measure.list", {"select": ["id", "code", "symbol", "measureTitle", "isDefault"]}
            ),
        ]
    )
    blocks = tuple(filter(None, map(_block, rows_under(cells["catalogs"].value(), "catalogs"))))
    if not blocks:
        raise Rejected("portal_rejected", reason="на портале нет торгового каталога")
    if client.server_time is None:
        raise Offline("portal_garbled", reason="портал не сообщил своё время")
    measures = _measures(rows_under(cells["measures"].value(), "measures"))
    return Around(tuple(sorted(blocks, key=lambda each: each.iblock_id)), measures, client.server_time.isoformat())


def _block(row: Row) -> Block | None:
    iblock = as_int(row.get("iblockId"))
    return Block(iblock, bool(as_int(row.get("productIblockId"))), as_int(row.get("vatId")) or None) if iblock else None


def _measures(rows: Sequence[Row]) -> dict[int | None, tuple[int, str]]:
    found: dict[int | None, tuple[int, str]] = {None: (PIECE, "шт")}
    for row in rows:
        number, okei = as_int(row.get("id")), as_int(row.get("code"))
        title = as_text(row.get("symbol")) or as_text(row.get("measureTitle"))
        measure = (OKEI_MEASURES.get(okei or 0, OTHER_MEASURE), title[:20] or "?")
        if number:
            found[number] = measure
        if as_flag(row.get("isDefault")):
            found[None] = measure
    return found


# ------------------------------------------------------------------------------------------------ steps
def begin(around: Around, pass_id: int, since: str | None) -> Work:
    """A new pass; `since` as `began` of the last complete one, None to read everything."""
    return Work(pass_id, around.server_time, since, tuple(each.iblock_id for each in around.blocks))


def fits(work: Work, around: Around) -> bool:
    """Whether a pass that was cut off can go on: the portal has the same blocks still."""
    return work.blocks == tuple(each.iblock_id for each in around.blocks)


def step(client: BitrixClient, around: Around, fields: CatalogueSettings, work: Work) -> Step:
    """The next pages. Raises Offline, Rejected; nothing is lost by repeating."""
    block = around.blocks[work.stage] if work.stage < len(around.blocks) else None
    method, key = ("catalog.price.list", "prices") if block is None else (block.method, block.key)
    params = _price_params(fields, work) if block is None else _product_params(fields, block, work)
    rows, is_end, left = _pages(client, method, params, key, work)
    require(rows, lambda row: _satisfies(row, params["filter"]), "блок, тип цены и дата изменения")
    following = replace(work, after=as_int(rows[-1]["id"]) or work.after, left=left) if rows else work
    if is_end:
        following = replace(work, stage=work.stage + 1, after=0, left=None)
    is_complete = following.stage > len(around.blocks)
    products: tuple[Product, ...] = ()
    prices: tuple[ProductPrice, ...] = ()
    if block is None:
        prices = tuple(filter(None, map(_price, rows)))
    else:
        products = tuple(_product(row, client.portal, fields, block, around) for row in rows)
    return Step(products, prices, None if is_complete else following)


def _pages(
    client: BitrixClient, method: str, params: dict[str, Any], key: str, work: Work
) -> tuple[list[Row], bool, int | None]:
    """The rows behind `work.after`, whether they are the last ones, and how many pages are left by the portal's count.

    The first page goes alone: of what changed since yesterday there is seldom more.
    """
    chained = max(1, min(work.left or 1, CHAIN))
    cells = client.batch([_page(method, params, key, number, work.after) for number in range(chained)])
    rows: list[Row] = []
    last = work.after
    for number in range(chained):
        page = rows_under(cells[f"c{number}"].value(), key)
        last = check_cursor(page, last)
        rows += page
        if len(page) < PAGE:
            return rows, True, None
    if work.left is not None:
        return rows, False, max(1, work.left - chained)
    total = client.total(method, {**params, "filter": {**params["filter"], ">id": last}, "order": {"id": "ASC"}})
    return rows, False, max(1, -(-total // PAGE))


def _page(method: str, params: dict[str, Any], key: str, number: int, after: int) -> Command:
    page = cursor(params, after)
    if number:
        page["filter"] = {**page["filter"], ">id": f"$result[c{number - 1}][{key}][{PAGE - 1}][id]"}
    return Command(f"c{number}", method, page)


def _product_params(fields: CatalogueSettings, block: Block, work: Work) -> dict[str, Any]:
    own = (fields.barcode, fields.article, fields.scale, fields.marked)
    select = [*_COLUMNS, *dict.fromkeys(filter(None, own))]
    return {"select": select, "filter": {"iblockId": block.iblock_id, **_changed(work)}}


def _price_params(fields: CatalogueSettings, work: Work) -> dict[str, Any]:
    return {"select": list(_PRICE_COLUMNS), "filter": {"catalogGroupId": fields.price_type, **_changed(work)}}


def _changed(work: Work) -> dict[str, str]:
    since = as_time(work.since) if work.since else None
    return {} if since is None else {">=timestampX": (since - OVERLAP).isoformat(timespec="seconds")}


def _satisfies(row: Row, condition: Mapping[str, Any]) -> bool:
    """Bitrix drops a filter that it does not understand: what comes must be what was asked for."""
    for name, value in condition.items():
        if name.startswith(">="):
            moment, bound = as_time(row.get(name[2:])), as_time(value)
            if moment is not None and bound is not None and moment < bound:
                return False
        elif as_int(row.get(name)) != value:
            return False
    return True


# ------------------------------------------------------------------------------------------------ rows
def _product(row: Row, portal: str, fields: CatalogueSettings, block: Block, around: Around) -> Product:
    measure, symbol = around.measures.get(as_int(row.get("measure")) or None, (OTHER_MEASURE, "?"))
    product_id = as_int(row.get("id")) or 0
    barcodes = [part for value in _values(row, fields.barcode) for part in _BETWEEN.split(value) if part]
    marked = next((each for each in _values(row, fields.marked) if each.casefold() not in _NO), "")
    return Product(
        portal=portal,
        product_id=product_id,
        name=" ".join(as_text(row.get("name")).split())[:NAME_MAX] or f"Товар {product_id}",
        kind=as_int(row.get("type")) or 0,
        is_active=as_flag(row.get("active")) is True,
        measure=measure,
        measure_name=symbol,
        vat_row=as_int(row.get("vatId")) or block.vat_row,
        vat_included=as_flag(row.get("vatIncluded")) is not False,
        marking=marked[:MARKING_MAX],
        updated_at=as_text(row.get("timestampX")),
        barcodes=tuple(dict.fromkeys(map(barcode_key, barcodes))),
        articles=tuple(dict.fromkeys(filter(None, map(article_key, _values(row, fields.article))))),
        scale_numbers=tuple(dict.fromkeys(filter(None, map(scale_key, _values(row, fields.scale))))),
    )


def _values(row: Row, name: str) -> list[str]:
    """The texts of a field: a scalar, `{"value", "valueId"}`, or a list of these."""
    if not name:
        return []
    given = row.get(name)
    items = given if isinstance(given, list) else [given]
    texts = (as_text(as_object(each).get("value")) if isinstance(each, dict) else as_text(each) for each in items)
    return [each for each in texts if each]


def _price(row: Row) -> ProductPrice | None:
    """None for a row that names no product. What is no sum is no price, and zero says so."""
    price_id, product_id = as_int(row.get("id")), as_int(row.get("productId"))
    if not price_id or not product_id:
        return None
    return ProductPrice(
        price_id=price_id,
        product_id=product_id,
        amount=_money(row.get("price")),
        currency=as_text(row.get("currency")),
        quantity_from=as_int(row.get("quantityFrom")),
        quantity_to=as_int(row.get("quantityTo")),
    )


def _money(value: object) -> Money:
    number = as_decimal(value)
    try:
        return ZERO if number is None else Money.from_roubles(number)
    except ValueError:
        return ZERO


# ------------------------------------------------------------------------------------------------ for set-up
def sample(client: BitrixClient) -> Sample:
    """Some products with all their fields, and the price types. Raises Offline, Rejected."""
    around = read_around(client)
    listing = {"select": ["id", "iblockId"], "order": {"id": "ASC"}, "start": -1}
    cells = client.batch(
        [
            Command("types", "catalog.priceType.list", {"select": ["id", "name", "base"]}),
            *(
                Command(f"b{each.iblock_id}", each.method, {**listing, "filter": {"iblockId": each.iblock_id}})
                for each in around.blocks
            ),
        ]
    )
    products = [
        (each.is_offers, as_int(row.get("id")) or 0)
        for each in around.blocks
        for row in rows_under(cells[f"b{each.iblock_id}"].value(), each.key)[:SAMPLE]
    ]
    names, base = _price_types(cells["types"])
    return Sample(_fields_of(client, products), names, base)


def _price_types(cell: Cell) -> tuple[dict[int, str], int | None]:
    if isinstance(cell.error, Offline):
        raise cell.error
    rows = [] if cell.error is not None else rows_under(cell.value(), "priceTypes")
    names = {number: as_text(row.get("name")) or "?" for row in rows if (number := as_int(row.get("id")))}
    bases = [as_int(row.get("id")) for row in rows if as_flag(row.get("base"))]
    return names, bases[0] if len(bases) == 1 else None


_CODES = re.compile(r"code|xmlId|property[1-9][0-9]*")


def _fields_of(client: BitrixClient, products: Sequence[tuple[bool, int]]) -> dict[str, tuple[str, ...]]:
    """Every field that may hold a code, with the values that these products have in it."""
    commands = [
        Command(f"g{number}", "catalog.product.offer.get" if is_offer else "catalog.product.get", {"id": number})
        for is_offer, number in products
    ]
    found: dict[str, list[str]] = {}
    for cell in client.batch(commands).values():
        body = as_object(cell.value())
        row = as_object(body.get("product")) or as_object(body.get("offer"))
        for name in filter(_CODES.fullmatch, row):
            found.setdefault(name, []).extend(_values(row, name))
    return {name: tuple(values) for name, values in sorted(found.items())}


def likely_barcode(found: Sample) -> str:
    """The field whose values are barcodes, "" where none or several are: a person says which."""
    likely = [name for name, values in found.fields.items() if len(values) > 1 and all(map(_is_barcode_list, values))]
    return likely[0] if len(likely) == 1 else ""


def _is_barcode_list(text: str) -> bool:
    return all(is_gtin(each) for each in _BETWEEN.split(text) if each)


__all__ = [
    "Around", "Block", "Sample", "Step", "Work", "begin", "fits", "likely_barcode", "read_around", "sample",
    "step",
]  # fmt: skip
