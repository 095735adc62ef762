"""An order's own property with the fiscal document, for filters and print forms of the shop. Pure.

`sale.propertyvalue.modify` erases every property that is not listed (reference: Bitrix REST 3.6), so all values that
were read go back with the one that is new. Files come back as objects that nobody knows how to send: an order with one
of these keeps its properties as they are, and the mark stands in its payment alone. So it does where the value is not
ours: a telephone number with a document behind it is one that no receipt reaches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from posapp.domain.fiscal import FiscalMark
from posapp.sync.bitrix.parsing import as_flag, as_int, as_rows, as_text
from posapp.sync.bitrix.plans import Row, Write

METHOD = "sale.propertyvalue.modify"
VALUE_MAX = 250
"""The column holds more; a text that grows with every receipt has to end somewhere."""

_OURS = re.compile(r"(fn=[^;\s]+;fd=\d+;fp=\d+(\s+|$))*")
"""Documents as `plan` writes them, one after another, or nothing at all."""

_OF_THE_BUYER = ("isPhone", "isEmail", "isAddress", "isPayer", "isProfileName", "isZip", "isLocation", "isLocation4tax")
_CONTACTS = frozenset(
    {"PHONE", "TEL", "MOBILE", "FAX", "EMAIL", "MAIL", "CONTACT"}
    | {"FIO", "COMPANY", "INN", "KPP", "OGRN"}
    | {"ADDRESS", "ADR", "STREET", "ZIP", "CITY", "LOCATION"}
)
_NAMES = frozenset({"NAME", "FIRST_NAME", "LAST_NAME", "SECOND_NAME", "FULL_NAME"})


def is_of_the_buyer(row: Row) -> bool:
    """Whether a property (a row of `sale.property.list`) holds who the buyer is, where he lives or how to reach him.

    By its flags; shops that set none are known by the code, of which each word between signs counts.
    """
    code = as_text(row.get("code")).strip().upper()
    words = set(re.split(r"[^0-9A-Z]+", code))
    return any(as_flag(row.get(flag)) for flag in _OF_THE_BUYER) or bool(words & _CONTACTS) or code in _NAMES


def plan(row: Row, wanted: Mapping[str, Any], mark: FiscalMark) -> Write | None:
    """The write that puts the document into the property; None when it is there, or cannot be put there.

    It cannot where the property holds anything but documents of ours: that stays as it is, letter for letter.

    Args:
        row: the order as `sale.order.get` shows it.
        wanted: `code` of the property, and `ids`: its id by the type of the buyer, as set-up found them.
    """
    text = f"fn={mark.storage_number};fd={mark.document_number};fp={mark.document_sign}"
    values = as_rows(row.get("propertyValues"))
    own = next((each for each in values if as_text(each.get("code")) == as_text(wanted.get("code"))), None)
    ids: Mapping[str, Any] = wanted.get("ids") or {}
    number = as_int(own.get("orderPropsId")) if own is not None else as_int(ids.get(as_text(row.get("personTypeId"))))
    before = "" if own is None else _text_of(own.get("value"))
    if _OURS.fullmatch(before) is None:
        return None
    if number is None or text in before or not all(_is_plain(each.get("value")) for each in values):
        return None
    longer = f"{before} {text}".strip()
    if len(longer) > VALUE_MAX:
        return None
    kept = [each for each in values if as_int(each.get("orderPropsId")) != number]
    listed = [{"orderPropsId": as_int(each.get("orderPropsId")), "value": _sent(each.get("value"))} for each in kept]
    fields = {
        "order": {"id": as_int(row.get("id")), "propertyValues": [*listed, {"orderPropsId": number, "value": longer}]}
    }
    return Write(((METHOD, {"fields": fields}),))


def _text_of(value: object) -> str:
    """What stands in the property; several values, one under another, as one text."""
    return " ".join(map(as_text, value)).strip() if isinstance(value, list) else as_text(value).strip()


def _is_plain(value: object) -> bool:
    """A scalar, or a list of scalars: what can be sent back as it was read."""
    items = value if isinstance(value, list) else [value]
    return all(each is None or (isinstance(each, str | int | Decimal) and not isinstance(each, bool)) for each in items)


def _sent(value: object) -> object:
    """Null cannot be sent in a batch; an empty text keeps the property where it is."""
    return "" if value is None or value == [] else value
