"""The pages say what is true: paths, links, commands, error codes and words that they name are there."""

import ast
import dataclasses
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

import dev
from posapp.cli.main import build
from posapp.devices.registry import MODELS
from posapp.domain.fiscal import FiscalMark, ReceiptKind
from posapp.domain.settlement import State
from posapp.domain.tags import TAGS
from posapp.domain.vat import VatRate
from posapp.errors import WORDS

ROOT = Path(__file__).parents[1]
PRODUCT = ROOT / "posapp"
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packaging/*.md"), *ROOT.glob("resources/*.md")]
)
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
GLOSSARY = ROOT / "docs" / "glossary.md"

Page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


# ---- reading a page


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    """The fenced blocks."""
    return re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def spans(text: str) -> list[str]:
    """The code spans outside fenced blocks."""
    outside = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", outside)


def tables(text: str) -> list[list[list[str]]]:
    """Every table as rows of cells, without its head."""
    found: list[list[list[str]]] = []
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines):
        if re.fullmatch(r"\|[ |:-]+\|", line):
            found.append([])
            for row in lines[number + 1 :]:
                if not row.startswith("|"):
                    break
                found[-1].append([cell.strip() for cell in row.strip("|").split("|")])
    return found


def test_there_are_pages_with_code_spans_blocks_and_tables() -> None:
    assert {README, ARCHITECTURE, GLOSSARY} <= set(PAGES)
    assert len([page for page in PAGES if page.parent.name == "adr"]) >= 9
    assert spans(text_of(README))
    assert blocks(text_of(README))
    assert tables(text_of(ARCHITECTURE))


# ---- paths and links

IS_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)+/?|[\w-]+\.(?:py|md|toml|lock)")
TOP = {path.name for path in ROOT.iterdir()} - {".venv"}


def is_there(place: str) -> bool:
    """A path from the checkout or from `posapp/`; a bare file name anywhere in the product."""
    if (ROOT / place).exists() or (PRODUCT / place).exists():
        return True
    return "/" not in place and any(PRODUCT.rglob(place))


def paths_in(text: str) -> Iterator[str]:
    """What claims to be a file or folder of the checkout; not what lies on the reader's machine."""
    packages = {path.name for path in PRODUCT.iterdir() if path.is_dir()}
    for span in spans(text):
        if IS_PATH.fullmatch(span) and ("/" not in span or span.split("/")[0] in TOP | packages):
            yield span


@Page
def test_every_path_named_is_there(page: Path) -> None:
    assert [place for place in paths_in(text_of(page)) if not is_there(place)] == []


@Page
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", text_of(page))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("place", ["posapp/till/nothing.py", "till/nothing.py", "nothing.py", "docs/nothing"])
def test_a_path_that_is_not_there_is_found(place: str) -> None:
    assert list(paths_in(f"see `{place}`")) == [place]
    assert not is_there(place)


def test_the_diagrams_name_files_that_are_there() -> None:
    named = [
        f"{folder}/{name}"
        for block in blocks(text_of(ARCHITECTURE))
        for folder, name in re.findall(r"\b(till|devices|sync|journal|domain|ui|cli)/(\w+)", block)
    ]
    assert len(named) >= 4
    assert [each for each in named if not (PRODUCT / each).exists() and not (PRODUCT / f"{each}.py").exists()] == []


def test_whoever_wants_something_is_told_where() -> None:
    (table,) = [rows for rows in tables(text_of(ARCHITECTURE)) if any("MOVES" in row[1] for row in rows)]
    assert len(table) >= 15
    assert [row[0] for row in table if not list(paths_in(row[1]))] == []


# ---- the two commands that a newcomer types


@pytest.mark.parametrize("name, command", [("run", "python3 dev.py demo"), ("test", "python3 dev.py test")])
def test_the_readme_holds_exactly_one_command_between_its_markers(name: str, command: str) -> None:
    found = re.findall(rf"<!-- start:{name} -->\n(.*?)<!-- end:{name} -->", text_of(README), flags=re.DOTALL)
    assert len(found) == 1
    assert [line for line in found[0].splitlines() if line and not line.startswith("```")] == [command]


@Page
def test_every_job_of_dev_py_exists(page: Path) -> None:
    assert set(re.findall(r"\bdev\.py +([a-z]+)", text_of(page))) <= set(dev.JOBS)


# ---- commands of posapp


@cache
def command_line() -> Any:
    """The whole command line, as Click objects of Typer's own make."""
    return typer.main.get_command(build())


def commands_in(text: str) -> Iterator[str]:
    """Every `posapp …` in code spans and at the beginning of lines of fenced blocks."""
    lines = [*spans(text), *(line for block in blocks(text) for line in block.splitlines())]
    for line in lines:
        if match := re.match(r"(?:\$ )?(?:\.venv/bin/)?posapp((?: .*)?)$", line.strip()):
            yield match.group(1).strip()


def wrong_with(typed: str) -> str:
    """Why the program does not know this command; "" when it does."""
    here, words = command_line(), shlex.split(typed, comments=True)
    while words and getattr(here, "commands", None):
        if here.invoke_without_command and words[0].startswith("--"):
            break  # a group that is a command too, with options of its own
        if words[0] not in here.commands:
            return f"posapp {typed}: {words[0]} is no command"
        here = here.commands[words.pop(0)]
    known = {name for parameter in here.params for name in parameter.opts} | {"--help"}
    unknown = [word for word in words if word.startswith("--") and word not in known]
    return f"posapp {typed}: {unknown[0]} is no option" if unknown else ""


@Page
def test_every_command_named_exists(page: Path) -> None:
    assert [wrong for typed in commands_in(text_of(page)) if (wrong := wrong_with(typed))] == []


def test_the_readme_shows_a_till_from_set_up_to_a_receipt() -> None:
    shown = {" ".join(typed.split()[:2]) for typed in commands_in(text_of(README))}
    assert {"setup printer", "setup portal", "setup vat", "orders pull", "shift open", "sync --once"} <= shown
    assert {"sim printer", "sim portal", "sell MSK-00417"} <= shown


@pytest.mark.parametrize("typed", ["sold 1", "setup wizard", "sell 1 --cheque 5", "shift open --now"])
def test_a_command_that_does_not_exist_is_found(typed: str) -> None:
    assert list(commands_in(f"type `posapp {typed}`")) == [typed]
    assert wrong_with(typed)


def test_what_the_readme_says_is_missing_is_missing() -> None:
    # Whoever builds one of these takes it from "What it cannot do yet".
    assert set(command_line().commands) & {"bundle"} == set()
    assert MODELS == ("shtrih", "atol")


# ---- error codes


@cache
def names_in_the_code() -> frozenset[str]:
    """Every identifier and every short text of the product."""
    names: set[str] = set()
    for path in PRODUCT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                names.add(node.value)
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names.add(node.name)
            elif isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, (ast.Attribute, ast.arg)):
                names.add(node.attr if isinstance(node, ast.Attribute) else node.arg)
    return frozenset(names)


@Page
def test_every_error_code_named_is_in_the_table(page: Path) -> None:
    # A name like `journal_busy` is an error code or some other name of the code; one that was renamed is neither.
    named = [span for span in spans(text_of(page)) if re.fullmatch(r"[a-z]+(?:_[a-z]+)+", span)]
    assert [name for name in named if name not in WORDS and name not in names_in_the_code()] == []


@Page
def test_numbers_of_errors_are_those_of_the_table(page: Path) -> None:
    shown = re.findall(r"код (\d{3}) \((\w+)\)", text_of(page))
    assert [code for number, code in shown if code not in WORDS or WORDS[code].number != int(number)] == []


def test_the_readme_shows_an_error() -> None:
    assert "код 305 (already_receipted)" in text_of(README)


# ---- the glossary

SOMEWHERE_ELSE = {
    "Till": "till/context.py",
    "Attempt": "journal/rows.py",
    "CourierDay": "journal/rows.py",
    "ShiftCloseReport": "till/shift_reports.py",
    "Ofd": "sync/ofd.py",
}
CONTRACTS = [*sorted((PRODUCT / "domain").glob("*.py")), PRODUCT / "devices" / "base.py"]


def classes_in(files: list[Path]) -> set[str]:
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_bytes())))
    return {node.name for node in nodes if isinstance(node, ast.ClassDef)}


def words_of(number: int) -> list[list[str]]:
    """A table of the glossary."""
    return tables(text_of(GLOSSARY))[number]


def test_every_word_of_money_is_a_class_of_the_domain_or_is_said_to_come_later() -> None:
    there = classes_in(CONTRACTS)
    rows = words_of(0)
    now = {spans(row[0])[0] for row in rows if "later" not in row[0]}
    later = {spans(row[0])[0] for row in rows if "later" in row[0]}
    assert len(now) >= 20
    assert now - there - set(SOMEWHERE_ELSE) == set()
    assert later & there == set()


@pytest.mark.parametrize("word, place", SOMEWHERE_ELSE.items())
def test_words_with_another_home_are_there(word: str, place: str) -> None:
    assert word in classes_in([PRODUCT / place])


def test_the_words_of_the_plan_are_all_explained() -> None:
    text = text_of(GLOSSARY)
    words = (
        "Till Cashier FiscalPrinter FiscalStorage Ofd Order OrderLine Claim Settlement Receipt ReceiptLine Attempt "
        "ReceiptKind SELL SELL_REFUND BUY BUY_REFUND CorrectionReceipt payment_method payment_object Tender VatRate "
        "TaxSystem Money Quantity Shift XReport ShiftCloseReport FiscalDocument FiscalMark MarkingCode "
        "CounterpartyBalance Journal Outbox OutboxEntry deliver due_at Frame Command Reply Link Port Driver Lane "
        "Unreachable Refused OutcomeUnknown"
    )
    assert [word for word in words.split() if not re.search(rf"\b{word}\b", text)] == []


def test_the_mark_has_the_fields_of_the_glossary() -> None:
    assert [spans(row[0])[0] for row in words_of(1)] == [field.name for field in dataclasses.fields(FiscalMark)]


def test_the_program_words_that_are_classes_exist() -> None:
    there = classes_in(sorted(PRODUCT.rglob("*.py")))
    named = [span for row in words_of(2) for span in spans(row[0]) if re.fullmatch(r"[A-Z]\w+", span)]
    assert len(named) >= 10
    assert [name for name in named if name not in there] == []


def test_kinds_states_and_rates_are_those_of_the_code() -> None:
    rows = {spans(row[0])[0]: row for row in words_of(0)}
    assert spans(rows["ReceiptKind"][5]) == [kind.name for kind in ReceiptKind]
    assert rows["State"][5].split(", ") == [state.value for state in State]
    assert f"1 … {max(VatRate).value}" in rows["VatRate"][5]


def test_the_tags_of_the_glossary_are_tags() -> None:
    column = {0: 2, 1: 2}
    named = {
        int(tag) for table, cell in column.items() for row in words_of(table) for tag in re.findall(r"\d{4}", row[cell])
    }
    assert len(named) >= 25
    assert named - set(TAGS) == set()
