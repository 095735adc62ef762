"""The second place for copies: a folder that is tested before it is used, and known again by a sign in it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from posapp.errors import JournalError

SIGN = "posapp-copies.txt"
"""Stands in the folder of the second place, so that an empty mount point is not taken for the disk."""
SIGN_TEXT = "Сюда posapp кладёт копии журнала кассы. Не удаляйте этот файл: по нему узнаётся папка.\n"
ROOM_MIN_BYTES = 64 << 20


def require_there(folder: Path) -> None:
    """Raises JournalError `backup_away` when the folder, or the sign in it, is not there."""
    try:
        (folder / SIGN).stat()
    except OSError as error:
        what = "папки нет" if not folder.is_dir() else f"в ней нет файла {SIGN}: диск не подключён или заменён"
        raise JournalError("backup_away", folder=folder, what=what) from error


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder that copies can be kept in. `same_disk`: it lies on the journal's own disk, None when unknown."""

    folder: Path
    free: int
    same_disk: bool | None


def prepare(folder: Path, data_folder: Path, needed: int) -> Prepared:
    """Tests a folder for copies and puts the sign there. Raises JournalError `backup_folder`.

    `needed`: the bytes of the journal; three copies have to fit.
    """
    folder = folder.absolute()
    try:
        if not folder.is_dir():
            raise JournalError("backup_folder", folder=folder, what="такой папки нет")
        if _is_within(folder, data_folder):
            raise JournalError("backup_folder", folder=folder, what="это сам каталог данных")
        free = _free(folder)
        if free < 3 * needed + ROOM_MIN_BYTES:
            what = f"свободно {free >> 20} МБ, нужно {(3 * needed + ROOM_MIN_BYTES) >> 20} МБ"
            raise JournalError("backup_folder", folder=folder, what=what)
        _write_and_read(folder / SIGN)
    except OSError as error:
        raise JournalError("backup_folder", folder=folder, what=error.strerror or type(error).__name__) from error
    return Prepared(folder, free, on_same_disk(folder, data_folder))


def _is_within(folder: Path, data_folder: Path) -> bool:
    here, data = folder.resolve(), data_folder.resolve()
    return here == data or data in here.parents


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _write_and_read(path: Path) -> None:
    """What is written must be there when it is read again. Raises OSError."""
    with path.open("w", encoding="utf-8") as file:
        file.write(SIGN_TEXT)
        file.flush()
        os.fsync(file.fileno())
    if path.read_text("utf-8") != SIGN_TEXT:
        raise OSError(0, "прочитано не то, что записано")


def on_same_disk(one: Path, other: Path) -> bool | None:
    """Whether two folders lie on one physical disk; None where the system does not tell."""
    existing = other
    while not existing.exists():
        existing = existing.parent
    numbers = [os.stat(each).st_dev for each in (one, existing)]
    if numbers[0] == numbers[1]:
        return True
    if sys.platform != "linux":
        return None  # two volumes may share a disk; only the same volume is sure
    disks = [_disk_of(number) for number in numbers]
    return None if None in disks else disks[0] == disks[1]


def _disk_of(number: int) -> Path | None:
    """The whole disk behind a device number: sysfs lists a partition below its disk (`Documentation/block`)."""
    try:
        device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve(strict=True)
    except OSError:
        return None  # a network or memory file system
    return device.parent if (device / "partition").exists() else device
