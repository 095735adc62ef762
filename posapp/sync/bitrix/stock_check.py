"""What set-up proves about a portal's stock, and what a sale looks at: is there enough? (Bitrix REST 3.8, 3.9)

That documents may be made is proven by making one and deleting it again, for rights are given per kind of document: it
is never conducted, and one that was left behind by a lost answer is deleted by the next try.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from posapp.errors import Rejected, SetupError
from posapp.sync.bitrix.client import BATCH_MAX, BitrixClient, Cell, Command
from posapp.sync.bitrix.parsing import as_decimal, as_flag, as_int, as_object, as_text, rows_under
from posapp.sync.bitrix.stock import DOCUMENTS, QUANTITY, SHIPMENTS
from posapp.sync.bitrix.stock_documents import BACK, OUT

TRIAL = "POSAPP-SETUP"
"""The number of the document that is made and deleted."""


@dataclass(frozen=True, slots=True)
class StockFacts:
    """What the portal shows. `keeps_documents` None: it does not say; `stores`: those in use, id → title;
    `user_id`: whose access this is."""

    keeps_documents: bool | None
    stores: Mapping[int, str]
    user_id: int

    @property
    def proposed(self) -> str:
        """The mode that fits: documents where the portal keeps them, else the product's number."""
        return SHIPMENTS if self.keeps_documents is None else DOCUMENTS if self.keeps_documents else QUANTITY


def read_facts(client: BitrixClient) -> StockFacts:
    """One request. Raises Offline, Rejected (`access` without the scope `catalog`)."""
    cells = client.batch(
        [
            Command("mode", "catalog.document.mode.status", {}),
            Command("stores", "catalog.store.list", {"select": ["id", "title", "active"], "order": {"id": "ASC"}}),
            Command("who", "profile", {}),
        ]
    )
    rows = rows_under(cells["stores"].value(), "stores")
    stores = {
        number: as_text(row.get("title")) or f"склад {number}"
        for row in rows
        if (number := as_int(row.get("id"))) and as_flag(row.get("active")) is not False
    }
    return StockFacts(as_flag(cells["mode"].value()), stores, as_int(as_object(cells["who"].value()).get("ID")) or 0)


def prove(client: BitrixClient, facts: StockFacts, mode: str, store_id: int, responsible_id: int) -> None:
    """Raises SetupError `stock_unproven` where the portal does not keep its stock in this way, Offline, Rejected."""
    if mode == QUANTITY and facts.keeps_documents is not False:
        raise _unproven(mode, "на портале включён складской учёт, число в карточке он не меняет")
    if mode != DOCUMENTS:
        return
    if facts.keeps_documents is not True:
        raise _unproven(mode, "на портале выключен складской учёт, документов он не ведёт")
    if store_id not in facts.stores:
        known = ", ".join(f"{number} «{title}»" for number, title in facts.stores.items()) or "ни одного"
        raise _unproven(mode, f"склада {store_id or '–'} на портале нет (есть: {known})")
    for kind in (OUT, BACK):
        _try_document(client, mode, kind, responsible_id)


def _try_document(client: BitrixClient, mode: str, kind: str, responsible_id: int) -> None:
    fields = {"docType": kind, "currency": "RUB", "responsibleId": responsible_id, "docNumber": TRIAL}
    try:
        _forget_trials(client)
        client.call("catalog.document.add", {"fields": {**fields, "title": "Проверка настройки кассы"}})
        _forget_trials(client)
    except Rejected as error:
        if error.code != "portal_rejected":
            raise
        what = "списания" if kind == OUT else "оприходования"
        raise _unproven(mode, f"документ {what} не создаётся: {error.facts.get('reason')}") from error


def _forget_trials(client: BitrixClient) -> None:
    params = {"select": ["id", "docNumber", "status"], "filter": {"docNumber": TRIAL}}
    for row in rows_under(client.call("catalog.document.list", params), "documents"):
        if as_text(row.get("docNumber")) == TRIAL and as_text(row.get("status")) == "N":
            client.call("catalog.document.delete", {"id": as_int(row.get("id"))})


def _unproven(mode: str, why: str) -> SetupError:
    return SetupError("stock_unproven", mode=mode, why=why)


# ---------------------------------------------------------------------------------------------- is there enough
@dataclass(frozen=True, slots=True)
class Counted:
    """How much of a product the portal has. `free`: not reserved; None where it counts none of it, or sells below."""

    product_id: int
    free: Decimal | None
    reserved: Decimal


def counted(client: BitrixClient, product_ids: Collection[int], store_id: int = 0) -> dict[int, Counted]:
    """The products' stock now, of one store where it is named; one request for up to 25 products.

    Products that cannot be read are left out. Raises Offline, Rejected.
    """
    wanted = sorted(set(product_ids))[: BATCH_MAX // 2]
    commands = [Command(f"p{each}", "catalog.product.get", {"id": each}) for each in wanted]
    if store_id:
        commands += [Command(f"s{each}", "catalog.storeproduct.list", _held(each, store_id)) for each in wanted]
    cells = client.batch(commands)
    whole = next((cell.error for cell in cells.values() if cell.is_whole and cell.error is not None), None)
    if whole is not None:
        raise whole
    found = (_counted(each, cells, store_id) for each in wanted)
    return {each.product_id: each for each in found if each is not None}


def _held(product_id: int, store_id: int) -> Mapping[str, Any]:
    columns = ["id", "productId", "storeId", "amount", "quantityReserved"]
    return {"select": columns, "filter": {"productId": product_id, "storeId": store_id}, "start": -1}


def _counted(product_id: int, cells: Mapping[str, Cell], store_id: int) -> Counted | None:
    product = as_object(as_object(cells[f"p{product_id}"].result).get("product"))
    if as_int(product.get("id")) != product_id:
        return None
    if as_flag(product.get("quantityTrace")) is False or as_flag(product.get("canBuyZero")) is True:
        return Counted(product_id, None, Decimal(0))
    reserved = as_decimal(product.get("quantityReserved")) or Decimal(0)
    free = as_decimal(product.get("quantity"))
    if store_id:
        cell = cells[f"s{product_id}"]
        rows = rows_under(cell.result, "storeProducts") if cell.error is None else []
        here = (product_id, store_id)
        mine = [row for row in rows if (as_int(row.get("productId")), as_int(row.get("storeId"))) == here]
        reserved = _sum(mine, "quantityReserved")
        free = _sum(mine, "amount") - reserved
    return Counted(product_id, free, reserved)


def _sum(rows: Sequence[Mapping[str, Any]], name: str) -> Decimal:
    return sum((as_decimal(row.get(name)) or Decimal(0) for row in rows), Decimal(0))
