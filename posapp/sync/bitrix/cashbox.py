"""The portal's REST cashbox: a handler that knows the gateway's addresses, and a cashbox on it (scope `cashbox`).

Both are made once and found again: the handler by its CODE, the cashbox by its name, because `sale.cashbox.list` never
says which handler a cashbox has. Each write is read back. What the kernel does differently from its documentation
(reference of the REST cashbox, 5.1 and 5.2):

- `SUPPORTS_FFD105` counts in SETTINGS only, the documentation wants it on the top level: it goes to both places. One
  active cashbox without it takes advances and credits from the whole portal.
- `HTTP_VERSION` is the text "1.1"; codes of CONFIG are upper case, because incoming keys become so and values do not.
- a new cashbox is not active unless ACTIVE is Y; of several active ones the portal takes any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from posapp.errors import Offline, Rejected, SetupError
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.bitrix.parsing import as_int, as_object, as_rows, as_text

CODE = "posapp"
NAME = "posapp"
HTTP_VERSION = "1.1"
OFDS = ("bx_firstofd", "bx_platformaofd", "bx_yarusofd", "bx_taxcomofd", "bx_ofdruofd", "bx_tenzorofd", "bx_conturofd")
_SELECT = ["ID", "NAME", "OFD", "EMAIL", "NUMBER_KKM", "ACTIVE"]


@dataclass(frozen=True, slots=True)
class CashboxPlan:
    """What is to stand on the portal.

    `print_url` and `check_url` are the gateway's, secret path included. `factory_number` is the register that prints,
    "" for any register of the shop's tills. `email` gets the portal's error notices. `ofd` is one of `OFDS` or "".
    """

    print_url: str
    check_url: str
    factory_number: str
    email: str
    ofd: str = ""

    @property
    def name(self) -> str:
        """The cashbox's name, by which it is found again."""
        return f"{NAME} {self.factory_number}" if self.factory_number else NAME


@dataclass(frozen=True, slots=True)
class CashboxReport:
    """What stands on the portal now. `others` are the names of other active cashboxes, which get checks too."""

    handler_id: int
    cashbox_id: int
    name: str
    changed: tuple[str, ...]
    others: tuple[str, ...]


def print_url_of(client: BitrixClient) -> str:
    """The PRINT_URL that the portal has for us, "" for none. Raises SetupError `cashbox_portal`, Offline."""
    return as_text(as_object((_handler(client) or {}).get("SETTINGS")).get("PRINT_URL"))


def register(client: BitrixClient, plan: CashboxPlan) -> CashboxReport:
    """Makes handler and cashbox, or brings those that are there to the plan. May be repeated.

    Raises:
        SetupError: `cashbox_portal` with the portal's words.
        Offline: the portal was not reached, or its answer lost: repeat.
    """
    changed: list[str] = []
    handler = _wanted_handler(client, plan, changed)
    row = _wanted_cashbox(client, plan, changed)
    ours = {each["ID"] for each in _cashboxes(client) if _is_ours(each)}
    others = [each for each in _cashboxes(client) if as_text(each.get("ACTIVE")) == "Y" and each["ID"] not in ours]
    names = tuple(as_text(each.get("NAME")) or as_text(each["ID"]) for each in others)
    return CashboxReport(_id(handler), _id(row), plan.name, tuple(changed), names)


def remove(client: BitrixClient) -> tuple[str, ...]:
    """Takes our cashboxes and the handler away; what was removed, by name. Raises as `register`."""
    gone = []
    for row in _cashboxes(client):
        if _is_ours(row):
            _call(client, "sale.cashbox.delete", {"ID": _id(row)})
            gone.append(as_text(row["NAME"]))
    handler = _handler(client)
    if handler is not None:
        _call(client, "sale.cashbox.handler.delete", {"ID": _id(handler)})
        gone.append(f"{CODE} (обработчик)")
    return tuple(gone)


# ---------------------------------------------------------------------------------------------- the handler
def _settings(plan: CashboxPlan) -> dict[str, Any]:
    return {
        "PRINT_URL": plan.print_url,
        "CHECK_URL": plan.check_url,
        "HTTP_VERSION": HTTP_VERSION,
        "SUPPORTS_FFD105": "Y",
        "CONFIG": {
            "POSAPP": {
                "LABEL": "posapp",
                "ITEMS": {"NOTE": {"TYPE": "STRING", "LABEL": "Заметка", "REQUIRED": "N", "DISABLED": "N"}},
            }
        },
    }


def _wanted_handler(client: BitrixClient, plan: CashboxPlan, changed: list[str]) -> Mapping[str, Any]:
    found, wanted = _handler(client), _settings(plan)
    plain = {name: value for name, value in wanted.items() if name != "CONFIG"}
    if found is None:
        fields = {"CODE": CODE, "NAME": NAME, "SORT": 100, "SUPPORTS_FFD105": "Y", "SETTINGS": wanted}
        _add(client, "sale.cashbox.handler.add", fields)
        changed.append("handler")
    elif any(as_text(as_object(found.get("SETTINGS")).get(name)) != value for name, value in plain.items()):
        fields = {"ID": _id(found), "FIELDS": {"NAME": NAME, "SETTINGS": wanted}}
        _call(client, "sale.cashbox.handler.update", fields)
        changed.append("handler")
    else:
        return found
    now = _handler(client)
    kept = as_object((now or {}).get("SETTINGS"))
    if now is None or any(as_text(kept.get(name)) != value for name, value in plain.items()):
        raise SetupError("cashbox_portal", reason="обработчик записан не так, как передан")
    return now


def _handler(client: BitrixClient) -> Mapping[str, Any] | None:
    rows = as_rows(_call(client, "sale.cashbox.handler.list", {}))
    return next((row for row in rows if as_text(row.get("CODE")) == CODE), None)


# ---------------------------------------------------------------------------------------------- the cashbox
def _wanted_cashbox(client: BitrixClient, plan: CashboxPlan, changed: list[str]) -> Mapping[str, Any]:
    wanted = {"ACTIVE": "Y", "NUMBER_KKM": plan.factory_number, "EMAIL": plan.email, "OFD": plan.ofd}
    found = _named(client, plan.name)
    if found is None:
        fields = {"NAME": plan.name, "REST_CODE": CODE, "SORT": 100, "USE_OFFLINE": "N", "SETTINGS": {}, **wanted}
        _add(client, "sale.cashbox.add", fields)
    elif any(as_text(found.get(name)) != value for name, value in wanted.items()):
        _call(client, "sale.cashbox.update", {"ID": _id(found), "FIELDS": wanted})
    else:
        return found
    changed.append("cashbox")
    now = _named(client, plan.name)
    if now is None or as_text(now.get("ACTIVE")) != "Y" or as_text(now.get("NUMBER_KKM")) != plan.factory_number:
        raise SetupError("cashbox_portal", reason="касса записана не так, как передана")
    return now


def _named(client: BitrixClient, name: str) -> Mapping[str, Any] | None:
    rows = [row for row in _cashboxes(client) if as_text(row.get("NAME")) == name]
    if len(rows) > 1:
        raise SetupError("cashbox_portal", reason=f"на портале две кассы «{name}»: удалите лишнюю")
    return rows[0] if rows else None


def _cashboxes(client: BitrixClient) -> list[dict[str, Any]]:
    return as_rows(_call(client, "sale.cashbox.list", {"SELECT": _SELECT}))


def _is_ours(row: Mapping[str, Any]) -> bool:
    name = as_text(row.get("NAME"))
    return name == NAME or name.startswith(f"{NAME} ")


# ---------------------------------------------------------------------------------------------- calls
def _add(client: BitrixClient, method: str, fields: Mapping[str, Any]) -> None:
    """Adds; an answer that was lost is not repeated here, what is there is read afterwards by the caller."""
    try:
        _call(client, method, fields)
    except Offline as lost:
        if lost.code == "throttled":
            raise


def _call(client: BitrixClient, method: str, params: Mapping[str, Any]) -> Any:
    try:
        return client.call(method, params)
    except Rejected as declined:
        raise SetupError("cashbox_portal", reason=declined) from declined


def _id(row: Mapping[str, Any]) -> int:
    number = as_int(row.get("ID"))
    if number is None:
        raise SetupError("cashbox_portal", reason="строка без номера")
    return number
