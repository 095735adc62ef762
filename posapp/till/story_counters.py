"""The register's counters and the journal differ: its story on the resolve desk, with the one lawful decision."""

from __future__ import annotations

from posapp.domain.money import ZERO
from posapp.errors import PosError
from posapp.till import counter_fact, story
from posapp.till.context import Till
from posapp.till.desk_words import Say
from posapp.till.views import Case, CaseKind, Choice, Verdict

ACCEPT = "accept_counters"


def case(till: Till, say: Say, trouble: PosError) -> Case:
    """What stops selling though nothing is under way: both figures, and who may answer for the register's."""
    since = counter_fact.seen_at(till) or till.now()
    shown = trouble.message(say.language)
    choice = Choice(
        id=ACCEPT,
        verdict=Verdict.OTHER,
        words=say("accept_counters"),
        consequence=say("accept_counters.then"),
        command='posapp shift counters --accept --why "…"',
        needs_why=True,
    )
    return Case(
        key=till.identity.factory_number,
        kind=CaseKind.REGISTER,
        title=say("title.differ"),
        story=(say("asked.differ", device=say.device(till.identity)), shown, say("next.differ")),
        since=since,
        why=shown,
        total=ZERO,
        code=trouble.code,
        choices=(choice,),
        device=str(till.identity),
        is_overdue=till.now() - since > story.LIMIT,
    )
