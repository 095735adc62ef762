"""What the window asks of the program: one object, given by the composition root.

Every method blocks and may raise `PosError`; the window calls it only through `Bridge`, on the lane that stands in the
docstring. Anything else that is raised is a bug and is shown as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from posapp.domain.marking import MarkingCode
from posapp.domain.money import Money, Quantity
from posapp.domain.offers import Way
from posapp.domain.partial import HandedOver, RefusedLine
from posapp.domain.scans import Scan, ScanRules
from posapp.errors import PosError
from posapp.lanes import Lanes
from posapp.till.code_views import CodeAnswer, CodeRead
from posapp.till.reconcile_views import LastReconciled, ReconcileProgress
from posapp.till.sync_views import BudgetView, SyncDetail
from posapp.till.views import (
    Alarm,
    Case,
    DeliverReport,
    OrderRow,
    OrderView,
    OutboxStrip,
    PullResult,
    ReceiptView,
    Recovered,
    RegisterView,
    Resolved,
    SyncRow,
)
from posapp.ui.refunding import Found, Proposal
from posapp.ui.refusal import Part

if TYPE_CHECKING:  # it knows the journal, which the first paint must not wait for
    from posapp.till.courier_day import DayReport
    from posapp.till.doctor import Report
    from posapp.till.keeping import State

News = TypeVar("News")

CHIPS = ("mine", "way", "done", "all")
"""The saved filters of the sync log: needs a person · on its way · done · everything."""


@dataclass(frozen=True, slots=True)
class Watch(Generic[News]):
    """Somebody watches long work: it is told how far it is, and asks whether it should end. From the job's own lane."""

    tell: Callable[[News], None]
    is_stopped: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class SaleCodes:
    """The marking codes of a sale by line (from 1); `without`: a person's word that these lines have none."""

    by_line: Mapping[int, Sequence[MarkingCode]]
    without: tuple[int, ...] = ()


class ScannerNews(Protocol):
    """What a scanner at its own port has brought: a scan, or why nothing comes; neither: it is there."""

    @property
    def scan(self) -> Scan | None:
        """A scan."""
        ...

    @property
    def trouble(self) -> PosError | None:
        """Why nothing comes."""
        ...


@dataclass(frozen=True, slots=True)
class Terminal:
    """How card money is taken: `rrn` of an operation that a person made by hand, else "" and the connected terminal is
    asked; `said` hears its words for the cashier, "" when it has decided."""

    rrn: str
    said: Callable[[str], None]


class Desk(Protocol):
    """The use cases, as the window needs them."""

    @property
    def cashier(self) -> str:
        """Who works, as printed (1021)."""
        ...

    @property
    def till(self) -> str:
        """The name of this till."""
        ...

    @property
    def terminal(self) -> str:
        """The card terminal: `tcp` is asked by the till, `manual` by a person, "" the till keeps no card money."""
        ...

    @property
    def scan_rules(self) -> ScanRules:
        """How a scan is told from fingers."""
        ...

    def listen(self, heard: Callable[[ScannerNews], None]) -> None:
        """Any thread. Starts the scanner at its own port, if there is one; `heard` is called on its lane."""
        ...

    @property
    def is_training(self) -> bool:
        """The data directory was born for training."""
        ...

    @property
    def language(self) -> str:
        """`ru` or `en`."""
        ...

    def find(self, text: str) -> OrderView:
        """Lane journal. The order of a scanned or typed text, from the local copy. SaleError `unknown_order`."""
        ...

    def refresh(self, order_id: int) -> OrderView | None:
        """Lane counter. The order read again from the portal; None when offline."""
        ...

    def view(self, order_id: int) -> OrderView:
        """Lane journal. The order as the local copy has it now."""
        ...

    def orders(self, search: str) -> list[OrderRow]:
        """Lane journal. Orders on board by number, name or the end of a phone, the newest first; an empty search gives
        the newest of all. At most a few hundred: a cashier types one more letter instead of scrolling."""
        ...

    def route(self) -> list[OrderRow]:
        """Lane journal. The courier's orders in the order of the day."""
        ...

    def route_proof(self) -> PullResult | None:
        """Lane journal. How complete the route was when the portal was last asked for it; None without a filter."""
        ...

    def changes_seen(self, order_id: int) -> OrderView:
        """Lane journal. A person has seen what changed since he left with the order."""
        ...

    def scan(self, text: str, typed: str, order_id: int | None) -> OrderView | CodeRead:
        """Lane journal. What was scanned (`typed`: as it arrived, its layout not mended): an order, or – as a code of
        marked goods – the lines of the open order that it may belong to.

        SaleError `unknown_order` where it is neither, BadMarking for a code that cannot be read.
        """
        ...

    def needed_codes(self, order_id: int) -> tuple[int, ...]:
        """Lane journal. The lines of the order (from 1) that are known to be sold by their codes."""
        ...

    def ask_codes(self, codes: Sequence[MarkingCode]) -> tuple[CodeAnswer, ...]:
        """Lane device: the sale waits for it. Whether these things may be sold, in their order. SaleError, SetupError
        where nobody can be asked; silence is an answer."""
        ...

    def sell(
        self,
        order_id: int,
        cash: Money,
        card: Money,
        way: Way = Way.FULL,
        payment_id: int | None = None,
        codes: SaleCodes | None = None,
        part: Part | None = None,
        shipment_id: int | None = None,
        terminal: Terminal | None = None,
    ) -> ReceiptView:
        """Lane device. Prints the receipt; returns after its mark is on disk. `cash` is what was handed over. `way`,
        `payment_id` and `shipment_id` say which of the order's offers it is; `codes` None for a receipt that takes
        none; `part` what of the order is refused; `terminal` how the card money is taken.

        Raises OutcomeUnknown or ResolveNeeded when it is not known whether a receipt was made; any other PosError
        means that none was.
        """
        ...

    def preview_refusal(self, order_id: int, refused: Sequence[RefusedLine]) -> HandedOver:
        """Lane journal. What is handed over and paid when these lines are refused; nothing is kept. SaleError."""
        ...

    def refuse_order(self, order_id: int, why: str) -> None:
        """Lane journal. Writes down that the customer takes nothing. SaleError `day_not_open`, `refusal_known`, …"""
        ...

    def find_refund(self, text: str) -> Found:
        """Lane counter: the portal is asked what others took back. The receipt that is meant by its key, its QR code,
        the number of its document or of the order, and what of it is left. SaleError, PosError `bad_input`."""
        ...

    def preview_refund(self, found: Found, lines: Mapping[int, Quantity]) -> Proposal:
        """Lane journal. What these lines (from 0) come to and how the money goes back; nothing is kept. SaleError."""
        ...

    def refund(self, found: Found, lines: Mapping[int, Quantity], senior: str) -> ReceiptView:
        """Lane device. Prints the refund, or goes on with the one that was begun. `senior`: who answers for a doubt
        and why, "" for nobody. Raises as `sell` does."""
        ...

    def refund_seen(self, receipt: ReceiptView) -> None:
        """Lane journal. Its answer is on the screen: the same lines asked for again are another refund."""
        ...

    def recover(self) -> list[Recovered]:
        """Lane device. Reads the fiscal storage and decides what became of receipts under way; safe to call again."""
        ...

    def cases(self, language: str) -> list[Case]:
        """Lane device. Proves what can be proven, then lists what waits, oldest first, in words of `language`. Raises
        DeviceError only when there is nothing to tell and the register does not answer."""
        ...

    def decide(self, key: str, choice: str, who: str, why: str, answers: dict[str, str], language: str) -> Resolved:
        """Lane device. Writes down that `who` decided case `key` by the choice with this id, because of `why`.

        `answers`: what the choice asks for, by its names. Raises ResolveNeeded where the register contradicts it or
        something is missing; then nothing was changed.
        """
        ...

    def alarms(self) -> list[Alarm]:
        """Lane journal. What waits, oldest first, without asking the register."""
        ...

    def reconcile(self, days: int | None, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        """Lane aside. Compares journal, register, portal and OFD for so many days back, or – None – for the open shift.
        None when it was stopped. Raises JournalError; trouble of the others is part of the report."""
        ...

    def reconcile_at_start(self, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        """Lane aside. What is new since the last good one; raises nothing. None when it was stopped or has failed."""
        ...

    def reconcile_after_close(self, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        """Lane aside. The shift that was just closed; raises nothing. None when it was stopped or has failed."""
        ...

    def reconciled(self) -> LastReconciled | None:
        """Lane journal. The last reconciliation."""
        ...

    def copies(self) -> State:
        """Lane journal. Where the copies of the journal are, and how old; a place that is away is not asked."""
        ...

    def copy_now(self) -> State:
        """Lane sync. Makes a copy in every place and tries it. Raises JournalError."""
        ...

    def try_copies(self) -> State:
        """Lane sync. Restores the newest copy of every place for a trial, in a folder that is thrown away."""
        ...

    def register(self) -> RegisterView:
        """Lane device. The register now."""
        ...

    def find_register(self) -> RegisterView:
        """Lane device. Looks for the register at every port, up to a quarter of a minute; the register then."""
        ...

    def examine(self) -> Report:
        """Lane device. The self-check: a verdict per matter. Raises nothing for trouble, changes nothing."""
        ...

    def climb(self, rung: str) -> Report:
        """Lane device. One rung of the ladder out of a hung register (`print`, `document`), and the self-check after
        it. Raises DeviceError, ResolveNeeded where a person has to decide."""
        ...

    def open_shift(self) -> RegisterView:
        """Lane device."""
        ...

    def close_shift(self) -> RegisterView:
        """Lane device."""
        ...

    def close_shift_if_due(self) -> RegisterView | None:
        """Lane device. Closes the shift where the shop's rule says so; None when it does not, or not yet."""
        ...

    def day(self) -> DayReport | None:
        """Lane journal. The courier's day that is open, else the last one; None before the first."""
        ...

    def begin_day(self, courier: str, float_taken: Money) -> DayReport:
        """Lane journal. The courier takes the float. SaleError."""
        ...

    def hand_in(self, counted: Money, received_by: str, why: str) -> DayReport:
        """Lane journal. The cash is handed in, both sign. SaleError `day_difference`, `day_names`, `day_unfinished`."""
        ...

    def drawer(self) -> Money:
        """Lane device. The cash in the register's drawer, as the register counts it."""
        ...

    def move_cash(self, kind: str, amount: Money) -> Money:
        """Lane device. `cash_in` or `cash_out`, with a slip; what the drawer holds afterwards. Refused
        `not_enough_cash`."""
        ...

    def x_report(self) -> None:
        """Lane device. A report that closes nothing."""
        ...

    def strip(self) -> OutboxStrip:
        """Lane journal. What is not yet sent."""
        ...

    def sync_now(self, *, force: bool = False) -> DeliverReport:
        """Lane sync. Pulls, and delivers what is due; with `force` everything that waits."""
        ...

    def pull(self) -> PullResult:
        """Lane sync. Brings the orders of the day on board."""
        ...

    def log(self, chip: str, search: str, before: int | None) -> list[SyncRow]:
        """Lane journal. A page of the sync log, newest first, below row `before`; `chip` is one of `CHIPS`."""
        ...

    def log_counts(self) -> dict[str, int]:
        """Lane journal. How many rows each chip has."""
        ...

    def log_detail(self, row_id: int) -> SyncDetail:
        """Lane journal. A row of the sync log with its request, its answer and our words. SaleError `not_found`."""
        ...

    def budget(self) -> BudgetView:
        """Lane journal. How fast the portal may be asked, is asked, and when the queue will be empty."""
        ...

    def retry(self, entry: int) -> None:
        """Lane journal. Makes a failed outbox entry due again; `sync_now` then delivers it."""
        ...


MakeDesk = Callable[[], tuple[Desk, Lanes]]
"""Opens the journal and imports what is slow; called on a worker after the window is painted. May raise PosError."""
