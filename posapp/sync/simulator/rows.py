"""Rows in and out: typed values, `select`, `filter`, `order` and pages, the same for every entity.

A list method of Bitrix is one idea with many names, so it is written once here and works on any iterable of rows
(dicts with camelCase keys) and an `Entity` that knows their types.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import operator as operators
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from posapp.sync.simulator.entity import Entity, Field
from posapp.sync.simulator.envelope import SERVER_ZONE, PortalError, iso, plain
from posapp.sync.simulator.parameters import Parameters, decimal_of, items_of, text_of

Row = dict[str, Any]

PAGE = 50

# Longest first, so that ">=" is not read as ">".
_OPERATORS = ("!=%", "!%=", "!><", "!@", "!=", "!%", "!", "=%", "%=", "><", ">=", "<=", ">", "<", "@", "=", "%")

_PLAIN: dict[str, Callable[[Any, Any], Any]] = {">": operators.gt, ">=": operators.ge, "<": operators.lt,
                                                "<=": operators.le}  # fmt: skip

_DATE_FORMATS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S %z")


# ---------------------------------------------------------------------------------------------- values
def cast_out(value: Any, kind: str) -> Any:
    """A stored value as the answer shows it (kernel `externalizeFields`): numbers or null, texts never null."""
    stored = type(value)  # nearly everything is stored as it is shown
    if value is None:
        return "" if kind in ("string", "char") else None
    if (stored is str and kind in ("string", "char")) or (stored is int and kind == "int"):
        return value
    if stored is Decimal and kind == "double":
        return value  # whoever writes it down drops the zeros at its end
    if kind in ("int", "double"):
        number = decimal_of(plain(value) if isinstance(value, Decimal) else text_of(value))
        if number is None:
            return None
        return int(number) if kind == "int" else number
    if kind in ("string", "char"):
        return plain(value) if isinstance(value, Decimal) else text_of(value)
    if kind in ("date", "datetime"):
        return value or None
    return value


def cast_in(value: Any, field: Field) -> Any:
    """A value from `fields` as it is stored. Raises ValueError for a date that PHP could not read: it is dropped."""
    if field.type in ("date", "datetime"):
        return parse_date(value, with_time=field.type == "datetime")
    if field.type == "any":
        return value
    if field.type in ("int", "double") and (value is None or text_of(value) == ""):
        return None
    if field.type == "int":
        return int(decimal_of(text_of(value)) or 0)
    if field.type == "double":
        return decimal_of(text_of(value)) or Decimal(0)
    return text_of(value)


def parse_date(value: Any, *, with_time: bool = True) -> str:
    """A date from outside as the portal stores it; a time without offset is the portal's own.

    Raises:
        ValueError: nothing that PHP's `strtotime` would read in practice.
    """
    text = text_of(value).strip()
    moment: datetime | None = None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        for pattern in _DATE_FORMATS:
            try:
                moment = datetime.strptime(text, pattern)
                break
            except ValueError:
                continue
    if moment is None or not 1970 < moment.year < 9000:
        raise ValueError("not a date")
    moment = moment.replace(tzinfo=SERVER_ZONE) if moment.tzinfo is None else moment.astimezone(SERVER_ZONE)
    return iso(moment if with_time else moment.replace(hour=0, minute=0, second=0))


def show(row: Row, entity: Entity) -> Row:
    """A row as `get` answers it: every declared field, typed, keys in alphabetical order."""
    shown: Row = {}
    for name, kind, stored_as, nothing in entity.shown:
        value = row.get(name)
        if value is None:
            shown[name] = nothing
        else:
            shown[name] = value if type(value) is stored_as else cast_out(value, kind)
    return shown


def read_fields(parameters: Parameters, entity: Entity, *, adding: bool) -> Row:
    """The writable part of `fields`, cast; unknown and read-only names and unreadable dates vanish in silence.

    Raises:
        PortalError: `100` when `fields` is absent, `0` when a required field is.
    """
    given = parameters.get("fields")
    if not isinstance(given, dict | list):
        raise argument_missing("fields")
    settable = entity.settable(adding=adding)
    values: Row = {}
    for name, value in items_of(given):
        field = entity.find(name)
        if field is None or field.name not in settable:
            continue
        with contextlib.suppress(ValueError):  # a date that cannot be read, also an empty one, changes nothing
            values[field.name] = cast_in(value, field)
    missing = [name for name, field in settable.items() if field.is_required and values.get(name) in (None, "")]
    if missing:
        raise PortalError("0", f"Required fields: {', '.join(sorted(missing))}")
    return values


def argument_missing(name: str) -> PortalError:
    """The kernel's answer to an absent mandatory argument."""
    return PortalError("100", f"Could not find value for parameter {{{name}}}")


def required_id(parameters: Parameters) -> int:
    """The argument `id`, in any case as PHP's binder takes it; anything that is no number is 0, which nothing has."""
    value = parameters.get("id", parameters.get("ID"))
    if value is None:
        raise argument_missing("id")
    number = decimal_of(text_of(value))
    return int(number) if number is not None else 0


# ---------------------------------------------------------------------------------------------- lists
@dataclass(frozen=True)
class Condition:
    """One line of a filter: `>=dateUpdate` is the operator `>=` on the field `dateUpdate`."""

    operator: str
    field: Field
    value: Any


@dataclass(frozen=True)
class Page:
    """One page of a list. `total` and `next_start` are None when the caller asked for neither (`start=-1`)."""

    rows: list[Row]
    total: int | None
    next_start: int | None


def read_filter(parameters: Parameters, entity: Entity) -> list[Condition]:
    """The conditions that the entity understands; a misspelt name is *no* condition, as in the kernel."""
    conditions = []
    for key, value in items_of(_array(parameters, "filter")):
        operator, name = split_operator(key)
        field = entity.find(name)
        if field is None:
            continue
        if field.type in ("date", "datetime") and not isinstance(value, list | dict) and text_of(value):
            try:
                value = parse_date(value)
            except ValueError:
                continue
        conditions.append(Condition(operator, field, value))
    return conditions


def list_rows(
    rows: Iterable[Row], entity: Entity, parameters: Parameters, start: int, *, is_ascending: bool = False
) -> Page:
    """Filter, sort and cut out a page of at most 50 rows.

    Args:
        start: the offset; rounded down to a whole page, as the controllers do. -1 asks for no count.
        is_ascending: whether the rows come ordered by id; a cursor over ids then reads one page and no more.
    """
    passing = rows
    for test in map(_test_of, read_filter(parameters, entity)):
        passing = filter(test, passing)
    wanted = _wanted_order(entity, parameters)
    shown = _selected(entity, parameters)
    if not (is_ascending and wanted == [(entity.fields["id"], False)]):
        if start < 0 and not any(is_descending for _, is_descending in wanted):
            first = heapq.nsmallest(PAGE, passing, lambda row: [_sort_key(row.get(f.name), f.type) for f, _ in wanted])
            return Page(list(map(shown, first)), None, None)
        return cut_page(_sorted(list(passing), wanted), shown, start)
    if start < 0:
        return Page(list(map(shown, itertools.islice(passing, PAGE))), None, None)
    return cut_page(list(passing), shown, start)


def cut_page(found: list[Row], shown: Callable[[Row], Row], start: int) -> Page:
    """The page that begins at `start` of rows already filtered and sorted."""
    offset = max(start, 0) // PAGE * PAGE
    page = [shown(row) for row in found[offset : offset + PAGE]]
    if start < 0:
        return Page(page, None, None)
    total = len(found)
    return Page(page, total, offset + PAGE if offset + PAGE < total else None)


def split_operator(key: str) -> tuple[str, str]:
    """`>=id` → (`>=`, `id`)."""
    for operator in _OPERATORS:
        if key.startswith(operator):
            return operator, key[len(operator) :]
    return "", key


def _test_of(condition: Condition) -> Callable[[Row], bool]:
    """A condition as a test of a row; a single value is read once and not for each of a hundred thousand rows."""
    name, kind = condition.field.name, condition.field.type
    if isinstance(condition.value, list | dict) or condition.operator not in ("", "=", *_PLAIN):
        return lambda row: matches(row, condition)
    right = _comparable(condition.value, kind)
    if condition.operator in ("", "="):
        return lambda row: bool(_comparable(row.get(name), kind) == right)
    compare = _PLAIN[condition.operator]

    def test(row: Row) -> bool:
        left = _comparable(row.get(name), kind)
        return left is not None and right is not None and bool(compare(left, right))

    return test


def matches(row: Row, condition: Condition) -> bool:
    """Whether a row satisfies one condition; texts compare without case, as the portal's database does."""
    operator, negated = condition.operator, condition.operator.startswith("!")
    if negated:
        operator = operator[1:]
    return _holds(row.get(condition.field.name), operator, condition) is not negated


def _holds(stored: Any, operator: str, condition: Condition) -> bool:
    kind = condition.field.type
    left = _comparable(stored, kind)
    values = [value for _, value in items_of(condition.value)]
    if operator == "><":
        return len(values) == 2 and left is not None and _between(left, values, kind)
    if isinstance(condition.value, list | dict):
        return any(_compare(left, operator, value, kind) for value in values)
    return _compare(left, operator, condition.value, kind)


def _between(left: Any, values: list[Any], kind: str) -> bool:
    low, high = (_comparable(value, kind) for value in values)
    return bool(low is not None and high is not None and low <= left <= high)


def _compare(left: Any, operator: str, value: Any, kind: str) -> bool:
    if operator in ("%", "=%", "%="):
        return _is_like(text_of(left), operator, text_of(value))
    right = _comparable(value, kind)
    if operator in ("", "=", "@"):
        return bool(left == right)
    if left is None or right is None:
        return False
    return bool({">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[operator])


def _is_like(text: str, operator: str, pattern: str) -> bool:
    text, pattern = text.casefold(), pattern.casefold()
    if operator == "%":
        return pattern in text
    # LIKE with the caller's own wildcards, turned into a linear match: parts in order, ends anchored.
    head, *parts = pattern.split("%")
    if not parts:
        return text == head
    if not text.startswith(head) or not text.endswith(parts[-1]):
        return False
    position = len(head)
    for part in parts[:-1]:
        position = text.find(part, position)
        if position < 0:
            return False
        position += len(part)
    return position <= len(text) - len(parts[-1])


def _comparable(value: Any, kind: str) -> Any:
    """A value for comparing: number, case-folded text, or None for what the database calls NULL or empty."""
    if kind in ("int", "double"):
        return value if isinstance(value, int | Decimal) else decimal_of(text_of(value))
    if kind in ("date", "datetime"):
        if isinstance(value, str) and len(value) == 25 and value.endswith("+03:00"):
            return value  # as the portal itself stores it: a sweep compares every order
        try:
            return parse_date(value) if value else None
        except ValueError:
            return None
    if isinstance(value, dict):  # a product's property is {"value", "valueId"}
        value = value.get("value")
    return text_of(value).casefold() or None


def _wanted_order(entity: Entity, parameters: Parameters) -> list[tuple[Field, bool]]:
    """What to sort by, and which of it descending; by id when nothing that is known was asked for."""
    wanted = []
    for name, direction in items_of(_array(parameters, "order")):
        field = entity.find(name)
        if field is not None:
            wanted.append((field, text_of(direction).strip().lower().startswith("desc")))
    if not wanted and "id" in entity.fields:
        wanted = [(entity.fields["id"], False)]
    return wanted


def _sorted(found: list[Row], wanted: list[tuple[Field, bool]]) -> list[Row]:
    for field, is_descending in reversed(wanted):
        found.sort(key=lambda row: _sort_key(row.get(field.name), field.type), reverse=is_descending)
    return found


def _sort_key(value: Any, kind: str) -> tuple[bool, Any]:
    comparable = _comparable(value, kind)
    return (False, 0) if comparable is None else (True, comparable)


def _selected(entity: Entity, parameters: Parameters) -> Callable[[Row], Row]:
    names = [text_of(name) for _, name in items_of(_array(parameters, "select"))]
    fields = [field for field in map(entity.find, names) if field is not None]
    if not names or "*" in names or not fields:
        return lambda row: show(row, entity)
    ordered = sorted({field.name: field for field in fields}.values(), key=lambda field: field.name)
    return lambda row: {field.name: cast_out(row.get(field.name), field.type) for field in ordered}


def _array(parameters: Parameters, name: str) -> Any:
    value = parameters.get(name)
    if value is None or value == "":
        return []
    if not isinstance(value, list | dict):
        raise PortalError(
            "100",
            f"Invalid value {{{text_of(value)[:50]}}} to match with parameter {{{name}}}. "
            "Should be value of type array.",
        )
    return value


def camel_to_snake_keys(row: Row) -> Row:
    """For the families that answer in UPPER_CASE."""
    return {re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).upper(): value for key, value in row.items()}
