"""The registers and settings that a simulated web server of АТОЛ knows of. One register is there; others are names.

Device 1 is the simulated register, connected from the start. Others may be described, changed and deleted as on the
real server, and stay unconnected: nothing stands behind them. What is changed outlives the server where it has a file.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from posapp.devices.simulator.atol_http import Answer, BadBody, Request
from posapp.devices.simulator.atol_queue import Queue, QueueRefusal
from posapp.devices.simulator.atol_reading import MODEL, MODEL_NAME

OWN = "1"
DEVICES_MAX = 50
TEXT_MAX = 10_000
SPEEDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
PORTS = {"com": "COM / TTY", "usb": "USB", "tcp": "TCP/IP", "bluetooth": "Bluetooth"}
CHANNELS = {"none": "Нет", "auto": "Автоматически (EoT)"}
CONNECTION: dict[str, Any] = {
    "model": 500,
    "accessPassword": "",
    "userPassword": "",
    "port": "usb",
    "com": "1",
    "baudRate": 1200,
    "ipAddress": "",
    "ipPort": 0,
    "mac": "",
    "ofdChannel": "auto",
    "usbDevice": "auto",
}
OTHER: dict[str, Any] = {
    "useGlobalScriptsSettings": True,
    "scriptsPath": "",
    "useGlobalInvertCashDrawerStatusFlag": True,
    "invertCashDrawerStatus": False,
    "useGlobalAdditionalHeaderLines": True,
    "additionalHeaderLines": "",
    "useGlobalAdditionalFooterLines": True,
    "additionalFooterLines": "",
}
SETTINGS: dict[str, Any] = {
    "deleteRequestsAfter": 43_200,
    "blockQueueOnPrintErrors": True,
    "scriptsPath": "",
    "invertCashDrawerStatus": False,
    "additionalHeaderLines": "",
    "additionalFooterLines": "",
}
"""What `/settings` holds; the first in minutes."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


def mapping() -> dict[str, Any]:
    """`utils/mapping`: what the fields of a connection may hold."""

    def pairs(values: dict[str, str]) -> list[dict[str, str]]:
        return [{"key": key, "description": text} for key, text in values.items()]

    return {
        "model": pairs({"500": "Автоматически (АТОЛ)", str(MODEL): MODEL_NAME}),
        "port": pairs(PORTS),
        "com": [],
        "usbDevice": pairs({"auto": "Автоматически"}),
        "baudRate": pairs({str(speed): f"{speed} бод" for speed in SPEEDS}),
        "ofdChannel": pairs(CHANNELS),
    }


class Devices:
    """The devices and settings of one server; `queue` belongs to device 1."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        own = {"name": f"{MODEL_NAME} (учебная)", "connectionSettings": dict(CONNECTION), "otherSettings": dict(OTHER)}
        kept = queue.file.state if queue.file is not None else {}
        self._known: dict[str, dict[str, Any]] = {OWN: own, **kept.get("devices", {})}
        self._default: str = kept.get("default", OWN)
        self.settings: dict[str, Any] = {**SETTINGS, **kept.get("settings", {})}
        queue.is_active = kept.get("active", True)
        self._heed()

    # --- settings

    def change_settings(self, given: object) -> None:
        """`PUT /settings`: 400 for a field of another type; fields that are not known are ignored."""
        if not isinstance(given, dict):
            raise BadBody("Ошибка разбора JSON: нужен объект")
        fresh = dict(self.settings)
        for name, usual in SETTINGS.items():
            if name not in given:
                continue
            value = given[name]
            fits = type(value) is type(usual) and (not isinstance(value, int) or 0 <= value <= 10**7)
            if not fits or (isinstance(value, str) and len(value) > TEXT_MAX):
                raise BadBody(f"Некорректное значение или тип поля '{name}' ({_type_name(value)})")
            fresh[name] = value
        self.settings = fresh
        self._heed()
        self._keep("settings", fresh)

    def _heed(self) -> None:
        self._queue.settings.keep = timedelta(minutes=self.settings["deleteRequestsAfter"])
        self._queue.settings.blocks_on_paper = self.settings["blockQueueOnPrintErrors"]

    # --- devices

    def connected(self, identifier: str) -> None:
        """Refuses (404, 409) unless the register that is asked for is the simulated one."""
        if self._found(identifier) != OWN:
            raise QueueRefusal(409, f"ККТ [{self._found(identifier)}] не подключена")

    def answer(self, name: str, identifier: str, request: Request) -> Answer:
        """Everything about devices."""
        match name:
            case "GET /api/v2/devices" if not identifier:
                return Answer.of(200, [self._described(each) for each in self._known])
            case "GET /api/v2/devices":
                return Answer.of(200, self._described(self._found(identifier)))
            case "POST /api/v2/devices" if not identifier:
                return Answer.of(201, self._described(self._add(_object(request))))
            case "PUT /api/v2/devices" if identifier:
                return Answer.of(200, self._described(self._change(self._found(identifier), _object(request))))
            case "DELETE /api/v2/devices" if identifier:
                self._delete(self._found(identifier))
                return Answer.of(200, {})
            case "POST /api/v2/setDefaultDevice":
                self._default = self._found(str(_object(request).get("id", "")), exact=True)
                self._keep("default", self._default)
                return Answer.of(200, {})
            case "POST /api/v2/activateDevice" | "POST /api/v2/deactivateDevice":
                self._activate(request, is_active="/activate" in name)
                return Answer.of(200, {})
        raise QueueRefusal(404, f"Нет такого метода: {request.verb} {request.path}")

    def blank(self) -> dict[str, Any]:
        """`utils/deviceParametersStruct`: a device with nothing filled in."""
        parameters = {"connectionSettings": dict(CONNECTION), "otherSettings": dict(OTHER)}
        flags = dict.fromkeys(("isActive", "isDefault", "isLock", "hasLicense"), False)
        return {"id": "", "name": "", **parameters, **flags}

    def _found(self, identifier: str, *, exact: bool = False) -> str:
        if identifier in ("", "default") and not exact:
            return self._default
        if identifier not in self._known:
            raise QueueRefusal(404, f"Устройство с ID [{identifier}] не найдено")
        return identifier

    def _described(self, identifier: str) -> dict[str, Any]:
        is_own = identifier == OWN
        return {
            "id": identifier,
            **self._known[identifier],
            "isActive": is_own and self._queue.is_active,
            "isDefault": identifier == self._default,
            "isLock": is_own and bool(self._queue.block_state()["isBlocked"]),
            "hasLicense": is_own,
        }

    def _add(self, given: dict[str, Any]) -> str:
        identifier = str(given.get("id") or max((int(each) for each in self._known if each.isdecimal()), default=0) + 1)
        if not _ID.fullmatch(identifier) or identifier in self._known or len(self._known) >= DEVICES_MAX:
            raise QueueRefusal(400, f"Некорректный или занятый ID [{identifier[:64]}]")
        self._known[identifier] = {
            "name": f"ККТ {identifier}",
            "connectionSettings": CONNECTION,
            "otherSettings": OTHER,
        }
        try:
            return self._change(identifier, given)
        except QueueRefusal:
            del self._known[identifier]
            raise

    def _change(self, identifier: str, given: dict[str, Any]) -> str:
        old = self._known[identifier]
        name = given.get("name", old["name"])
        if not isinstance(name, str) or len(name) > TEXT_MAX:
            raise QueueRefusal(400, f"Некорректное значение или тип поля 'name' ({_type_name(name)})")
        connection = _merged("connectionSettings", old, given, CONNECTION)
        if connection["port"] not in PORTS:
            raise QueueRefusal(400, f"Неизвестный тип подключения: {connection['port'][:64]}")
        other = _merged("otherSettings", old, given, OTHER)
        self._known[identifier] = {"name": name, "connectionSettings": connection, "otherSettings": other}
        self._keep("devices", self._known)
        return identifier

    def _delete(self, identifier: str) -> None:
        if identifier == OWN:
            raise QueueRefusal(409, "Учебная ККТ не удаляется")
        del self._known[identifier]
        if self._default == identifier:
            self._default = OWN
            self._keep("default", OWN)
        self._keep("devices", self._known)

    def _activate(self, request: Request, *, is_active: bool) -> None:
        identifier = request.query.get("deviceID") or str(_object(request).get("deviceID", ""))
        found = self._found(identifier)
        if found != OWN and is_active:
            raise QueueRefusal(409, f"ККТ [{found}] не подключилась: Нет связи")
        if found == OWN:
            self._queue.is_active = is_active
            self._keep("active", is_active)

    def _keep(self, name: str, value: Any) -> None:
        if self._queue.file is not None:
            self._queue.file.write_state(name, value)


def _object(request: Request) -> dict[str, Any]:
    given = request.json()
    if not isinstance(given, dict):
        raise BadBody("Ошибка разбора JSON: нужен объект")
    return given


def _merged(name: str, old: dict[str, Any], given: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """The old fields with those that are given in their place; 400 for one of another type."""
    fresh = given.get(name, {})
    if not isinstance(fresh, dict):
        raise QueueRefusal(400, f"Некорректное значение или тип поля '{name}' ({_type_name(fresh)})")
    merged = dict(old[name])
    for field, value in fresh.items():
        if field not in usual:
            continue
        if type(value) is not type(usual[field]) or (isinstance(value, str) and len(value) > TEXT_MAX):
            raise QueueRefusal(400, f"Некорректное значение или тип поля '{field}' ({_type_name(value)})")
        merged[field] = value
    return merged


def _type_name(value: object) -> str:
    """The type of a JSON value in its own words."""
    names = {str: "string", bool: "boolean", dict: "object", list: "array", type(None): "null"}
    return names.get(type(value), "number")
