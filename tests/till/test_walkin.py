"""A sale without an order: what the storage holds, what is refused, and that it is printed exactly once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from posapp.domain import ffd
from posapp.domain.basket import is_walk_in
from posapp.domain.checkout import Terms
from posapp.domain.marking import BadMarking, parse_marking
from posapp.domain.money import Money, Quantity
from posapp.domain.printed import text_of
from posapp.domain.product import Product, ProductKind, ProductPrice
from posapp.domain.receipt import TenderKind
from posapp.domain.settlement import Stamp, State
from posapp.errors import DeviceError, OutcomeUnknown, PosError, Refused, ResolveNeeded, SaleError, SetupError
from posapp.settings import VatSettings
from posapp.till import counters, courier_day, recover, resolve, shift, walkin
from posapp.till.walkin import WalkInPrinted
from tests.till.marking_shops import MarkingShop
from tests.till.rig import Killed
from tests.till.shops import PORTAL, Shop, an_order
from tests.till.walkins import (
    FIELDS,
    GOODS,
    MILK,
    MUG,
    TEA,
    assert_one_each,
    cash,
    label,
    milk,
    put_on_board,
    scan,
    sell,
    stored,
)


def refusal(act: Callable[[], object], kind: type[PosError] = SaleError) -> PosError:
    with pytest.raises(kind) as told:
        act()
    return told.value


def code_of(store: Shop, *codes: str) -> str:
    error = refusal(lambda: scan(store.till, *codes), PosError)
    assert store.register.receipts == []
    assert stored(store) == []
    return error.code


# ------------------------------------------------------------------------------------------------ what is printed
def test_the_storage_holds_what_was_scanned_tag_by_tag(store: Shop) -> None:
    terms = Terms(contact="+79990000000")
    done = sell(store.till, f"{TEA}*2", label(350), "mug", tenders=cash(90_000), terms=terms)
    (document,) = store.register.receipts
    tags = ffd.decode(document.body)
    lines = [entry.items or () for entry in tags if entry.tag == 1059]

    def value(entries: object, *path: int) -> object:
        found = ffd.find(entries, *path)  # type: ignore[arg-type]
        return None if found is None else found.value

    assert [value(line, 1030) for line in lines] == ["Чай чёрный, 100 г", "Сыр весовой", "Кружка"]
    assert [str(Quantity(value(line, 1023))) for line in lines] == ["2", "0.35", "1"]  # type: ignore[arg-type]
    assert [value(line, 1079) for line in lines] == [24_500, 81_240, 10_000]
    assert [value(line, 1043) for line in lines] == [49_000, 28_434, 10_000]
    assert [value(line, 1199) for line in lines] == [11, 2, 11]
    assert [value(line, 2108) or 0 for line in lines] == [0, 11, 0]
    assert [value(line, 1214) for line in lines] == [4, 4, 4]
    assert (value(tags, 1020), value(tags, 1031), value(tags, 1008)) == (87_434, 87_434, "+79990000000")
    stamp = Stamp.parse(str(value(tags, 1084, 1086)))
    assert stamp == Stamp("1", "", done.view.receipt.key)
    assert (done.outbox_pending, done.view.receipt.change) == (0, Money(2_566))
    assert_one_each(store)


def test_what_was_sold_is_kept_for_the_stock(store: Shop) -> None:
    key = sell(store.till, f"3*{TEA}", label(350)).view.receipt.key
    sold = store.till.journal.walk_in(key)
    assert sold is not None
    assert [(each["product_id"], each["quantity"], each["portal"]) for each in sold.goods] == [
        (301, "3", PORTAL),
        (311, "0.35", PORTAL),
    ]
    assert store.till.journal.outbox_counts().waiting == 0


def test_each_sale_is_a_settlement_of_its_own_and_no_orders(store: Shop) -> None:
    first, second = (sell(store.till, TEA).view.receipt for _ in range(2))
    assert first.settlement != second.settlement
    assert is_walk_in(first.settlement)
    store.sell(an_order(1))
    assert len(store.register.receipts) == 3
    assert store.till.journal.receipts_of_order(PORTAL, 1)[0].receipt.settlement.portal == PORTAL


def test_card_and_mixed_tenders(store: Shop) -> None:
    tenders = (*cash(10_000), replace(cash(14_500)[0], kind=TenderKind.CASHLESS))
    receipt = sell(store.till, TEA, tenders=tenders).view.receipt
    assert (receipt.tender(TenderKind.CASH), receipt.tender(TenderKind.CASHLESS)) == (Money(10_000), Money(14_500))


# ------------------------------------------------------------------------------------------------ what is refused
@pytest.mark.parametrize(
    "code, refused",
    [
        ("4607103820786", "goods_unknown"),  # a right check digit, no such product
        ("4607103820718", "goods_code"),  # a wrong one
        ("нет-такого", "goods_unknown"),
        ("", "goods_code"),
        (f"{TEA}*0", "goods_quantity"),
        (f"{TEA}*-1", "goods_quantity"),
        (f"{TEA}*1.5", "goods_quantity"),
        (f"{TEA}*{TEA}", "goods_quantity"),
        ("cheese", "goods_no_weight"),
        ("cheese*0.3505", "goods_quantity"),
        (label(350) + "*2", "goods_quantity"),
        (label(0), "goods_no_weight"),
        (MILK, "goods_unmarked"),
        (milk(1) + "*2", "bad_marking"),
        (milk(1)[:-5], "bad_marking"),
    ],
)
def test_a_code_that_cannot_be_sold_so_is_answered(store: Shop, code: str, refused: str) -> None:
    assert code_of(store, TEA, code) == refused


def odd(number: int, **changes: object) -> Product:
    return replace(GOODS[0], product_id=number, articles=(f"odd-{number}",), **changes)  # type: ignore[arg-type]


def test_a_product_that_cannot_be_sold_so_is_answered(store: Shop) -> None:
    free = ProductPrice(9, 401, Money(0))
    twice = ("00000096385074",)
    put_on_board(
        store,
        *GOODS,
        odd(401, prices=(free,), barcodes=()),
        odd(402, is_active=False, prices=(), barcodes=()),
        odd(403, kind=ProductKind.SET, barcodes=()),
        odd(404, vat_row=None, barcodes=(), prices=(ProductPrice(11, 404, Money(100)),)),
        odd(405, barcodes=twice, prices=(ProductPrice(12, 405, Money(100)),)),
        odd(406, barcodes=twice, prices=(ProductPrice(13, 406, Money(100)),)),
    )
    for article, refused in (
        ("odd-401", "goods_no_price"),
        ("odd-402", "goods_inactive"),
        ("odd-403", "goods_set"),
        ("odd-404", "vat_unmapped"),
        ("96385074", "goods_several"),
        ("401", "goods_no_price"),
    ):
        assert code_of(store, article) == refused
    several = refusal(lambda: scan(store.till, "96385074"))
    assert "№ 405" in several.message()
    assert "№ 406" in several.message()
    sell(store.till, "405")


def test_of_two_products_with_one_code_the_one_that_is_on_sale_is_meant(store: Shop) -> None:
    code = ("00000096385074",)
    old = odd(405, barcodes=code, is_active=False)
    parent = odd(407, barcodes=code, kind=ProductKind.WITH_VARIATIONS)
    new = odd(406, barcodes=code, kind=ProductKind.VARIATION, prices=(ProductPrice(13, 406, Money(100)),))
    put_on_board(store, old, parent, new)
    assert sell(store.till, "96385074").view.receipt.total == Money(100)


def test_a_label_of_the_scales_that_is_also_a_barcode_of_something_else_is_refused(store: Shop) -> None:
    put_on_board(store, *GOODS, odd(405, barcodes=("0" + label(350),)))
    assert code_of(store, label(350)) == "goods_several"
    assert sell(store.till, label(351)).view.receipt.lines[0].name == "Сыр весовой"


def test_labels_work_where_the_catalogue_holds_the_code_without_a_weight(store: Shop) -> None:
    cheese = replace(GOODS[2], scale_numbers=(), barcodes=("0" + label(0),))
    put_on_board(store, cheese)
    (line,) = sell(store.till, label(1234)).view.receipt.lines
    assert str(line.quantity) == "1.234"


def test_before_the_catalogue_is_whole_nothing_is_sold(store: Shop) -> None:
    store.till.journal.set_fact(f"catalogue:{PORTAL}", "")
    assert code_of(store, TEA) == "catalogue_empty"
    store.till = replace(store.till, settings=store.settings.with_(catalogue=None))
    refusal(lambda: scan(store.till, TEA), SetupError)


def test_old_prices_are_sold_by_on_a_persons_word(store: Shop) -> None:
    put_on_board(store, fields=replace(FIELDS, prices_hours=12))
    store.register.advance(11 * 3600)
    sell(store.till, TEA)
    store.register.advance(2 * 3600)
    old = refusal(lambda: scan(store.till, TEA))
    assert old.code == "prices_old"
    items = walkin.items_of(store.till, [TEA], old_prices=True)
    walkin.sell(store.till, items, cash(), another=True)


def test_money_that_is_short_begins_nothing(store: Shop) -> None:
    assert refusal(lambda: scan(store.till, TEA, tenders=cash(100))).code == "tenders_short"
    assert stored(store) == []


# ------------------------------------------------------------------------------------------------ marked goods
def test_a_marked_thing_is_asked_about_and_its_code_is_in_the_document(store: Shop) -> None:
    goods = MarkingShop(store)
    sell(goods.till, milk(1), TEA, milk(2))
    (document,) = store.register.receipts
    lines = [entry.items or () for entry in ffd.decode(document.body) if entry.tag == 1059]
    found = [ffd.find(line, 1163, 1305) for line in lines]
    identities = [parse_marking(milk(number)).identity for number in (1, 2)]
    assert [None if each is None else each.value for each in found] == [identities[0], None, identities[1]]
    assert [getattr(ffd.find(line, 1212), "value", None) for line in lines] == [33, 1, 33]


def test_codes_named_for_a_line_and_one_code_twice(store: Shop) -> None:
    goods = MarkingShop(store)
    one, two = (parse_marking(milk(number)) for number in (1, 2))
    sell(goods.till, f"{MILK}*2", codes={1: (one, two)})
    assert refusal(lambda: scan(goods.till, milk(3), milk(3))).code == "marking_twice"
    assert refusal(lambda: scan(goods.till, f"{MILK}*2", codes={1: (one,)})).code == "marking_quantity"
    refusal(lambda: scan(goods.till, milk(3)[:20]), BadMarking)
    assert_one_each(store)


def test_what_was_sold_by_its_code_once_is_not_sold_without_one(store: Shop) -> None:
    """Where the catalogue has no field that says so, and even where it does not know the GTIN of the code."""
    goods = MarkingShop(store)
    put_on_board(store, *GOODS[:3], replace(GOODS[3], marking="", articles=("milk",)))
    sell(goods.till, MILK)  # nobody knows yet
    sell(goods.till, milk(1))
    assert refusal(lambda: scan(goods.till, MILK)).code == "goods_unmarked"
    put_on_board(store, *GOODS[:3], replace(GOODS[3], marking="", barcodes=(), articles=("milk",)))
    assert refusal(lambda: scan(goods.till, "milk")).code == "goods_unmarked"
    (line,) = sell(goods.till, milk(2)).view.receipt.lines
    assert line.marking == milk(2)


def test_a_refused_code_leaves_nothing(store: Shop) -> None:
    goods = MarkingShop(store)
    goods.marking.set_codes({parse_marking(milk(1)).identity: {"sold": True}})
    assert refusal(lambda: scan(goods.till, TEA, milk(1))).code == "marking_refused"
    refusal(lambda: scan(store.till, milk(2)), SetupError)  # nobody has said where to ask
    assert stored(store) == []
    assert store.register.receipts == []
    sell(goods.till, TEA, milk(2))
    assert_one_each(store)


# ------------------------------------------------------------------------------------------------ exactly once
def test_the_same_goods_again_are_another_sale_once_a_person_was_told(store: Shop) -> None:
    for _ in range(3):
        sell(store.till, TEA)
    assert_one_each(store)
    assert len(store.register.receipts) == 3


def test_printed_and_nobody_told_stops_once(store: Shop) -> None:
    done = scan(store.till, TEA, MUG)  # the window was closed before anybody could read it
    error = refusal(lambda: scan(store.till, MUG, TEA), WalkInPrinted)
    assert isinstance(error, WalkInPrinted)
    assert error.view.receipt.key == done.view.receipt.key
    assert len(store.register.receipts) == 1
    scan(store.till, TEA)  # other goods are another matter
    walkin.told(store.till, done.view.receipt.key)
    sell(store.till, MUG, TEA)
    assert len(store.register.receipts) == 3


def test_paper_out_leaves_a_begun_receipt_that_a_person_goes_on_with(store: Shop) -> None:
    store.register.fault("8D", "paper_out", "before")
    with pytest.raises(DeviceError):
        scan(store.till, TEA)
    store.register.heal()
    (begun,) = walkin.begun(store.till)
    again = refusal(lambda: scan(store.till, TEA))
    assert (again.code, again.facts["key"]) == ("walkin_begun", begun.receipt.key)
    by_card = (replace(cash(24_500)[0], kind=TenderKind.CASHLESS),)
    assert refusal(lambda: scan(store.till, TEA, tenders=by_card)).code == "walkin_begun"
    sell(store.till, MUG)  # another customer, other goods
    done = walkin.sell_begun(store.till, begun.receipt.key)
    assert done.view.receipt.key == begun.receipt.key
    assert isinstance(refusal(lambda: walkin.sell_begun(store.till, begun.receipt.key)), WalkInPrinted)
    assert walkin.begun(store.till) == []
    assert_one_each(store)


def test_another_customer_with_the_same_goods_is_a_persons_word(store: Shop) -> None:
    store.register.fault("8D", "paper_out", "before")
    with pytest.raises(DeviceError):
        scan(store.till, TEA)
    store.register.heal()
    sell(store.till, TEA, another=True)
    (record,) = [each for each in store.till.journal.audit_rows() if each.what == "walkin.another"]
    (begun,) = walkin.begun(store.till)
    assert record.facts["alike"] == [begun.receipt.key]
    resolve.cancel(store.till, begun.receipt.key, "ушёл")
    assert refusal(lambda: walkin.sell_begun(store.till, begun.receipt.key)).code == "walkin_no_begun"
    sell(store.till, TEA)
    assert_one_each(store)


def test_only_a_begun_sale_without_an_order_is_gone_on_with(store: Shop) -> None:
    assert refusal(lambda: walkin.sell_begun(store.till, "0" * 16)).code == "walkin_no_begun"
    key = store.sell(an_order(1)).view.receipt.key
    assert refusal(lambda: walkin.sell_begun(store.till, key)).code == "walkin_no_begun"


def test_a_begun_receipt_is_not_printed_at_a_price_or_rate_of_the_past(store: Shop) -> None:
    store.register.fault("8D", "paper_out", "before")
    with pytest.raises(DeviceError):
        scan(store.till, TEA, label(350))
    store.register.heal()
    (begun,) = walkin.begun(store.till)
    key = begun.receipt.key
    put_on_board(store, replace(GOODS[0], prices=(ProductPrice(1, 301, Money(24_600)),)))
    assert refusal(lambda: walkin.sell_begun(store.till, key)).code == "walkin_differs"
    put_on_board(store, replace(GOODS[0], is_active=False))
    assert refusal(lambda: walkin.sell_begun(store.till, key)).code == "walkin_differs"
    put_on_board(store)
    confirmed = VatSettings(confirmed={1: 11}, rows=store.settings.vat.rows)
    store.till = replace(store.till, settings=store.settings.with_(vat=confirmed))
    assert refusal(lambda: walkin.sell_begun(store.till, key)).code == "walkin_differs"
    assert store.register.receipts == []
    store.till = replace(store.till, settings=store.settings)
    walkin.sell_begun(store.till, key)
    assert_one_each(store)


def kill(store: Shop, opcode: int, *, after: bool) -> None:
    store.register.killed_at = (opcode, after)
    with pytest.raises(Killed):
        scan(store.till, TEA, label(350))
    store.register.killed_at = None
    store.restart()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("opcode", [0x8D, 0xFF0C, 0xFF46, 0x89, 0xFF45, 0xFF0A, 0xFF40])
def test_killed_anywhere_the_same_goods_are_never_sold_twice_in_silence(store: Shop, opcode: int, after: bool) -> None:
    kill(store, opcode, after=after)
    again = refusal(lambda: scan(store.till, TEA, label(350)), PosError)
    if isinstance(again, ResolveNeeded):  # nothing proves who has opened what is open there
        (key,) = [each.receipt.key for each in store.till.journal.receipts_in(State.SENDING)]
        assert resolve.decide_not_made(store.till, key) == "pending"
    (one,) = stored(store)
    if one.state is State.FISCALIZED:
        assert isinstance(again, WalkInPrinted)
    else:
        walkin.sell_begun(store.till, one.receipt.key)
    assert_one_each(store)
    assert len(store.register.receipts) == 1
    assert recover.recover(store.till) == []


def test_killed_between_the_receipt_and_its_attempt_it_is_offered(store: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> int:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(store.till.journal, "start_attempt", die)
        with pytest.raises(Killed):
            scan(store.till, TEA)
    store.restart()
    assert recover.recover(store.till) == []
    (begun,) = walkin.begun(store.till)
    assert begun.state is State.PENDING
    assert store.register.receipts == []
    assert refusal(lambda: scan(store.till, TEA)).code == "walkin_begun"
    walkin.sell_begun(store.till, begun.receipt.key)
    assert_one_each(store)


def test_recovered_by_another_process_it_is_told_to_the_cashier_who_asks_again(store: Shop) -> None:
    kill(store, 0xFF45, after=True)
    (done,) = recover.recover(store.till)  # the window, or the exchange in the background
    assert done.after == State.FISCALIZED.value
    assert isinstance(refusal(lambda: scan(store.till, label(350), TEA)), WalkInPrinted)
    assert_one_each(store)


@pytest.mark.parametrize("language, words", [("ru", "без заказа"), ("en", "without an order")])
def test_the_desk_tells_of_no_order_and_promises_the_portal_nothing(store: Shop, language: str, words: str) -> None:
    kill(store, 0xFF45, after=True)
    store.register.unplug()
    (case,) = resolve.cases(store.till, language)
    told = "\n".join([case.title, *case.story, *(each.consequence for each in case.choices)])
    assert words in case.title
    assert words in case.story[0]
    assert "{" not in told
    store.register.heal()
    store.register.lose_tlv(store.register.receipts[-1].number)
    (case,) = resolve.cases(store.till, language)
    told = "\n".join(each.consequence for each in case.choices)
    assert "posapp sell --begun" in told
    assert "статус" not in told
    made = next(each for each in case.choices if each.id.startswith("made:"))
    resolve.decide(store.till, case.key, made.id, "Иванова", "по ленте", {}, language)
    assert_one_each(store)


def test_while_the_register_is_away_the_outcome_of_the_same_goods_is_unknown(store: Shop) -> None:
    kill(store, 0xFF45, after=True)
    store.register.unplug()
    with pytest.raises(OutcomeUnknown):
        scan(store.till, TEA, label(350))
    with pytest.raises(DeviceError):
        scan(store.till, MUG)


@pytest.mark.parametrize("command", ["8D", "FF0C", "FF46", "89", "FF45", "FF0A", "FF40"])
@pytest.mark.parametrize(
    "do, when",
    [("drop_command", "before"), ("drop_reply", "after_commit"), ("error", "before"), ("power_off", "before")],
)
def test_any_fault_of_any_command_leaves_one_document(store: Shop, command: str, do: str, when: str) -> None:
    more = {"value": 0x50} if do == "error" else {}
    store.register.fault(command, do, when, **more)
    with suppress(DeviceError, ResolveNeeded):
        scan(store.till, TEA)
    store.register.heal()
    for _ in range(4):
        with suppress(WalkInPrinted, Refused, ResolveNeeded):
            recover.recover(store.till)
        (one,) = stored(store)
        if one.state is State.FISCALIZED:
            break
        if one.state is State.SENDING:
            resolve.decide_not_made(store.till, one.receipt.key)
        with suppress(Refused):
            walkin.sell_begun(store.till, one.receipt.key)
    assert_one_each(store)


# ------------------------------------------------------------------------------------------------ sums of the day
def test_counters_and_the_couriers_day_count_it(store: Shop) -> None:
    courier_day.begin(store.till, "Орлов Д.", Money(100_000))
    sell(store.till, TEA, label(350), tenders=cash(60_000))
    by_card = (replace(cash(10_000)[0], kind=TenderKind.CASHLESS),)
    sell(store.till, MUG, tenders=by_card)
    assert counters.compare(store.till).agrees
    report = courier_day.hand_in(store.till, Money(152_934), "Иванова А.")
    assert report.takings.net(TenderKind.CASHLESS) == Money(10_000)
    assert report.difference == Money(0)
    sheet = courier_day.text(report, store.now())
    assert "без заказа" in sheet
    shift.close_shift(store.till)


def test_the_paper_and_the_picture_of_it_know_no_order(store: Shop) -> None:
    view = sell(store.till, TEA).view
    shown = text_of(view.form)
    assert "Чай" in shown
    assert f"1··{view.receipt.key}" in shown.replace("\n", "").replace(" ", "")
    assert view.qr is not None
