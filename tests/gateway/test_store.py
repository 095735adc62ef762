"""The contract of a claim store, held to every engine: nobody's order becomes one till's, and stays it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from posapp.domain.claim import Claim, ClaimState, Closing, SoldOrder, TakenFor
from posapp.errors import Rejected, SetupError
from posapp.gateway.store import SqlStore, TillCard, open_store

PORTAL = "shop.example"
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ONE, TWO, THREE = "one", "two", "three"


class Hands:
    """Three tills and a clock that goes on a minute with each request."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.now = START
        for number, identity in enumerate((ONE, TWO, THREE), 1):
            store.enrol(TillCard(PORTAL, identity, str(number)), self.tick())

    def tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def take(self, till: str, *orders: int, why: TakenFor = TakenFor.SALE) -> list[Claim]:
        return self.store.take(PORTAL, till, orders, why, self.tick())

    def release(self, till: str, order: int, fence: int) -> Claim:
        return self.store.release(PORTAL, till, {order: fence}, self.tick())[0]

    def look(self, till: str, order: int) -> Claim:
        return self.store.look(PORTAL, till, order, self.tick())

    def close(self, till: str, order: int, fence: int | None, document: int = 15) -> tuple[Closing, str, str]:
        sold = SoldOrder(order, fence, f"KEY{till}", f"99990{till}", document, "2026-11-21T12:00:00")
        found = self.store.close_orders(PORTAL, till, [sold], self.tick())[0]
        assert found.order_id == order
        return found.outcome, found.till, found.document

    def take_over(self, till: str, order: int, fence: int) -> Claim:
        return self.store.take_over(PORTAL, till, order, fence, "Старший", "курьер не отвечает", self.tick())

    def held(self, till: str) -> set[int]:
        return {each.order_id for each in self.store.holdings(PORTAL, till, self.tick()).held}


@pytest.fixture
def hands(store: SqlStore) -> Hands:
    return Hands(store)


def test_what_is_free_becomes_the_asking_tills(hands: Hands) -> None:
    claims = hands.take(ONE, 7, 8)
    assert [(each.order_id, each.state, each.is_ours, each.till) for each in claims] == [
        (7, ClaimState.HELD, True, "1"), (8, ClaimState.HELD, True, "1"),
    ]  # fmt: skip
    assert all(each.may_sell for each in claims)
    assert claims[0].fence != claims[1].fence


def test_another_till_is_told_who_holds_it_since_when_and_when_that_one_was_heard_of(hands: Hands) -> None:
    mine = hands.take(ONE, 7)[0]
    hands.look(ONE, 99)
    heard = hands.now
    theirs = hands.take(TWO, 7)[0]
    assert not theirs.may_sell
    assert (theirs.till, theirs.since, theirs.seen_at, theirs.fence) == ("1", mine.since, heard, mine.fence)


def test_asking_again_gives_the_same_fence(hands: Hands) -> None:
    first = hands.take(ONE, 7, 8, 7)
    assert [each.order_id for each in first] == [7, 8]
    assert [each.fence for each in hands.take(ONE, 8, 7)] == [first[1].fence, first[0].fence]


def test_fences_grow_with_every_change_of_hands(hands: Hands) -> None:
    fences = []
    for till in (ONE, TWO, ONE, THREE):
        fence = hands.take(till, 7)[0].fence
        fences.append(fence)
        hands.release(till, 7, fence)
    assert fences == sorted(set(fences))


def test_portals_have_nothing_to_do_with_each_other(hands: Hands) -> None:
    hands.take(ONE, 7)
    hands.store.enrol(TillCard("other.example", TWO, "1"), hands.tick(), is_another=True)
    assert hands.store.take("other.example", TWO, [7], TakenFor.SALE, hands.tick())[0].may_sell


def test_a_second_name_is_taken_for_the_same_portal_until_a_person_says_otherwise(hands: Hands) -> None:
    other = TillCard("www." + PORTAL, THREE, "3")
    with pytest.raises(SetupError) as refused:
        hands.store.enrol(other, hands.tick())
    assert refused.value.code == "portal_name_differs"
    assert refused.value.facts == {"found": other.portal, "known": PORTAL}
    with pytest.raises(Rejected, match="не знает эту кассу"):
        hands.store.take(other.portal, THREE, [7], TakenFor.SALE, hands.tick())
    hands.store.enrol(other, hands.tick(), is_another=True)
    hands.store.enrol(TillCard(other.portal, TWO, "2"), hands.tick())  # said once
    assert hands.store.take(other.portal, TWO, [7], TakenFor.SALE, hands.tick())[0].may_sell


def test_a_claim_given_back_is_free_for_anybody(hands: Hands) -> None:
    claim = hands.take(ONE, 7)[0]
    assert hands.release(ONE, 7, claim.fence).state is ClaimState.FREE
    assert hands.release(ONE, 7, claim.fence).state is ClaimState.FREE
    assert hands.take(TWO, 7)[0].may_sell


def test_only_the_holder_gives_back_and_only_by_the_present_fence(hands: Hands) -> None:
    old = hands.take(ONE, 7)[0]
    assert hands.release(TWO, 7, old.fence).till == "1"
    hands.release(ONE, 7, old.fence)
    new = hands.take(ONE, 7)[0]
    assert hands.release(ONE, 7, old.fence).state is ClaimState.HELD  # a release that was late on its way
    assert hands.look(ONE, 7).fence == new.fence


def test_a_claim_has_no_end_by_itself(hands: Hands) -> None:
    hands.take(ONE, 7)
    hands.now += timedelta(days=400)
    assert hands.take(TWO, 7)[0].till == "1"


def test_a_receipt_closes_an_order_for_ever(hands: Hands) -> None:
    fence = hands.take(ONE, 7)[0].fence
    assert hands.close(ONE, 7, fence) == (Closing.CLOSED, "", "")
    assert hands.close(ONE, 7, fence) == (Closing.CLOSED, "", "")
    for till in (TWO, ONE):
        claim = hands.take(till, 7)[0]
        assert (claim.state, claim.may_sell, claim.till, claim.document) == (
            ClaimState.RECEIPTED, False, "1", "ФД 15, ФН 99990one",
        )  # fmt: skip
    assert hands.release(ONE, 7, claim.fence).state is ClaimState.RECEIPTED
    assert hands.take_over(TWO, 7, claim.fence).state is ClaimState.RECEIPTED
    assert hands.held(ONE) == set()


def test_a_receipt_without_a_claim_is_believed(hands: Hands) -> None:
    assert hands.close(ONE, 7, None)[0] is Closing.CLOSED
    assert hands.take(TWO, 7)[0].state is ClaimState.RECEIPTED


def test_a_take_over_needs_the_fence_that_was_seen(hands: Hands) -> None:
    seen = hands.take(ONE, 7)[0]
    assert hands.take_over(TWO, 7, seen.fence - 1).till == "1"
    taken = hands.take_over(TWO, 7, seen.fence)
    assert (taken.may_sell, taken.state, taken.former) == (True, ClaimState.DISPUTED, "1")
    assert taken.fence > seen.fence
    again = hands.take_over(TWO, 7, seen.fence)  # the answer was lost, the till asks once more
    assert (again.may_sell, again.fence) == (True, taken.fence)
    assert hands.take_over(THREE, 7, seen.fence).till == "2"


def test_the_former_holder_hears_of_it_and_confirms(hands: Hands) -> None:
    seen = hands.take(ONE, 7)[0]
    hands.take_over(TWO, 7, seen.fence)
    assert not hands.take(ONE, 7)[0].may_sell
    for _ in range(2):  # until it confirms
        (lost,) = hands.store.holdings(PORTAL, ONE, hands.tick()).lost
        assert (lost.order_id, lost.fence, lost.till, lost.who, lost.why) == (
            7, seen.fence, "2", "Старший", "курьер не отвечает",
        )  # fmt: skip
    assert hands.look(TWO, 7).state is ClaimState.DISPUTED
    hands.store.confirm_lost(PORTAL, ONE, {7: seen.fence}, hands.tick())
    assert hands.store.holdings(PORTAL, ONE, hands.tick()).lost == ()
    assert hands.look(TWO, 7).state is ClaimState.HELD
    assert hands.held(TWO) == {7}


def test_an_order_given_back_while_disputed_still_says_so(hands: Hands) -> None:
    seen = hands.take(ONE, 7)[0]
    fence = hands.take_over(TWO, 7, seen.fence).fence
    hands.release(TWO, 7, fence)
    assert hands.look(THREE, 7).former == "1"
    assert hands.take(THREE, 7)[0].state is ClaimState.DISPUTED
    assert [each.fence for each in hands.store.holdings(PORTAL, ONE, hands.tick()).lost] == [seen.fence]


def test_who_takes_a_lost_order_again_has_nothing_to_confirm(hands: Hands) -> None:
    seen = hands.take(ONE, 7)[0]
    fence = hands.take_over(TWO, 7, seen.fence).fence
    hands.release(TWO, 7, fence)
    assert hands.take(ONE, 7)[0].state is ClaimState.HELD
    assert hands.store.holdings(PORTAL, ONE, hands.tick()).lost == ()


def test_a_receipt_that_comes_late_counts_and_its_taker_is_told(hands: Hands) -> None:
    seen = hands.take(ONE, 7)[0]
    mine = hands.take_over(TWO, 7, seen.fence)
    assert hands.close(ONE, 7, seen.fence)[0] is Closing.LATE
    assert hands.close(ONE, 7, seen.fence)[0] is Closing.CLOSED
    (lost,) = hands.store.holdings(PORTAL, TWO, hands.tick()).lost
    assert (lost.fence, lost.till, lost.is_receipted) == (mine.fence, "1", True)
    assert hands.held(TWO) == set()
    assert hands.store.holdings(PORTAL, ONE, hands.tick()).lost == ()


def test_two_receipts_are_said_to_be_two(hands: Hands) -> None:
    seen = hands.take(ONE, 7)[0]
    fence = hands.take_over(TWO, 7, seen.fence).fence
    assert hands.close(TWO, 7, fence, document=3)[0] is Closing.CLOSED
    for _ in range(2):
        assert hands.close(ONE, 7, seen.fence) == (Closing.DOUBLED, "2", "ФД 3, ФН 99990two")
    assert [each["what"] for each in hands.store.events(PORTAL, 7)] == [
        "take", "take_over", "closed", "doubled", "doubled",
    ]  # fmt: skip


def test_why_a_claim_was_taken_is_kept(hands: Hands) -> None:
    hands.take(ONE, 7, 8)
    hands.take(ONE, 8, 9, why=TakenFor.ROUTE)
    hands.take(ONE, 9)
    assert hands.store.holdings(PORTAL, ONE, hands.tick()).taken_for == {
        7: TakenFor.SALE, 8: TakenFor.ROUTE, 9: TakenFor.ROUTE,
    }  # fmt: skip


def test_two_data_directories_with_one_name_are_refused(hands: Hands) -> None:
    with pytest.raises(SetupError) as refused:
        hands.store.enrol(TillCard(PORTAL, "a copy", "1"), hands.tick())
    assert refused.value.code == "till_name_taken"
    with pytest.raises(Rejected, match="не знает эту кассу"):
        hands.take("a copy", 7)
    hands.store.enrol(TillCard(PORTAL, ONE, "one again"), hands.tick())
    hands.store.enrol(TillCard(PORTAL, "a copy", "1"), hands.tick())
    assert hands.take("a copy", 7)[0].till == "1"


def test_everything_is_there_after_a_restart(shared_url: str) -> None:
    before = Hands(open_store(shared_url))
    mine = before.take(ONE, 7, 8)
    before.close(ONE, 8, mine[1].fence)
    before.store.close()
    again = open_store(shared_url)
    try:
        after = again.take(PORTAL, TWO, [7, 8, 9], TakenFor.SALE, START)
        assert [(each.state, each.till) for each in after] == [
            (ClaimState.HELD, "1"), (ClaimState.RECEIPTED, "1"), (ClaimState.HELD, "2"),
        ]  # fmt: skip
        assert after[2].fence > mine[1].fence
    finally:
        again.close()


@pytest.mark.parametrize(
    "address", ["mysql://root:hunter2@localhost/x", "nonsense", "sqlite:////no/such/folder/x.sqlite", ""]
)
def test_an_address_that_does_not_open_is_said_without_its_password(address: str) -> None:
    with pytest.raises(SetupError) as refused:
        open_store(address)
    assert refused.value.code == "gateway_database"
    assert "hunter2" not in str(refused.value)
