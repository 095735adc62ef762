"""Both languages are complete, plurals are right, and nobody shouts."""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest

from posapp.domain.money import Money
from posapp.ui import catalogue
from posapp.ui.catalogue import COUNTS, TEXTS
from posapp.ui.words import LANGUAGES, Say, plural_form

UI = Path(catalogue.__file__).parent
NUMBERS = [0, 1, 2, 5, 11, 12, 14, 21, 22, 25, 101, 111]


def facts_of(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name}


@pytest.mark.parametrize(
    "n, words",
    [
        *((0, "чеков"), (1, "чек"), (2, "чека"), (5, "чеков"), (11, "чеков"), (12, "чеков"), (14, "чеков")),
        *((21, "чек"), (22, "чека"), (25, "чеков"), (101, "чек"), (111, "чеков")),
    ],
)
def test_russian_plurals(n: int, words: str) -> None:
    assert Say("ru").count("receipts", n) == f"{n}\u00a0{words}"


@pytest.mark.parametrize("n", NUMBERS)
def test_english_plurals(n: int) -> None:
    assert Say("en").count("receipts", n) == f"{n}\u00a0receipt" + ("" if n == 1 else "s")
    assert plural_form(n, "en") == (0 if n == 1 else 1)


@pytest.mark.parametrize("key", TEXTS)
def test_a_sentence_has_the_same_facts_in_both_languages(key: str) -> None:
    russian, english = TEXTS[key]
    assert russian
    assert english
    assert facts_of(russian) == facts_of(english)


@pytest.mark.parametrize("key", COUNTS)
def test_a_counted_sentence_has_all_its_forms(key: str) -> None:
    russian, english = COUNTS[key]
    assert (len(russian), len(english)) == (3, 2)
    assert len({frozenset(facts_of(form)) for form in (*russian, *english)}) == 1


def test_the_tone_is_calm() -> None:
    for russian, english in TEXTS.values():
        assert "!" not in russian + english
        assert not re.search(r"ошибка|невозможно|пожалуйста", russian, re.IGNORECASE)
    for key, (russian, _english) in TEXTS.items():
        if not key.startswith(("language.", "act.x")):
            assert not re.search(
                r"[A-Za-z]{3,}", re.sub(r"{\w+}|Ctrl|Del|Enter|Esc|PgDn|PgUp|Shift|Tab|RRN|F\d+", "", russian)
            ), key


def used_keys() -> tuple[set[str], set[str]]:
    """Whole keys in the source, and the beginnings of those that are put together (`say(f"act.{act}")`)."""
    whole, begun = set[str](), set[str]()
    for path in UI.glob("*.py"):
        if path.name.startswith("catalogue"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(str(node.values[0].value))
    return whole, begun


def test_every_sentence_is_used() -> None:
    whole, begun = used_keys()
    prefixes = tuple(each for each in begun if each.endswith((".", "_")))
    unused = [key for key in (*TEXTS, *COUNTS) if key not in whole and not key.startswith(prefixes)]
    assert unused == []


def test_every_sentence_that_is_asked_for_exists() -> None:
    asked = set[str]()
    for path in UI.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in ("say", "count") and isinstance(node.args[0].value, str):
                    asked.add(node.args[0].value)
    assert len(asked) > 100
    assert asked <= set(TEXTS) | set(COUNTS)


@pytest.mark.parametrize("language, text", [("ru", "\u221210\u202f234,50\u00a0₽"), ("en", "\u221210,234.50\u00a0₽")])
def test_money_is_written_as_people_write_it(language: str, text: str) -> None:
    assert Say(language).money(Money(-1_023_450)) == text


@pytest.mark.parametrize(
    "seconds, text",
    [
        *((0, "0 с"), (59.9, "59 с"), (60, "1 мин"), (3599, "59 мин")),
        *((7500, "2 ч 05 мин"), (90_000, "1 дн.")),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert Say("ru").age(seconds).replace("\u00a0", " ") == text


def test_days_are_named() -> None:
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    say = Say("ru")
    local = now.astimezone()
    assert say.moment(now, now) == f"сегодня, {local:%H:%M}"
    assert say.moment(now - timedelta(days=1), now) == f"вчера, {local:%H:%M}"
    assert say.moment(now - timedelta(days=30), now).startswith("22.10.2026, ")
    assert say.day(date(2026, 11, 21)) == "21 ноября, сб"
    assert Say("en").day(date(2026, 11, 21)) == "Sat, 21 November"


def test_an_unknown_language_is_russian() -> None:
    assert Say("de").language == "ru"
    assert LANGUAGES == ("ru", "en")


def test_an_unknown_sentence_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Say("ru")("no.such.sentence")
