"""A stand-in for the vendor's driver library, with its calling convention: real C functions, made in Python.

    address_of("libfptr_process_json")   the address of a function that C code may call

It is loaded by the process that would load libfptr10 (`posapp/devices/atol/library_process.py`), as a file, without the
rest of the program: so it needs nothing but the standard library. What it is asked it passes on to the simulated
register over TCP (`atol_library_door.py`), at the address that the driver's settings name (`IPAddress`, `IPPort`).
`resources/atol/fptr10.c` is the same in C, for programs that load a shared library.

A message to the register: length (4 bytes, big-endian) of what follows, a letter, text in UTF-8.

    O settings   open          J task    process_json     V task   validate_json
    X            close         R         receipt state    C        cancel_receipt

Its answer: length, one byte what to do, a number (4 bytes, big-endian, signed), text.

    0 done          the text is the result; of R, the number is the receipt's type and the text its sum
    1 refused       the number is the error, the text its description
    2 crash         the process aborts          3 hang    the function never returns
    4 garbage       a result that is no text    5 huge    a result said to be longer than any memory
    6 flood         the process prints without end for a while, then as 0
    7 lie           the function says that it failed, and then that there is no error
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

VERSION = b"10.10.8.0"
DONE, REFUSED, CRASH, HANG, GARBAGE, HUGE, FLOOD, LIE = range(8)
OPEN, CLOSE, PROCESS, VALIDATE, RECEIPT, CANCEL = b"OXJVRC"
NO_CONNECTION, NOT_CONNECTED, NOT_SUPPORTED, MISSING_PARAM = 2, 1, 11, 8

PARAM_RECEIPT_TYPE, PARAM_DATA_TYPE, PARAM_RECEIPT_SUM, PARAM_JSON_DATA = 65545, 65587, 65600, 65645
DATA_RECEIPT_STATE = 15
TEXT_MAX = 8 << 20
CONNECT_S = 5.0
FLOOD_BYTES = 4 << 20

_HANDLE, _INT, _UINT, _WIDE = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint, ctypes.c_wchar_p
_OUT, _DOUBLE = ctypes.c_void_p, ctypes.c_double
"""Buffers come as addresses: ctypes would turn a wide string into a copy."""


class Handle:
    """What one `libfptr_create` made: settings, parameters, the line to the register and the last error."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.params: dict[int, Any] = {}
        self.error: tuple[int, str] = (0, "Ошибок нет")
        self.is_huge = False
        self._line: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Whether the register was reached."""
        return self._line is not None

    def open(self) -> int:
        """Connects; 0 or -1."""
        self.close()
        address = str(self.settings.get("IPAddress", "")), int(self.settings.get("IPPort", 0))
        try:
            line = socket.create_connection(address, CONNECT_S)
        except OSError:
            return self.fail(NO_CONNECTION, "Нет связи")
        line.settimeout(None)
        self._line = line
        if self.call(OPEN, json.dumps(self.settings)) != 0:
            self.close()
            return -1
        return 0

    def close(self) -> int:
        """Disconnects."""
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.sendall(struct.pack(">IB", 1, CLOSE))
            self._line.close()
        self._line = None
        return 0

    def fail(self, code: int, text: str) -> int:
        """-1, and why."""
        self.error = code, text
        return -1

    def call(self, letter: int, text: str = "") -> int:
        """Asks the register; what it answers becomes the result parameters or the error, or is done to us."""
        if self._line is None:
            return self.fail(NOT_CONNECTED, "Соединение не установлено")
        data = text.encode("utf-8", "surrogatepass")
        try:
            self._line.sendall(struct.pack(">IB", len(data) + 1, letter) + data)
            verdict, number, answer = self._answer()
        except OSError:
            self.close()
            return self.fail(NO_CONNECTION, "Нет связи")
        if verdict == REFUSED:
            return self.fail(number, answer)
        if verdict == LIE:
            return self.fail(0, "Ошибок нет")
        _misbehave(verdict)
        self.error = 0, "Ошибок нет"
        self.is_huge = verdict == HUGE
        if letter == RECEIPT:
            self.params[PARAM_RECEIPT_TYPE] = number
            self.params[PARAM_RECEIPT_SUM] = float(answer or 0)
        elif letter == PROCESS:
            self.params[PARAM_JSON_DATA] = None if verdict == GARBAGE else answer
        return 0

    def _answer(self) -> tuple[int, int, str]:
        length = struct.unpack(">I", self._take(4))[0]
        if not 5 <= length <= TEXT_MAX:
            raise OSError("no message")
        verdict, number = struct.unpack(">Bi", self._take(5))
        return verdict, number, self._take(length - 5).decode("utf-8", "surrogatepass")

    def _take(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            fresh = self._line.recv(count - len(data)) if self._line is not None else b""
            if not fresh:
                raise OSError("the register is gone")
            data += fresh
        return bytes(data)


def _misbehave(verdict: int) -> None:
    """What bad libraries do to the process they are in."""
    if verdict == CRASH:
        os.abort()
    if verdict == HANG:
        threading.Event().wait()
    if verdict == FLOOD:
        for fd in (1, 2):
            for _ in range(FLOOD_BYTES >> 12):
                os.write(fd, b"flood\n" * 682)


_handles: dict[int, Handle] = {}
_functions: dict[str, Any] = {}


def address_of(name: str) -> int:
    """The address of the function. AttributeError for a name that the stand-in does not have."""
    function = _functions.get(name)
    if function is None:
        raise AttributeError(name)
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _exported(result: Any, *arguments: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a Python function a C function of these types, under its own name."""

    def make(function: Callable[..., Any]) -> Callable[..., Any]:
        _functions[function.__name__] = ctypes.CFUNCTYPE(result, *arguments)(function)
        return function

    return make


def _give(text: str | None, buffer: int | None, size: int, *, is_huge: bool = False) -> int:
    """Copies a wide string as far as it fits, with its NUL; returns the size that it needs. None gives garbage."""
    unit = ctypes.sizeof(ctypes.c_wchar)
    if is_huge:
        return (1 << 31) - 1
    if text is None:
        if buffer and size > 0:
            ctypes.memset(buffer, 0xEE, unit * (size - 1))
            ctypes.memset(buffer + unit * (size - 1), 0, unit)
        return size
    needed = len(ctypes.create_unicode_buffer(text))
    if buffer and size > 0:
        part = ctypes.create_unicode_buffer(text[: size - 1])
        ctypes.memmove(buffer, part, min(ctypes.sizeof(part), unit * size))
    return needed


@_exported(ctypes.c_void_p)
def libfptr_get_version_string() -> int:
    """The address of the version."""
    return ctypes.cast(_version, ctypes.c_void_p).value or 0


_version = ctypes.create_string_buffer(VERSION)


@_exported(_INT, ctypes.POINTER(_HANDLE))
def libfptr_create(handle: Any) -> int:
    """A new handle."""
    number = max(_handles, default=0x1000) + 16
    _handles[number] = Handle()
    handle[0] = number
    return 0


@_exported(None, ctypes.POINTER(_HANDLE))
def libfptr_destroy(handle: Any) -> None:
    """Forgets a handle."""
    found = _handles.pop(handle[0] or 0, None)
    if found is not None:
        found.close()
    handle[0] = None


@_exported(_INT, _HANDLE, _WIDE)
def libfptr_set_settings(handle: int, text: str) -> int:
    """Merges the settings into those before; -1 for what is no JSON object."""
    try:
        given = json.loads(text)
    except ValueError:
        return _handles[handle].fail(9, "Некорректные параметры подключения")
    if not isinstance(given, dict):
        return _handles[handle].fail(9, "Некорректные параметры подключения")
    _handles[handle].settings.update(given)
    return 0


@_exported(_INT, _HANDLE)
def libfptr_open(handle: int) -> int:
    """Connects."""
    return _handles[handle].open()


@_exported(_INT, _HANDLE)
def libfptr_close(handle: int) -> int:
    """Disconnects."""
    return _handles[handle].close()


@_exported(_INT, _HANDLE)
def libfptr_is_opened(handle: int) -> int:
    """1 or 0."""
    return int(_handles[handle].is_open)


@_exported(_INT, _HANDLE)
def libfptr_error_code(handle: int) -> int:
    """Of the last call."""
    return _handles[handle].error[0]


@_exported(_INT, _HANDLE, _OUT, _INT)
def libfptr_error_description(handle: int, buffer: int | None, size: int) -> int:
    """Of the last call."""
    return _give(_handles[handle].error[1], buffer, size)


@_exported(None, _HANDLE, _INT, _UINT)
def libfptr_set_param_int(handle: int, param: int, value: int) -> None:
    """A parameter of the next call."""
    _handles[handle].params[param] = value


@_exported(_UINT, _HANDLE, _INT)
def libfptr_get_param_int(handle: int, param: int) -> int:
    """A parameter of the last call."""
    value = _handles[handle].params.get(param)
    return value if isinstance(value, int) else 0


@_exported(_DOUBLE, _HANDLE, _INT)
def libfptr_get_param_double(handle: int, param: int) -> float:
    """A parameter of the last call."""
    value = _handles[handle].params.get(param)
    return float(value) if isinstance(value, (int, float)) else 0.0


@_exported(None, _HANDLE, _INT, _WIDE)
def libfptr_set_param_str(handle: int, param: int, value: str) -> None:
    """A parameter of the next call."""
    _handles[handle].params[param] = value


@_exported(_INT, _HANDLE, _INT, _OUT, _INT)
def libfptr_get_param_str(handle: int, param: int, buffer: int | None, size: int) -> int:
    """A parameter of the last call."""
    found = _handles[handle]
    value = found.params.get(param, "")
    return _give(value if value is None else str(value), buffer, size, is_huge=found.is_huge)


@_exported(_INT, _HANDLE)
def libfptr_process_json(handle: int) -> int:
    """Performs the task in PARAM_JSON_DATA, which its result replaces."""
    return _task(handle, PROCESS)


@_exported(_INT, _HANDLE)
def libfptr_validate_json(handle: int) -> int:
    """Looks whether the task could be performed."""
    return _task(handle, VALIDATE)


def _task(handle: int, letter: int) -> int:
    found = _handles[handle]
    task = found.params.pop(PARAM_JSON_DATA, None)
    if not isinstance(task, str):
        return found.fail(MISSING_PARAM, "Не задан обязательный параметр")
    return found.call(letter, task)


@_exported(_INT, _HANDLE)
def libfptr_query_data(handle: int) -> int:
    """The receipt's state; the stand-in knows no other data."""
    found = _handles[handle]
    if found.params.get(PARAM_DATA_TYPE) != DATA_RECEIPT_STATE:
        return found.fail(NOT_SUPPORTED, "Не поддерживается в данной версии")
    return found.call(RECEIPT)


@_exported(_INT, _HANDLE)
def libfptr_cancel_receipt(handle: int) -> int:
    """Cancels the open receipt."""
    return _handles[handle].call(CANCEL)
