"""Builds the stand-in library in C (`resources/atol/fptr10.c`) with the compiler of this computer, if there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import posapp

COMPILERS = ("cc", "gcc", "clang")
BUILD_S = 60.0


class CannotBuild(Exception):
    """There is no compiler, or it refused; the text says which."""


def library_name() -> str:
    """What the vendor calls the library on this system."""
    return "libfptr10.dylib" if sys.platform == "darwin" else "libfptr10.so"


def compiler() -> str:
    """The C compiler of this computer, "" for none. Windows has none that takes these options."""
    if sys.platform == "win32":
        return ""
    wanted = (os.environ.get("CC", ""), *COMPILERS)
    return next((found for each in wanted if each and (found := shutil.which(each))), "")


def source() -> Path:
    """The C file: beside the package in a checkout, inside it when installed. Raises CannotBuild."""
    package = Path(posapp.__file__).parent
    for folder in (package.parent / "resources", package / "resources"):
        path = folder / "atol" / "fptr10.c"
        if path.exists():
            return path
    raise CannotBuild("resources/atol/fptr10.c is missing: the installation is not complete")


def build(folder: Path) -> Path:
    """The library in this folder, which is made where it is missing. Raises CannotBuild, OSError."""
    found = compiler()
    if not found:
        raise CannotBuild("there is no C compiler on this computer")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / library_name()
    command = [found, "-O1", "-shared", "-fPIC", "-o", str(target), str(source())]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise CannotBuild(f"{found} has not come to an end") from error
    if done.returncode != 0:
        raise CannotBuild(f"{found}: {done.stderr.strip()[:1000]}")
    return target
