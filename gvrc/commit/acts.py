"""Acts on live facilities, each a commit of its own: merge, un-merge, retire, open again, relate, edit, take back.

Risky acts wait for a second person (`approve`, `decline`); where only one account may approve, that person confirms, and the audit says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gvrc.commit.deeds import Deeds
from gvrc.commit.golden import VISIBILITY_ORDER
from gvrc.commit.publish import sign
from gvrc.commit.risks import TIER_WORDS
from gvrc.commit.telling import changes_since
from gvrc.commit.units import ActOutcome, ActState
from gvrc.commit.write import REFUSALS
from gvrc.errors import CommitError, FacilityMovedError, NotAllowedError
from gvrc.model.access import Actor
from gvrc.model.review import Relation
from gvrc.security.permissions import Permission, allows_county, may, require
from gvrc.settings import Settings
from gvrc.store import audit, history, registry
from gvrc.store.history import CommitRow, Request
from gvrc.store.registry import FacilityStanding, WriteRefused
from gvrc.store.session import Connection, Database

_BATCHES_AT_ONCE = 10
"""Batches of a commit that its rollback restores in one transaction: it asks no golden record to be computed."""
Progress = Callable[[int, int], None]
"""Told how many places of a rollback are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody wants done. `versions` are the versions of the facilities that they had before their eyes (empty: as they are now)."""

    kind: str
    facility_ids: tuple[int, ...]
    reason: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[int, int] = field(default_factory=dict)


# ------------------------------------------------------------------------------------------------------------------------ what can be asked


def merge(
    db: Database, settings: Settings, actor: Actor, survivor_id: int, loser_id: int, reason: str, *, versions: Mapping[int, int] | None = None,
    confirmed: bool = False,
) -> ActOutcome:
    """Merge two facilities that stand: the loser leads to the survivor for ever. Risky. Raises NotAllowedError, CommitError."""
    payload = {"survivor": survivor_id, "loser": loser_id}
    return _ask(db, settings, actor, Act(kind="merge", facility_ids=(survivor_id, loser_id), reason=reason, payload=payload, versions=versions or {}), confirmed)


def unmerge(db: Database, settings: Settings, actor: Actor, facility_id: int, reason: str, *, confirmed: bool = False) -> ActOutcome:
    """Take a merge back: the merged-away facility stands again as it was, the survivor is as if nothing had been, later work on it stays."""
    return _ask(db, settings, actor, Act(kind="unmerge", facility_ids=(facility_id,), reason=reason), confirmed)


def retire(
    db: Database, settings: Settings, actor: Actor, facility_id: int, reason: str, *, versions: Mapping[int, int] | None = None, confirmed: bool = False,
) -> ActOutcome:
    """Retire a facility: it stays on record and is shown no more. Risky."""
    return _ask(db, settings, actor, Act(kind="retire", facility_ids=(facility_id,), reason=reason, versions=versions or {}), confirmed)


def reopen(db: Database, settings: Settings, actor: Actor, facility_id: int, reason: str) -> ActOutcome:
    """Open a retired facility again."""
    return _ask(db, settings, actor, Act(kind="reopen", facility_ids=(facility_id,), reason=reason), confirmed=False)


def restore(
    db: Database, settings: Settings, actor: Actor, facility_id: int, version: int, reason: str, *, versions: Mapping[int, int] | None = None,
    confirmed: bool = False,
) -> ActOutcome:
    """Take one facility's values back to an earlier version; they hold against what its lists say until somebody changes them. Risky."""
    act = Act(kind="restore", facility_ids=(facility_id,), reason=reason, payload={"version": version}, versions=versions or {})
    return _ask(db, settings, actor, act, confirmed)


def rollback(
    db: Database, settings: Settings, actor: Actor, commit_id: int, reason: str, *, keep_later: bool = False, confirmed: bool = False, later: bool = False,
) -> ActOutcome:
    """Take a whole commit back. Facilities on which later work stands are left as they are and told; with `keep_later` they are taken back but for
    the values that later work set. Risky. With `later` it is only asked for, signed or not, and a process of its own does it (`gvrc.commit.jobs`)."""
    with db.read() as conn:
        ids = tuple(history.facilities_of_commit(conn, commit_id))
    return _ask(db, settings, actor, Act(kind="rollback", facility_ids=ids, reason=reason, payload={"commit": commit_id, "keep_later": keep_later}), confirmed, later=later)


def relate(
    db: Database, settings: Settings, actor: Actor, facility_id: int, related_id: int, relation: Relation, reason: str, *, ends: bool = False,
) -> ActOutcome:
    """Say that a facility is part of, located in, a branch or the successor of another; `ends` takes that back."""
    payload = {"related": related_id, "relation": relation.value, "ends": ends}
    return _ask(db, settings, actor, Act(kind="relate", facility_ids=(facility_id, related_id), reason=reason, payload=payload), confirmed=False)


def change(
    db: Database, settings: Settings, actor: Actor, facility_id: int, values: Mapping[str, Any], reason: str, *, version: int, confirmed: bool = False,
) -> ActOutcome:
    """Give a facility these values (in the shape of `gvrc.commit.golden.content`, personal ones sealed), which were checked by `gvrc.commit.edits`."""
    act = Act(kind="edit", facility_ids=(facility_id,), reason=reason, payload={"values": dict(values)}, versions={facility_id: version})
    return _ask(db, settings, actor, act, confirmed)


# ------------------------------------------------------------------------------------------------------------------------ the second person


def approve(
    db: Database, settings: Settings, actor: Actor, request_id: int, *, confirmed: bool = False, on_progress: Progress | None = None,
) -> ActOutcome:
    """Give the second signature and do it. A rollback may take minutes: `gvrc.commit.jobs` does it in a process of its own.

    Raises NotAllowedError (role, or one's own request), CommitError, FacilityMovedError.
    """
    require(actor, Permission.APPROVE)
    with db.read() as conn:
        request = history.load_request(conn, request_id)
        begun = history.commit_row(conn, request.commit_id) if request is not None and request.commit_id is not None else None
    if begun is not None and begun.commit_kind == "rollback" and begun.status == "running":
        return resume(db, actor, begun.commit_id, on_progress=on_progress)
    with db.read() as conn:
        request = _waiting(request)
        alone = sign(conn, actor, is_signed=True).is_single_operator
    if request.asked_by == actor.username and not (alone and confirmed):
        raise NotAllowedError("Your own request needs the signature of another person.", "Ask another approver to look at it.")
    act = Act(
        kind=request.act, facility_ids=tuple(request.facility_ids), reason=request.reason or "", payload=request.payload,
        versions={int(number): version for number, version in request.versions.items()},
    )
    asker = f"(asked by {request.asked_by})" + (" (single operator)" if request.asked_by == actor.username else "")
    try:
        return _carry_out(db, actor, act, note=asker, request_id=request_id, on_progress=on_progress)
    except FacilityMovedError:
        with db.unit_of_work(actor, reason="request") as conn:
            history.decide_request(conn, request_id, "stale", actor.username)
        raise


def resume(db: Database, actor: Actor, commit_id: int, *, on_progress: Progress | None = None) -> ActOutcome:
    """Go on with a rollback (its own commit's number) whose process died; it was signed when it began. Raises NotAllowedError, CommitError."""
    require(actor, Permission.APPROVE)
    with db.read() as conn:
        begun = history.commit_row(conn, commit_id)
        if begun is None or begun.reverts is None or begun.status != "running":
            raise CommitError("There is no rollback of this number that was broken off.", "Look at the list of commits again.")
        ids = tuple(history.facilities_of_commit(conn, begun.reverts))
    payload = {"commit": begun.reverts, "keep_later": bool(begun.counts.get("keep_later"))}
    return _roll_back(db, actor, Act(kind="rollback", facility_ids=ids, reason=begun.reason or "", payload=payload), "", None, on_progress)


def decline(db: Database, actor: Actor, request_id: int, note: str) -> None:
    """Say no to a request, or take one's own back. Nothing changes. Raises NotAllowedError, CommitError."""
    require(actor, Permission.COMMIT)
    with db.unit_of_work(actor, reason="request") as conn:
        audit.take_turn(conn)
        request = _waiting(history.load_request(conn, request_id, for_update=True))
        is_own = request.asked_by == actor.username
        if not is_own:
            require(actor, Permission.APPROVE)
        history.decide_request(conn, request_id, "withdrawn" if is_own else "declined", actor.username, note=note or None)


def _waiting(request: Request | None) -> Request:
    if request is None:
        raise CommitError("There is no such request.", "Look at the list of requests again.")
    if request.state != "waiting":
        raise CommitError(f"This request was {request.state} already by {request.decided_by}.", "Look at the list of requests again.")
    return request


# ------------------------------------------------------------------------------------------------------------------------ asking


def _ask(db: Database, settings: Settings, actor: Actor, act: Act, confirmed: bool, *, later: bool = False) -> ActOutcome:
    require(actor, Permission.COMMIT)
    if not act.reason.strip():
        raise CommitError("A reason is missing.", "Say in a few words why: it stands in the history for ever.")
    with db.read() as conn:
        _check(conn, actor, act)
        risks = _RISKS[act.kind](conn, act)
        alone = may(actor, Permission.APPROVE) and sign(conn, actor, is_signed=True).is_single_operator
    if not risks:
        return _carry_out(db, actor, act)
    if alone and not confirmed:
        return ActOutcome(state=ActState.CONFIRM, risks=risks)
    if alone and act.kind != "rollback":
        return _carry_out(db, actor, act, note="(single operator)")
    outcome = _wait(db, actor, act, risks)
    return approve(db, settings, actor, outcome.request_id or 0, confirmed=True) if alone and not later else outcome


def _wait(db: Database, actor: Actor, act: Act, risks: Sequence[str]) -> ActOutcome:
    with db.unit_of_work(actor, reason=f"request: {act.reason}") as conn:
        seen = {} if act.kind == "rollback" else registry.versions(conn, act.facility_ids) | dict(act.versions)
        request_id = history.add_request(
            conn, act=act.kind, facility_ids=act.facility_ids, payload=act.payload, versions=seen, risks=risks, reason=act.reason, asked_by=actor.username,
        )
    return ActOutcome(state=ActState.WAITING, request_id=request_id, risks=tuple(risks))


def _check(conn: Connection, actor: Actor, act: Act) -> dict[int, FacilityStanding]:
    """Whether the facilities are there, in this person's counties, and as they were seen."""
    standings = registry.standings(conn, act.facility_ids)
    if len(standings) < len(set(act.facility_ids)) or (act.kind == "rollback" and not _known_commit(conn, act)):
        what = "commit" if act.kind == "rollback" else "place in the registry"
        raise CommitError(f"There is no such {what}.", "Take its number from the page.")
    if any(not allows_county(actor, standing.county_code) for standing in standings.values()):
        raise NotAllowedError("This place lies outside your counties.", "Ask a colleague who works for that county.")
    _check_versions(conn, act, standings)
    if actor.counties and not _counties_then(conn, act) <= actor.counties:
        raise NotAllowedError("It would lie outside your counties then.", "Ask a colleague who works for that county.")
    return standings


def check_scope(conn: Connection, actor: Actor, facility_id: int) -> None:
    """Whether a place is there and lies in this person's counties, before anything is told about it. Raises CommitError, NotAllowedError."""
    _check(conn, actor, Act(kind="edit", facility_ids=(facility_id,), reason="", payload={"values": {}}))


def _counties_then(conn: Connection, act: Act) -> set[str | None]:
    """The counties to which an act moves its places."""
    if act.kind == "restore":
        values = _values_then(conn, act.facility_ids[0], int(act.payload["version"]))
    else:
        values = act.payload["values"] if act.kind == "edit" else {}
    return {values["county"]} if "county" in values else set()


def _known_commit(conn: Connection, act: Act) -> CommitRow | None:
    return history.commit_row(conn, int(act.payload["commit"]))


def _check_versions(conn: Connection, act: Act, standings: Mapping[int, FacilityStanding]) -> None:
    for number, version in act.versions.items():
        if standings[number].version != version:
            changes = changes_since(conn, number, version)
            told = changes[0] if changes else "It was changed by somebody else."
            raise FacilityMovedError(
                f"{standings[number].facility_code} was changed meanwhile. {told}", "Nothing was written. Look at it as it is now and do it again on top.", changes,
            )


# ------------------------------------------------------------------------------------------------------------------------ doing


def _carry_out(
    db: Database, actor: Actor, act: Act, *, note: str = "", request_id: int | None = None, on_progress: Progress | None = None,
) -> ActOutcome:
    if act.kind == "rollback":
        return _roll_back(db, actor, act, note, request_id, on_progress)

    def work() -> ActOutcome:
        with registry.refusals(), db.unit_of_work(actor, reason=act.reason) as conn:
            audit.take_turn(conn)
            deeds = _begin(conn, actor, act, note, request_id)
            _DEEDS[act.kind](deeds, act)
            _end(conn, deeds, {"changed": len(act.facility_ids)})
            return ActOutcome(state=ActState.DONE, commit_id=deeds.commit_id, request_id=request_id)

    return _refused_in_words(db, lambda: db.retrying(work))


def _begin(conn: Connection, actor: Actor, act: Act, note: str, request_id: int | None, *, reverts: int | None = None) -> Deeds:
    """The act's row among the commits; what follows is audited under its number and its reason."""
    if request_id is not None:
        _waiting(history.load_request(conn, request_id, for_update=True))
    _check(conn, actor, act)
    commit_id = history.begin_act(conn, act.kind, actor.username, f"{act.reason} {note}".strip(), reverts=reverts)
    registry.say_why(conn, f"commit {commit_id}: {act.reason} {note}".strip())
    if request_id is not None:
        history.decide_request(conn, request_id, "applied", actor.username, commit_id=commit_id)
    return Deeds(conn=conn, actor=actor, commit_id=commit_id)


def _end(conn: Connection, deeds: Deeds, counts: Mapping[str, Any]) -> None:
    registry.note_progress(conn, deeds.commit_id, counts, status="done")


def _refused_in_words(db: Database, act: Callable[[], ActOutcome]) -> ActOutcome:
    try:
        return act()
    except WriteRefused as refusal:
        official = {"uq_facilities_mfl_code": "MFL code", "uq_facilities_fid_code": "facility id code", "uq_facilities_registration_number": "registration number"}
        words = official.get(refusal.constraint or "")
        told = f"Its {words} belongs to another place by now." if words else REFUSALS.get(refusal.constraint or "", "The registry refuses its values.")
        raise CommitError(told, "Nothing was written. Mend the other place first.") from refusal


def _merge(deeds: Deeds, act: Act) -> None:
    deeds.merge(int(act.payload["survivor"]), int(act.payload["loser"]), act.reason)


def _relate(deeds: Deeds, act: Act) -> None:
    one, other = act.facility_ids
    change_relation = history.remove_relation if act.payload["ends"] else history.add_relation
    done = change_relation(deeds.conn, one, other, str(act.payload["relation"]), *(() if act.payload["ends"] else (deeds.actor.username,)))
    if one == other or not done:
        raise CommitError("This relation is there already, or was taken back already.", "Look at the place again.")


def _edit(deeds: Deeds, act: Act) -> None:
    deeds.put(act.facility_ids[0], dict(act.payload["values"]), act.reason, "edit")


def _restore(deeds: Deeds, act: Act) -> None:
    number = act.facility_ids[0]
    values = _values_then(deeds.conn, number, int(act.payload["version"]))
    deeds.put(number, values, act.reason, "restore")


def _values_then(conn: Connection, facility_id: int, version: int) -> dict[str, Any]:
    """What an earlier version said otherwise than today; its standing is no value."""
    then = next((v for v in history.versions_of(conn, [facility_id]).get(facility_id, ()) if v.version == version), None)
    if then is None:
        raise CommitError("There is no such version of this place.", "Choose one from its history.")
    if history.live_redirect(conn, facility_id) is not None:
        raise CommitError("This place was merged into another.", "Un-merge it first.")
    now = history.current_states(conn, [facility_id])[facility_id]
    beside = {"is_active", "retired_as", "pins", "origins", "quality_score", "quality_parts"}
    return {name: value for name, value in then.state.items() if name not in beside and now[name] != value}




_DEEDS: Mapping[str, Callable[[Deeds, Act], None]] = {
    "merge": _merge, "unmerge": lambda deeds, act: deeds.unmerge(act.facility_ids[0]), "relate": _relate, "edit": _edit, "restore": _restore,
    "retire": lambda deeds, act: deeds.stand(act.facility_ids[0], is_active=False), "reopen": lambda deeds, act: deeds.stand(act.facility_ids[0], is_active=True),
}


# ------------------------------------------------------------------------------------------------------------------------ taking a commit back


def _roll_back(db: Database, actor: Actor, act: Act, note: str, request_id: int | None, on_progress: Progress | None) -> ActOutcome:
    commit_id = int(act.payload["commit"])
    with db.hold_lock(f"rollback of commit {commit_id}") as is_ours:
        if not is_ours:
            raise CommitError("This commit is being taken back right now.", "Wait until that has ended, then look again.")
        with db.read() as conn:
            begun = history.open_rollback(conn, commit_id)
        deeds = _begin_to_roll_back(db, actor, act, note, request_id) if begun is None else _go_on(db, actor, act, request_id, begun)
        return _roll_back_the_rest(db, actor, act, deeds, request_id, on_progress)


def _begin_to_roll_back(db: Database, actor: Actor, act: Act, note: str, request_id: int | None) -> Deeds:
    """The rollback's row and, in the same transaction, the merges, each with its places."""
    commit_id, keep_later = int(act.payload["commit"]), bool(act.payload["keep_later"])
    with db.read() as conn:
        merges = [r for r in history.redirects_of_commit(conn, commit_id) if r.undone_at is None]
        undone = history.redirects_undone_by(conn, commit_id)

    def begin() -> Deeds:
        with db.unit_of_work(actor, reason=act.reason) as conn:
            audit.take_turn(conn)
            deeds = _begin(conn, actor, act, note, request_id, reverts=commit_id)
            registry.note_progress(conn, deeds.commit_id, {"keep_later": keep_later})
            for redirect in merges:
                deeds.unmerge(redirect.from_facility_id, is_rollback=True)
            for redirect in undone:
                deeds.merge(history.path_from(conn, redirect.to_facility_id)[-1], redirect.from_facility_id, act.reason)
            history.restore_relations(conn, commit_id)
            deeds.restored += [number for r in merges + undone for number in (r.from_facility_id, r.to_facility_id)]
            return deeds

    return db.retrying(begin)


def _go_on(db: Database, actor: Actor, act: Act, request_id: int | None, begun: int) -> Deeds:
    """A rollback whose process died goes on under its own number."""
    with db.unit_of_work(actor, reason=act.reason) as conn:
        audit.take_turn(conn)
        if request_id is not None:
            _waiting(history.load_request(conn, request_id, for_update=True))
            history.decide_request(conn, request_id, "applied", actor.username, commit_id=begun)
        _check(conn, actor, act)
        return Deeds(conn=conn, actor=actor, commit_id=begun, restored=history.facilities_of_commit(conn, begun))


def _roll_back_the_rest(db: Database, actor: Actor, act: Act, deeds: Deeds, request_id: int | None, on_progress: Progress | None) -> ActOutcome:
    """Everything but the merges, in batches. What was taken back already is left alone."""
    commit_id, keep_later = int(act.payload["commit"]), bool(act.payload["keep_later"])
    with db.read() as conn:
        settled = {number for r in history.redirects_undone_by(conn, commit_id) for number in (r.from_facility_id, r.to_facility_id)}
    plain = [number for number in act.facility_ids if number not in settled]
    at_once = _BATCHES_AT_ONCE * db.settings.batch_size
    for start in range(0, len(plain), at_once):
        _take_back(db, actor, deeds, plain[start : start + at_once], commit_id, keep_later=keep_later)
        if on_progress is not None:
            on_progress(min(start + at_once, len(plain)), len(plain))
    restored = len(set(deeds.restored))
    with db.unit_of_work(actor) as conn:
        _end(conn, deeds, {"restored": restored, "conflicts": len(deeds.conflicts)})
    return ActOutcome(state=ActState.DONE, commit_id=deeds.commit_id, request_id=request_id, restored=restored, conflicts=tuple(deeds.conflicts))


def _take_back(db: Database, actor: Actor, deeds: Deeds, facility_ids: Sequence[int], commit_id: int, *, keep_later: bool) -> None:
    """One batch, all or nothing; one that the registry refuses is split until the guilty place stands alone among the conflicts."""

    def work() -> Deeds:
        with registry.refusals(), db.unit_of_work(actor, reason=f"commit {deeds.commit_id}: rollback of commit {commit_id}") as conn:
            audit.take_turn(conn)
            batch = Deeds(conn=conn, actor=actor, commit_id=deeds.commit_id)
            batch.take_back(facility_ids, commit_id, keep_later=keep_later)
            return batch

    try:
        batch = db.retrying(work)
    except WriteRefused as refusal:
        if len(facility_ids) > 1:
            half = len(facility_ids) // 2
            for part in (facility_ids[:half], facility_ids[half:]):
                _take_back(db, actor, deeds, part, commit_id, keep_later=keep_later)
            return
        with db.read() as conn:
            deeds.conflicts.append(Deeds.refused(conn, facility_ids[0], refusal))
        return
    deeds.restored += batch.restored
    deeds.conflicts += batch.conflicts


# ------------------------------------------------------------------------------------------------------------------------ risks


def _always(words: str) -> Callable[[Connection, Act], tuple[str, ...]]:
    def told(conn: Connection, act: Act) -> tuple[str, ...]:
        standings = registry.standings(conn, act.facility_ids[:20])
        names = ", ".join(f"{s.facility_name} ({s.facility_code})" for s in standings.values())
        return (words.format(names=names, n=len(act.facility_ids), **act.payload),)

    return told


def _never(_conn: Connection, _act: Act) -> tuple[str, ...]:
    return ()


def _more_visible(conn: Connection, act: Act) -> tuple[str, ...]:
    standing = registry.standings(conn, act.facility_ids)[act.facility_ids[0]]
    then = str(act.payload["values"].get("visibility", standing.visibility))
    if VISIBILITY_ORDER[then] >= VISIBILITY_ORDER[standing.visibility]:
        return ()
    return (f"{standing.facility_code} would be {TIER_WORDS[then]}; today it is {TIER_WORDS[standing.visibility]}.",)


def _comes_to_light(conn: Connection, act: Act) -> tuple[str, ...]:
    """Un-merging is no risk unless the place would be more visible than the one that stands for it today."""
    redirect = history.live_redirect(conn, act.facility_ids[0])
    if redirect is None:
        return ()
    standings = registry.standings(conn, [act.facility_ids[0], *history.path_from(conn, redirect.to_facility_id)])
    own, hidden = standings[act.facility_ids[0]], max(standings.values(), key=lambda s: VISIBILITY_ORDER[s.visibility])
    if VISIBILITY_ORDER[own.visibility] >= VISIBILITY_ORDER[hidden.visibility]:
        return ()
    return (f"{own.facility_code} would be {TIER_WORDS[own.visibility]} again; the place it is merged with is {TIER_WORDS[hidden.visibility]}.",)


_RISKS: Mapping[str, Callable[[Connection, Act], tuple[str, ...]]] = {
    "merge": _always("Places already in the registry become one: {names}."),
    "retire": _always("A place is retired: {names}."),
    "restore": _always("A place is taken back to its version {version}: {names}."),
    "rollback": _always("Commit {commit} is taken back, with {n} places."),
    "unmerge": _comes_to_light, "edit": _more_visible, "reopen": _never, "relate": _never,
}
