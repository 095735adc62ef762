"""`posapp sim printer|portal|ofd|marking|terminal|dump`: what a till needs to practise, for ours and anyone else's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posapp.cli.common import AlwaysJson, NoDataDir, command
from posapp.errors import UsageError


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Учебная ККТ и учебный портал.", no_args_is_help=True)
    group.command("printer")(command(printer))
    group.command("portal")(command(portal))
    group.command("ofd")(command(ofd))
    group.command("marking")(command(marking))
    group.command("terminal")(command(terminal))
    group.command("dump")(command(dump))
    app.add_typer(group, name="sim")


def printer(
    model: Annotated[str, typer.Option(help="shtrih или atol")] = "shtrih",
    listen: Annotated[str, typer.Option(help="pty или tcp:HOST:PORT")] = "pty",
    transport: Annotated[
        str, typer.Option(help="wire (линия), web (сервер запросов АТОЛ) или library (драйвер АТОЛ)")
    ] = "wire",
    library: Annotated[
        Path | None, typer.Option(help="Каталог, где собрать учебный драйвер АТОЛ; нужен компилятор C.")
    ] = None,
    login: Annotated[str, typer.Option(help="Имя и пароль сервера запросов: имя:пароль; без них пускает всех.")] = "",
    baud: Annotated[int | None, typer.Option(help="Скорость, с которой идут байты; без неё – без пауз.")] = None,
    storage: Annotated[Path | None, typer.Option(help="Файл фискального накопителя.")] = None,
    faults: Annotated[Path | None, typer.Option(help="Файл с неисправностями (JSON).")] = None,
    stop_on_eof: Annotated[bool, typer.Option("--stop-on-eof", help="Закончить по концу ввода.")] = False,
    refuse_tag: Annotated[
        list[int] | None, typer.Option("--refuse-tag", help="Модель не принимает этот тег чека (1084, 1192).")
    ] = None,
    opens_shift: Annotated[bool, typer.Option("--opens-shift", help="Модель сама открывает смену с чеком.")] = False,
    ffd: Annotated[str | None, typer.Option(help="Формат фискальных документов: 1.05 (если ФН новый) или 1.2.")] = None,
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> int:
    """Учебная ККТ на псевдотерминале или TCP; строка готовности – JSON на выводе."""
    from posapp.cli import sim_printer

    known = sim_printer.TRANSPORTS.get(model)
    if known is None:
        raise UsageError("usage", what=f"учебной ККТ «{model}» нет, есть: {', '.join(sim_printer.TRANSPORTS)}")
    if transport not in known:
        raise UsageError("usage", what=f"связи «{transport}» у учебной ККТ {model} нет, есть: {', '.join(known)}")
    return sim_printer.run(
        model=model,
        transport=transport,
        login=login,
        library=library,
        listen=listen,
        baud=baud,
        storage=storage,
        faults=faults,
        stop_on_eof=stop_on_eof,
        refuse_tags=refuse_tag or (),
        opens_shift=opens_shift,
        ffd=ffd,
    )


def portal(
    listen: Annotated[str, typer.Option(help="HOST:PORT, порт 0 – любой")] = "127.0.0.1:0",
    orders: Annotated[str, typer.Option(help="Файл JSON или число учебных заказов.")] = "30",
    seed: Annotated[int, typer.Option(help="Зерно учебного магазина.")] = 1,
    limits: Annotated[str, typer.Option(help="cloud|enterprise|off")] = "off",
    faults: Annotated[Path | None, typer.Option(help="Файл с неисправностями (JSON).")] = None,
    stop_on_eof: Annotated[bool, typer.Option("--stop-on-eof", help="Закончить по концу ввода.")] = False,
    redirect_url: Annotated[str, typer.Option(help="Куда вернуть браузер с кодом: карточка приложения.")] = "",
    install_url: Annotated[str, typer.Option(help="Кому сообщить об установке приложения.")] = "",
    certificate: Annotated[Path | None, typer.Option(help="PEM с ключом и сертификатом: портал по HTTPS.")] = None,
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> int:
    """Учебный портал Битрикс по HTTP; строка готовности – JSON на выводе."""
    from posapp.cli import sim_portal

    plan = str(faults) if faults else None
    return sim_portal.run(
        listen=listen,
        orders=orders,
        seed=seed,
        limits=limits,
        faults=plan,
        stop_on_eof=stop_on_eof,
        redirect_url=redirect_url,
        install_url=install_url,
        certificate=str(certificate) if certificate else None,
    )


def ofd(
    storage: Annotated[list[Path], typer.Option(help="Файл фискального накопителя; можно несколько раз.")],
    listen: Annotated[str, typer.Option(help="HOST:PORT, порт 0 – любой")] = "127.0.0.1:0",
    token: Annotated[str, typer.Option(help="Ключ, с которым пускает.")] = "training",  # noqa: S107  (of a simulator)
    faults: Annotated[Path | None, typer.Option(help="Файл с неисправностями (JSON).")] = None,
    stop_on_eof: Annotated[bool, typer.Option("--stop-on-eof", help="Закончить по концу ввода.")] = False,
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> int:
    """Учебный ОФД: знает всё, что учебная ККТ ему отправила; строка готовности – JSON на выводе."""
    from posapp.cli import sim_ofd

    return sim_ofd.run(listen=listen, storages=storage, token=token, faults=faults, stop_on_eof=stop_on_eof)


def marking(
    listen: Annotated[str, typer.Option(help="HOST:PORT, порт 0 – любой")] = "127.0.0.1:0",
    key: Annotated[str, typer.Option(help="Ключ (X-API-KEY), с которым пускает.")] = "training",
    login: Annotated[str, typer.Option(help="Имя и пароль локального модуля: имя:пароль.")] = "admin:admin",
    codes: Annotated[Path | None, typer.Option(help="Файл с состоянием кодов (JSON).")] = None,
    faults: Annotated[Path | None, typer.Option(help="Файл с неисправностями (JSON).")] = None,
    stop_on_eof: Annotated[bool, typer.Option("--stop-on-eof", help="Закончить по концу ввода.")] = False,
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> int:
    """Учебный «Честный знак» с локальным модулем; строка готовности – JSON на выводе."""
    from posapp.cli import sim_marking

    return sim_marking.run(listen=listen, key=key, login=login, codes=codes, faults=faults, stop_on_eof=stop_on_eof)


def terminal(
    listen: Annotated[str, typer.Option(help="HOST:PORT, порт 0 – любой")] = "127.0.0.1:0",
    name: Annotated[str, typer.Option(help="Как он себя называет.")] = "SIM-1",
    storage: Annotated[Path | None, typer.Option(help="Файл операций: терминал помнит их после перезапуска.")] = None,
    faults: Annotated[Path | None, typer.Option(help="Файл с неисправностями (JSON).")] = None,
    stop_on_eof: Annotated[bool, typer.Option("--stop-on-eof", help="Закончить по концу ввода.")] = False,
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> int:
    """Учебный терминал для карт; строка готовности – JSON на выводе."""
    from posapp.cli import sim_terminal

    return sim_terminal.run(listen, name, storage, faults, stop_on_eof=stop_on_eof)


def dump(
    storage: Annotated[Path, typer.Option(help="Файл фискального накопителя.")],
    data_dir: NoDataDir = None,
    json: AlwaysJson = True,
) -> int:
    """Документы накопителя, по объекту на строку; можно и при работающей учебной ККТ."""
    from posapp.cli import sim_printer

    return sim_printer.run_dump(storage)
