"""A former copy of the journal as a witness: every record of its audit log must still stand in the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from posapp.errors import JournalError
from posapp.journal import chain, queries
from posapp.journal.connect import open_reader


def compare(path: Path, links: Iterable[chain.Link]) -> chain.Broken | None:
    """The first record of the copy that the journal's chain, `links`, does not hold; None when it holds all.

    A copy whose own chain is broken is no witness. Raises JournalError `audit_copy` for that, for a file that cannot
    be read and for one that has no audit log.
    """
    try:
        db = open_reader(path)
        try:
            verdict = queries.verify_audit(db)
            if verdict.first_broken is not None:
                raise JournalError("audit_copy", path=path.name, what=verdict.first_broken.why)
            return chain.compare(links, queries.audit_links(db))
        finally:
            db.close()
    except sqlite3.Error as error:
        raise JournalError("audit_copy", path=path.name, what=str(error)) from error
