"""`posapp orders route`: the courier's orders, the filter they are chosen by, and the proof that all are on board."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from posapp.cli.common import answer, language
from posapp.cli.order_table import row_of, table
from posapp.errors import UsageError
from posapp.settings import RouteSettings
from posapp.till import orders, route
from posapp.till.claims import held
from posapp.till.context import Till
from posapp.till.route import RouteProof

EXIT_PERSON = 3
_NOTHING = {"ru": "По этому отбору заказов нет.", "en": "No orders by this filter."}


def filter_of(responsible: int | None, properties: Sequence[str], statuses: Sequence[str]) -> RouteSettings | None:
    """The filter that was typed, None for none. Raises UsageError."""
    if responsible is None and not properties and not statuses:
        return None
    for each in properties:
        code, equals, value = each.partition("=")
        if not code.strip() or not equals or not value.strip() or "\n" in each:
            raise UsageError("usage", what=f"--property {each[:40]}: пишут КОД=ЗНАЧЕНИЕ")
    for each in statuses:
        if not re.fullmatch("[A-Z]{1,2}", each):
            raise UsageError("usage", what=f"--status {each[:10]}: статус – одна или две большие латинские буквы")
    return RouteSettings(responsible or 0, ",".join(dict.fromkeys(statuses)), "\n".join(dict.fromkeys(properties)))


def refuse_unknown(folder: Path, chosen: RouteSettings) -> None:
    """Raises UsageError for what the portal does not have: such a filter is not kept. Also Offline, Rejected."""
    from posapp import app

    if chosen.properties or chosen.statuses:
        with app.open_till(folder) as till:
            route.refuse_unknown(till, chosen)


def proved(folder: Path) -> RouteProof | None:
    """Asks the portal for the route that is chosen; None where no filter is. Raises Offline, Rejected, SetupError."""
    from posapp import app

    if app.load_settings(folder).route is None:
        return None
    with app.open_till(folder) as till:
        return route.prove(till)


def tell(folder: Path, proof: RouteProof | None, *, json: bool) -> int:
    """The route as it is on board. Exit code 3 while an order is missing: nobody shall leave without it."""
    from posapp import app

    with app.open_till(folder, write=False) as till:
        found = orders.route(till)
        ours = held(till, [each.order_id for each in found])
        last = proof or route.proof(till)
        chosen = _filter_words(till)
    body: dict[str, object] = {"orders": [row_of(each) | {"claimed": each.order_id in ours} for each in found]}
    if last is not None:
        body |= {"proof": last.as_json(), "filter": chosen}
    is_none = chosen is not None and last is not None and not last.expected and not found
    lines = [_NOTHING[language()] if is_none else table(found)]
    if found:
        lines.append(f"Закреплено за этой кассой {len(ours)} из {len(found)}.")
    answer(json, body, "\n".join([*lines, *proof_lines(last)]))
    return EXIT_PERSON if proof is not None and not proof.is_complete else 0


def proof_lines(proof: RouteProof | None) -> list[str]:
    """`32 из 32 на борту.`, or what is missing."""
    if proof is None:
        return []
    at = f"{proof.at.astimezone():%d.%m %H:%M}"
    if language() == "en":
        told = [f"{proof.on_board} of {proof.expected} on board, asked {at}."]
        return told if proof.is_complete else [*told, f"Do not leave. Missing ids: {_ids(proof)}"]
    told = [f"{proof.on_board} из {proof.expected} на борту, портал спрошен {at}."]
    return (
        told
        if proof.is_complete
        else [*told, f"Не выезжайте. Не загружены заказы с номерами на портале: {_ids(proof)}"]
    )


def _ids(proof: RouteProof) -> str:
    return ", ".join(map(str, proof.missing)) or "?"


def _filter_words(till: Till) -> dict[str, object] | None:
    chosen = till.settings.route
    if chosen is None:
        return None
    return {
        "responsible": chosen.responsible or None,
        "statuses": list(chosen.status_list),
        "properties": dict(chosen.property_list),
    }
