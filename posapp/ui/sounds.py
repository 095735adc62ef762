"""Five short sounds, each with a visible twin. Playing never waits. The system plays: we have no QtMultimedia."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from posapp.lanes import Lane
from posapp.ui.look import resource

NAMES = ("scan", "unknown", "duplicate", "receipt", "person")
_PLAYERS = ("pw-play", "paplay", "aplay")
log = logging.getLogger(__name__)


class Sounds:
    """Plays by name. `play_file` replaces the system's player (tests); `is_muted` silences everything."""

    def __init__(self, *, is_muted: bool = False, play_file: Callable[[Path], None] | None = None) -> None:
        self.is_muted = is_muted
        self._play_file = play_file
        self._lane: Lane | None = None
        self._children: list[subprocess.Popen[bytes]] = []

    def play(self, name: str) -> None:
        """Starts a sound of `NAMES` and returns at once."""
        if self.is_muted:
            return
        path = resource("sounds", f"{name}.wav")
        if self._play_file is not None:
            self._play_file(path)
        elif sys.platform != "win32" and not any(shutil.which(each) for each in _PLAYERS):
            QApplication.beep()
        else:
            if self._lane is None:
                self._lane = Lane("sound")
            self._lane.submit(self._by_system, path)

    def close(self) -> None:
        """Plays no more."""
        self.is_muted = True
        if self._lane is not None:
            self._lane.close(wait=False)

    def _by_system(self, path: Path) -> None:
        try:
            if sys.platform == "win32":
                import winsound

                winsound.PlaySound(str(path), winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NODEFAULT)
                return
            self._children = [child for child in self._children if child.poll() is None]
            player = next(each for each in map(shutil.which, _PLAYERS) if each)
            quiet = subprocess.DEVNULL
            self._children.append(subprocess.Popen([player, str(path)], stdin=quiet, stdout=quiet, stderr=quiet))
        except (OSError, RuntimeError) as error:
            log.warning("no sound: %s", error)  # a till without a loudspeaker still sells
