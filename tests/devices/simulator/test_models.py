"""What models differ in: tags that FF0C refuses, and a shift that the first receipt opens by itself."""

from __future__ import annotations

import pytest

from posapp.devices.shtrih import commands as c
from posapp.devices.simulator.printer import Traits
from posapp.domain import ffd
from tests.devices.simulator.benches import PASSWORD, Bench, item, pay

P = PASSWORD
KEY = "ABCDEFGH12345678"
USER = ffd.encode(1084, ((1085, "posapp"), (1086, f"1·1001·{KEY}")))
BARE = ffd.encode(1192, KEY)


@pytest.mark.parametrize("refused", [{1084}, {1192}, {1084, 1192}])
def test_a_model_that_refuses_a_tag_answers_33h_and_goes_on(selling: Bench, refused: set[int]) -> None:
    selling.printer.traits = Traits(frozenset(refused))
    selling.ok(c.OpenReceipt(P, 0))
    for tag, record in ((1084, USER), (1192, BARE)):
        if tag in refused:
            assert selling.refusal(c.SendDocumentTlv(P, record)) == 0x33
        else:
            selling.ok(c.SendDocumentTlv(P, record))
    selling.ok(item())
    selling.ok(pay(cash=10_000))
    assert selling.last().key == (None if len(refused) == 2 else KEY)


def test_a_refused_tag_takes_those_beside_it_along(selling: Bench) -> None:
    """One FF0C is taken whole or not at all."""
    selling.printer.traits = Traits(frozenset({1084}))
    selling.ok(c.OpenReceipt(P, 0))
    selling.refusal(c.SendDocumentTlv(P, USER + ffd.encode(1008, "a@example.com")))
    selling.ok(item())
    selling.ok(pay(cash=10_000))
    assert selling.value(1008) is None


@pytest.mark.parametrize("opens", [False, True])
def test_the_first_receipt_opens_the_shift_on_some_models(opens: bool) -> None:
    bench = Bench()
    bench.printer.traits = Traits(opens_shift=opens)
    if not opens:
        assert bench.refusal(c.OpenReceipt(P, 0)) == 0x3D
        return
    bench.ok(c.OpenReceipt(P, 0))
    assert [each.form for each in bench.printer.storage.documents] == [1, 2]
    bench.ok(item())
    closed = bench.ok(pay(cash=10_000))
    assert closed.document_number == 3, "two documents of one receipt"
    assert (bench.last().shift_number, bench.value(1042)) == (1, 1)
    bench.ok(c.OpenReceipt(P, 0))
    bench.ok(item())
    assert bench.ok(pay(cash=10_000)).document_number == 4


def test_a_shift_that_is_too_old_is_not_opened_anew_by_itself() -> None:
    bench = Bench()
    bench.printer.traits = Traits(opens_shift=True)
    bench.open_shift()
    bench.now = bench.now.replace(day=bench.now.day + 2)
    assert bench.refusal(c.OpenReceipt(P, 0)) == 0x4E


def test_old_firmware_knows_no_registers_above_4095(selling: Bench) -> None:
    assert selling.ok(c.MoneyRegister(P, 4291)).value == 1
    selling.printer.traits = Traits(has_counters=False)
    assert selling.refusal(c.MoneyRegister(P, 4291)) == 0x33
    assert selling.ok(c.MoneyRegister(P, 241)).value == 100_000


def test_payments_of_types_five_and_on_have_registers_of_their_own(selling: Bench) -> None:
    selling.ok(c.OpenReceipt(P, 0))
    selling.ok(item())
    selling.ok(pay(cash=4_000, card=1_000, prepaid=2_000, credit=2_500, other=500))
    registers = {193: 4_000, 197: 1_000, 4180: 2_000, 4184: 2_500, 4188: 500, 4291: 1, 4293: 1, 4297: 2_000}
    assert {number: selling.ok(c.MoneyRegister(P, number)).value for number in registers} == registers
