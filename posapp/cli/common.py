"""What every command shares: its options, how it answers, how it fails.

A command returns its answer as one JSON-able object; `--json` prints it as it is, otherwise the command's own text is
printed. Known trouble becomes the `error` object and the exit code of its class; anything else is a bug of ours: it
goes to the log with its traceback and exits 3, because nobody knows what was done.
"""

from __future__ import annotations

import functools
import io
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

from posapp.domain.money import Money
from posapp.errors import PosError, UsageError

P = ParamSpec("P")
log = logging.getLogger("posapp")

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Каталог данных; иначе POSAPP_DATA_DIR.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Ответ одним объектом JSON.")]

By = Annotated[str, typer.Option("--by", help="Кто решил; иначе кассир из настроек. Остаётся в журнале решений.")]
Why = Annotated[str, typer.Option("--why", help="Почему так решено. Остаётся в журнале решений.")]
"""For commands by which a person decides: `Till.person` and the reason of the `Decision`."""

AlwaysJson = Annotated[bool, typer.Option("--json", help="Ответ и так в JSON.")]
NoDataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Здесь не нужен: каталога данных команда не трогает.", show_default=False),
]
"""Every command takes both options, so that a script may give them to all; these two change nothing."""

EXIT_UNKNOWN = 3


def language() -> str:
    """`ru` or `en`, from POSAPP_LANG."""
    return "en" if os.environ.get("POSAPP_LANG", "").lower().startswith("en") else "ru"


def emit(answer: Mapping[str, object] | Sequence[object]) -> None:
    """One JSON object (or list) on a line of stdout; see `say`."""
    say(_json(answer))


def emit_or_stop(answer: Mapping[str, object] | Sequence[object]) -> None:
    """As `emit`, for long lists that make nothing: BrokenPipeError when nobody reads on."""
    sys.stdout.write(_json(answer) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """A line on stdout. What was done is done: a reader who has gone, or a full disk, changes no exit code."""
    try:
        if sys.stdout is not None:  # None: started with stdout closed
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            log.warning("the answer could not be written: %s", error.strerror)
        _write_nowhere()


def complain(text: str) -> None:
    """A line on stderr, for people; nothing where stderr is closed."""
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")


def _write_nowhere() -> None:
    """From now on stdout swallows everything, so that its flush at the end fails no more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _json(answer: object) -> str:
    return json.dumps(answer, ensure_ascii=False, default=str)


def speak_utf8() -> None:
    """JSON is UTF-8 whatever the system's code page, and no text fails for a letter that a terminal does not have."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="replace")


def show_error(error: PosError, *, as_json: bool) -> None:
    """The error as the command line shows it; whatever the error carries as `extra` stands beside it."""
    if as_json:
        emit({"error": error.as_json(language()), **error.extra})
        return
    number = f"{_code_word()} {error.number} ({error.code})"
    complain(f"{error.message(language())}\n{error.action(language())}  {number}")


def _code_word() -> str:
    return "code" if language() == "en" else "код"


def command(body: Callable[P, object]) -> Callable[P, None]:
    """Turns errors into messages and exit codes. The body's result, if an int, is the exit code."""

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        as_json = bool(kwargs.get("json", True))
        try:
            code = body(*args, **kwargs)
        except PosError as error:
            show_error(error, as_json=as_json)
            raise typer.Exit(error.exit_code) from None
        except (BrokenPipeError, KeyboardInterrupt):
            raise
        except Exception as error:  # noqa: BLE001  (the last line of defence: shown and logged as our bug)
            show_bug(error, as_json=as_json)
            raise typer.Exit(EXIT_UNKNOWN) from None
        if isinstance(code, int) and not isinstance(code, bool) and code:
            raise typer.Exit(code)

    return run


def show_bug(error: Exception, *, as_json: bool) -> None:
    """A bug of ours: the traceback to the log, a code for support to the person."""
    if isinstance(error, typer.Exit):
        raise error
    log.error("internal error\n%s", "".join(traceback.format_exception(error)))
    if language() == "en":
        message = f"Internal error of the program: {type(error).__name__}."
        action = "Do not repeat anything; show support what is printed above."
    else:
        message = f"Внутренняя ошибка программы: {type(error).__name__}."
        action = "Ничего не повторяйте; покажите поддержке то, что напечатано выше."
    if as_json:
        emit({"error": {"code": "internal", "number": 499, "message": message, "action": action}})
    else:
        complain(f"{message}\n{action}  {_code_word()} 499 (internal)")


def amount(text: str | None) -> Money | None:
    """An amount typed on the command line, in roubles. Raises UsageError."""
    if text is None:
        return None
    try:
        money = Money.parse(text)
    except ValueError as error:
        raise UsageError("bad_amount", text=text) from error
    if not money:
        raise UsageError("bad_amount", text=text)
    return money


def answer(as_json: bool, body: Mapping[str, Any], text: str) -> None:
    """The answer of a command: the object, or the text for a person."""
    if as_json:
        emit(body)
    else:
        say(text)
