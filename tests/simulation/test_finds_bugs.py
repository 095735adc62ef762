"""The simulation finds bugs: tills broken on purpose are caught, each by the promise that it breaks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from posapp.domain.checkout import Terms
from posapp.domain.fiscal import FiscalDocument
from posapp.domain.money import ZERO
from posapp.domain.offers import Offer, Way
from posapp.domain.order import Order
from posapp.domain.receipt import Receipt
from posapp.errors import DeviceError, JournalError
from posapp.journal import connect
from posapp.journal.store import Journal
from posapp.simulation.deals import DEALS, FIRST
from posapp.simulation.event import Event
from posapp.simulation.plan import ONE, Plan, plan_of
from posapp.simulation.runner import play
from posapp.till import recover, refund, sale
from posapp.till.context import Till

SEEDS = range(900, 980)


def caught(*words: str, tills: int = 1, seeds: Sequence[int] = SEEDS) -> str:
    """The first violation of a broken till; it must be one of those that are expected."""
    for seed in seeds:
        outcome = play(plan_of(seed, 1, tills))
        if outcome.violation:
            assert any(each in outcome.violation for each in words), outcome.violation
            return outcome.command
    raise AssertionError("a broken till passed every world")


def day_with(*armed: tuple[str, dict[str, Any]], presses: int = 3) -> Plan:
    """A day of one sale, with these faults waiting for it."""
    faults = [Event(600.0 + number, "fault", 0, {"name": name, **args}) for number, (name, args) in enumerate(armed)]
    sale_of_one = {"day": 0, "order": 0, "pay": "cash", "presses": presses, "fresh": False}
    events = (
        Event(0.0, "morning", 0, {"day": 0, "orders": 3}),
        *faults,
        Event(900.0, "sell", 0, sale_of_one),
        Event(39_600.0, "evening", 0, {"day": 0, "orders": 0, "heals": True}),
    )
    return Plan(1, 1, ONE, 1, events)


def test_a_day_made_by_hand_passes() -> None:
    outcome = play(day_with(("command_lost", {"code": 0xFF45, "times": 1})))

    assert (outcome.violation, outcome.receipts, outcome.unknown, outcome.resolved) == ("", 1, 1, 1)
    assert outcome.faults == {"command_lost": 1}


def nothing(_till: Till, _receipt: Receipt, after: int, *_: Any, **_more: Any) -> tuple[None, int]:
    """A search that finds nothing."""
    return None, after


def test_the_unbroken_till_passes_the_same_worlds() -> None:
    assert [play(plan_of(seed, 1, 1)).violation for seed in SEEDS[:2]] == [""] * 2


def test_a_till_that_prints_again_after_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    def again(till: Till, receipt: Receipt, doubt: DeviceError, **_more: Any) -> sale.Sold:
        till.printer.reset_link()
        if till.printer.open_document() is not None:
            till.printer.cancel_open_document()
        mark = till.printer.print_receipt(receipt, after=till.printer.last_document_number())
        return sale._fiscalized(till, receipt, mark)

    monkeypatch.setattr(sale, "_after_doubt", again)

    caught("два документа", "двух документах", "а есть ФД")


def test_a_till_that_believes_the_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    def last_one(till: Till, _receipt: Receipt, after: int, *_: Any, **_more: Any) -> tuple[FiscalDocument | None, int]:
        later = list(till.printer.documents_after(after))
        return (later[-1], later[-1].number) if later else (None, after)

    monkeypatch.setattr(recover, "_find", last_one)
    plan = day_with(
        ("second_program_sells", {"code": 0x8D, "when": "before", "kopecks": 5000}),
        ("command_lost", {"code": 0xFF45, "times": 1}),
    )

    assert "а там" in play(plan).violation


def test_a_till_that_takes_a_silence_for_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "_find", nothing)

    caught("а журнал кассы", "а есть ФД")


def test_a_mark_without_its_outbox_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Journal.fiscalize

    def bare(self: Journal, key: str, mark: Any, by: Any, outbox: Any, *rest: Any, **more: Any) -> None:
        whole(self, key, mark, by, [], *rest, **more)

    monkeypatch.setattr(Journal, "fiscalize", bare)

    caught("без записей для портала")


def test_printed_is_said_before_it_is_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Journal.fiscalize

    def lazy(self: Journal, *rest: Any, **more: Any) -> None:
        try:
            whole(self, *rest, **more)
        except JournalError:
            return

    plan = day_with(("disk_full", {"nth": 4, "times": 1}))  # at the commit of the mark
    assert play(plan).violation == ""

    monkeypatch.setattr(Journal, "fiscalize", lazy)

    assert "а на диске" in play(plan).violation


def test_a_journal_that_is_not_synchronous(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = connect.open_writer

    def normal(path: Path, factory: type[sqlite3.Connection]) -> sqlite3.Connection:
        db = whole(path, factory)
        db.execute("PRAGMA synchronous=NORMAL")
        return db

    plan = day_with(("power_loss", {"nth": 4, "garbles": True, "cut": 0.0}), presses=1)  # at the commit of the mark
    assert play(plan).violation == ""

    monkeypatch.setattr("posapp.simulation.disk.open_writer", normal)

    assert "а журнал кассы 1 не знает его" in play(plan).violation


def test_a_till_that_cancels_whatever_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = recover.status_for_sale

    def tidy(till: Till) -> Any:
        if till.printer.open_document() is not None:
            till.printer.cancel_open_document()
        return whole(till)

    plan = day_with(("second_program_receipt_open", {"kopecks": 50_00, "for_s": 1800, "closes": True}))
    assert play(plan).violation == ""

    monkeypatch.setattr(recover, "status_for_sale", tidy)

    assert "тронула открытый чек" in play(plan).violation


def test_tills_that_ask_nobody_for_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def free(*_rest: Any, **_more: Any) -> Iterator[None]:
        yield

    monkeypatch.setattr("posapp.till.claims.claimed", free)

    caught("два документа", "не доставлен", tills=2)


def deal(name: str, *steps: int, day: int = 0) -> list[Event]:
    """An order of one till with this deal, and its steps, an hour apart."""
    args = {"day": day, "order": FIRST, "deal": name, "pay": "cash", "presses": 3, "fresh": False}
    sells = [Event(3600.0 * number, "sell", 0, {**args, "step": step}) for number, step in enumerate(steps, 1)]
    morning = Event(0.0, "morning", 0, {"day": 0, "orders": 3, "deals": [name]})
    return [morning, *sells, Event(39_600.0, "evening", 0, {"day": 0, "orders": 0, "heals": True})]


@pytest.mark.parametrize("name", DEALS)
def test_a_deal_ends_in_all_its_steps_and_no_step_is_printed_twice(name: str) -> None:
    steps = range(len(DEALS[name].steps))

    outcome = play(Plan(1, 1, ONE, 1, tuple(deal(name, *steps, *steps))))

    assert (outcome.violation, outcome.receipts) == ("", len(steps))


def test_a_till_that_forgets_what_was_taken_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paid ahead, and handed over on credit all the same."""
    morning, paid, evening = deal("ahead", 0)
    on_credit = replace(paid, at=9000.0, args={**paid.args, "deal": "credit"})
    plan = Plan(1, 1, ONE, 1, (morning, paid, on_credit, evening))
    assert (play(plan).violation, play(plan).told["way_closed"]) == ("", 1)

    monkeypatch.setattr(sale, "made_for", lambda _till, _order: ())

    assert "а вперёд взято" in play(plan).violation


def test_a_till_that_takes_the_whole_price_after_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sale.offer_of

    def all_of_it(till: Till, order: Order, terms: Terms) -> Offer:
        offer = whole(till, order, terms)
        return replace(offer, due=order.price, prepaid=ZERO) if offer.way is Way.REST else offer

    monkeypatch.setattr(sale, "offer_of", all_of_it)

    assert "расчётов на" in play(Plan(1, 1, ONE, 1, tuple(deal("parts", 0, 1)))).violation


def with_refunds(*parts: bool, step_s: float = 3600.0) -> Plan:
    """An order that is sold, and taken back so many times: a thing of it (True) or all that is left."""
    plan = day_with(presses=3)
    morning, sold, evening = plan.events
    cash = Event(700.0, "cash_in", 0, {"kopecks": 5_000_000})
    args = {"day": 0, "order": 0, "pick": 0.0, "line": 0.5, "presses": 3}
    back = [Event(3600.0 + step_s * n, "refund", 0, {**args, "part": part}) for n, part in enumerate(parts)]
    return replace(plan, events=(morning, cash, sold, *back, evening))


def test_a_receipt_is_taken_back_once() -> None:
    outcome = play(with_refunds(False, False))

    assert (outcome.violation, outcome.receipts) == ("", 2)


def test_a_till_that_forgets_what_came_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refund, "earlier", lambda _till, _original: ())

    assert "возвращено больше" in play(with_refunds(False, False)).violation


def test_a_till_that_prints_a_refund_again_behind_a_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer was never seen: asked again, the same thing comes back twice."""
    bare = with_refunds(True)
    plans = []
    for nth in range(4, 9):  # around the commit of the mark
        killed = Event(3000.0, "fault", 0, {"name": "kill_after_commit", "nth": nth, "times": 1})
        plans.append(replace(bare, events=(*bare.events[:3], killed, *bare.events[3:])))
    assert {play(plan).violation for plan in plans} == {""}

    monkeypatch.setattr(refund, "_unseen", lambda _till, _original: None)

    assert any("а просили 1" in play(plan).violation for plan in plans)


def test_a_broken_plan_is_reduced_to_a_few_events(monkeypatch: pytest.MonkeyPatch) -> None:
    from posapp.simulation.shrink import reduced

    monkeypatch.setattr(recover, "_find", nothing)
    bare = day_with(("command_lost", {"code": 0x8D}), ("error_after_storage_wrote", {"code": 0xFF45, "value": 3}))
    more = [replace(bare.events[3], at=1000.0 + 60 * number, args={**bare.events[3].args, "order": number % 3})
            for number in range(20)]  # fmt: skip
    plan = replace(bare, events=(*bare.events[:-1], *more, bare.events[-1]))

    def fails(smaller: Plan) -> str:
        return play(smaller).violation

    small, violation = reduced(plan, fails, runs_max=60)

    assert violation
    assert [each.what for each in small.events] == ["morning", "fault", "sell", "evening"]
    assert fails(small) == violation
