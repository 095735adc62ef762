"""Drivers that are wrong on purpose, each in one way that would cost somebody money or a night: the suite must notice.

Each is the right driver with one thing spoilt. `CASES` says how it is made, and which scenarios tell of it; the right
driver passes the same ones (test_reach.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from posapp.devices.atol import commands as atol
from posapp.devices.atol import results
from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.refusals import refusal as atol_refusal
from posapp.devices.atol.tasks import Lost, TaskFailed
from posapp.devices.atol.web import WebTasks
from posapp.devices.atol.wire import WireTasks
from posapp.devices.base import CashTotals, FiscalPrinter, OpenDocument, Paper
from posapp.devices.flow import Flow, Port, Send
from posapp.devices.shtrih import commands as c
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.shtrih.frame_v2 import Numbered, encode
from posapp.devices.shtrih.link import Link
from posapp.devices.shtrih.link import Lost as LineLost
from posapp.devices.shtrih.link_v2 import NUMBERS, LinkV2
from posapp.devices.shtrih.plan import Plan, Step
from posapp.devices.shtrih.receipt_tags import NO_KEY
from posapp.devices.shtrih.refusals import refusal
from posapp.domain.fiscal import FiscalMark, ReceiptKind, Shift
from posapp.domain.money import Money
from posapp.domain.receipt import Receipt
from posapp.errors import OutcomeUnknown, Refused, Unreachable
from tests.conformance.inside import OnLine, OnWeb

# ------------------------------------------------------------------------------------------------ Штрих-М


class Planned(ShtrihPrinter):
    """One whose commands are not those of the receipt."""

    def _planned(self, receipt: Receipt, details: Any) -> Plan:
        return self.spoilt(super()._planned(receipt, details), receipt)

    def spoilt(self, plan: Plan, receipt: Receipt) -> Plan:
        raise NotImplementedError

    @staticmethod
    def lines_of(plan: Plan) -> list[int]:
        """Where the lines stand among the steps."""
        return [at for at, step in enumerate(plan.steps) if isinstance(step.command, c.Operation)]


class ClosesTwice(ShtrihPrinter):
    """The closing command is sent again when its answer is lost."""

    def _close_receipt(self, receipt: Receipt, command: c.AnyCommand, after: int) -> FiscalMark:
        try:
            return super()._close_receipt(receipt, command, after)
        except OutcomeUnknown as error:
            if error.facts.get("error"):
                raise
            self.reset_link()
            return super()._close_receipt(receipt, command, after)


class PrintsTwice(ShtrihPrinter):
    """The whole receipt is printed again when its outcome is not known."""

    def print_receipt(self, receipt: Receipt, after: int, *more: Any, **facts: Any) -> FiscalMark:
        try:
            return super().print_receipt(receipt, after, *more, **facts)
        except OutcomeUnknown:
            self.reset_link()
            if self.open_document() is not None:
                self.cancel_open_document()
            return super().print_receipt(receipt, self.last_document_number(), *more, **facts)


class ErrorIsNotMade(ShtrihPrinter):
    """An error answer to the closing command is taken for "nothing was made"."""

    def _close_receipt(self, receipt: Receipt, command: c.AnyCommand, after: int) -> FiscalMark:
        try:
            return super()._close_receipt(receipt, command, after)
        except OutcomeUnknown as error:
            if error.facts.get("error"):
                raise refusal(int(str(error.facts["error"])[:2], 16)) from error
            raise


class SilenceIsNotMade(ShtrihPrinter):
    """No answer to the closing command is taken for "nothing was sent"."""

    def _close_receipt(self, receipt: Receipt, command: c.AnyCommand, after: int) -> FiscalMark:
        try:
            return super()._close_receipt(receipt, command, after)
        except OutcomeUnknown as error:
            raise Unreachable("device_unreachable", port="") from error


class Believes(ShtrihPrinter):
    """The mark is what the answer says; nobody looks."""

    def _proven_mark(self, receipt: Receipt, reply: Any) -> FiscalMark:
        identity = self._session.connect()
        shift = self._session.ask(c.ShiftParameters(self._session.password))
        clock = self.status().clock
        assert clock is not None
        return FiscalMark(
            document_number=reply.document_number,
            document_sign=str(reply.document_sign),
            receipt_number=shift.receipt_number,
            shift_number=shift.shift_number,
            storage_number=identity.storage_number,
            registration_number=identity.registration_number,
            printed_at=clock.replace(second=0, microsecond=0),
        )


class AnothersMark(ShtrihPrinter):
    """The mark of the document before."""

    def _proven_mark(self, receipt: Receipt, reply: Any) -> FiscalMark:
        mark = super()._proven_mark(receipt, reply)
        found = self.read_document(mark.document_number - 1)
        return replace(mark, document_number=found.number, document_sign=found.sign)


class ChangeLost(Planned):
    """What was handed over is cut to what was due: no change on the paper."""

    def spoilt(self, plan: Plan, receipt: Receipt) -> Plan:
        closing = plan.closing
        if not isinstance(closing, c.CloseReceipt):
            return plan
        cash, *others = closing.payments_kopecks
        return replace(plan, closing=replace(closing, payments_kopecks=(cash - receipt.change.kopecks, *others)))


class TenderSwapped(Planned):
    """Cash for card."""

    def spoilt(self, plan: Plan, receipt: Receipt) -> Plan:
        closing = plan.closing
        if not isinstance(closing, c.CloseReceipt):
            return plan
        cash, card, *others = closing.payments_kopecks
        swapped = (card, cash - receipt.change.kopecks, *others)
        return replace(plan, closing=replace(closing, payments_kopecks=swapped))


class WrongRate(Planned):
    """Goods at another rate of VAT."""

    def spoilt(self, plan: Plan, receipt: Receipt) -> Plan:
        at = self.lines_of(plan)[:1]
        steps = [
            Step(replace(cast(c.Operation, step.command), rate_byte=3)) if number in at else step
            for number, step in enumerate(plan.steps)
        ]
        return replace(plan, steps=tuple(steps))


class SecondLineDropped(Planned):
    """A line is missing, and the sum is not asked for."""

    def spoilt(self, plan: Plan, receipt: Receipt) -> Plan:
        dropped = self.lines_of(plan)[1:2]
        steps = tuple(step for at, step in enumerate(plan.steps) if at not in dropped)
        return replace(plan, steps=steps, has_lines=False)


class LastLineDropped(Planned):
    """As much as goes into a hundred lines."""

    def spoilt(self, plan: Plan, receipt: Receipt) -> Plan:
        dropped = self.lines_of(plan)[100:]
        steps = tuple(step for at, step in enumerate(plan.steps) if at not in dropped)
        return replace(plan, steps=steps, has_lines=False)


class NamesCut(Planned):
    """Names end after 64 letters."""

    def spoilt(self, plan: Plan, receipt: Receipt) -> Plan:
        steps = [
            Step(replace(step.command, name=step.command.name[:64])) if isinstance(step.command, c.Operation) else step
            for step in plan.steps
        ]
        return replace(plan, steps=tuple(steps))


class RefundAsSale(Planned):
    """What is given back is printed as sold."""

    def spoilt(self, plan: Plan, receipt: Receipt) -> Plan:
        if not isinstance(plan.opening, c.OpenReceipt) or receipt.kind is not ReceiptKind.SELL_REFUND:
            return plan
        steps = [
            Step(replace(step.command, kind=1)) if isinstance(step.command, c.Operation) else step
            for step in plan.steps
        ]
        return replace(plan, opening=replace(plan.opening, kind=0), steps=tuple(steps))

    def _proven_mark(self, receipt: Receipt, reply: Any) -> FiscalMark:
        settlement = replace(receipt.settlement, kind=ReceiptKind.SELL)
        return super()._proven_mark(replace(receipt, settlement=settlement, basis=None), reply)


class NoKey(ShtrihPrinter):
    """Our key is left out."""

    def key_tag_of(self, receipt: Receipt) -> str:
        return NO_KEY


class CancelsForeign(ShtrihPrinter):
    """Whatever is open is cancelled, to have the way free."""

    def print_receipt(self, receipt: Receipt, after: int, *more: Any, **facts: Any) -> FiscalMark:
        if self.open_document() is not None:
            self.cancel_open_document()
        return super().print_receipt(receipt, after, *more, **facts)


class SeesNothingOpen(ShtrihPrinter):
    """An open receipt is not seen."""

    def open_document(self) -> OpenDocument | None:
        return None


class HeldAnswer(ShtrihPrinter):
    """An answer that the register still held is taken for that to the closing command: the mark is another's."""

    _held: tuple[bytes, ...] = ()

    def print_receipt(self, receipt: Receipt, after: int, *more: Any, **facts: Any) -> FiscalMark:
        self._held = tuple(each for each in self._session.drained if each[:2] == b"\xff\x45")
        return super().print_receipt(receipt, after, *more, **facts)

    def _close_receipt(self, receipt: Receipt, command: c.AnyCommand, after: int) -> FiscalMark:
        if not self._held:
            return super()._close_receipt(receipt, command, after)
        reply = cast(c.CloseReceipt, command).decode_reply(self._held[-1])
        return Believes._proven_mark(cast(Believes, self), receipt, reply)


class RenumberedLink(LinkV2):
    """After a silence the command goes out again, under the next number."""

    def _once(self, payload: bytes, timeout_s: float) -> Flow[bytes]:
        for _ in range(3):
            number = ((self._number or 0) + 1) % NUMBERS
            yield Send(encode(Numbered(number, payload)))
            answer = yield from self._answer(number, 5.0)
            self._number = number
            if answer is not None:
                return answer
        raise LineLost("no answer")


class NoPaperNotMade(ShtrihPrinter):
    """A receipt that did not come out is said not to be made."""

    def _proven_mark(self, receipt: Receipt, reply: Any) -> FiscalMark:
        mark = super()._proven_mark(receipt, reply)
        if self.status().paper is not Paper.OK:
            raise Refused("paper_out")
        return mark


class CashTwice(ShtrihPrinter):
    """Cash in is sent again when its answer is lost."""

    def cash_in(self, amount: Money, request: str = "") -> None:
        try:
            super().cash_in(amount, request)
        except OutcomeUnknown:
            self.reset_link()
            super().cash_in(amount, request)


class CashUnwitnessed(ShtrihPrinter):
    """What has no answer is said not to have been done."""

    def cash_in(self, amount: Money, request: str = "") -> None:
        try:
            super().cash_in(amount, request)
        except OutcomeUnknown as error:
            raise Unreachable("device_unreachable", port="") from error


class ShiftTwice(ShtrihPrinter):
    """The end of a shift is sent again when its answer is lost; "it is closed" then counts as "nothing was done"."""

    def close_shift(self, cashier: str, request: str = "") -> Shift:
        try:
            return super().close_shift(cashier, request)
        except OutcomeUnknown as error:
            self.reset_link()
            try:
                return super().close_shift(cashier, request)
            except OutcomeUnknown as again:
                raise Refused("shift_closed") from (again or error)


class DrawerOnly(ShtrihPrinter):
    """What went in is added twice to what is told."""

    def cash_totals(self) -> CashTotals:
        found = super().cash_totals()
        return replace(found, cash_in=Money(found.cash_in.kopecks * 2))


class ReadsOneOnly(ShtrihPrinter):
    """Of what came after a number only the last one is read."""

    def documents_after(self, number: int) -> Any:
        return iter(list(super().documents_after(number))[1:])


class ExpiredUnseen(ShtrihPrinter):
    """A shift of more than a day is closed and another opened without a word, in the middle of a sale."""

    def print_receipt(self, receipt: Receipt, after: int, *more: Any, **facts: Any) -> FiscalMark:
        if self.status().shift.is_expired:
            self.close_shift("")
            self.open_shift("")
            after = self.last_document_number()
        return super().print_receipt(receipt, after, *more, **facts)


# ------------------------------------------------------------------------------------------------ АТОЛ


class WireClosesTwice(WireTasks):
    """4Ah again when its answer is lost."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        session, once = self._session, self._session.close_by

        def twice(command: atol.Command[Any], timeout_s: float) -> Any:
            try:
                return once(command, timeout_s)
            except Lost:
                session.reset()
                return once(command, timeout_s)

        session.close_by = twice  # type: ignore[method-assign]


class WireErrorIsNotMade(WireTasks):
    """An error answer to 4Ah is taken for "nothing was made"."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        once = self._session.close_by

        def judged(command: atol.Command[Any], timeout_s: float) -> Any:
            try:
                return once(command, timeout_s)
            except TaskFailed as error:
                raise Refused("device_refused", reason=str(error), error=str(error.code)) from error

        self._session.close_by = judged  # type: ignore[method-assign]


class WireCancelsForeign(WireTasks):
    """Whatever is open is cancelled, as the vendor's own driver does."""

    def open_receipt(self) -> Any:
        if super().open_receipt() is not None:
            self.cancel_receipt()


class WebRepeats(WebTasks):
    """A task whose outcome is not known is sent once more, under a new uuid."""

    def perform(self, task: Mapping[str, Any], timeout_s: float, request: str = "") -> dict[str, Any]:
        try:
            return super().perform(task, timeout_s, request)
        except Lost:
            if not request:
                raise
            return super().perform(task, timeout_s, self._new_uuid())


class UnknownIsNotMade(WebTasks):
    """404 is taken for "it never came"."""

    def _looks(self, uuid: str, timeout_s: float) -> Any:
        for states in super()._looks(uuid, timeout_s):
            yield [{"status": "canceled"}] if states is None else states


class ErrorOfTask(AtolPrinter):
    """`error` of a task that makes something is taken for "nothing was made"."""

    def _made(self, *given: Any, **more: Any) -> Mapping[str, Any]:
        try:
            return super()._made(*given, **more)
        except OutcomeUnknown as error:
            if error.facts.get("error"):
                raise atol_refusal(int(str(error.facts["error"])), "") from error
            raise


class LostIsNotMade(AtolPrinter):
    """A task whose answer is lost is said not to have been sent."""

    def _made(self, *given: Any, **more: Any) -> Mapping[str, Any]:
        try:
            return super()._made(*given, **more)
        except OutcomeUnknown as error:
            raise Unreachable("device_unreachable", port="") from error


class TaskSpoilt(AtolPrinter):
    """One whose task is not that of the receipt."""

    def _made(self, task: dict[str, Any], *given: Any, **more: Any) -> Mapping[str, Any]:
        return super()._made(self.spoilt(dict(task)), *given, **more)

    def spoilt(self, task: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


class TaskWithoutKey(TaskSpoilt):
    """Our key is left out."""

    def spoilt(self, task: dict[str, Any]) -> dict[str, Any]:
        items = [each for each in task.get("items", ()) if each.get("type") != "userAttribute"]
        return {**task, "items": items} if "items" in task else task


class TaskTendersSwapped(TaskSpoilt):
    """Card for prepaid."""

    def spoilt(self, task: dict[str, Any]) -> dict[str, Any]:
        swap = {"electronically": "prepaid", "1": "2", 1: 2}
        paid = [{**each, "type": swap.get(each["type"], each["type"])} for each in task.get("payments", ())]
        return {**task, "payments": paid} if paid else task


class TaskRefundAsSale(TaskSpoilt):
    """What is given back is printed as sold."""

    def spoilt(self, task: dict[str, Any]) -> dict[str, Any]:
        return {**task, "type": "sell"} if task["type"] == "sellReturn" else task


class TaskBelieved(AtolPrinter):
    """The mark is what the result says, whatever the storage shows."""

    def _proven_mark(self, receipt: Receipt, told: Mapping[str, Any], after: int) -> FiscalMark:
        fiscal = results.fiscal_of(told)
        return self._archive.mark_of(self._archive.read_document(fiscal.number - 1))


# ------------------------------------------------------------------------------------------------ the cases


@dataclass(frozen=True)
class Case:
    """`make` makes the world with the wrong driver, `right` the same world with the right one. `telling`: scenarios of
    which at least one must fail."""

    name: str
    make: Callable[[], OnLine | OnWeb]
    right: str
    telling: tuple[str, ...]


def shtrih(driver: type[ShtrihPrinter], link: str = "v1") -> Callable[[], OnLine]:
    """A world of Штрих-М with this driver."""

    def made(open_port: Callable[[], Port], name: str, password: int = 30) -> FiscalPrinter:
        return driver(open_port, name, password, link=link)

    return lambda: OnLine("shtrih", link, made)


def linked(link: type[Link] | type[LinkV2], name: str) -> Callable[[], OnLine]:
    """One whose link is wrong."""

    def made(open_port: Callable[[], Port], port_name: str, password: int = 30) -> FiscalPrinter:
        driver = ShtrihPrinter(open_port, port_name, password, link=name)
        driver._session._links = (link,)
        return driver

    return lambda: OnLine("shtrih", name, made)


def wire(tasks: type[WireTasks] = WireTasks, driver: type[AtolPrinter] = AtolPrinter) -> Callable[[], OnLine]:
    """A world of АТОЛ's raw protocol."""

    def made(open_port: Callable[[], Port], name: str, password: int = atol.MODE_PASSWORD) -> FiscalPrinter:
        return driver(tasks(open_port, name, password), name, link="wire")

    return lambda: OnLine("atol", "wire", made)


def web(driver: type[AtolPrinter] = AtolPrinter, tasks: type[WebTasks] = WebTasks) -> Callable[[], OnWeb]:
    """A world of АТОЛ's web server."""
    return lambda: OnWeb(lambda made, name: driver(made, name, link="web", takes_requests=True), tasks)


RIGHT: dict[str, Callable[[], OnLine | OnWeb]] = {
    "v1": shtrih(ShtrihPrinter),
    "v2": shtrih(ShtrihPrinter, "v2"),
    "wire": wire(),
    "web": web(),
}
CABLE, POWER, ANSWERS, PAPER = (
    "cable pulled at every phase",
    "power lost at every phase",
    "answers lost and damaged",
    "paper out in the middle",
)
SALE, CASH, SHIFT, FOREIGN = "sale", "cash in, struck", "shift, struck", "another program's receipt"


def _cases(world: str, *given: tuple[Callable[[], OnLine | OnWeb], str, tuple[str, ...]]) -> list[Case]:
    return [Case(f"{world}: {name}", make, world, telling) for make, name, telling in given]


CASES = [
    *_cases(
        "v1",
        (shtrih(ClosesTwice), "the closing command is repeated after a lost answer", (ANSWERS,)),
        (shtrih(PrintsTwice), "the receipt is repeated after a lost answer", (CABLE, ANSWERS)),
        (shtrih(ErrorIsNotMade), "an error to the closing command is “not made”", (ANSWERS,)),
        (shtrih(SilenceIsNotMade), "silence after the closing command is “not made”", (POWER,)),
        (shtrih(Believes), "the mark is believed without a look-up", (ANSWERS,)),
        (shtrih(AnothersMark), "the mark of another document", (SALE,)),
        (shtrih(ChangeLost), "the change is lost", (SALE,)),
        (shtrih(TenderSwapped), "a tender is swapped", (SALE,)),
        (shtrih(WrongRate), "a wrong rate of VAT", (SALE,)),
        (shtrih(NoKey), "the key is left out", (SALE,)),
        (shtrih(CancelsForeign), "a foreign open receipt is cancelled", (FOREIGN,)),
        (shtrih(SeesNothingOpen), "an open receipt is not seen", (FOREIGN, CABLE)),
        (shtrih(SecondLineDropped), "the second line is dropped", (SALE,)),
        (shtrih(LastLineDropped), "lines beyond the hundredth are dropped", ("300 lines",)),
        (shtrih(NamesCut), "names are cut", ("long names",)),
        (shtrih(HeldAnswer), "the answer to the command before is taken for this one's", (CABLE,)),
        (shtrih(NoPaperNotMade), "paper that ends in the print is “not made”", (PAPER,)),
        (shtrih(RefundAsSale), "a refund is printed as a sale", ("refund",)),
        (shtrih(CashTwice), "cash in is repeated", (CASH,)),
        (shtrih(CashUnwitnessed), "cash in without an answer is “not done”", (CASH,)),
        (shtrih(DrawerOnly), "cash is counted twice", ("cash in and out",)),
        (shtrih(ShiftTwice), "the end of a shift is repeated", (SHIFT,)),
        (shtrih(ReadsOneOnly), "a document after the number is not read", (CABLE,)),
        (shtrih(ExpiredUnseen), "an expired shift is closed without a word", ("expired shift",)),
    ),
    *_cases(
        "v2",
        (linked(RenumberedLink, "v2"), "a lost command is repeated under the next number", (ANSWERS, CASH)),
        (shtrih(ErrorIsNotMade, "v2"), "an error to the closing command is “not made”", (ANSWERS,)),
        (shtrih(Believes, "v2"), "the mark is believed without a look-up", (ANSWERS,)),
    ),
    *_cases(
        "wire",
        (wire(WireClosesTwice), "4Ah is repeated after a lost answer", (ANSWERS, POWER, CABLE)),
        (wire(WireErrorIsNotMade), "an error to 4Ah is “not made”", (ANSWERS,)),
        (wire(WireCancelsForeign), "a foreign open receipt is cancelled", (FOREIGN,)),
        (wire(driver=TaskTendersSwapped), "a tender is swapped", (SALE,)),
        (wire(driver=TaskWithoutKey), "the key is left out", (SALE,)),
    ),
    *_cases(
        "web",
        (web(tasks=WebRepeats), "a POST is repeated under a new uuid", (CABLE, POWER)),
        (web(ErrorOfTask), "`error` is “not made”", (ANSWERS,)),
        (web(LostIsNotMade), "no answer is “not made”", (CABLE,)),
        (web(TaskBelieved), "the mark of another document", (SALE,)),
        (web(TaskRefundAsSale), "a refund is printed as a sale", ("refund",)),
        (web(TaskWithoutKey), "the key is left out", (SALE,)),
    ),
]
