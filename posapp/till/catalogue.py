"""The catalogue on board: pulled in passes that may be cut off anywhere, kept fresh by rounds, found by code.

Once a day the whole catalogue is read, so that what was deleted on the portal goes; between, what changed. Every page
is committed together with the place where reading goes on. Until the first whole pass has ended nothing is sold by
codes: a code that is not here might only not have come yet.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from posapp.domain import barcode
from posapp.domain.barcode import Lookup, ScaleScheme, lookups, readings
from posapp.domain.basket import Item, item_of
from posapp.domain.product import SELLABLE, Product
from posapp.errors import Offline, PosError, Rejected, SaleError, SetupError
from posapp.settings import CatalogueSettings
from posapp.till import exchange, marked_goods
from posapp.till.context import Till
from posapp.till.views import CatalogueReport

if TYPE_CHECKING:
    from posapp.sync.bitrix.catalogue import Around, Work

WHOLE_EVERY = timedelta(hours=24)
ROUND_EVERY = timedelta(minutes=5)
ROUND_STEPS = 10
"""Requests that one round of the exchange may spend on the catalogue: orders and receipts go first."""
NAMES_MAX = 3
LEARNED = "sold by code"
"""What stands for the group of a marked product that the catalogue does not call marked."""


@dataclass(frozen=True, slots=True)
class Book:
    """How far the catalogue has come. Times are ISO texts of the portal's clock, "" for never.

    `fields`: the settings that it was read by; `until`: what changed later is still to come; `whole_at`: when the last
    complete pass began; `looked_at`: when the till last asked, by its own clock; `work`: a pass that is under way.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    pass_id: int = 0
    whole_at: str = ""
    until: str = ""
    looked_at: str = ""
    work: Mapping[str, Any] | None = None


def chosen(till: Till) -> CatalogueSettings:
    """Which fields hold what. Raises SetupError until somebody has said so."""
    if till.settings.catalogue is None:
        raise SetupError("not_set_up", what="не указано, где в каталоге Битрикс штрихкоды и цены", command="catalogue")
    return till.settings.catalogue


# ------------------------------------------------------------------------------------------------ pulling
def pull(till: Till, *, whole: bool = False, steps: int | None = None) -> CatalogueReport:
    """Reads on where the last pull stopped; everything at first, once a day, and when `whole` is asked for.

    `steps`: after so many requests the rest is left to the next call. Raises Offline, Rejected, SetupError; what was
    read till then is kept.
    """
    from posapp.sync.bitrix import catalogue as portal

    fields = chosen(till)
    products = prices = gone = 0
    with exchange.logged(till) as client:
        around = portal.read_around(client)
        book, work = _begun(till, around, fields, whole=whole)
        for _ in itertools.count() if steps is None else range(steps):
            step = portal.step(client, around, fields, work)
            products, prices = products + len(step.products), prices + len(step.prices)
            is_last_of_all = step.work is None and work.since is None
            # The end of a whole pass is noted with what it forgets: cut off before, its last page is read again.
            book = _noted(book, work, work if is_last_of_all else step.work)
            facts = {_fact(till): _text(book)}
            till.journal.save_catalogue(till.portal, step.products, step.prices, work.pass_id, facts)
            if is_last_of_all:
                book = _noted(book, work, None)
                gone = till.journal.sweep_catalogue(till.portal, work.pass_id, {_fact(till): _text(book)})
            if step.work is None:
                break
            work = step.work
    return _report(till, products, prices, gone, is_complete=book.work is None)


def _report(
    till: Till, read: int, prices: int, gone: int, *, is_complete: bool, trouble: PosError | None = None
) -> CatalogueReport:
    counts = till.journal.catalogue_counts(till.portal)
    return CatalogueReport(read, prices, gone, is_complete, counts.products, counts.barcodes, counts.prices, trouble)


def _noted(book: Book, work: Work, following: Work | None) -> Book:
    """The book after a step: where the pass goes on, or that it has ended."""
    if following is not None:
        return replace(book, work=following.as_json())
    return replace(book, work=None, until=work.began, whole_at=work.began if work.since is None else book.whole_at)


def _begun(till: Till, around: Around, fields: CatalogueSettings, *, whole: bool) -> tuple[Book, Work]:
    """The book with the pass that goes on, or with a new one, already kept."""
    from posapp.sync.bitrix import catalogue as portal

    book, read_by = _book(till), _read_by(fields)
    looked = replace(book, looked_at=till.now().isoformat(), fields=read_by)
    is_new = book.fields != read_by
    if book.work is not None and not is_new:
        work = portal.Work.from_json(book.work)
        if portal.fits(work, around) and not (whole and work.since is not None):
            return looked, work
    is_whole = whole or is_new or not book.whole_at or _age(till, book.whole_at) >= WHOLE_EVERY
    pass_id = book.pass_id + is_whole
    looked = replace(looked, pass_id=pass_id, whole_at="" if is_new else book.whole_at)
    return looked, portal.begin(around, pass_id, None if is_whole else book.until)


def _read_by(fields: CatalogueSettings) -> dict[str, Any]:
    """What of the settings decides what is read."""
    body = asdict(fields)
    return {name: body[name] for name in ("barcode", "article", "scale", "marked", "price_type")}


def refresh_if_due(till: Till, *, force: bool = False) -> CatalogueReport | None:
    """A round of the exchange: a few pages every few minutes, at once when `force`. None when nothing was due.

    Never raises for a portal that is away or declines: that is in the report, and orders do not wait for prices.
    """
    if till.settings.catalogue is None or till.settings.portal is None:
        return None
    book = _book(till)
    is_under_way = book.work is not None or book.fields != _read_by(till.settings.catalogue)
    is_recent = book.looked_at and timedelta(0) <= _age(till, book.looked_at) < ROUND_EVERY
    if not force and not is_under_way and is_recent:
        return None
    try:
        return pull(till, steps=ROUND_STEPS)
    except (Offline, Rejected, SetupError) as error:
        return _report(till, 0, 0, 0, is_complete=False, trouble=error)


def _age(till: Till, at: str) -> timedelta:
    return till.now() - datetime.fromisoformat(at)


def _fact(till: Till) -> str:
    return f"catalogue:{till.portal}"


def _text(book: Book) -> str:
    return json.dumps(asdict(book), ensure_ascii=False)


def _book(till: Till) -> Book:
    text = till.journal.get_fact(_fact(till))
    return Book(**json.loads(text)) if text else Book()


# ------------------------------------------------------------------------------------------------ what is on board
def prices_at(till: Till) -> datetime | None:
    """As of when the prices on board are, by the portal's clock; None while the catalogue is not complete."""
    book = _book(till)
    return datetime.fromisoformat(book.until) if book.whole_at else None


def require_ready(till: Till, *, old_prices: bool = False) -> None:
    """Raises SetupError, SaleError `catalogue_empty`; `prices_old` unless a person takes `old_prices` upon himself."""
    fields, at = chosen(till), prices_at(till)
    if at is None:
        raise SaleError("catalogue_empty")
    if fields.prices_hours and not old_prices and till.now() - at > timedelta(hours=fields.prices_hours):
        shown = f"{at.astimezone(till.now().tzinfo):%d.%m.%Y %H:%M}"
        raise SaleError("prices_old", at=shown, hours=fields.prices_hours)


# ------------------------------------------------------------------------------------------------ finding
def item(till: Till, text: str) -> Item:
    """The good that a scanned or typed code means, with its quantity.

    Which goods are marked the catalogue says where the shop has a field for it; a product that was sold by its code
    once is taken for marked as well, and a marking code finds it by what it was learned to be.

    Raises SaleError with the exact reason when there is none, or more than one; BadMarking for a marking code that
    cannot be read.
    """
    schemes = ScaleScheme.parse_all(chosen(till).scales)
    for typed in readings(text):
        hits = list(_hits(till, typed.code, schemes))
        if hits:
            product, by = _only(hits, typed.code)
            if not product.marking and marked_goods.is_sold_by_code(till, product.product_id):
                product = replace(product, marking=LEARNED)
            return item_of(product, code=typed.code, typed=typed.quantity, grams=by.grams, marking=by.marking)
    code = readings(text)[-1].code
    barcode.check(code)
    raise SaleError("goods_unknown", code=code[:60])


def _hits(till: Till, code: str, schemes: tuple[ScaleScheme, ...]) -> Iterator[tuple[Product, Lookup]]:
    """What the first group of keys that finds anything finds."""
    for group in lookups(code, schemes):
        found = [(product, by) for by in group for product in _of_key(till, by)]
        if not found:
            found = [(product, by) for by in group for product in _learned(till, by)]
        if found:
            yield from found
            return


def _of_key(till: Till, by: Lookup) -> list[Product]:
    if by.kind == "id":
        product = till.journal.product(till.portal, int(by.key))
        return [] if product is None else [product]
    return [product for kind, product in till.journal.products_by_code(till.portal, by.key) if kind == by.kind]


def _learned(till: Till, by: Lookup) -> list[Product]:
    """The product that codes like this one were sold for, where the catalogue does not have its GTIN."""
    number = marked_goods.product_of(till, by.key) if by.marking is not None else None
    product = None if number is None else till.journal.product(till.portal, number)
    return [] if product is None else [product]


def _only(hits: list[tuple[Product, Lookup]], code: str) -> tuple[Product, Lookup]:
    """The one product that is meant. One that is off sale, or not sold by itself, only when there is no other."""
    for_sale = [each for each in hits if each[0].is_active and each[0].kind in SELLABLE] or hits
    names = {product.product_id: product.name for product, _ in for_sale}
    if len(names) > 1:
        shown = "; ".join(f"№ {number} «{name[:40]}»" for number, name in list(names.items())[:NAMES_MAX])
        raise SaleError("goods_several", code=code[:60], names=shown)
    return max(for_sale, key=lambda each: each[1].grams is not None)  # the reading that knows the weight knows more
