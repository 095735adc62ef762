"""`posapp` and `posapp run`: the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from posapp.cli.common import DataDir, command

if TYPE_CHECKING:
    from posapp.lanes import Lanes
    from posapp.ui.desk import Desk


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("run")(command(run))


def run(data_dir: DataDir = None) -> int:
    """Окно кассы."""
    return show_window(data_dir)


def show_window(data_dir: Path | None) -> int:
    """The window on a data directory; what is slow is imported after the first paint."""
    from posapp.ui.start import main as start

    return start(lambda: _desk(data_dir))


def _desk(data_dir: Path | None) -> tuple[Desk, Lanes]:
    from posapp import app
    from posapp.lanes import Lanes

    return app.TillDesk(app.data_dir(data_dir)), Lanes.threads()
