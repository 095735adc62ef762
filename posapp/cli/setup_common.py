"""What the steps of `posapp setup` share: the directory is saved, the portal asked, names and secrets read alike."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posapp import settings as settings_file
from posapp.errors import JournalError, SetupError, UsageError
from posapp.journal.lock import DirectoryLock
from posapp.settings import Settings

if TYPE_CHECKING:
    from posapp.sync.bitrix.client import BitrixClient

Training = Annotated[bool, typer.Option("--training", help="Учебный каталог (на первом шаге настройки).")]
CASHIER_MAX = 64


def checked_name(till: str | None) -> str | None:
    """A till's name travels in every document between two dots (tag 1086), so it is short and holds none."""
    if till is not None and not re.fullmatch(r"[\w-]{1,16}", till):
        raise UsageError("usage", what=f"--till {till}: до 16 букв, цифр или дефисов")
    return till


def checked_cashier(name: str | None) -> str | None:
    """Position and surname as tag 1021 carries them: one line of at most 64 characters."""
    if name is None:
        return None
    name = " ".join(name.split())
    if not 0 < len(name) <= CASHIER_MAX:
        raise UsageError("usage", what=f"--cashier: от 1 до {CASHIER_MAX} знаков")
    return name


def line_of_stdin() -> str:
    """The first line, which Windows may begin with a byte order mark."""
    if sys.stdin is None:
        return ""
    stream = getattr(sys.stdin, "buffer", None)
    line = sys.stdin.readline(4096) if stream is None else stream.readline(4096).decode("utf-8-sig", errors="replace")
    return str(line).strip()


@contextmanager
def portal_of(settings: Settings, folder: Path) -> Iterator[BitrixClient]:
    """The portal that is set up, for a step that asks it. Raises SetupError for another one, or without a key."""
    from posapp import app
    from posapp.sync.governor import CLOUD

    expected = settings.portal.portal if settings.portal else ""
    with app.portal_client(app.access_of(settings, folder), CLOUD, settings.portal) as client:
        if client.portal != expected:
            raise SetupError("other_portal", found=client.portal, expected=expected)
        yield client


def save(folder: Path, settings: Settings) -> None:
    """Saves while no other posapp holds the directory: its window would go on with the old settings."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = DirectoryLock(folder)
    except OSError as error:
        raise JournalError("disk_read_only", path=folder) from error
    try:
        settings_file.save(folder, settings)
    finally:
        lock.release()
