"""`posapp`: without a command, or with `run`, the window; everything else is the command line.

Until the window has painted only the standard library and Qt are imported; the command line is loaded for commands.
"""

from __future__ import annotations

import sys
from pathlib import Path

from posapp.cli.window import show_window


def main(argv: list[str] | None = None) -> int:
    """Runs the program; returns its exit code (0 done, 1 refused, 2 wrong usage, 3 outcome unknown)."""
    arguments = sys.argv[1:] if argv is None else argv
    match arguments:
        case [] | ["run"]:
            return show_window(None)
        case ["run", "--data-dir", folder]:
            return show_window(Path(folder))
    from posapp.cli.main import main as command_line

    return command_line(arguments)


if __name__ == "__main__":
    sys.exit(main())
