"""The tables of a simulated register: named, typed, with limits, mostly writable – as 2Dh/2Eh/1Eh/1Fh tell.

Vendor drivers read dozens of fields at start, write payment names and settings, and abort when 2Eh says "integer" of
a field they write as text. So the metadata must be true. The list follows a table dump of a real device (firmware
C.3.664, 2026); fields nobody reads are reserves that keep what is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NO_SUCH_TABLE = 0x5D
NOT_EDITABLE = 0x7A
BAD_VALUE = 0x33

LONGEST_TEXT = 246
"""A text that both 1Fh and 1Eh can carry whole: 1Eh has 9 bytes before the value, and a frame of link v1 holds 255."""

Value = int | str


class TableError(Exception):
    """A table command that the register refuses; `code` is the error byte."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code:02X}h")
        self.code = code


@dataclass(frozen=True, slots=True)
class Field:
    """One column: an integer of `size` bytes between `least` and `greatest`, or a text of `size` bytes."""

    name: str
    size: int
    is_text: bool = False
    least: int = 0
    greatest: int = 0
    default: Value = 0
    editable: bool = True

    @property
    def limits(self) -> bytes:
        """Least and greatest as 2Eh tells them; nothing for texts."""
        if self.is_text:
            return b""
        return self.least.to_bytes(self.size, "little") + self.greatest.to_bytes(self.size, "little")


@dataclass(frozen=True, slots=True)
class Table:
    """One table; its rows are alike but may start with other values (`row_defaults`: (row, field) → value)."""

    name: str
    rows: int
    fields: tuple[Field, ...]
    row_defaults: Mapping[tuple[int, int], Value] = field(default_factory=dict)


def _number(name: str, greatest: int, default: int = 0, least: int = 0, size: int = 1, editable: bool = True) -> Field:
    return Field(name, size, False, least, greatest, default, editable)


def _text(name: str, size: int, default: str = "", editable: bool = True) -> Field:
    return Field(name, size, True, default=default, editable=editable)


def _with_reserves(named: Mapping[int, Field], count: int) -> tuple[Field, ...]:
    """`count` fields; those that are not named are reserves of one byte."""
    return tuple(named.get(number, _number(f"Резерв {number}", 255)) for number in range(1, count + 1))


_SETTINGS = _with_reserves(
    {
        1: _number("Номер ККМ в магазине", 99, 1, least=1),
        2: _number("Автообнуление денежной наличности", 1),
        7: _number("Отрезка чека после завершения печати", 2, 1),
        8: _number("Дробное количество", 1, 1),
        14: _number("Начисление налогов", 1),
        16: _number("Печать налогов", 2, 1),
        17: _number("Печать заголовка чека", 1, 1),
        20: _number("Печать чека по закрытию", 1),
        21: _number("Промотка перед отрезкой", 1),
        22: _number("Отрезка при открытом чеке", 1),
        23: _number("Запрет нулевого чека", 1),
        27: _number("Контроль времени", 1),
        30: _number("Тип отчёта с гашением", 255),
        34: _number("Яркость печати", 10, 5),
        40: _number("Скорость печати", 2, 1),
    },
    48,
)

_PAYMENTS = {1: "НАЛИЧНЫМИ", 14: "ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА", 15: "ПОСЛЕДУЮЩАЯ ОПЛАТА", 16: "ИНАЯ ФОРМА ОПЛАТЫ"}
_RATES = (
    ("НДС 20%", 2000),
    ("НДС 10%", 1000),
    ("НДС 0%", 0),
    ("БЕЗ НДС", 0),
    ("НДС 20/120", 2000),
    ("НДС 10/110", 1000),
    ("НДС 5%", 500),
    ("НДС 7%", 700),
    ("НДС 5/105", 500),
    ("НДС 7/107", 700),
    ("НДС 22%", 2200),
    ("НДС 22/122", 2200),
)
_FISCAL = _with_reserves(
    {
        1: _number("Печать реквизитов пользователя", 1, 1),
        3: _number("Режим исчисления скидок", 2),
        4: _number("Размер модуля QR-кода", 8, 4, least=3),
        5: _number("Уровень коррекции QR-кода", 3),
        6: _number("Размер QR-кода", 8, 4),
        7: _number("Не печатать документ", 3),
        9: _number("Сквозная нумерация", 1),
        15: _number("Печать отменённых документов", 1),
        17: _number("Формат ФД", 4, 2, least=1, editable=False),
        35: _number("Строгий контроль формата", 1),
        36: _number("Расширенные ответы", 1),
        38: _number("Автокоррекция ставки НДС", 1),
        40: _number("Способ расчёта НДС", 1),
        53: _number("Не печатать отчёты", 1),
        64: _number("Режим кодирования ставок НДС", 1),
        71: _number("Замена ставки 20% на 22%", 1),
    },
    80,
)


def _operators() -> Table:
    names: dict[tuple[int, int], Value] = {}
    for row in range(1, 31):
        names[row, 1] = row
        names[row, 2] = {29: "АДМИНИСТРАТОР", 30: "СИСТЕМНЫЙ АДМИНИСТРАТОР"}.get(row, f"ОПЕРАТОР {row}")
    password = _number("Пароль", 99_999_999, size=4)
    return Table("Пароли кассиров и администраторов", 30, (password, _text("Имя кассира", 64)), names)


def _fiscal_identity(known: Mapping[int, str]) -> Table:
    names = {
        1: "Заводской номер",
        2: "ИНН",
        3: "Регистрационный номер ККТ",
        4: "Номер фискального накопителя",
        5: "Система налогообложения",
        6: "Режим работы",
        7: "Пользователь",
        8: "Оператор",
        9: "Адрес расчётов",
        10: "ОФД",
        11: "Сайт ОФД",
        12: "ИНН ОФД",
        13: "Сайт ФНС",
        14: "Место расчётов",
        15: "Отправитель чеков",
    }
    sizes = {n: LONGEST_TEXT if n > 6 else 64 for n in names}
    texts = {n: _text(name, sizes[n], known.get(n, ""), editable=False) for n, name in names.items()}
    texts[5] = _number("Системы налогообложения", 255, int(known.get(5, "0")), editable=False)
    texts[6] = _number("Режим работы", 255, 0, editable=False)
    texts[24] = _number("Дней до блокировки закрытием смены", 255, 30, editable=False)
    return Table("Параметры фискализации", 1, _with_reserves(texts, 24))


FORMAT_FIELD = (17, 1, 17)
"""Table, row and field with the fiscal data format (value as in tag 1209)."""


def all_tables(fiscal: Mapping[int, str], format_level: int = 2) -> dict[int, Table]:
    """The tables of one register; `fiscal` fills the read-only fields of table 18, `format_level` the FFD (1209)."""
    lines = _text("Строка", 64)
    return {
        1: Table("Тип и режим ККМ", 1, _SETTINGS),
        2: _operators(),
        3: Table("Пароли доступа", 2, (_number("Пароль", 99_999_999, 30, size=4),)),
        4: Table("Текст в чеке", 14, (lines,), {(4, 1): "УЧЕБНЫЙ ЧЕК", (5, 1): "НЕ ЯВЛЯЕТСЯ ДОКУМЕНТОМ"}),
        5: Table(
            "Наименования типов оплаты",
            16,
            (_text("Наименование типа оплаты", 64),),
            {(n, 1): _PAYMENTS.get(n, f"ЭЛЕКТРОННЫМИ {n - 1}") for n in range(1, 17)},
        ),
        6: Table(
            "Налоговые ставки",
            12,
            (_number("Величина налога", 9999, size=2), _text("Название налога", 64)),
            {
                **{(n, 1): rate for n, (_, rate) in enumerate(_RATES, 1)},
                **{(n, 2): name for n, (name, _) in enumerate(_RATES, 1)},
            },
        ),
        7: Table(
            "Наименования отделов",
            16,
            (_text("Наименование отдела", 64),),
            {(n, 1): f"ОТДЕЛ {n}" for n in range(1, 17)},
        ),
        8: Table("Настройка шрифтов", 1, tuple(_number(f"Шрифт {n}", 9, 1, least=1) for n in range(1, 23))),
        9: Table("Настройки стандартного чека", 1, tuple(_number(f"Настройка {n}", 255) for n in range(1, 23))),
        10: Table("Служебная", 1, _with_reserves({10: _number("Время ожидания ФН, с", 255, 10)}, 24)),
        12: Table("Настройки веб-ссылки", 1, (_text("Веб-ссылка", 64), _number("Печать", 1))),
        14: Table("Служебный текст", 8, (lines,)),
        15: Table("Сервис", 1, tuple(_number(f"Сервис {n}", 255) for n in range(1, 11))),
        16: Table("Сетевой адрес", 1, tuple(_number(f"Байт {n}", 255) for n in range(1, 17))),
        17: Table("Региональные настройки", 1, _FISCAL, {FORMAT_FIELD[1:]: format_level}),
        18: _fiscal_identity(fiscal),
        19: Table(
            "Параметры ОФД",
            1,
            (
                _text("Сервер", 64, "ofd.example"),
                _number("Порт", 65535, 7777, size=2),
                _number("Таймаут чтения ответа", 9999, 60, size=2),
                _number("Резерв", 255),
                _text("Сервер КМ", 64),
                _number("Порт КМ", 65535, 0, size=2),
                _number("Таймаут сервера КМ", 255, 5),
                _number("Таймаут проверки КМ", 255, 5),
            ),
        ),
        20: Table("Статус обмена ФН", 1, tuple(_text(f"Строка {n}", 64, editable=False) for n in range(1, 9))),
        21: Table(
            "Сетевые интерфейсы",
            1,
            (
                _number("Интерфейс", 3),
                _number("Обмен с ОФД", 2, 1),
                _number("TCP-сервер", 1, 1),
                _number("Порт TCP-сервера", 65535, 7778, size=2),
                *(_number(f"Параметр {n}", 255) for n in range(5, 16)),
                _number("Таймаут бездействия", 255, 60),
            ),
        ),
        23: Table("Удалённый мониторинг", 1, tuple(_number(f"Параметр {n}", 255) for n in range(1, 10))),
        24: Table("Встраиваемая техника", 1, tuple(_text(f"Строка {n}", 64) for n in range(1, 6))),
    }


class Tables:
    """The tables with what was written over the defaults. TableError carries the error byte of a refusal."""

    def __init__(self, tables: dict[int, Table], written: Mapping[str, Value] | None = None) -> None:
        self._tables = tables
        self.written: dict[str, Value] = dict(written or {})

    def table(self, number: int) -> Table:
        """2Dh. Raises TableError 5Dh."""
        if number not in self._tables:
            raise TableError(NO_SUCH_TABLE)
        return self._tables[number]

    def column(self, table: int, number: int) -> Field:
        """2Eh. Raises TableError 5Dh, 33h."""
        fields = self.table(table).fields
        if not 1 <= number <= len(fields):
            raise TableError(BAD_VALUE)
        return fields[number - 1]

    def get(self, table: int, row: int, number: int) -> Value:
        """The value of a field."""
        column = self.column(table, number)
        if not 1 <= row <= self.table(table).rows:
            raise TableError(BAD_VALUE)
        default = self.table(table).row_defaults.get((row, number), column.default)
        return self.written.get(f"{table}.{row}.{number}", "" if column.is_text and default == 0 else default)

    def number(self, table: int, row: int, number: int) -> int:
        """The value of an integer field."""
        return int(self.get(table, row, number))

    def read(self, table: int, row: int, number: int) -> bytes:
        """1Fh: as many bytes as the field is wide."""
        value, column = self.get(table, row, number), self.column(table, number)
        if isinstance(value, int):
            return value.to_bytes(column.size, "little")
        return value.encode("cp1251", "replace")[: column.size].ljust(column.size, b"\0")

    def write(self, table: int, row: int, number: int, raw: bytes) -> None:
        """1Eh. Shorter values are filled up. Raises TableError for what may not be written."""
        self.get(table, row, number)
        column = self.column(table, number)
        if not column.editable:
            raise TableError(NOT_EDITABLE)
        value: Value
        if column.is_text:
            if len(raw) > column.size:
                raise TableError(BAD_VALUE)
            value = raw.split(b"\0", 1)[0].decode("cp1251", "replace")
        else:
            value = int.from_bytes(raw, "little")
            if not raw or not column.least <= value <= column.greatest:
                raise TableError(BAD_VALUE)
        self.written[f"{table}.{row}.{number}"] = value

    def operator(self, password: int) -> int | None:
        """The operator (1…30) whose password this is; None for a wrong one."""
        for row in range(30, 0, -1):
            if self.number(2, row, 1) == password:
                return row
        return None
