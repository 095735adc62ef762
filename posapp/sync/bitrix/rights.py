"""What a portal lets the program do: scopes, rights, methods, fields, and how the portal itself is set up.

Everything is asked in one batch, nothing is changed. What the answers mean for the shop is said in
`posapp/till/setup_check.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from posapp.errors import SyncError
from posapp.sync.bitrix.answers import ACCESS_CODES
from posapp.sync.bitrix.client import BitrixClient, Cell, Command, Fate
from posapp.sync.bitrix.mapping import PaySystem, pay_system_of
from posapp.sync.bitrix.parsing import as_flag, as_object, as_rows, as_text

ENTITIES = {
    "order": "sale.order", "payment": "sale.payment", "shipment": "sale.shipment", "basketItem": "sale.basketitem",
}  # fmt: skip
_ONE_ROW: Mapping[str, Any] = {"select": ["id"], "start": -1}
NO_METHOD = "ERROR_METHOD_NOT_FOUND"
PROBES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "sale_read": ("sale.order.list", _ONE_ROW),
    # No payment has the id 0: the kernel checks the right before it looks for the payment, and finds none to change.
    "sale_write": ("sale.payment.update", {"id": 0, "fields": {"paySystemId": 0}}),
    "catalog_read": ("catalog.vat.list", _ONE_ROW),
    "pay_systems": ("sale.paysystem.list", {}),
    "companies": ("crm.requisite.list", {"select": ["ID"], "start": -1}),
    "cashboxes": ("sale.cashbox.list", {"SELECT": ["ID"]}),
}
"""A right → the call that only succeeds with it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the portal showed. None, or a name that is not there, means "did not say".

    `refused` maps a right of `PROBES` to Bitrix's code, `unknown` holds the rights that could not be tried. `fields`
    maps an entity to its fields by name: whether one may be written. `server_time` is the portal's clock.
    """

    user: str
    is_admin: bool | None
    scopes: frozenset[str] | None
    methods: frozenset[str] | None
    refused: Mapping[str, str]
    unknown: frozenset[str]
    fields: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    pay_systems: tuple[PaySystem, ...] | None = ()
    keeps_inventory: bool | None = None
    has_offline_events: bool | None = None
    server_time: datetime | None = None


def look(client: BitrixClient) -> Seen:
    """Ask a portal what it lets us do. Raises Offline, Rejected when it cannot be asked at all."""
    commands = [
        Command("profile", "profile", {}),
        Command("scope", "scope", {}),
        Command("methods", "methods", {}),
        Command("inventory", "catalog.document.mode.status", {}),
        Command("offline", "feature.get", {"CODE": "rest_offline_extended"}),
        *(Command(f"fields_{name}", f"{family}.getfields", {}) for name, family in ENTITIES.items()),
        *(Command(f"probe_{name}", method, params) for name, (method, params) in PROBES.items()),
    ]
    cells = client.batch(commands)
    _raise_whole(cells)
    profile = as_object(_value(cells["profile"]))
    names = (as_text(profile.get(name)) for name in ("NAME", "LAST_NAME"))
    probes = {name: cells[f"probe_{name}"] for name in PROBES}
    return Seen(
        user=" ".join(filter(None, names)),
        is_admin=profile["ADMIN"] if isinstance(profile.get("ADMIN"), bool) else None,
        scopes=_names(_value(cells["scope"])),
        methods=_names(_value(cells["methods"])),
        refused={name: code for name, cell in probes.items() if (code := _refusal(cell))},
        unknown=frozenset(name for name, cell in probes.items() if cell.fate in (Fate.UNKNOWN, Fate.NOT_RUN)),
        fields={name: found for name in ENTITIES if (found := _fields(_value(cells[f"fields_{name}"]), name))},
        pay_systems=_pay_systems(_value(probes["pay_systems"])),
        keeps_inventory=as_flag(_value(cells["inventory"])),
        has_offline_events=as_flag(as_object(_value(cells["offline"])).get("value")),
        server_time=client.server_time,
    )


def _raise_whole(cells: Mapping[str, Cell]) -> None:
    """Raises the error of the request itself, when it has one."""
    for cell in cells.values():
        if cell.is_whole and cell.error is not None:
            raise cell.error


def _value(cell: Cell) -> Any:
    """The result, None where there is none."""
    return cell.result if cell.fate is Fate.DONE else None


def _pay_systems(value: object) -> tuple[PaySystem, ...] | None:
    """None where the portal did not list them: "none of them prints" would be a second receipt of every order."""
    return tuple(filter(None, map(pay_system_of, as_rows(value)))) if isinstance(value, list) else None


def _refusal(cell: Cell) -> str:
    """Bitrix's code when a right or a scope is what is missing; any other error came after the right was checked."""
    code = _code(cell.error)
    return code if cell.fate is Fate.DECLINED and (code.upper() in ACCESS_CODES or code == NO_METHOD) else ""


def _code(error: SyncError | None) -> str:
    return "" if error is None else str(error.facts.get("error", ""))


def _names(value: object) -> frozenset[str] | None:
    """A list of names in small letters; None for what is no list of names, or an empty one."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return frozenset(filter(None, (as_text(each).lower() for each in items))) or None


def _fields(value: object, name: str) -> dict[str, bool]:
    described = as_object(as_object(value).get(name))
    return {key: as_object(each).get("isReadOnly") is not True for key, each in described.items()}
