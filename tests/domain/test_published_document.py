"""The fiscal document beside a published receipt tells the rates that the JSON leaves out, unless it is another one."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.domain import ffd
from posapp.domain.published import Published, read_published
from posapp.domain.recompute import verify
from posapp.domain.vat import VatRate

RATES = (1, 2, 2, 1, 6, 1, 2, 1, 2, 1, 2, 2, 1, 1)
SUMS = tuple(10_007 + 1_113 * number for number in range(len(RATES)))
"""Fourteen lines of three rates: too many ways for the VAT to prove which is which."""


def vat(rate: int) -> int:
    percent = {1: 20, 2: 10}[rate]
    return sum(
        (2 * kopecks * percent + 100 + percent) // (2 * (100 + percent))
        for kopecks, each in zip(SUMS, RATES, strict=True)
        if each == rate
    )


def document(sums: tuple[int, ...] = SUMS, total: int = sum(SUMS), rates: tuple[int, ...] = RATES) -> bytes:
    lines: list[tuple[int, ffd.Value]] = [
        (1059, [(1030, "Чай"), (1079, kopecks), (1023, Decimal(1)), (1043, kopecks), (1199, rate)])
        for kopecks, rate in zip(sums, rates, strict=True)
    ]
    return ffd.wrap(3, ffd.encode_all([(1041, "9282000100042754"), (1020, total), *lines]))


def file(name: str = "rawData", raw: object = None, **more: Any) -> dict[str, Any]:
    receipt = {
        **{"dateTime": "2020-05-01T10:00:00", "totalSum": sum(SUMS), "cashTotalSum": sum(SUMS)},
        **{"nds18": vat(1), "nds10": vat(2), "ndsNo": SUMS[RATES.index(6)]},
        "items": [{"name": "Чай", "price": each, "quantity": 1, "sum": each} for each in SUMS],
        **more,
    }
    return {"receipt": receipt} | ({} if raw is None else {name: raw})


def read(body: object) -> Published:
    return read_published(json.dumps(body).encode())


def test_without_the_document_nothing_is_proven() -> None:
    assert (verify(read(file())).vat_ok, verify(read(file(raw=""))).vat_ok) == (None, None)


@pytest.mark.parametrize("name", ["rawData", "raw_tlv_base64", "RawTlv"])
@pytest.mark.parametrize(
    "raw",
    [
        base64.b64encode(document()).decode(),
        base64.urlsafe_b64encode(document()).decode().rstrip("="),
        base64.b64encode(bytes(32) + document() + bytes(8)).decode(),
        document().hex(),
    ],
    ids=["base64", "for addresses", "with header and sign", "hex"],
)
def test_the_rates_of_the_document_are_those_of_the_lines(name: str, raw: str) -> None:
    found = read(file(name, raw))
    assert [line.rate for line in found.lines] == [VatRate(each) for each in RATES]
    assert (verify(found).vat_ok, verify(found).vat_formula) == (True, "L")


def test_it_may_stand_inside_the_receipt() -> None:
    assert verify(read(file(rawData=base64.b64encode(document()).decode()))).vat_ok


def test_the_order_of_the_lines_means_nothing() -> None:
    turned = document(sums=SUMS[::-1], rates=RATES[::-1])
    assert read(file(raw=turned.hex())) == read(file(raw=document().hex()))


def test_wrong_vat_is_still_wrong() -> None:
    body = file(raw=base64.b64encode(document()).decode(), nds10=vat(2) + 1)
    assert verify(read(body)).vat_ok is False


@pytest.mark.parametrize(
    "raw",
    [
        "это не документ",
        "AAAA",
        base64.b64encode(document()[:-3]).decode(),
        base64.b64encode(document(total=1)).decode(),
        base64.b64encode(document(sums=(SUMS[0] + 1, SUMS[1] - 1, *SUMS[2:]))).decode(),
        base64.b64encode(document(sums=SUMS[:3], rates=RATES[:3])).decode(),
        "A" * 500_000,
        7,
        {"a": 1},
    ],
    ids=["words", "nothing", "cut off", "another total", "other sums", "fewer lines", "endless", "number", "object"],
)
def test_a_document_that_is_another_or_none_adds_nothing(raw: object) -> None:
    assert read(file(raw=raw)) == read(file())


@given(raw=st.binary(max_size=300), text=st.text(max_size=200))
def test_anything_in_its_place_is_passed_over(raw: bytes, text: str) -> None:
    for each in (base64.b64encode(raw).decode(), raw.hex(), text):
        assert read(file(raw=each)) == read(file())
