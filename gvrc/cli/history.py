"""commits, rollback, merge, unmerge, retire, reopen, restore, requests, approve, decline

Calling one of these by its number is the typed confirmation of whoever alone may approve; where others may, the act waits for one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gvrc import views
from gvrc.cli.context import Call, table
from gvrc.commit import ActOutcome, ActState, acts
from gvrc.errors import CommitError

_UNSAID = "on the command line"
"""The reason of an act for which none was given."""


def commits(call: Call) -> int:
    """List the commits, newest first."""
    found = views.commit_list(call.db, call.actor).rows
    rows = [(c.commit_id, c.kind, c.status, c.committed_by, f"{c.started_at.astimezone():%Y-%m-%d %H:%M}", c.reason or "") for c in found]
    call.answer(found, table(rows, ("commit", "kind", "status", "by", "when", "why")))
    return 0


def rollback(call: Call) -> int:
    """Take a whole commit back."""
    outcome = acts.rollback(
        call.db, call.settings, call.actor, call.options.commit_id, _reason(call), keep_later=call.options.keep_later, confirmed=True,
    )
    return _answer(call, outcome)


def merge(call: Call) -> int:
    """Merge two facilities of the registry."""
    survivor, loser = _facility(call, call.options.survivor), _facility(call, call.options.loser)
    return _answer(call, acts.merge(call.db, call.settings, call.actor, survivor, loser, _reason(call), confirmed=True))


def unmerge(call: Call) -> int:
    """Take a merge back."""
    return _answer(call, acts.unmerge(call.db, call.settings, call.actor, _facility(call, call.options.facility), _reason(call), confirmed=True))


def retire(call: Call) -> int:
    """Retire a facility."""
    return _answer(call, acts.retire(call.db, call.settings, call.actor, _facility(call, call.options.facility), _reason(call), confirmed=True))


def reopen(call: Call) -> int:
    """Open a retired facility again."""
    return _answer(call, acts.reopen(call.db, call.settings, call.actor, _facility(call, call.options.facility), _reason(call)))


def restore(call: Call) -> int:
    """Take one facility back to an earlier version."""
    number = _facility(call, call.options.facility)
    return _answer(call, acts.restore(call.db, call.settings, call.actor, number, call.options.version, _reason(call), confirmed=True))


def requests(call: Call) -> int:
    """Acts that wait for a second person."""
    found = views.request_list(call.db, call.actor)
    rows = [(r.request_id, r.act, r.asked_by, f"{r.asked_at.astimezone():%Y-%m-%d %H:%M}", r.reason or "") for r in found]
    call.answer(found, table(rows, ("request", "act", "by", "when", "why")))
    return call.code(findings=bool(found))


def approve(call: Call) -> int:
    """Give the second signature."""
    return _answer(call, acts.approve(call.db, call.settings, call.actor, call.options.request_id, confirmed=True))


def decline(call: Call) -> int:
    """Say no to a request, or take one's own back."""
    acts.decline(call.db, call.actor, call.options.request_id, call.options.reason or "")
    call.answer({"request": call.options.request_id, "state": "declined"}, [f"Request {call.options.request_id} is declined."])
    return 0


def _reason(call: Call) -> str:
    return call.options.reason or _UNSAID


def _facility(call: Call, named: str) -> int:
    """The id of a facility named by its id or its code."""
    found = int(named) if named.isdecimal() and len(named) <= 18 else views.facility_id_of(call.db, call.actor, named)
    if found is None:
        raise CommitError(f"There is no place {named} in the registry.", "Name it by its code, or by its id.")
    return found


def _answer(call: Call, outcome: ActOutcome) -> int:
    result: dict[str, Any] = {
        "state": outcome.state, "commit_id": outcome.commit_id, "request_id": outcome.request_id, "restored": outcome.restored,
        "conflicts": [_conflict(conflict) for conflict in outcome.conflicts], "risks": list(outcome.risks),
    }
    call.answer(result, _lines(outcome))
    return call.code(findings=bool(outcome.conflicts) or outcome.state is not ActState.DONE)


def _conflict(conflict: Any) -> dict[str, Any]:
    return {
        "facility_id": conflict.facility_id, "facility_code": conflict.facility_code, "fields": list(conflict.fields), "why": conflict.sentence,
        "changed_by": conflict.changed_by, "changed_at": conflict.changed_at, "commit_id": conflict.commit_id,
    }


def _lines(outcome: ActOutcome) -> Sequence[str]:
    if outcome.state is ActState.WAITING:
        return [f"Request {outcome.request_id} waits for a second person.", *outcome.risks]
    if outcome.state is ActState.CONFIRM:
        return ["Nothing was written: confirm it in the browser.", *outcome.risks]
    restored = f" {outcome.restored} places taken back." if outcome.restored else ""
    return [f"Done, in commit {outcome.commit_id}.{restored}", *(conflict.sentence for conflict in outcome.conflicts)]
