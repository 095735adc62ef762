"""`posapp setup backup`: the second place for copies of the journal, tested before it is kept."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from posapp.cli import setup_common
from posapp.cli.common import DataDir, Json, answer, language
from posapp.errors import UsageError
from posapp.journal.connect import JOURNAL_NAME
from posapp.settings import BackupSettings
from posapp.till import copy_folder


def backup(
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Папка на другом диске, флешке или в сети; она уже есть.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Второго места больше нет.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Второе место для копий: проверяет запись, место и что это не тот же каталог; предупреждает о том же диске."""
    from posapp import app

    if (folder is None) != none:
        raise UsageError("usage", what="нужно одно из двух: --folder или --none")
    data = app.data_dir(data_dir)
    settings = app.load_settings(data)
    if folder is None:
        setup_common.save(data, settings.with_(backup=None))
        answer(json, {"backup": None}, "No second place." if language() == "en" else "Второго места больше нет.")
        return
    journal = data / JOURNAL_NAME
    prepared = copy_folder.prepare(folder, data, journal.stat().st_size if journal.exists() else 0)
    kept = BackupSettings(str(prepared.folder))
    setup_common.save(data, settings.with_(backup=kept))
    body = {"backup": asdict(kept), "free_bytes": prepared.free, "same_disk": prepared.same_disk}
    answer(json, body, _text(prepared))


def _text(prepared: copy_folder.Prepared) -> str:
    free = prepared.free >> 20
    if language() == "en":
        text = f"Copies go to {prepared.folder} every hour, {free} MB free. Saved."
        warning = "It is the journal's own disk: should that disk die, the copies die with it. Better another one."
    else:
        text = f"Копии каждый час – в {prepared.folder}, свободно {free} МБ. Сохранено."
        warning = "Это тот же диск, что у журнала: сломается диск – не станет и копий. Лучше другой."
    return f"{text}\n{warning}" if prepared.same_disk else text
