"""Which driver speaks to which register: the one place that knows the vendors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from posapp.devices.atol.driver import AtolPrinter
from posapp.devices.atol.library import LibraryTasks
from posapp.devices.atol.reader import AtolReader
from posapp.devices.atol.web import WebTasks
from posapp.devices.atol.wire import WireTasks
from posapp.devices.base import FiscalPrinter
from posapp.devices.flow import Port
from posapp.devices.port import SerialPort
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.shtrih.reader import ShtrihReader
from posapp.devices.shtrih.receipt_tags import USER_REQUISITE
from posapp.devices.shtrih.session import LINKS as _SHTRIH_LINKS
from posapp.devices.trace import Trace, watching
from posapp.errors import UsageError

SHTRIH, ATOL = "shtrih", "atol"
MODELS = (SHTRIH, ATOL)
AUTO, WEB, LIBRARY, WIRE = "auto", "web", "library", "wire"
LINKS: Mapping[str, tuple[str, ...]] = {SHTRIH: tuple(_SHTRIH_LINKS), ATOL: (AUTO, WEB, LIBRARY, WIRE)}
"""How each model is spoken to; `auto` finds out."""


def make_printer(
    model: str,
    port: str,
    *,
    link: str = AUTO,
    password: int = 30,
    baud: int = 115_200,
    key_tags: Mapping[int, str] | None = None,
    correction_key_tag: str = USER_REQUISITE,
    trace: Trace | None = None,
    login: Callable[[], str] = lambda: "",
    opens: Callable[[], Port] | None = None,
    library: str = "",
) -> FiscalPrinter:
    """A driver that opens its port when it is first used. Raises UsageError for a model or link we do not have.

    `key_tags`: by kind of receipt (1054) the tag that carries our key, as set-up proved it; `correction_key_tag` that
    of corrections. `trace` hears what goes over a line of bytes. `login` gives `user:password` of ATOL's web server.
    `opens` opens the port in place of `port` itself, for a register that is followed (`is_followed`). `library` is the
    vendor's driver or its folder, "" where it was installed at its usual place.
    """
    if model not in MODELS:
        raise UsageError("usage", what=f"модели «{model}» пока нет, есть: {', '.join(MODELS)}")
    if link not in LINKS[model]:
        raise UsageError("usage", what=f"связи «{link}» у «{model}» нет, есть: {', '.join(LINKS[model])}")

    def open_port() -> Port:
        return SerialPort(port, baud) if opens is None else opens()

    reader = AtolReader if model == ATOL else ShtrihReader
    heard = open_port if trace is None else watching(open_port, trace, reader, port)
    if model == ATOL:
        return _atol(port, link, password, baud, login, heard, library)
    return ShtrihPrinter(heard, port, password, key_tags, link, correction_key_tag)


def is_followed(model: str, link: str) -> bool:
    """Whether the driver itself opens the port, so that it can be opened elsewhere: see `moving.py`."""
    return model == SHTRIH or link == WIRE


def is_web(port: str) -> bool:
    """Whether the address is that of a web server."""
    return port.startswith(("http://", "https://"))


def _atol(
    port: str,
    link: str,
    password: int,
    baud: int,
    login: Callable[[], str],
    open_port: Callable[[], Port],
    library: str,
) -> AtolPrinter:
    """`auto`: the web server for an http address, else the vendor's library. The wire never goes by itself."""
    chosen = (WEB if is_web(port) else LIBRARY) if link == AUTO else link
    if (chosen == WEB) is not is_web(port):
        raise UsageError("usage", what=f"связь «{chosen}» и такой адрес не подходят друг другу")
    try:
        address = urlsplit(port)
    except ValueError as error:
        raise UsageError("usage", what="адрес не читается") from error
    if is_web(port) and not address.hostname:
        raise UsageError("usage", what="в адресе нет имени компьютера: http://АДРЕС:16732")
    if "@" in address.netloc:
        raise UsageError("usage", what="логин и пароль – не в адресе, а в POSAPP_ATOL_LOGIN или --login-stdin")
    if chosen == WEB:
        return AtolPrinter(WebTasks(port, login), port, link=WEB, takes_requests=True)
    if chosen == LIBRARY:
        return AtolPrinter(LibraryTasks(port, baud=baud, password=password, library=library), port, link=LIBRARY)
    return AtolPrinter(WireTasks(open_port, port, password), port, link=WIRE)
