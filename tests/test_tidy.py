"""Rules of this project that no tool knows: who may import what, where there is no clock, no float, no machine's path.

The contracts in pyproject.toml see imports between our modules; what is here they cannot see: the standard library,
calls, literals, text. Every rule is a function from a file's place and tree to its offences, so each is also shown to
bite.
"""

import ast
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A library → the only places under posapp/ that import it. Names in `fnmatch` style, where * also crosses folders.
HOMES = {
    "PySide6": ["ui/*"],
    "shiboken6": ["ui/*"],
    "httpx": ["http.py"],
    "serial": ["devices/port.py"],
    "keyring": ["vault.py"],
    "sqlalchemy": ["journal/*", "gateway/*store.py", "gateway/database.py", "gateway/*tables.py"],
    "sqlmodel": ["journal/*"],
    "alembic": ["journal/*"],
    "psycopg": ["gateway/*store.py", "gateway/database.py"],
    # the board reads with bare sqlite3 before the first paint; a bench measures against it; the simulation breaks disks
    # and looks into a journal without the journal
    "sqlite3": ["journal/*", "ui/board.py", "bench/*", "simulation/*"],
    # threads and blocking calls in the desktop program, an event loop only in the gateway
    "asyncio": ["gateway/*", "bench/*"],
    "anyio": ["gateway/*", "bench/*"],
    "starlette": ["gateway/*", "bench/*"],
    "uvicorn": ["gateway/*", "bench/*"],
    # the window's start path must not wait for the command line
    "typer": ["cli/*", "__main__.py"],
}

# Modules that get bytes, times and random numbers as arguments: the same input gives the same output, for ever.
PURE = [
    "domain/*",
    "devices/flow.py",
    "devices/*/frame.py",
    "devices/*/*commands.py",
    "devices/*/link.py",
    "devices/simulator/printer.py",
    "devices/simulator/marking.py",
    "sync/simulator/*",
]
BUT_NOT = [
    "sync/simulator/server.py",
    "sync/simulator/caller.py",
    "sync/simulator/ofd_server.py",
    "sync/simulator/pusher.py",
]
NOT_IN_PURE = {
    *("time", "socket", "select", "selectors", "threading", "queue", "asyncio", "concurrent", "multiprocessing"),
    *("subprocess", "signal", "os", "pathlib", "shutil", "tempfile", "sqlite3", "random", "secrets"),
    *("urllib.request", "http.client", "http.server", "socketserver"),
    *("serial", "httpx", "keyring", "logging", "PySide6"),
}
STILL_PURE = {"random.Random"}  # with a seed it is arithmetic
CLOCK_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "urandom"}
IO_CALLS = {"open", "print", "input"}

Rule = Callable[[str, ast.Module], Iterator[str]]


def is_one_of(place: str, patterns: list[str]) -> bool:
    """Whether a place (a path under posapp/, with slashes) matches one of the patterns."""
    return any(fnmatch(place, pattern) for pattern in patterns)


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported absolutely, late imports too: `from a.b import c` gives `a.b.c`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)


def belongs(name: str, package: str) -> bool:
    """Whether a dotted name is a package or something in it."""
    return name == package or name.startswith(package + ".")


def called_names(tree: ast.Module) -> Iterator[tuple[int, str, bool]]:
    """Line and last name of everything called, and whether it is an attribute: `datetime.now()` gives `now`, True."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.lineno, node.func.attr, True
            elif isinstance(node.func, ast.Name):
                yield node.lineno, node.func.id, False


# ---- the rules on Python files


def libraries_stay_at_home(place: str, tree: ast.Module) -> Iterator[str]:
    """A library with one home is imported nowhere else."""
    for line, name in imports(tree):
        for package, homes in HOMES.items():
            if belongs(name, package) and not is_one_of(place, homes):
                yield f"{place}:{line} imports {name}, which only {', '.join(homes)} may"


def pure_modules_are_pure(place: str, tree: ast.Module) -> Iterator[str]:
    """No I/O, no clock, no randomness, no threads where PURE says so."""
    if not is_one_of(place, PURE) or is_one_of(place, BUT_NOT):
        return
    for line, name in imports(tree):
        if name not in STILL_PURE and any(belongs(name, package) for package in NOT_IN_PURE):
            yield f"{place}:{line} imports {name}; this module is pure"
    for line, name, is_attribute in called_names(tree):
        if name in CLOCK_CALLS or (name in IO_CALLS and not is_attribute):
            yield f"{place}:{line} calls {name}(); this module is pure"


def no_float_holds_money(place: str, tree: ast.Module) -> Iterator[str]:
    """In the domain there is no float at all, except to ask whether something is one."""
    if not place.startswith("domain/"):
        return
    asked = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{place}:{node.lineno} has the float {node.value}"
        elif isinstance(node, ast.Name) and node.id == "float" and id(node) not in asked:
            yield f"{place}:{node.lineno} names float"


def no_test_sleeps(place: str, tree: ast.Module) -> Iterator[str]:
    """A test waits for a condition with a deadline; a sleep is too long on one machine and too short on the next."""
    for line, name, _ in called_names(tree):
        if name in ("sleep", "qSleep", "qWait", "msleep", "usleep"):
            yield f"{place}:{line} calls {name}()"


RULES = [libraries_stay_at_home, pure_modules_are_pure, no_float_holds_money]


def python_files(folder: str) -> list[Path]:
    """All Python files below a folder of the checkout; there must be some."""
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"no Python files in {folder}"
    return found


def offences(rule: Rule, folder: str) -> list[str]:
    """What a rule finds in all files of a folder of the checkout."""
    return [
        offence
        for path in python_files(folder)
        for offence in rule(path.relative_to(ROOT / folder).as_posix(), ast.parse(path.read_bytes()))
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    assert offences(rule, "posapp") == []


def test_the_tests_do_not_sleep() -> None:
    assert offences(no_test_sleeps, "tests") == []


@pytest.mark.parametrize(
    "rule, place, code",
    [
        (libraries_stay_at_home, "till/sale.py", "import sqlite3"),
        (libraries_stay_at_home, "sync/bitrix/client.py", "def f():\n    from httpx import Client"),
        (libraries_stay_at_home, "till/sale.py", "import PySide6.QtCore as q"),
        (pure_modules_are_pure, "devices/shtrih/frame.py", "import time"),
        (pure_modules_are_pure, "domain/vat.py", "from datetime import date\nx = date.today()"),
        (pure_modules_are_pure, "devices/atol/link.py", "from urllib import request"),
        (pure_modules_are_pure, "sync/simulator/portal.py", "import uuid\nx = uuid.uuid4()"),
        (pure_modules_are_pure, "domain/receipt.py", "print('x')"),
        (pure_modules_are_pure, "sync/simulator/shop.py", "from random import choice"),
        (no_float_holds_money, "domain/money.py", "x = 0.5"),
        (no_float_holds_money, "domain/money.py", "def f(x: float) -> None: ..."),
        (no_float_holds_money, "domain/money.py", "x = float('1')"),
        (no_test_sleeps, "test_x.py", "import time\ntime.sleep(1)"),
    ],
)
def test_a_rule_bites(rule: Rule, place: str, code: str) -> None:
    assert len(list(rule(place, ast.parse(code)))) == 1


@pytest.mark.parametrize(
    "rule, place, code",
    [
        (libraries_stay_at_home, "journal/migrations/a1.py", "import alembic"),
        (libraries_stay_at_home, "ui/board.py", "import sqlite3"),
        (pure_modules_are_pure, "devices/port.py", "import time, serial"),
        (pure_modules_are_pure, "sync/simulator/server.py", "import socket"),
        (pure_modules_are_pure, "sync/simulator/envelope.py", "from urllib.parse import parse_qsl"),
        (pure_modules_are_pure, "domain/vat.py", "from datetime import date\nx = date(2026, 1, 1)"),
        (no_float_holds_money, "domain/money.py", "def f(x: object) -> bool: return isinstance(x, (int, float))"),
        (no_float_holds_money, "bench/scan.py", "x = 0.5"),
    ],
)
def test_a_rule_lets_pass_what_is_right(rule: Rule, place: str, code: str) -> None:
    assert list(rule(place, ast.parse(code))) == []


# ---- the layout


def test_every_folder_of_the_product_is_a_package() -> None:
    # import-linter sees only packages: a folder without __init__.py would be outside every contract
    folders = {path.parent for path in python_files("posapp")}
    assert sorted(str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()) == []


def test_the_product_is_never_deeper_than_two_folders() -> None:
    places = [path.relative_to(ROOT / "posapp") for path in python_files("posapp")]
    assert [place.as_posix() for place in places if len(place.parts) > 3] == []


# ---- text of all files

FORBIDDEN_TEXT = re.compile(
    r"(?<![\w.~-])/(?:work|root|farm)/[\w.]"
    r"|\bpypi[.]org|pythonhosted[.]|registry[.]npm|artifactory[.]|proxy[.]golang"
)
NOT_OURS = {".git", ".venv", ".hypothesis", "__pycache__", "build", "dist", "LICENSE"}


def text_files() -> Iterator[tuple[str, str]]:
    """Place and text of every file of the checkout that is text and ours."""
    for path in sorted(ROOT.rglob("*")):
        place = path.relative_to(ROOT)
        if not path.is_file() or any(part in NOT_OURS or part.endswith("_cache") for part in place.parts):
            continue
        data = path.read_bytes()
        if b"\0" not in data[:4096]:
            yield place.as_posix(), data.decode("utf-8", errors="replace")


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{place}:{number} {match.group()}"
        for place, text in text_files()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := FORBIDDEN_TEXT.search(line))
    ]
    assert found == []


@pytest.mark.parametrize("line", ["see /wo" + "rk/notes", "'/ro" + "ot/.cache'", "https://py" + "pi.org/simple"])
def test_a_machine_or_a_registry_is_recognised(line: str) -> None:
    assert FORBIDDEN_TEXT.search(line)


@pytest.mark.parametrize("line", ["~/work/till", "docs/work/plan", "/dev/ttyACM0", "https://host/rest/1/code/"])
def test_other_paths_are_not(line: str) -> None:
    assert not FORBIDDEN_TEXT.search(line)
