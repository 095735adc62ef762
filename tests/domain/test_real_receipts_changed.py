"""The published receipts of real registers, changed: each change is noticed in its own respect, and in no other.

What cannot be noticed is said too: a receipt whose lines carry no rates cannot tell two of its rates apart.
"""

import base64
import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from posapp.domain import ffd
from posapp.domain.published import read_published
from posapp.domain.recompute import Verdict, verify
from posapp.errors import PosError

Body = dict[str, Any]
RESPECTS = ("lines_ok", "vat_ok", "totals_ok", "payments_ok")
TAXED = ("nds18", "nds20", "nds10", "ndsCalculated18", "nds18118", "nds10110")


def judged(body: Body) -> Verdict:
    return verify(read_published(json.dumps(body).encode()))


def opinions(body: Body) -> dict[str, bool | None]:
    verdict = judged(body)
    return {name: getattr(verdict, name) for name in RESPECTS}


@pytest.fixture(scope="module")
def bodies(real_receipts: tuple[Path, ...]) -> dict[str, Body]:
    return {path.stem: json.loads(path.read_bytes()) for path in real_receipts}


def right(bodies: dict[str, Body]) -> Iterator[tuple[str, Body]]:
    """Those that are right in all four respects, each as a copy of its own."""
    found = 0
    for name, body in bodies.items():
        if all(each is True for each in opinions(body).values()):
            found += 1
            yield name, copy.deepcopy(body)
    assert found > len(bodies) / 2


def wrong(body: Body) -> set[str]:
    return {name for name, opinion in opinions(body).items() if opinion is False}


def test_a_shifted_price_is_a_matter_of_its_line_alone(bodies: dict[str, Body]) -> None:
    for name, body in right(bodies):
        for item in body["receipt"]["items"]:
            if item["quantity"] >= 1:
                item["price"] += 1
                assert wrong(body) == {"lines_ok"}, name
                item["price"] -= 1


def test_a_shifted_sum_of_a_line_is_one_of_its_total_too(bodies: dict[str, Body]) -> None:
    for name, body in right(bodies):
        for by in (-3_000, 3_000):
            changed = copy.deepcopy(body)
            changed["receipt"]["items"][-1]["sum"] += by
            if changed["receipt"]["items"][-1]["sum"] < 0:
                continue
            assert {"lines_ok", "totals_ok"} <= wrong(changed), name
            assert "payments_ok" not in wrong(changed), name


def test_a_shifted_total_is_one_of_the_payments_too_and_of_nothing_else(bodies: dict[str, Body]) -> None:
    for name, body in right(bodies):
        if not body["receipt"]["totalSum"]:
            continue  # paid with nothing that was published: see the test of payments
        for by in (1, 5_000):
            changed = copy.deepcopy(body)
            changed["receipt"]["totalSum"] += by
            lines = sum(item["sum"] for item in changed["receipt"]["items"])
            expected = {"payments_ok"} if changed["receipt"]["totalSum"] <= lines else {"totals_ok", "payments_ok"}
            assert wrong(changed) == expected, name


def test_a_shifted_payment_is_noticed_alone(bodies: dict[str, Body]) -> None:
    for name, body in right(bodies):
        for key in ("cashTotalSum", "ecashTotalSum"):
            changed = copy.deepcopy(body)
            changed["receipt"][key] += 1
            assert wrong(changed) == {"payments_ok"}, name


def test_a_payment_moved_to_another_way_is_right(bodies: dict[str, Body]) -> None:
    """Prepaid, on credit or with goods in return: what was handed over at the till may be nothing."""
    for name, body in right(bodies):
        receipt = body["receipt"]
        for key in ("prepaidSum", "creditSum", "provisionSum"):
            others = {
                "prepaymentSum",
                "postpaymentSum",
                "counterSubmissionSum",
                "prepaidSum",
                "creditSum",
                "provisionSum",
            }
            changed = {each: value for each, value in receipt.items() if each not in others}
            changed |= {key: receipt["totalSum"], "cashTotalSum": 0, "ecashTotalSum": 0}
            assert wrong({"receipt": changed}) == set(), name


def test_shifted_vat_is_noticed_alone(bodies: dict[str, Body]) -> None:
    """By more than the formulas differ: half a kopeck a line."""
    for name, body in right(bodies):
        lines = len(body["receipt"]["items"])
        for key in (key for key in TAXED if key in body["receipt"]):
            for by in (-lines - 1, lines + 1, 10 * lines):
                changed = copy.deepcopy(body)
                changed["receipt"][key] += by
                if changed["receipt"][key] >= 0:
                    assert wrong(changed) == {"vat_ok"}, (name, key, by)


def test_a_shifted_kopeck_of_a_lines_vat_is_noticed_alone(bodies: dict[str, Body]) -> None:
    checked = 0
    for name, body in right(bodies):
        for item in body["receipt"]["items"]:
            if item.get("ndsSum") and item.get("nds", item.get("ndsRate")) not in (5, 6):
                item["ndsSum"] += 1
                assert wrong(body) == {"vat_ok"}, name
                item["ndsSum"] -= 1
                checked += 1
    assert checked


def test_swapped_rates_are_noticed_alone(bodies: dict[str, Body]) -> None:
    checked = 0
    for name, body in right(bodies):
        for item in body["receipt"]["items"]:
            key = next((key for key in ("nds", "ndsRate") if key in item), None)
            if key is None or item["sum"] < 1_000:
                continue
            before = item[key]
            for rate in {1, 2, 6, 7, 8, 11} - {before}:
                item[key] = rate
                assert wrong(body) == {"vat_ok"}, (name, before, rate)
                checked += 1
            item[key] = before
    assert checked > 100


def test_a_split_line_is_right_except_for_its_roundings(bodies: dict[str, Body]) -> None:
    for name, body in right(bodies):
        items = body["receipt"]["items"]
        if isinstance(items[0]["quantity"], int) and items[0]["quantity"] > 1 and "ndsSum" not in items[0]:
            half = {**items[0], "quantity": 1, "sum": items[0]["price"]}
            rest = {**items[0], "quantity": items[0]["quantity"] - 1, "sum": items[0]["sum"] - items[0]["price"]}
            changed = {"receipt": {**body["receipt"], "items": [half, rest, *items[1:]]}}
            assert wrong(changed) <= {"vat_ok"}, name


def shuffled(value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key], dice) for key in dice.sample(sorted(value), len(value))}
    return [shuffled(each, dice) for each in value] if isinstance(value, list) else value


def test_order_means_nothing(bodies: dict[str, Body]) -> None:
    dice = random.Random(4)
    for name, body in bodies.items():
        changed = shuffled(body, dice)
        dice.shuffle(changed["receipt"]["items"])
        assert opinions(changed) == opinions(body), name


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda receipt: {"ticket": {"document": {"receipt": receipt}}},
        lambda receipt: [{"_id": "6", "createdAt": "x", "ticket": {"document": {"receipt": receipt}}}],
        lambda receipt: {"code": 1, "data": {"json": receipt, "html": "<p>"}},
        lambda receipt: json.loads(json.dumps(receipt), parse_int=float),
        lambda receipt: {key.upper(): value for key, value in receipt.items()},
    ],
    ids=["ticket", "app", "service", "floats", "capitals"],
)
def test_every_form_gives_the_same_verdict(bodies: dict[str, Body], rewrite: Callable[[Body], Any]) -> None:
    for name, body in bodies.items():
        if not body.get("partial"):
            assert judged(rewrite(body["receipt"])) == judged(body["receipt"]), name


def test_every_encoding_gives_the_same_verdict(bodies: dict[str, Body]) -> None:
    for name, body in bodies.items():
        for encoding in ("utf-8-sig", "utf-16", "cp1251"):
            text = json.dumps(body, ensure_ascii=encoding == "cp1251")
            assert verify(read_published(text.encode(encoding))) == judged(body), name


def spoiled(raw: bytes, dice: random.Random) -> bytes:
    """The bytes with a few of them changed, doubled, or taken away."""
    changed = bytearray(raw)
    for _ in range(dice.choice([1, 2, 5])):
        at = dice.randrange(len(changed))
        match dice.randrange(4):
            case 0:
                changed[at] ^= 1 << dice.randrange(8)
            case 1:
                changed[at:at] = changed[at : at + dice.randrange(30)]
            case 2:
                del changed[at : at + dice.randrange(1, 6)]
            case _:
                changed[at:at] = dice.choice([b"9" * 40, b"-", b"null", b"[[", b"1e400", b"\xff", b'"', b"{}"])
    return bytes(changed)


def test_spoiled_files_are_judged_or_refused(real_receipts: tuple[Path, ...]) -> None:
    dice = random.Random(6)
    refused = 0
    for path in real_receipts:
        raw = path.read_bytes()
        for _ in range(10):
            try:
                verdict = verify(read_published(spoiled(raw, dice)))
            except PosError:
                refused += 1
            else:
                assert verdict.agrees or verdict.problems
    assert refused > len(real_receipts)


def test_spoiled_documents_are_read_or_refused_by_position(real_receipts: tuple[Path, ...]) -> None:
    """What was read is what stands there: it is written back to the same bytes."""
    dice = random.Random(7)
    read = refused = 0
    for path in real_receipts:
        packed = json.loads(path.read_bytes()).get("raw_tlv_base64")
        for _ in range(60 if packed else 0):
            raw = spoiled(base64.b64decode(packed), dice)
            try:
                document = ffd.read_document(raw)
            except ffd.BadTlv as error:
                refused += 1
                named = error.position
            else:
                read += 1
                named = 0
                assert document.as_bytes() == raw
            assert 0 <= named <= len(raw)
    assert (read and refused) or len(real_receipts) < 86


def test_a_receipt_cut_off_anywhere_is_refused_by_position(real_receipts: tuple[Path, ...]) -> None:
    dice = random.Random(5)
    for path in real_receipts:
        raw = path.read_bytes().rstrip()
        cut = dice.randrange(1, len(raw) - 1)
        with pytest.raises(PosError) as caught:
            read_published(raw[:cut])
        assert caught.value.code == "bad_input"
        assert caught.value.position is not None
        assert caught.value.position <= cut
