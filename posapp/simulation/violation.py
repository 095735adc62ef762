"""A promise that was broken in a simulated world."""

from __future__ import annotations


class Violation(Exception):
    """What was broken, in words; `world` adds where and how to see it again."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
