"""The receipts that an order's payments carry: the reverse of `writeback.mark_fields`. Pure; odd data are no marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from posapp.domain.settlement import is_key
from posapp.sync.bitrix.parsing import as_int, as_rows, as_text
from posapp.sync.bitrix.receipt_lists import receipts_of
from posapp.sync.bitrix.writeback import STATUS_CODE

_PART = re.compile(r"(?:^|;)([a-z]+)=([^;]*)")


@dataclass(frozen=True, slots=True)
class PortalMark:
    """A receipt as the portal shows it: its key, its document (1040) and storage (1041), when it was made.

    `printed_at` is the register's local time without a zone, None where it cannot be read.
    """

    order_id: int
    order_number: str
    key: str
    storage_number: str
    document_number: str
    printed_at: datetime | None


def marks_of(row: Mapping[str, Any]) -> Iterator[PortalMark]:
    """The marks in a row of `sale.order.get`: payments whose fields hold a key of this program, and the receipts in the
    lists of payments and shipments that no field shows (rule 15)."""
    shown = set[str]()
    for mark in _in_fields(row):
        shown.add(mark.key)
        yield mark
    for entry in receipts_of(row).entries:
        if entry.key not in shown:
            yield PortalMark(
                order_id=as_int(row.get("id")) or 0,
                order_number=as_text(row.get("accountNumber")) or as_text(row.get("id")),
                key=entry.key,
                storage_number=entry.storage_number,
                document_number=str(entry.document_number),
                printed_at=entry.at,
            )


def _in_fields(row: Mapping[str, Any]) -> Iterator[PortalMark]:
    for payment in as_rows(row.get("payments")):
        key = as_text(payment.get("psInvoiceId"))
        if as_text(payment.get("psStatusCode")) != STATUS_CODE or not is_key(key):
            continue
        parts = dict(_PART.findall(as_text(payment.get("psStatusDescription"))))
        yield PortalMark(
            order_id=as_int(row.get("id")) or 0,
            order_number=as_text(row.get("accountNumber")) or as_text(row.get("id")),
            key=key,
            storage_number=parts.get("fn", ""),
            document_number=parts.get("fd", ""),
            printed_at=_time(parts.get("t", "")),
        )


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M")  # registers know no zones
    except ValueError:
        return None
