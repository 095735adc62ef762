#!/usr/bin/env python3
"""The one door to a checkout: everything that is needed is put in place, then the job runs.

    python3 dev.py demo [ARGS]    the practice shop: a window, or the whole main job in lines where there is no display
    python3 dev.py test [ARGS]    the static checks and the tests; ARGS go to pytest
    python3 dev.py mutants [NAME] the rules of money are broken on purpose, one by one; a test must notice each time
    python3 dev.py check          only the static checks: ruff, formatting, types, import rules
    python3 dev.py setup          only put things in place; afterwards `.venv/bin/posapp` works from anywhere

Needs nothing but Python 3.11 … 3.14. In place means: the system libraries Qt asks for, a virtual environment in `.venv`
with the packages of requirements-dev.lock, and a launcher. What is there already is left alone, so a second run starts
at once. Standard library only, and readable for older Pythons, which get a clear message. The exit code is that of the
job.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements-dev.lock"
VENV = ROOT / ".venv"
STAMP = VENV / "installed-from.txt"
WINDOWS = sys.platform == "win32"
LINUX = sys.platform.startswith("linux")
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")
JOBS = ("demo", "test", "mutants", "check", "setup")
OLDEST, NEWEST = (3, 11), (3, 14)

# What a bare Debian 12 lacks, found by trying in an empty one. Qt's own message names one library at a time.
OFFSCREEN_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
}
X11_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}

# pip keeps the user's index, proxy and certificate; these would send the packages somewhere else or leave them out.
PIP_SETTINGS_IN_THE_WAY = (
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_PYTHON",
    "PIP_DRY_RUN",
    "PIP_REQUIREMENT",
    "PIP_CONSTRAINT",
    "PIP_EDITABLE",
)


def main() -> int:
    """Put everything in place and run the job named on the command line; returns its exit code."""
    if len(sys.argv) < 2 or sys.argv[1] not in JOBS:
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"], ["help"]) else 2
    job, arguments = sys.argv[1], sys.argv[2:]
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return run_with_another_python()
    ensure_system_libraries()
    ensure_packages(ensure_venv())
    if job == "demo":
        return demo(arguments)
    if job == "test":
        return test(arguments)
    if job == "mutants":
        return run_in_root([str(PYTHON), "-m", "tests.mutants", *arguments])
    return check() if job == "check" else 0


# ---- the jobs


def demo(arguments: list[str]) -> int:
    """The practice shop: on the screen where there is one, else `--headless`."""
    if not has_display() and "--headless" not in arguments:
        arguments = [*arguments, "--headless"]
    command = [str(PYTHON), "-P", "-m", "posapp", "demo", *arguments]
    if WINDOWS:
        return subprocess.call(command, env=job_environment())
    os.execve(command[0], command, job_environment())  # signals reach the demo itself  # noqa: S606


def test(arguments: list[str]) -> int:
    """The static checks beside pytest, which has idle moments; both run to their end: one run shows everything."""
    codes: list[int] = []
    checks = threading.Thread(target=lambda: codes.append(check()))
    checks.start()
    tested = run_in_root([str(PYTHON), "-m", "pytest", "-n", "auto", "--dist", "loadfile", *arguments])
    checks.join()
    return tested or max(codes, default=1)


def check() -> int:
    """Lint, formatting, types and import rules; the exit code of the first that failed."""
    steps = [
        [str(PYTHON), "-m", "ruff", "check", "--quiet"],
        [str(PYTHON), "-m", "ruff", "format", "--check", "--quiet"],
        [str(PYTHON), "-m", "mypy", "--no-error-summary"],
        [str(BIN / "lint-imports"), "--no-logo"],
    ]
    codes = [run_in_root(step, quiet_on_success=True) for step in steps]
    return next((code for code in codes if code), 0)


def run_in_root(command: list[str], quiet_on_success: bool = False) -> int:
    """Run one step in the checkout and say its name; returns the exit code."""
    name = " ".join([Path(command[0]).name, *command[1:]]).replace(PYTHON.name + " -m ", "")
    say(name)
    kept = subprocess.PIPE if quiet_on_success else None
    done = subprocess.run(
        command,
        cwd=str(ROOT),
        env=job_environment(),
        stdout=kept,
        stderr=subprocess.STDOUT if quiet_on_success else None,
        check=False,
    )
    if done.returncode and done.stdout:
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
    if done.returncode:
        say(f"{name}: failed, exit code {done.returncode}")
    return done.returncode


def job_environment() -> dict[str, str]:
    """The caller's environment without what would lead Python elsewhere; Qt without a screen where there is none.

    Bytecode is kept: the tests start the program some hundred times, and to compile it takes as long as all the rest.
    """
    gone = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
    environment = {k: v for k, v in os.environ.items() if k not in gone}
    environment["VIRTUAL_ENV"] = str(VENV)
    if not has_display():
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    return environment


def has_display() -> bool:
    """Whether a window would be seen by somebody."""
    if os.environ.get("QT_QPA_PLATFORM", "") in ("offscreen", "minimal"):
        return False
    return not LINUX or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


# ---- a Python that is new enough


def run_with_another_python() -> int:
    """This Python is too old or too new: run the same command with one of PATH that fits, or say what is missing."""
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        python = shutil.which(f"python3.{minor}")
        # a version manager's stand-in may be on PATH for a version that is not switched on: ask it
        if python and subprocess.call([python, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return subprocess.call([python, str(ROOT / "dev.py"), *sys.argv[1:]])
    have = ".".join(map(str, sys.version_info[:3]))
    stop(
        f"This is Python {have}. posapp needs Python 3.11, 3.12, 3.13 or 3.14, and none is on PATH."
        " Install one and try again."
    )


# ---- system libraries


def ensure_system_libraries() -> None:
    """On Linux, see that the shared libraries Qt loads are there; Windows and macOS bring their own."""
    if not LINUX:
        return
    wanted = dict(OFFSCREEN_LIBRARIES)
    if os.environ.get("DISPLAY"):
        wanted.update(X11_LIBRARIES)
    missing = [name for name in wanted if not loads(name)]
    if not missing:
        return
    apt_get([wanted[name] for name in missing], "Qt needs " + ", ".join(missing))
    still = [name for name in missing if not loads(name)]
    if still:
        stop("These libraries are still missing: " + ", ".join(still))


def loads(library: str) -> bool:
    """Whether the dynamic loader finds this shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def apt_get(packages: list[str], reason: str) -> None:
    """Install Debian packages where that is possible without asking; elsewhere print the line to type and stop."""
    tool = shutil.which("apt-get")
    line = "apt-get install -y --no-install-recommends " + " ".join(packages)
    if not tool:
        stop(f"{reason}. Debian calls the packages {' '.join(packages)}; install those of this system and try again.")
    if os.geteuid() != 0:
        stop(f"{reason}. Type this and try again:\n\n    sudo {line}\n")
    say(f"{reason}: {line}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # lists that cannot be refreshed may still be good enough, so only the second command decides
    subprocess.call([tool, "update", "-q"], env=environment, stdout=sys.stderr)
    if subprocess.call([tool, *line.split()[1:]], env=environment, stdout=sys.stderr):
        stop(f"That did not work. Type this and try again:\n\n    apt-get update && {line}\n")


# ---- the virtual environment


def ensure_venv() -> dict[str, str]:
    """Make `.venv` unless a usable one is there; returns what `describe_venv` found in it."""
    found = describe_venv()
    if found:
        return found
    if importlib.util.find_spec("ensurepip") is None:
        version = ".".join(map(str, sys.version_info[:2]))
        apt_get([f"python{version}-venv"], "This Python cannot make virtual environments yet")
    say("making .venv")
    made = subprocess.call(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], env=pip_environment(), stdout=sys.stderr
    )
    found = {} if made else describe_venv()
    if not found:
        stop(f"{sys.executable} could not make a virtual environment with pip in {VENV}; the lines above say why.")
    return found


def describe_venv() -> dict[str, str]:
    """Python version and package folder of `.venv`; empty when it is missing, broken, without pip or of another age."""
    program = (
        "import json, sys, sysconfig, pip;"
        "print(json.dumps({'python': sys.version, 'minor': sys.version_info[1],"
        " 'folder': sysconfig.get_path('purelib')}))"
    )
    try:
        answer = subprocess.run(
            [str(PYTHON), "-I", "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
        found = json.loads(answer.stdout.decode("ascii"))
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}
    if not OLDEST[1] <= found["minor"] <= NEWEST[1]:
        return {}
    return {"python": found["python"], "folder": found["folder"]}


def ensure_packages(venv: dict[str, str]) -> None:
    """Install what requirements-dev.lock names, unless that was installed last; place the launcher."""
    stamp = hashlib.sha256(LOCK.read_bytes()).hexdigest() + "\n" + venv["python"] + "\n"
    if not STAMP.exists() or STAMP.read_text(encoding="utf-8") != stamp:
        say("installing the packages of requirements-dev.lock (once; about half a minute)")
        quiet = ["-qq", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
        # --compile: without bytecode every start of the program takes a second longer
        command = [str(PYTHON), "-m", "pip", "install", *quiet, "--compile", "--require-hashes", "-r", str(LOCK)]
        if subprocess.call(command, env=pip_environment(), stdout=sys.stderr):
            stop("pip could not install the packages; its lines above say why. Nothing else was changed; try again.")
        STAMP.write_text(stamp, encoding="utf-8")
    place_launcher(Path(venv["folder"]))


def pip_environment() -> dict[str, str]:
    """The caller's environment for pip and venv: index, proxy and certificate stay, detours go, bytecode is written."""
    gone = (*PIP_SETTINGS_IN_THE_WAY, "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME")
    return {k: v for k, v in os.environ.items() if k not in gone}


def place_launcher(packages: Path) -> None:
    """Make `import posapp` find this checkout, and `.venv/bin/posapp` start it from any folder.

    The line in the .pth file is relative, hence plain ASCII: Python before 3.13 reads it in the system's encoding.
    """
    write(packages / "posapp.pth", os.path.relpath(str(ROOT), str(packages)) + "\n")
    # -P: a file of the current folder must not stand in for a module of ours or of the standard library
    if WINDOWS:
        write(BIN / "posapp.cmd", '@"%~dp0python.exe" -P -m posapp %*\r\n')
        return
    launcher = BIN / "posapp"
    write(launcher, f'#!/bin/sh\nexec {shlex.quote(str(PYTHON))} -P -m posapp "$@"\n')
    launcher.chmod(0o755)


def write(path: Path, text: str) -> None:
    """Write a small file unless it holds this text already."""
    data = text.encode("utf-8")
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


# ---- saying things: on stderr, because stdout belongs to the job


def say(text: str) -> None:
    """One line about what happens now."""
    print("dev.py: " + text, file=sys.stderr, flush=True)


def stop(text: str) -> NoReturn:
    """End with a message for a person; exit code 1."""
    raise SystemExit("dev.py: " + text)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # subprocess takes the child along
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
