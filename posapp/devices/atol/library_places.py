"""Where the vendor's library is, and how a port of ours is said in its settings."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import struct
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from posapp.errors import UsageError

PATH_VARIABLE = "POSAPP_ATOL_LIBRARY"
"""Names the library, or the folder it is in, where it was not installed at its usual place."""

MODEL_AUTO, PORT_SERIAL, PORT_USB, PORT_TCP, PORT_BLUETOOTH = 500, 0, 1, 2, 3
DEFAULT_TCP_PORT = 5555
FACTORY_PASSWORD = 30


def settings_of(port: str, baud: int = 115_200, password: int = FACTORY_PASSWORD) -> dict[str, Any]:
    """The library's settings for a port of ours (reference/devices.md B.1.3); what is not said keeps its default.

    Raises UsageError for an address that is none.
    """
    settings: dict[str, Any] = {"Model": MODEL_AUTO, "AutoReconnect": False, "AutoTimeSync": False}
    if password != FACTORY_PASSWORD:
        settings["UserPassword"] = str(password)
    scheme, colon, rest = port.partition(":")
    if port.startswith("socket://"):
        host, number = _address(port)
        return {**settings, "Port": PORT_TCP, "IPAddress": host, "IPPort": number}
    if scheme.casefold() == "usb":
        return {**settings, "Port": PORT_USB, "UsbDevicePath": rest if colon else "auto"}
    if scheme.casefold() == "bluetooth" and colon:
        return {**settings, "Port": PORT_BLUETOOTH, "MACAddress": rest}
    if "://" in port or not port:
        what = f"драйвер АТОЛ не открывает «{port}»: есть COM3, /dev/…, socket://HOST:PORT, usb"
        raise UsageError("usage", what=what)
    name = re.fullmatch(r"(?:\\\\\.\\)?COM(\d+)", port, re.IGNORECASE)
    return {**settings, "Port": PORT_SERIAL, "ComFile": name[1] if name else port, "BaudRate": baud}


def _address(port: str) -> tuple[str, int]:
    host, _, number = port.removeprefix("socket://").rstrip("/").rpartition(":")
    if not host:
        host, number = number, str(DEFAULT_TCP_PORT)
    if not number.isascii() or not number.isdigit() or not 0 < int(number) < 65536:
        raise UsageError("usage", what=f"«{port}» – не socket://HOST:PORT")
    return host.strip("[]"), int(number)


def library_paths(given: str = "", environment: Mapping[str, str] | None = None) -> list[str]:
    """Where the library may be, the best first: what was set, what the environment names, the usual places.

    A library that was set is the only one: another version is not taken in its stead.
    """
    told = given or (os.environ if environment is None else environment).get(PATH_VARIABLE, "")
    if told:
        path = Path(told)
        return [str(path / name) for name in _names()] if path.is_dir() else [str(path)]
    return [*_usual_places(), *_names()]


def installed(given: str = "") -> str:
    """The path of the library as far as that can be told without loading it; "" when it is not at a known place."""
    return next((path for path in library_paths(given) if os.path.isabs(path) and os.path.exists(path)), "")


def lock_path(port: str, folder: Path | None = None) -> Path:
    """The file whose lock keeps a second process of the library from this port."""
    name = hashlib.sha256(port.casefold().encode()).hexdigest()[:16]
    return (folder or Path(tempfile.gettempdir())) / f"posapp-atol-{name}.lock"


def _names() -> Sequence[str]:
    if sys.platform == "win32":
        return ("fptr10.dll",)
    if sys.platform == "darwin":
        return ("libfptr10.dylib", "fptr10.framework/fptr10")
    return ("libfptr10.so",)


def _usual_places() -> list[str]:
    if sys.platform == "win32":
        return [os.path.join(folder, "bin", "fptr10.dll") for folder in _windows_folders()]
    if sys.platform == "darwin":
        folders = ["/Library/Frameworks", str(Path.home() / "Library/Frameworks"), "/usr/local/lib"]
    else:
        folders = ["/usr/lib/fptr10", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/opt/atol/drivers10"]
        folders += [str(each) for each in sorted(Path("/usr/lib").glob("*-linux-gnu*"))]
    return [os.path.join(folder, name) for folder in folders for name in _names()]


def _windows_folders() -> list[str]:
    """Where the vendor's installer says it put the driver, then where it puts it by itself."""
    folders: list[str] = []
    if sys.platform == "win32":
        import winreg

        with (
            contextlib.suppress(OSError),
            winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"Software\ATOL\Drivers\10.0\KKT") as key,
        ):
            folders.append(str(winreg.QueryValueEx(key, "INSTALL_DIR")[0]))
        programs = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)")]
        folders += [os.path.join(each, "ATOL", "Drivers10", "KKT") for each in programs if each]
    return folders


def where(given: str) -> str:
    """What was looked for, for a person: the path that was set, or the library's name."""
    return given or os.environ.get(PATH_VARIABLE) or _names()[0]


def bits() -> int:
    """The word size of this program, which is the one that the library must have."""
    return struct.calcsize("P") * 8
