"""A code that a scanner typed while the keyboard was Russian, brought back to the Latin letters that it meant.

A wedge scanner presses the keys of a Latin keyboard; the system turns them into letters by the layout that is on. So
`0104…215LKh'o` arrives as `0104…215ДЛрэщ`, and punctuation moves as well: `?` is typed with the key that gives `,`.

The way back is exact only for a text typed wholly on one layout. A text with letters of both, or with a sign that the
Russian layout cannot give, was typed on neither: it is refused, never half repaired. Digits and the signs that stand
on the same key in both tell nothing and stay as they are.
"""

from __future__ import annotations

_RUSSIAN = 'ёйцукенгшщзхъфывапролджэячсмитьбю.ЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,"№;:?/'
_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,./~QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?@#$^&|"
BACK = str.maketrans(_RUSSIAN, _LATIN)
"""From what the Russian layout gives to what the same key gives in Latin (ЙЦУКЕН and QWERTY on a PC keyboard)."""
_THERE = str.maketrans(_LATIN, _RUSSIAN)
_LETTERS = frozenset(each for each in _RUSSIAN if each.isalpha())
_ONLY_LATIN = frozenset(_LATIN) - frozenset(_RUSSIAN)


def looks_russian(text: str) -> bool:
    """Whether there is a Russian letter in it: no code of goods has one."""
    return any(each in _LETTERS for each in text)


def mend(text: str) -> tuple[str, int | None]:
    """The Latin text, and where it cannot be told which layout was on (0-based), None when it can.

    A text without Russian letters comes back as it is. Each character stays at its place.
    """
    if not looks_russian(text):
        return text, None
    for at, each in enumerate(text):
        if each in _ONLY_LATIN:
            return text, at
    return text.translate(BACK), None


def typed_in_russian(text: str) -> str:
    """What arrives when a scanner types `text` under the Russian layout; the reverse of `mend`."""
    return text.translate(_THERE)
