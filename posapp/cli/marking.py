"""`posapp marking parse|check`: marking codes as data, and what the marking system says of one."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from posapp.cli import decode
from posapp.cli.common import AlwaysJson, DataDir, Json, NoDataDir, answer, command, emit_or_stop
from posapp.domain import marking as codes


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Коды маркировки.", no_args_is_help=True)
    group.command("parse")(command(parse))
    group.command("check")(command(check))
    app.add_typer(group, name="marking")


def parse(
    unrecognised: Annotated[
        bool, typer.Option("--unrecognised", help="Чего не узнали, показать как нераспознанный код (тег 1300).")
    ] = False,
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> int:
    """Коды маркировки со ввода, по одному на строку: вид, GTIN, серия, код товара (1163, 1162)."""
    return parse_codes(sys.stdin or (), emit_or_stop, unrecognised=unrecognised)


def parse_codes(lines: Iterable[str], write: decode.Write, *, unrecognised: bool = False) -> int:
    """Codes as a scanner sends them, one a line: an object per line, or `{"error"}` with the position of the character.

    GS may stand as itself or as anything that scanners put for it.
    """
    read = codes.any_code if unrecognised else codes.parse_marking
    return decode.each_line(lines, codes.INPUT_MAX, lambda line: read(line).as_json(), write)


def check(
    code: Annotated[list[str], typer.Argument(help="Код, как его прочитал сканер; можно несколько.")],
    data_dir: DataDir = None,
    json: Json = False,
) -> int:
    """Спрашивает «Честный знак», можно ли продать. Ничего не продаёт и нигде не отмечает."""
    from posapp import app
    from posapp.till import marking_service

    given = [codes.parse_marking(each) for each in code]
    with app.open_till(app.data_dir(data_dir)) as till:
        found = marking_service.permissions(till, given)
    rows: list[dict[str, Any]] = [
        {"code": one.text, "allowed": each.is_allowed, "why": each.ban.why if each.ban else "", **each.as_json()}
        for one, each in zip(given, found, strict=True)
    ]
    text = "\n".join(f"{row['identity']}: " + ("можно продать" if row["allowed"] else row["why"]) for row in rows)
    answer(json, {"codes": rows}, text)
    return 0 if all(each.is_allowed for each in found) else 1
