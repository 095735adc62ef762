"""`posapp`: without a command, or with `run`, the window; everything else is the command line.

Only the standard library is imported here, so that the window can paint before the rest is loaded.
"""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Runs the program; returns its exit code (0 done, 1 refused, 2 wrong usage, 3 outcome unknown)."""
    arguments = sys.argv[1:] if argv is None else argv
    from posapp.cli.main import main as command_line

    return command_line(arguments or ["run"])


if __name__ == "__main__":
    sys.exit(main())
