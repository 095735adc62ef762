"""One line of goods or services (tag 1059) as it is printed."""

from __future__ import annotations

from decimal import Decimal

from posapp.domain.printed import FormLine, kopecks, pair, words
from posapp.domain.printed_tags import Tags, labelled
from posapp.domain.printed_words import (
    AGENTS,
    MARKED_OBJECTS,
    MEASURES,
    METHODS,
    OBJECTS,
    TURNOVERS,
    bits,
    check_mark,
    rate_title,
)

AGENT_TEXTS = (
    (1075, "ТЕЛ. ОПЕРАТОРА ПЕРЕВОДА"),
    (1044, "ОПЕРАЦИЯ АГЕНТА"),
    (1073, "ТЕЛ. ПЛ. АГЕНТА"),
    (1074, "ТЕЛ. ОПЕРАТОРА ПО ПРИЕМУ ПЛАТЕЖЕЙ"),
    (1026, "ОПЕРАТОР ПЕРЕВОДА"),
    (1005, "АДРЕС ОПЕРАТОРА ПЕРЕВОДА"),
    (1016, "ИНН ОПЕРАТОРА ПЕРЕВОДА"),
)
"""Inside 1223; in FFD 1.05 also on the receipt itself."""
SUPPLIER_TEXTS = ((1225, "ПОСТАВЩИК"), (1171, "ТЕЛ. ПОСТАВЩИКА"))
"""Inside 1224."""
_GOODS_TEXTS = (
    (1230, "КОД СТРАНЫ ПРОИСХОЖДЕНИЯ"),
    (1231, "НОМЕР ДЕКЛАРАЦИИ НА ТОВАР"),
    (2115, "КОНТРОЛЬНЫЙ КОД КМ"),
    (1191, "ДОП. РЕКВИЗИТ ПРЕДМЕТА РАСЧЕТА"),
)


def item_lines(item: Tags, year: int | None) -> list[FormLine]:
    """The lines of one item; `year` is that of the document, which decides what an old code of a rate means."""
    name = " ".join(filter(None, (_marking(item), item.text(1030)))) or "БЕЗ НАИМЕНОВАНИЯ"
    lines = [words(name), _sum(item)]
    lines += _vat(item, year)
    method, what = item.number(1214), item.number(1212)
    if method is not None or what is not None:
        lines.append(
            pair(
                "" if method is None else METHODS.get(method, f"СПОСОБ РАСЧЕТА {method}"),
                "" if what is None else OBJECTS.get(what, f"ПРЕДМЕТ РАСЧЕТА {what}"),
            )
        )
    if item.has(1229):
        lines.append(pair("АКЦИЗ", kopecks(item.amount(1229))))
    lines += labelled(item, _GOODS_TEXTS)
    return lines + _agent(item)


def _marking(item: Tags) -> str:
    """The sign of marked goods: with the verdict of FFD 1.2 where there is one, bare where there is only a code."""
    verdict = item.number(2106)
    is_marked = item.number(1212) in MARKED_OBJECTS or item.has(1162) or item.has(2106)
    return check_mark(verdict) if is_marked else ""


def _sum(item: Tags) -> FormLine:
    """`2.5 кг x 100.00 =250.00`; of what was not said nothing is made up."""
    quantity, price = item.decimal(1023), item.number(1079)
    measure = item.number(2108)
    unit = item.text(1197) if measure is None else MEASURES.get(measure, f"мера {measure}")
    part = item.inside(1291).text(1292)
    how_much = " ".join(filter(None, ("" if quantity is None else plain(quantity), unit, part and f"({part})")))
    left = " x ".join(filter(None, (how_much, "" if price is None else kopecks(price).removeprefix("="))))
    return pair(left, kopecks(item.amount(1043)))


def _vat(item: Tags, year: int | None) -> list[FormLine]:
    lines = []
    per_unit, rate = item.number(1198), item.number(1199)
    if rate is not None:
        inside = item.number(1200)
        shown = "" if inside is None or rate in TURNOVERS else kopecks(inside)
        lines.append(pair(rate_title(rate, year), shown))
    elif item.has(1200):
        lines.append(pair("СУММА НДС", kopecks(item.amount(1200))))
    if per_unit is not None:
        lines.append(pair("НДС ЗА ЕДИНИЦУ", kopecks(per_unit)))
    return lines


def _agent(item: Tags) -> list[FormLine]:
    """Whose goods these are, when the shop is only an agent."""
    lines = [words(f"АГЕНТ: {bits(mask, AGENTS)}")] if (mask := item.number(1222)) else []
    lines += labelled(item.inside(1223), AGENT_TEXTS)
    lines += labelled(item.inside(1224), SUPPLIER_TEXTS)
    return lines + labelled(item, ((1226, "ИНН ПОСТАВЩИКА"),))


def plain(number: Decimal) -> str:
    """A quantity without superfluous zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
