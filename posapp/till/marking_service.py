"""The marking system as this till asks it: the adapter made, the hosts remembered, practice never mixed with the real.

What is known of the hosts is kept in the journal between questions, so that a sale does not begin with looking for one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from posapp.domain.marking import MarkingCode
from posapp.domain.permission import Permission
from posapp.errors import JournalError, SaleError, SetupError
from posapp.till.context import Till

if TYPE_CHECKING:
    from posapp.devices.marking import HostBook, MarkingCheck

log = logging.getLogger(__name__)

HOSTS_FACT = "marking.hosts"
"""Under this name the journal keeps what is known of the hosts of the marking system."""


def permissions(till: Till, codes: Sequence[MarkingCode]) -> tuple[Permission, ...]:
    """What the marking system says of codes, for a person who asks. Raises SaleError, SetupError."""
    from posapp.devices.marking import Unanswered

    try:
        return ask(till, codes)
    except Unanswered as silent:
        raise SaleError("marking_unanswered", line="–", name=codes[0].identity, reason=silent.reason) from silent


def refresh_if_due(till: Till) -> None:
    """Renews the list of hosts where that is due, outside a sale. Who does not answer now is asked again next time."""
    settings = till.settings.marking
    if settings is None or not settings.online:
        return
    try:
        check, before = _opened(till)
    except SetupError:
        return  # no key on this run; the sale of a marked thing will say so
    after = before
    try:
        if before.is_due(till.now()):
            check.look()
            after = check.hosts
            if after.is_due(till.now()):  # in vain: an exchange is not to wait for it every time
                after = after.postponed(till.now())
    except SaleError as error:
        log.warning("the marking system: %s", error)
        after = before.postponed(till.now())
    finally:
        check.close()
    _keep(till, before, after)


def ask(till: Till, codes: Sequence[MarkingCode]) -> tuple[Permission, ...]:
    """What the marking system says of codes, in their order. What was learned of the hosts is kept in any case.

    Raises `posapp.devices.marking.Unanswered`, SaleError `marking_access`, SetupError.
    """
    check, before = _opened(till)
    try:
        found = check.ask(codes, till.printer_settings.storage_number)
    finally:
        _keep(till, before, check.hosts)
        check.close()
    _refuse_mixture(till, is_simulator=check.is_simulator)
    return found


def _opened(till: Till) -> tuple[MarkingCheck, HostBook]:
    """The adapter, and what was known of the hosts. Raises SetupError when none is set up or its key is missing."""
    from posapp.devices.marking import HostBook

    if till.marking is None:
        raise SetupError("not_set_up", what="не указано, где спрашивать о маркированных товарах", command="marking")
    try:
        before = HostBook.from_json(json.loads(till.journal.get_fact(HOSTS_FACT) or "{}"))
    except (ValueError, KeyError, TypeError, SetupError):
        before = HostBook()  # a small fact that is not there, or of another time: the hosts are asked for again
    return till.marking(before), before


def _keep(till: Till, before: HostBook, after: HostBook) -> None:
    """Keeps the hosts when something was learned. A journal that refuses it costs the next sale a question."""
    if after != before:
        with suppress(JournalError):
            till.journal.set_fact(HOSTS_FACT, json.dumps(after.as_json()))


def _refuse_mixture(till: Till, *, is_simulator: bool | None) -> None:
    """Rule 20, at every contact: practice is never told by the real system, nor the real by practice."""
    if is_simulator is not None and is_simulator != till.settings.is_training:
        kind = "учебный, а каталог данных настоящий" if is_simulator else "настоящий, а каталог данных учебный"
        raise SetupError("training_mismatch", what=f"Сервис «Честный знак» {kind}. Ничего не продано.")
