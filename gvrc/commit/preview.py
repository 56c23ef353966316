"""What a commit would do, told before it does it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gvrc.commit.golden import VISIBILITY_ORDER, GoldenUnit, golden_units
from gvrc.commit.plan import make_plan
from gvrc.commit.publish import check_run, settle, sign, tally_of
from gvrc.commit.risks import Signature, risks_of
from gvrc.commit.units import CellChange, CommitPreview, CountyCount, Hold, Invariant, Plan, PlannedFacility, Risky, Tally, Unit
from gvrc.heap import no_sweeps
from gvrc.model.access import Actor
from gvrc.model.record import PERSONAL_FIELDS, ContactType
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.security.crypto import KeyRing
from gvrc.security.masking import HIDDEN, mask_contact, mask_name
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.store import registry, staged, vault
from gvrc.store.codec import is_sealed
from gvrc.store.session import Connection, Database

_CHUNK = 1000
"""Units whose golden records are computed together: bounds the memory of a preview."""

FIELD_LABELS: Mapping[str, str] = {
    "name": "name", "facility_type": "kind of place", "operational_status": "status", "county": "county", "constituency": "constituency",
    "ward": "ward", "registration_number": "registration number", "mfl_code": "MFL code", "fid_code": "facility id code",
    "keph_level": "KEPH level", "address": "address", "officer": "officer in charge", "opening_hours": "opening hours",
    "description": "description", "aliases": "other names", "visibility": "visibility", "last_verified_at": "last verified",
    "contacts": "contacts", "services": "services", "gbv_categories": "GBV categories", "owner": "owner", "point": "point",
}


@dataclass(slots=True, kw_only=True)
class _Findings:
    """What the preview gathers while it goes through the units: of the places of each act those from its offset on, at most `limit`."""

    limit: int
    offsets: Mapping[str, int]
    tally: Tally
    counties: Counter[str | None]
    passed: Counter[str] = field(default_factory=Counter)
    places: list[PlannedFacility] = field(default_factory=list)
    public: list[PlannedFacility] = field(default_factory=list)
    becomes_public: int = 0
    risky: list[Risky] = field(default_factory=list)
    written: list[tuple[str, GoldenUnit, Mapping[str, Any] | None]] = field(default_factory=list)

    def is_listed(self, act: str) -> bool:
        """Whether the next place of this act is one of those asked for."""
        self.passed[act] += 1
        return self.offsets.get(act, 0) < self.passed[act] <= self.offsets.get(act, 0) + self.limit


@no_sweeps()
def preview(
    db: Database, settings: Settings, actor: Actor, run_id: int, limit: int = 200, offsets: Mapping[str, int] | None = None, *,
    is_beside: bool = False,
) -> CommitPreview:
    """What committing this run would do now; nothing is written. Lists hold at most `limit` entries of each act, counts are complete; `offsets` says
    per act (added, changed) from which place on they are listed. Worked out beside the pages (`is_beside`) it takes one processor of the database's.

    Raises NotAllowedError, CommitError (no such run, or still at work).
    """
    require(actor, Permission.COMMIT)
    started = time.monotonic()
    with db.read(timeout_seconds=0, is_beside=is_beside) as conn:
        check_run(conn, run_id)
        plan = settle(conn, make_plan(conn, actor, run_id))
        signature = sign(conn, actor, is_signed=False)
        before = Counter(registry.county_counts(conn))
        findings = _Findings(limit=limit, offsets=offsets or {}, tally=tally_of(plan), counties=Counter(before))
        for units in _chunks([unit for unit in plan.working if not _is_plain(unit)]):
            _look_at(conn, plan, units, signature, findings)
        _look_at_plain(conn, plan, [unit for unit in plan.working if _is_plain(unit)], signature, findings)
        names = registry.county_names(conn)
        invariants = _invariants(conn, plan, findings.tally)
        places = [_place(conn, settings, act, golden, known) for act, golden, known in findings.written]
    return CommitPreview(
        run_id=run_id, added=findings.tally.added, changed=findings.tally.changed, merged=findings.tally.merged,
        unchanged=findings.tally.unchanged, held_back=findings.tally.held_back(), counties=_counties(before, findings.counties, names),
        becomes_public=findings.becomes_public, public_places=tuple(findings.public), places=tuple(places + findings.places),
        risky=tuple(findings.risky[:limit]), invariants=invariants, seconds=round(time.monotonic() - started, 3),
    )


def preview_stamp(db: Database, run_id: int) -> str:
    """A text that is another one once anything moved that a preview of this run tells of."""
    with db.read() as conn:
        return f"{staged.stamp(conn, run_id)} {staged.registry_stamp(conn)}"


def _chunks(units: Sequence[Unit]) -> Iterable[Sequence[Unit]]:
    for start in range(0, len(units), _CHUNK):
        yield units[start : start + _CHUNK]


# --------------------------------------------------------------------------------------------------------- places that are new and told by one record


def _is_plain(unit: Unit) -> bool:
    """A new place told by one record: its golden record is that record, so nothing needs to be computed to count it."""
    return len(unit.members) == 1 and not unit.facility_ids


def _look_at_plain(conn: Connection, plan: Plan, units: Sequence[Unit], signature: Signature, findings: _Findings) -> None:
    sensitive = {code for code in load_vocabularies().facility_types.terms if load_vocabularies().group(code) == "shelter"}
    doubtful = [u for u in units if u.members[0].facility_type in sensitive and u.members[0].visibility != "withheld"]
    apart = {unit.unit_id for unit in doubtful}
    for chunk in _chunks(doubtful):
        _look_at(conn, plan, chunk, signature, findings)
    for unit in units:
        if unit.unit_id in apart:
            continue
        member = unit.members[0]
        hold = Hold.NO_NAME if not (member.name or "").strip() else None if member.facility_type else Hold.NO_KIND
        if hold is not None:
            findings.tally.hold_back(hold, unit.members)
        else:
            _add_plain(unit, findings)


def _add_plain(unit: Unit, findings: _Findings) -> None:
    member = unit.members[0]
    findings.tally.added += 1
    findings.counties[member.county_code] += 1
    is_public = member.visibility == "public"
    findings.becomes_public += is_public
    is_listed, is_named = findings.is_listed("added"), is_public and len(findings.public) < findings.limit
    if is_listed or is_named:
        place = PlannedFacility(
            act="added", facility_id=None, facility_code=None, name=member.name or "", facility_type=member.facility_type or "",
            county_code=member.county_code, visibility=member.visibility, record_ids=(member.record_id,),
        )
        findings.places += [place] if is_listed else []
        findings.public += [place] if is_named else []


# --------------------------------------------------------------------------------------------------------- places whose golden record must be computed


def _look_at(conn: Connection, plan: Plan, units: Sequence[Unit], signature: Signature, findings: _Findings) -> None:
    known = registry.contents(conn, [number for unit in units for number in unit.facility_ids])
    for golden in golden_units(conn, units, plan.decisions):
        risks = risks_of(golden, plan.standings)
        findings.risky += risks
        hold = golden.hold or signature.refuses(risks, golden, plan.decisions)
        if hold is not None:
            findings.tally.hold_back(hold, golden.unit.members)
        else:
            _count(golden, plan, known, findings)


def _count(golden: GoldenUnit, plan: Plan, known: Mapping[int, Mapping[str, Any]], findings: _Findings) -> None:
    survivor, *losers = golden.unit.facility_ids or (0,)
    standing = plan.standings.get(survivor)
    findings.tally.merged += len(losers)
    for number in losers:
        findings.counties[plan.standings[number].county_code] -= 1
    if standing is not None and standing.is_active and standing.record_hash == golden.content_hash and not losers:
        findings.tally.unchanged += 1
        return
    act = "added" if standing is None or not standing.is_active else "changed"
    if standing is None or not standing.is_active:
        findings.tally.added += 1
    else:
        findings.tally.changed += 1
        findings.counties[standing.county_code] -= 1
    findings.counties[golden.content["county"]] += 1
    _note_public(golden, standing.visibility if standing else None, findings)
    if findings.is_listed(act):
        findings.written.append((act, golden, known.get(survivor)))


def _note_public(golden: GoldenUnit, before: str | None, findings: _Findings) -> None:
    if golden.content["visibility"] == "public" and (before is None or VISIBILITY_ORDER[before] > 0):
        findings.becomes_public += 1
        if len(findings.public) < findings.limit:
            findings.public.append(_planned("added" if before is None else "changed", golden, None))


def _planned(act: str, golden: GoldenUnit, known: Mapping[str, Any] | None, cells: tuple[CellChange, ...] = ()) -> PlannedFacility:
    said = golden.content
    return PlannedFacility(
        act=act, facility_id=next(iter(golden.unit.facility_ids), None),
        facility_code=known["facility_code"] if known else None, name=said["name"], facility_type=said["facility_type"],
        county_code=said["county"], visibility=said["visibility"], record_ids=tuple(golden.unit.record_ids), cells=cells,
        merged_into_it=tuple(f"{registry.FACILITY_PREFIX}{number}" for number in golden.unit.facility_ids[1:]),
    )


# --------------------------------------------------------------------------------------------------------- cell by cell


def _place(conn: Connection, settings: Settings, act: str, golden: GoldenUnit, known: Mapping[str, Any] | None) -> PlannedFacility:
    changed = [name for name in FIELD_LABELS if known is not None and known[name] != golden.content[name]]
    if known is None or not changed:
        return _planned(act, golden, known)
    sealed = {value for name in changed for value in _sealed((known[name], golden.content[name]))}
    opened = _opened(conn, settings, sealed)
    cells = tuple(
        CellChange(
            field_name=name, label=FIELD_LABELS[name], before=shown_cell(name, known[name], opened),
            after=shown_cell(name, golden.content[name], opened),
        )
        for name in changed
    )
    return _planned(act, golden, known, cells)


def _opened(conn: Connection, settings: Settings, references: Iterable[str]) -> dict[str, str]:
    ids = {identity: reference for reference in references if (identity := vault.id_in(reference)) is not None}
    found = vault.open_values(conn, KeyRing.load(settings), ids.keys()) if ids else {}
    return {ids[identity]: value for identity, value in found.items()}


def _sealed(value: Any) -> Iterable[str]:
    if isinstance(value, str) and is_sealed(value):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _sealed(item)


def shown_cell(field_name: str, value: Any, opened: Mapping[str, str]) -> str | None:
    """A golden value in words; personal values masked. None when there is none."""
    if value in (None, [], ""):
        return None
    if field_name == "contacts":
        return ", ".join(_masked(kind, opened.get(sealed, "")) for kind, sealed, _label, _primary in value)
    if field_name in PERSONAL_FIELDS:
        return mask_name(opened.get(value, "")) if field_name == "officer" else HIDDEN
    if field_name == "point":
        return f"{value[0]:.5f}, {value[1]:.5f} ({value[2].replace('_', ' ')})"
    if field_name == "owner":
        return str(value[1])
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _masked(contact_type: str, value: str) -> str:
    return mask_contact(ContactType(contact_type), value)


# --------------------------------------------------------------------------------------------------------- the whole


def _counties(before: Mapping[str | None, int], after: Mapping[str | None, int], names: Mapping[str, str]) -> tuple[CountyCount, ...]:
    codes = sorted({*before, *after}, key=lambda code: (code is None, names.get(code or "", "")))
    return tuple(
        CountyCount(county_code=code, county=names.get(code, code) if code else "county unknown", before=before.get(code, 0), after=after.get(code, 0))
        for code in codes
    )


def _invariants(conn: Connection, plan: Plan, tally: Tally) -> tuple[Invariant, ...]:
    """What must hold before and after every commit."""
    broken = registry.broken_invariants(conn)
    held = sum(len(ids) for ids in tally.held.values())
    passing = sum(len(unit.members) for unit in plan.units) + len(plan.rejected) - held
    records = sum(len(unit.members) for unit in plan.units) + len(plan.rejected) + len(plan.superseded)
    adds_up = Invariant(
        name="every record is accounted for", holds=passing >= 0,
        detail=f"{records} records: {passing} pass, {held} wait, {len(plan.superseded)} belong to an older edition.",
    )
    told = [Invariant(name=name, holds=count == 0, detail="holds" if count == 0 else f"{count} facilities break it") for name, count in broken.items()]
    return (adds_up, *told)
