"""Acts on live facilities within one transaction: merge, un-merge, retire, change, take back. Each leaves versions under its commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gvrc.commit.golden import VISIBILITY_ORDER, content_hash_of, golden_units
from gvrc.commit.pins import origins_of_pins, pinned
from gvrc.commit.states import Past, State, cells_of, state_of
from gvrc.commit.units import Conflict, Unit
from gvrc.errors import CommitError
from gvrc.matching.memory import question_key
from gvrc.model.access import Actor
from gvrc.model.review import Answer, QuestionKind
from gvrc.store import decisions as decision_store
from gvrc.store import history, registry
from gvrc.store.decisions import DecisionDraft
from gvrc.store.history import Redirect, Version, VersionDraft
from gvrc.store.registry import FACILITY_PREFIX, FacilityDraft, FacilityStanding, MergeDraft, WriteRefused
from gvrc.store.session import Connection

_UNITED = ("contacts", "services", "gbv_categories")
"""Lists to which both places give what they know."""
_SINGLE = (
    "facility_type", "operational_status", "registration_number", "mfl_code", "fid_code", "keph_level", "address", "officer", "opening_hours", "description",
    "owner", "point",
)
_CODES = ("registration_number", "mfl_code", "fid_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a version says of itself beside its state."""

    act: str
    undoes: Sequence[int] = ()
    absorbed: Sequence[int] = ()
    released: Sequence[int] = ()


@dataclass(slots=True, kw_only=True)
class Deeds:
    """One commit's acts in one transaction. `restored` counts the facilities that were taken back, `conflicts` says which were not, and why."""

    conn: Connection
    actor: Actor
    commit_id: int
    restored: list[int] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)

    # ----------------------------------------------------------------------------------------------------------------- merge

    def merge(self, survivor_id: int, loser_id: int, reason: str) -> None:
        """The loser leads to the survivor from now on; what it knew beyond the survivor is the survivor's."""
        standings = self._stand_both(survivor_id, loser_id)
        history.ensure_versions(self.conn, [survivor_id, loser_id])
        states = history.current_states(self.conn, [survivor_id, loser_id])
        merged = merged_state(states[survivor_id], states[loser_id])
        registry.merge_facilities(self.conn, self.actor.username, [MergeDraft(
            loser_id=loser_id, survivor_id=survivor_id, reason=reason, decision_id=None, commit_id=self.commit_id,
        )])
        registry.move_records(self.conn, loser_id, survivor_id)
        self._write({survivor_id: merged}, {survivor_id: Mark(act="merge", absorbed=[loser_id])}, standings)
        history.note_states(self.conn, self.commit_id, self.actor.username, [loser_id], "merged")

    def _stand_both(self, survivor_id: int, loser_id: int) -> dict[int, FacilityStanding]:
        if survivor_id == loser_id:
            raise CommitError("A place cannot be merged with itself.", "Choose two different places.")
        standings = self._locked([survivor_id, loser_id])
        for number, standing in standings.items():
            if not standing.is_active:
                raise CommitError(f"{standing.facility_code} does not stand any more{self._where(number)}.", "Merge the places that stand today.")
        return standings

    def _where(self, facility_id: int) -> str:
        """`: it was merged into HOS-00012`"""
        redirect = history.live_redirect(self.conn, facility_id)
        if redirect is None:
            return ": it was retired"
        return f": it was merged into {registry.standings(self.conn, [redirect.to_facility_id])[redirect.to_facility_id].facility_code}"

    def unmerge(self, loser_id: int, *, is_rollback: bool = False) -> None:
        """The loser stands again, just as it was; the survivor is as if it had never been merged. Later work on the survivor stays.

        Where source records spoke for the survivor since, it is told anew by its own; not when the whole commit is taken back.
        """
        redirect = history.live_redirect(self.conn, loser_id)
        if redirect is None:
            raise CommitError("This place is not merged with another.", "Look at it again: somebody may have taken the merge back already.")
        path = history.path_from(self.conn, redirect.to_facility_id)
        standings = self._locked([loser_id, *path])
        history.ensure_versions(self.conn, [loser_id, *path])
        past = load_past(self.conn, [loser_id, *path])
        merged = self._merged_version(past, loser_id)
        states = {loser_id: state_of(past.play(loser_id, without=[merged.version]))}
        states |= {number: state_of(past.play(number, release=[loser_id])) for number in path}
        marks = {loser_id: Mark(act="unmerge", undoes=[merged.version])} | {number: Mark(act="unmerge", released=[loser_id]) for number in path}
        history.end_redirect(self.conn, redirect.redirect_id, self.actor.username, self.commit_id)
        keys = history.give_links_back(self.conn, redirect)
        registry.move_records_back(self.conn, loser_id, keys)
        if redirect.commit_id is not None:
            history.restore_relations(self.conn, redirect.commit_id, loser_id)
        if not is_rollback and self._was_told_anew(past, path[-1], merged):
            states[path[-1]] = self._told_by_its_records(path[-1], states[path[-1]])
            registry.forget_hashes(self.conn, keys)
        self._write(states, marks, standings)
        self._keep_apart(redirect, path, keys)

    @staticmethod
    def _merged_version(past: Past, loser_id: int) -> Version:
        found: Version = next(v for v in reversed(past.live(loser_id)) if v.act == "merged")
        return found

    @staticmethod
    def _was_told_anew(past: Past, root: int, merged: Version) -> bool:
        """Whether source records spoke for the survivor in the merge or after it: what the loser's records said must leave it again."""
        return any(v.act == "commit" and v.commit_id is not None and v.commit_id >= (merged.commit_id or 0) for v in past.live(root))

    def _told_by_its_records(self, facility_id: int, state: State) -> dict[str, Any]:
        """What a facility's own records say now; the given state where they cannot all speak."""
        links = registry.links_of(self.conn, facility_ids=[facility_id])
        if not links or any(link.record_id is None or link.state != "committed" for link in links):
            return dict(state)
        unit = Unit(members=(), facility_ids=(facility_id,), outside=tuple(links))
        golden = golden_units(self.conn, [unit], ())[0]
        return dict(state) | dict(golden.content) | {"origins": golden.origins}

    def _keep_apart(self, redirect: Redirect, path: Sequence[int], keys: Sequence[str]) -> None:
        """Who took a merge back has said that these are two places: no run merges them unasked again."""
        mine = [*keys, f"{FACILITY_PREFIX}{redirect.from_facility_id}"]
        theirs = [link.record_key for link in registry.links_of(self.conn, facility_ids=path)] + [f"{FACILITY_PREFIX}{number}" for number in path]
        pairs = {pair.question_key: (pair.record_keys, pair.evidence_hash) for pair in history.pairs_across(self.conn, mine, theirs)}
        for number in path:
            both = sorted((f"{FACILITY_PREFIX}{redirect.from_facility_id}", f"{FACILITY_PREFIX}{number}"))
            pairs.setdefault(question_key(*both), (both, ""))
        for key, (record_keys, evidence_hash) in pairs.items():
            decision_store.lock_question(self.conn, key)
            decision_store.add_decision(self.conn, DecisionDraft(
                question_key=key, kind=QuestionKind.DUPLICATE, record_keys=record_keys, answer=Answer.DIFFERENT, evidence_hash=evidence_hash,
                evidence={"commit": self.commit_id}, decided_by=self.actor.username, decided_values={}, note="un-merged in the registry",
                session_id=self.actor.session_id,
            ))

    # ----------------------------------------------------------------------------------------------------------------- values and standing

    def put(self, facility_id: int, values: Mapping[str, Any], reason: str, act: str) -> None:
        """Give a facility values; they hold against what its lists say later."""
        standings = self._locked([facility_id])
        if not standings[facility_id].is_active:
            raise CommitError(f"{standings[facility_id].facility_code} does not stand any more{self._where(facility_id)}.", "Open it again, or un-merge it, first.")
        history.ensure_versions(self.conn, [facility_id])
        state = history.current_states(self.conn, [facility_id])[facility_id]
        told = state | dict(values)
        told["aliases"] = sorted({alias for alias in told["aliases"] if alias != told["name"]})
        changed = {name: value for name, value in told.items() if name in values and value != state[name]}
        if not changed:
            raise CommitError("Nothing would change.", "The place says this already.")
        told["pins"] = pinned(state, changed, self.actor.username, reason)
        told["origins"] = state["origins"] | origins_of_pins({name: told["pins"][name] for name in changed})
        self._write({facility_id: told}, {facility_id: Mark(act=act)}, standings)

    def stand(self, facility_id: int, *, is_active: bool) -> None:
        """Retire a facility, or open it again."""
        standings = self._locked([facility_id])
        standing = standings[facility_id]
        if standing.is_active == is_active:
            raise CommitError(f"{standing.facility_code} is {'open' if is_active else 'closed'} already.", "Nothing needs to be done.")
        if history.live_redirect(self.conn, facility_id) is not None:
            raise CommitError(f"{standing.facility_code} does not stand any more{self._where(facility_id)}.", "Un-merge it instead.")
        history.ensure_versions(self.conn, [facility_id])
        state = history.current_states(self.conn, [facility_id])[facility_id]
        told = state | {"is_active": is_active, "retired_as": None if is_active else "retired"}
        self._write({facility_id: told}, {facility_id: Mark(act="reopen" if is_active else "retire")}, standings)

    # ----------------------------------------------------------------------------------------------------------------- taking back

    def take_back(self, facility_ids: Sequence[int], commit_id: int, *, keep_later: bool) -> None:
        """What a commit did to these facilities, taken back; one on which later work stands is left as it is and told."""
        standings = self._locked(facility_ids)
        history.ensure_versions(self.conn, facility_ids)
        past = load_past(self.conn, facility_ids)
        states, marks = {}, {}
        for number in facility_ids:
            undone = [v for v in past.live_or_undoing(number) if v.commit_id == commit_id]
            conflict = self._in_the_way(past, standings[number], undone, keep_later=keep_later)
            if not undone:
                continue
            if conflict is not None:
                self.conflicts.append(conflict)
                continue
            states[number], marks[number] = self._without(past, number, undone)
        if states:
            now = history.current_states(self.conn, states)
            self._write({number: state for number, state in states.items() if cells_of(now[number]) != cells_of(state)}, marks, standings)
            history.restore_links(self.conn, commit_id, [n for n in states if marks[n].act != "rolled_back"])
            history.reopen_records(self.conn, list(states))
            self.restored += list(states)

    @staticmethod
    def _without(past: Past, facility_id: int, undone: Sequence[Version]) -> tuple[dict[str, Any], Mark]:
        first = past.versions(facility_id)[0]
        if undone[0].version == first.version:
            told = dict(past.versions(facility_id)[-1].state) | dict.fromkeys(_CODES) | {"is_active": False, "retired_as": "rolled_back"}
            return told, Mark(act="rolled_back")
        numbers = [v.version for v in undone]
        return state_of(past.play(facility_id, without=numbers)), Mark(act="rollback", undoes=numbers)

    def _in_the_way(self, past: Past, standing: FacilityStanding, undone: Sequence[Version], *, keep_later: bool) -> Conflict | None:
        """Why a facility cannot be taken back to before a commit, or None."""
        if not undone:
            return None
        number = standing.facility_id
        if standing.retired_as == "merged" and not any(v.act == "merged" for v in undone):
            return Conflict(facility_id=number, facility_code=standing.facility_code, name=standing.facility_name, fields=(),
                            sentence=f"{standing.facility_code} does not stand any more{self._where(number)}. Un-merge it first.")
        later = past.later_work(number, undone[-1].version)
        if undone[0].version == past.versions(number)[0].version:
            later = [(v, frozenset({("name",)})) for v in past.live(number) if v.version > undone[-1].version]
        elif keep_later:
            return None
        if not later:
            return None
        version, _ = later[-1]
        fields = tuple(sorted({cell[0] for _, found in later for cell in found}))
        when = f"{version.written_at.day} {version.written_at:%B %Y}"
        return Conflict(
            facility_id=number, facility_code=standing.facility_code, name=standing.facility_name, fields=fields, changed_by=version.written_by,
            changed_at=version.written_at, commit_id=version.commit_id,
            sentence=f"{standing.facility_code} was worked on later, by {version.written_by} on {when}: that work stays, so it was left as it is.",
        )

    @staticmethod
    def refused(conn: Connection, facility_id: int, refusal: WriteRefused) -> Conflict:
        """A facility whose earlier values the registry does not take any more."""
        standing = registry.standings(conn, [facility_id])[facility_id]
        return Conflict(
            facility_id=facility_id, facility_code=standing.facility_code, name=standing.facility_name, fields=(),
            sentence=f"{standing.facility_code} cannot be as it was: the registry refuses its earlier values ({refusal.constraint or refusal.sqlstate}).",
        )

    # ----------------------------------------------------------------------------------------------------------------- writing

    def _locked(self, facility_ids: Iterable[int]) -> dict[int, FacilityStanding]:
        wanted = list(facility_ids)
        standings = registry.standings(self.conn, wanted, for_update=True)
        if len(standings) < len(set(wanted)):
            raise CommitError("There is no such place in the registry.", "Take its number from the registry page.")
        return standings

    def _write(self, states: Mapping[int, State], marks: Mapping[int, Mark], standings: Mapping[int, FacilityStanding]) -> None:
        versions = registry.versions(self.conn, states)
        drafts = [draft_of(number, standings[number].facility_code, state) for number, state in states.items()]
        if len(drafts) > 1:
            held = registry.official_codes(self.conn, states)
            history.release_codes(self.conn, [number for number, state in states.items() if held[number] != tuple(state[name] for name in _CODES)])
        registry.write_facilities(self.conn, self.actor.username, drafts)
        history.write_versions(self.conn, self.commit_id, self.actor.username, (
            VersionDraft(
                facility_id=number, version=versions[number] + 1, act=marks[number].act, state=draft.state, undoes=marks[number].undoes,
                absorbed=marks[number].absorbed, released=marks[number].released,
            )
            for number, draft in zip(states, drafts, strict=True)
        ))


def draft_of(facility_id: int, facility_code: str, state: State) -> FacilityDraft:
    """A state on its way into the tables."""
    beside = {"is_active", "retired_as", "pins", "origins", "quality_score", "quality_parts"}
    said = {name: value for name, value in state.items() if name not in beside}
    return FacilityDraft(
        facility_id=facility_id, facility_code=facility_code, content=said, content_hash=content_hash_of(said), origins=state["origins"],
        quality_score=state["quality_score"], quality_parts=state["quality_parts"], pins=state["pins"], is_active=state["is_active"],
        retired_as=state["retired_as"],
    )


def load_past(conn: Connection, facility_ids: Iterable[int]) -> Past:
    """The versions of these facilities and of all that were ever merged into them."""
    versions: dict[int, list[Version]] = {}
    missing = set(facility_ids)
    while missing:
        found = history.versions_of(conn, missing)
        versions |= {number: found.get(number, []) for number in missing}
        missing = {number for rows in found.values() for v in rows for number in v.absorbed} - versions.keys()
    return Past(versions)


def merged_state(survivor: State, loser: State) -> dict[str, Any]:
    """The survivor, with what only the loser knew: known beats unknown, lists are united, the more hidden tier holds."""
    merged = dict(survivor)
    origins = dict(survivor["origins"])
    for name in _SINGLE:
        if merged[name] is None and loser[name] is not None:
            merged[name] = loser[name]
            if name in loser["origins"]:
                origins[name] = loser["origins"][name]
    if not merged["ward"] and loser["ward"] and (merged["constituency"] or loser["constituency"]) == loser["constituency"] \
            and (merged["county"] or loser["county"]) == loser["county"]:
        merged |= {name: loser[name] for name in ("county", "constituency", "ward")}
    cells = cells_of(survivor)
    united = {cell: value for cell, value in cells_of(loser).items() if cell[0] in (*_UNITED, "aliases")}
    merged |= {name: value for name, value in state_of(united | cells).items() if name in (*_UNITED, "aliases")}
    for name in {cell[0] for cell in united.keys() - cells.keys()}.intersection(_UNITED):
        origins[name] = {**loser["origins"].get(name, {}), **survivor["origins"].get(name, {}), "rule": "united", "reason": "United from both places."}
    merged["aliases"] = sorted({*merged["aliases"], loser["name"]} - {merged["name"]})
    merged["visibility"] = max(survivor["visibility"], loser["visibility"], key=VISIBILITY_ORDER.__getitem__)
    verified = [day for day in (survivor["last_verified_at"], loser["last_verified_at"]) if day]
    return merged | {"origins": origins, "last_verified_at": max(verified, default=None)}
