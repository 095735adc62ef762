"""Reading a JSON task field by field, with the vendor's own words for what is wrong with one.

`TaskError` 501 carries them: «Поле "X" отсутствует», «Поле "X" имеет неверный тип (ожидается "T|undefined")»,
«Некорректное значение поля "X" (v)». Fields that are not asked for are ignored, as the vendor's driver does; null
counts as missing. Numbers are exact: a decoder gives Decimals, a float is taken as it is written.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from posapp.devices.simulator import atol_errors as e

ADJUSTED_MAX, EXPONENT_MIN = 15, -30
"""Beyond them a number is no sum and no quantity, and never counted out."""
SHOWN_MAX = 64


class TaskError(Exception):
    """A task that failed: the driver's number and its words."""

    def __init__(self, code: int, text: str | None = None) -> None:
        self.code = code
        self.text = e.text_of(code) if text is None else text
        super().__init__(f"{code} {self.text}")


class Fields:
    """One object of a task; `path` is how its fields are named in errors."""

    def __init__(self, data: object, path: str = "") -> None:
        if not isinstance(data, Mapping):
            raise TaskError(e.PARSE_ERROR, f'Поле "{path}" имеет неверный тип (ожидается "object")')
        self._data = data
        self._path = path

    def name(self, field: str) -> str:
        """The full name of a field."""
        return f"{self._path}.{field}" if self._path else field

    def wrong(self, field: str) -> TaskError:
        """What is said of a value that cannot be."""
        return TaskError(
            e.PARSE_ERROR, f'Некорректное значение поля "{self.name(field)}" ({_shown(self._data.get(field))})'
        )

    def has(self, field: str) -> bool:
        """Whether it is there, and not null."""
        return self._data.get(field) is not None

    def need(self, *fields: str) -> None:
        """Raises for the first that is missing."""
        for field in fields:
            if not self.has(field):
                raise TaskError(e.PARSE_ERROR, f'Поле "{self.name(field)}" отсутствует')

    def _typed(self, field: str, kind: type | tuple[type, ...], told: str, *, required: bool) -> Any:
        if not self.has(field):
            if required:
                self.need(field)
            return None
        value = self._data[field]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            expected = told if required else f"{told}|undefined"
            raise TaskError(e.PARSE_ERROR, f'Поле "{self.name(field)}" имеет неверный тип (ожидается "{expected}")')
        return value

    def text(self, field: str, *, required: bool = False) -> str | None:
        """A text, None when it is missing."""
        value: str | None = self._typed(field, str, "string", required=required)
        return value

    def words(self, field: str, *, required: bool = True) -> str:
        """A text that is there, "" when it is missing and not required."""
        return self.text(field, required=required) or ""

    def flag(self, field: str) -> bool:
        """True or false; missing is false."""
        return bool(self._typed(field, bool, "boolean", required=False))

    def number(self, field: str, *, required: bool = False) -> Decimal | None:
        """An exact number within the bounds of sense."""
        value = self._typed(field, (int, Decimal, float), "number", required=required)
        if value is None:
            return None
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or number.adjusted() > ADJUSTED_MAX or exponent < EXPONENT_MIN:
            raise self.wrong(field)
        return number

    def whole(self, field: str, *, required: bool = False) -> int | None:
        """A whole number; one with a fraction is wrong."""
        number = self.number(field, required=required)
        if number is None:
            return None
        if number != number.to_integral_value():
            raise self.wrong(field)
        return int(number)

    def kopecks(self, field: str, *, required: bool = False) -> int | None:
        """A sum in roubles, half up to the kopeck as the driver rounds; 16 for less than nothing."""
        number = self.number(field, required=required)
        if number is None:
            return None
        if number < 0:
            raise TaskError(e.INVALID_SUM)
        return int((number * 100).to_integral_value(ROUND_HALF_UP))

    def micro(self, field: str, *, required: bool = False) -> int | None:
        """A quantity in millionths; 17 for less than nothing."""
        number = self.number(field, required=required)
        if number is None:
            return None
        if number < 0:
            raise TaskError(e.INVALID_QUANTITY)
        return int((number * 1_000_000).to_integral_value(ROUND_HALF_UP))

    def choice(self, field: str, table: Mapping[str, int], default: int, *, required: bool = False) -> int:
        """A word of the table, or (as older clients write) its number."""
        if not self.has(field):
            if required:
                self.need(field)
            return default
        value = self._data[field]
        if isinstance(value, int) and not isinstance(value, bool):
            if value not in table.values():
                raise self.wrong(field)
            return value
        word = self._typed(field, str, "string", required=required)
        if word in table:
            return table[word]
        if word.isdecimal() and len(word) <= 3 and int(word) in table.values():
            return int(word)
        raise self.wrong(field)

    def word(self, field: str, table: Mapping[str, Any], *, required: bool = True) -> Any:
        """What a word of the table stands for; numbers in its place are of a wrong type."""
        word = self._typed(field, str, "string", required=required)
        if word is None:
            return None
        if word not in table:
            raise self.wrong(field)
        return table[word]

    def child(self, field: str) -> Fields | None:
        """The object in a field."""
        value = self._typed(field, Mapping, "object", required=False)
        return None if value is None else Fields(value, self.name(field))

    def children(self, field: str, *, required: bool = False) -> list[Fields]:
        """The objects in a list."""
        value = self._typed(field, list, "array", required=required)
        return [Fields(each, f"{self.name(field)}[{number}]") for number, each in enumerate(value or ())]

    def texts(self, field: str) -> list[str]:
        """The texts in a list."""
        value = self._typed(field, list, "array", required=False) or []
        if not all(isinstance(each, str) for each in value):
            raise self.wrong(field)
        return list(value)

    def date(self, field: str, form: str = "%Y.%m.%d", *, required: bool = False) -> datetime | None:
        """A date, written `YYYY.MM.DD` as the driver wants it."""
        text = self.text(field, required=required)
        if text is None:
            return None
        try:
            return datetime.strptime(text, form)
        except ValueError as error:
            raise self.wrong(field) from error

    def base64(self, field: str, *, required: bool = False) -> bytes | None:
        """Bytes in base64."""
        text = self.text(field, required=required)
        if text is None:
            return None
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise self.wrong(field) from error


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"
