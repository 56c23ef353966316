"""Writing golden records: batch by batch, each all or nothing, retried, split until a guilty record stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gvrc.commit.golden import GoldenUnit, golden_units
from gvrc.commit.risks import Signature, risks_of
from gvrc.commit.units import Hold, Plan, Tally, Unit
from gvrc.model.access import Actor
from gvrc.store import audit, history, registry
from gvrc.store.history import VersionDraft
from gvrc.store.registry import FacilityDraft, FacilityStanding, LinkDraft, MergeDraft, WriteRefused
from gvrc.store.session import Connection, Database

Progress = Callable[[Tally], None]

_OFFICIAL_CODES: Mapping[str, tuple[str, str]] = {
    "uq_facilities_mfl_code": ("mfl_code", "MFL code"),
    "uq_facilities_fid_code": ("fid_code", "facility id code"),
    "uq_facilities_registration_number": ("registration_number", "registration number"),
}
REFUSALS: Mapping[str, str] = {
    "fk_facilities_facility_type": "Its kind of place is not one of the registry's.",
    "fk_facility_services_service": "One of its services is not one of the registry's.",
    "fk_facility_gbv_categories_gbv_category": "One of its categories is not one of the registry's.",
    "fk_facility_contacts_contact_type": "One of its contacts is of a kind the registry does not know.",
    "fk_facility_contacts_contact_value": "One of its contacts is no longer in the vault.",
    "fk_facility_owners_owner_type": "Its owner is of a kind the registry does not know.",
    "ck_facility_coordinates_kenya": "Its point lies outside Kenya.",
    "ck_facilities_name": "Its name is empty or longer than 255 characters.",
}
"""What the registry's constraints say, in words."""


@dataclass(slots=True, kw_only=True)
class Writer:
    """One commit at work."""

    db: Database
    actor: Actor
    plan: Plan
    signature: Signature
    tally: Tally
    on_progress: Progress | None = None
    commit_id: int | None = None
    """None until something was written: a commit that changes nothing leaves no trace."""

    def write(self, units: Sequence[Unit]) -> None:
        """Write one batch, retried when the database fails, split when it refuses values."""
        try:
            self.db.retrying(lambda: self._attempt(units))
        except WriteRefused as refusal:
            if len(units) > 1:
                half = len(units) // 2
                self.write(units[:half])
                self.write(units[half:])
            else:
                self._bury(units[0], refusal)
        if self.on_progress is not None:
            self.on_progress(self.tally)

    def _attempt(self, units: Sequence[Unit]) -> None:
        with registry.refusals(), self.db.unit_of_work(self.actor, run_id=self.plan.run_id, reason="commit") as conn:
            audit.take_turn(conn)
            batch = _Batch(conn=conn, actor=self.actor, plan=self.plan, signature=self.signature)
            commit_id = batch.write(units, self.begin)
            tally = self.tally.with_batch(batch.counts, len(units), batch.held)
            if commit_id is not None:
                registry.note_progress(conn, commit_id, tally.counts())
        self.tally.take(tally)
        self.commit_id = commit_id or self.commit_id

    def begin(self, conn: Connection) -> int:
        """The commit's row, made with the first thing it writes; what follows in the transaction is audited under its number."""
        by = " (single operator)" if self.signature.is_single_operator else ""
        commit_id = self.commit_id or registry.begin_commit(conn, self.plan.run_id, self.actor.username, by.strip(" ()") or None, self.tally.counts())
        registry.say_why(conn, f"commit {commit_id}{by}")
        return commit_id

    def _bury(self, unit: Unit, refusal: WriteRefused) -> None:
        def work() -> None:
            with self.db.unit_of_work(self.actor, run_id=self.plan.run_id, reason="commit") as conn:
                error = why_refused(conn, self.plan, unit, refusal)
                where = [(member.file_id, member.pointer) for member in unit.members]
                registry.bury(conn, self.plan.run_id, where, error, {"record_ids": unit.record_ids, "commit_id": self.commit_id})
                tally = self.tally.with_burial(len(unit.members))
                if self.commit_id is not None:
                    registry.note_progress(conn, self.commit_id, tally.counts())
            self.tally.take(tally)

        self.db.retrying(work)


def why_refused(conn: Connection, plan: Plan, unit: Unit, refusal: WriteRefused) -> str:
    """Why the registry does not take a place, in words."""
    official = _OFFICIAL_CODES.get(refusal.constraint or "")
    if official is None:
        return REFUSALS.get(refusal.constraint or "", f"The registry refuses its values ({refusal.constraint or refusal.sqlstate}).")
    column, words = official
    made = golden_units(conn, [unit], plan.decisions)
    value = made[0].content[column] if made else None
    owner = registry.owner_of_code(conn, column, value) if value else None
    return f"Its {words} {value} belongs to {owner or 'another place'} already."


@dataclass(slots=True, kw_only=True)
class _Batch:
    """One transaction's work."""

    conn: Connection
    actor: Actor
    plan: Plan
    signature: Signature
    counts: dict[str, int] = field(default_factory=lambda: {"added": 0, "changed": 0, "merged": 0, "unchanged": 0})
    held: list[tuple[Hold, Unit]] = field(default_factory=list)

    def write(self, units: Sequence[Unit], begin: Callable[[Connection], int]) -> int | None:
        """Write what differs; returns the commit's number if anything does."""
        standings = registry.standings(self.conn, [n for unit in units for n in unit.facility_ids], for_update=True)
        current = [unit for unit in units if self._is_current(unit, standings)]
        made = golden_units(self.conn, current, self.plan.decisions)
        told = {golden.unit.unit_id for golden in made}
        self.held += [(Hold.CHANGED_MEANWHILE, unit) for unit in current if unit.unit_id not in told]
        feeding = registry.feeding(self.conn, [member.record_key for unit in current for member in unit.members])
        passing = [golden for golden in made if self._passes(golden, standings, feeding)]
        drafts = self._drafts(passing, standings)
        survivors = {golden.unit.facility_ids[0] for golden in passing if len(golden.unit.facility_ids) > 1}
        written = [draft for draft in drafts if draft.facility_id in survivors or self._differs(draft, standings)]
        writes = bool(written) or any(_is_news(golden) for golden in passing)
        commit_id = begin(self.conn) if writes else None
        if known := [number for golden in passing for number in golden.unit.facility_ids]:
            history.ensure_versions(self.conn, known)
        absorbed = self._merge(passing, commit_id)
        ids = {d.facility_code: d.facility_id for d in drafts if d.facility_id is not None}
        ids |= registry.write_facilities(self.conn, self.actor.username, written)
        self._keep(commit_id, [(ids[draft.facility_code], draft) for draft in written], standings, absorbed)
        self._link(passing, [ids[draft.facility_code] for draft in drafts])
        self._count(drafts, standings)
        return commit_id

    def _keep(
        self, commit_id: int | None, written: Sequence[tuple[int, FacilityDraft]], standings: Mapping[int, FacilityStanding],
        absorbed: Mapping[int, Sequence[int]],
    ) -> None:
        """What the facilities say from now on, so that this commit can be taken back."""
        history.write_versions(self.conn, commit_id, self.actor.username, (
            VersionDraft(
                facility_id=number, version=standings[number].version + 1 if number in standings else 1, act="commit", state=draft.state,
                absorbed=absorbed.get(number, ()),
            )
            for number, draft in written
        ))

    def _is_current(self, unit: Unit, standings: Mapping[int, FacilityStanding]) -> bool:
        """Whether what the plan saw of the facilities still stands; a unit that lost the race is held back, never overwritten."""
        planned = {number: self.plan.standings[number].version for number in unit.facility_ids}
        found = {number: standings[number].version for number in unit.facility_ids if number in standings}
        if planned == found:
            return True
        self.held.append((Hold.CHANGED_MEANWHILE, unit))
        return False

    def _passes(self, golden: GoldenUnit, standings: Mapping[int, FacilityStanding], feeding: Mapping[str, int]) -> bool:
        hold = golden.hold or self._moved(golden, feeding) or self.signature.refuses(risks_of(golden, standings), golden, self.plan.decisions)
        if hold is not None:
            self.held.append((hold, golden.unit))
        return hold is None

    @staticmethod
    def _moved(golden: GoldenUnit, feeding: Mapping[str, int]) -> Hold | None:
        """Whether a record changed, was put in doubt, or reached the registry another way since the plan was made."""
        now = {row.record_id: row for row in golden.links}
        for member in golden.unit.members:
            row = now.get(member.record_id)
            if feeding.get(member.record_key) != member.facility_id:
                return Hold.CHANGED_MEANWHILE
            if row is None or row.record_hash != member.record_hash or row.state.value not in ("ready", "committed"):
                return Hold.CHANGED_MEANWHILE
        return None

    def _merge(self, passing: Iterable[GoldenUnit], commit_id: int | None) -> dict[int, list[int]]:
        """Merge facilities away; who was merged into whom."""
        merges = [merge for golden in passing for merge in _merges(golden, self.plan, commit_id)]
        if not merges:
            return {}
        registry.merge_facilities(self.conn, self.actor.username, merges)
        history.note_states(self.conn, commit_id, self.actor.username, [merge.loser_id for merge in merges], "merged")
        self.counts["merged"] += len(merges)
        absorbed: dict[int, list[int]] = {}
        for merge in merges:
            registry.move_records(self.conn, merge.loser_id, merge.survivor_id)
            absorbed.setdefault(merge.survivor_id, []).append(merge.loser_id)
        return absorbed

    def _drafts(self, passing: Sequence[GoldenUnit], standings: Mapping[int, FacilityStanding]) -> list[FacilityDraft]:
        fresh = [golden for golden in passing if not golden.unit.facility_ids]
        codes = iter(registry.issue_codes(self.conn, [golden.content["facility_type"] for golden in fresh]))
        return [self._draft(golden, standings, codes) for golden in passing]

    @staticmethod
    def _draft(golden: GoldenUnit, standings: Mapping[int, FacilityStanding], codes: Iterator[str]) -> FacilityDraft:
        known = standings[golden.unit.facility_ids[0]] if golden.unit.facility_ids else None
        return FacilityDraft(
            facility_id=known.facility_id if known else None, facility_code=known.facility_code if known else next(codes), content=golden.content,
            content_hash=golden.content_hash, origins=golden.origins, quality_score=golden.quality.score, quality_parts=golden.quality.parts,
            pins=golden.pins,
        )

    @staticmethod
    def _differs(draft: FacilityDraft, standings: Mapping[int, FacilityStanding]) -> bool:
        standing = standings[draft.facility_id] if draft.facility_id is not None else None
        return standing is None or not standing.is_active or standing.record_hash != draft.content_hash

    def _link(self, passing: Sequence[GoldenUnit], facility_ids: Sequence[int]) -> None:
        links, feeds = [], {}
        for golden, facility_id in zip(passing, facility_ids, strict=True):
            for row in golden.links:
                links.append(LinkDraft(
                    facility_id=facility_id, source=row.record.source, record_key=row.record.record_key, source_id=row.record.source_id,
                    record_hash=row.record_hash,
                ))
                feeds[row.record_id] = facility_id
        registry.write_links(self.conn, links)
        registry.mark_committed(self.conn, feeds)
        registry.raise_from_the_dead(self.conn, list(feeds))

    def _count(self, drafts: Iterable[FacilityDraft], standings: Mapping[int, FacilityStanding]) -> None:
        for draft in drafts:
            is_new = draft.facility_id is None or not standings[draft.facility_id].is_active
            outcome = "added" if is_new else "changed" if self._differs(draft, standings) else "unchanged"
            self.counts[outcome] += 1


def _is_news(golden: GoldenUnit) -> bool:
    """Whether a merge or a link is to be written though the facility may say the same as before."""
    return len(golden.unit.facility_ids) > 1 or any(
        member.facility_id not in golden.unit.facility_ids or member.link_hash != member.record_hash for member in golden.unit.members
    )


def _merges(golden: GoldenUnit, plan: Plan, commit_id: int | None) -> Iterable[MergeDraft]:
    """Every facility of the unit but the first, which was there longest, gives way to it."""
    survivor, *losers = golden.unit.facility_ids or (0,)
    keys = golden.unit.record_keys | {f"{registry.FACILITY_PREFIX}{number}" for number in golden.unit.facility_ids}
    answers = [d.decision_id for d in plan.decisions if d.answer == "same" and set(d.record_keys) <= keys]
    for loser in losers:
        yield MergeDraft(
            loser_id=loser, survivor_id=survivor, reason="judged to be one place", decision_id=answers[-1] if answers else None, commit_id=commit_id,
        )
