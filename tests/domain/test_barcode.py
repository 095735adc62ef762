"""What is scanned or typed for a thing: keys, labels of scales, quantities, marking codes; nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain.barcode import (
    Lookup,
    ScaleScheme,
    Typed,
    article_key,
    barcode_key,
    check,
    lookups,
    readings,
    scale_key,
)
from posapp.domain.gs1 import GS, check_digit
from posapp.domain.layout import typed_in_russian
from posapp.domain.marking import BadMarking
from posapp.errors import SaleError

EAN = "4607103820700"
MILK = f"010460710382070021abc12x{GS}93dGVz"
SCHEMES = ScaleScheme.parse_all("21:5:5,23:6:4")


def label(prefix: str, item: str, weight: str) -> str:
    digits = prefix + item + weight
    return digits + check_digit(digits)


def test_one_product_has_one_key_whatever_symbol_carries_its_number() -> None:
    upc = "036000291452"
    assert barcode_key(upc) == barcode_key("0" + upc) == barcode_key("00" + upc) == "00036000291452"
    assert barcode_key("96385074") == "00000096385074"
    assert barcode_key("1" + EAN[:-1] + check_digit("1" + EAN[:-1])).startswith("1460")
    assert barcode_key(" 4607103 820700 ") == "04607103820700"


def test_what_is_no_gtin_is_kept_as_it_is() -> None:
    assert barcode_key("4607103820701") == "4607103820701"  # a wrong check digit: never filled up to another number
    assert barcode_key("Ab-12") == "ab-12"
    assert barcode_key("٤٦٠٧١٠٣٨٢٠٧٠٠") != "04607103820700"
    assert (article_key("  Чай  07 "), scale_key("00123")) == ("чай 07", "123")


@pytest.mark.parametrize(
    "text, quantity",
    [
        ("*3", "3"),
        ("×3", "3"),
        ("x3", "3"),
        ("Х3", "3"),
        (" * 0,350", "0.350"),
        ("*0.5", "0.5"),
        ("*-2", "-2"),
        ("*0", "0"),
    ],
)
def test_a_quantity_typed_behind_a_code(text: str, quantity: str) -> None:
    assert readings(EAN + text) == (Typed(EAN + text), Typed(EAN, Decimal(quantity)))


@pytest.mark.parametrize("sign", ["*", "×", "x"])
def test_a_quantity_typed_before_a_barcode(sign: str) -> None:
    assert readings(f"3{sign}{EAN}")[1:] == (Typed(EAN, Decimal(3)),)
    assert readings(f"0,35 {sign} {EAN}")[1:] == (Typed(EAN, Decimal("0.35")),)
    assert readings(f"12{sign}34")[1:] == (Typed("12", Decimal(34)),)  # two short numbers: the code comes first


def test_a_code_that_ends_like_a_quantity_is_read_whole_first() -> None:
    assert readings("max3") == (Typed("max3"), Typed("ma", Decimal(3)))
    assert readings("TEA-7") == (Typed("TEA-7"),)


def test_a_marking_code_is_never_taken_apart() -> None:
    with_times = f"0104607103820700211a*x*12{GS}93dGVz"
    for code in (MILK, with_times, "]d2" + MILK, f"(01)0{EAN}(21)abc1*12(93)dGVz"):
        assert readings(code) == (Typed(code),)


@pytest.mark.parametrize("text", ["", "  \r\n", "1" * 401])
def test_nothing_and_too_much_are_no_codes(text: str) -> None:
    with pytest.raises(SaleError) as refused:
        readings(text)
    assert refused.value.code == "goods_code"


def test_a_barcode_is_looked_up_as_such_then_as_an_article_then_as_the_portals_number() -> None:
    assert lookups(EAN) == (
        (Lookup("barcode", "0" + EAN),),
        (Lookup("article", EAN),),
        (Lookup("id", EAN),),
    )


def test_a_label_of_the_scales_tells_item_and_weight_by_the_shops_scheme_only() -> None:
    code = label("21", "12345", "00350")
    first = lookups(code, SCHEMES)[0]
    empty = barcode_key(label("21", "12345", "00000"))
    assert first == (
        Lookup("barcode", barcode_key(code)),
        Lookup("scale", "12345", Decimal(350)),
        Lookup("barcode", empty, Decimal(350)),
    )
    assert lookups(label("23", "001234", "0350"), SCHEMES)[0][1] == Lookup("scale", "1234", Decimal(350))
    assert len(lookups(label("22", "12345", "00350"), SCHEMES)[0]) == 1  # the shop has said nothing of prefix 22
    assert len(lookups(code)[0]) == 1
    assert len(lookups(code[:-1] + str((int(code[-1]) + 1) % 10), SCHEMES)[0]) == 1  # its check digit is wrong


@pytest.mark.parametrize(
    "text", ["21:5", "19:5:5", "30:5:5", "21:5:6", "21:10:0", "aa:5:5", "21:5:5,21:6:4", "21:5:5,"]
)
def test_a_scheme_that_no_scales_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"scheme|prefix|ten digits"):
        ScaleScheme.parse_all(text)


def test_schemes_are_written_as_they_are_read() -> None:
    assert ",".join(map(str, SCHEMES)) == "21:5:5,23:6:4"
    assert ScaleScheme.parse_all("") == ()


def test_a_marking_code_finds_its_product_by_gtin_and_goes_along() -> None:
    for text in (MILK, "]d2" + MILK, typed_in_russian(MILK)):
        ((found,),) = lookups(text)
        assert (found.kind, found.key) == ("barcode", "0" + EAN)
        assert found.marking is not None
        assert found.marking.text == MILK


def test_a_weight_that_the_symbol_tells_is_in_grams() -> None:
    ((found,),) = lookups(f"01{'0' + EAN}3103000350")
    assert (found.key, found.grams, found.marking) == ("0" + EAN, Decimal(350), None)
    ((found,),) = lookups(f"01{'0' + EAN}3102000035")
    assert found.grams == 350


@pytest.mark.parametrize("text", [MILK[:-3], f"0104607103820701{MILK[16:]}", f"]d2{EAN}{GS}1"])
def test_a_marking_code_that_cannot_be_read_is_no_article(text: str) -> None:
    with pytest.raises(BadMarking):
        lookups(text)


def test_a_marking_code_without_a_product_number_says_so() -> None:
    with pytest.raises(SaleError) as refused:
        lookups("RU-430302-AAA0277031")
    assert refused.value.code == "goods_code"


def test_a_long_article_is_an_article() -> None:
    assert lookups("Сервиз «Север», 12 персон")[0][0] == Lookup("article", "сервиз «север», 12 персон")


def test_an_article_typed_on_the_other_layout_is_found_as_well() -> None:
    articles = lookups(typed_in_russian("tea-k"))[1]
    assert Lookup("article", "tea-k") in articles


def test_a_wrong_check_digit_is_named_when_nothing_was_found() -> None:
    check(EAN)
    check("TEA-7")
    with pytest.raises(SaleError) as refused:
        check("4607103820701")
    assert refused.value.facts["code"] == "4607103820701"


@given(st.text(max_size=450))
def test_any_text_is_read_or_refused_with_words(text: str) -> None:
    try:
        for each in readings(text):
            for group in lookups(each.code, SCHEMES):
                assert group
    except (SaleError, BadMarking):
        pass


@given(st.integers(0, 99999), st.integers(1, 99999))
def test_every_label_comes_back_from_its_code(item: int, grams: int) -> None:
    scheme = SCHEMES[0]
    code = label("21", f"{item:05d}", f"{grams:05d}")
    assert scheme.read(code) == (f"{item:05d}", grams)
    assert scheme.without_weight(f"{item:05d}") == label("21", f"{item:05d}", "00000")
