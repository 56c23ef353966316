"""Work on staged records that a run and a steward's answer share: standardise rows and save them, score, cluster.

A record is a pure function of its row, the mapping, the reference data, the known corrections and the answers people gave; so a steward's
answer outlives every later run, and a record can be made anew at any time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gvrc.checks.catalogue import CATALOGUE
from gvrc.matching.evidence import EvidenceTable, evidence_table
from gvrc.matching.refit import version_of
from gvrc.model.issue import Issue
from gvrc.model.place import Place, Point
from gvrc.model.quality import QualityScore, Standing
from gvrc.model.record import ABOUT_CONTACTS, PERSONAL_FIELDS, Contact, ContactType, Record, RecordState, Visibility
from gvrc.model.review import Answer, QuestionKind
from gvrc.model.run import Stage
from gvrc.model.source import SourceRow
from gvrc.quality.score import NO_PLACE, quality_of
from gvrc.quality.weights import load_weights
from gvrc.reference.corrections import Correction, Corrections
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.security.crypto import KeyRing
from gvrc.settings import Settings
from gvrc.stages.score import Scored, Scoring, Thresholds, gate, score, score_anew
from gvrc.stages.standardise import BrokenRow, Knowledge, Watch, load_knowledge, standardise_apart, unwatched
from gvrc.store import decisions as decision_store
from gvrc.store import matches as match_store
from gvrc.store import records as record_store
from gvrc.store import scorers as scorer_store
from gvrc.store import thresholds as threshold_store
from gvrc.store import vault
from gvrc.store.codec import Sealer, digest, is_sealed, issue_texts, personal_values, replace_texts, texts_in
from gvrc.store.decisions import StoredDecision
from gvrc.store.records import ChunkContext, RecordDraft, ScoredRecord, StoredIssue, StoredRecord, Verdict, question_key_of
from gvrc.store.registry import FACILITY_PREFIX
from gvrc.store.session import Connection

FIELD_GROUPS: tuple[frozenset[str], ...] = (
    frozenset({"county", "constituency", "sub_county", "district", "ward", "town", "location", "section", "country", "place"}),
    frozenset({"latitude", "longitude", "coordinates", "point"}),
    ABOUT_CONTACTS,
    frozenset({"name", "official_name", "facility_type"}),
    frozenset({"services", "category"}),
)
"""Fields whose raw values are weighed together: an answer on one of them holds until any raw value of its group moves."""

COMPARED_FIELDS = frozenset[str]().union(*FIELD_GROUPS) | {"mfl_code", "registration_number", "owner"}
"""Fields that the matcher compares: a correction of one may make a record the duplicate of another."""

APPROVED = "record.approved"
"""What stands in place of an issue when a person lets a record stand as it is."""
FINAL_CODES = frozenset({"verified.future", "verified.stale"})
"""Issues of the final validation: what time makes of a record, told anew whenever it is scored."""

TAKEN_CODE = "code.taken"
"""The issue of a code that another record of the run states already."""

RUN_WIDE_STAGES = (Stage.DEDUPE.value, Stage.SCORE.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What work on staged records needs. `as_of` is the day against which staleness is told."""

    settings: Settings
    keyring: KeyRing
    knowledge: Knowledge
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswers:
    """What people already answered about the rows of a chunk."""

    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    rejected: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRecord:
    """A record as it was just saved, its personal values sealed, whether it can be a place at all, and what its score follows from."""

    record_id: int
    file_id: int
    record: Record
    is_place: bool
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAnew:
    """A record that was scored by its own row, with what the whole run tells of it: issues, and whether it is asked whether it is a duplicate."""

    record_id: int
    file_id: int
    record_key: str
    standing: Standing
    issues: Sequence[Issue] = ()
    is_asked: bool = False


def open_workshop(conn: Connection, settings: Settings, keyring: KeyRing, as_of: date) -> Workshop:
    """A workshop with the corrections known and the thresholds in force now."""
    corrections = Corrections(
        Correction(source=source or None, field_name=field_name, bad_value=bad, right_value=right)
        for source, field_name, bad, right in decision_store.load_corrections(conn)
    )
    return Workshop(settings=threshold_store.in_force(conn, settings), keyring=keyring, knowledge=load_knowledge(corrections), as_of=as_of)


def matcher_tables(conn: Connection) -> tuple[EvidenceTable, EvidenceTable]:
    """The weights that runs match by, for lists that may repeat themselves and for lists of distinct places: the shipped ones with what people adopted.
    Weights made for another version of the shipped ones are not used."""
    plain, link = evidence_table(), evidence_table(link=True)
    live = scorer_store.in_force(conn)
    if live is None or not live.weight_changes or live.made_for != plain.version:
        return plain, link
    return with_changes(plain, live.weight_changes), with_changes(link, live.weight_changes)


def with_changes(table: EvidenceTable, changes: Mapping[str, Mapping[str, float]]) -> EvidenceTable:
    """A shipped table with adopted changes, under a version of its own."""
    return table.changed(changes, f"{table.version}+{version_of(changes)}")


def raw_fingerprint(row: SourceRow, field_name: str) -> str:
    """Fingerprint of the raw values that a field is made of; an answer holds as long as it stays the same."""
    group = next((group for group in FIELD_GROUPS if field_name in group), frozenset({field_name}))
    return digest({name: row.values.get(name) for name in sorted(group)})


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRows:
    """A chunk of rows made into records and not yet saved: how often each stage found which issue, and the rows that a stage could not take."""

    stage: Stage
    drafts: Sequence[RecordDraft] = ()
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    found: Mapping[Stage, Counter[str]] = field(default_factory=dict)
    broken: Sequence[BrokenRow] = ()


def prepare_rows(
    conn: Connection, workshop: Workshop, rows: Sequence[SourceRow], *, up_to: Stage, watch: Watch = unwatched, only: str | None = None, foresees: bool = False
) -> PreparedRows:
    """Standardise a chunk of rows, or only the row at the pointer `only`: the rows around it tell how far its list can be trusted. Writes nothing.

    `foresees`: the records are scored at once, as they will be unless the whole run shows more.
    """
    answers = given_answers(conn, workshop, rows)
    made, broken = standardise_apart(rows, workshop.knowledge, answers.overrides, up_to=up_to, watch=watch)
    guilty = {each.row.pointer for each in broken}
    issues = made.issues_by_key()
    drafts = [
        RecordDraft(
            record=record, row_number=row.number, content_hash=row.content_hash, issues=issues.get(record.record_key, ()),
            is_rejected=record.record_key in answers.rejected,
        )
        for row, record in zip((row for row in rows if row.pointer not in guilty), made.records, strict=True)
        if only is None or row.pointer == only
    ]
    if foresees and not answers.verdicts and not answers.rejected:
        drafts = _foreseen(workshop, drafts)
    found = {stage: Counter(issue.code for issue in found) for stage, found in made.issues.items()}
    return PreparedRows(stage=up_to, drafts=drafts, verdicts=answers.verdicts, found=found, broken=broken)


def keep_rows(conn: Connection, workshop: Workshop, file_id: int, run_id: int, prepared: PreparedRows) -> list[SavedRecord]:
    """Save what was prepared of rows of a file. Returns the records that were scored at once."""
    drafts = prepared.drafts
    context = ChunkContext(run_id=run_id, file_id=file_id, stage=prepared.stage.value, catalogue=CATALOGUE, verdicts=prepared.verdicts)
    sealer = seal(conn, workshop.keyring, drafts)
    ids = record_store.save_records(conn, context, drafts, sealer)
    return [
        SavedRecord(
            record_id=ids[draft.record.record_key], file_id=file_id, record=sealer.sealed(draft.record), is_place=_is_place(draft), standing=draft.standing
        )
        for draft in drafts if draft.standing is not None
    ]


def _is_place(draft: RecordDraft) -> bool:
    return bool(draft.record.name) and not any(issue.code in NO_PLACE for issue in draft.issues)


def _foreseen(workshop: Workshop, drafts: Sequence[RecordDraft]) -> list[RecordDraft]:
    """The drafts with the quality score and the final issues that each record has by itself, and the state that follows."""
    scorings = [Scoring(record=draft.record, open_issues=draft.issues) for draft in drafts]
    outcomes = score(scorings, workshop.knowledge.vocabularies, _thresholds(workshop), workshop.as_of)
    return [
        RecordDraft(
            record=draft.record, row_number=draft.row_number, content_hash=draft.content_hash, issues=[*draft.issues, *outcome.issues],
            quality=outcome.quality, state=outcome.state, reason=outcome.reason, standing=outcome.standing, is_short=outcome.is_short,
        )
        for draft, outcome in zip(drafts, outcomes, strict=True)
    ]


def _thresholds(workshop: Workshop) -> Thresholds:
    settings = workshop.settings
    return Thresholds(quality=settings.quality_threshold, final=settings.final_threshold, stale_days=settings.stale_after_days)


def seal(conn: Connection, keyring: KeyRing, drafts: Iterable[RecordDraft]) -> Sealer:
    """Put every personal value of these drafts into the vault."""
    return seal_texts(conn, keyring, (value for draft in drafts for value in personal_values(draft.record, draft.issues)))


def seal_texts(conn: Connection, keyring: KeyRing, texts: Iterable[str]) -> Sealer:
    """Put texts into the vault, each once."""
    values = {text for text in texts if not is_sealed(text)}
    sealed = vault.seal_values(conn, keyring, sorted(values)) if values else {}
    return Sealer({value: vault.reference_to(vault_id) for value, vault_id in sealed.items()})


def unseal(conn: Connection, keyring: KeyRing, value: Any) -> Any:
    """A JSON value with every vault id in it replaced by what it stands for; erased values become empty text."""
    ids = {vault_id for text in texts_in(value) if (vault_id := vault.id_in(text)) is not None}
    if not ids:
        return value
    opened = {vault.reference_to(vault_id): plain for vault_id, plain in vault.open_values(conn, keyring, ids).items()}
    return replace_texts(value, lambda text: opened.get(text, "") if is_sealed(text) else text)


def given_answers(conn: Connection, workshop: Workshop, rows: Sequence[SourceRow]) -> GivenAnswers:
    """The live answers that concern these rows and whose evidence still holds."""
    by_key = {row.record_key: row for row in rows}
    live = decision_store.live_answers_about(conn, list(by_key))
    held = [(decision, by_key[key]) for decision in live if decision.kind == QuestionKind.ISSUE for key in decision.record_keys if key in by_key]
    held = [(decision, row) for decision, row in held if _evidence_holds(decision, row)]
    return GivenAnswers(
        overrides=_overrides(conn, workshop.keyring, held),
        verdicts={d.question_key: _verdict(d) for d, _row in held if d.answer == Answer.WAIVE},
        rejected=frozenset(row.record_key for d, row in held if d.answer == Answer.REJECT),
    )


def _evidence_holds(decision: StoredDecision, row: SourceRow) -> bool:
    return decision.evidence.get("raw") == raw_fingerprint(row, decision.field_name or "")


def _overrides(conn: Connection, keyring: KeyRing, held: Sequence[tuple[StoredDecision, SourceRow]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for decision, row in held:
        if decision.answer in (Answer.ACCEPT, Answer.CORRECT):
            found.setdefault(row.record_key, {}).update(decision.decided_values)
    opened: dict[str, dict[str, Any]] = unseal(conn, keyring, found)
    return opened


def _verdict(decision: StoredDecision) -> Verdict:
    return Verdict(
        state="waived", evidence_hash=decision.evidence_hash, decided_by=decision.decided_by, decided_at=decision.decided_at, why=decision.note
    )


def rescore(conn: Connection, workshop: Workshop, run_id: int, stored: Sequence[StoredRecord]) -> None:
    """Final validation, quality score and state of these records, from their issues and the run's open questions. Rejected records stay rejected."""
    ids = [record.record_id for record in stored]
    record_store.drop_issues(conn, ids, FINAL_CODES)
    asked = match_store.records_in_question(conn, run_id, ids)
    verdicts = _verdicts_for(conn, [record.record.record_key for record in stored])
    issues = _with_settled_codes(conn, stored, record_store.load_issues(conn, ids), verdicts)
    waived = {verdict_key for verdict_key, verdict in verdicts.items() if verdict.state == "waived"}
    approved = _approved(stored, verdicts)
    scorings = [_scoring(record, issues.get(record.record_id, ()), record.record_id in asked, waived, approved) for record in stored]
    outcomes = score(scorings, workshop.knowledge.vocabularies, _thresholds(workshop), workshop.as_of)
    _add_final_issues(conn, run_id, stored, outcomes, verdicts)
    record_store.save_scores(conn, [_scored_record(record, outcome) for record, outcome in zip(stored, outcomes, strict=True)], CATALOGUE)


def score_told(conn: Connection, workshop: Workshop, run_id: int, told: Sequence[ToldAnew]) -> list[ToldAnew]:
    """Save what the whole run tells of records, with the score and the state that follow, without reading them back: as `add_run_issues` and `rescore` would.
    Returns those for which that does not do, and of which nothing was saved: where a person's answers or other places' codes have a say, or somebody was at
    them meanwhile."""
    is_answered = bool(_verdicts_for(conn, [each.record_key for each in told]))
    untouched = record_store.as_saved(conn, run_id, [each.record_id for each in told])
    parts: tuple[list[ToldAnew], list[ToldAnew]] = ([], [])
    for each in told:
        parts[is_answered or each.record_id not in untouched or any(issue.code == TAKEN_CODE for issue in each.issues)].append(each)
    simple, left = parts
    outcomes = [(each, _told_anew(workshop, each)) for each in simple]
    sealer = seal_texts(conn, workshop.keyring, _issue_texts([issue for each in simple for issue in each.issues]))
    by_file: dict[int, list[tuple[int, str, Sequence[Issue], QualityScore | None]]] = {}
    for each, outcome in outcomes:
        by_file.setdefault(each.file_id, []).append((each.record_id, each.record_key, each.issues, outcome.quality))
    for file_id, found in by_file.items():
        context = ChunkContext(run_id=run_id, file_id=file_id, stage=Stage.SCORE.value, catalogue=CATALOGUE)
        record_store.add_issues(conn, context, found, sealer)
    scored = [
        ScoredRecord(record_id=each.record_id, state=outcome.state, reason=outcome.reason, quality=outcome.quality, is_short=outcome.is_short)
        for each, outcome in outcomes
    ]
    repriced = [each.record_id for each, outcome in outcomes if _asks_or_gains_anew(workshop, each.standing, outcome)]
    record_store.save_scores(conn, scored, CATALOGUE, repriced=repriced)
    return left


def _told_anew(workshop: Workshop, told: ToldAnew) -> Scored:
    return score_anew(told.record_key, told.standing, [issue.code for issue in told.issues], told.is_asked, _thresholds(workshop))


def _asks_or_gains_anew(workshop: Workshop, before: Standing, now: Scored) -> bool:
    """Whether an issue that stood before may ask now, or asks no more, or gains other points."""
    quality = quality_of(before.facts, load_weights())
    _, _, was_short = gate(quality, (*before.codes, *before.final_codes), before.facts.has_open_duplicate, _thresholds(workshop))
    return now.is_short or was_short or any(now.quality.points_to_gain.get(code) != gained for code, gained in quality.points_to_gain.items())


def _with_settled_codes(
    conn: Connection, stored: Sequence[StoredRecord], issues: Mapping[int, list[StoredIssue]], verdicts: Mapping[str, Verdict]
) -> Mapping[int, list[StoredIssue]]:
    """The issues with what became of codes of other places: one is mended once the record says the code no longer, or is one place with the record that
    has it; taken back, it is open again. Row stages cannot tell, for it takes two records."""
    homes = {record.record.record_key: record.cluster_id or record.record_id for record in stored}
    moved: dict[str, str] = {}
    for record in stored:
        for item in issues.get(record.record_id, ()):
            if item.issue.code == TAKEN_CODE and (state := _state_of_taken(record, item, homes, verdicts)) != item.state:
                moved[item.question_key] = state
    if not moved:
        return issues
    record_store.set_issue_states(conn, [record.record_id for record in stored], moved)
    return record_store.load_issues(conn, [record.record_id for record in stored])


def _state_of_taken(record: StoredRecord, item: StoredIssue, homes: Mapping[str, int], verdicts: Mapping[str, Verdict]) -> str:
    holders = item.issue.detail.get("record_keys", ())
    is_one_place = any(homes.get(holder) == homes[record.record.record_key] for holder in holders)
    if is_one_place or getattr(record.record, item.issue.field_name) != item.issue.value:
        return "fixed"
    verdict = verdicts.get(item.question_key)
    return "waived" if verdict is not None and verdict.evidence_hash == item.evidence_hash else "open"


def approval_key(record_key: str) -> str:
    """The name of the question whether a record may stand as it is."""
    return digest(["approve", record_key])


def _approved(stored: Sequence[StoredRecord], verdicts: Mapping[str, Verdict]) -> frozenset[int]:
    """The ids of records that a person let stand as they are, and whose row says what it said then."""
    if not verdicts:
        return frozenset()
    given = ((record, verdicts.get(approval_key(record.record.record_key))) for record in stored)
    return frozenset(record.record_id for record, verdict in given if verdict is not None and verdict.evidence_hash == record.content_hash)


def _scoring(record: StoredRecord, found: Sequence[StoredIssue], has_open_duplicate: bool, waived: set[str], approved: frozenset[int]) -> Scoring:
    key = record.record.record_key
    candidates = FINAL_CODES if waived else ()
    stale = {code for code in candidates if question_key_of(key, Issue(code=code, field_name="last_verified_at"), 0) in waived}
    return Scoring(
        record=record.record, open_issues=[item.issue for item in found if item.state == "open"], has_open_duplicate=has_open_duplicate,
        waived=frozenset(stale), is_approved=record.record_id in approved,
    )


def _add_final_issues(
    conn: Connection, run_id: int, stored: Sequence[StoredRecord], outcomes: Sequence[Scored], verdicts: Mapping[str, Verdict]
) -> None:
    by_file: dict[int, list[tuple[int, str, Sequence[Issue], QualityScore | None]]] = {}
    for record, outcome in zip(stored, outcomes, strict=True):
        if outcome.issues:
            by_file.setdefault(record.file_id, []).append((record.record_id, record.record.record_key, outcome.issues, None))
    for file_id, found in by_file.items():
        context = ChunkContext(run_id=run_id, file_id=file_id, stage=Stage.SCORE.value, catalogue=CATALOGUE, verdicts=verdicts)
        record_store.add_issues(conn, context, found, Sealer({}))


def _scored_record(record: StoredRecord, outcome: Scored) -> ScoredRecord:
    if record.state is RecordState.REJECTED:
        return ScoredRecord(record_id=record.record_id, quality=outcome.quality, state=RecordState.REJECTED, reason="A steward rejected it.")
    return ScoredRecord(record_id=record.record_id, quality=outcome.quality, state=outcome.state, reason=outcome.reason, is_short=outcome.is_short)


def add_run_issues(conn: Connection, workshop: Workshop, run_id: int, ids: Mapping[str, tuple[int, int]], issues: Sequence[Issue]) -> None:
    """Save issues that only the whole run can tell; `ids` gives (record id, file id) per record key. Answers already given hold."""
    by_file: dict[int, dict[str, list[Issue]]] = {}
    for issue in issues:
        if issue.record_key is not None and issue.record_key in ids:
            by_file.setdefault(ids[issue.record_key][1], {}).setdefault(issue.record_key, []).append(issue)
    sealer = seal_texts(conn, workshop.keyring, _issue_texts(issues))
    for file_id, found in by_file.items():
        verdicts = _verdicts_for(conn, list(found))
        context = ChunkContext(run_id=run_id, file_id=file_id, stage=Stage.SCORE.value, catalogue=CATALOGUE, verdicts=verdicts)
        record_store.add_issues(conn, context, [(ids[key][0], key, items, None) for key, items in found.items()], sealer)


def _issue_texts(issues: Sequence[Issue]) -> Iterable[str]:
    for issue in issues:
        if issue.field_name in PERSONAL_FIELDS:
            yield from issue_texts(issue)


def _verdicts_for(conn: Connection, record_keys: Sequence[str]) -> dict[str, Verdict]:
    live = decision_store.live_answers_about(conn, record_keys)
    return {d.question_key: _verdict(d) for d in live if d.kind == QuestionKind.ISSUE and d.answer == Answer.WAIVE}


def registry_record(facility_id: int, said: Mapping[str, Any]) -> Record:
    """A facility of the registry as a record, with the key under which it takes part in matching."""
    point, owner = said["point"], said["owner"]
    found = load_vocabularies().owners.find(owner[1]) if owner else None
    return Record(
        record_key=f"{FACILITY_PREFIX}{facility_id}", source="registry", pointer="", name=said["name"], aliases=tuple(said["aliases"]),
        facility_type=said["facility_type"], registration_number=said["registration_number"], mfl_code=said["mfl_code"],
        fid_code=said["fid_code"], keph_level=said["keph_level"], owner=found.code if found else None,
        operational_status=said["operational_status"], place=registry_place(said),
        point=Point(latitude=point[0], longitude=point[1], accuracy_level=point[2], method=point[3]) if point else None,
        contacts=tuple(Contact(contact_type=ContactType(kind), value=value, label=label, is_primary=primary) for kind, value, label, primary in said["contacts"]),
        services=tuple(said["services"]), gbv_categories=tuple(said["gbv_categories"]), address=said["address"], officer=said["officer"],
        opening_hours=said["opening_hours"], description=said["description"], visibility=Visibility(said["visibility"]),
        last_verified_at=date.fromisoformat(said["last_verified_at"]) if said["last_verified_at"] else None,
    )


def registry_place(said: Mapping[str, Any]) -> Place:
    """The administrative place of a facility; official, so without doubt."""
    return Place(county_code=said["county"], constituency_code=said["constituency"], ward_code=said["ward"], confidence=1.0, method="registry")
