"""What was set up for this till, in one readable file of its data directory. Never a secret: those are in `vault.py`.

A data directory is born *training* or *live* and stays so: live refuses simulated registers, training refuses a portal
that is not the simulator. The file is written whole and atomically, so a crash leaves the old or the new one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Container, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import time
from pathlib import Path
from typing import Any, TypeVar

from posapp.errors import JournalError, SetupError

FILE, LOOK_FILE = "settings.json", "look.json"
DATA_DIR_VARIABLE = "POSAPP_DATA_DIR"
TRAINING, LIVE = "training", "live"
BYTES_MAX = 1 << 20
PLACE_MAX = 256  # tag 1187
DEFAULT_PASSWORD = 30
"""The password of the system administrator that a register leaves the factory with."""


@dataclass(frozen=True, slots=True)
class PrinterSettings:
    """The register: how to reach it and who it was at set-up (digits as text).

    `key_tag`, `refund_key_tag` and `correction_key_tag` say where receipts, refunds and corrections carry our key:
    "1084", "1192", "" for nowhere. They are proven when `takes_key`; else no receipt could be opened at set-up and 1084
    is what the first one offers. With `only_program` the shop has confirmed that no other program prints on this
    register. What it prints of itself:
    `user` (1048), `inn` (1018), `address` (1009), `place` (1187), `fns_site` (1060), `sender` (1117); `width` is how
    many characters fit a line of its paper. `usb_vid`, `usb_pid` and `usb_serial` are what USB says of the chip at the
    port, noughts and "" where there is none: by them and its factory number the register is found when its port moves.
    `library` is the vendor's driver library, where a person has named it.
    """

    model: str
    port: str
    link: str
    password: int
    name: str
    ffd: str
    factory_number: str
    registration_number: str
    storage_number: str
    tax_systems: tuple[int, ...]
    takes_key: bool
    vat_formula: str
    user: str
    baud: int = 115_200
    key_tag: str = "1084"
    refund_key_tag: str = "1084"
    correction_key_tag: str = "1084"
    only_program: bool = False
    inn: str = ""
    address: str = ""
    place: str = ""
    fns_site: str = ""
    sender: str = ""
    width: int = 48
    usb_vid: int = 0
    usb_pid: int = 0
    usb_serial: str = ""
    library: str = ""

    @property
    def key_tags(self) -> dict[int, str]:
        """By kind of receipt (1054)."""
        return {1: self.key_tag, 2: self.refund_key_tag}


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """The portal. `portal` is its host, the key under which orders and receipts are kept.

    `address`: the host at which it answers, where that is another one by now; "" for the same. `receipts_field` is the
    field of a payment that holds its list of receipts (rule 15); `refund_status` the status of an order whose money
    went back whole, "" to leave the order's status alone.
    """

    portal: str
    mode: str
    final_status: str
    is_simulated: bool
    limit_burst: int = 50
    limit_per_second: float = 2.0
    address: str = ""
    receipts_field: str = "comments"
    refund_status: str = ""

    def name_at(self, host: str) -> str:
        """What a client of `host` is to call the portal: our name for it, or the host itself where it is another."""
        return self.portal if self.address and host == self.address else ""


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """The local application by which the portal is reached; tokens and `client_secret` are in the vault.

    `member_id` is the portal's own id, which outlives its address; `endpoint` where it is called, as a person has
    confirmed it; `token_url` who renews the tokens; `port` where this machine waits for the browser, as the
    application's card says it.
    """

    client_id: str
    member_id: str
    endpoint: str
    token_url: str
    port: int


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """The second place for copies of the journal: a folder on another disk, a USB stick or the network."""

    folder: str


@dataclass(frozen=True, slots=True)
class OfdSettings:
    """The OFD whose view of our documents is compared: where it answers. Its key is in the vault."""

    url: str
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class MarkingSettings:
    """Where is asked whether marked goods may be sold: the online service and the local module, "" for not asked.

    With both empty the shop has said that its goods are not under the permission mode. `sells_unanswered`: what it
    decided for the case that nobody answers in time. Key and password are in the vault.
    """

    online: str
    local: str
    is_simulated: bool
    sells_unanswered: bool = False

    @property
    def asks(self) -> bool:
        """Whether anybody is asked."""
        return bool(self.online or self.local)


@dataclass(frozen=True, slots=True)
class TerminalSettings:
    """The card terminal. `model`: `tcp` – it is asked at `port` (`socket://HOST:PORT`) –, or `manual`: a person charges
    on it and types the number of the operation (RRN). `name` is what it calls itself."""

    model: str
    port: str = ""
    name: str = ""
    is_simulated: bool = False

    @property
    def is_connected(self) -> bool:
        """Whether the till itself asks it."""
        return self.model == "tcp"


@dataclass(frozen=True, slots=True)
class ScannerSettings:
    """The scanner: `port` and `baud` of a serial one, "" for one that only types. The rest are the rules by which its
    scans are told from anything else (`ScanRules`)."""

    port: str = ""
    baud: int = 9600
    prefix: str = ""
    suffix: str = ""
    gap_ms: int = 60
    length_min: int = 6


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """The gateway that the tills of a portal share, under whose claims orders are sold. Its secret is in the vault."""

    url: str


@dataclass(frozen=True, slots=True)
class JobSettings:
    """Receipts that the portal or the site orders and this till prints.

    `site` is what the site is known as: the host of its first poll link; "" where a portal's jobs come through the
    gateway. `host` is that of today's link where it is another one; the link itself is a secret.
    `rates` are the line rates (1199) that the shop's goods carry; `table_checked`: a person has seen to it that the
    site sends 5, 7 and 22 % as such, and not as "no VAT"; `advance_rate` what advances carry, 0: they are held.
    """

    site: str = ""
    host: str = ""
    is_simulated: bool = False
    rates: tuple[int, ...] = ()
    table_checked: bool = False
    advance_rate: int = 0


@dataclass(frozen=True, slots=True)
class ShiftSettings:
    """The shop's rule for its shift: `close_at`, the time of day (`23:30`) at which it is closed, "" for no rule."""

    close_at: str = ""

    @property
    def closing_time(self) -> time | None:
        """`close_at` as a time of day."""
        return time.fromisoformat(self.close_at) if self.close_at else None


@dataclass(frozen=True, slots=True)
class SalesSettings:
    """What the till adds to its receipts beside what the register prints of itself.

    `cashier_inn` is tag 1203. `place` is 1187 where it is another than the registered one. `is_mobile`: a courier's
    till, whose address of settlement (1009) is where the order is brought. `card_sign` and `sbp_sign` are what the
    shop's accountant wants in tag 1236 (0: not said). `fee_rule` is what the delivery costs when a part of the order is
    refused: `keep`, `waive`, or `free-from` the sum of goods `fee_free_from_kopecks`, below it `fee_kopecks`.
    """

    cashier_inn: str = ""
    place: str = ""
    is_mobile: bool = False
    card_sign: int = 0
    sbp_sign: int = 0
    fee_rule: str = "keep"
    fee_free_from_kopecks: int = 0
    fee_kopecks: int = 0


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """Whose orders the courier of this till takes: those of a responsible person (0: anybody's), in these statuses
    (comma between, "" for every one but the final one), with these values of properties (`CODE=VALUE`, one a line)."""

    responsible: int = 0
    statuses: str = ""
    properties: str = ""

    @property
    def status_list(self) -> tuple[str, ...]:
        """The statuses one by one."""
        return tuple(each for each in self.statuses.split(",") if each)

    @property
    def property_list(self) -> tuple[tuple[str, str], ...]:
        """Code and value of each property."""
        pairs = (each.partition("=") for each in self.properties.splitlines())
        return tuple((code, value) for code, equals, value in pairs if equals)


@dataclass(frozen=True, slots=True)
class CatalogueSettings:
    """Which fields of the portal's products hold what: `code`, `xmlId`, `propertyN`, "" for none.

    Bitrix tells no barcode by REST, so the shop keeps it in a field of its own. `article` is what people type, `scale`
    the number on the scales, `marked` is not empty for goods with marking codes. `price_type` is the portal's id,
    `scales` the schemes of weighed labels (`21:5:5,23:6:4`), `prices_hours` how old prices may be (0: never too old).
    """

    barcode: str = ""
    article: str = "code"
    scale: str = ""
    marked: str = ""
    price_type: int = 1
    scales: str = ""
    prices_hours: int = 0


@dataclass(frozen=True, slots=True)
class TellSettings:
    """What else an order of the portal is told. `paid_status`: the status of an order that was paid ahead, "" to leave
    it; `property_code`: the order's property that gets the fiscal documents, "" for none, `property_ids` its ids by the
    type of the buyer (`1=30,2=31`).
    """

    paid_status: str = ""
    property_code: str = ""
    property_ids: str = ""

    @property
    def ids(self) -> dict[str, int]:
        """`property_ids`, read."""
        pairs = (each.partition("=") for each in self.property_ids.split(",") if each)
        return {person: int(number) for person, _, number in pairs}


@dataclass(frozen=True, slots=True)
class StockSettings:
    """How the portal's stock hears of goods that no shipment moves, chosen and proven at set-up.

    `mode`: `shipments` (orders only), `documents` (inventory documents of `store`, in the name of `responsible`),
    `quantity` (the product's number), `1c` and `none` (nothing is written). `since`: when it was chosen, ISO; earlier
    receipts are not told. `looks`: before a sale the portal is asked whether there is enough.
    """

    mode: str = "shipments"
    store: int = 0
    responsible: int = 0
    since: str = ""
    looks: bool = True


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How long the sync log is kept: `days`, at most `rows`; requests and answers of what went well `body_days`."""

    days: int = 90
    rows: int = 1_000_000
    body_days: int = 14

    @property
    def is_sound(self) -> bool:
        """Neither for ever nor so short that nobody finds yesterday's trouble."""
        return 1 <= self.body_days <= self.days <= 3650 and 10_000 <= self.rows <= 10_000_000


_Part = TypeVar(
    "_Part",
    PrinterSettings,
    PortalSettings,
    OAuthSettings,
    BackupSettings,
    OfdSettings,
    GatewaySettings,
    JobSettings,
    MarkingSettings,
    SalesSettings,
    CatalogueSettings,
    RouteSettings,
    LogSettings,
    TellSettings,
    StockSettings,
    TerminalSettings,
    ScannerSettings,
)


@dataclass(frozen=True, slots=True)
class VatSettings:
    """The confirmed mapping: portal row id (0 = delivery) → tag 1199; the rows as last pulled (name, percent text)."""

    confirmed: Mapping[int, int] = field(default_factory=dict)
    rows: Mapping[int, tuple[str, str | None]] = field(default_factory=dict)
    confirmed_at: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that was set up. `kind` is `training` or `live`."""

    kind: str
    identity: str
    till: str = "1"
    cashier: str = "Кассир"
    language: str = "ru"
    printer: PrinterSettings | None = None
    portal: PortalSettings | None = None
    vat: VatSettings = VatSettings()
    backup: BackupSettings | None = None
    ofd: OfdSettings | None = None
    gateway: GatewaySettings | None = None
    marking: MarkingSettings | None = None
    shift: ShiftSettings = ShiftSettings()
    sales: SalesSettings = SalesSettings()
    route: RouteSettings | None = None
    catalogue: CatalogueSettings | None = None
    log: LogSettings = LogSettings()
    jobs: JobSettings | None = None
    stock: StockSettings | None = None
    tell: TellSettings = TellSettings()
    oauth: OAuthSettings | None = None
    terminal: TerminalSettings | None = None
    scanner: ScannerSettings = ScannerSettings()

    @property
    def is_training(self) -> bool:
        """Whether receipts and orders are practice."""
        return self.kind == TRAINING

    def with_(self, **changes: Any) -> Settings:
        """A copy with some fields replaced."""
        return replace(self, **changes)


def data_dir(given: Path | None) -> Path:
    """The data directory: the one given, else POSAPP_DATA_DIR, else the system's place for it."""
    if given is not None:
        return given
    named = os.environ.get(DATA_DIR_VARIABLE)
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("posapp", appauthor=False))


def load_look(folder: Path) -> dict[str, Any]:
    """How a person wants the window to look; empty when nothing was chosen or the file is no such file."""
    try:
        found = json.loads((folder / LOOK_FILE).read_bytes()[:BYTES_MAX])
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def save_look(folder: Path, look: Mapping[str, Any]) -> None:
    """Keeps the look. A disk that refuses costs nothing but the look."""
    with suppress(OSError):
        (folder / LOOK_FILE).write_text(json.dumps(dict(look), ensure_ascii=False), encoding="utf-8")


def load(folder: Path) -> Settings | None:
    """The settings of a data directory, None when nothing was set up. Raises SetupError when the file is damaged."""
    path = folder / FILE
    try:
        with path.open("rb") as file:
            raw = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SetupError("settings_damaged", what=error.strerror or type(error).__name__) from error
    try:
        if len(raw) > BYTES_MAX:
            raise ValueError("too long")
        return _from_json(json.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SetupError("settings_damaged", what=f"{FILE}: {_where(error)}") from error


def text_of(settings: Settings) -> str:
    """The settings as a copy of the journal carries them: without the register's operator password."""
    body = asdict(settings)
    if body["printer"] is not None:
        body["printer"]["password"] = DEFAULT_PASSWORD
    return json.dumps(body, ensure_ascii=False)


def from_text(text: str) -> Settings:
    """The reverse. Raises SetupError `settings_damaged`."""
    try:
        return _from_json(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SetupError("settings_damaged", what=_where(error)) from error


def _where(error: Exception) -> str:
    """What is wrong in the file, as far as the error tells: the place, or the name of what is missing."""
    if isinstance(error, json.JSONDecodeError):
        return f"строка {error.lineno}, знак {error.colno}"
    return str(error) if isinstance(error, KeyError | ValueError) else type(error).__name__


def save(folder: Path, settings: Settings) -> None:
    """Writes the settings so that a crash leaves the old or the new file. Raises JournalError when it cannot."""
    path = folder / FILE
    temporary = path.with_suffix(".new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(temporary, "w", encoding="utf-8", opener=_private) as file:
            json.dump(asdict(settings), file, ensure_ascii=False, indent=2)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        code = "disk_full" if error.errno == 28 else "disk_read_only"  # ENOSPC
        raise JournalError(code, path=str(folder)) from error


def _private(path: str, flags: int) -> int:
    """Only the till's own user reads it: it names the register's operator password."""
    return os.open(path, flags, 0o600)


def _from_json(body: Mapping[str, Any]) -> Settings:
    if body["kind"] not in (TRAINING, LIVE):
        raise ValueError("kind")
    printer, portal, vat = body.get("printer"), body.get("portal"), body.get("vat") or {}
    backup, ofd, gateway = body.get("backup"), body.get("ofd"), body.get("gateway")
    marking, catalogue, oauth = body.get("marking"), body.get("catalogue"), body.get("oauth")
    return Settings(
        kind=body["kind"],
        identity=str(body["identity"]),
        till=str(body["till"]),
        cashier=str(body["cashier"]),
        language=str(body["language"]),
        printer=None if printer is None else _printer(printer),
        portal=None if portal is None else _typed(PortalSettings(**portal)),
        vat=VatSettings(
            confirmed={int(row): _code(code, _VAT_RATES) for row, code in vat.get("confirmed", {}).items()},
            rows={int(row): (str(name), _number(percent)) for row, (name, percent) in vat.get("rows", {}).items()},
            confirmed_at=str(vat.get("confirmed_at", "")),
        ),
        backup=None if backup is None else _typed(BackupSettings(**backup)),
        ofd=None if ofd is None else _typed(OfdSettings(**ofd)),
        gateway=None if gateway is None else _typed(GatewaySettings(**gateway)),
        marking=None if marking is None else _typed(MarkingSettings(**marking)),
        shift=_shift(body.get("shift") or {}),
        sales=_sales(body.get("sales") or {}),
        route=None if body.get("route") is None else _route(body["route"]),
        catalogue=None if catalogue is None else _catalogue(catalogue),
        log=_log(body.get("log") or {}),
        stock=None if body.get("stock") is None else _stock(body["stock"]),
        tell=_tell(body.get("tell") or {}),
        oauth=None if oauth is None else _typed(OAuthSettings(**oauth)),
        jobs=None if body.get("jobs") is None else _jobs(body["jobs"]),
        terminal=None if body.get("terminal") is None else _terminal(body["terminal"]),
        scanner=_scanner(body.get("scanner") or {}),
    )


_KINDS: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (int, float),
    "tuple[int, ...]": (tuple,),
}


def _printer(given: Mapping[str, Any]) -> PrinterSettings:
    """The register's part of the file."""
    systems = tuple(_code(each, _TAX_SYSTEMS) for each in given["tax_systems"])
    printer = _typed(PrinterSettings(**{**given, "tax_systems": systems}))
    for tag in (printer.key_tag, printer.refund_key_tag, printer.correction_key_tag):
        if tag not in _KEY_TAGS:
            raise ValueError(f"тег {tag[:20]}")
    if printer.width not in _WIDTHS:
        raise ValueError(f"width {printer.width}")
    return printer


def _sales(given: Mapping[str, Any]) -> SalesSettings:
    """What the till adds to its receipts."""
    sales = _typed(SalesSettings(**given))
    if not re.fullmatch(r"(?:[0-9]{12})?", sales.cashier_inn) or len(sales.place) > PLACE_MAX:
        raise ValueError("sales")
    if not (0 <= sales.card_sign <= 255 and 0 <= sales.sbp_sign <= 255):
        raise ValueError("card_sign, sbp_sign")
    if sales.fee_rule not in _FEE_RULES or not all(
        0 <= each <= _KOPECKS_MAX for each in (sales.fee_free_from_kopecks, sales.fee_kopecks)
    ):
        raise ValueError("fee_rule")
    return sales


def _route(given: Mapping[str, Any]) -> RouteSettings:
    """The courier's route. Raises ValueError."""
    chosen = _typed(RouteSettings(**given))
    if chosen.responsible < 0 or not re.fullmatch(r"(?:[A-Z]{1,2}(?:,[A-Z]{1,2})*)?", chosen.statuses):
        raise ValueError("route")
    if any(not code or "=" not in each for each in chosen.properties.splitlines() for code in [each.split("=")[0]]):
        raise ValueError("route")
    return chosen


_FEE_RULES = ("keep", "waive", "free-from")
_KOPECKS_MAX = 9_999_999_999


PRODUCT_FIELD = re.compile(r"code|xmlId|property[1-9][0-9]{0,8}|")
"""Fields of a product that can be read by REST and may hold a code."""


def _tell(given: Mapping[str, Any]) -> TellSettings:
    """What else an order is told. Raises ValueError."""
    chosen = _typed(TellSettings(**given))
    if not re.fullmatch(r"(?:[0-9]+=[0-9]+(?:,[0-9]+=[0-9]+)*)?", chosen.property_ids):
        raise ValueError("property_ids")
    return chosen


STOCK_MODES = ("shipments", "documents", "quantity", "1c", "none")


def _stock(given: Mapping[str, Any]) -> StockSettings:
    """How the stock is told. Raises ValueError."""
    chosen = _typed(StockSettings(**given))
    if chosen.mode not in STOCK_MODES or (chosen.mode == "documents") != bool(chosen.store):
        raise ValueError("stock")
    return chosen


def _catalogue(given: Mapping[str, Any]) -> CatalogueSettings:
    """Where the products' codes and prices are. Raises ValueError."""
    chosen = _typed(CatalogueSettings(**given))
    for name in (chosen.barcode, chosen.article, chosen.scale, chosen.marked):
        if not PRODUCT_FIELD.fullmatch(name):
            raise ValueError(f"поле {name[:20]}")
    if not re.fullmatch(r"(?:2[0-9]:[1-9]:[1-9](?:,2[0-9]:[1-9]:[1-9])*)?", chosen.scales):
        raise ValueError("scales")
    if chosen.price_type < 1 or chosen.prices_hours < 0:
        raise ValueError("price_type, prices_hours")
    return chosen


def _jobs(given: Mapping[str, Any]) -> JobSettings:
    """What is printed by order of the portal. Raises ValueError."""
    rates = tuple(_code(each, _VAT_RATES) for each in given.get("rates", ()))
    chosen = _typed(JobSettings(**{**given, "rates": rates}))
    if chosen.advance_rate:
        _code(chosen.advance_rate, _VAT_RATES)
    return chosen


def _scanner(given: Mapping[str, Any]) -> ScannerSettings:
    """The scanner. Raises ValueError."""
    chosen = _typed(ScannerSettings(**given))
    if not (10 <= chosen.gap_ms <= 500 and 3 <= chosen.length_min <= 40 and 300 <= chosen.baud <= 4_000_000):
        raise ValueError("scanner")
    if max(len(chosen.prefix), len(chosen.suffix)) > 8 or not (chosen.prefix + chosen.suffix).isascii():
        raise ValueError("prefix, suffix")
    return chosen


TERMINALS = ("tcp", "manual")


def _terminal(given: Mapping[str, Any]) -> TerminalSettings:
    """The card terminal. Raises ValueError."""
    chosen = _typed(TerminalSettings(**given))
    if chosen.model not in TERMINALS or (chosen.model == "tcp") != bool(chosen.port):
        raise ValueError("terminal")
    return chosen


def _log(given: Mapping[str, Any]) -> LogSettings:
    """The rule of the sync log. Raises ValueError."""
    chosen = _typed(LogSettings(**given))
    if not chosen.is_sound:
        raise ValueError("log")
    return chosen


_KEY_TAGS = ("1084", "1192", "")
_WIDTHS = range(16, 121)  # characters in a line of paper


def _shift(given: Mapping[str, Any]) -> ShiftSettings:
    """The rule of the shift. Raises ValueError for what is no time of day."""
    close_at = str(given.get("close_at", ""))
    if not re.fullmatch("(?:(?:[01][0-9]|2[0-3]):[0-5][0-9])?", close_at):
        raise ValueError(f"close_at {close_at[:20]}")
    return ShiftSettings(close_at)


def _typed(part: _Part) -> _Part:
    """The part, when every value is of its field's kind. Raises ValueError, since the file may be edited by hand."""
    for each in fields(part):
        value = getattr(part, each.name)
        wanted = _KINDS[str(each.type)]
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            raise ValueError(each.name)
    return part


_VAT_RATES = range(1, 13)  # tag 1199
_TAX_SYSTEMS = (1, 2, 4, 16, 32)  # tag 1055; 8 was ЕНВД, which is no more


def _code(value: object, known: Container[int]) -> int:
    """A code that the FFD knows."""
    if type(value) is not int or value not in known:
        raise ValueError(f"код {value}")
    return value


def _number(value: object) -> str | None:
    """A percentage as text, or None."""
    if value is None:
        return None
    text = str(value)
    if not re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]+)?", text):
        raise ValueError(f"ставка {text[:20]}")
    return text
