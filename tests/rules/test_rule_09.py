"""Rule 9: the request's uuid belongs to the try. It is noted before the POST and ended before anything is read; while
it may still run nothing is concluded and nothing sold. A new try has a new uuid and carries the same key.

What the queue itself says – 404, error, interrupted – is tried in tests/devices/atol/test_web.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.tasks import Busy, Lost, NotSent
from posapp.devices.simulator.atol_tasks import AtolTasks
from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.domain.fiscal import DocumentType
from posapp.domain.money import Money
from posapp.domain.order import Order
from posapp.domain.settlement import State
from posapp.errors import OutcomeUnknown, Refused, ResolveNeeded, SetupError, Unreachable
from posapp.journal.rows import Attempt, StoredReceipt
from posapp.journal.store import Journal
from posapp.settings import TRAINING, PortalSettings, Settings, VatSettings
from posapp.till import recover, requests, resolve, sale, setup, shift
from posapp.till.context import Till
from tests.devices.atol.sim_tasks import SimTasks, busy, failed, lost, not_sent
from tests.till.shops import PORTAL, TAG_VAT_22, an_order, cash

OLD = "http://kassa:16732"


class Watched(SimTasks):
    """Keeps in which order things were asked for, and what the journal held when something was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.at_sending: Callable[[str], object] = lambda uuid: None
        self.seen: list[object] = []
        self.on_end: Callable[[], None] = lambda: None
        self.on_asked: Callable[[str], None] = lambda name: None
        self.instead: Mapping[str, Any] = {}
        self.results: dict[str, Mapping[str, Any]] = {}
        self.other = AtolTasks(Printer(identity_of(7_654_321), self.now))
        self.other.perform({"type": "openShift", "operator": {"name": "Кассир"}}, self.now)

    def swap(self) -> None:
        """Behind the server's default device there is the other register now."""
        self.register, self.other = self.other, self.register

    def result_of(self, request: str) -> Mapping[str, Any] | None:
        return self.results.get(request)

    def perform(self, task: Mapping[str, Any], timeout_s: float, request: str = "") -> dict[str, Any]:
        self.asked.append(str(task["type"]))
        self.on_asked(str(task["type"]))
        if request and self.instead:
            task = self.instead
        if request:
            self.seen.append(self.at_sending(request))
        return super().perform(task, timeout_s, request)

    def end_request(self, request: str) -> None:
        self.asked.append(f"end {request}")
        self.on_end()
        super().end_request(request)

    def reset(self) -> None:
        self.asked.append("reset")
        super().reset()


class AtolShop:
    """A till on an АТОЛ that takes requests; `restart` is a new process on the same journal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tasks = Watched()
        self.url = OLD
        self._orders, self._ids = itertools.count(1), itertools.count(1)
        profile = setup.probe(self._device())
        settings = Settings(TRAINING, str(UUID(int=1)))
        self.settings = setup.with_printer(settings, profile, model="atol", port=OLD, link="auto", password=30).with_(
            portal=PortalSettings(PORTAL, "till-driven", "F", is_simulated=True),
            vat=VatSettings(confirmed={1: TAG_VAT_22}, rows={1: ("НДС 22 %", "22")}),
        )
        self.till = self._open()
        shift.open_shift(self.till)
        self.tasks.performed.clear()
        self.tasks.asked.clear()
        self.tasks.seen.clear()

    def _device(self) -> AtolPrinter:
        return AtolPrinter(self.tasks, self.url, link="web", takes_requests=bool(self.url), pause=lambda seconds: None)

    def set_up(self, url: str) -> None:
        """The settings name another address, "" for the library; a new process."""
        self.url = url
        self.restart()

    def _open(self) -> Till:
        now = lambda: self.tasks.now.replace(tzinfo=UTC)  # noqa: E731
        ids = lambda: UUID(int=(9 << 64) + next(self._ids))  # noqa: E731
        return Till(self.settings, Journal.open(self.folder, now=now), now, ids, self._device())

    def close(self) -> None:
        self.till.printer.close()
        self.till.journal.close()

    def restart(self) -> None:
        self.close()
        self.till = self._open()

    def order(self) -> Order:
        return an_order(next(self._orders))

    def sell(self, order: Order) -> sale.Sold:
        return sale.sell(self.till, order, cash(order.price))

    def stored(self, order: Order) -> StoredReceipt:
        (found,) = self.till.journal.receipts_of_order(PORTAL, order.order_id)
        return found

    def attempt(self, order: Order) -> Attempt:
        found = self.till.journal.last_attempt(self.stored(order).receipt.key)
        assert found is not None
        return found

    @property
    def uuids(self) -> list[str]:
        return [uuid for _, uuid in self.tasks.performed if uuid]

    @property
    def receipts(self) -> int:
        documents = self.tasks.printer.storage.documents
        return sum(1 for each in documents if each.form == DocumentType.RECEIPT)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[AtolShop]:
    made = AtolShop(tmp_path)
    yield made
    made.close()


# --- receipts


def test_the_uuid_is_on_disk_before_it_is_sent(shop: AtolShop) -> None:
    order = shop.order()
    shop.tasks.at_sending = lambda uuid: shop.attempt(order).evidence.get("request")
    shop.sell(order)
    assert shop.uuids == shop.tasks.seen
    assert UUID(shop.uuids[0])


@pytest.mark.parametrize("where", ["before", "after"])
def test_recovery_ends_the_request_before_it_reads(shop: AtolShop, where: str) -> None:
    """At once, and after a restart in which the first try to do so failed."""
    order = shop.order()
    getattr(shop.tasks, where)["sell"] = lost
    shop.tasks.on_end = trouble_once(Busy("нет бумаги", "atol_queue"))
    with pytest.raises(OutcomeUnknown):
        shop.sell(order)
    assert shop.stored(order).state is State.SENDING
    (uuid,) = shop.uuids
    shop.restart()
    shop.tasks.asked.clear()
    if where == "after":
        with pytest.raises(sale.AlreadyReceipted):
            shop.sell(order)
    else:
        shop.sell(order)
    ended, reset = shop.tasks.asked.index(f"end {uuid}"), shop.tasks.asked.index("reset")
    reads = [at for at, name in enumerate(shop.tasks.asked) if name == "getFnDocument"]
    assert ended < reset < min(reads)
    assert shop.stored(order).state is State.FISCALIZED
    assert shop.receipts == 1


def trouble_once(trouble: Exception) -> Callable[[], None]:
    """Raises it the first time."""
    waiting = [trouble]

    def act() -> None:
        if waiting:
            raise waiting.pop()

    return act


def test_a_new_try_has_a_new_uuid_and_the_same_key(shop: AtolShop) -> None:
    order = shop.order()
    shop.tasks.before["sell"] = lost
    with pytest.raises(Refused, match="не"):
        shop.sell(order)
    key = shop.stored(order).receipt.key
    assert shop.stored(order).state is State.PENDING
    shop.sell(order)
    assert len(set(shop.uuids)) == 2
    assert shop.stored(order).receipt.key == key
    assert shop.attempt(order).evidence["request"] == shop.uuids[1]
    assert shop.receipts == 1


@pytest.mark.parametrize(
    "trouble", [Busy("нет бумаги", "atol_queue"), NotSent("нет соединения"), NotSent("нет", "atol_login")]
)
def test_while_it_may_still_run_nothing_is_concluded_and_nothing_sold(shop: AtolShop, trouble: Exception) -> None:
    order, other = shop.order(), shop.order()
    shop.tasks.after["sell"] = lost
    shop.tasks.on_end = raising(trouble)
    with pytest.raises(OutcomeUnknown):
        shop.sell(order)
    for _ in range(2):
        shop.restart()
        with pytest.raises(OutcomeUnknown):
            shop.sell(order)
        with pytest.raises((Refused, Unreachable)):
            shop.sell(other)
        with pytest.raises((Refused, Unreachable)):
            shift.close_shift(shop.till)
        assert shop.stored(order).state is State.SENDING
        assert shop.till.journal.receipts_of_order(PORTAL, other.order_id) == []
    shop.tasks.on_end = lambda: None
    shop.sell(other)
    assert shop.stored(order).state is State.FISCALIZED
    assert shop.receipts == 2


def raising(trouble: Exception) -> Callable[[], None]:
    """Raises it each time."""

    def act() -> None:
        raise trouble

    return act


@pytest.mark.parametrize("code, told", [(68, "shift_expired"), (44, "paper_out"), (501, "device_refused")])
def test_a_number_is_the_reason_only_after_the_storage_was_read(shop: AtolShop, code: int, told: str) -> None:
    order = shop.order()
    shop.tasks.before["sell"] = failed(code)
    with pytest.raises(Refused) as refused:
        shop.sell(order)
    assert refused.value.code == told
    assert shop.stored(order).state is State.REFUSED
    shop.tasks.after["sell"] = failed(code)
    shop.sell(order)
    assert shop.stored(order).state is State.FISCALIZED, "the same number, and the document is there"
    assert shop.receipts == 1


def test_what_did_not_go_out_waits_for_the_cashier(shop: AtolShop) -> None:
    order = shop.order()
    for trouble in (not_sent, busy):
        shop.tasks.before["sell"] = trouble
        with pytest.raises((Unreachable, Refused)):
            shop.sell(order)
        assert shop.stored(order).state in (State.PENDING, State.REFUSED)
    shop.sell(order)
    assert shop.receipts == 1


# --- a queue that the till has left

ELSEWHERE = ["", "http://kassa:16733", "http://other:16732", "http://kassa:16732/?deviceID=2"]
"""The library, another port, another computer, another register of the same server."""


def left_unknown(shop: AtolShop) -> Order:
    """A receipt whose outcome is open: its answer was lost and the queue stands."""
    order = shop.order()
    shop.tasks.before["sell"] = lost
    shop.tasks.on_end = trouble_once(Busy("нет бумаги", "atol_queue"))
    with pytest.raises(OutcomeUnknown):
        shop.sell(order)
    return order


@pytest.mark.parametrize("url", ELSEWHERE)
def test_in_another_queue_the_silence_of_the_storage_proves_nothing(shop: AtolShop, url: str) -> None:
    order = left_unknown(shop)
    ended = len(shop.tasks.ended)
    shop.set_up(url)
    for each in (order, shop.order()):
        with pytest.raises(ResolveNeeded) as told:
            shop.sell(each)
        assert told.value.code == "queue_left"
        assert OLD in told.value.message("ru")
    assert shop.stored(order).state is State.SENDING
    assert len(shop.tasks.ended) == ended, "a server that never had it is not asked"
    shop.set_up(OLD + "/")  # the same address, as somebody else types it
    shop.sell(order)
    assert len(shop.tasks.ended) == ended + 1
    assert shop.receipts == 1


def test_a_document_with_our_key_is_ours_whichever_queue_made_it(shop: AtolShop) -> None:
    order = shop.order()
    shop.tasks.after["sell"] = lost
    shop.tasks.on_end = trouble_once(Busy("нет бумаги", "atol_queue"))
    with pytest.raises(OutcomeUnknown):
        shop.sell(order)
    shop.set_up("")
    recover.recover(shop.till)
    assert shop.stored(order).state is State.FISCALIZED


def test_a_person_ends_what_is_in_another_queue_with_a_reason(shop: AtolShop) -> None:
    order = left_unknown(shop)
    key = shop.stored(order).receipt.key
    shop.set_up("")
    (case,) = resolve.waiting(shop.till)
    (choice,) = case.choices
    assert (case.code, choice.id, choice.needs_why) == ("queue_left", "not_made", True)
    assert OLD in case.story[-1]
    assert OLD in choice.consequence
    with pytest.raises(ResolveNeeded) as told:
        resolve.decide(shop.till, key, choice.id)
    assert told.value.code == "why_needed"
    resolve.decide(shop.till, key, choice.id, why="сервер списан, диск снят")
    assert shop.stored(order).state is State.PENDING
    shop.sell(order)
    assert shop.receipts == 1


def test_cash_in_another_queue_is_not_put_in_again(shop: AtolShop) -> None:
    shop.tasks.before["cashIn"] = lost
    shop.tasks.on_end = trouble_once(Busy("нет бумаги", "atol_queue"))
    with pytest.raises(OutcomeUnknown):
        shift.cash_in(shop.till, Money(10_000))
    shop.set_up("")
    with pytest.raises(ResolveNeeded) as told:
        shift.cash_in(shop.till, Money(10_000))
    assert told.value.code == "queue_left"
    (case,) = resolve.waiting(shop.till)
    assert [each.needs_why for each in case.choices] == [True, True]
    with pytest.raises(ResolveNeeded):
        resolve.decide(shop.till, case.key, "operation_not_made")
    resolve.decide(shop.till, case.key, "operation_not_made", why="сервер списан")
    assert shop.till.journal.operations_sending() == []


def test_another_address_is_not_set_up_while_the_queue_may_still_print(shop: AtolShop) -> None:
    left_unknown(shop)
    requests.refuse_leaving(shop.till.journal, shop.till.printer.queue)
    for url in ELSEWHERE:
        shop.set_up(url)
        with pytest.raises(SetupError) as told:
            requests.refuse_leaving(shop.till.journal, shop.till.printer.queue)
        assert told.value.code == "queue_waits"
        assert OLD in told.value.message("ru")


# --- the key


def test_on_a_new_register_a_foreign_document_beside_a_doubt_is_a_persons_case(shop: AtolShop) -> None:
    """Nothing has proven yet that documents here show our key, so its absence proves nothing."""
    order = shop.order()
    shop.tasks.before["sell"] = lost
    shop.tasks.on_end = foreign_sale(shop)
    with pytest.raises(ResolveNeeded):
        shop.sell(order)
    assert shop.attempt(order).evidence["key_tag"] == ""
    (case,) = resolve.waiting(shop.till)
    assert case.key == shop.stored(order).receipt.key


def test_on_a_register_that_has_shown_our_key_its_absence_proves(shop: AtolShop) -> None:
    shop.sell(shop.order())
    shop.restart()
    order = shop.order()
    shop.tasks.before["sell"] = lost
    shop.tasks.on_end = foreign_sale(shop)
    with pytest.raises(Refused):
        shop.sell(order)
    assert shop.attempt(order).evidence["key_tag"] == "1084"
    assert shop.stored(order).state is State.PENDING


def foreign_sale(shop: AtolShop) -> Callable[[], None]:
    """Another program prints a receipt of the same kind, once."""
    task = {
        "type": "sell",
        "taxationType": "osn",
        "items": [
            {"type": "position", "name": "X", "price": 590, "quantity": 1, "amount": 590, "tax": {"type": "vat22"}}
        ],
        "payments": [{"type": "cash", "sum": 590}],
    }
    waiting = [task]

    def act() -> None:
        if waiting:
            shop.tasks.register.perform(waiting.pop(), shop.tasks.now)

    return act


def test_a_server_that_calls_a_foreign_document_ours_is_not_believed_where_ours_show_the_key(shop: AtolShop) -> None:
    """Ready and not "recovered", as a server says it that took another program's document for its own."""
    shop.sell(shop.order())
    order = shop.order()
    shop.tasks.instead = foreign_task(order.price)
    with pytest.raises(ResolveNeeded, match="нашего ключа в нём нет"):
        shop.sell(order)
    shop.tasks.instead = {}
    shop.restart()
    assert shop.stored(order).state is State.SENDING
    number = shop.tasks.documents
    (case,) = resolve.waiting(shop.till)
    assert [each.id for each in case.choices] == [f"made:{number}", f"not_made:{number}"]
    assert "веб-сервер" in case.story[-1].lower()
    resolve.decide(shop.till, case.key, f"not_made:{number}", why="чек пробила другая касса")
    shop.sell(order)
    assert shop.receipts == 3


def test_a_person_may_say_that_it_is_ours_after_all(shop: AtolShop) -> None:
    """A register that was set up anew has left the key out."""
    shop.sell(shop.order())
    order = shop.order()
    shop.tasks.instead = foreign_task(order.price)
    with pytest.raises(ResolveNeeded):
        shop.sell(order)
    resolve.decide(shop.till, shop.stored(order).receipt.key, f"made:{shop.tasks.documents}")
    assert shop.stored(order).state is State.FISCALIZED


def foreign_task(price: Money) -> dict[str, Any]:
    """Another program's sale of that sum."""
    line = {"type": "position", "name": "X", "price": price.roubles, "quantity": 1, "amount": price.roubles}
    return {
        "type": "sell",
        "taxationType": "osn",
        "items": [{**line, "tax": {"type": "vat22"}}],
        "payments": [{"type": "cash", "sum": price.roubles}],
    }


# --- another register behind the same server


def elsewhere_until_back(shop: AtolShop, order: Order) -> None:
    """The former register is back, and nothing is said to be not made: a person says so, with a reason."""
    shop.tasks.at_sending = lambda uuid: None
    for _ in range(2):
        shop.restart()
        with pytest.raises(ResolveNeeded) as told:
            shop.sell(order)
        assert told.value.code == "made_elsewhere"
    assert shop.stored(order).state is State.SENDING
    (case,) = resolve.waiting(shop.till)
    (choice,) = case.choices
    assert choice.needs_why
    with pytest.raises(ResolveNeeded) as unsaid:
        resolve.decide(shop.till, case.key, choice.id)
    assert unsaid.value.code == "why_needed"
    resolve.decide(shop.till, case.key, choice.id, why="на второй ККТ чек отменили")
    assert shop.stored(order).state is State.PENDING


def test_an_answer_that_names_another_register_forbids_not_made(shop: AtolShop) -> None:
    order = shop.order()
    shop.tasks.at_sending = lambda uuid: shop.tasks.swap()
    shop.tasks.on_end = shop.tasks.swap
    with pytest.raises(ResolveNeeded) as told:
        shop.sell(order)
    assert told.value.code == "made_elsewhere"
    assert "ФН" in told.value.message("ru")
    shop.tasks.on_end = lambda: None
    elsewhere_until_back(shop, order)


@pytest.mark.parametrize("is_at_once", [True, False])
def test_another_register_that_was_met_in_the_queue_forbids_not_made(shop: AtolShop, is_at_once: bool) -> None:
    """By the recovery of the sale itself, or by one after a restart."""
    order = shop.order()
    shop.tasks.at_sending = lambda uuid: shop.tasks.swap()
    shop.tasks.after["sell"] = lost
    shop.tasks.on_end = (lambda: None) if is_at_once else trouble_once(Busy("нет бумаги", "atol_queue"))
    with pytest.raises(ResolveNeeded if is_at_once else OutcomeUnknown):
        shop.sell(order)
    if not is_at_once:
        shop.tasks.at_sending = lambda uuid: None
        shop.restart()
        with pytest.raises(OutcomeUnknown):
            shop.sell(order)
    shop.tasks.swap()
    elsewhere_until_back(shop, order)


def test_a_result_in_the_queue_that_names_another_register_forbids_not_made(shop: AtolShop) -> None:
    """The till was killed before it heard the answer, and nobody has met the other register."""
    order = left_unknown(shop)
    other = identity_of(7_654_321)
    shop.tasks.results[shop.uuids[-1]] = {
        "fiscalParams": {
            "fiscalDocumentNumber": 2,
            "fiscalDocumentSign": "123456",
            "fnNumber": other.storage_number,
            "registrationNumber": other.registration_number,
        }
    }
    elsewhere_until_back(shop, order)


def test_another_register_that_is_seen_before_the_post_gets_nothing(shop: AtolShop) -> None:
    order = shop.order()

    def swapped(name: str) -> None:
        receipts = shop.till.journal.receipts_of_order(PORTAL, order.order_id)
        if name == "getDeviceStatus" and receipts and receipts[0].state is State.SENDING:
            shop.tasks.on_asked = lambda name: None
            shop.tasks.swap()

    shop.tasks.on_asked = swapped
    with pytest.raises(Refused) as told:
        shop.sell(order)
    assert told.value.code == "wrong_device"
    assert shop.uuids == []
    shop.tasks.swap()
    shop.sell(order)
    assert shop.receipts == 1


def test_cash_that_the_queue_has_put_in_and_the_register_has_not_is_a_persons_case(shop: AtolShop) -> None:
    shop.tasks.was_done = lambda request: True  # type: ignore[attr-defined]
    shop.tasks.before["cashIn"] = lost
    with pytest.raises(ResolveNeeded, match="сделанной"):
        shift.cash_in(shop.till, Money(10_000))
    assert len(shop.till.journal.operations_sending()) == 1


# --- shift and drawer


def test_operations_note_their_uuid_too(shop: AtolShop) -> None:
    shop.tasks.at_sending = lambda uuid: [each.before.get("request") for each in shop.till.journal.operations_sending()]
    shift.cash_in(shop.till, Money(10_000))
    shift.cash_out(shop.till, Money(500))
    shift.x_report(shop.till)
    shift.close_shift(shop.till)
    assert shop.tasks.seen == [[uuid] for uuid in shop.uuids]
    assert len(set(shop.uuids)) == 4


def test_a_lost_cash_operation_is_ended_and_then_proven(shop: AtolShop) -> None:
    shop.tasks.after["cashIn"] = lost
    shop.tasks.on_end = raising(Busy("нет бумаги", "atol_queue"))
    with pytest.raises(OutcomeUnknown):
        shift.cash_in(shop.till, Money(10_000))
    (uuid,) = shop.uuids
    shop.restart()
    shop.tasks.on_end = lambda: None
    shop.tasks.asked.clear()
    with pytest.raises(ResolveNeeded):  # nobody has witnessed it, and another program may have put in the same sum
        recover.recover(shop.till)
    assert shop.tasks.asked.index(f"end {uuid}") < shop.tasks.asked.index("getShiftTotals")


def test_a_queue_that_says_it_was_done_witnesses_a_cash_operation(shop: AtolShop) -> None:
    shop.tasks.was_done = lambda request: True  # type: ignore[attr-defined]
    shop.tasks.after["cashIn"] = lost
    report = shift.cash_in(shop.till, Money(10_000))
    assert report.totals.cash_in == Money(10_000)
    assert shop.uuids == shop.tasks.ended


def test_a_lost_end_of_the_shift_is_proven_by_its_state(shop: AtolShop) -> None:
    shop.tasks.after["closeShift"] = lambda: Lost("нет ответа")
    assert not shift.close_shift(shop.till).shift.is_open
    shop.tasks.before["openShift"] = lost
    with pytest.raises(Refused):
        shift.open_shift(shop.till)
    assert shift.open_shift(shop.till).shift.is_open
