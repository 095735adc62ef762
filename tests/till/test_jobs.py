"""Receipts that a site orders: printed exactly once with nobody at the till, whatever is lost, killed or repeated."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from posapp.domain import ffd
from posapp.domain.portal_check import check_keys
from posapp.domain.settlement import Stamp, State
from posapp.errors import JournalError, Offline, OutcomeUnknown, PosError, ResolveNeeded, SaleError, SetupError
from posapp.settings import JobSettings, VatSettings
from posapp.sync.bitrix.poll import Answer
from posapp.till import counters, jobs, marking, recover, resolve, shift, site_poll
from tests.domain.checks import site_body, site_item
from tests.till.rig import Killed
from tests.till.shops import Shop, an_order
from tests.till.sites import (
    HOST,
    Site,
    assert_printed_once,
    job_of,
    rounds,
    set_rules,
    settle,
    site_of,
    source_of,
)


@pytest.fixture
def site(shop: Shop) -> Site:
    return site_of(shop)


def kill_commit(shop: Shop, number: int, *, after: bool) -> None:
    """The process dies at its `number`th commit from now: before it, or right after it is durable."""
    journal: Any = shop.till.journal
    write, left = journal._write, [number]

    def dying(*args: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and not after:
            raise Killed
        result = write(*args)
        if left[0] == 0:
            raise Killed
        return result

    journal._write = dying


# ------------------------------------------------------------------------------------------------ the way
def test_an_order_of_the_site_is_printed_and_told(shop: Shop, site: Site) -> None:
    site.order(417, site_item(quantity=2))
    (done,) = rounds(shop, site)
    assert (done.taken, done.worked.printed, done.left) == (1, [f"check|{HOST}|417"], 1)
    (told,) = rounds(shop, site)
    assert (told.taken, told.told, told.left) == (0, 1, 0)
    assert_printed_once(shop, site, 417)
    (document,) = shop.register.receipts
    tags = ffd.decode(document.body)
    stamp = Stamp.parse(str(getattr(ffd.find(tags, 1084, 1086), "value", "")))
    assert stamp == Stamp("1", f"check|{HOST}|417", check_keys(f"check|{HOST}|417")[0])
    assert [getattr(ffd.find(tags, tag), "value", None) for tag in (1020, 1081, 1008)] == [
        380_000, 380_000, "buyer@example.test",
    ]  # fmt: skip
    assert counters.compare(shop.till).agrees
    assert shop.till.journal.entries() == []


def test_the_site_hears_of_this_register(shop: Shop, site: Site) -> None:
    rounds(shop, site)
    told = site.requests[-1]
    (kkm,) = told["kkm"]
    assert told["api_version"] == "2"
    identity = shop.till.identity
    assert (kkm["zn"], kkm["fn"], kkm["status"]) == (identity.factory_number, identity.storage_number, "ok")
    shop.register.fault("10", "paper_out", "before")
    rounds(shop, site)
    assert "бумаги" in site.requests[-1]["kkm"][0]["status"]
    shop.register.heal()
    shop.register.unplug()
    site.order()
    rounds(shop, site)
    assert site.requests[-1]["kkm"][0]["status"] != "ok"
    assert site.state[417] == "N"  # what cannot be printed is not fetched


def test_several_at_once_and_a_return(shop: Shop, site: Site) -> None:
    numbers = [site.order(number) for number in (1, 2, 3)]
    site.order(4, type="sellReturn")
    settle(shop, site)
    assert_printed_once(shop, site, *numbers, 4)
    assert counters.compare(shop.till).agrees


def test_the_shift_is_opened_for_it_and_an_expired_one_closed(closed_shop: Shop) -> None:
    site = site_of(closed_shop)
    site.order(1)
    settle(closed_shop, site)
    closed_shop.register.advance(25 * 3600)
    site.order(2)
    settle(closed_shop, site)
    assert_printed_once(closed_shop, site, 1, 2)
    shifts = {each.shift_number for each in closed_shop.register.receipts}
    assert len(shifts) == 2


def test_orders_of_the_till_go_on_beside_it(shop: Shop, site: Site) -> None:
    site.order(1)
    rounds(shop, site)
    shop.sell(an_order(1))
    site.order(2)
    settle(shop, site)
    shop.assert_exactly_one(1)
    assert len(shop.register.receipts) == 3
    assert counters.compare(shop.till).agrees


# ------------------------------------------------------------------------------------------------ its name
@pytest.mark.parametrize("moment", ["printed", "told", "unknown"])
def test_a_site_that_calls_itself_otherwise_orders_the_same_check(shop: Shop, site: Site, moment: str) -> None:
    """A new domain, another web node, an edited server name: the number is the site's, the name is only sent back."""
    site.order()
    if moment == "unknown":
        shop.register.fault("FF45", "power_off", "after_commit")
        with suppress(PosError):
            rounds(shop, site)
    else:
        rounds(shop, site)
    if moment == "told":
        rounds(shop, site)
        site.state[417] = "P"  # its database was put back
    site.called = "other.example"
    shop.register.heal()
    shop.register.advance(300)
    settle(shop, site)
    rounds(shop, site)
    assert len(shop.register.receipts) == 1
    assert site.state[417] == "Y"


# ------------------------------------------------------------------------------------------------ handed out again
def test_a_lost_answer_is_told_again_and_nothing_is_printed_twice(shop: Shop, site: Site) -> None:
    site.order()
    rounds(shop, site)
    site.loses = 3
    for _ in range(3):
        with pytest.raises(Offline):
            rounds(shop, site)
    rounds(shop, site)
    assert_printed_once(shop, site, 417)
    assert len(site.results[417]) == 4


def test_an_answer_with_work_that_is_lost_comes_again_after_four_minutes(shop: Shop, site: Site) -> None:
    site.order()
    site.loses = 1
    with pytest.raises(Offline):
        rounds(shop, site)
    rounds(shop, site)
    assert shop.register.receipts == []
    shop.register.advance(241)
    settle(shop, site)
    assert_printed_once(shop, site, 417)


@pytest.mark.parametrize("after_rounds", [1, 2, 3])
def test_the_same_number_again_is_told_and_not_printed(shop: Shop, site: Site, after_rounds: int) -> None:
    site.order()
    rounds(shop, site, after_rounds)
    for _ in range(3):
        site.state[417] = "N"  # the site has forgotten, or was restored
        rounds(shop, site, 2)
    assert_printed_once(shop, site, 417)
    assert job_of(shop).deliveries >= 2


def test_another_receipt_under_a_printed_number_is_neither_printed_nor_told_as_that_one(shop: Shop, site: Site) -> None:
    site.order()
    settle(shop, site)
    told = len(site.results[417])
    site.order(417, site_item(quantity=3))
    rounds(shop, site, 2)
    assert len(shop.register.receipts) == 1
    assert (job_of(shop).state, job_of(shop).code) == ("held", "check_differs")
    assert all(each["code"] != 0 for each in site.results[417][told:])
    assert site.state[417] == "E"


# ------------------------------------------------------------------------------------------------ kills
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("opcode", [0x8D, 0xFF46, 0xFF45, 0xFF40])
def test_killed_at_any_command_it_is_printed_once(shop: Shop, site: Site, opcode: int, after: bool) -> None:
    site.order()
    shop.register.killed_at = (opcode, after)
    with suppress(Killed):
        rounds(shop, site)
    shop.register.killed_at = None
    shop.restart()
    assert [each for each in site.results.get(417, []) if each["code"]] == []
    for key in _sending(shop):
        with suppress(ResolveNeeded):
            recover.recover(shop.till)
        if key in _sending(shop):  # nobody can prove who has opened what is open there: a person looks
            assert rounds(shop, site)[0].worked.trouble is not None
            assert site.results.get(417) is None
            assert resolve.decide_not_made(shop.till, key) == "pending"
    settle(shop, site)
    assert_printed_once(shop, site, 417)


def _sending(shop: Shop) -> list[str]:
    return [each.receipt.key for each in shop.till.journal.receipts_in(State.SENDING)]


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_commit_it_is_printed_once(shop: Shop, site: Site, after: bool) -> None:
    number, killed = 0, True
    while killed:
        number += 1
        check = site.order(1000 + number)
        kill_commit(shop, number, after=after)
        killed = False
        try:
            rounds(shop, site, 2)
        except Killed:
            killed = True
        shop.restart()
        settle(shop, site, tries=2)
        for key in _sending(shop):  # killed before it was noted who had opened what is open there: a person looks
            assert resolve.decide_not_made(shop.till, key) == "pending"
        settle(shop, site)
        assert site.state[check] == "Y"
        assert number < 40
    assert number > 6  # taken in, begun, attempt, evidence, mark, ended, told
    assert_printed_once(shop, site, *site.orders)


def test_killed_between_journal_and_attempt_it_is_printed_after_the_restart(
    shop: Shop, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> int:
        raise Killed

    site.order()
    with monkeypatch.context() as patch:
        patch.setattr(shop.till.journal, "start_attempt", die)
        with pytest.raises(Killed):
            rounds(shop, site)
    shop.restart()
    site.is_away = True
    worked = jobs.work(shop.till, source_of(shop))  # unattended, before the site is even asked
    assert worked.printed == [f"check|{HOST}|417"]
    site.is_away = False
    settle(shop, site)
    assert_printed_once(shop, site, 417)


def test_begun_long_ago_it_waits_for_the_site_to_want_it_still(
    shop: Shop, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> int:
        raise Killed

    site.order()
    with monkeypatch.context() as patch:
        patch.setattr(shop.till.journal, "start_attempt", die)
        with pytest.raises(Killed):
            rounds(shop, site)
    shop.restart()
    shop.register.advance(230)  # in ten seconds the site gives it to whoever asks
    assert jobs.work(shop.till, source_of(shop)).printed == []
    assert shop.register.receipts == []
    shop.register.advance(20)
    settle(shop, site)
    assert_printed_once(shop, site, 417)


# ------------------------------------------------------------------------------------------------ faults
@pytest.mark.parametrize("command", ["8D", "FF46", "FF45", "FF0A"])
@pytest.mark.parametrize(
    "do, when",
    [("drop_command", "before"), ("drop_reply", "after_commit"), ("error", "before"), ("power_off", "before")],
)
def test_any_fault_of_any_command_leaves_one_document(shop: Shop, site: Site, command: str, do: str, when: str) -> None:
    site.order()
    more = {"value": 0x50} if do == "error" else {}
    shop.register.fault(command, do, when, **more)
    with suppress(PosError):
        rounds(shop, site)
    shop.register.heal()
    for _ in range(12):
        for key in _sending(shop):
            with suppress(PosError):
                recover.recover(shop.till)
            if key in _sending(shop):
                resolve.decide_not_made(shop.till, key)
        with suppress(PosError):
            rounds(shop, site)
        if site.state[417] == "E":
            site.reprint(417)
        shop.register.advance(60)
        if site.state[417] == "Y":
            break
    assert_printed_once(shop, site, 417)


def test_while_the_outcome_is_unknown_nothing_is_told(shop: Shop, site: Site) -> None:
    site.order()
    shop.register.killed_at = (0xFF45, True)
    with pytest.raises(Killed):
        rounds(shop, site)
    shop.register.killed_at = None
    shop.restart()
    shop.register.unplug()
    for _ in range(8):
        shop.register.advance(100)
        rounds(shop, site)
    assert site.results == {}
    assert _sending(shop)
    shop.register.heal()
    shop.till.printer.close()
    settle(shop, site)
    assert_printed_once(shop, site, 417)


@pytest.mark.parametrize("change", ["rules", "unfit", "register"])
def test_while_the_outcome_is_unknown_nothing_is_said_of_it_whatever_is_ordered_now(
    shop: Shop, site: Site, change: str
) -> None:
    """It may be printed: other settings or another text under its number do not make it a failure."""
    site.order()
    shop.register.killed_at = (0xFF45, True)
    with pytest.raises(Killed):
        rounds(shop, site)
    shop.register.killed_at = None
    changed = {"rules": site.orders[417], "unfit": site_body(417, zn=site.zn, type="nothing"),
               "register": site_body(417, zn="00109900000009")}  # fmt: skip
    ordered, site.orders[417] = site.orders[417], changed[change]
    if change == "rules":
        shop.settings = shop.settings.with_(vat=VatSettings())
    set_rules(shop, JobSettings(HOST, is_simulated=True, rates=(6,) if change == "rules" else (11,)))
    shop.register.unplug()
    source = source_of(shop)
    for _ in range(3):
        site_poll.accept(shop.till, source, [], Answer(checks=(site.orders[417],)))
        worked = jobs.work(shop.till, source)
        assert isinstance(worked.trouble, OutcomeUnknown)
        assert (job_of(shop).state, jobs.ended(shop.till, source)) == ("open", [])
    assert _sending(shop)
    shop.register.heal()
    shop.till.printer.close()
    site.orders[417] = ordered
    shop.register.advance(241)
    settle(shop, site)
    assert_printed_once(shop, site, 417)


def test_what_the_register_refuses_is_a_warning_and_the_next_hand_out_tries_again(shop: Shop, site: Site) -> None:
    site.order()
    shop.register.fault("8D", "paper_out", "before")
    rounds(shop, site, 2)
    assert [each["code"] for each in site.results.get(417, [])] in ([], [-1])
    shop.register.heal()
    shop.register.advance(241)
    settle(shop, site)
    assert_printed_once(shop, site, 417)


# ------------------------------------------------------------------------------------------------ held and refused
def test_the_vat_trap_is_held_with_a_clear_word_and_printed_once_it_is_right(shop: Shop, site: Site) -> None:
    site.order(417, site_item(tax={"type": "none"}))
    rounds(shop, site, 2)
    assert shop.register.receipts == []
    assert (job_of(shop).state, job_of(shop).code) == ("held", "check_vat")
    (warning,) = site.results[417]
    assert warning["code"] == -1
    assert "без НДС" in warning["message"]
    rounds(shop, site, 3)
    assert len(site.results[417]) == 1  # told once for each hand-out
    set_rules(shop, JobSettings(HOST, is_simulated=True, rates=(6,), table_checked=True))
    shop.register.advance(241)
    settle(shop, site)
    assert_printed_once(shop, site, 417)


def test_what_is_wrong_for_good_is_told_as_final_and_a_reprint_is_looked_at_anew(shop: Shop, site: Site) -> None:
    site.order(417, site_item(tax={"type": "vat 22"}))
    rounds(shop, site, 2)
    (result,) = site.results[417]
    assert result["code"] == -3804
    assert "vat 22" in result["message"]
    assert site.state[417] == "E"
    site.reprint(417)
    rounds(shop, site, 2)
    assert site.state[417] == "E"
    site.orders[417] = site_body(417, zn=site.zn)
    site.reprint(417)
    settle(shop, site)
    assert_printed_once(shop, site, 417)


def test_an_order_for_another_register_is_refused(shop: Shop, site: Site) -> None:
    site.order(zn="00109900000009")
    rounds(shop, site, 2)
    assert site.state[417] == "E"
    assert shop.register.receipts == []


def test_a_person_refuses_a_job_and_only_a_new_order_prints_it(shop: Shop, site: Site) -> None:
    site.order(417, site_item(tax={"type": "none"}))
    rounds(shop, site)
    with pytest.raises(ResolveNeeded):
        jobs.refuse(shop.till, "417", "")
    jobs.refuse(shop.till, "417", "пробили вручную")
    set_rules(shop, JobSettings(HOST, is_simulated=True, rates=(6,), table_checked=True))
    shop.register.advance(241)
    settle(shop, site)
    assert site.state[417] == "E"
    assert shop.register.receipts == []
    assert "пробили вручную" in site.results[417][-1]["message"]
    site.reprint(417)
    settle(shop, site)
    assert_printed_once(shop, site, 417)
    with pytest.raises(SaleError) as told:
        jobs.refuse(shop.till, "417", "поздно")
    assert told.value.code == "job_begun"


def test_refused_while_the_site_is_asked_it_is_told_and_not_printed(shop: Shop, site: Site) -> None:
    """A round may take a minute: the word that it is held does not stand for the person's, which came after it."""
    site.order(417, site_item(tax={"type": "none"}))
    rounds(shop, site)

    def ask(body: Mapping[str, Any]) -> Answer:
        answer = site.ask(body)
        jobs.refuse(shop.till, "417", "пробили вручную")
        return answer

    site_poll.round_of(shop.till, site, ask)
    set_rules(shop, JobSettings(HOST, is_simulated=True, rates=(6,), table_checked=True))
    shop.register.advance(241)
    settle(shop, site)
    assert shop.register.receipts == []
    assert site.state[417] == "E"
    assert "пробили вручную" in site.results[417][-1]["message"]


def test_what_took_too_long_to_prepare_waits_for_the_next_hand_out(
    shop: Shop, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The site would hand it to whoever asks by now."""

    def slow(*asked: Any) -> Any:
        shop.register.advance(240)
        return checked(*asked)

    checked = marking.checked
    site.order()
    with monkeypatch.context() as patch:
        patch.setattr(marking, "checked", slow)
        rounds(shop, site)
    assert shop.register.receipts == []
    assert shop.till.journal.receipts_in(State.PENDING) == []
    shop.register.advance(2)
    settle(shop, site)
    assert_printed_once(shop, site, 417)


def test_a_begun_receipt_that_a_person_gives_up_is_told_as_failed(
    shop: Shop, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> int:
        raise Killed

    site.order()
    with monkeypatch.context() as patch:
        patch.setattr(shop.till.journal, "start_attempt", die)
        with pytest.raises(Killed):
            rounds(shop, site)
    shop.restart()
    (key,) = [each.receipt.key for each in shop.till.journal.receipts_in(State.PENDING)]
    resolve.cancel(shop.till, key, "покупатель отказался")
    settle(shop, site)
    assert site.state[417] == "E"
    assert shop.register.receipts == []
    site.reprint(417)
    settle(shop, site)
    assert_printed_once(shop, site, 417)
    assert shop.register.receipts[0].key == check_keys(f"check|{HOST}|417")[1]


def test_edited_on_the_site_before_it_was_printed_the_new_one_is_printed(
    shop: Shop, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> int:
        raise Killed

    site.order()
    with monkeypatch.context() as patch:
        patch.setattr(shop.till.journal, "start_attempt", die)
        with pytest.raises(Killed):
            rounds(shop, site)
    shop.restart()
    shop.register.advance(241)
    site.order(417, site_item(quantity=2))
    settle(shop, site)
    assert_printed_once(shop, site, 417)
    assert shop.register.receipts[0].total_kopecks == 380_000
    (decision,) = [each for each in shop.till.journal.audit_rows() if each.what == "receipt.cancelled"]
    assert decision.who == f"портал {HOST}"


def test_a_job_without_a_number_is_nothing_and_junk_harms_nobody(shop: Shop, site: Site) -> None:
    site.order()
    body = site.orders[417]
    numbers: tuple[object, ...] = (None, 5, "x" * 300, "чек", "check|a|", "check|a|1x", "report|a|1")
    for junk in ({**body, "external_id": number} for number in numbers):
        answer = Answer(checks=(junk,))
        done = site_poll.accept(shop.till, source_of(shop), [], answer)
        assert done.taken == 0
    settle(shop, site)
    rounds(shop, site)
    assert_printed_once(shop, site, 417)


# ------------------------------------------------------------------------------------------------ shift reports
def test_an_ordered_report_closes_the_shift_once(shop: Shop, site: Site) -> None:
    site.order(1, payments=[{"type": "cash", "sum": 1900}])
    settle(shop, site)
    site.order(2, type="sellReturn")
    settle(shop, site)
    site.order_report(9)
    site.loses = 0
    rounds(shop, site)
    site.loses = 1
    with pytest.raises(Offline):
        rounds(shop, site)
    shift.open_shift(shop.till)
    site.reports[9] = "N"  # as if nothing had come
    rounds(shop, site, 2)
    result = site.results[9][-1]
    assert result["code"] == 0
    assert [float(result[name]) for name in ("payments_cache", "reg_income", "reg_return")] == [1900.0, 1900.0, 1900.0]
    assert shift.status(shop.till).shift.is_open  # the new one is nobody's order
    assert site.reports[9] == "Y"


@pytest.mark.parametrize("after", [False, True])
def test_a_report_killed_at_any_commit_closes_one_shift(shop: Shop, site: Site, after: bool) -> None:
    number, killed, before = 0, True, shift.status(shop.till).shift.number
    while killed:
        number += 1
        site.order_report(100 + number)
        kill_commit(shop, number, after=after)
        killed = False
        try:
            rounds(shop, site, 2)
        except Killed:
            killed = True
        shop.restart()
        rounds(shop, site, 3)
        assert site.reports[100 + number] == "Y"
        looked = shift.status(shop.till).shift
        assert not looked.is_open
        assert looked.number == before
        before = shift.open_shift(shop.till).shift.number
        assert number < 20


def test_the_shift_that_a_cashier_opened_after_a_crash_is_nobodys_order(
    shop: Shop, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Killed

    site.order_report(9)
    with monkeypatch.context() as patch:
        patch.setattr(shop.till.journal, "set_job", die)
        with pytest.raises(Killed):
            rounds(shop, site)
    shop.restart()
    opened = shift.open_shift(shop.till).shift.number
    rounds(shop, site, 3)
    looked = shift.status(shop.till).shift
    assert (looked.is_open, looked.number) == (True, opened)
    assert site.reports[9] == "Y"
    assert job_of(shop, 9, "report").shift_number == opened - 1


# ------------------------------------------------------------------------------------------------ one poller
def test_two_programs_do_not_poll_one_site_on_one_computer(shop: Shop) -> None:
    with site_poll.only_poller(HOST):
        with pytest.raises(SetupError) as told, site_poll.only_poller(HOST.upper()):
            pass
        with site_poll.only_poller("other.example"):
            pass
    assert told.value.code == "poll_busy"
    with site_poll.only_poller(HOST):
        pass


def test_a_disk_that_is_full_prints_nothing(shop: Shop, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise JournalError("disk_full", path="x")

    site.order()
    with monkeypatch.context() as patch:
        patch.setattr(shop.till.journal, "take_in_jobs", full)
        with pytest.raises(JournalError):
            rounds(shop, site)
    assert shop.register.receipts == []
    shop.register.advance(241)
    settle(shop, site)
    assert_printed_once(shop, site, 417)
    assert replace(job_of(shop), is_told=True).deliveries == 1
