"""What every register must do, as the till would ask it: a scenario knows `FiscalPrinter` and the world around it, and
no vendor. Each leaves the world in order.

After everything that goes wrong a scenario does what the till does (`world.settle`), and then there is exactly one
document with the key of the receipt, or provably none; what the driver said was true; and printing it again makes one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from posapp.devices.base import Capability, CashTotals, FiscalPrinter, Paper
from posapp.domain import ffd
from posapp.domain.fiscal import DocumentType, FiscalMark, ReceiptKind, ShiftState
from posapp.domain.marking import parse_marking
from posapp.domain.money import Money
from posapp.domain.receipt import OriginalReceipt, PaymentMethod, Receipt
from posapp.domain.settlement import Stamp
from posapp.domain.vat import VatRate
from posapp.errors import OutcomeUnknown, Refused
from tests.conformance import samples
from tests.conformance.samples import CARD, CASH, CREDIT, OTHER, PREPAID, correction, line, lines_of, plain
from tests.conformance.world import (
    Strike,
    World,
    act_strikes,
    answer_strikes,
    attempt,
    cable_strikes,
    closed_once,
    done,
    each_one,
    end,
    left_open,
    made_of,
    mend,
    new_request,
    paper_strikes,
    power_strikes,
    settle,
)

CASHIER = "Кассир"
MILK = "010460710382070021" + "55kTHg" + "\x1d" + "93dGVz"
MANY_LINES = 300
DRAWER = Money(50_000_000)
DAY_AND_A_BIT = timedelta(hours=24, minutes=1)
DRIFT_S = 600
VALUES_OF_NO_PAPER = (Paper.OUT, Paper.OUT_WHILE_PRINTING, Paper.COVER_OPEN, Paper.WAITS_CONTINUE)


@dataclass(frozen=True)
class Scenario:
    """A name in the table of the suite, what it plays, and whether it needs a world that can be changed: `by_hand` is
    what a person would have to do at a real register."""

    name: str
    play: Callable[[World], None]
    by_hand: str = ""


# ------------------------------------------------------------------------------------------------ ready


def ready(world: World) -> FiscalPrinter:
    """A register in order with an open shift and money in the drawer."""
    mend(world)
    printer = world.printer
    end(printer, "")
    printer.wait_until_idle()
    if printer.open_document() is not None:
        printer.cancel_open_document()
    shift = printer.status().shift
    if shift.is_expired:
        printer.close_shift(CASHIER)
    if not printer.status().shift.is_open:
        printer.open_shift(CASHIER)
    if printer.cash_totals().drawer.kopecks < DRAWER.kopecks // 2:
        printer.cash_in(DRAWER)
    return printer


def bought(kind: ReceiptKind = ReceiptKind.SELL) -> Receipt:
    """Two lines of different rates, cash with change and a card; to the kopeck where it is given back."""
    lines = [line(24_500, "2"), replace(line(99_999, "0.386", VatRate.NONE), name="Сыр, кг")]
    total = sum(each.line_sum.kopecks for each in lines)
    change = 10_000 if kind is ReceiptKind.SELL else 0
    basis = {"basis": OriginalReceipt("3141592653")} if kind is ReceiptKind.SELL_REFUND else {}
    return samples.receipt(lines, {CASH: total - 30_000 + change, CARD: 30_000}, kind, **basis)


def is_written(world: World, printer: FiscalPrinter, receipt: Receipt, mark: FiscalMark) -> None:
    """The mark is that of the one document with our key, and its tags are those of the receipt."""
    made = made_of(world, receipt, mark.document_number - 2)
    assert [each["number"] for each in made] == [mark.document_number], "one document, and the mark is its own"
    (document,) = made
    assert (document["type"], document["kind"], document["total_kopecks"]) == (
        receipt.document_type,
        receipt.kind,
        receipt.total.kopecks,
    )
    assert (mark.document_sign, mark.shift_number) == (document["sign"], document["shift"])
    assert mark.printed_at == datetime.fromisoformat(document["at"])
    assert printer.document_mark(mark.document_number) == mark
    entries = ffd.read_document(printer.document_tlv(mark.document_number)).entries
    expected = samples.of_document(receipt)
    assert {tag: plain(entries, tag) for tag in expected} == expected
    assert Stamp.parse(plain(entries, 1084, 1086) or "") == Stamp("1", receipt.order_number, receipt.key)
    flat, new = samples.of_vat(receipt)
    assert {tag: plain(entries, tag) for tag in range(1102, 1108)} == dict.fromkeys(range(1102, 1108)) | flat
    assert samples.rates_of(entries) == new
    if receipt.correction is None or world.ffd == "1.2":
        said = [{tag: plain(each, tag) for tag in samples.of_line(receipt.lines[0])} for each in lines_of(entries)]
        assert said == [samples.of_line(each) for each in receipt.lines]


def prints(world: World, receipt: Receipt) -> FiscalMark:
    """It is printed, once, as it was asked for."""
    printer = world.printer
    if world.line is not None:
        world.line.watch()
    before = printer.last_document_number()
    mark = printer.print_receipt(receipt, before, request=new_request())
    assert len(world.documents(before)) == 1, "one document"
    is_written(world, printer, receipt, mark)
    return mark


def refused(world: World, act: Callable[[], object], *codes: str) -> None:
    """It is refused by its name, and nothing is made and nothing open."""
    before = world.printer.last_document_number()
    said = done(act)
    assert isinstance(said.error, Refused), f"not refused: {said}"
    assert not codes or said.error.code in codes, said.error.code
    assert world.documents(before) == []
    assert world.printer.open_document() is None


# ------------------------------------------------------------------------------------------------ what is done


def shift(world: World) -> None:
    """It opens and closes once, each with its report."""
    printer = ready(world)
    printer.close_shift(CASHIER)
    before = printer.status()
    opened = printer.open_shift(CASHIER)
    assert (opened.state, opened.number) == (ShiftState.OPEN, before.shift.number + 1)
    said = done(lambda: printer.open_shift(CASHIER))
    assert said.error is not None, "it is open already"
    assert printer.status().shift.number == opened.number
    closed = printer.close_shift(CASHIER)
    assert (closed.state, closed.number) == (ShiftState.CLOSED, opened.number)
    forms = [each["type"] for each in world.documents(before.last_document)]
    assert forms == [DocumentType.SHIFT_OPEN, DocumentType.SHIFT_CLOSE]
    refused(world, lambda: printer.print_receipt(bought(), printer.last_document_number()), "shift_closed")


def sale(world: World) -> None:
    """Two lines, two rates, a card and cash with change; every tag is read back, the change is on the paper."""
    ready(world)
    receipt = bought()
    prints(world, receipt)
    told = [each for each in world.tape() if each.startswith("СДАЧА")]
    assert not world.tape() or told[-1:] == ["СДАЧА 100.00"], told[-3:]


def all_tenders(world: World) -> None:
    """Cash, card, prepaid, on credit, in kind: each in its own tag."""
    ready(world)
    lines = [line(50_000), line(10_000, method=PaymentMethod.CREDIT)]
    prints(world, samples.receipt(lines, {CASH: 20_000, CARD: 15_000, PREPAID: 10_000, CREDIT: 10_000, OTHER: 5_000}))


def all_rates(world: World) -> None:
    """Every rate that the way can say, each in its own tag; another is refused by its name."""
    printer = ready(world)
    for rate in VatRate:
        method = PaymentMethod.PREPAYMENT if rate.is_calculated else PaymentMethod.FULL_PAYMENT
        receipt = samples.receipt([line(12_345, vat=rate, method=method)], {CARD: 12_345})
        if rate in world.rates:
            prints(world, receipt)
        else:
            refused(world, lambda made=receipt: _print(printer, made), "register_lacks")  # type: ignore[misc]


def refund(world: World) -> None:
    """Money goes back: a document of its own kind that names the first one."""
    ready(world)
    prints(world, bought(ReceiptKind.SELL_REFUND))
    for kind in (ReceiptKind.BUY, ReceiptKind.BUY_REFUND):
        prints(world, samples.receipt([line(30_000, vat=VatRate.NONE)], {CASH: 30_000}, kind))


def correct(world: World) -> None:
    """A correction is a document of its own form; what the format has no correction for is refused by its name."""
    printer = ready(world)
    prints(world, correction())
    refunded = correction(kind=ReceiptKind.SELL_REFUND)
    if world.ffd == "1.2":
        prints(world, refunded)
    else:
        refused(world, lambda: _print(printer, refunded), "register_lacks")


def marking(world: World) -> None:
    """A marked thing is checked before it is sold where the model can (`Capability.MARKING`), else refused by name."""
    printer = ready(world)
    receipt = samples.receipt([samples.marked(MILK)], {CARD: 25_000})
    prints(world, bought())  # where the key stands is known from a document
    if Capability.MARKING not in printer.probe().capabilities:
        refused(world, lambda: printer.check_marking(parse_marking(MILK), 1), "register_lacks")
        return
    assert printer.check_marking(parse_marking(MILK), 1).result == 15
    mark = _print(printer, receipt)
    (sold,) = lines_of(ffd.read_document(printer.document_tlv(mark.document_number)).entries)
    assert (plain(sold, 1163, 1305), plain(sold, 2106)) == ("01046071038207002155kTHg", 15)
    printer.clear_markings()


def x_and_z(world: World) -> None:
    """X makes no document, Z one."""
    printer = ready(world)
    before = printer.last_document_number()
    printer.x_report()
    assert printer.last_document_number() == before
    assert printer.status().shift.is_open
    number = printer.close_shift(CASHIER).number
    assert printer.last_document_number() == before + 1
    (last,) = world.documents(before)
    assert (last["type"], last["shift"]) == (DocumentType.SHIFT_CLOSE, number)


def cash(world: World) -> None:
    """In and out once; more than there is does not go out."""
    printer = ready(world)
    before, last = printer.cash_totals(), printer.last_document_number()
    printer.cash_in(Money(70_000))
    printer.cash_out(Money(2_500))
    after = printer.cash_totals()
    assert _moved(before, after) == (70_000, 2_500, 67_500)
    said = done(lambda: printer.cash_out(after.drawer + Money(1)))
    assert isinstance(said.error, (Refused, OutcomeUnknown))
    assert _moved(before, printer.cash_totals()) == (70_000, 2_500, 67_500)
    assert printer.last_document_number() == last


def many_lines(world: World) -> None:
    """Three hundred of them."""
    ready(world)
    lines = [replace(line(100 + number), name=f"Товар {number}") for number in range(MANY_LINES)]
    prints(world, samples.receipt(lines, {CARD: sum(each.line_sum.kopecks for each in lines)}))


def long_names(world: World) -> None:
    """The 128 letters that tag 1030 has room for, with those that frames escape and that begin lines of their own."""
    ready(world)
    names = ["Щ" * 128, "Сыр «Российский» № 5, 50 % " + "я" * 101, "//" + "ю" * 126, "A" * 128]
    lines = [replace(line(10_000), name=_plain(name)) for name in names]
    prints(world, samples.receipt(lines, {CARD: 40_000}))


def _plain(name: str) -> str:
    """Without what some registers have no letter for."""
    return name.replace("«", '"').replace("»", '"')[:128].removeprefix("//")


def wrong_password(world: World) -> None:
    """Told as such, and nothing is made; where the way knows no password there is nothing to be wrong."""
    printer = ready(world)
    wrong = world.wrong_password()
    if wrong is None:
        return
    before = printer.last_document_number()
    printer.close()
    try:
        said = done(lambda: _print(wrong, bought()))
        assert said.is_not_made, said
        assert said.error is not None
        assert said.error.code in ("wrong_password", "device_refused", "atol_login"), said.error.code
    finally:
        wrong.close()
    assert printer.last_document_number() == before
    assert printer.open_document() is None


# ------------------------------------------------------------------------------------------------ what goes wrong


def struck_receipt(world: World, strike: Strike, receipt: Receipt) -> None:
    """Struck in the middle it is one document or provably none; what is said of it is true; in the end it is one."""
    printer, request = world.printer, new_request()
    if world.line is not None:
        world.line.watch()
    said, after = attempt(printer, receipt, request, lambda: strike.on(world))
    mend(world, strike)
    story = f"{strike.name}: {said.error!r}" if said.error is not None else f"{strike.name}: {said.mark}"
    found = settle(printer, receipt, after, request)
    made = made_of(world, receipt, after)
    closed_once(world)
    assert len(made) <= 1, f"{story}: made {len(made)} times"
    assert len(world.documents(after)) == len(made), f"{story}: something else was made"
    assert not (said.is_not_made and made), f"{story}: and it was made"
    assert [each.number for each in found] == [each["number"] for each in made], f"{story}: read otherwise than it is"
    if said.mark is not None:
        is_written(world, printer, receipt, said.mark)
    assert printer.open_document() is None, f"{story}: something is open"
    printer.wait_until_idle()
    if not made:
        prints(world, receipt)
    assert len(made_of(world, receipt, after)) == 1, f"{story}: not one in the end"


def _all(world: World, strikes: list[Strike]) -> None:
    ready(world)
    for strike in each_one(strikes):
        struck_receipt(world, strike, bought())


def cable(world: World) -> None:
    """Pulled at every phase."""
    _all(world, cable_strikes(world))


def power(world: World) -> None:
    """Lost at every phase."""
    _all(world, power_strikes(world))


def answers(world: World) -> None:
    """Lost, damaged, late, an error, another document's: what closes, and what is said to it."""
    _all(world, answer_strikes(world))


def paper(world: World) -> None:
    """It ends in the middle; the status says so, and printing goes on when there is some again."""
    _all(world, paper_strikes(world))
    printer = ready(world)
    world.tell("paper", {"state": "out"})
    assert printer.status().paper in VALUES_OF_NO_PAPER
    refused(world, lambda: _print(printer, bought()), "paper_out")
    world.tell("paper", {"state": "ok"})
    prints(world, bought())


def foreign_receipt(world: World) -> None:
    """Another program has a receipt open: it is not touched, and nothing is made (rule 7)."""
    ready(world)
    theirs = samples.receipt([line(77_700)], {CARD: 77_700})
    request, strike = new_request(), left_open(world)
    assert attempt(world.printer, theirs, request, lambda: strike.on(world))[0].error is not None
    mend(world, strike)
    end(world.printer, request)
    world.printer = world.another_driver()
    world.printer.reset_link()
    if not world.sees_open:  # there is nothing to keep off from: the till counts what has come out
        assert world.printer.open_document() is None
        prints(world, bought())
        return
    before = world.printer.last_document_number()
    said = done(lambda: _print(world.printer, bought()))
    assert said.error is not None, "printed into another one's receipt"
    assert world.documents(before) == []
    opened = world.printer.open_document()
    assert opened is not None, "another one's receipt was cancelled"
    assert opened.subtotal == theirs.total
    world.printer.cancel_open_document()
    prints(world, bought())


def cash_struck(world: World) -> None:
    """Power and cable at cash in: it went in once or not at all, and what was said is true."""
    printer = ready(world)
    for strike in each_one(act_strikes(world, "50", "49", "cashIn")):
        before = printer.cash_totals()
        request = new_request()
        strike.on(world)
        said = done(lambda made=request: printer.cash_in(Money(700), request=made))  # type: ignore[misc]
        mend(world, strike)
        end(printer, request)
        into, _, drawer = _moved(before, printer.cash_totals())
        assert into == drawer
        assert into in (0, 700), f"{strike.name}: {into} went in"
        assert not (said.is_not_made and into), f"{strike.name}: {said.error!r}, and it went in"
        assert said.error is not None or into == 700, f"{strike.name}: it did not go in"


def shift_struck(world: World) -> None:
    """Power and cable at the end and the beginning of a shift: each is done once or not at all, and said truly."""
    printer = ready(world)
    closing, opening = act_strikes(world, "41", "5A", "closeShift"), act_strikes(world, "E0", "9A", "openShift")
    for close, strike in [(done_now, each) for each in closing for done_now in (True,)] + [(False, e) for e in opening]:
        if printer.status().shift.is_open is not close:
            (printer.open_shift if close else printer.close_shift)(CASHIER)
        before, request = printer.status(), new_request()
        act = printer.close_shift if close else printer.open_shift
        strike.on(world)
        said = done(lambda made=request, acts=act: acts(CASHIER, request=made))  # type: ignore[misc]
        mend(world, strike)
        end(printer, request)
        printer.wait_until_idle()
        after = printer.status()
        is_done = after.shift.is_open is not before.shift.is_open
        story = f"{strike.name}: {said.error!r}"
        assert after.last_document == before.last_document + is_done, f"{story}: more than one report"
        assert not (said.is_not_made and is_done), f"{story}, and it was done"
        assert said.error is not None or is_done, f"{story}: it was not done"


def expired_shift(world: World) -> None:
    """After a day there is no receipt until the shift is closed."""
    printer = ready(world)
    printer.close_shift(CASHIER)
    printer.open_shift(CASHIER)
    clock = printer.status().clock
    assert clock is not None
    world.tell("clock", {"now": (clock + DAY_AND_A_BIT).isoformat()})
    assert printer.status().shift.is_expired
    refused(world, lambda: _print(printer, bought()), "shift_expired")
    assert printer.close_shift(CASHIER).state is ShiftState.CLOSED
    assert printer.open_shift(CASHIER).is_open
    printer.cash_in(DRAWER)
    prints(world, bought())


def full_storage(world: World) -> None:
    """No room: it is not made, that is known, and the shift can still be closed."""
    printer = ready(world)
    world.tell("storage", {"room": 0})
    try:
        receipt, request = bought(), new_request()
        said, after = attempt(printer, receipt, request)
        assert said.mark is None
        assert settle(printer, receipt, after, request) == []
        assert made_of(world, receipt, after) == []
        assert printer.storage_health().is_nearly_full
        assert printer.close_shift(CASHIER).state is ShiftState.CLOSED
    finally:
        world.tell("storage", {"room": None})
    printer.open_shift(CASHIER)
    prints(world, receipt)


def clock_drift(world: World) -> None:
    """A clock that is wrong by more than five minutes: the storage makes nothing, the status shows the clock."""
    printer = ready(world)
    right = printer.status().clock
    world.tell("clock", {"drift_s": DRIFT_S})
    try:
        wrong = printer.status().clock
        assert right is not None
        assert wrong is not None
        assert wrong - right >= timedelta(seconds=DRIFT_S - 60)
        receipt, request = bought(), new_request()
        said, after = attempt(printer, receipt, request)
        assert said.mark is None
        assert settle(printer, receipt, after, request) == []
        assert made_of(world, receipt, after) == []
    finally:
        world.tell("clock", {"drift_s": 0})
    prints(world, receipt)


def _print(printer: FiscalPrinter, receipt: Receipt) -> FiscalMark:
    return printer.print_receipt(receipt, printer.last_document_number(), request=new_request())


def _moved(before: CashTotals, after: CashTotals) -> tuple[int, int, int]:
    """What went in, out, and into the drawer."""
    pairs: list[tuple[Any, Any]] = [
        (after.cash_in, before.cash_in),
        (after.cash_out, before.cash_out),
        (after.drawer, before.drawer),
    ]
    into, out, drawer = ((now - then).kopecks for now, then in pairs)
    return into, out, drawer


SCENARIOS = {
    each.name: each
    for each in (
        Scenario("shift", shift),
        Scenario("sale", sale),
        Scenario("all tenders", all_tenders),
        Scenario("all rates", all_rates),
        Scenario("refund", refund),
        Scenario("correction", correct),
        Scenario("marking", marking),
        Scenario("X and Z", x_and_z),
        Scenario("cash in and out", cash),
        Scenario("300 lines", many_lines),
        Scenario("long names", long_names),
        Scenario("wrong password", wrong_password),
        Scenario("cable pulled at every phase", cable),
        Scenario("another program's receipt", foreign_receipt),
        Scenario("power lost at every phase", power, "switch it off and on in the middle"),
        Scenario("answers lost and damaged", answers, "disturb the line"),
        Scenario("paper out in the middle", paper, "take the paper out and put it in again"),
        Scenario("cash in, struck", cash_struck, "switch it off and on in the middle"),
        Scenario("shift, struck", shift_struck, "switch it off and on in the middle"),
        Scenario("expired shift", expired_shift, "wait for a day"),
        Scenario("full storage", full_storage, "fill its storage"),
        Scenario("clock drift", clock_drift, "set its clock"),
    )
}
