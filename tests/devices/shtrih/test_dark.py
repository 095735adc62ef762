"""A register without power: how long a sale waits before it says so."""

from __future__ import annotations

import pytest

from posapp.devices.flow import Port
from posapp.devices.shtrih.driver import ShtrihPrinter
from posapp.domain.vat import VatRate
from posapp.errors import Unreachable
from tests.conformance import samples
from tests.conformance.inside import OnLine, inside
from tests.conformance.samples import CARD, line

PATIENCE_S = 5.0


@pytest.mark.parametrize("link", ["v1", "v2"])
def test_a_register_without_power_is_given_up_before_the_questions_of_a_receipt(
    link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On v2 one question waits half a minute for its answer; the knock before it takes three seconds."""
    waited_s: list[float] = []

    def made(open_port: object, name: str) -> ShtrihPrinter:
        def watched() -> Port:
            port: Port = open_port()  # type: ignore[operator]
            read = port.read

            def counted(timeout_s: float) -> bytes | None:
                data = read(timeout_s)
                waited_s.append(0.0 if data is not None else timeout_s)
                return data

            monkeypatch.setattr(port, "read", counted)
            return port

        return ShtrihPrinter(watched, name, link=link)

    with inside(OnLine("shtrih", link, made)) as world:
        world.printer.open_shift("Кассир")
        world.tell("power", {"on": False})
        waited_s.clear()
        receipt = samples.receipt([line(10_000, vat=VatRate.VAT_22)], {CARD: 10_000})
        with pytest.raises(Unreachable):
            world.printer.print_receipt(receipt, 2)
        assert 0 < sum(waited_s) < PATIENCE_S, "the model is asked for before a receipt with this rate"
