"""The words of the resolve desk: both languages say the same of the same facts."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from posapp.domain.fiscal import DocumentType, ReceiptKind
from posapp.domain.receipt import TenderKind
from posapp.errors import WORDS
from posapp.till import desk_words
from posapp.till.desk_words import Say

TEXTS = desk_words._TEXTS
TILL = Path(desk_words.__file__).parent
NO_WORDS = {"numbers", "shows.document"}
"""Only numbers and what others say."""


def places(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("word", TEXTS)
def test_both_languages_hold_the_same_facts(word: str) -> None:
    russian, english = TEXTS[word]
    assert places(russian) == places(english)
    assert not re.search("[а-яё]", english.lower())
    assert word in NO_WORDS or re.search("[а-яё]", russian.lower())
    assert "!" not in russian + english
    assert "  " not in russian + english


def test_every_word_is_said_somewhere_and_none_is_missing() -> None:
    """Words are named in the code: as constants, or as `name.then` of one."""
    said = set()
    for name in (
        "story.py",
        "story_counters.py",
        "story_card.py",
        "story_corrections.py",
        "resolve.py",
        "desk_book.py",
        "desk_words.py",
    ):
        tree = ast.parse((TILL / name).read_text("utf-8"))
        spoken = [
            each.value for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        said |= {each for each in spoken if name != "desk_words.py" or each in ("device", "read.other")}
    said |= {f"{each}.then" for each in said}
    reading = {f"read.{code}" for code in WORDS}  # by the code of the error
    assert set(TEXTS) <= said | reading
    assert {each for each in TEXTS if each.startswith("read.")} <= reading | {"read.other"}


def test_every_form_kind_and_tender_has_a_name() -> None:
    for language in ("ru", "en"):
        say = Say(language)
        assert {say.form(each) for each in DocumentType}.isdisjoint({""})
        assert say.form(77).endswith(" 77")
        assert len({say.kind(each) for each in ReceiptKind}) == len(ReceiptKind)
        assert all(say.tender(each) for each in TenderKind)
    assert Say("fr").language == "ru"
