"""Where the OFD and our own witnesses do not agree. Pure: readings in, differences in words out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.domain.settlement import Stamp
from posapp.sync.ofd import OfdDocument
from posapp.till.differences import kind_text, ranges, when
from posapp.till.reconcile_views import Difference, Fact, Move, Phrase, joined, versus
from posapp.till.witnesses import Expected, OfdReading

PATIENCE = timedelta(days=1)
"""A document this old ought to be there: the storage itself warns after a day (1053) and blocks after thirty."""


def of_ofd(ofd: OfdReading, till: str, now: datetime) -> list[Difference]:
    """`till` is the name in our stamps, `now` aware local time; documents are dated in local time without a zone."""
    found = list(_lacking(ofd, now.replace(tzinfo=None)))
    for number, each in sorted(ofd.held.items()):
        expected = ofd.expected.get(number)
        if expected is not None:
            found += _compared(expected, each)
        elif _is_extra(ofd, each, till):
            found.append(_extra(each, till))
    return found


def _lacking(ofd: OfdReading, now: datetime) -> Iterator[Difference]:
    """All together: a silent OFD lacks everything since some moment, and that is one thing to mend."""
    missing = [each for number, each in ofd.expected.items() if number not in ofd.held and now - each.at > PATIENCE]
    if not missing:
        return
    missing.sort(key=lambda each: each.number)
    kopecks = sum(each.total.kopecks for each in missing if each.total)
    one = missing[0]
    facts: dict[str, Fact] = {
        "documents": ranges(each.number for each in missing),
        "count": len(missing),
        "at": when(one.at, now),
    }
    yield Difference(
        "ofd_lacks",
        Move.ADMINISTRATOR,
        order=one.order if len(missing) == 1 else "",
        key=one.key if len(missing) == 1 else "",
        document_number=one.number,
        amount=Money(kopecks) if kopecks else None,
        facts=facts,
    )


def _compared(expected: Expected, held: OfdDocument) -> Iterator[Difference]:
    what = []
    if held.kind != expected.kind:
        ours = None if expected.kind is None else ReceiptKind(expected.kind)
        what.append(versus(Phrase("признак расчёта", "kind"), kind_text(held.kind), kind_text(ours)))
    if held.total != expected.total:
        what.append(versus(Phrase("сумма", "total"), str(held.total or "–"), str(expected.total or "–")))
    if held.sign != expected.sign:
        what.append(versus(Phrase("ФП", "sign"), held.sign, expected.sign))
    if what:
        yield Difference(
            "ofd_differs",
            Move.MANAGER,
            order=expected.order,
            key=expected.key,
            document_number=expected.number,
            amount=expected.total,
            command=f"posapp receipt show {expected.key}" if expected.key else "",
            facts={"what": joined(what)},
        )


def _is_extra(ofd: OfdReading, held: OfdDocument, till: str) -> bool:
    """The storage has never made it; or, where the storage could not be asked, it is ours and the journal lacks it."""
    if ofd.last is not None:
        return held.number > ofd.last
    stamp = Stamp.parse(held.stamp) if held.stamp else None
    return stamp is not None and stamp.till == till


def _extra(held: OfdDocument, till: str) -> Difference:
    stamp = Stamp.parse(held.stamp) if held.stamp else None
    if stamp is None:
        whose = Phrase("без нашего ключа", "without our key")
    elif stamp.till == till:
        whose = Phrase(f"эта касса, заказ {stamp.order}", f"this till, order {stamp.order}")
    else:
        whose = Phrase(f"касса {stamp.till}, заказ {stamp.order}", f"till {stamp.till}, order {stamp.order}")
    return Difference(
        "ofd_extra",
        Move.MANAGER,
        order=stamp.order if stamp else "",
        key=stamp.key if stamp else "",
        document_number=held.number,
        amount=held.total,
        command="posapp resolve",
        facts={"whose": whose, **({} if held.total is not None else {"amount": "–"})},
    )
