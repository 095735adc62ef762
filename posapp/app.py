"""The composition root: the one place that knows every concrete class and joins them.

Clock, ids and randomness enter here and nowhere else.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from posapp import settings as settings_file
from posapp import vault
from posapp.devices.base import FiscalPrinter
from posapp.devices.marking import BODY_MAX as MARKING_BODY_MAX
from posapp.devices.marking import Access, HostBook, HttpMarkingCheck, MarkingCheck
from posapp.devices.registry import make_printer
from posapp.domain.checkout import Terms
from posapp.domain.money import Money
from posapp.domain.offers import Way
from posapp.domain.order import Order
from posapp.errors import DeviceError, JournalError, SaleError, SetupError
from posapp.http import HttpClient, SecretUrl
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.lock import DirectoryLock
from posapp.journal.store import Journal
from posapp.lanes import Lanes
from posapp.settings import PortalSettings, Settings
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.claims import GatewayDesk
from posapp.sync.governor import Governor, Limits
from posapp.sync.ofd import BODY_MAX as OFD_BODY_MAX
from posapp.sync.ofd import HttpOfd, Ofd
from posapp.till import (
    counters,
    exchange,
    keeping,
    orders,
    place,
    reconcile,
    recover,
    register,
    resolve,
    restore,
    sale,
    shift,
    shift_rule,
)
from posapp.till.context import Till
from posapp.till.own_documents import Progress, silent
from posapp.till.readings import Here, OnLanes, Stopped, Tell, Where
from posapp.till.reconcile_views import LastReconciled, ReconcileProgress, ReconcileReport
from posapp.till.shift import ShiftReport
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
from posapp.ui.desk import Watch


def data_dir(given: Path | None) -> Path:
    """The data directory: the one given, else POSAPP_DATA_DIR, else the system's place for it."""
    return settings_file.data_dir(given)


def now() -> datetime:
    """Aware local time."""
    return datetime.now().astimezone()


def new_id() -> UUID:
    """A random identity."""
    return uuid4()


def jitter() -> float:
    """A number in [0, 1) that spreads retries of several tills."""
    return random.random()  # noqa: S311  (no secret depends on it)


@contextmanager
def portal_client(webhook: vault.Secret, limits: Limits, known: PortalSettings | None = None) -> Iterator[BitrixClient]:
    """A client of the portal for set-up, before there is a till; its connections are closed at the end.

    `known`: the portal that is set up; a client of its address calls it by its name.
    """
    http = HttpClient()
    try:
        yield _client(webhook, http, limits, known)
    finally:
        http.close()


def _client(webhook: vault.Secret, http: HttpClient, limits: Limits, known: PortalSettings | None) -> BitrixClient:
    name = "" if known is None else known.name_at(SecretUrl(webhook.reveal().strip()).host)
    return BitrixClient(webhook.reveal(), http, Governor(time.monotonic, time.sleep, limits), kept_as=name)


class PortalDoor:
    """Makes the portal's client when it is first asked for; every request of this process goes through that one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http: HttpClient | None = None
        self._client: BitrixClient | None = None

    def __call__(self) -> BitrixClient:
        """The client. Raises SetupError when there is no portal or no key."""
        portal = self._settings.portal
        if portal is None:
            raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
        if self._client is None:
            webhook = vault.webhook(self._settings.identity)
            self._http = HttpClient()
            limits = Limits(portal.limit_burst, portal.limit_per_second)
            self._client = _client(webhook, self._http, limits, portal)
        return self._client

    def close(self) -> None:
        """Closes the connections."""
        if self._http is not None:
            self._http.close()


class GatewayDoor:
    """Makes the gateway's desk when it is first asked for. Each thread that asks has connections of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._of_thread = threading.local()
        self._open: list[HttpClient] = []
        self._desk: GatewayDesk | None = None

    def __call__(self) -> GatewayDesk:
        """The desk. Raises SetupError when there is no gateway, no portal or no secret."""
        gateway, portal = self._settings.gateway, self._settings.portal
        if gateway is None or portal is None:
            raise SetupError("not_set_up", what="не указан шлюз", command="gateway")
        if self._desk is None:
            secret = vault.gateway_secret(self._settings.identity)
            if secret is None:
                raise SetupError("gateway_secret", what="его нет")
            identity = self._settings.identity
            self._desk = GatewayDesk(gateway.url, secret, portal.portal, identity, self._http, time.monotonic)
        return self._desk

    def _http(self) -> HttpClient:
        found: HttpClient | None = getattr(self._of_thread, "http", None)
        if found is None:
            found = self._of_thread.http = HttpClient()
            self._open.append(found)
        return found

    def close(self) -> None:
        """Closes the connections."""
        for each in self._open:
            each.close()


def ofd_of(settings: Settings) -> Callable[[], Ofd] | None:
    """Makes the adapter of the OFD that is set up, or None; making it raises SetupError without a key."""
    chosen = settings.ofd
    if chosen is None:
        return None

    def make() -> Ofd:
        token = vault.ofd_token(settings.identity)
        if token is None:
            raise SetupError("ofd_unreachable", reason="нет ключа доступа, задайте POSAPP_OFD_TOKEN")
        return HttpOfd(chosen.url, token.reveal(), HttpClient(body_max=OFD_BODY_MAX))

    return make


def marking_of(settings: Settings) -> Callable[[HostBook], MarkingCheck] | None:
    """Makes the adapter of the marking system that is set up, or None; making it raises SetupError without a key."""
    chosen = settings.marking
    if chosen is None or not chosen.asks:
        return None

    def make(hosts: HostBook) -> MarkingCheck:
        key = vault.marking_key(settings.identity) if chosen.online else None
        login = vault.module_login(settings.identity) if chosen.local else None
        access = Access(chosen.online, key.reveal() if key else "", chosen.local, login.reveal() if login else "")
        return marking_check(access, hosts)

    return make


def marking_check(access: Access, hosts: HostBook = HostBook()) -> MarkingCheck:  # noqa: B008  (frozen)
    """An adapter of the marking system; set-up asks with secrets that are not kept yet."""
    return HttpMarkingCheck(access, HttpClient(body_max=MARKING_BODY_MAX), now, time.monotonic, hosts)


def printer_of(settings: Settings) -> FiscalPrinter | None:
    """The driver of the register that is set up, or None."""
    chosen = settings.printer
    if chosen is None:
        return None
    return make_printer(
        chosen.model,
        chosen.port,
        link=chosen.link,
        password=chosen.password,
        baud=chosen.baud,
        key_tags=chosen.key_tags,
        correction_key_tag=chosen.correction_key_tag,
    )


def load_settings(folder: Path) -> Settings:
    """The settings. Raises SetupError `not_set_up` when there are none, `settings_damaged` when they were lost."""
    from posapp.journal.backup import BACKUPS_NAME

    found = settings_file.load(folder)
    if found is None and any((folder / each).exists() for each in (JOURNAL_NAME, BACKUPS_NAME)):
        raise SetupError("settings_damaged", what=f"{settings_file.FILE} нет, а касса уже работала")
    if found is None:
        raise SetupError("not_set_up", what=f"в каталоге {folder} ничего нет", command="printer")
    return found


@contextmanager
def open_till(
    folder: Path, *, write: bool = True, person: str = "", checks: bool = True, restoring: bool = False
) -> Iterator[Till]:
    """The till of a data directory, its journal open. Lets everything go at the end, the journal last.

    `checks`: a journal opened for writing is read whole first when that is due, once a day and after a process that did
    not end by itself; the window does it in the background instead. `person`: who decides, for the audit log.
    """
    settings = load_settings(folder)
    if not write and not (folder / JOURNAL_NAME).exists():  # set up and not yet used: an empty till, no trouble
        Journal.open(folder, now=now).close()
    with ExitStack() as stack:
        journal = stack.enter_context(Journal.open(folder, now=now, write=write))
        door = PortalDoor(settings)
        stack.callback(door.close)
        gateway = GatewayDoor(settings)
        stack.callback(gateway.close)
        printer = printer_of(settings)
        if printer is not None:
            stack.callback(printer.close)
        here = place.here(folder)
        till = Till(
            settings,
            journal,
            now,
            new_id,
            printer,
            door,
            jitter,
            person,
            claims=gateway,
            place=here,
            ofd=ofd_of(settings),
            marking=marking_of(settings),
        )
        if write:
            place.settle(journal, here)
            if not restoring:
                keeping.refuse_older(till)
            if checks:
                keeping.check_if_due(till)
        yield till


def restore_directory(
    folder: Path,
    why: str,
    *,
    copy: Path | None = None,
    from_storage: bool = False,
    person: str = "",
    progress: Progress = silent,
    named: Mapping[int, str] | None = None,
    foreign: Collection[int] = (),
) -> restore.Report:
    """Brings a data directory back: files, then the fiscal storage (see `posapp.till.restore`). Nobody may hold it.

    A register that does not answer is no error: its documents wait in the report, and the same call goes on later.
    Raises JournalError, SetupError; ResolveNeeded or SaleError for a person's word (`named`, `foreign`) that is wrong.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = DirectoryLock(folder)
    except OSError as error:
        raise JournalError("disk_read_only", path=folder) from error
    try:
        _, rebuilt = restore.files(folder, now, copy=copy, progress=progress)
    finally:
        lock.release()
    with open_till(folder, person=person, checks=False, restoring=True) as till:
        restore.begin(till, rebuilt, from_storage=from_storage)
        try:
            return restore.finish(till, why, progress, named=named, foreign=foreign)
        except (DeviceError, SetupError) as error:
            return restore.not_read(till, error)


class TillDesk:
    """The use cases as the window calls them, each on its own lane (see `posapp.ui.desk.Desk`).

    `lanes` are those of the window: long work runs aside and asks register and portal there, page by page.
    """

    def __init__(self, folder: Path, lanes: Lanes | None = None) -> None:
        self._lanes = lanes
        self._open = ExitStack()
        self._till = till = self._open.enter_context(open_till(folder, checks=False))
        self.cashier = till.settings.cashier
        self.till = till.settings.till
        self.is_training = till.settings.is_training
        self.language = till.settings.language

    def find(self, text: str) -> OrderView:
        """The order on board."""
        return orders.view(self._till, orders.find(self._till, text))

    def refresh(self, order_id: int) -> OrderView | None:
        """The order read again; None when the portal is away."""
        fresh = exchange.refresh(self._till, self._order(order_id))
        return None if fresh is None else orders.view(self._till, fresh)

    def view(self, order_id: int) -> OrderView:
        """The order as the journal has it."""
        return orders.view(self._till, self._order(order_id))

    def _order(self, order_id: int) -> Order:
        order = self._till.journal.order_by_id(self._till.portal, order_id)
        if order is None:
            raise SaleError("unknown_order", order=order_id)
        return order

    def orders(self, search: str) -> list[OrderRow]:
        """Orders on board."""
        return orders.rows(self._till, search)

    def route(self) -> list[OrderRow]:
        """The courier's orders."""
        return orders.route(self._till)

    def sell(
        self, order_id: int, cash: Money, card: Money, way: Way = Way.FULL, payment_id: int | None = None
    ) -> ReceiptView:
        """One settlement, one receipt."""
        terms = Terms(way, payment_id)
        sold = sale.sell(self._till, self._order(order_id), sale.tenders_of(cash, card), terms=terms).view
        self._afterwards(counters.settle)
        return sold

    def _afterwards(self, look: Callable[[Till], object]) -> None:
        """A look at the register behind what the lane has to do now: nobody waits for it, nothing fails by it."""
        if self._lanes is not None:
            with suppress(RuntimeError):  # the window is being closed: the next start looks
                self._lanes.device.submit(look, self._till)

    def recover(self) -> list[Recovered]:
        """What became of the receipts under way."""
        recovered = recover.recover(self._till)
        self._afterwards(counters.look)
        return recovered

    def cases(self, language: str) -> list[Case]:
        """What waits for a decision, after everything was decided that can be proven."""
        return resolve.cases(self._till, language)

    def decide(self, key: str, choice: str, who: str, why: str, answers: dict[str, str], language: str) -> Resolved:
        """A person's decision."""
        return resolve.decide(self._till, key, choice, who, why, answers, language)

    def alarms(self) -> list[Alarm]:
        """What waits, from the journal alone."""
        return resolve.alarms(self._till)

    def reconcile(self, days: int | None, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        """Compares journal, register, portal and OFD, for a person."""
        since = None if days is None else self._till.now() - timedelta(days=days)
        return self._reconciled(lambda tell, where: reconcile.run(self._till, since, None, tell, where=where), watch)

    def reconcile_at_start(self, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        """What is new since the last good reconciliation."""
        return self._reconciled(lambda tell, where: reconcile.at_start(self._till, tell, where=where), watch)

    def reconcile_after_close(self, watch: Watch[ReconcileProgress]) -> LastReconciled | None:
        """The shift that was just closed."""
        return self._reconciled(lambda tell, where: reconcile.after_close(self._till, tell, where=where), watch)

    def _reconciled(
        self, job: Callable[[Tell, Where], ReconcileReport | None], watch: Watch[ReconcileProgress]
    ) -> LastReconciled | None:
        def tell(progress: ReconcileProgress) -> None:
            if watch.is_stopped():
                raise Stopped
            watch.tell(progress)

        try:
            report = job(tell, OnLanes(self._lanes) if self._lanes is not None else Here())
        except Stopped:
            return None
        return self.reconciled() if report is not None else None

    def reconciled(self) -> LastReconciled | None:
        """The last reconciliation."""
        return reconcile.last(self._till)

    def register(self) -> RegisterView:
        """The register now, and when to close its shift."""
        seen = register.view(self._till)
        return replace(seen, closes=shift_rule.advice_for(self._till, seen.shift, seen.shift_opened_at))

    def open_shift(self) -> RegisterView:
        """Opens the shift."""
        shift.open_shift(self._till)
        return self.register()

    def close_shift(self) -> RegisterView:
        """Closes the shift."""
        shift.close_shift(self._till)
        return self.register()

    def close_shift_if_due(self) -> RegisterView | None:
        """The shop's rule for its shift."""
        if not shift_rule.is_time(self._till):
            return None
        return self.register() if isinstance(shift_rule.close_if_due(self._till), ShiftReport) else None

    def x_report(self) -> None:
        """Prints the X report."""
        shift.x_report(self._till)

    def copies(self) -> keeping.State:
        """Where the copies of the journal are, and how old."""
        return keeping.state(self._till)

    def copy_now(self) -> keeping.State:
        """A copy to every place, tried at once."""
        keeping.keep_copies(self._till, force=True)
        return self.copies()

    def try_copies(self) -> keeping.State:
        """Restores the newest copy of every place for a trial."""
        for place_state in self.copies().places:
            if place_state.newest_at is not None:
                keeping.try_newest(self._till, place_state.name)
        return self.copies()

    def strip(self) -> OutboxStrip:
        """What is not yet sent."""
        return exchange.strip(self._till)

    def sync_now(self, *, force: bool = False) -> DeliverReport:
        """Delivers and pulls; this is also the quiet moment for looking after the journal."""
        keeping.check_if_due(self._till)
        keeping.back_up_if_due(self._till)
        return exchange.sync(self._till, force=force)[0]

    def pull(self) -> PullResult:
        """Brings orders on board."""
        return exchange.pull(self._till)

    def log(self, chip: str, search: str, before: int | None) -> list[SyncRow]:
        """A page of the sync log."""
        return exchange.log(self._till, chip, search, before)

    def log_counts(self) -> dict[str, int]:
        """The numbers beside the filters."""
        return exchange.log_counts(self._till)

    def retry(self, entry: int) -> None:
        """Makes an entry due now."""
        exchange.retry(self._till, entry)

    def close(self) -> None:
        """Lets the register and the journal go; the lanes must have ended."""
        self._open.close()
