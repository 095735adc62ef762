"""`posapp run`: the window. This file imports the standard library alone, so that the window can paint first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

    from posapp.cli.window_desk import TillDesk
    from posapp.lanes import Lanes
    from posapp.till.restore import Report
    from posapp.ui.desk import Desk
    from posapp.ui.service_screen import LookSettings

LOOKS = {"theme": str, "factor": float, "is_muted": bool, "language": str}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    from posapp.cli.common import DataDir, command

    def run(data_dir: DataDir = None) -> int:
        """Окно кассы."""
        return show_window(data_dir)

    run.__annotations__["data_dir"] = DataDir
    app.command("run")(command(run))


def show_window(given: Path | None) -> int:
    """The window on a data directory; what is slow is imported by a worker after the first paint."""
    from posapp import logs, settings
    from posapp.ui.start import main as start

    folder = settings.data_dir(given)
    logs.to_file(folder)
    desks: list[TillDesk] = []

    def make_desk() -> tuple[Desk, Lanes]:
        from posapp.cli.window_desk import TillDesk
        from posapp.lanes import Lanes

        lanes = Lanes.threads()
        desks.append(TillDesk(folder, lanes))
        return desks[-1], lanes

    def restore(who: str, why: str, tell: Callable[[tuple[str, int, int]], None]) -> Report:
        from posapp.app import restore_directory

        while desks:
            desks.pop().close()
        return restore_directory(folder, why, person=who, progress=lambda *progress: tell(progress))

    try:
        return start(
            make_desk,
            restore=restore,
            settings=_look(settings.load_look(folder)),
            keep_settings=lambda look: settings.save_look(folder, asdict(look)),
        )
    finally:
        for desk in desks:
            desk.close()


def _look(kept: dict[str, object]) -> LookSettings:
    """The look as kept, as far as it makes sense."""
    from posapp.ui.service_screen import LookSettings

    names = {field.name for field in fields(LookSettings)}
    sound = {name: value for name, value in kept.items() if name in names and isinstance(value, LOOKS[name])}
    return LookSettings(**sound)  # type: ignore[arg-type]
