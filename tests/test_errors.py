"""Every trouble has its words in both languages and one number; every code that is raised is in the table."""

import ast
import string
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp import errors
from posapp.errors import WORDS, OutcomeUnknown, PosError, ProtocolError, ResolveNeeded, SaleError, UsageError, Words

PRODUCT = Path(errors.__file__).parent
FIXED = {"ProtocolError"}  # its one argument is what happened, the code is its own


def family(root: type[PosError]) -> Iterator[type[PosError]]:
    """A class and all below it."""
    yield root
    for child in root.__subclasses__():
        yield from family(child)


CLASSES = {each.__name__: each for each in family(PosError) if each.__module__ == errors.__name__}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def texts(words: Words) -> list[str]:
    return [words.ru, words.ru_action, words.en, words.en_action]


def raised() -> Iterator[tuple[str, str, set[str] | None]]:
    """Everything that makes an error with a literal code: where, the code, the facts (None: some come by `**`)."""
    for path in sorted(PRODUCT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            code = node.args[0]
            if name not in CLASSES or name in FIXED or not isinstance(code, ast.Constant):
                continue
            facts = {each.arg for each in node.keywords if each.arg}
            has_more = any(each.arg is None for each in node.keywords)
            yield f"{path.relative_to(PRODUCT)}:{node.lineno}", str(code.value), None if has_more else facts


RAISED = list(raised())


@pytest.mark.parametrize("code", sorted(WORDS))
def test_both_languages_say_it_and_what_to_do(code: str) -> None:
    words = WORDS[code]
    assert all(text.strip() == text and text for text in texts(words))
    assert all("!" not in text for text in texts(words))
    assert not any("а" <= letter <= "я" for text in (words.en, words.en_action) for letter in text.lower())
    assert words.ru == words.en == "{what}" or any("а" <= letter <= "я" for letter in words.ru.lower())


@pytest.mark.parametrize("code", sorted(WORDS))
def test_both_languages_want_the_same_facts(code: str) -> None:
    words = WORDS[code]
    assert placeholders(words.ru) == placeholders(words.en)
    assert placeholders(words.ru_action) == placeholders(words.en_action)


@pytest.mark.parametrize(
    "code, commands",
    [
        ("gateway_needed", ("posapp setup gateway --url ", "posapp setup gateway --alone --why ")),
        ("check_vat", ("posapp setup portal --rates ", "posapp setup portal --advance-rate ")),
        ("order_unfit", ("posapp orders offers {order}",)),
    ],
)
def test_what_to_do_is_a_command_that_is_taken_as_printed(code: str, commands: tuple[str, ...]) -> None:
    words = WORDS[code]
    assert all(each in words.ru_action and each in words.en_action for each in commands)


@pytest.mark.parametrize("code", sorted(WORDS))
def test_a_code_is_written_like_a_name_and_has_three_digits(code: str) -> None:
    assert code.isidentifier()
    assert code == code.lower()
    assert 100 <= WORDS[code].number <= 499


def test_a_number_said_over_the_phone_means_one_thing() -> None:
    assert [number for number, times in Counter(words.number for words in WORDS.values()).items() if times > 1] == []


def test_every_code_that_is_raised_is_in_the_table() -> None:
    assert RAISED
    assert [f"{where} {code}" for where, code, _ in RAISED if code not in WORDS] == []


def test_every_error_brings_the_facts_of_its_words() -> None:
    lacking = []
    for where, code, facts in RAISED:
        if code in WORDS and facts is not None:
            wanted = set().union(*map(placeholders, texts(WORDS[code])))
            lacking += [f"{where} {code} lacks {name}" for name in sorted(wanted - facts)]
    assert lacking == []


@pytest.mark.parametrize("code", sorted(WORDS))
def test_no_message_fails_or_keeps_a_placeholder(code: str) -> None:
    bare = PosError(code)
    full = PosError(code, **dict.fromkeys(set().union(*map(placeholders, texts(WORDS[code]))), "ФАКТ"))
    for language in ("ru", "en"):
        assert "{" not in bare.message(language) + bare.action(language)
        assert "?" not in full.message(language) + full.action(language)
    assert str(full) == full.message()


def test_a_missing_fact_is_shown_as_a_question_mark() -> None:
    assert PosError("unknown_order").message() == "Заказа ? нет на этой кассе."
    assert PosError("unknown_order", order="7").message("en") == "Order 7 is not on this till."


def test_the_error_object_of_the_command_line() -> None:
    assert SaleError("bad_amount", text="сто").as_json("en") == {
        "code": "bad_amount",
        "number": 303,
        "message": "The amount “сто” cannot be read.",
        "action": "Write roubles and kopecks: 1234.50.",
    }
    assert PosError("bad_input", what="x", position=4).as_json()["position"] == 4
    assert "position" not in PosError("bad_input", what="x", position="4").as_json()


def test_facts_are_never_taken_for_words() -> None:
    assert "{order}" in PosError("unknown_order", order="{order}").message()


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_exit_codes(name: str) -> None:
    # 2 for a wrongly typed command, 3 where a person is needed, 1 where nothing was made
    expected = {"UsageError": 2, "OutcomeUnknown": 3, "ResolveNeeded": 3}
    assert CLASSES[name].exit_code == expected.get(name, 1)


def test_classes_with_a_code_of_their_own() -> None:
    assert OutcomeUnknown(key="K").code == "outcome_unknown"
    assert ProtocolError("LRC").facts == {"what": "LRC"}
    assert issubclass(ResolveNeeded, PosError)
    assert not issubclass(UsageError, SaleError)


def test_an_unknown_code_is_a_bug_and_fails_at_once() -> None:
    with pytest.raises(KeyError):
        PosError("no_such_code")
