"""Rule 12: what the screen says is on the disk. SQLite, WAL, synchronous=FULL, set by us and not by a default.

The mark and every row of the outbox that it causes are one transaction, and nothing says "printed" before that commit.
A disk that fails at any moment makes an unknown outcome or a refusal, never a lie.
"""

from __future__ import annotations

import sqlite3

import pytest

from posapp.domain.settlement import State
from posapp.errors import JournalError, OutcomeUnknown
from posapp.journal.connect import JOURNAL_NAME
from posapp.journal.rows import STEPS
from tests.till.doubts import spoil_disk
from tests.till.shops import Shop, an_order


def test_rule_12_every_commit_of_the_writer_is_forced_to_the_disk(shop: Shop) -> None:
    def asked(name: str) -> object:
        return shop.till.journal._write(lambda changes: changes._db.execute(f"PRAGMA {name}").fetchone()[0])

    assert (asked("journal_mode"), asked("synchronous")) == ("wal", 2)


def test_rule_12_printed_is_said_only_when_mark_and_outbox_are_there(shop: Shop) -> None:
    """Read past our own connections, by another one, in the moment in which the sale returns."""
    shop.sell()
    with sqlite3.connect(f"file:{shop.folder / JOURNAL_NAME}?mode=ro", uri=True) as db:
        ((state, mark),) = db.execute("SELECT state, mark FROM receipts").fetchall()
        steps = [step for (step,) in db.execute("SELECT step FROM outbox ORDER BY step_order").fetchall()]
    db.close()
    assert state == "fiscalized"
    assert str(shop.register.printer.storage.last_number) in mark
    assert steps == list(STEPS)


def test_rule_12_mark_and_outbox_are_there_together_or_not_at_all(shop: Shop) -> None:
    """The third row of the outbox fails: then there is no mark either, and the receipt is still `sending`."""

    def forbid() -> None:
        shop.till.journal._write(
            lambda changes: changes._db.execute(
                "CREATE TEMP TRIGGER no_third BEFORE INSERT ON main.outbox WHEN NEW.step_order = 2 "
                "BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        )

    shop.register.meanwhile(0xFF45, "after", forbid)
    with pytest.raises((OutcomeUnknown, JournalError, sqlite3.Error)):
        shop.sell()
    stored = shop.stored()
    assert (stored.state, stored.mark) == (State.SENDING, None)
    assert shop.till.journal.entries_of_receipt(stored.receipt.key) == []
    shop.restart()
    shop.sell_until_sold()
    shop.assert_exactly_one()


def test_rule_12_a_disk_that_fails_between_attempt_and_mark_is_an_unknown_outcome(shop: Shop) -> None:
    """The document exists and its mark could not be kept: "nothing was printed" would be a lie."""
    shop.register.meanwhile(0xFF45, "after", lambda: spoil_disk(shop.till))
    with pytest.raises(OutcomeUnknown) as told:
        shop.sell()
    assert isinstance(told.value.__cause__, JournalError)
    assert told.value.exit_code == 3
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    assert shop.stored().state is State.SENDING
    assert len(shop.register.with_key(shop.receipt().key)) == 1
    shop.restart()
    shop.sell_until_sold()
    shop.assert_exactly_one()


def test_rule_12_a_disk_that_fails_while_the_reply_is_lost_is_an_unknown_outcome(shop: Shop) -> None:
    shop.register.meanwhile(0xFF45, "after", lambda: spoil_disk(shop.till))
    shop.register.fault("FF45", "truncate", "after_commit", value=0, times=0)
    shop.register.meanwhile(0xFF45, "after", shop.register.unplug)
    with pytest.raises(OutcomeUnknown):
        shop.sell()
    shop.restart()
    shop.register.heal()
    shop.sell_until_sold()
    shop.assert_exactly_one()


def test_rule_12_a_disk_that_fails_before_the_attempt_sends_nothing(shop: Shop) -> None:
    shop.register.meanwhile(0xFF01, "after", lambda: spoil_disk(shop.till))
    opened = shop.register.count(0x8D)
    with pytest.raises(JournalError) as told:
        shop.sell()
    assert told.value.exit_code == 1
    assert shop.register.count(0x8D) == opened
    shop.restart()
    shop.sell()
    shop.assert_exactly_one()


def test_rule_12_a_document_that_proves_another_receipt_is_an_unknown_outcome(shop: Shop) -> None:
    """The journal keeps one receipt a document. What it refuses is not "printed", and not our bug either."""

    def shift_number(by: int) -> None:
        move = f"UPDATE receipts SET document_number = document_number + {by} WHERE order_id = 1"
        shop.till.journal._write(lambda changes: changes._db.execute(move))

    shop.sell()
    shop.register.meanwhile(0xFF45, "after", lambda: shift_number(1))  # a damaged journal
    with pytest.raises(OutcomeUnknown):
        shop.sell(an_order(2))
    assert shop.stored(2).state is State.SENDING
    shift_number(-1)
    shop.sell_until_sold(an_order(2))
    shop.assert_exactly_one(2)
