"""`posapp backup now|list|check`: copies of the journal, where they are, and whether they can be restored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import typer

from posapp.cli.common import DataDir, Json, answer, command, language
from posapp.till import keeping
from posapp.till.context import Till
from posapp.till.keeping import LOCAL, SECOND, PlaceState, State

EXIT_TROUBLE = 1
PLACES = {LOCAL: "рядом с журналом", SECOND: "второе место"}
PLACES_EN = {LOCAL: "beside the journal", SECOND: "the second place"}


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Копии журнала: сделать, посмотреть, проверить восстановлением.", no_args_is_help=True)
    group.command("now")(command(now))
    group.command("list")(command(list_))
    group.command("check")(command(check))
    app.add_typer(group, name="backup")


def now(data_dir: DataDir = None, json: Json = False) -> int:
    """Делает копию сейчас, относит её во второе место и пробует восстановить. Код 1, если что-то не вышло."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir)) as till:
        kept = keeping.keep_copies(till, force=True)
        body = {
            "made": {name: str(path) for name, path in kept.made.items()},
            "troubles": [each.as_json(language()) for each in kept.troubles],
        }
        return _answer(till, keeping.state(till), json, body)


def list_(data_dir: DataDir = None, json: Json = False) -> int:
    """Где лежат копии, сколько им лет и удалось ли восстановить последнюю. Код 1, если что-то не в порядке."""
    from posapp import app

    with app.open_till(app.data_dir(data_dir), write=False) as till:
        return _answer(till, keeping.state(till), json, {})


def check(data_dir: DataDir = None, json: Json = False) -> int:
    """Читает журнал целиком и восстанавливает последнюю копию каждого места в папке, которая потом удаляется."""
    from posapp import app
    from posapp.errors import JournalError

    with app.open_till(app.data_dir(data_dir), checks=False) as till:
        keeping.check(till)
        troubles = []
        counts = {}
        for name in (LOCAL, SECOND) if till.settings.backup else (LOCAL,):
            try:
                tried = keeping.try_newest(till, name)
                if tried is not None and tried.is_sound:
                    counts[name] = dict(tried.counts)
            except JournalError as error:
                troubles.append(error)
        body = {"counts": counts, "troubles": [each.as_json(language()) for each in troubles]}
        code = _answer(till, keeping.state(till, ask_second=True), json, body)
        return EXIT_TROUBLE if troubles else code


def _answer(till: Till, state: State, json: bool, more: Mapping[str, object]) -> int:
    at = till.now()
    is_well = not state.troubles and not any(each.is_overdue(at) for each in state.places)
    body = {
        **more,
        "ok": is_well,
        "places": [each.as_json(at, language()) for each in state.places],
        "checked_at": None if state.checked_at is None else state.checked_at.isoformat(),
        "blocks": None if state.blocks is None else state.blocks.as_json(language()),
    }
    lines = [_line(till, each) for each in state.places]
    lines += [f"{each.message(language())} {each.action(language())}" for each in state.troubles]
    if not state.has_second:
        lines.append(_no_second())
    answer(json, body, "\n".join(lines))
    return 0 if is_well else EXIT_TROUBLE


def _line(till: Till, place: PlaceState) -> str:
    english = language() == "en"
    name = (PLACES_EN if english else PLACES)[place.name]
    age = place.age(till.now())
    if age is None:
        return f"{name}: {place.folder} – {'no copy' if english else 'копий нет'}"
    tried = {True: "restored", False: "CANNOT BE RESTORED", None: "not tried"}
    if not english:
        tried = {True: "восстановлена", False: "НЕ ВОССТАНАВЛИВАЕТСЯ", None: "не пробовали"}
    size = f"{place.size / 1_000_000:.1f}"
    head = f"{name}: {place.folder} – "
    if english:
        return f"{head}{place.copies} copies, {size} MB, the last {_age(age)} ago, {tried[place.is_sound]}"
    return f"{head}копий {place.copies}, {size} МБ, последней {_age(age)}, {tried[place.is_sound]}"


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min" if language() == "en" else f"{minutes} мин"
    if minutes < 48 * 60:
        return f"{minutes // 60} h" if language() == "en" else f"{minutes // 60} ч"
    return f"{minutes // 1440} d" if language() == "en" else f"{minutes // 1440} дн"


def _no_second() -> str:
    if language() == "en":
        return "There is no second place: name a folder on another disk, “posapp setup backup --folder PATH”."
    return "Второго места нет: укажите папку на другом диске, «posapp setup backup --folder ПУТЬ»."
