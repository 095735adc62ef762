"""What an entity of Bitrix is: its fields with name, declared type and who may write.

The kernel declares each entity of `sale` and `catalog` in such a table and derives from it what `select`, `filter`,
`order` and `fields` may name (anything else is dropped without an error), which JSON type an answer has, and what
`getfields` tells. So do we: the tables in `fields.py` and `catalogue.py` carry the rules, this file carries the tables.

Types: `int` and `double` are numbers or null, `char` and `string` are texts (never null), `datetime` is ISO 8601
with the portal's offset or null, `date` the same at midnight, `any` goes out as it is.
Marks: `ro` read-only, `im` immutable after `add`, `req` required on `add` and – unless immutable – on every `update`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache

_STORED_AS: dict[str, type] = {"int": int, "string": str, "char": str}
_KEPT_AS: dict[str, type] = {**_STORED_AS, "double": Decimal}  # whoever writes a decimal down drops its last zeros


@dataclass(frozen=True)
class Field:
    """One column of an entity as the kernel declares it."""

    name: str
    type: str
    is_read_only: bool
    is_immutable: bool
    is_required: bool


@dataclass(frozen=True)
class Entity:
    """An entity: the key of one (`payment`), the key of a list (`payments`) and its fields by camelCase name."""

    key: str
    list_key: str
    fields: dict[str, Field]

    @cached_property
    def by_snake(self) -> dict[str, Field]:
        """Fields under the name that Bitrix uses inside: `paySystemId` → `PAY_SYSTEM_ID`."""
        return {snake(name): field for name, field in self.fields.items()}

    @cached_property
    def shown(self) -> tuple[tuple[str, str, type | None, str | None], ...]:
        """Every field in the order of an answer: name, type, what is stored as it is shown, how nothing is shown."""
        return tuple(
            (name, field.type, _STORED_AS.get(field.type), "" if field.type in ("string", "char") else None)
            for name, field in sorted(self.fields.items())
        )

    @cached_property
    def stored(self) -> dict[str, tuple[str, type | None]]:
        """Of every field its declared type and the Python type that goes out as it is."""
        return {name: (field.type, _KEPT_AS.get(field.type)) for name, field in self.fields.items()}

    def find(self, name: str) -> Field | None:
        """The field called `name` in either key style (`dateUpdate`, `DATE_UPDATE`), None when there is none."""
        found = self.fields.get(name)
        return self.by_snake.get(snake(name)) if found is None else found

    def settable(self, *, adding: bool) -> dict[str, Field]:
        """The fields that `add` or `update` may write."""
        return {
            name: field
            for name, field in self.fields.items()
            if not field.is_read_only and (adding or not field.is_immutable)
        }


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """camelCase to UPPER_SNAKE, digits apart except in the three names of the 1C exchange (`id1c` → `ID_1C`)."""
    if name != name.upper():
        name = re.sub(r"(?<=[A-Za-z0-9])([A-Z])|(?<=[A-Za-z])([0-9])", r"_\1\2", name)
    return name.upper()


def declare(key: str, list_key: str, table: str) -> Entity:
    """An entity from its table: a line per field, `name type marks…`."""
    fields = {}
    for line in table.strip().splitlines():
        name, kind, *marks = line.split()
        fields[name] = Field(name, kind, "ro" in marks, "im" in marks, "req" in marks)
    return Entity(key, list_key, fields)
