"""`posapp uninstall`, `posapp setup sign-out`: nothing leaves while something is unsent. There is no override."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posapp import settings as settings_file
from posapp import vault
from posapp.cli.common import By, DataDir, Json, Why, answer, command, language
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.soundness import glance, refuse_unfinished
from posapp.settings import Settings
from posapp.till import audit, keeping, leaving


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("uninstall")(command(uninstall))


def sign_out(by: By = "", why: Why = "", data_dir: DataDir = None, json: Json = False) -> None:
    """Забывает ключ портала и другие секреты. Отказ, пока не всё отправлено; журнал и настройки остаются."""
    from posapp import app

    folder = app.data_dir(data_dir)
    settings = app.load_settings(folder)
    left = _leave(folder, settings, by, why)
    body = {"signed_out": True, "secrets": left.as_json(), "data_dir": str(folder)}
    answer(json, body, _secrets(left))


def uninstall(
    check: Annotated[bool, typer.Option("--check", help="Только спросить, можно ли; ничего не трогать.")] = False,
    by: By = "",
    why: Why = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Перед удалением программы: отказ (код 1), пока не всё отправлено. Данные и копии не удаляет никогда."""
    from posapp import app

    folder = app.data_dir(data_dir)
    settings = settings_file.load(folder)
    if settings is None:
        answer(json, {"may_leave": True, "data_dir": None, "copies": []}, _nothing(folder))
        return
    copies = [str(folder / "backups")]
    second = keeping.second_folder(settings)
    if second is not None:
        copies.append(str(second))
    body: dict[str, object] = {"may_leave": True, "data_dir": str(folder), "copies": copies}
    if check:
        _refuse_unsent(folder)
        answer(json, body, _places(folder, copies))
        return
    left = _leave(folder, settings, by, why)
    answer(json, {**body, "secrets": left.as_json()}, f"{_secrets(left)}\n{_places(folder, copies)}")


def _leave(folder: Path, settings: Settings, by: str, why: str) -> vault.Forgotten:
    """Refuses while something is unsent, notes the decision, forgets the secrets. Raises SetupError, JournalError."""
    from posapp import app

    if not _has_journal(folder):
        return vault.forget(settings.identity)
    with app.open_till(folder, person=by.strip()) as till:
        leaving.refuse_unsent(till)
        left = vault.forget(settings.identity)
        facts = {"removed": left.removed, "still_set": left.still_set}
        till.journal.note(audit.decided(till, "till.signed_out", settings.identity, " ".join(why.split()), **facts))
        return left


def _refuse_unsent(folder: Path) -> None:
    from posapp import app

    if _has_journal(folder):
        with app.open_till(folder, write=False) as till:
            leaving.refuse_unsent(till)


def _has_journal(folder: Path) -> bool:
    """Whether there is one to ask. Raises JournalError for one that is lost, damaged or half restored: it may owe."""
    refuse_unfinished(folder)
    glance(folder / JOURNAL_NAME)
    return (folder / JOURNAL_NAME).exists()


def _secrets(left: vault.Forgotten) -> str:
    names = ", ".join(left.removed) or "–"
    lines = [f"Секреты удалены из хранилища паролей: {names}."]
    if language() == "en":
        lines = [f"Removed from the password vault: {names}."]
    if left.still_set:
        variables = ", ".join(left.still_set)
        lines.append(f"Still set: {variables}." if language() == "en" else f"Ещё заданы: {variables}.")
    return "\n".join(lines)


def _nothing(folder: Path) -> str:
    return f"There is no till in {folder}." if language() == "en" else f"В каталоге {folder} кассы нет."


def _places(folder: Path, copies: list[str]) -> str:
    where = ", ".join(copies)
    if language() == "en":
        return f"The data stay in {folder}, the copies in {where}. Keep them: receipts are kept for years by law."
    return f"Данные остаются в {folder}, копии – в {where}. Не удаляйте: чеки хранят годами."
