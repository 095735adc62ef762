"""`sale.cashbox.*`: handlers, cashboxes and the results of checks (reference: Bitrix REST 5.1, 5.2, 5.6).

UPPER_CASE in and out. What surprises people, all of it the kernel's:

- every incoming key becomes upper case, *recursively*: also the codes of CONFIG and the options of an ENUM – the values
  of a cashbox's SETTINGS do not;
- SUPPORTS_FFD105 counts in SETTINGS only; on the top level it is lost without a word;
- HTTP_VERSION is the text "1.0" or "1.1", the number 1.1 is refused;
- an update merges: what is in CONFIG can be changed and never removed;
- a new cashbox is not active; handlers of other applications are listed, but not changed – unless the caller is a
  webhook, which belongs to no application and is let in everywhere;
- ids and sorts of lists are texts, dates of cashboxes are `{}`; a misspelt field of a list is an error with no code.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from posapp.sync.simulator import printing
from posapp.sync.simulator.call import Call
from posapp.sync.simulator.check_data import next_cashbox_id
from posapp.sync.simulator.entity import Field
from posapp.sync.simulator.envelope import PortalError, iso
from posapp.sync.simulator.fiscal import REST, kind_of, rest_code
from posapp.sync.simulator.outgoing import PhpFatal
from posapp.sync.simulator.parameters import decimal_of, items_of, text_of
from posapp.sync.simulator.php_answer import php_empty
from posapp.sync.simulator.rows import Condition, Row, matches, split_operator

LISTED = ("ID", "NAME", "OFD", "EMAIL", "DATE_CREATE", "DATE_LAST_CHECK", "NUMBER_KKM", "KKM_ID", "ACTIVE", "SORT",
          "USE_OFFLINE", "ENABLED")  # fmt: skip
OFDS = ("bx_firstofd", "bx_platformaofd", "bx_yarusofd", "bx_taxcomofd", "bx_ofdruofd", "bx_tenzorofd", "bx_conturofd")
_INPUTS = ("STRING", "NUMBER", "Y/N", "ENUM", "DATE", "FILE", "LOCATION", "USER", "ADDRESS")
_CHANGEABLE = ("NAME", "OFD", "OFD_SETTINGS", "EMAIL", "NUMBER_KKM", "KKM_ID", "ACTIVE", "SORT", "USE_OFFLINE",
               "ENABLED", "SETTINGS")  # fmt: skip
_DATES = ("DATE_CREATE", "DATE_LAST_CHECK")


def upper(value: Any) -> Any:
    """Every key of a tree in upper case; of two that become the same, the later one stays."""
    if isinstance(value, dict):
        return {key.upper(): upper(item) for key, item in value.items()}
    return [upper(item) for item in value] if isinstance(value, list) else value


def replace_recursive(old: Any, new: Any) -> Any:
    """PHP's `array_replace_recursive`: what both have as arrays is merged, else the new value wins; nothing goes."""
    if not isinstance(old, dict | list) or not isinstance(new, dict | list):
        return new
    merged = dict(items_of(old))
    for key, value in items_of(new):
        merged[key] = replace_recursive(merged[key], value) if key in merged else value
    return list(merged.values()) if list(merged) == [str(n) for n in range(len(merged))] else merged


# ---------------------------------------------------------------------------------------------- handlers
def add_handler(call: Call) -> int:
    """`sale.cashbox.handler.add`: the new id."""
    given = upper(call.parameters)
    for name in ("CODE", "NAME"):
        _require(given, name)
    settings = given.get("SETTINGS")
    if php_empty(settings) or not isinstance(settings, dict | list):
        raise _failure("Parameter SETTINGS is not defined or empty")
    settings = dict(items_of(settings))
    for name in ("PRINT_URL", "CHECK_URL", "CONFIG"):
        if php_empty(settings.get(name)):
            raise _failure(f"Parameter SETTINGS[{name}] is not defined")
    _check_settings(settings)
    code = text_of(given["CODE"])
    if call.shop.fiscal.handler(code) is not None:
        raise PortalError("ERROR_HANDLER_ALREADY_EXIST", "Handler already exists!")
    new_id = call.shop.next_id("cashboxHandlers")
    call.shop.fiscal.handlers.append({
        "ID": new_id, "NAME": text_of(given["NAME"]), "CODE": code, "SORT": given.get("SORT") or 100,
        "SETTINGS": {**settings, "SUPPORTS_FFD105": settings.get("SUPPORTS_FFD105", "N")},
        "APP_ID": _application(call),
    })  # fmt: skip
    return new_id


def update_handler(call: Call) -> bool:
    """`sale.cashbox.handler.update`: SETTINGS are merged into what is there."""
    given = upper(call.parameters)
    handler = _own_handler(call, given)
    fields = given.get("FIELDS")
    if php_empty(fields) or not isinstance(fields, dict):
        raise _failure("Parameter FIELDS is not defined")
    if not php_empty(fields.get("SETTINGS")):
        if not isinstance(fields["SETTINGS"], dict):
            raise PhpFatal("mergeHandlerSettings(): Argument #2 ($newSettings) must be of type array")
        _check_settings(fields["SETTINGS"])
        for name in ("PRINT_URL", "CHECK_URL"):
            if name in fields["SETTINGS"] and php_empty(fields["SETTINGS"][name]):
                raise _failure(f"The value of SETTINGS[{name}] is not valid")
        fields = {**fields, "SETTINGS": replace_recursive(handler["SETTINGS"], fields["SETTINGS"])}
    unknown = set(fields) - {"NAME", "CODE", "SORT", "SETTINGS", "APP_ID"}
    if unknown:
        raise PortalError("100", f"Unknown field definition `{min(unknown)}`")
    handler |= fields
    return True


def delete_handler(call: Call) -> bool:
    """`sale.cashbox.handler.delete`: refused while a cashbox uses it."""
    handler = _own_handler(call, upper(call.parameters))
    using = [text_of(box["ID"]) for box in call.shop.tables["cashboxes"] if rest_code(box) == handler["CODE"]]
    if using:
        raise _failure(f"There are cashboxes with this handler: {', '.join(using)}")
    call.shop.fiscal.handlers.remove(handler)
    return True


def list_handlers(call: Call) -> list[Row]:
    """`sale.cashbox.handler.list`: all of them, of every application."""
    return [{"ID": text_of(row["ID"]), "NAME": row["NAME"], "CODE": row["CODE"], "SORT": text_of(row["SORT"]),
             "SETTINGS": row["SETTINGS"]} for row in call.shop.fiscal.handlers]  # fmt: skip


def _own_handler(call: Call, given: Row) -> Row:
    _require(given, "ID")
    handler = next((row for row in call.shop.fiscal.handlers if text_of(row["ID"]) == text_of(given["ID"])), None)
    if handler is None:
        raise PortalError("ERROR_HANDLER_NOT_FOUND", "Handler not found")
    _check_owner(call, handler)
    return handler


def _check_settings(settings: Row) -> None:
    if "HTTP_VERSION" in settings and settings["HTTP_VERSION"] not in ("1.0", "1.1"):
        raise _failure("The value of SETTINGS[HTTP_VERSION] is not valid")
    if "CONFIG" not in settings:
        return
    if not isinstance(settings["CONFIG"], dict | list):
        raise PhpFatal("checkSettingsConfig(): Argument #1 ($config) must be of type array")
    for _, block in items_of(settings["CONFIG"]):
        for _, item in items_of(block.get("ITEMS") if isinstance(block, dict) else None):
            if not isinstance(item, dict) or item.get("TYPE") not in _INPUTS:
                raise _failure("The config provided in SETTINGS[CONFIG] is not valid")


# ---------------------------------------------------------------------------------------------- cashboxes
def add_cashbox(call: Call) -> int:
    """`sale.cashbox.add`: the new id. Not active unless ACTIVE is exactly `Y`."""
    given = upper(call.parameters)
    for name in ("NAME", "REST_CODE"):
        _require(given, name)
    handler = call.shop.fiscal.handler(text_of(given["REST_CODE"]))
    if handler is None:
        raise _failure(f"Rest handler with code {text_of(given['REST_CODE'])} not found")
    _check_owner(call, handler)
    _require(given, "EMAIL")
    _check_ofd(given)
    sort = decimal_of(text_of(given.get("SORT")))
    settings = dict(items_of(given.get("SETTINGS")))
    settings["REST"] = {**dict(items_of(settings.get("REST"))), "REST_CODE": handler["CODE"]}
    new_id = next_cashbox_id(call.shop)
    row: Row = {
        "ID": new_id, "NAME": text_of(given["NAME"]), "HANDLER": f"\\Bitrix\\Sale\\Cashbox\\{REST}",
        "OFD": text_of(given.get("OFD")), "OFD_SETTINGS": given.get("OFD_SETTINGS") or [],
        "EMAIL": text_of(given["EMAIL"]), "DATE_CREATE": iso(call.now), "DATE_LAST_CHECK": None,
        "NUMBER_KKM": text_of(given.get("NUMBER_KKM")), "KKM_ID": text_of(given.get("KKM_ID")),
        "ACTIVE": "Y" if given.get("ACTIVE") == "Y" else "N", "SORT": 100 if sort is None else int(sort),
        "USE_OFFLINE": "Y" if given.get("USE_OFFLINE") == "Y" else "N", "ENABLED": "Y", "SETTINGS": settings,
    }  # fmt: skip
    call.shop.tables["cashboxes"].append(row)
    return new_id


def update_cashbox(call: Call) -> bool:
    """`sale.cashbox.update`: SETTINGS are merged."""
    given = upper(call.parameters)
    row = _find_cashbox(call, given)
    fields = given.get("FIELDS")
    if php_empty(fields) or not isinstance(fields, dict):
        raise _failure("Parameter FIELDS is not defined")
    if fields.get("EMAIL", "x") is not None and php_empty(fields.get("EMAIL", "x")):
        raise _failure("Parameter EMAIL cannot be empty")
    _check_ofd(fields)
    _check_access(call, row)
    changes = {name: value for name, value in fields.items() if name in _CHANGEABLE}
    if not php_empty(changes.get("SETTINGS")):
        changes["SETTINGS"] = replace_recursive(row.get("SETTINGS") or {}, changes["SETTINGS"])
    row |= changes
    return True


def delete_cashbox(call: Call) -> bool:
    """`sale.cashbox.delete`."""
    row = _find_cashbox(call, upper(call.parameters))
    _check_access(call, row)
    call.shop.tables["cashboxes"].remove(row)
    return True


def list_cashboxes(call: Call) -> list[Row]:
    """`sale.cashbox.list`: of every kind and every application, no pages, never SETTINGS or the handler's code."""
    given = upper(call.parameters)
    selected = [text_of(item).upper() for _, item in items_of(given.get("SELECT"))]
    conditions = []
    for key, value in items_of(given.get("FILTER")):
        operator, name = split_operator(key)
        conditions.append(Condition(operator, Field(name, "any", False, False, False), value))
    order = items_of(given.get("ORDER"))
    parts = (("select", selected), ("filter", [condition.field.name for condition in conditions]),
             ("order", [name for name, _ in order]))  # fmt: skip
    for part, names in parts:
        if wrong := [name for name in names if name not in LISTED]:
            raise PortalError("", f"{', '.join(wrong)} not allowed for {part}")
    rows = [row for row in call.shop.tables["cashboxes"] if all(matches(row, condition) for condition in conditions)]
    for name, direction in reversed(order):
        rows.sort(key=lambda row: _sort_key(row.get(name)), reverse=text_of(direction).lower().startswith("desc"))
    return [{name: _shown(name, row.get(name)) for name in selected or LISTED} for row in rows]


def get_settings(call: Call) -> Any:
    """`sale.cashbox.settings.get` (undocumented): SETTINGS without the REST section."""
    row = _accessible(call, upper(call.parameters))
    return {key: value for key, value in items_of(row.get("SETTINGS")) if key != "REST"} or []


def update_settings(call: Call) -> bool:
    """`sale.cashbox.settings.update` (undocumented): replaces SETTINGS, the handler's code stays."""
    given = upper(call.parameters)
    row = _accessible(call, given)
    row["SETTINGS"] = {**_given_fields(given), "REST": {"REST_CODE": rest_code(row)}}
    return True


def get_ofd_settings(call: Call) -> Any:
    """`sale.cashbox.ofd.settings.get` (undocumented)."""
    return _accessible(call, upper(call.parameters)).get("OFD_SETTINGS") or []


def update_ofd_settings(call: Call) -> bool:
    """`sale.cashbox.ofd.settings.update` (undocumented)."""
    given = upper(call.parameters)
    _accessible(call, given)["OFD_SETTINGS"] = _given_fields(given)
    return True


def apply_check(call: Call) -> bool:
    """`sale.cashbox.check.apply`: what happened to a check, by the UUID that PRINT_URL answered. No sum is looked at.

    Raises:
        PortalError: `ERROR_CHECK_FAILURE`, `ERROR_CHECK_NOT_FOUND`; `ERROR_CHECK_APPLY` also when an error was told.
        PhpFatal: PRINT_END_TIME is a text that is no number.
    """
    given = upper(call.parameters)
    _require(given, "UUID")
    if error := printing.apply(call.shop, given, call.now):
        raise PortalError("ERROR_CHECK_APPLY", error)
    return True


# ---------------------------------------------------------------------------------------------- common
def _application(call: Call) -> str:
    """The id of the calling application; a webhook has none."""
    return call.caller.name if call.caller.kind == "oauth" else ""


def _check_owner(call: Call, handler: Row) -> None:
    application = _application(call)
    if application and handler["APP_ID"] and handler["APP_ID"] != application:
        raise _denied()


def _check_access(call: Call, row: Row) -> None:
    if kind_of(row) != REST:
        raise _denied()
    if (handler := call.shop.fiscal.handler(rest_code(row))) is not None:
        _check_owner(call, handler)


def _accessible(call: Call, given: Row) -> Row:
    row = _find_cashbox(call, given)
    _check_access(call, row)
    return row


def _find_cashbox(call: Call, given: Row) -> Row:
    _require(given, "ID")
    wanted = text_of(given["ID"])
    row = next((row for row in call.shop.tables["cashboxes"] if text_of(row.get("ID")) == wanted), None)
    if row is None:
        raise PortalError("ERROR_CASHBOX_NOT_FOUND", "Cashbox not found")
    return row


def _given_fields(given: Row) -> Row:
    if php_empty(given.get("FIELDS")):
        raise _failure("Parameter FIELDS is not defined")
    return dict(items_of(given["FIELDS"]))


def _check_ofd(given: Row) -> None:
    if not php_empty(given.get("OFD")) and text_of(given["OFD"]) not in OFDS:
        raise _failure("Ofd handler not found")


def _require(given: Row, name: str) -> None:
    if php_empty(given.get(name)):
        raise _failure(f"Parameter {name} is not defined")


def _shown(name: str, value: Any) -> Any:
    if name in _DATES:
        return {} if value else None  # PHP's own date object, written down as JSON
    return text_of(value)


def _sort_key(value: Any) -> tuple[bool, Decimal, str]:
    number = decimal_of(text_of(value))
    return number is None, number or Decimal(0), text_of(value)


def _failure(text: str) -> PortalError:
    return PortalError("ERROR_CHECK_FAILURE", text)


def _denied() -> PortalError:
    return PortalError("ACCESS_DENIED", "Access denied!", 403)


METHODS: dict[str, Callable[[Call], Any]] = {
    "sale.cashbox.handler.add": add_handler, "sale.cashbox.handler.update": update_handler,
    "sale.cashbox.handler.delete": delete_handler, "sale.cashbox.handler.list": list_handlers,
    "sale.cashbox.add": add_cashbox, "sale.cashbox.update": update_cashbox, "sale.cashbox.delete": delete_cashbox,
    "sale.cashbox.list": list_cashboxes, "sale.cashbox.settings.get": get_settings,
    "sale.cashbox.settings.update": update_settings, "sale.cashbox.ofd.settings.get": get_ofd_settings,
    "sale.cashbox.ofd.settings.update": update_ofd_settings, "sale.cashbox.check.apply": apply_check,
}  # fmt: skip
