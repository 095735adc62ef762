"""One till that takes orders as fast as it can, as a process: `racer.py DATABASE IDENTITY ORDERS`. Not itself a test.

Waits for a line on its input, takes every order alone and in an order of its own, gives every third back and takes it
again, and prints what it won: one line of JSON, order → fence.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import UTC, datetime

from posapp.domain.claim import TakenFor
from posapp.gateway.store import TillCard, open_store

PORTAL = "shop.example"
AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def main(database: str, identity: str, count: int) -> None:
    store = open_store(database)
    store.enrol(TillCard(PORTAL, identity, identity), AT)
    orders = list(range(1, count + 1))
    random.Random(identity).shuffle(orders)
    print("ready", flush=True)
    sys.stdin.readline()
    won = {}
    for number in orders:
        claim = store.take(PORTAL, identity, [number], TakenFor.SALE, AT)[0]
        if claim.may_sell and number % 3 == 0:
            store.release(PORTAL, identity, {number: claim.fence}, AT)
            claim = store.take(PORTAL, identity, [number], TakenFor.SALE, AT)[0]
        if claim.may_sell:
            won[number] = claim.fence
    print(json.dumps(won), flush=True)
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
