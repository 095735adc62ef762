"""A sale without an order is put right like any other: found by its key, never taken for a sale that was begun."""

from __future__ import annotations

import pytest

from posapp.domain.receipt import TenderKind
from posapp.domain.settlement import Fix, State
from posapp.errors import ResolveNeeded, SaleError
from posapp.till import correct, correction_list, correction_state, counters, reconcile, walkin
from posapp.till.correct_plan import Said
from tests.till.shops import Shop, card
from tests.till.test_correct import on_register, tags
from tests.till.test_correct_lost import take_all_in, went_back
from tests.till.walkins import TEA, cash, label, sell

WHY = "платили картой"


def sold(store: Shop) -> str:
    return sell(store.till, f"{TEA}*2", label(350), "mug", tenders=cash(90_000)).view.receipt.key


def put_right(store: Shop, key: str) -> correct.Corrected:
    wrong = store.till.journal.receipt(key)
    assert wrong is not None
    return correct.correct(store.till, key, Said(tenders=card(wrong.receipt.total)), WHY)


def test_both_documents(store: Shop) -> None:
    key = sold(store)
    done = put_right(store, key)
    assert [each.view.receipt.settlement.fix for each in done.sold] == [(Fix.UNDO, key), (Fix.REDO, key)]
    first, undo, redo = map(tags, on_register(store))
    assert (undo[1031], redo[1081]) == (first[1020], first[1020])
    assert done.outbox_pending == 0
    assert counters.compare(store.till).agrees
    assert [each.message() for each in reconcile.run(store.till).differences] == []
    with pytest.raises(SaleError) as caught:
        put_right(store, key)
    assert caught.value.code == "correction_done"


def test_what_waits_is_no_sale_that_was_begun(store: Shop) -> None:
    key = sold(store)
    store.register.fault("8D", "error", "before", nth=2, value=0x6B)
    with pytest.raises(ResolveNeeded):
        put_right(store, key)
    assert walkin.begun(store.till) == []
    sold(store)  # the next customer is served meanwhile
    (item,) = correction_list.items(store.till, store.now().replace(hour=0))
    assert (item.code, item.key) == ("correction_half", key)
    correct.correct(store.till, key, Said(), "")
    assert len(on_register(store)) == 4


def test_after_the_directory_went_back(store: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    keys: list[str] = []

    def act() -> None:
        keys.append(sold(store))
        sell(store.till, TEA)
        put_right(store, keys[0])

    went_back(store, tmp_path_factory.mktemp("aside"), act)
    assert take_all_in(store) == 4
    wrong = store.till.journal.receipt(keys[0])
    assert wrong is not None
    known = correction_state.correction_of(store.till, wrong)
    assert known.is_whole
    assert [each.state for each in known.documents] == [State.FISCALIZED] * 2
    assert known.documents[1].receipt.tender(TenderKind.CASHLESS) == wrong.receipt.total
    assert [each.message() for each in reconcile.run(store.till).differences] == []
