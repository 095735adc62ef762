"""`posapp simulate`: the whole till in a simulated world, from a seed."""

from __future__ import annotations

from typing import Annotated

import typer

from posapp.cli.common import AlwaysJson, NoDataDir, command, complain, emit
from posapp.errors import UsageError

REFUSED = 1


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("simulate")(command(simulate))


def simulate(
    seed: Annotated[int, typer.Option("--seed", help="Из чего всё получается; то же число – тот же ход событий.")] = 1,
    days: Annotated[int, typer.Option("--days", help="Сколько дней магазина сыграть.")] = 5,
    tills: Annotated[int | None, typer.Option("--tills", help="Сколько касс в магазине; иначе решает seed.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", help="Процессов сразу; иначе по числу ядер.")] = None,
    faults: Annotated[str, typer.Option("--faults", help="Только эти ошибки: имена через запятую; иначе все.")] = "",
    shrink: Annotated[
        bool, typer.Option("--shrink", help="Нарушение свести к немногим событиям и показать их.")
    ] = False,
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> int:
    """Играет дни магазина с ошибками связи, диска, ККТ и портала; код 1 – нашлось нарушение."""
    from posapp.simulation import runner
    from posapp.simulation.faults import KINDS

    if seed < 0 or days < 1 or (tills is not None and not 1 <= tills <= 9) or (jobs is not None and jobs < 1):
        raise UsageError("usage", what="--seed от 0, --days от 1, --tills от 1 до 9, --jobs от 1")
    only = tuple(filter(None, faults.split(",")))
    unknown = sorted(set(only) - set(KINDS))
    if unknown:
        raise UsageError("usage", what=f"ошибок {', '.join(unknown)} нет, есть: {', '.join(KINDS)}")
    report = runner.run(seed, days, tills, only=only, jobs=jobs, shrinks=shrink)
    for line in report.shrunk:
        complain(line)
    emit(report.as_json())
    return REFUSED if report.violations else 0
