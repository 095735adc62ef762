"""Money in whole kopecks and quantities as decimals. No float ever holds either."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

KOPECKS_MAX = 9_999_999_999  # 99 999 999,99 roubles: five bytes on the wire allow more, the registers do not
COUNTER_MAX = (1 << 48) - 1  # six bytes: what the counters of a register hold, a drawer or a day of many receipts
QUANTITY_DECIMALS = 6  # FF46 carries a quantity as a whole number of millionths

_KOPECK = Decimal("0.01")
_GROUP = "\u202f"  # narrow no-break space between thousands
_NBSP = "\u00a0"
_MINUS = "\u2212"
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]")
_ROUBLES = re.compile("([0-9]{1,8})(?:[.,]([0-9]{1,2}))?")


def round_half_up(value: Decimal) -> int:
    """To the nearest whole number, halves away from zero – the rounding of tags 1043 and 1200."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """A sum in whole kopecks, negative only as a difference.

    It holds what a register counts (`COUNTER_MAX`). What one receipt may come to is less, `KOPECKS_MAX`: `Receipt` and
    its lines see to that, and what comes from outside (`parse`, `from_roubles`) is never more.
    """

    kopecks: int

    def __post_init__(self) -> None:
        if type(self.kopecks) is not int:
            raise TypeError(f"kopecks are an int, not {type(self.kopecks).__name__}")
        if abs(self.kopecks) > COUNTER_MAX:
            raise ValueError(f"{self.kopecks} kopecks do not fit a register")

    @classmethod
    def parse(cls, text: str) -> Money:
        """Roubles as people type them: `1234.50`, `1 234,5`, `90`. Raises ValueError for anything else."""
        match = _ROUBLES.fullmatch(_SPACES.sub("", text).removesuffix("₽"))
        if match is None:
            raise ValueError(f"not an amount in roubles: {text!r}")
        return cls(int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")))

    @classmethod
    def from_roubles(cls, value: Decimal | int | str) -> Money:
        """Roubles of another program, rounded half up to the kopeck. Raises ValueError when not a sum of a receipt."""
        number = decimal_of(value)
        if number.copy_abs() > KOPECKS_MAX:  # asked first: rounding such a number fails in another way
            raise ValueError("more roubles than fit a receipt")
        kopecks = int(number.quantize(_KOPECK, rounding=ROUND_HALF_UP).scaleb(2))
        if abs(kopecks) > KOPECKS_MAX:
            raise ValueError("more roubles than fit a receipt")
        return cls(kopecks)

    @property
    def roubles(self) -> Decimal:
        """Exact roubles, always two decimals."""
        return Decimal(self.kopecks).scaleb(-2)

    def __add__(self, other: Money) -> Money:
        return Money(self.kopecks + other.kopecks)

    def __sub__(self, other: Money) -> Money:
        return Money(self.kopecks - other.kopecks)

    def __neg__(self) -> Money:
        return Money(-self.kopecks)

    def __bool__(self) -> bool:
        return self.kopecks != 0

    def times(self, quantity: Quantity) -> Money:
        """Price × quantity, rounded half up to the kopeck (tag 1043)."""
        return Money(round_half_up(self.kopecks * quantity.value))

    def __str__(self) -> str:
        """As on the screen: `1 234,50 ₽` with narrow no-break spaces, a real minus, two decimals."""
        whole, part = divmod(abs(self.kopecks), 100)
        sign = _MINUS if self.kopecks < 0 else ""
        return f"{sign}{whole:,}".replace(",", _GROUP) + f",{part:02d}{_NBSP}₽"


ZERO = Money(0)


def total(sums: list[Money] | tuple[Money, ...]) -> Money:
    """The sum of sums."""
    return Money(sum(each.kopecks for each in sums))


def spread(amount: Money, weights: list[int]) -> list[Money]:
    """An amount divided in proportion to weights, to the kopeck: the largest remainders take what rounding leaves.

    Raises ValueError when there is nothing to divide by.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights are not negative and not all zero")
    shares = [amount.kopecks * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda n: (-(amount.kopecks * weights[n] % whole), n))
    for place in remainders[: amount.kopecks - sum(shares)]:
        shares[place] += 1
    return [Money(share) for share in shares]


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """How much of a thing (tag 1023): more than zero, at most six decimals."""

    value: Decimal

    def __post_init__(self) -> None:
        if not isinstance(self.value, Decimal):
            raise TypeError(f"a quantity is a Decimal, not {type(self.value).__name__}")
        if not self.value.is_finite() or not 0 < self.value < 10**8:
            raise ValueError(f"not a quantity: {self.value}")
        if self.value != round(self.value, QUANTITY_DECIMALS):
            raise ValueError(f"more than {QUANTITY_DECIMALS} decimals: {self.value}")

    @classmethod
    def of(cls, value: Decimal | int | str) -> Quantity:
        """A quantity from a number or its text."""
        return cls(decimal_of(value))

    @property
    def millionths(self) -> int:
        """As FF46 carries it."""
        return int(self.value.scaleb(QUANTITY_DECIMALS))

    def __str__(self) -> str:
        """Shortest decimal text with a point: `1`, `0.386`."""
        text = f"{self.value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


def decimal_of(value: Decimal | int | str) -> Decimal:
    """A finite Decimal. Raises ValueError for what is no number, TypeError for floats and booleans."""
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        raise TypeError(f"a number is a Decimal, int or text, not {type(value).__name__}")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"not a number: {value!r}") from error
    if not number.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    return number
