"""The process in which the vendor's driver (libfptr10, DTO 10) lives: it may crash, hang or flood there.

`library.py` starts this file as a program of its own (`python -I -S library_process.py`), so it needs nothing but the
standard library. Both speak through two pipes in messages of four bytes length (big-endian) and that many bytes of
JSON; a longer one than MESSAGE_MAX is never believed.

    → {"do": "open", "libraries": [paths], "settings": {…}, "lock": path, "lock_s"}
        ← {"event": "opened", "version"} | {"event": "failed", "why": …, "code", "text"}
    → {"do": "task", "task": JSON text}          ← {"event": "handed"}, then the outcome
    → {"do": "receipt_state"}                    ← {"event": "handed"}, {"event": "state", "type", "sum"}
    → {"do": "cancel_receipt"}                   ← {"event": "handed"}, {"event": "done", "result": ""}
        outcome: {"event": "done", "result": text} | {"event": "no", "code", "text"} | {"event": "garbled", "text"}
    → {"do": "close"}                            ← {"event": "closed"}, and the process ends

Every order has a "number", which its answers repeat.

"handed" is written *before* the library is called. So a process that ended without it has not handed the task over:
nothing was sent. With it, only reading the storage tells.

Two things keep a task from running on unseen. When standard input ends – the till was killed –, a second thread ends
this process at once, in the middle of a call of the library. And the process holds a lock on the port's name for as
long as it lives: the next one waits for it, so no recovery reads the storage while an earlier process still prints.

The calling pattern is that of the public wrappers: create, set_settings, open, {set_param_str, process_json,
get_param_str}, close, destroy. Strings are wide; every function that gives one back returns the length it needs, NUL
included, and is called again with a longer buffer. One handle is used from one thread, here the main one.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import json
import os
import queue
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

MESSAGE_MAX = 8 << 20
RESULT_MAX = 1 << 20
"""Characters of a result; the longest real ones, a document of 30 KB as base64 and as text, stay far below."""
FIRST_BUFFER = 512
LOCK_LOOK_S = 0.05

PARAM_RECEIPT_TYPE, PARAM_DATA_TYPE, PARAM_RECEIPT_SUM, PARAM_JSON_DATA = 65545, 65587, 65600, 65645
DATA_RECEIPT_STATE = 15

MISSING, ARCHITECTURE, UNLOADABLE, LOCKED, REFUSED = "missing", "architecture", "unloadable", "locked", "refused"
"""Why a library could not be opened: not there, for other processors, broken, port held by another process, it said
no (then with its code)."""

_HANDLE, _INT, _UINT, _WIDE = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint, ctypes.c_wchar_p
SIGNATURES: dict[str, tuple[Any, ...]] = {
    "libfptr_get_version_string": (ctypes.c_char_p,),
    "libfptr_create": (_INT, ctypes.POINTER(_HANDLE)),
    "libfptr_destroy": (None, ctypes.POINTER(_HANDLE)),
    "libfptr_set_settings": (_INT, _HANDLE, _WIDE),
    "libfptr_open": (_INT, _HANDLE),
    "libfptr_close": (_INT, _HANDLE),
    "libfptr_error_code": (_INT, _HANDLE),
    "libfptr_error_description": (_INT, _HANDLE, _WIDE, _INT),
    "libfptr_set_param_int": (None, _HANDLE, _INT, _UINT),
    "libfptr_get_param_int": (_UINT, _HANDLE, _INT),
    "libfptr_get_param_double": (ctypes.c_double, _HANDLE, _INT),
    "libfptr_set_param_str": (None, _HANDLE, _INT, _WIDE),
    "libfptr_get_param_str": (_INT, _HANDLE, _INT, _WIDE, _INT),
    "libfptr_process_json": (_INT, _HANDLE),
    "libfptr_query_data": (_INT, _HANDLE),
    "libfptr_cancel_receipt": (_INT, _HANDLE),
}
"""Result and arguments of the functions that are used, as the vendor's header declares them."""


class Garbled(Exception):
    """What came makes no sense: a message or an answer of the library."""


class CannotOpen(Exception):
    """Why the library or its port could not be opened."""

    def __init__(self, why: str, text: str = "", code: int = 0) -> None:
        super().__init__(why)
        self.why, self.text, self.code = why, text, code


# ---- messages


def pack(message: dict[str, Any]) -> bytes:
    """A message as it goes through the pipe. Garbled when it is too long for it."""
    body = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
    if len(body) > MESSAGE_MAX:
        raise Garbled(f"a message of {len(body)} bytes")
    return struct.pack(">I", len(body)) + body


def receive(fd: int) -> dict[str, Any] | None:
    """The next message; None at a clean end. Garbled for anything else, also for an end in the middle."""
    head = _read(fd, 4)
    if not head:
        return None
    length = struct.unpack(">I", head)[0] if len(head) == 4 else -1
    if not 0 < length <= MESSAGE_MAX:
        raise Garbled(f"no length of a message: {head.hex()}")
    body = _read(fd, length)
    if len(body) < length:
        raise Garbled(f"the end after {len(body)} of {length} bytes")
    try:
        message = json.loads(body)
    except ValueError as error:
        raise Garbled(f"no JSON: {error}") from None
    if not isinstance(message, dict):
        raise Garbled("no object")
    return message


def write_whole(fd: int, data: bytes) -> None:
    """Writes all of it. Raises OSError when the other side is gone."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _read(fd: int, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        fresh = os.read(fd, min(count - len(data), 1 << 16))
        if not fresh:
            break
        data += fresh
    return bytes(data)


# ---- the library


class Library:
    """The functions of one loaded library, each by its address and with its types."""

    def __init__(self, address: Callable[[str], int], folder: str = "") -> None:
        self.folder = folder
        self._functions = {
            name: ctypes.CFUNCTYPE(types[0], *types[1:])(address(name)) for name, types in SIGNATURES.items()
        }

    def call(self, name: str, *arguments: Any) -> Any:
        """`libfptr_<name>`."""
        return self._functions[f"libfptr_{name}"](*arguments)


def load(paths: Sequence[str]) -> Library:
    """The first of these libraries that is there. CannotOpen when none is, or when it cannot be used.

    A path that ends in `.py` is a stand-in: a Python file whose `address_of(name)` gives the addresses of C functions
    of these names (`posapp/devices/simulator/atol_library.py`).
    """
    for path in paths:
        if os.path.dirname(path) and not os.path.exists(path):
            continue
        if path.endswith(".py"):
            return Library(_stand_in(path))
        try:
            loaded = ctypes.CDLL(path)
        except OSError as error:
            if not os.path.dirname(path) and _is_not_found(error, path):
                continue
            why = ARCHITECTURE if _is_for_others(path, error) else UNLOADABLE
            raise CannotOpen(why, _naming(path, error)) from None
        try:
            return Library(partial(_address_in, loaded), os.path.dirname(path))
        except AttributeError as error:
            raise CannotOpen(UNLOADABLE, _naming(path, error)) from None
    raise CannotOpen(MISSING, ", ".join(paths))


def _stand_in(path: str) -> Callable[[str], int]:
    spec = importlib.util.spec_from_file_location("stand_in", path)
    if spec is None or spec.loader is None:
        raise CannotOpen(UNLOADABLE, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["stand_in"] = module
    spec.loader.exec_module(module)
    address_of: Callable[[str], int] = module.address_of
    return address_of


def _naming(path: str, error: Exception) -> str:
    """What went wrong, beginning with the path."""
    text = str(error)
    return text if text.startswith(path) else f"{path}: {text}"


def _address_in(loaded: ctypes.CDLL, name: str) -> int:
    return ctypes.cast(getattr(loaded, name), ctypes.c_void_p).value or 0


def _is_not_found(error: OSError, name: str) -> bool:
    """Whether the library itself was not found; a part of it that is missing has another name in the text."""
    text = str(error)
    return name in text.partition(":")[0] or getattr(error, "winerror", None) == 126


def _is_for_others(path: str, error: OSError) -> bool:
    """Whether the file is a library for other processors than this Python runs on."""
    ours, theirs = _made_for(sys.executable), _made_for(path)
    if ours and theirs:
        return ours != theirs
    text = str(error)
    return any(each in text for each in ("wrong ELF class", "incompatible architecture", "wrong architecture")) or (
        getattr(error, "winerror", None) == 193
    )


def _made_for(path: str) -> str:
    """Word size and processor out of the head of an ELF or PE file; "" for another file."""
    try:
        with open(path, "rb") as file:
            head = file.read(4096)
    except OSError:
        return ""
    if head[:4] == b"\x7fELF" and len(head) >= 20:
        return f"elf {head[4]} {struct.unpack('<H' if head[5] == 1 else '>H', head[18:20])[0]}"
    if head[:2] == b"MZ" and len(head) >= 64:
        at = struct.unpack("<I", head[60:64])[0]
        if head[at : at + 4] == b"PE\0\0" and len(head) >= at + 6:
            return f"pe {struct.unpack('<H', head[at + 4 : at + 6])[0]:04x}"
    return ""


class Driver:
    """One handle of the library and its open port."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._handle = ctypes.c_void_p()
        if library.call("create", ctypes.byref(self._handle)) != 0 or not self._handle:
            raise CannotOpen(UNLOADABLE, "libfptr_create")

    @property
    def version(self) -> str:
        """What the library calls its version, `10.8.0.0`."""
        return bytes(self._library.call("get_version_string") or b"").decode("ascii", "replace")

    def open(self, settings: dict[str, Any]) -> None:
        """Opens the port. CannotOpen with the library's code and text."""
        settings = {**settings, **({"LibraryPath": self._library.folder} if self._library.folder else {})}
        text = json.dumps(settings, ensure_ascii=False)
        if self._library.call("set_settings", self._handle, text) != 0 or self._call("open") != 0:
            raise CannotOpen(REFUSED, self._description(), self._call("error_code"))

    def process(self, task: str) -> dict[str, Any]:
        """The outcome of one task."""
        self._library.call("set_param_str", self._handle, PARAM_JSON_DATA, task)
        if self._call("process_json") != 0:
            return self._refusal()
        found = self._string(lambda buffer, size: self._call("get_param_str", PARAM_JSON_DATA, buffer, size))
        return {"event": "done", "result": found}

    def receipt_state(self) -> dict[str, Any]:
        """Which receipt is open: the library's number of its type (0 = none) and the sum, as text with two decimals."""
        self._call("set_param_int", PARAM_DATA_TYPE, DATA_RECEIPT_STATE)
        if self._call("query_data") != 0:
            return self._refusal()
        total = self._call("get_param_double", PARAM_RECEIPT_SUM)
        return {"event": "state", "type": self._call("get_param_int", PARAM_RECEIPT_TYPE), "sum": f"{total:.2f}"}

    def cancel_receipt(self) -> dict[str, Any]:
        """Cancels the open receipt."""
        return {"event": "done", "result": ""} if self._call("cancel_receipt") == 0 else self._refusal()

    def close(self) -> None:
        """Closes port and handle."""
        self._call("close")
        self._library.call("destroy", ctypes.byref(self._handle))

    def _call(self, name: str, *arguments: Any) -> Any:
        return self._library.call(name, self._handle, *arguments)

    def _refusal(self) -> dict[str, Any]:
        code = self._call("error_code")
        if code == 0:
            raise Garbled("it failed without an error")
        return {"event": "no", "code": code, "text": self._description()}

    def _description(self) -> str:
        return self._string(lambda buffer, size: self._call("error_description", buffer, size))

    def _string(self, ask: Callable[[Any, int], int]) -> str:
        """A wide string; asked again when it is longer than the buffer. Garbled when it is too long or no text."""
        size = FIRST_BUFFER
        for _ in range(3):  # it may have grown meanwhile, but not for ever
            buffer = ctypes.create_unicode_buffer(size)
            needed = ask(buffer, size)
            if not 0 <= needed <= RESULT_MAX:
                raise Garbled(f"a text of {needed} characters")
            if needed <= size:
                try:
                    return str(buffer.value)
                except ValueError as error:  # a character beyond the last one
                    raise Garbled(f"no text: {error}") from None
            size = needed
        raise Garbled("a text that never fits")


# ---- the process


class PortLock:
    """A lock on the port's name among processes of ours; the system frees it when this process is gone."""

    def __init__(self, path: str, timeout_s: float) -> None:
        """Waits for it. CannotOpen when another process keeps it."""
        self._path = path
        deadline = time.monotonic() + timeout_s
        try:
            while not self._is_taken():
                if time.monotonic() > deadline:
                    raise CannotOpen(LOCKED, path)
                time.sleep(LOCK_LOOK_S)
        except OSError as error:
            raise CannotOpen(LOCKED, str(error)) from None

    def release(self) -> None:
        """Lets it go, and its file with it."""
        with contextlib.suppress(OSError):  # it is another user's, or Windows does not remove a file that is open
            os.unlink(self._path)
        os.close(self._fd)

    def _is_taken(self) -> bool:
        """Takes it. False while another process has it, and when its file was removed just now."""
        self._fd = _opened(self._path)
        with contextlib.suppress(OSError):
            _lock(self._fd)
            found, ours = os.stat(self._path), os.fstat(self._fd)
            if (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino):
                return True
        os.close(self._fd)
        return False


def _lock(fd: int) -> None:
    """Raises OSError when another process has it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _opened(path: str) -> int:
    """The lock's file; one that another user has made is only read, which is enough for a lock."""
    no_link = getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | no_link, 0o644)
    except PermissionError:
        return os.open(path, os.O_RDONLY | no_link)


class Process:
    """Takes orders one by one, in the main thread."""

    def __init__(self, fd_in: int, fd_out: int) -> None:
        self._in, self._out = fd_in, fd_out
        self._orders: queue.Queue[dict[str, Any]] = queue.Queue()
        self._number: Any = None
        self._lock: PortLock | None = None
        self._driver: Driver | None = None

    def run(self) -> int:
        """Until it is told to close."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        while True:
            order = self._orders.get()
            self._number = order.get("number")
            if order.get("do") == "close":
                if self._driver is not None:
                    self._driver.close()
                if self._lock is not None:
                    self._lock.release()
                self._tell({"event": "closed"})
                return 0
            try:
                self._tell(self._answer(order))
            except Garbled as error:
                self._tell({"event": "garbled", "text": str(error)[:200]})

    def _answer(self, order: dict[str, Any]) -> dict[str, Any]:
        if order.get("do") == "open":
            return self._open(order)
        if self._driver is None:
            return {"event": "no", "code": 1, "text": ""}  # and nothing is handed
        self._tell({"event": "handed"})
        match order.get("do"):
            case "task":
                return self._driver.process(str(order["task"]))
            case "receipt_state":
                return self._driver.receipt_state()
            case "cancel_receipt":
                return self._driver.cancel_receipt()
        raise Garbled(f"no such order: {order.get('do')!r}")

    def _open(self, order: dict[str, Any]) -> dict[str, Any]:
        try:
            self._lock = self._lock or PortLock(order["lock"], order["lock_s"])
            driver = Driver(load(order["libraries"]))
            driver.open(order["settings"])
        except CannotOpen as error:
            return {"event": "failed", "why": error.why, "code": error.code, "text": error.text[:1000]}
        self._driver = driver
        return {"event": "opened", "version": driver.version}

    def _listen(self) -> None:
        """Orders into the queue. At their end the till is gone, and with it goes what runs here."""
        with contextlib.suppress(Garbled, OSError):
            while (order := receive(self._in)) is not None:
                self._orders.put(order)
        os._exit(1)

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            write_whole(self._out, pack({**message, "number": self._number}))
        except OSError:
            os._exit(1)


def take_pipes() -> tuple[int, int]:
    """Pipes of our own, and nothing where a library would read from and write to.

    A library that prints would otherwise write into our messages, or fill a pipe that nobody empties.
    """
    fd_in, fd_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    if sys.platform == "win32":
        import msvcrt

        for fd in (fd_in, fd_out):
            msvcrt.setmode(fd, os.O_BINARY)
    else:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a picture of the memory would hold buyers' data
    return fd_in, fd_out


if __name__ == "__main__":
    code = Process(*take_pipes()).run()
    os._exit(code)  # whatever threads the library has left behind
