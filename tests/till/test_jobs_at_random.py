"""A site, a till and everything that goes wrong between them, from a seed: each receipt once, each told, none lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from posapp.domain.portal_check import check_keys
from posapp.domain.qr import parse_qr
from posapp.domain.settlement import State
from posapp.errors import PosError
from posapp.till import counters, recover, resolve
from tests.domain.checks import site_item
from tests.till.rig import Killed
from tests.till.shops import Shop, an_order
from tests.till.sites import HOST, Site, job_of, rounds, site_of
from tests.till.test_jobs import kill_commit

SEEDS = 6
STEPS = 30
OPCODES = (0x8D, 0xFF0C, 0xFF46, 0x89, 0xFF45, 0xFF0A, 0xFF40)
COMMANDS = ("8D", "FF0C", "FF46", "89", "FF45", "FF0A", "FF40")


class Play:
    """One seed's run."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.random = shop, random.Random(seed)
        self.site: Site = site_of(shop)
        self.sold = 0

    def step(self) -> None:
        kinds: list[Callable[[], None]] = [
            self.order, self.order, self.round, self.round, self.round, self.wait, self.lose, self.kill_commit,
            self.kill_command, self.fault, self.forget, self.restart, self.sell, self.edit,
        ]  # fmt: skip
        self.random.choice(kinds)()

    def order(self) -> None:
        quantity = self.random.randint(1, 3)
        kind = self.random.choice(["sell", "sell", "sellReturn"])
        self.site.order(len(self.site.orders) + 1, site_item(quantity=quantity), type=kind)

    def round(self) -> None:
        try:
            rounds(self.shop, self.site)
        except Killed:
            self.restart()
        except PosError:
            pass

    def wait(self) -> None:
        self.shop.register.advance(self.random.choice([5, 60, 150, 241]))

    def lose(self) -> None:
        self.site.loses = self.random.randint(1, 2)
        self.round()

    def kill_commit(self) -> None:
        kill_commit(self.shop, self.random.randint(1, 9), after=self.random.random() < 0.5)
        self.round()
        self.restart()

    def kill_command(self) -> None:
        self.shop.register.killed_at = (self.random.choice(OPCODES), self.random.random() < 0.5)
        self.round()
        self.shop.register.killed_at = None
        self.restart()

    def fault(self) -> None:
        do, when = self.random.choice([("drop_command", "before"), ("drop_reply", "after_commit"), ("error", "before")])
        more = {"value": 0x50} if do == "error" else {}
        self.shop.register.fault(self.random.choice(COMMANDS), do, when, **more)
        self.round()
        self.shop.register.heal()

    def forget(self) -> None:
        """The site asks for something again that it was told of, or gives up what it was told has failed."""
        known = [number for number, state in self.site.state.items() if state in ("Y", "E")]
        if known:
            self.site.state[self.random.choice(known)] = "N"

    def edit(self) -> None:
        """A manager changes an order whose receipt the site still waits for and never saw begun."""
        waiting = [
            number for number, state in self.site.state.items() if state == "N" and number not in self.site.begun
        ]
        if waiting:
            number = self.random.choice(waiting)
            self.site.order(number, site_item(quantity=4), type=self.site.orders[number]["type"])

    def restart(self) -> None:
        self.shop.restart()

    def sell(self) -> None:
        self.sold += 1
        with suppress(PosError):
            self.shop.sell(an_order(self.sold))

    def settle(self) -> None:
        """Nothing goes wrong any more; a person decides what cannot be proven."""
        self.shop.register.heal()
        self.shop.register.killed_at = None
        self.site.loses = 0
        for _ in range(60):
            for each in self.shop.till.journal.receipts_in(State.SENDING):
                with suppress(PosError):
                    recover.recover(self.shop.till)
                stored = self.shop.till.journal.receipt(each.receipt.key)
                if stored is not None and stored.state is State.SENDING:
                    resolve.decide_not_made(self.shop.till, each.receipt.key)
            with suppress(PosError):
                rounds(self.shop, self.site)
            for number, state in self.site.state.items():
                if state == "E":
                    self.site.reprint(number)
            if all(state == "Y" for state in self.site.state.values()):
                break
            self.shop.register.advance(61)
        rounds(self.shop, self.site, 2)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_each_receipt_once_whatever_happens(shop: Shop, seed: int) -> None:
    play = Play(shop, seed)
    for _ in range(STEPS):
        play.step()
        keys = [each.key for each in shop.register.receipts]
        assert len(keys) == len(set(keys))  # at no moment
    play.settle()
    assert set(play.site.state.values()) <= {"Y"}
    for number in play.site.orders:
        of_check = [key for key in check_keys(f"check|{HOST}|{number}") if shop.register.with_key(key)]
        assert len(of_check) == 1
        (document,) = shop.register.with_key(of_check[0])
        stored = shop.till.journal.receipt(of_check[0])
        assert stored is not None
        assert stored.mark is not None
        assert stored.mark.document_number == document.number
        told = parse_qr(play.site.results[number][-1]["qr"])
        assert (told.document_number, told.document_sign) == (document.number, str(document.sign))
        assert (job_of(shop, number).state, job_of(shop, number).is_told) == ("done", True)
    assert counters.compare(shop.till).agrees
