"""Delivery from a real journal to the simulated portal over HTTP: whatever goes wrong, everything ends up once."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from posapp.errors import JournalError
from posapp.sync.outbox import ENTRY_BACKOFF, LINK_BACKOFF, Backoff, deliver
from posapp.sync.simulator.access import Access
from tests.sync.portals import WRITES, Row, order_row, serving, shop_of
from tests.sync.sales import PRINTED, Shop, shop_with

STOCKED = [{"id": 500, "iblockId": 15, "name": "Кружка", "quantity": 10, "quantityTrace": "Y", "canBuyZero": "N"}]
KEPT = ("comments", "trackingNumber", "deliveryDocNum", "responsibleId", "priceDelivery", "basePriceDelivery",
        "allowDelivery", "deliveryId", "statusId", "xmlId")  # fmt: skip


def stocked(order_id: int, **changes: Any) -> Row:
    row = order_row(order_id, **changes)
    row["basketItems"][0]["productId"] = 500
    return row


def with_delivery(order_id: int, **changes: Any) -> Row:
    """An order whose delivery costs something and was given a discount."""
    row = stocked(order_id, **changes)
    row["shipments"][0] |= {"priceDelivery": 300, "basePriceDelivery": 350, "xmlId": "ship-1"}
    row["payments"][0]["sum"] = 400
    return row


@contextmanager
def selling(folder: Path, *orders: Row, **served: Any) -> Iterator[Shop]:
    with serving(shop_of(*orders, products=STOCKED), **served) as bitrix, shop_with(bitrix, folder) as shop:
        yield shop


def assert_told_once(shop: Shop, order_id: int, before: Row, stock: str = "9.000") -> None:
    """The portal holds mark, payment, status and stock; every write was stored exactly once; nothing else changed."""
    after = shop.bitrix.order(order_id)
    receipt = shop.receipts[order_id]
    assert (after["payed"], after["statusId"], after["deducted"]) == ("Y", "F", "Y")
    payment = after["payments"][0]
    mark = shop.journal.receipt(receipt.key)
    assert mark is not None
    assert mark.mark is not None
    assert payment["psInvoiceId"] == receipt.key
    assert payment["payVoucherNum"] == str(mark.mark.document_number)
    assert payment["payVoucherDate"].startswith("2026-11-21T")
    assert payment["psResponseDate"].startswith(PRINTED.isoformat())
    assert payment["psStatusCode"] == "FISCAL_OK"
    assert f"fp={mark.mark.document_sign};" in payment["psStatusDescription"]
    assert Decimal(payment["psSum"]) == receipt.total.roubles
    assert payment["externalPayment"] == "N"
    assert after["version"] == before["version"] + 4, "each of the four writes was stored exactly once"
    assert after["price"] == before["price"]
    for old, new in zip(before["shipments"], after["shipments"], strict=True):
        assert {name: new[name] for name in KEPT} == {name: old[name] for name in KEPT}
    state = shop.bitrix.portal.state()
    assert state["stock"] == {"500": stock}
    assert state["checks"] == []
    assert shop.states(order_id) == "done done done done"
    assert all(each.proof for each in shop.entries(order_id).values())


def assert_read_between_repeats(shop: Shop) -> None:
    """For one order: no write is sent a second time unless the order was read in between."""
    sent: dict[str, int] = {}
    for row in shop.bitrix.requests():
        if row["method"] == "sale.order.get":
            sent.clear()
        elif row["method"] in WRITES:
            sent[row["method"]] = sent.get(row["method"], 0) + 1
            # the payment is written twice by design: its mark, then its being paid
            assert sent[row["method"]] <= (2 if row["method"] == "sale.payment.update" else 1), row


def deliver_until_done(shop: Shop, tries: int = 6) -> None:
    for _ in range(tries):
        if not shop.deliver(force=True).waiting:
            return
        shop.bitrix.clock.now_s += 700  # operating time and pauses of the portal pass
    raise AssertionError("not delivered")


# ---------------------------------------------------------------------------------------------- the plain way
def test_one_receipt_takes_five_requests(tmp_path: Path) -> None:
    with selling(tmp_path, with_delivery(1)) as shop:
        before = shop.bitrix.order(1)
        shop.sell(1)
        report = shop.deliver()
        assert (report.done, report.failed, report.waiting, report.trouble) == (4, 0, 0, None)
        assert shop.bitrix.http_requests() == 5
        assert_told_once(shop, 1, before)
        again = shop.deliver(force=True)
        assert (again.done, shop.bitrix.http_requests()) == (0, 5)


def test_many_receipts_share_batches(tmp_path: Path) -> None:
    with selling(tmp_path, *(order_row(number) for number in range(1, 121))) as shop:
        for number in range(1, 121):
            shop.sell(number)
        report = shop.deliver()
        assert (report.done, report.failed, report.trouble) == (480, 0, None)
        assert shop.bitrix.http_requests() == 15  # ⌈120 / 49⌉ rounds of one read and four writes
        assert all(order["payed"] + order["statusId"] + order["deducted"] == "YFY" for order in portal_orders(shop))
        assert all(order["version"] == 5 for order in portal_orders(shop))


def portal_orders(shop: Shop) -> list[Row]:
    orders: list[Row] = shop.bitrix.portal.state()["orders"]
    return orders


def test_the_log_has_a_row_for_every_command_and_no_other(tmp_path: Path) -> None:
    with selling(tmp_path, order_row(1), order_row(2)) as shop:
        shop.sell(1)
        shop.sell(2)
        shop.deliver()
        rows = shop.journal.log_rows()
        assert sorted((row.order_number, row.step, row.method) for row in rows) == sorted(
            (f"N-{number}", step, method)
            for number in (1, 2)
            for step, method in [("mark", "sale.order.get"), ("mark", WRITES[0]), ("payment", WRITES[0]),
                                 ("status", WRITES[1]), ("stock", WRITES[2])]
        )  # fmt: skip
        assert {(row.outcome, row.http, row.code, row.attempt) for row in rows} == {("done", 200, "", 1)}


# ---------------------------------------------------------------------------------------------- single faults
FAULTS: list[Row] = [
    {"do": "reset"},
    {"do": "reset", "when": "after_commit"},
    {"do": "html", "value": 502},
    {"do": "html", "value": 504, "when": "after_commit"},
    {"do": "http", "value": 500},
    {"do": "http", "value": 500, "when": "after_commit"},
    {"do": "http", "value": 503},
    {"do": "http", "value": 429},
    {"do": "warning"},
    {"do": "http", "value": {"status": 400, "error": "ERROR_CORE"}, "when": "after_commit"},
]
HITS = [("sale.payment.update", 1), ("sale.payment.update", 2), ("sale.order.update", 1), ("sale.shipment.update", 1),
        ("sale.order.get", 1), ("sale.paysystem.list", 1)]  # fmt: skip


CASES = [
    pytest.param(method, nth, fault, id=f"{method}-{nth}-{'-'.join(map(str, fault.values()))}")
    for (method, nth), fault in itertools.product(HITS, FAULTS)
    # Reads store nothing, so they have no warnings.
    if method.endswith("update") or not (fault["do"] == "warning" or isinstance(fault.get("value"), dict))
]


@pytest.mark.parametrize("method, nth, fault", CASES)
def test_a_fault_at_any_step_changes_nothing_in_the_end(tmp_path: Path, method: str, nth: int, fault: Row) -> None:
    with selling(tmp_path, with_delivery(1)) as shop:
        before = shop.bitrix.order(1)
        shop.sell(1)
        shop.bitrix.faults({"method": method, "nth": nth, **fault})
        shop.deliver()
        entries = shop.entries(1).values()
        assert "failed" not in {each.state for each in entries}
        deliver_until_done(shop)
        assert [each["seen"] >= nth for each in shop.bitrix.portal.faults.show()] == [True], "the fault never struck"
        assert_told_once(shop, 1, before)
        assert_read_between_repeats(shop)


def test_every_pair_of_lost_answers_is_survived(tmp_path: Path) -> None:
    """Reset before or after the commit at every place of the round, twice in a row."""
    cases = list(itertools.product(HITS[:4], ("before", "after_commit"), repeat=2))
    with selling(tmp_path, *(stocked(number) for number in range(1, len(cases) + 1))) as shop:
        shop.bitrix.portal.shop.products[500]["quantity"] = Decimal(1000)
        for number, ((method, nth), when, (second, second_nth), second_when) in enumerate(cases, 1):
            before = shop.bitrix.order(number)
            shop.sell(number)
            shop.bitrix.faults({"method": method, "nth": nth, "when": when, "do": "reset"})
            shop.deliver(force=True)
            shop.bitrix.faults({"method": second, "nth": second_nth, "when": second_when, "do": "reset"})
            shop.deliver(force=True)
            shop.bitrix.faults()
            deliver_until_done(shop)
            assert_told_once(shop, number, before, stock=f"{1000 - number}.000")


def test_a_lost_write_is_unsure_until_it_was_read(tmp_path: Path) -> None:
    with selling(tmp_path, stocked(1)) as shop:
        shop.sell(1)
        shop.bitrix.faults({"method": "sale.payment.update", "nth": 2, "when": "after_commit", "do": "reset"})
        report = shop.deliver()
        assert report.trouble is not None
        assert report.trouble.code == "offline"
        entries = shop.entries(1)
        assert {step: (each.state, each.is_unsure, each.code) for step, each in entries.items()} == {
            "mark": ("done", False, ""),
            "payment": ("waiting", True, "offline"),
            "status": ("waiting", False, "offline"),
            "stock": ("waiting", False, "offline"),
        }
        assert shop.bitrix.order(1)["payed"] == "Y"
        shop.bitrix.set("network", {"up": False})
        shop.deliver(force=True)
        assert shop.entries(1)["payment"].is_unsure, "nothing was read yet"
        shop.bitrix.set("network", {"up": True})
        shop.deliver(force=True)
        assert shop.states(1) == "done done done done"
        assert not shop.entries(1)["payment"].is_unsure
        assert shop.writes().count("sale.payment.update") == 2
        lost = [row for row in shop.journal.log_rows() if row.outcome == "lost"]
        assert [(row.order_number, row.step) for row in lost if row.order_number] == [
            ("N-1", "payment"),
            ("N-1", "payment"),
        ]


def test_a_crash_between_answer_and_journal_repeats_nothing(tmp_path: Path) -> None:
    with selling(tmp_path, stocked(1)) as shop:
        before = shop.bitrix.order(1)
        shop.sell(1)

        class Full:
            """The journal of a disk that is full."""

            def __getattr__(self, name: str) -> Any:
                return getattr(shop.journal, name)

            def settle_entries(self, *_: Any) -> None:
                raise JournalError("disk_full")

        with pytest.raises(JournalError):
            deliver(Full(), shop.bitrix.client, shop.clock.now)
        assert shop.states(1) == "waiting waiting waiting waiting"
        written = len(shop.writes())
        shop.deliver()
        assert len(shop.writes()) == written == 4
        assert_told_once(shop, 1, before)


# ---------------------------------------------------------------------------------------------- one order among many
def test_a_failing_order_does_not_hold_up_the_others(tmp_path: Path) -> None:
    rows = [order_row(number) for number in range(1, 11)]
    rows[4]["basketItems"][0] |= {"productId": 500, "quantity": 11, "price": 10}
    rows[4]["payments"][0]["sum"] = 110
    with selling(tmp_path, *rows) as shop:
        for number in range(1, 11):
            shop.sell(number)
        report = shop.deliver()
        assert (report.done, report.failed, report.waiting) == (39, 1, 0)
        assert shop.states(5) == "done done done failed"
        entry = shop.entries(5)["stock"]
        assert entry.code == "stock_rejected"
        assert "Недостаточно товара" in str(entry.facts["reason"])
        shop.bitrix.portal.shop.products[500]["quantity"] = Decimal(20)
        before = shop.bitrix.requests()[-1]["n"]
        assert shop.deliver(force=True).done == 0, "a failed entry waits for a person"
        shop.journal.retry_entry(entry.id, shop.clock.now())
        assert shop.deliver(only_entries=[entry.id]).done == 1
        assert shop.writes(before) == ["sale.shipment.update"]
        assert shop.bitrix.portal.state()["stock"] == {"500": "9.000"}


@pytest.mark.parametrize(
    "spoil, states, code, word",
    [
        ({"payments": {"psInvoiceId": "0123456789ABCDEF"}}, "failed waiting waiting waiting", "portal_differs", "чек"),
        ({"payments": {"payVoucherNum": "77"}}, "failed waiting waiting waiting", "portal_differs", "документ"),
        ({"payments": {"sum": Decimal("99.99")}}, "done failed waiting waiting", "portal_differs", "100,00"),
        ({"payments": {"id": 4711}}, "failed failed waiting waiting", "portal_differs", "больше нет"),
        ({"canceled": "Y"}, "done failed waiting waiting", "portal_differs", "отменён"),
        ({"system": "Y"}, "failed failed failed failed", "portal_prints", "Наличные"),
        ({"system": ""}, "failed failed failed failed", "portal_differs", "нельзя узнать"),
        ({"shipments": None}, "done done done failed", "stock_rejected", "отгрузки"),
        ({"gone": True}, "failed failed failed failed", "portal_differs", "больше нет"),
    ],
)
def test_conflicts_wait_for_a_person_and_write_nothing_wrong(
    tmp_path: Path, spoil: Row, states: str, code: str, word: str
) -> None:
    with selling(tmp_path, order_row(1), order_row(2)) as shop:
        shop.sell(1)
        shop.sell(2)
        portal = shop.bitrix.portal
        row = portal.shop.orders[1]
        row["payments"][0] |= spoil.get("payments", {})
        row["canceled"] = spoil.get("canceled", "N")
        if "shipments" in spoil:
            row["shipments"] = []
        if "system" in spoil:
            row["payments"][0]["paySystemId"] = 2
            system = portal.shop.pay_system(2)
            assert system is not None
            system |= {"CAN_PRINT_CHECK": spoil["system"], "NAME": "Наличные"}
        if "gone" in spoil:
            del portal.shop.orders[1]
        shop.deliver()
        assert shop.states(1) == states
        assert shop.states(2) == "done done done done"
        failed = next(each for each in shop.entries(1).values() if each.state == "failed")
        assert failed.code == code
        assert word in " ".join(map(str, failed.facts.values()))
        if "gone" not in spoil:
            after = shop.bitrix.order(1)
            assert after["payed"] == ("Y" if "shipments" in spoil else "N")
            assert after["deducted"] == "N"
            assert (
                after["payments"][0]["psInvoiceId"]
                == {
                    "failed": spoil.get("payments", {}).get("psInvoiceId", ""),
                    "done": shop.receipts[1].key,
                }[states.split(maxsplit=1)[0]]
            )
        assert portal.state()["checks"] == []


def test_a_pay_system_that_prints_stops_every_write_to_the_order(tmp_path: Path) -> None:
    """Rule 14: with a cashbox on, paying would have printed a second receipt."""
    with selling(tmp_path, order_row(1)) as shop:
        shop.sell(1)
        shop.bitrix.set(
            "settings", {"cashboxes": [{"ID": 1, "ACTIVE": "Y"}], "paySystems": [{"ID": 1, "CAN_PRINT_CHECK": "Y"}]}
        )
        shop.deliver()
        assert (shop.writes(), shop.bitrix.portal.state()["checks"]) == ([], [])
        assert {each.code for each in shop.entries(1).values()} == {"portal_prints"}


def test_a_payment_somebody_already_marked_paid_is_done(tmp_path: Path) -> None:
    with selling(tmp_path, order_row(1, statusId="F")) as shop:
        shop.sell(1)
        shop.bitrix.client.call("sale.payment.update", {"id": 11, "fields": {"paySystemId": 1, "paid": "Y"}})
        before = shop.bitrix.requests()[-1]["n"]
        shop.deliver()
        assert shop.writes(before) == ["sale.payment.update", "sale.shipment.update"]
        assert shop.states(1) == "done done done done"


def test_several_shipments_are_deducted_each_once(tmp_path: Path) -> None:
    row = stocked(1)
    item = row["basketItems"][0]
    item |= {"quantity": 3, "price": Decimal("33.33")}
    row["payments"][0]["sum"] = Decimal("99.99")
    base = row["shipments"][0]
    row["shipments"] = [
        {**base, "id": 21 + number, "shipmentItems": [{"basketId": item["id"], "quantity": 1}]} for number in range(3)
    ]
    row["shipments"][1]["deducted"] = "Y"
    with selling(tmp_path, row) as shop:
        shop.sell(1)
        shop.bitrix.faults({"method": "sale.shipment.update", "nth": 2, "do": "http", "value": 500})
        shop.deliver()
        assert shop.states(1) == "done done done waiting"
        shop.deliver(force=True)
        assert shop.states(1) == "done done done done"
        assert shop.bitrix.portal.state()["stock"] == {"500": "8.000"}  # one of three had left before
        assert shop.entries(1)["stock"].proof == "отгрузка 21, 22, 23"
        assert_read_between_repeats_of_shipments(shop)


def assert_read_between_repeats_of_shipments(shop: Shop) -> None:
    assert shop.writes().count("sale.shipment.update") == 3  # 21 and 23, then 23 again after a read


def test_a_write_that_is_answered_well_but_not_stored_is_noticed(tmp_path: Path) -> None:
    with selling(tmp_path, order_row(1)) as shop:
        shop.sell(1, status="Finished")  # the column holds two letters: the portal stores "Fi" and says nothing
        shop.deliver()
        assert shop.states(1) == "done done failed done"
        assert shop.entries(1)["status"].code == "portal_differs"
        assert shop.bitrix.order(1)["statusId"] == "Fi"


# ---------------------------------------------------------------------------------------------- the link and the access
def test_while_the_link_is_down_everything_waits_for_one_next_try(tmp_path: Path) -> None:
    with selling(tmp_path, *(order_row(number) for number in range(1, 61))) as shop:
        for number in range(1, 61):
            shop.sell(number)
        shop.bitrix.set("network", {"up": False})
        waits = []
        for _ in range(7):
            report = shop.deliver()
            assert report.trouble is not None
            assert report.trouble.code == "offline"
            assert report.retry_at is not None
            waits.append(round((report.retry_at - shop.clock.at).total_seconds()))
            waiting = shop.journal.entries(state="waiting")
            assert len(waiting) == 240
            assert {each.due_at for each in waiting} == {report.retry_at}
            assert shop.deliver().trouble is None, "nothing is due before the common next try"
            shop.clock.at = report.retry_at
        assert waits == [5, 10, 20, 40, 80, 120, 120]
        assert shop.bitrix.http_requests() == 0
        assert len(shop.journal.log_rows(limit=1000)) == 7 * 49, "one row per order whose request was lost"

        shop.bitrix.set("network", {"up": True})
        report = shop.deliver()
        assert (report.done, report.trouble) == (240, None)


def test_the_first_round_that_gets_through_takes_everything_along(tmp_path: Path) -> None:
    with selling(tmp_path, order_row(1), order_row(2)) as shop:
        shop.sell(1)
        shop.bitrix.set("network", {"up": False})
        for _ in range(5):
            shop.deliver(force=True)
        shop.bitrix.set("network", {"up": True})
        shop.sell(2)  # due at once, while the first still waits
        assert shop.deliver().done == 8


def test_a_revoked_key_stops_the_round_and_nothing_is_lost(tmp_path: Path) -> None:
    with selling(tmp_path, order_row(1)) as shop:
        shop.sell(1)
        portal = shop.bitrix.portal
        access, portal.access = portal.access, Access(8)  # a new secret: the old webhook is nobody's
        report = shop.deliver()
        assert report.trouble is not None
        assert (report.trouble.code, shop.bitrix.http_requests()) == ("webhook_unknown", 1)
        assert {each.code for each in shop.entries(1).values()} == {"webhook_unknown"}
        assert shop.states(1) == "waiting waiting waiting waiting"
        portal.access = access
        assert shop.deliver(force=True).done == 4


def test_without_the_pay_systems_nothing_is_written(tmp_path: Path) -> None:
    with selling(tmp_path, order_row(1)) as shop:
        shop.sell(1)
        shop.bitrix.set("settings", {"scopes": ["sale", "catalog"]})
        report = shop.deliver()
        assert report.trouble is not None
        assert report.trouble.code == "portal_no_paysystems"
        assert (shop.writes(), shop.states(1)) == ([], "waiting waiting waiting waiting")


def test_receipts_of_another_portal_never_reach_this_one(tmp_path: Path) -> None:
    with selling(tmp_path, order_row(1), order_row(2)) as shop:
        shop.sell(1, portal="other.example")
        shop.sell(2)
        report = shop.deliver()
        assert (report.done, report.failed) == (4, 4)
        assert shop.bitrix.order(1)["version"] == 1
        assert "other.example" in str(shop.entries(1)["mark"].facts["what"])


def test_an_entry_that_keeps_failing_alone_waits_longer_each_time(tmp_path: Path) -> None:
    with selling(tmp_path, order_row(1)) as shop:
        shop.sell(1)
        shop.bitrix.faults({"method": "sale.order.update", "do": "http", "value": 500, "times": -1})
        waits = []
        for _ in range(4):
            shop.deliver()
            entry = shop.entries(1)["status"]
            assert entry.state == "waiting"
            waits.append(round((entry.due_at - shop.clock.at).total_seconds()))
            shop.clock.at = entry.due_at
        assert waits == [5, 10, 20, 40]
        assert shop.states(1) == "done done waiting done"


def test_throttling_delays_and_loses_nothing(tmp_path: Path) -> None:
    with selling(tmp_path, order_row(1)) as shop:
        shop.sell(1)
        shop.bitrix.faults({"method": "batch", "nth": 3, "do": "http", "value": 503, "times": 2})
        assert shop.deliver().done == 4
        assert shop.bitrix.clock.slept == [1.0, 2.0]
        throttled = [row for row in shop.journal.log_rows() if row.code == "throttled"]
        assert [(row.order_number, row.outcome) for row in throttled] == [("", "failed"), ("", "failed")]


# ---------------------------------------------------------------------------------------------- back-off
@pytest.mark.parametrize("backoff", [ENTRY_BACKOFF, LINK_BACKOFF, Backoff(1, 8, 0.5)])
def test_back_off_grows_to_its_bound_and_jitter_only_shortens(backoff: Backoff) -> None:
    waits = [backoff.delay(tries, 0.0) for tries in range(1, 200)]
    assert waits[0] == timedelta(seconds=backoff.first_s)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(seconds=backoff.most_s)
    for tries in (1, 5, 50):
        assert (
            backoff.delay(tries, 0.0) * (1 - backoff.spread) <= backoff.delay(tries, 0.99) < backoff.delay(tries, 0.0)
        )
