"""The request budget on a virtual clock, held against the simulated portal's own limiter."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.errors import Offline
from posapp.sync.governor import CLOUD, ENTERPRISE, Governor, Limits, Priority
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


# ---------------------------------------------------------------------- who goes first
def test_a_person_never_waits_behind_a_load_of_a_hundred_thousand_orders() -> None:
    """However long a load runs, the bucket has room for those who stand at the counter, and for marks before others."""
    ours, clock = governor()
    theirs = Limiter(PLANS["cloud"])
    begin = clock.now_s
    for number in range(2000):
        ours.wait(("sale.order.list",), priority=Priority.PULL)
        assert theirs.admits("shop", clock.now_s)
        if number % 50 == 49:
            slept = len(clock.slept)
            for _ in range(5):
                ours.wait(("sale.order.get",), priority=Priority.PERSON)
                assert theirs.admits("shop", clock.now_s)
            assert len(clock.slept) == slept
    assert clock.now_s - begin <= (2200 - 39) / 2 * 1.01 + 1


def test_marks_overtake_pulls_and_stock_and_persons_overtake_all() -> None:
    ours, _ = governor()
    order = (Priority.PULL, Priority.STOCK, Priority.STATUS, Priority.PAYMENT, Priority.MARK, Priority.PERSON)
    room = []
    for priority in order:
        sent = 0
        while not ours.delay_before((), priority):
            ours.wait((), priority=priority)
            sent += 1
        room.append(sent)
    assert room[0] == 39
    assert all(room[1:5])
    assert room[5] >= 2
    delays = [ours.delay_before((), priority) for priority in order]
    assert delays == sorted(delays, reverse=True)


def test_a_tiny_bucket_still_lets_everybody_through() -> None:
    ours, clock = governor(Limits(size=1, reserve=1, leak_per_s=1))
    for priority in Priority:
        ours.wait((), priority=priority)
    assert sum(clock.slept) == pytest.approx(5)


def test_threads_share_one_bucket() -> None:
    """Eight threads at once: none of them gets a request that the bucket does not hold."""
    lock, at = threading.Lock(), [1000.0]
    theirs = Limiter(PLANS["cloud"])
    refused: list[float] = []

    def now() -> float:
        with lock:
            return at[0]

    def sleep(seconds: float) -> None:
        with lock:
            at[0] += seconds

    ours = Governor(now, sleep, Limits(patience_s=1e9))

    def work() -> None:
        for _ in range(50):
            ours.wait(())
            with lock:
                if not theirs.admits("shop", at[0]):
                    refused.append(at[0])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert refused == []
    assert at[0] - 1000 >= (400 - 50) / 2


# ---------------------------------------------------------------------- operating time
def test_trap_67_operating_is_the_sum_so_far_and_is_not_added_up() -> None:
    ours, _ = governor(Limits(patience_s=700))
    for used in (100, 200, 300, 380):
        ours.note_operating("sale.order.list", used, 300)
        assert ours.delay_before(("sale.order.list",)) == 0


def test_a_method_slows_down_before_its_time_is_used_up() -> None:
    """A portal on which every call costs four seconds: without our pace the method would rest for minutes."""
    ours, clock = governor(Limits(patience_s=700))
    theirs = Limiter(PLANS["cloud"])
    refused = 0
    begin = clock.now_s
    for _ in range(300):
        ours.wait(("sale.order.list",))
        if theirs.is_blocked("we", "sale.order.list", clock.now_s):
            refused += 1
            ours.note_blocked("sale.order.list")
            continue
        theirs.spend("we", "sale.order.list", 4.0, clock.now_s)
        clock.now_s += 4
        spent = theirs.spent("we", "sale.order.list", clock.now_s)
        assert spent is not None
        ours.note_operating("sale.order.list", spent[0], spent[1] - clock.now_s)
    assert refused == 0
    assert max(clock.slept) <= 60
    allowed_s = 300 * 4 / 480 * 600  # 480 seconds of work in ten minutes
    assert clock.now_s - begin <= allowed_s * 1.1


def test_trap_66_a_method_that_rests_keeps_no_other_from_going() -> None:
    ours, _ = governor(Limits(patience_s=700))
    ours.note_blocked("sale.order.list")
    assert ours.delay_before(("sale.order.list",)) == 60
    assert ours.delay_before(("sale.payment.update",)) == 0
    assert list(ours.figures().resting) == ["sale.order.list"]


# ---------------------------------------------------------------------- figures
def test_the_figures_say_what_was_used_and_how_long_a_queue_takes() -> None:
    ours, clock = governor()
    assert ours.figures().drain_s(10) == 0
    for _ in range(30):
        ours.wait((), priority=Priority.MARK)
        ours.note_answer(0.4)
        clock.now_s += 1
    told = ours.figures()
    assert (told.allowed_per_s, told.used_per_s) == (2, 0.5)
    assert told.request_s == pytest.approx(0.4)
    assert told.drain_s(20) == pytest.approx(20 * 0.4)  # the bucket has room: the requests themselves take that long
    assert told.drain_s(1000) == pytest.approx((1000 - told.free) / 2)
    clock.now_s += 120
    assert ours.figures().used_per_s == 0
