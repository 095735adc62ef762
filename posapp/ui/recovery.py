"""Whether the fiscal storage has been read since something was unclear, and when it is worth reading it again.

Nothing is sold before the first reading has ended, and an outcome that is unknown is cleared up by the program itself
as soon as the register answers: the cashier should not have to know that there is a button for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from posapp.ui.trouble import Trouble


@dataclass(slots=True)
class Recovery:
    """The state of it; who reads the storage is none of its business."""

    is_done: bool = False
    is_running: bool = False
    trouble: Trouble | None = None  # of the last reading
    _answered: bool = False  # the register, when it was asked last
    _tried: bool = False  # since the register came back, or since the outcome became unknown

    @property
    def reason(self) -> Trouble | None:
        """Why nothing may be sold; None while the storage is being read, or when it was read well."""
        return None if self.is_running else self.trouble

    def begin(self) -> bool:
        """A reading begins. False when one runs already."""
        if self.is_running:
            return False
        self.is_running, self.is_done, self._tried = True, False, True
        return True

    def ended(self, trouble: Trouble | None) -> None:
        """It has ended, well or with a trouble."""
        self.is_running, self.is_done, self.trouble = False, trouble is None, trouble
        if trouble is None:
            self._tried = False

    def register_answers(self, answers: bool) -> None:
        """The register was asked how it is. One that was away and is back is worth another try."""
        if answers and not self._answered:
            self._tried = self.is_running
        self._answered = answers

    def is_due(self, *, has_unknown: bool) -> bool:
        """There is something to clear up, the register is there, and nobody has tried since it came."""
        return self._answered and not self.is_running and not self._tried and (has_unknown or not self.is_done)
