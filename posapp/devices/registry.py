"""Which driver speaks to which register: the one place that knows the vendors."""

from __future__ import annotations

from collections.abc import Mapping

from posapp.devices.base import FiscalPrinter
from posapp.devices.flow import Port
from posapp.devices.port import SerialPort
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.devices.shtrih.reader import ShtrihReader
from posapp.devices.shtrih.receipt_tags import USER_REQUISITE
from posapp.devices.shtrih.session import LINKS as _LINKS
from posapp.devices.trace import Trace, watching
from posapp.errors import UsageError

MODELS = ("shtrih",)
LINKS = tuple(_LINKS)


def make_printer(
    model: str,
    port: str,
    *,
    link: str = "auto",
    password: int = 30,
    baud: int = 115_200,
    key_tags: Mapping[int, str] | None = None,
    correction_key_tag: str = USER_REQUISITE,
    trace: Trace | None = None,
) -> FiscalPrinter:
    """A driver that opens its port when it is first used. Raises UsageError for a model or link we do not have.

    `key_tags`: by kind of receipt (1054) the tag that carries our key, as set-up proved it; `correction_key_tag` that
    of corrections. `trace` hears what goes over the line.
    """
    if model not in MODELS:
        raise UsageError("usage", what=f"модели «{model}» пока нет, есть: {', '.join(MODELS)}")
    if link not in LINKS:
        raise UsageError("usage", what=f"связи «{link}» пока нет, есть: {', '.join(LINKS)}")

    def open_port() -> Port:
        return SerialPort(port, baud)

    opens = open_port if trace is None else watching(open_port, trace, ShtrihReader, port)
    return ShtrihPrinter(opens, port, password, key_tags, link, correction_key_tag)
