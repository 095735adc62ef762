"""`posapp setup storage`: a changed fiscal storage as a guided step."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Annotated

import typer

from posapp.cli import setup_common
from posapp.cli.common import By, DataDir, Json, Why, answer, language
from posapp.errors import DeviceError, ResolveNeeded, UsageError
from posapp.till import new_storage, recover
from posapp.till.new_storage import Change, Stage

TITLES = {
    Stage.BEFORE: ("В кассе прежний накопитель {former}.", "The former storage {former} is in the register."),
    Stage.AFTER: (
        "В кассе другой накопитель: {found} вместо {former}.",
        "Another storage is in the register: {found}, not {former}.",
    ),
}
NEXT = {
    (Stage.BEFORE, True): (
        "Можно менять: закройте архив и поставьте новый (сервисный центр), затем снова «posapp setup storage».",
        "It may be changed now: the service centre closes its archive and puts the new one in; then run “posapp setup"
        " storage” again.",
    ),
    (Stage.BEFORE, False): (
        "Менять рано: сначала отмеченное.",
        "Too early for the change: what is marked comes first.",
    ),
    (Stage.AFTER, True): (
        "Перейти на него: «posapp setup storage --accept --why «…»».",
        "To go over to it: “posapp setup storage --accept --why “…””.",
    ),
    (Stage.AFTER, False): ("Переходить рано: сначала отмеченное.", "Too early: what is marked comes first."),
}
ACCEPTED = (
    "Касса работает с накопителем {found}. Чеки прежнего ({former}) остались как есть.",
    "The till works with storage {found}. The receipts of the former one ({former}) are what they were.",
)


def storage(
    accept: Annotated[
        bool, typer.Option("--accept", help="Перейти на накопитель, который сейчас в ККТ (--why).")
    ] = False,
    by: By = "",
    why: Why = "",
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Замена фискального накопителя: что сделать до неё, что найдено после, и переход на новый."""
    from posapp import app

    if why and not accept:
        raise UsageError("usage", what="--why идёт вместе с --accept")
    folder = app.data_dir(data_dir)
    with app.open_till(folder, person=by.strip()) as till:
        if not accept:
            with suppress(ResolveNeeded, DeviceError):  # what it finds stands among the checks
                recover.recover(till)
            change = new_storage.look(till)
            answer(json, change.as_json(language()), text_of(change, language()))
            return 0 if change.is_ready else 1
        change = new_storage.look(till)
        settings = new_storage.accept(till, why)
    setup_common.save(folder, settings)
    accepted = replace(change, stage=Stage.AFTER)
    text = ACCEPTED[language() == "en"].format(found=change.found.storage_number, former=change.former.storage_number)
    answer(json, accepted.as_json(language()) | {"accepted": True}, text)
    return 0


def text_of(change: Change, told: str) -> str:
    """For a person: what is right, what is not, what comes next."""
    index = told == "en"
    lines = [TITLES[change.stage][index].format(former=change.former.storage_number, found=change.found.storage_number)]
    for each in change.checks:
        sign = "✓" if each.is_ok else "✗" if each.is_required else "!"
        lines.append(f"  {sign} {each.words(told)}")
    return "\n".join([*lines, NEXT[change.stage, change.is_ready][index]])
