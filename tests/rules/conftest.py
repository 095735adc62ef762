"""Tills to try the rules on: the same register on a cable, journal and orders as in tests/till."""

from tests.till.conftest import closed_shop, register, shop

__all__ = ["closed_shop", "register", "shop"]
