"""Every driver against every simulated register over every transport: `printer` is each of them in turn.

One register process per world serves all tests; each test gets a world in order. With `--register "MODEL PORT [LINK]"`
there is one world, a real register, and what needs a hand at its plug is left out by name; see real.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from posapp.devices.base import Capability, FiscalPrinter
from posapp.domain.fiscal import ShiftState
from tests.conformance.processes import WORLDS, Bench, started
from tests.conformance.real import RealBench, opened

OPTION = "--register"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, metavar="'MODEL PORT [LINK]'", help="a real register with a debug fiscal storage")


def real_register(config: pytest.Config) -> str:
    """What was given by `--register`, "" for the simulated ones."""
    return str(config.getoption(OPTION, default=None) or "")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "running" in metafunc.fixturenames:
        real = real_register(metafunc.config)
        worlds = [real] if real else [" ".join(world) for world in WORLDS]
        metafunc.parametrize("running", worlds, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a real register nothing else is played."""
    if real_register(config):
        items[:] = [each for each in items if "running" in getattr(each, "fixturenames", ())]


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest) -> Iterator[Bench | RealBench]:
    """The register, and a driver that stays connected where a test leaves it so."""
    if real_register(request.config):
        yield from opened(request.param)
    else:
        yield from started(request.param)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What was left out on a real register, and what it would take."""
    if not real_register(config):
        return
    left_out: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        left_out.setdefault(str(why).removeprefix("Skipped: "), []).append(report.nodeid.rpartition("::")[2])
    terminalreporter.section("left out on this register")
    for why, tests in sorted(left_out.items()):
        terminalreporter.write_line(f"{why}: {len(tests)}")
        for each in sorted(tests):
            terminalreporter.write_line(f"    {each}")


class Scissors:
    """Cuts the cable at a command: every port of this program breaks there, as when a plug is pulled."""

    def __init__(self, bench: Bench | RealBench) -> None:
        assert bench.line is not None
        self._bench, self._line = bench, bench.line

    @property
    def is_cut(self) -> bool:
        """Whether the plug is out."""
        return self._line.is_cut

    def at(self, opcode: str, *, nth: int = 1, sent: bool) -> None:
        """At the `nth` such command from now on: just before its frame leaves, or (`sent`) just after."""
        code, first = self._bench.code(opcode)
        self._line.cut_at(code, nth=nth + first - 1, sent=sent)

    def mend(self) -> None:
        """The plug is in again."""
        self._line.mend()


@pytest.fixture
def scissors(running: Bench | RealBench) -> Iterator[Scissors]:
    by_commands(running)
    made = Scissors(running)
    yield made
    made.mend()


def by_commands(bench: Bench | RealBench) -> None:
    """For tests that strike between the commands of one receipt: where a receipt is one task there is no between."""
    if bench.line is None:
        pytest.skip("a receipt is one task here; how it is struck: test_scenarios.py")


def can(bench: Bench | RealBench, capability: Capability) -> bool:
    """What the driver says that its model can; asked once per register."""
    if bench.can is None:
        bench.can = frozenset(bench.printer.probe().capabilities)
    return capability in bench.can


@pytest.fixture
def bench(running: Bench | RealBench) -> Bench | RealBench:
    """A world in order: power, paper, no faults, nothing open, the shift closed."""
    running.be_in_order()
    printer = running.printer
    printer.wait_until_idle()
    if printer.open_document() is not None:
        printer.cancel_open_document()
    if printer.status().shift.state is not ShiftState.CLOSED:
        printer.close_shift("Кассир")
    return running


@pytest.fixture
def printer(bench: Bench | RealBench) -> FiscalPrinter:
    """The driver, its register with an open shift."""
    bench.printer.open_shift("Кассир")
    return bench.printer
