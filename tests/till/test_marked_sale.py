"""A sale of marked goods, read back from the storage tag by tag; what a refused code leaves; what a retry asks anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from posapp.devices.base import Ffd
from posapp.domain import ffd
from posapp.domain.ffd import Entry
from posapp.domain.marking import parse_marking
from posapp.domain.money import Quantity
from posapp.domain.permission import Source
from posapp.domain.readback import receipt_from
from posapp.domain.settlement import Stamp, State
from posapp.errors import OutcomeUnknown, Refused, SaleError
from posapp.till import marking, refund, resolve, sale
from posapp.till.sale import Codes
from tests.till.marking_shops import MarkingShop, milk
from tests.till.rig import register_of
from tests.till.shops import TOTAL, Shop, an_order, cash, shop_at

CODES: Codes = {1: [milk(1), milk(2)]}


def goods_at(folder: Path, version: Ffd) -> Iterator[MarkingShop]:
    register = register_of(version)
    with shop_at(folder, register) as shop:
        yield MarkingShop(shop)


@pytest.fixture
def goods(tmp_path: Path) -> Iterator[MarkingShop]:
    """A till with a register of FFD 1.2."""
    yield from goods_at(tmp_path, Ffd.V1_2)


@pytest.fixture
def old_goods(tmp_path: Path) -> Iterator[MarkingShop]:
    """A till with a register of FFD 1.05."""
    yield from goods_at(tmp_path, Ffd.V1_05)


def sell(goods: MarkingShop, codes: Codes = CODES) -> sale.Sold:
    return sale.sell(goods.till, an_order(), cash(TOTAL), codes=codes)


def lines_of(shop: Shop) -> list[tuple[Entry, ...]]:
    """The items (1059) of the one receipt in the storage."""
    (document,) = shop.register.receipts
    return [entry.items or () for entry in ffd.decode(document.body) if entry.tag == 1059]


def value(entries: tuple[Entry, ...], *path: int) -> object:
    found = ffd.find(entries, *path)
    return None if found is None else found.value


def refusal(goods: MarkingShop, codes: Codes = CODES) -> SaleError:
    with pytest.raises(SaleError) as caught:
        sell(goods, codes)
    return caught.value


def nothing_was_begun(shop: Shop) -> None:
    assert shop.till.journal.receipts_of_order(shop.till.portal, 1) == []
    assert shop.register.receipts == []
    assert shop.till.printer.open_document() is None


# ------------------------------------------------------------------------------------------------ the storage
def test_every_thing_has_its_line_its_code_and_its_permission(goods: MarkingShop) -> None:
    sell(goods)
    goods.shop.assert_exactly_one()
    first, second, third = lines_of(goods.shop)
    (attempt,) = goods.till.journal.attempts(goods.shop.receipt().key)
    verdicts = marking.verdicts_of(attempt.evidence)
    for line, code, verdict in zip((first, second), CODES[1], verdicts, strict=True):
        assert value(line, 1163, 1305) == code.identity
        assert value(line, 1212) == 33
        assert value(line, 1023) == 1
        assert value(line, 2108) == 0
        assert value(line, 2106) == 15
        assert verdict.permission is not None
        assert value(line, 1260, 1262) == "030"
        assert value(line, 1260, 1263) == "21.11.2023"
        assert value(line, 1260, 1264) == "1944"
        request = f"UUID={verdict.permission.request_id}&Time={verdict.permission.request_time}"
        assert value(line, 1260, 1265) == request
        assert verdict.register is not None
        assert verdict.register.result == 15
    assert ffd.find(third, 1163) is None
    assert ffd.find(third, 1260) is None
    assert value(third, 1212) == 1


def test_the_paper_says_that_the_codes_were_checked(goods: MarkingShop) -> None:
    sold = sell(goods)
    assert sold.view.verdicts == {0: 15, 1: 15}
    assert str(sold.view.form).count("[М+]") == 2


def test_in_the_old_format_the_code_is_in_1162(old_goods: MarkingShop) -> None:
    sell(old_goods)
    old_goods.shop.assert_exactly_one()
    first, second, third = lines_of(old_goods.shop)
    assert [value(each, 1162) for each in (first, second)] == [each.nomenclature_code for each in CODES[1]]
    assert value(first, 1212) == 1
    assert ffd.find(first, 1163) is None
    assert ffd.find(third, 1162) is None


def test_the_emergency_mode_leaves_1260_out(goods: MarkingShop) -> None:
    goods.fault({"do": "http", "value": 203})
    sell(goods)
    goods.shop.assert_exactly_one()
    assert all(ffd.find(each, 1260) is None for each in lines_of(goods.shop))


def test_offline_the_local_module_stands_in_1265(goods: MarkingShop) -> None:
    goods.fault({"do": "http", "value": 500})
    sell(goods)
    assert "&Inst=" in str(value(lines_of(goods.shop)[0], 1260, 1265))


def test_a_register_that_reaches_nobody_still_sells(goods: MarkingShop) -> None:
    goods.shop.register.printer.marking.set_world({"server": "silent"})
    sell(goods)
    goods.shop.assert_exactly_one()
    assert value(lines_of(goods.shop)[0], 2106) == 0


def test_the_things_are_read_back_from_the_storage(goods: MarkingShop) -> None:
    sell(goods)
    made = goods.shop.receipt()
    (document,) = goods.shop.register.receipts
    stamp = Stamp(made.till, made.order_number, made.key)
    read = receipt_from(
        ffd.decode(document.body), stamp, made.settlement, now=made.created_at, is_training=made.is_training
    )
    assert [each.marking for each in read.lines] == [*(each.identity for each in CODES[1]), ""]
    assert (read.key, read.total) == (made.key, made.total)


# ------------------------------------------------------------------------------------------------ refused codes
def test_a_ban_costs_nothing_and_another_thing_is_sold(goods: MarkingShop) -> None:
    goods.marking.set_codes({milk(2).identity: {"sold": True}})
    error = refusal(goods)
    assert (error.code, error.facts["line"]) == ("marking_refused", 2)
    nothing_was_begun(goods.shop)
    sell(goods, {1: [milk(1), milk(3)]})
    goods.shop.assert_exactly_one()
    assert value(lines_of(goods.shop)[1], 1163, 1305) == milk(3).identity


def test_what_the_register_refuses_costs_nothing_either(goods: MarkingShop) -> None:
    world = goods.shop.register.printer.marking
    world.set_world({"codes": {milk(2).text: {"local": "false"}}})
    error = refusal(goods)
    assert (error.code, error.facts["line"]) == ("marking_refused", 2)
    assert "не подлинный" in error.message()
    nothing_was_begun(goods.shop)
    sell(goods, {1: [milk(1), milk(3)]})
    goods.shop.assert_exactly_one()
    assert [value(each, 1163, 1305) for each in lines_of(goods.shop)[:2]] == [milk(1).identity, milk(3).identity]


def test_a_code_without_its_check_code_is_scanned_again(goods: MarkingShop) -> None:
    assert refusal(goods, {1: [milk(1), parse_marking(milk(2).identity)]}).code == "marking_cut"
    nothing_was_begun(goods.shop)
    assert goods.marking.requests == []


@pytest.mark.parametrize("codes", [{1: [milk(1)]}, {2: [milk(1), milk(2)]}, {1: [milk(1), milk(1)]}, {3: [milk(1)]}])
def test_codes_that_do_not_fit_the_goods(goods: MarkingShop, codes: Codes) -> None:
    assert refusal(goods, codes).code in ("marking_quantity", "marking_twice", "not_found")
    nothing_was_begun(goods.shop)


# ------------------------------------------------------------------------------------------------ trying again
def begun(goods: MarkingShop) -> str:
    """A receipt of marked goods that was proven not made; the register in order again."""
    goods.shop.register.fault("FF46", "error", value=0x39)
    with pytest.raises(Refused):
        sell(goods)
    goods.shop.register.heal()
    assert goods.shop.stored().state is State.REFUSED
    return goods.shop.receipt().key


@pytest.mark.parametrize("codes", [CODES, {}])
def test_a_retry_asks_anew_and_prints_the_receipt_that_was_begun(goods: MarkingShop, codes: Codes) -> None:
    key = begun(goods)
    goods.marking.requests.clear()
    sell(goods, codes)
    goods.shop.assert_exactly_one()
    assert goods.shop.receipt().key == key
    assert len([each for each in goods.marking.requests if "codes/check" in each]) == 1
    first, second = goods.till.journal.attempts(key)
    before, after = marking.verdicts_of(first.evidence), marking.verdicts_of(second.evidence)
    assert before
    assert after
    assert {each.permission.request_id for each in before if each.permission} != {
        each.permission.request_id for each in after if each.permission
    }
    request = after[0].permission
    assert request is not None
    assert value(lines_of(goods.shop)[0], 1260, 1265) == f"UUID={request.request_id}&Time={request.request_time}"


def test_what_was_sold_elsewhere_meanwhile_is_not_printed_by_a_retry(goods: MarkingShop) -> None:
    key = begun(goods)
    goods.marking.set_codes({milk(1).identity: {"sold": True}})
    assert refusal(goods).code == "marking_refused"
    assert goods.shop.stored().state is State.REFUSED
    assert len(goods.till.journal.attempts(key)) == 1
    other: Codes = {1: [milk(5), milk(2)]}
    assert refusal(goods, other).code == "other_codes"
    resolve.cancel(goods.till, key)
    sell(goods, other)
    goods.shop.assert_exactly_one()
    assert goods.shop.receipt().key != key


def test_a_lost_reply_is_resolved_by_reading_and_the_codes_are_sold_once(goods: MarkingShop) -> None:
    goods.shop.register.fault("FF45", "drop_reply")
    sell(goods)
    goods.shop.register.heal()
    goods.shop.assert_exactly_one()
    with pytest.raises(sale.AlreadyReceipted):
        sell(goods)
    assert len(goods.shop.register.receipts) == 1


def test_a_crash_after_the_verdicts_leaves_a_sale_that_is_done_once(goods: MarkingShop) -> None:
    goods.shop.register.fault("FF45", "power_off", "after_commit")
    with pytest.raises(OutcomeUnknown):
        sell(goods)
    goods.shop.register.heal()
    goods.shop.restart()
    with pytest.raises(sale.AlreadyReceipted):
        sell(goods)
    goods.shop.assert_exactly_one()


def test_the_verdicts_are_in_the_attempt_before_anything_is_sent(goods: MarkingShop) -> None:
    goods.shop.register.fault("8D", "drop_command", times=50)
    with pytest.raises((Refused, OutcomeUnknown)):
        sell(goods)
    (attempt,) = goods.till.journal.attempts(goods.shop.receipt().key)
    assert [each.permission.source for each in marking.verdicts_of(attempt.evidence) if each.permission] == [
        Source.ONLINE
    ] * 2


# ------------------------------------------------------------------------------------------------ what comes back
def test_a_marked_thing_that_comes_back_names_its_code(goods: MarkingShop) -> None:
    goods.till.journal.save_orders([an_order()], claimed=True)
    sold = sell(goods).view.receipt
    asked = len(goods.till.journal.attempts(sold.key))
    done = refund.refund(goods.till, sold.key, {1: Quantity.of(1)})
    document = goods.shop.register.with_key(done.view.receipt.key)[0]
    (line,) = [entry.items or () for entry in ffd.decode(document.body) if entry.tag == 1059]
    code = CODES[1][1]
    assert value(line, 1163, 1305) == code.identity
    assert (value(line, 1212), value(line, 2106)) == (33, 15)
    assert ffd.find(line, 1260) is None, "nobody is asked whether it may come back"
    (attempt,) = goods.till.journal.attempts(done.view.receipt.key)
    (verdict,) = marking.verdicts_of(attempt.evidence)
    assert (verdict.permission, asked) == (None, 1)
    refund.told(goods.till, done)
    with pytest.raises(SaleError) as caught:
        refund.refund(goods.till, sold.key, {1: Quantity.of(1)})
    assert caught.value.code == "refund_over"


def test_a_code_that_the_till_has_lost_is_scanned_again(goods: MarkingShop) -> None:
    """The journal read its sale back from the storage, which keeps no check codes."""
    goods.till.journal.save_orders([an_order()], claimed=True)
    sold = sell(goods).view.receipt
    lines = tuple(
        replace(line, marking=parse_marking(line.marking).identity) if line.marking else line for line in sold.lines
    )
    original = replace(refund.found(goods.till, refund.Wanted(key=sold.key)), receipt=replace(sold, lines=lines))
    with pytest.raises(SaleError) as caught:
        refund.refund(goods.till, original, {0: Quantity.of(1)})
    assert caught.value.code == "marking_cut"
    with pytest.raises(SaleError) as other:
        refund.refund(goods.till, original, {0: Quantity.of(1)}, codes={1: [milk(9)]})
    assert other.value.code == "refund_other_order"
    done = refund.refund(goods.till, original, {0: Quantity.of(1)}, codes={1: [milk(1)]})
    assert done.view.receipt.lines[0].marking == milk(1).text


def test_in_the_old_format_the_refund_shows_1162(old_goods: MarkingShop) -> None:
    old_goods.till.journal.save_orders([an_order()], claimed=True)
    sold = sell(old_goods).view.receipt
    done = refund.refund(old_goods.till, sold.key, {0: Quantity.of(1)})
    document = old_goods.shop.register.with_key(done.view.receipt.key)[0]
    (line,) = [entry.items or () for entry in ffd.decode(document.body) if entry.tag == 1059]
    assert value(line, 1162) is not None
