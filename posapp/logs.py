"""Logs for support: to standard error for commands, to a file of the data directory for the window. No personal data.

What a person could be found by, and what opens a door, is masked before it is written – phones, e-mails, the key in a
webhook's address – in messages and tracebacks alike. Masking is a last net: nobody logs such things on purpose.
"""

from __future__ import annotations

import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

FILE = "posapp.log"
BYTES_MAX, FILES_KEPT = 1_000_000, 3
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(/rest/\d+/)[^/\s\"']+"), r"\1•••"),
    (re.compile(r"([?&](?:hash|auth|access_token|refresh_token|client_secret)=)[^&\s\"']+"), r"\1•••"),
    (re.compile(r"((?i:bearer)\s+)[^\s\"']+"), r"\1•••"),
    (re.compile(r"(://[^\s/:@\"']+:)[^\s/@\"']+@"), r"\1•••@"),
    (re.compile(r"[\w.+-]+@([\w-]+\.[\w.-]+)"), r"•••@\1"),
    (re.compile(r"(?<!\d)(?:\+7|8)[\s(-]*\d{3}[\s)-]*\d{3}[\s-]*\d{2}[\s-]*(\d{2})(?!\d)"), r"•••\1"),
)


def mask(text: str) -> str:
    """The text without phones, e-mails and keys; the last two digits of a phone stay, to tell two apart."""
    for pattern, shown in _MASKS:
        text = pattern.sub(shown, text)
    return text


class MaskingFormatter(logging.Formatter):
    """Masks the whole line, traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return mask(super().format(record))


def to_stderr(level: int = logging.WARNING) -> None:
    """Logs of a command: standard output belongs to its answer."""
    _use(logging.StreamHandler(sys.stderr), level)


def to_file(folder: Path, level: int = logging.INFO) -> None:
    """Logs of the window: `posapp.log` in the data directory, three files of a megabyte; else stderr."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            folder / FILE, maxBytes=BYTES_MAX, backupCount=FILES_KEPT - 1, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.StreamHandler(sys.stderr)
    _use(handler, level)


def _use(handler: logging.Handler, level: int) -> None:
    handler.setFormatter(MaskingFormatter(FORMAT))
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, MaskingFormatter):
            root.removeHandler(old)
            old.close()
    root.addHandler(handler)
    logging.getLogger("posapp").setLevel(level)
