"""Plays worlds and says what came of them; many of them at once, each in its own process when asked for."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from posapp.simulation import witnesses
from posapp.simulation.cashier import DAY_SALES
from posapp.simulation.plan import WORLD_DAYS, Plan, plan_of, world_seed
from posapp.simulation.violation import Violation
from posapp.simulation.world import World

MEMORY = Path("/dev/shm")  # noqa: S108  (a RAM disk makes fsync free; the folder is made by mkdtemp)


_UNSEEN = 1_000_000

_Job = tuple[int, int, int | None, tuple[str, ...]]
"""Seed, days, tills and faults of one world."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one world came to; `violation` is empty when every promise was kept."""

    seed: int
    days: int
    command: str
    receipts: int
    unknown: int
    resolved: int
    faults: dict[str, int]
    violation: str = ""
    trace: tuple[str, ...] = field(default=(), repr=False)
    told: dict[str, int] = field(default_factory=dict)
    least_faults: int = 0
    least_sales: int = 0


@dataclass
class Report:
    """A whole run. `faults` counts what really happened, by name; `least_…` are those of the quietest day."""

    seed: int
    days: int
    receipts: int = 0
    unknown: int = 0
    resolved: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    shrunk: list[str] = field(default_factory=list)
    least_faults: int = _UNSEEN
    least_sales: int = _UNSEEN

    def add(self, outcome: Outcome) -> None:
        """One world more."""
        self.receipts += outcome.receipts
        self.unknown += outcome.unknown
        self.resolved += outcome.resolved
        self.faults.update(outcome.faults)
        if outcome.violation:
            self.violations.append(f"{outcome.violation}. Повторить: {outcome.command}")
        else:
            self.least_faults = min(self.least_faults, outcome.least_faults)
            self.least_sales = min(self.least_sales, outcome.least_sales)

    def as_json(self) -> dict[str, object]:
        """The object that the command prints."""
        return {
            "seed": self.seed,
            "days": self.days,
            "receipts": self.receipts,
            "faults": dict(sorted(self.faults.items())),
            "unknown": self.unknown,
            "resolved": self.resolved,
            "violations": self.violations,
            "least_sales": self.least_sales if self.least_sales < _UNSEEN else None,
            "least_faults": self.least_faults if self.least_faults < _UNSEEN else None,
        }


def run(
    seed: int,
    days: int,
    tills: int | None = None,
    *,
    only: Sequence[str] = (),
    jobs: int | None = None,
    shrinks: bool = False,
) -> Report:
    """Plays `days` shop days, several worlds at once; ends with the first violation.

    Args:
        tills: how many each world has; None leaves it to the seed.
        only: names of the faults that may happen; empty for all.
        jobs: processes at once; None takes the number of processors.
        shrinks: a violation is reduced to the few events that matter.
    """
    work = [
        (world_seed(seed, number), min(WORLD_DAYS, days - first), tills, tuple(only))
        for number, first in enumerate(range(0, days, WORLD_DAYS))
    ]
    report = Report(seed, 0)
    for outcome in _outcomes(work, min(jobs or os.cpu_count() or 1, len(work))):
        report.days += outcome.days
        report.add(outcome)
        if outcome.violation:
            if shrinks:
                from posapp.simulation.shrink import shrunk

                report.shrunk = shrunk(plan_of(outcome.seed, outcome.days, tills, only))
            break
    return report


def _outcomes(work: list[_Job], jobs: int) -> Iterator[Outcome]:
    """In the order of `work`, whoever is ready first: what is reported depends on the seed alone."""
    if jobs <= 1:
        yield from map(_play_one, work)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(_play_one, work)


def _play_one(job: _Job) -> Outcome:
    return play(plan_of(*job))


def _least_sales(world: World) -> int:
    return min((world.judge.receipts_of_day(day) for day in range(world.plan.days)), default=0)


def _all_was_sold(world: World) -> None:
    """A till that is stuck shows as customers who went away. Raises Violation.

    Of a day with fewer customers – a shortened plan – nothing is asked.
    """
    customers = Counter(event.args["day"] for event in world.plan.events if event.what == "sell")
    for day, came in customers.items():
        sold = world.judge.receipts_of_day(day)
        if came >= DAY_SALES > sold:
            raise Violation(f"за день {day} продано {sold}, покупателей было {came}: касса стояла")


def play(plan: Plan) -> Outcome:
    """Plays one world in a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="posapp-sim-", dir=MEMORY if MEMORY.is_dir() else None))
    world = World(plan, folder)
    violation, unknown, resolved = "", 0, 0
    collects = gc.isenabled()
    gc.disable()  # a world is a big heap that lives as long as it is played: walking through it again is waste
    loud = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # the program complains of its troubles, and here they are made
    try:
        world.play()
        _all_was_sold(world)
        witnesses.agree(world)
        unknown, resolved = world.judge.unknown()
    except Violation as broken:
        violation = f"день {world.day}, шаг {world.step}: {broken.what}"
    except Exception as bug:  # noqa: BLE001  (whatever is no trouble of the world is a bug, and a finding)
        place = traceback.extract_tb(bug.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        violation = f"день {world.day}, шаг {world.step}: ошибка программы {type(bug).__name__}: {bug} ({where})"
    finally:
        world.close()
        logging.disable(loud)
        if collects:
            gc.enable()
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(
        seed=plan.seed,
        days=plan.days,
        command=plan.command,
        receipts=world.judge.receipts,
        unknown=unknown,
        resolved=resolved,
        faults=dict(sorted(world.fault_counts.items())),
        violation=violation,
        trace=tuple(world.trace),
        told=dict(sorted(world.told_counts.items())),
        least_faults=min((world.faults_of_day[day] for day in range(plan.days)), default=0),
        least_sales=_least_sales(world) if not violation else 0,
    )
