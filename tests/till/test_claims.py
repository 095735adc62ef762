"""Rule 1 with several tills: whoever holds the claim sells, with a network or without; nobody else does, ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.domain.claim import ClaimState
from posapp.domain.order import Order
from posapp.domain.settlement import By, State
from posapp.errors import PosError, SaleError, SetupError
from posapp.till import claim_book, claim_sync, claims, leaving, sale, take_over
from posapp.till import orders as orders_of
from posapp.till.views import ClaimsReport
from tests.till.colleagues import Colleague, colleagues
from tests.till.shops import PORTAL, an_order, cash

ORDER = an_order()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Colleague, Colleague]]:
    """Two tills with the same order on board and one gateway."""
    with colleagues(tmp_path) as (one, other):
        for each in (one, other):
            each.till.journal.save_orders([ORDER], claimed=False)
        yield one, other


def refusal(shop: Colleague, order: Order = ORDER, override: str = "") -> str:
    """The code with which a sale is refused; the register must have made nothing."""
    before = len(shop.register.receipts)
    with pytest.raises(PosError) as error:
        sale.sell(shop.till, order, cash(order.price), override)
    assert len(shop.register.receipts) == before
    return error.value.code


def sync(shop: Colleague) -> ClaimsReport:
    report = claim_sync.sync(shop.till)
    assert report is not None
    return report


def receipts(*shops: Colleague) -> int:
    return sum(len(each.register.receipts) for each in shops)


def holds(shop: Colleague, order: Order = ORDER) -> bool:
    return bool(claims.held(shop.till, [order.order_id]))


# ---- online


def test_the_second_till_is_told_who_has_the_order(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    claims.take_route(one.till, [ORDER])
    with pytest.raises(SaleError) as error:
        other.sell(ORDER)
    assert error.value.code == "claimed_elsewhere"
    assert error.value.facts["till"] == "1"
    assert "касс" in error.value.action()
    one.sell(ORDER)
    one.assert_exactly_one()
    assert receipts(one, other) == 1


def test_a_sale_takes_the_claim_and_its_receipt_closes_the_order(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    one.sell(ORDER)
    assert refusal(other) == "claimed_elsewhere"
    report = sync(one)
    assert (report.closed, report.held, report.trouble) == (1, 0, None)
    assert sync(one).closed == 0
    assert refusal(other) == "receipted_elsewhere"
    assert claim_book.read(one.till) == {}


def test_what_cannot_be_sold_is_not_claimed(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    with pytest.raises(SaleError, match="Не хватает"):
        sale.sell(one.till, ORDER, cash(ORDER.price - ORDER.lines[1].price))
    one.register.printer.set_paper("out", one.register.now)
    assert refusal(one) == "paper_out"
    assert one.wire.asked == 0
    other.sell(ORDER)


def test_a_claim_of_a_sale_that_came_to_nothing_is_given_back(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    with claims.claimed(one.till, ORDER):
        pass  # the program ends here: no receipt is in the journal
    one.restart()
    assert refusal(other) == "claimed_elsewhere"
    assert sync(one).released == 1
    other.sell(ORDER)
    assert receipts(one, other) == 1


def test_a_begun_receipt_keeps_the_claim_until_it_is_cancelled(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    one.register.fault("FF46", "error", value=0x39)
    with pytest.raises(PosError):
        one.sell(ORDER)
    one.register.heal()
    assert one.stored().state in (State.PENDING, State.REFUSED)
    assert sync(one).released == 0
    assert refusal(other) == "claimed_elsewhere"
    with pytest.raises(SaleError) as error:
        claims.release(one.till, ORDER)
    assert error.value.code == "claim_in_use"
    one.till.journal.move(one.stored().receipt.key, State.CANCELLED, By.PERSON, "продаёт другая касса")
    assert sync(one).released == 1
    other.sell(ORDER)
    assert receipts(one, other) == 1


def test_a_route_is_kept_until_a_person_gives_it_back(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    second = an_order(2)
    assert [each.may_sell for each in claims.take_route(one.till, [ORDER, second])] == [True, True]
    assert [(each.may_sell, each.till) for each in claims.take_route(other.till, [ORDER])] == [(False, "1")]
    for _ in range(2):
        assert (sync(one).held, sync(one).released) == (2, 0)
    claims.release(one.till, ORDER, "клиент придёт в магазин")
    assert not holds(one)
    other.sell(ORDER)
    assert refusal(other, second) == "claimed_elsewhere"


# ---- offline


def test_what_is_claimed_on_board_is_sold_without_a_network(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    claims.take_route(one.till, [ORDER])
    one.wire.state = "down"
    one.restart()
    one.sell(ORDER)
    one.assert_exactly_one()
    assert isinstance(sync(one).trouble, PosError)
    assert refusal(other) == "claimed_elsewhere"
    one.wire.state = "up"
    assert sync(one).closed == 1
    assert refusal(other) == "receipted_elsewhere"


def test_what_is_not_claimed_is_not_sold_without_the_gateway(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    one.wire.state = "down"
    assert refusal(one) == "not_claimed"
    assert one.till.journal.receipts_of_order(PORTAL, 1) == []
    other.sell(ORDER)


def test_a_manager_may_answer_for_it_and_everybody_hears_of_it(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    one.wire.state = "down"
    sale.sell(one.till, ORDER, cash(ORDER.price), "покупатель у прилавка, касса 2 выключена")
    one.assert_exactly_one()
    (record,) = [each for each in one.till.journal.audit_rows() if each.what == "claim.overridden"]
    assert (record.subject, record.why) == (ORDER.number, "покупатель у прилавка, касса 2 выключена")
    one.wire.state = "up"
    assert sync(one).closed == 1
    assert refusal(other) == "receipted_elsewhere"


def test_no_override_against_a_gateway_that_answers(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    claims.take_route(one.till, [ORDER])
    assert refusal(other, override="очень надо") == "claimed_elsewhere"
    assert [each for each in other.till.journal.audit_rows() if each.what == "claim.overridden"] == []


# ---- lost answers


def test_a_lost_answer_claims_nothing_here_and_the_next_try_gets_the_same(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    one.wire.state = "mute"
    assert refusal(one) == "not_claimed"
    one.wire.state = "up"
    assert refusal(other) == "claimed_elsewhere"
    one.sell(ORDER)
    assert receipts(one, other) == 1


def test_a_claim_whose_answer_was_lost_is_given_back_by_sync(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    one.wire.state = "mute"
    assert refusal(one) == "not_claimed"
    one.wire.state = "up"
    assert sync(one).released == 1
    other.sell(ORDER)


def test_a_route_whose_answer_was_lost_is_on_board_after_sync(two: tuple[Colleague, Colleague]) -> None:
    one, _ = two
    one.wire.state = "mute"
    with pytest.raises(PosError):
        claims.take_route(one.till, [ORDER])
    assert not holds(one)
    one.wire.state = "up"
    assert sync(one).held == 1
    one.wire.state = "down"
    one.sell(ORDER)


@pytest.mark.parametrize("answers", range(8))
def test_sync_may_be_cut_off_anywhere(two: tuple[Colleague, Colleague], answers: int) -> None:
    """Sold, lost, abandoned and kept claims at once; after the round that gets through all is as if none had failed."""
    one, other = two
    orders = [an_order(number) for number in range(1, 5)]
    claims.take_route(one.till, orders[:3])
    one.wire.state = "down"
    one.sell(orders[0])
    one.wire.state = "up"
    with claims.claimed(one.till, orders[3]):
        pass
    other.till.journal.save_orders(orders, claimed=False)
    take_over.take_over(other.till, orders[1].number, "курьер не отвечает")
    one.wire.mute_after = answers
    sync(one)
    one.restart()
    one.wire.mute_after = None
    sync(one)
    report = sync(one)
    assert (report.held, report.trouble, report.doubled) == (1, None, ())
    assert [each.facts["order"] for each in report.lost] == ["1002"] or len(report.lost) == 1
    states = [other.wire.look(each.order_id) for each in orders]
    assert [each.state for each in states] == [
        ClaimState.RECEIPTED, ClaimState.HELD, ClaimState.HELD, ClaimState.FREE,
    ]  # fmt: skip
    assert [each.is_ours for each in states] == [False, True, False, False]


# ---- take-over


def test_a_take_over_is_learned_at_the_next_contact_and_stops_the_former_holder(
    two: tuple[Colleague, Colleague],
) -> None:
    one, other = two
    claims.take_route(one.till, [ORDER])
    one.wire.state = "down"
    _, before, now = take_over.take_over(other.till, ORDER.number, "курьер заболел")
    assert (before.till, now.state, now.former) == ("1", ClaimState.DISPUTED, "1")
    for language in ("ru", "en"):
        assert "1" in take_over.warning(other.till, ORDER, before, now, language)
    assert "пока она без связи" in take_over.warning(other.till, ORDER, before, now).lower()
    (record,) = [each for each in other.till.journal.audit_rows() if each.what == "claim.taken_over"]
    assert (record.why, record.facts["former"]) == ("курьер заболел", "1")
    other.sell(ORDER)

    one.wire.state = "up"
    assert [each.code for each in sync(one).lost] == ["claimed_elsewhere"]
    assert not holds(one)
    one.wire.state = "down"
    assert refusal(one) == "claimed_elsewhere"
    assert refusal(one, override="всё равно") == "claimed_elsewhere"
    assert receipts(one, other) == 1
    assert other.wire.look(1).state is ClaimState.HELD  # its former holder knows


def test_the_former_holder_asks_before_it_sells_when_it_can(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    claims.take_route(one.till, [ORDER])
    take_over.take_over(other.till, ORDER.number, "продаём в магазине")
    assert refusal(one) == "claimed_elsewhere"
    one.wire.state = "down"
    assert refusal(one) == "claimed_elsewhere"


def test_a_begun_receipt_is_not_printed_after_a_take_over(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    one.register.fault("FF46", "error", value=0x39)
    with pytest.raises(PosError):
        one.sell(ORDER)
    one.register.heal()
    take_over.take_over(other.till, ORDER.number, "касса 1 сломалась")
    other.sell(ORDER)
    assert refusal(one) == "claimed_elsewhere"
    assert receipts(one, other) == 1


def test_a_receipt_made_offline_before_the_take_over_was_known_counts(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    claims.take_route(one.till, [ORDER])
    one.wire.state = "down"
    one.sell(ORDER)
    take_over.take_over(other.till, ORDER.number, "курьер не отвечает")
    one.wire.state = "up"
    assert sync(one).closed == 1
    assert refusal(other) == "receipted_elsewhere"
    assert [each.code for each in sync(other).lost] == ["receipted_elsewhere"]
    other.wire.state = "down"
    assert refusal(other) == "receipted_elsewhere"
    assert receipts(one, other) == 1


def test_two_receipts_after_a_take_over_are_said_until_a_person_has_seen_to_them(
    two: tuple[Colleague, Colleague],
) -> None:
    one, other = two
    claims.take_route(one.till, [ORDER])
    one.wire.state = "down"
    one.sell(ORDER)  # at the door
    take_over.take_over(other.till, ORDER.number, "курьер не отвечает")
    other.sell(ORDER)  # in the shop: the words of the take-over warn of exactly this
    assert sync(other).closed == 1
    one.wire.state = "up"
    for _ in range(2):
        (doubled,) = sync(one).doubled
        assert (doubled.code, doubled.facts["till"]) == ("doubled_receipt", "2")
        assert str(other.stored().mark.document_number) in str(doubled.facts["other"])  # type: ignore[union-attr]
    claims.release(one.till, ORDER, "чек курьера возвращён покупателю")
    assert sync(one).doubled == ()
    (record,) = [each for each in one.till.journal.audit_rows() if each.what == "claim.doubled_settled"]
    assert record.why == "чек курьера возвращён покупателю"


def test_nothing_is_taken_over_from_a_till_that_has_made_the_receipt(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    one.sell(ORDER)
    sync(one)
    with pytest.raises(SaleError) as error:
        take_over.take_over(other.till, ORDER.number, "надо")
    assert error.value.code == "receipted_elsewhere"


# ---- the journal is an older copy, the gateway an emptier one


def test_a_restored_journal_does_not_sell_what_it_has_sold(two: tuple[Colleague, Colleague], tmp_path: Path) -> None:
    one, _ = two
    one.sell(ORDER)
    sync(one)
    one.close()
    for each in one.folder.iterdir():
        if each.is_file() and each.name.startswith("journal"):
            each.unlink()
    one.reopen()
    assert refusal(one) in ("receipted_elsewhere", "resolve_needed")


def test_claims_from_a_copy_count_only_after_the_gateway_was_asked(two: tuple[Colleague, Colleague]) -> None:
    """Restored: one order changed hands since the copy, one is still ours, one was given back."""
    one, other = two
    orders = [an_order(number) for number in (1, 2, 3)]
    claims.take_route(one.till, orders)
    old = one.till.journal.get_fact(f"claims:{PORTAL}")
    assert old
    claims.release(one.till, orders[0])
    other.sell(orders[0])
    claims.release(one.till, orders[2])
    one.till.journal.set_fact(f"claims:{PORTAL}", old)
    claim_book.doubt(one.till)
    one.restart()
    one.wire.state = "down"
    assert [refusal(one, each) for each in orders] == ["not_claimed"] * 3
    one.wire.state = "up"
    assert sync(one).held == 1
    one.wire.state = "down"
    one.sell(orders[1])
    assert [refusal(one, each) for each in (orders[0], orders[2])] == ["not_claimed"] * 2
    assert receipts(one, other) == 2


def test_an_order_that_was_lost_shows_why_it_cannot_be_sold(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    claims.take_route(one.till, [ORDER])
    shown = orders_of.view(one.till, ORDER)
    assert shown.refusal is None or shown.refusal.code != "claimed_elsewhere"
    take_over.take_over(other.till, ORDER.number, "курьер заболел")
    sync(one)
    refused = orders_of.view(one.till, ORDER).refusal
    assert refused is not None
    assert (refused.code, refused.facts["till"]) == ("claimed_elsewhere", "2")


def test_a_till_does_not_leave_for_good_while_it_holds_orders(two: tuple[Colleague, Colleague]) -> None:
    one, _ = two
    claims.take_route(one.till, [ORDER])
    with pytest.raises(SetupError) as error:
        leaving.refuse_unsent(one.till)
    assert (error.value.code, error.value.facts["held"]) == ("claims_left", 1)
    one.wire.state = "down"
    with pytest.raises(PosError):
        claims.leave(one.till)
    one.wire.state = "up"
    claims.leave(one.till)
    leaving.refuse_unsent(one.till)
    assert one.wire.look(1).state is ClaimState.FREE


def test_a_gateway_that_has_forgotten_is_told_again(two: tuple[Colleague, Colleague]) -> None:
    one, other = two
    fence = claims.take_route(one.till, [ORDER])[0].fence
    one.wire.release({1: fence})  # as if the gateway's database were an older copy
    assert sync(one).held == 1
    assert refusal(other) == "claimed_elsewhere"
    one.sell(ORDER)


def test_a_till_that_joins_brings_what_it_has_begun_and_sold(tmp_path: Path) -> None:
    with colleagues(tmp_path, gateway=False) as (one, _):
        from posapp.gateway.store import open_store

        second = an_order(2)
        one.sell(ORDER)
        one.register.fault("FF46", "error", value=0x39)
        with pytest.raises(PosError):
            one.sell(second)
        one.register.heal()
        store = open_store("sqlite://")
        one.join(store)
        report = claim_sync.introduce(one.till)
        assert report is not None
        assert (report.closed, report.held, report.trouble) == (1, 1, None)
        assert [one.wire.look(number).state for number in (1, 2)] == [ClaimState.RECEIPTED, ClaimState.HELD]
        one.sell(second)
        one.assert_exactly_one(2)


# ---- alone


def test_without_a_gateway_every_order_is_the_tills_own(tmp_path: Path) -> None:
    with colleagues(tmp_path, "1", gateway=False) as (one,):
        assert holds(one)
        assert claim_sync.sync(one.till) is None
        one.sell(ORDER)
        one.assert_exactly_one()
        with pytest.raises(SaleError) as error:
            claims.take_route(one.till, [an_order(2)])
        assert error.value.code == "no_gateway"


def test_without_the_secret_what_is_held_is_sold_and_the_rest_is_not(two: tuple[Colleague, Colleague]) -> None:
    from dataclasses import replace

    one, _ = two
    claims.take_route(one.till, [ORDER])

    def no_secret() -> claims.ClaimDesk:
        raise SetupError("gateway_secret", what="его нет")

    one.till = replace(one.till, claims=no_secret)
    assert refusal(one, an_order(2)) == "gateway_secret"
    one.sell(ORDER)
    trouble = sync(one).trouble
    assert trouble is not None
    assert trouble.code == "gateway_secret"
