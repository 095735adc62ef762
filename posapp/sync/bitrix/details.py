"""What orders only name by id: the VAT rows of their products, the companies that buy.

Nothing where catalogue or CRM may not be read; then the order itself has to say it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from posapp.errors import Offline
from posapp.sync.bitrix.client import PAGE, BitrixClient, Cell, Command, require
from posapp.sync.bitrix.mapping import COMPANY, Company, company_id_of, products_of, requisite_id_of
from posapp.sync.bitrix.parsing import as_int, as_object, as_rows, as_text, rows_under

Row = Mapping[str, Any]
_REQUISITE = ("ID", "ENTITY_ID", "RQ_INN", "RQ_COMPANY_NAME", "RQ_COMPANY_FULL_NAME", "RQ_NAME")


def is_readable(cell: Cell) -> bool:
    """False when the portal declines, for instance for a missing scope. Raises when the answer was lost."""
    if cell.error is not None and isinstance(cell.error, Offline):
        raise cell.error
    return cell.error is None


def details_of(
    client: BitrixClient, iblocks: Sequence[int], rows: Sequence[Row]
) -> tuple[dict[int, int], dict[int, Company]]:
    """VAT rows by product and companies by order, in one go; nothing where catalogue or CRM may not be read."""
    product_ids = products_of(rows)
    products = product_commands(iblocks, product_ids)
    companies, keys = company_commands(rows)
    cells = client.batch([*products, *companies])
    return product_vat([cells[each.key] for each in products], set(product_ids)), companies_of(cells, keys)


def product_commands(iblocks: Sequence[int], product_ids: Sequence[int]) -> list[Command]:
    """`catalog.product.list` insists on the iblock and on `id` and `iblockId` among the fields."""
    return [
        Command(
            f"p{iblock}x{start}",
            "catalog.product.list",
            {
                "select": ["id", "iblockId", "vatId"],
                "filter": {"iblockId": iblock, "@id": list(product_ids[start : start + PAGE])},
                "order": {"id": "ASC"},
                "start": -1,
            },
        )
        for iblock in iblocks
        for start in range(0, len(product_ids), PAGE)
    ]


def product_vat(cells: Sequence[Cell], wanted: Collection[int]) -> dict[int, int]:
    """VAT rows by product, of the answers to `product_commands` for these products."""
    found: dict[int, int] = {}
    for cell in filter(is_readable, cells):
        products = rows_under(cell.value(), "products")
        require(products, lambda row: as_int(row.get("id")) in wanted, "номера товаров")
        for row in products:
            product_id, vat_id = as_int(row.get("id")), as_int(row.get("vatId"))
            if product_id and vat_id:
                found[product_id] = vat_id
    return found


def company_commands(rows: Sequence[Row]) -> tuple[list[Command], dict[int, tuple[str, str]]]:
    """Commands for the companies that buy, each once, and the keys of name and requisites by order id."""
    commands: dict[str, Command] = {}
    keys: dict[int, tuple[str, str]] = {}
    for row in rows:
        company_id, requisite_id = company_id_of(row), requisite_id_of(row)
        if company_id is None:
            continue
        # The requisites that the order names; else the company's first. Everything in crm.* is UPPER_CASE and text.
        chosen = {"ID": requisite_id} if requisite_id else {"ENTITY_TYPE_ID": COMPANY, "ENTITY_ID": company_id}
        named, taxed = f"c{company_id}", f"r{requisite_id}" if requisite_id else f"q{company_id}"
        commands[named] = Command(named, "crm.company.get", {"id": company_id})
        listing = {"filter": chosen, "select": list(_REQUISITE), "order": {"SORT": "ASC"}}
        commands[taxed] = Command(taxed, "crm.requisite.list", listing)
        keys[as_int(row.get("id")) or 0] = (named, taxed)
    return list(commands.values()), keys


def companies_of(cells: Mapping[str, Cell], keys: Mapping[int, tuple[str, str]]) -> dict[int, Company]:
    """Name and INN by order id: the requisites' name, else the company's title."""
    found = {}
    for order_id, (named, taxed) in keys.items():
        company = as_object(cells[named].value()) if is_readable(cells[named]) else {}
        requisites = as_rows(cells[taxed].value()) if is_readable(cells[taxed]) else []
        details = requisites[0] if requisites else {}
        name = next(filter(None, map(as_text, (details.get("RQ_COMPANY_NAME"), company.get("TITLE")))), "")
        found[order_id] = Company(name or as_text(details.get("RQ_NAME")), as_text(details.get("RQ_INN")))
    return found
