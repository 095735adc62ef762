"""The request budget on a virtual clock, held against the simulated portal's own limiter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.errors import Offline
from posapp.sync.governor import CLOUD, ENTERPRISE, Governor, Limits
from posapp.sync.simulator.limits import PLANS, Limiter
from tests.sync.portals import VirtualClock


def governor(limits: Limits = CLOUD) -> tuple[Governor, VirtualClock]:
    clock = VirtualClock()
    return Governor(clock.monotonic, clock.sleep, limits), clock


@pytest.mark.parametrize("limits, plan", [(CLOUD, "cloud"), (ENTERPRISE, "enterprise")])
def test_a_thousand_requests_are_all_admitted_and_hardly_slower_than_allowed(limits: Limits, plan: str) -> None:
    ours, clock = governor(limits)
    theirs = Limiter(PLANS[plan])
    begin = clock.now_s
    for _ in range(1000):
        ours.wait(("sale.order.get",))
        assert theirs.admits("shop", clock.now_s)
    bound = (1000 - limits.size) / limits.leak_per_s
    assert bound <= clock.now_s - begin <= bound * 1.01 + 1


@given(st.lists(st.floats(0, 30), max_size=300))
def test_no_rhythm_of_requests_ever_spills_the_bucket(gaps: list[float]) -> None:
    ours, clock = governor()
    theirs = Limiter(PLANS["cloud"])
    for gap in gaps:
        clock.now_s += gap
        for _ in range(20):
            ours.wait(())
            assert theirs.admits("shop", clock.now_s)


def test_requests_may_arrive_closer_together_than_they_left() -> None:
    ours, clock = governor()
    theirs = Limiter(PLANS["cloud"])
    for number in range(400):
        ours.wait(())
        late = 0.45 if number % 7 == 0 else 0.0  # one on a slow way, the next ones overtake its delay
        assert theirs.admits("shop", clock.now_s + late)
        clock.now_s += late


def test_the_delay_is_told_without_being_spent() -> None:
    ours, clock = governor()
    for _ in range(49):
        assert ours.delay_before(()) == 0
        ours.wait(())
    assert clock.slept == []
    assert ours.delay_before(()) == ours.delay_before(()) == pytest.approx(0.5)


def test_throttling_pauses_longer_each_time_until_it_is_over() -> None:
    ours, _ = governor()
    pauses = []
    for _ in range(6):
        ours.note_throttled()
        pauses.append(ours.delay_before(()))
    assert pauses == [1, 2, 4, 8, 16, 16]
    ours.note_answer()
    ours.note_throttled()
    assert ours.delay_before(()) == 1


def test_after_throttling_the_bucket_counts_as_full() -> None:
    ours, clock = governor()
    ours.note_throttled()
    for _ in range(5):
        ours.wait(())
    assert clock.slept[0] == 1
    assert sum(clock.slept) == pytest.approx(5 / 2 + 0.5)


def test_operating_time_holds_back_its_method_alone_until_the_reset() -> None:
    ours, clock = governor(Limits(patience_s=700))
    ours.note_operating("sale.order.get", 479.9, 500)
    assert ours.delay_before(("sale.order.get",)) == 0
    ours.note_operating("sale.order.get", 480, 500)
    assert ours.delay_before(("sale.order.get",)) == 500
    assert ours.delay_before(("sale.payment.update", "sale.order.get")) == 500
    assert ours.delay_before(("sale.payment.update",)) == 0
    clock.now_s += 200
    ours.note_operating("sale.order.get", 12, 600)
    assert ours.delay_before(("sale.order.get",)) == 0


def test_a_429_without_a_date_rests_for_a_minute_and_keeps_a_known_date() -> None:
    ours, clock = governor(Limits(patience_s=700))
    ours.note_blocked("a")
    assert ours.delay_before(("a",)) == 60
    ours.note_operating("b", 500, 300)
    ours.note_blocked("b")
    assert ours.delay_before(("b",)) == 300
    ours.wait(("b",))
    assert clock.slept == [300]


def test_what_must_wait_too_long_fails_at_once_and_costs_nothing() -> None:
    ours, clock = governor(Limits(patience_s=5))
    ours.note_operating("a", 500, 300)
    for _ in range(100):
        with pytest.raises(Offline) as caught:
            ours.wait(("a",))
        assert (caught.value.code, caught.value.facts["retry_after_s"]) == ("throttled", 300)
    assert clock.slept == []
    assert ours.delay_before(()) == 0
