"""The composition root: the one place that knows every concrete class and joins them.

Clock, ids and randomness enter here and nowhere else.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from posapp import settings as settings_file
from posapp import vault
from posapp.devices import registry
from posapp.devices.base import CardTerminal, FiscalPrinter, Scanner
from posapp.devices.discovery import Question
from posapp.devices.marking import BODY_MAX as MARKING_BODY_MAX
from posapp.devices.marking import Access, HostBook, HttpMarkingCheck, MarkingCheck
from posapp.devices.moving import Place, Search, Whereabouts, following
from posapp.devices.registry import make_printer
from posapp.devices.scanner import SerialScanner
from posapp.devices.terminal import ManualTerminal, TcpTerminal
from posapp.devices.trace import Trace
from posapp.devices.usb_identity import UsbIdentity
from posapp.domain.fiscal import DeviceIdentity
from posapp.domain.scans import ScanRules
from posapp.errors import DeviceError, JournalError, Offline, SaleError, SetupError
from posapp.http import HttpClient
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.lock import DirectoryLock
from posapp.journal.store import Journal
from posapp.settings import PortalSettings, Settings
from posapp.sync.bitrix import connect
from posapp.sync.bitrix.auth import PortalAccess, WebhookAccess
from posapp.sync.bitrix.client import BitrixClient
from posapp.sync.bitrix.connect import Clock
from posapp.sync.bitrix.poll import PollLink, SitePoll
from posapp.sync.claims import PATIENCE_S, GatewayDesk
from posapp.sync.governor import Governor, Limits
from posapp.sync.jobs import GatewayJobs
from posapp.sync.ofd import BODY_MAX as OFD_BODY_MAX
from posapp.sync.ofd import HttpOfd, Ofd
from posapp.sync.shared_budget import Portion, SharedBudget
from posapp.till import (
    keeping,
    place,
    restore,
    setup,
    site_poll,
    sync_log,
)
from posapp.till.context import Till
from posapp.till.job_loop import Rounds
from posapp.till.own_documents import Progress, silent

TRACE_VARIABLE = "POSAPP_TRACE"
"""Names a file into which every process of this program writes what goes to the register and back."""
BUDGET_PATIENCE_S = 1.0
"""So long a request waits for the gateway's word on the budget; then the till keeps to its fair share."""


log = logging.getLogger(__name__)


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


def clock() -> Clock:
    """The time as an access to the portal needs it."""
    return Clock(now, time.monotonic, time.sleep)


@contextmanager
def portal_client(
    access: vault.Secret | PortalAccess, limits: Limits, known: PortalSettings | None = None
) -> Iterator[BitrixClient]:
    """A client of the portal for set-up, before there is a till; its connections are closed at the end.

    `access`: a webhook, or what `access_of` gives. `known`: the portal that is set up; a client of its address calls it
    by its name.
    """
    http = HttpClient()
    made: PortalAccess = WebhookAccess(access.reveal()) if isinstance(access, vault.Secret) else access
    try:
        yield _client(made, http, limits, known)
    finally:
        made.close()
        http.close()


def access_of(settings: Settings, folder: Path) -> PortalAccess:
    """How the till of this directory calls its portal. Raises SetupError when there is no key."""
    return connect.access_of(settings, folder, clock())


def _client(access: PortalAccess, http: HttpClient, limits: Limits, known: PortalSettings | None) -> BitrixClient:
    name = "" if known is None else known.name_at(access.address)
    return BitrixClient(access, http, Governor(time.monotonic, time.sleep, limits), kept_as=name)


class PortalDoor:
    """Makes the portal's clients when they are first asked for: each thread that asks has one of its own, and all go
    through one right to call and one request budget.

    `tills` is how many shared that budget last, None when nobody knows.
    """

    def __init__(self, settings: Settings, folder: Path, tills: int | None = None) -> None:
        self._settings = settings
        self._folder = folder
        self._tills = tills
        self._open = ExitStack()
        self._lock = threading.Lock()
        self._of_thread = threading.local()
        self._shared: tuple[PortalAccess, Governor] | None = None

    def __call__(self) -> BitrixClient:
        """The client of the thread that asks. Raises SetupError when there is no portal or no key."""
        portal = self._settings.portal
        if portal is None:
            raise SetupError("not_set_up", what="не указан портал Битрикс", command="portal")
        found: BitrixClient | None = getattr(self._of_thread, "client", None)
        if found is None:
            with self._lock:
                access, governor = self._shared = self._shared or self._make(portal)
                http = HttpClient()
                self._open.callback(http.close)
            found = BitrixClient(access, http, governor, kept_as=portal.name_at(access.address))
            self._of_thread.client = found
        return found

    def _make(self, portal: PortalSettings) -> tuple[PortalAccess, Governor]:
        access = access_of(self._settings, self._folder)
        self._open.callback(access.close)
        limits, share = Limits(portal.limit_burst, portal.limit_per_second), None
        if self._settings.gateway is not None:
            gateway = GatewayDoor(self._settings, BUDGET_PATIENCE_S)
            self._open.callback(gateway.close)
            share = SharedBudget(BudgetDoor(gateway), time.monotonic, limits, self._tills)
        return access, Governor(time.monotonic, time.sleep, limits, share)

    def close(self) -> None:
        """Closes the connections."""
        self._open.close()


class BudgetDoor:
    """The gateway's part in the request budget; without a secret it is as away as a gateway that does not answer."""

    def __init__(self, gateway: GatewayDoor) -> None:
        self._gateway = gateway

    def budget(self, want: int, priority: int, size: float, leak_per_s: float, carried: float) -> Portion:
        """See `shared_budget.BudgetDesk`."""
        try:
            desk = self._gateway()
        except SetupError as error:
            raise Offline("gateway_offline", reason=error.code) from error
        return desk.budget(want, priority, size, leak_per_s, carried)


class GatewayDoor:
    """Makes the gateway's desk when it is first asked for. Each thread that asks has connections of its own."""

    def __init__(self, settings: Settings, timeout_s: float = PATIENCE_S) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
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
            self._desk = GatewayDesk(
                gateway.url, secret, portal.portal, identity, self._http, time.monotonic, timeout_s=self._timeout_s
            )
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


@contextmanager
def site_of(link: PollLink) -> Iterator[SitePoll]:
    """The poll of a site by its link; its connections are closed at the end."""
    http = HttpClient()
    try:
        yield SitePoll(link, http)
    finally:
        http.close()


@contextmanager
def rounds_of(till: Till) -> Iterator[Rounds]:
    """Where this till's print jobs come from: the site's poll or the gateway; on this computer it alone polls the site.

    Raises SaleError `jobs_off`, SetupError without link, gateway or secret, or `poll_busy`.
    """
    chosen, portal = till.settings.jobs, till.settings.portal
    if chosen is None:
        raise SaleError("jobs_off", mode="till-driven" if portal is None else portal.mode)
    if chosen.site:
        secret = vault.poll_link(till.settings.identity)
        if secret is None:
            raise SetupError("poll_link", what="её нет: POSAPP_POLL_LINK")
        link = PollLink.parse(secret)
        if link.site != (chosen.host or chosen.site):
            raise SetupError("poll_link", what=f"она от сайта {link.site}, а настроен {chosen.host or chosen.site}")
        with site_poll.only_poller(link.site), site_of(link) as site:
            yield Rounds(till, site=site)
        return
    gateway, secret = till.settings.gateway, vault.gateway_secret(till.settings.identity)
    if gateway is None or secret is None:
        raise SetupError("not_set_up", what="не указан шлюз, через него портал заказывает чеки", command="gateway")
    http = HttpClient()
    try:
        desk = GatewayJobs(
            gateway.url, secret, till.portal, till.settings.identity, lambda: http, time.monotonic, timeout_s=10.0
        )
        yield Rounds(till, desk=desk)
    finally:
        http.close()


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


def trace_to(file: Path) -> Trace:
    """A wire trace that is written to this file. Raises SetupError `not_written`."""
    try:
        return Trace(now, file)
    except OSError as error:
        raise SetupError("not_written", path=file, reason=error.strerror or type(error).__name__) from error


def _trace_of_environment() -> Trace | None:
    """The trace that POSAPP_TRACE asks for. A file that cannot be written stops nothing."""
    given = os.environ.get(TRACE_VARIABLE)
    if not given:
        return None
    try:
        return trace_to(Path(given))
    except SetupError as error:
        log.warning("%s", error.message())
        return None


def printer_of(
    settings: Settings, trace: Trace | None = None, moved: Callable[[Place], None] | None = None
) -> FiscalPrinter | None:
    """The driver of the register that is set up, or None; `trace` hears what goes over its line.

    A register whose port the driver opens itself is followed to wherever it is plugged, and `moved` is told.
    """
    chosen = settings.printer
    if chosen is None:
        return None
    usb = UsbIdentity(chosen.usb_vid, chosen.usb_pid, chosen.usb_serial) if chosen.usb_vid else None
    here = Whereabouts(Place(chosen.port, chosen.baud, usb))
    is_followed = registry.is_followed(chosen.model, chosen.link)
    printer = make_printer(
        chosen.model,
        chosen.port,
        link=chosen.link,
        password=chosen.password,
        baud=chosen.baud,
        key_tags=chosen.key_tags,
        correction_key_tag=chosen.correction_key_tag,
        trace=trace,
        login=lambda: atol_login(settings.identity),
        opens=here.open if is_followed else None,
        library=chosen.library,
    )
    if not is_followed:
        return printer
    expected = DeviceIdentity(chosen.factory_number, chosen.registration_number, chosen.storage_number)
    question = Question(password=chosen.password)
    search = Search(chosen.model, chosen.factory_number, question, others=setup.other_devices(settings))
    return following(printer, here, expected, search, moved or (lambda place: None))


def _remember_place(folder: Path, place: Place) -> None:
    """Keeps where the register is now. What cannot be kept is looked for again next time, and stops nothing."""
    try:
        settings = settings_file.load(folder)
        if settings is not None:
            settings_file.save(folder, setup.with_place(settings, place.port, place.baud, place.usb))
    except (JournalError, SetupError) as error:
        log.warning("the register's new port is not kept: %s", error.message())


def terminal_of(settings: Settings) -> CardTerminal | None:
    """The card terminal that is set up, or None."""
    chosen = settings.terminal
    if chosen is None:
        return None
    return TcpTerminal(chosen.port) if chosen.is_connected else ManualTerminal()


def atol_login(identity: str) -> str:
    """`user:password` of ATOL's web server, "" for none; where no vault can be asked the server says what it wants."""
    try:
        secret = vault.atol_login(identity)
    except SetupError:
        return ""
    return "" if secret is None else secret.reveal()


def scanner_of(settings: Settings) -> Scanner | None:
    """The scanner at a port of its own, or None; it listens when it is started."""
    chosen = settings.scanner
    if not chosen.port:
        return None
    rules = ScanRules(chosen.prefix, chosen.suffix, chosen.gap_ms, chosen.length_min)
    return SerialScanner(chosen.port, chosen.baud, rules)


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
    folder: Path,
    *,
    write: bool = True,
    person: str = "",
    checks: bool = True,
    restoring: bool = False,
    trace: Trace | None = None,
) -> Iterator[Till]:
    """The till of a data directory, its journal open. Lets everything go at the end, the journal last.

    `checks`: a journal opened for writing is read whole first when that is due, once a day and after a process that did
    not end by itself; the window does it in the background instead. `person`: who decides, for the audit log. `trace`
    hears what goes to the register and back; else the one that POSAPP_TRACE names, if any.
    """
    settings = load_settings(folder)
    if not write and not (folder / JOURNAL_NAME).exists():  # set up and not yet used: an empty till, no trouble
        Journal.open(folder, now=now).close()
    with ExitStack() as stack:
        journal = stack.enter_context(Journal.open(folder, now=now, write=write))
        door = PortalDoor(settings, folder, sync_log.tills_of(journal, settings))
        stack.callback(door.close)
        gateway = GatewayDoor(settings)
        stack.callback(gateway.close)
        listening = trace or _trace_of_environment()
        if listening is not None:
            stack.callback(listening.close)
        printer = printer_of(settings, listening, partial(_remember_place, folder) if write else None)
        if printer is not None:
            stack.callback(printer.close)
        terminal = terminal_of(settings)
        if terminal is not None:
            stack.callback(terminal.close)
        scanner = scanner_of(settings)
        if scanner is not None:
            stack.callback(scanner.close)
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
            terminal=terminal,
            scanner=scanner,
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
