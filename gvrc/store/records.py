"""Standardised records and their issues: written chunk by chunk, read back for what needs the whole run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from gvrc.model.issue import Issue, IssueType
from gvrc.model.quality import QualityScore, Standing
from gvrc.model.quick import quick
from gvrc.model.record import Record, RecordState
from gvrc.store.bulk import FEW, incoming_lines, incoming_rows
from gvrc.store.codec import Sealer, digest, hashed, issue_from_row, record_from_row
from gvrc.store.copy_text import NOTHING, cell, json_cell
from gvrc.store.jsonb import dump_json
from gvrc.store.session import copy_lines
from gvrc.store.tables import QUALITY_DIMENSIONS, DeadLetter, IssueRow, RecordRow, RunFile

_COLUMNS = (
    "file_id", "row_number", "pointer", "source", "record_key", "run_id", "stage", "name", "facility_type", "county_code", "constituency_code",
    "ward_code", "latitude", "longitude", "place_confidence", "mfl_code", "visibility", "data", "changes", "content_hash", "record_hash", "state",
    "state_reason", "quality_score", *QUALITY_DIMENSIONS, "quality_parts", "points_to_gain",
)
_ISSUE_COLUMNS = (
    "record_id", "file_id", "code", "field_name", "ordinal", "severity", "dimension", "stage", "value", "detail", "suggestion", "state",
    "asks", "question_key", "evidence_hash", "decided_by", "decided_at", "why", "points",
)
_JSON, _JSON_OF_ISSUES = frozenset({"data", "changes", "quality_parts", "points_to_gain"}), frozenset({"detail", "suggestion"})
_KEPT = {"file_id", "pointer"}
_NEVER_READ = frozenset({*QUALITY_DIMENSIONS, "quality_parts", "points_to_gain"})


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDraft:
    """A standardised record on its way into the database, with the issues found on it. `quality`, `state` and `reason` are what the score stage will
    say unless other records of the run change it, `standing` what they follow from; None leaves everything to that stage."""

    record: Record
    row_number: int
    content_hash: str
    issues: Sequence[Issue] = ()
    is_rejected: bool = False
    quality: QualityScore | None = None
    state: RecordState | None = None
    reason: str | None = None
    standing: Standing | None = None
    is_short: bool = False
    """Whether it waits for review for its quality score alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person decided on an issue question: `state` fixed or waived, by whom, when, why."""

    state: str
    evidence_hash: str
    decided_by: str
    decided_at: datetime
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkContext:
    """What stays the same for all records of a chunk: run, file, the stage reached, the catalogue, and answers already given."""

    run_id: int
    file_id: int
    stage: str
    catalogue: Mapping[str, IssueType]
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A record of staging with where it stands."""

    record_id: int
    file_id: int
    row_number: int
    state: RecordState
    facility_id: int | None
    cluster_id: int | None
    quality_score: float | None
    content_hash: str
    record_hash: str
    record: Record


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIssue:
    """An issue of staging with where it stands."""

    issue_id: int
    record_id: int
    state: str
    asks: bool
    question_key: str
    evidence_hash: str
    ordinal: int
    issue: Issue


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRecord:
    """The outcome of the score stage for one record."""

    record_id: int
    state: RecordState
    reason: str | None
    quality: QualityScore
    is_short: bool = False


def save_records(conn: Connection, context: ChunkContext, drafts: Sequence[RecordDraft], sealer: Sealer) -> dict[str, int]:
    """Write a chunk: records by (file, pointer), and their issues anew. Returns record ids by record key.

    The same chunk written twice changes nothing: `updated_at` and `version` move only when the record's hash does.
    """
    records = _RecordLines(context, sealer)
    lines = [records.line(draft) for draft in drafts]
    ids = _insert_records(conn, context, drafts, lines) or _replace_records(conn, lines)
    written = _IssueLines(context, sealer)
    issues = [line for draft in drafts for line in written.lines(ids[draft.record.record_key], draft.record.record_key, draft.issues, draft.quality, is_short=draft.is_short)]
    if len(issues) > FEW:
        copy_lines(conn, "staging.issues", _ISSUE_COLUMNS, issues)
    elif issues:
        _insert_issues(conn, issues, "")
    return ids


def _insert_records(conn: Connection, context: ChunkContext, drafts: Sequence[RecordDraft], lines: Sequence[str]) -> dict[str, int] | None:
    """COPY records none of which is there yet straight into their table. None when some are, or another run of the file was faster."""
    pointers = [draft.record.pointer for draft in drafts]
    known = select(RecordRow.record_id).where(RecordRow.file_id == context.file_id, RecordRow.pointer == func.any(pointers)).limit(1)
    if conn.execute(known).first() is not None:
        return None
    ids = sorted(conn.execute(_NEXT_IDS, {"count": len(drafts)}).scalars())
    try:
        with conn.begin_nested():
            copy_lines(conn, "staging.records", ("record_id", "cluster_id", *_COLUMNS), (f"{number}\t{number}\t{line}" for number, line in zip(ids, lines, strict=True)))
    except IntegrityError:
        return None
    return {draft.record.record_key: number for draft, number in zip(drafts, ids, strict=True)}


_NEXT_IDS = text("SELECT nextval(pg_get_serial_sequence('staging.records', 'record_id')) FROM generate_series(1, :count)")


def _replace_records(conn: Connection, lines: Sequence[str]) -> dict[str, int]:
    """Write records over those of an earlier pass; their issues are dropped."""
    incoming = incoming_lines(conn, "staging.records", _COLUMNS, lines, _JSON, name="incoming_records")
    names = ", ".join(_COLUMNS)
    updates = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in _KEPT)
    changed = "(r.record_hash <> excluded.record_hash)::int"
    written = conn.execute(text(f"""
        INSERT INTO staging.records AS r ({names}) SELECT {names} FROM {incoming.source}
        ON CONFLICT (file_id, pointer) DO UPDATE SET {updates}, version = r.version + {changed}, cluster_id = r.record_id,
            updated_at = CASE WHEN r.record_hash <> excluded.record_hash THEN now() ELSE r.updated_at END
        RETURNING r.record_id, r.record_key
    """), incoming.values)  # noqa: S608 (column names of this module)
    ids = {row.record_key: row.record_id for row in written}
    conn.execute(delete(IssueRow).where(IssueRow.record_id == func.any(list(ids.values()))))
    return ids


def add_issues(
    conn: Connection, context: ChunkContext, found: Iterable[tuple[int, str, Sequence[Issue], QualityScore | None]], sealer: Sealer
) -> None:
    """Add issues to records (id, record key, issues, and the quality of which mending each would gain points, where it is known). An answer already given
    to the same question with the same evidence holds."""
    written = _IssueLines(context, sealer)
    lines = [line for record_id, record_key, issues, quality in found for line in written.lines(record_id, record_key, issues, quality)]
    if len(lines) > FEW:
        with suppress(IntegrityError), conn.begin_nested():  # they are almost always new, and then one COPY is all
            copy_lines(conn, "staging.issues", _ISSUE_COLUMNS, lines)
            return
    if lines:
        _insert_issues(conn, lines, "ON CONFLICT DO NOTHING")


def _insert_issues(conn: Connection, lines: Sequence[str], otherwise: str) -> None:
    names, incoming = ", ".join(_ISSUE_COLUMNS), incoming_lines(conn, "staging.issues", _ISSUE_COLUMNS, lines, _JSON_OF_ISSUES, name="incoming_issues")
    conn.execute(text(f"INSERT INTO staging.issues ({names}) SELECT {names} FROM {incoming.source} {otherwise}"), incoming.values)  # noqa: S608


def forget_issues(conn: Connection, run_id: int, stages: Sequence[str], besides: Collection[str]) -> None:
    """Drop the issues that these stages found on the run's records, before they look again; those of the codes `besides` stay."""
    forgotten = IssueRow.stage.in_(stages) & IssueRow.code.not_in(besides)
    conn.execute(delete(IssueRow).where(forgotten, IssueRow.file_id.in_(run_file_ids(run_id))))


def run_file_ids(run_id: int) -> Select[int]:
    """A subquery: the files of a run."""
    return select(RunFile.file_id).where(RunFile.run_id == run_id)


def records_with_issue(conn: Connection, run_id: int, codes: Collection[str]) -> set[int]:
    """Records of the run that have an open issue of these codes."""
    query = select(IssueRow.record_id).where(IssueRow.file_id.in_(run_file_ids(run_id)), IssueRow.code.in_(codes), IssueRow.state == "open")
    return set(conn.execute(query).scalars())


def drop_issues(conn: Connection, record_ids: Sequence[int], codes: Collection[str]) -> None:
    """Drop the issues of these codes on these records."""
    if record_ids:
        conn.execute(delete(IssueRow).where(IssueRow.record_id == func.any(list(record_ids)), IssueRow.code.in_(codes)))


def load_records(
    conn: Connection, *, record_ids: Sequence[int] | None = None, file_ids: Sequence[int] | None = None, after: int = 0, limit: int | None = None,
    with_changes: bool = True,
) -> list[StoredRecord]:
    """Records by id, or of files, in the order of their ids; contacts and the like are vault ids. The changes are left out on request."""
    left_out = _NEVER_READ if with_changes else _NEVER_READ | {"changes"}
    query = select(*(column for column in RecordRow.__table__.columns if column.name not in left_out)).where(RecordRow.record_id > after).order_by(RecordRow.record_id)
    if record_ids is not None:
        query = query.where(RecordRow.record_id == func.any(list(record_ids)))
    if file_ids is not None:
        query = query.where(RecordRow.file_id.in_(file_ids))
    return [_stored(row._asdict()) for row in conn.execute(query if limit is None else query.limit(limit))]


def set_issue_states(conn: Connection, record_ids: Sequence[int], states: Mapping[str, str]) -> None:
    """Where issues of these records stand now: question key → open, fixed or waived."""
    for question_key, state in states.items():
        conn.execute(update(IssueRow).where(IssueRow.record_id.in_(record_ids), IssueRow.question_key == question_key).values(state=state))


def load_issues(conn: Connection, record_ids: Sequence[int]) -> dict[int, list[StoredIssue]]:
    """The issues of records, by record id."""
    query = (
        select(*IssueRow.__table__.columns, RecordRow.record_key).join(RecordRow, RecordRow.record_id == IssueRow.record_id)
        .where(IssueRow.record_id == func.any(list(record_ids))).order_by(IssueRow.issue_id)
    )
    found: dict[int, list[StoredIssue]] = {}
    for row in conn.execute(query):
        found.setdefault(row.record_id, []).append(_stored_issue(row._asdict()))
    return found


def load_issue(conn: Connection, run_id: int, question_key: str) -> StoredIssue | None:
    """The issue of the run behind a question, or None when it is not there (any more)."""
    query = (
        select(*IssueRow.__table__.columns, RecordRow.record_key).join(RecordRow, RecordRow.record_id == IssueRow.record_id)
        .where(IssueRow.question_key == question_key, IssueRow.file_id.in_(run_file_ids(run_id))).limit(1)
    )
    row = conn.execute(query).one_or_none()
    return _stored_issue(row._mapping) if row else None


def alike_questions(conn: Connection, run_id: int, question_key: str, counties: Collection[str]) -> list[str]:
    """The keys of the run's open questions about the same kind of issue with the same shown suggestion, this one first, then the order of
    the records. Sealed suggestions are the same when their vault ids are. `counties` limits it to records in these (empty: everywhere).
    Empty when the question is not open or has no suggestion."""
    query = text("""
        SELECT i.question_key FROM staging.issues own
        JOIN staging.issues i ON i.code = own.code AND i.field_name = own.field_name AND i.suggestion -> 'shown' = own.suggestion -> 'shown'
        JOIN staging.records r ON r.record_id = i.record_id
        WHERE own.question_key = :key AND own.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)
        AND i.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)
        AND i.asks AND i.state = 'open' AND r.state <> 'rejected' AND (:everywhere OR r.county_code = ANY(:counties))
        ORDER BY i.question_key <> :key, i.record_id, i.issue_id
    """)
    values = {"run_id": run_id, "key": question_key, "everywhere": not counties, "counties": sorted(counties)}
    found = list(dict.fromkeys(conn.execute(query, values).scalars()))
    return found if question_key in found else []


def find_records(conn: Connection, run_id: int, record_keys: Sequence[str]) -> list[StoredRecord]:
    """The run's records with these keys."""
    query = select(*RecordRow.__table__.columns).where(RecordRow.record_key.in_(record_keys), RecordRow.file_id.in_(run_file_ids(run_id)))
    return [_stored(row._mapping) for row in conn.execute(query)]


def keep_run_wide_issues(conn: Connection, record_id: int) -> list[dict[str, Any]]:
    """The issues of a record that only the whole run can tell, to be put back after the record was made anew."""
    query = select(*(column for column in IssueRow.__table__.columns if column.name != "issue_id"))
    rows = conn.execute(query.where(IssueRow.record_id == record_id, IssueRow.stage.in_(("dedupe", "score"))))
    return [dict(row._mapping) for row in rows]


def restore_run_wide_issues(conn: Connection, record_id: int, kept: Sequence[Mapping[str, Any]]) -> None:
    """Put back what `keep_run_wide_issues` took, unless it is there again."""
    if kept:
        conn.execute(upsert(IssueRow).on_conflict_do_nothing(), [dict(row) | {"record_id": record_id} for row in kept])


def save_scores(conn: Connection, scored: Sequence[ScoredRecord], catalogue: Mapping[str, IssueType], *, repriced: Collection[int] | None = None) -> None:
    """Write quality scores, points to gain and states, and which issues ask. A ready record whose content the registry already holds counts as committed.
    `repriced` are the records whose standing issues gain other points than they did, or ask now (None: perhaps all)."""
    columns = ("record_id", "state", "state_reason", "quality_score", *QUALITY_DIMENSIONS, "quality_parts", "points_to_gain")
    # its size must be known: else PostgreSQL reads every issue of every run for each chunk instead of those of these records
    incoming = incoming_rows(conn, "staging.records", columns, map(_score_row, scored), name="incoming_scores")
    conn.execute(text(f"""
        UPDATE staging.records AS r SET state_reason = i.state_reason, quality_score = i.quality_score, quality_parts = i.quality_parts,
            {", ".join(f"{name} = i.{name}" for name in QUALITY_DIMENSIONS)}, points_to_gain = i.points_to_gain, facility_id = coalesce(s.facility_id, r.facility_id),
            stage = CASE WHEN r.stage = 'enrich' THEN 'score' ELSE r.stage END,
            state = CASE WHEN i.state = 'ready' AND s.record_hash = r.record_hash THEN 'committed' ELSE i.state END
        FROM {incoming.source} AS i JOIN staging.records AS own ON own.record_id = i.record_id LEFT JOIN facility_sources AS s ON s.record_key = own.record_key
        WHERE r.record_id = i.record_id
    """), incoming.values)  # noqa: S608
    if repriced is not None and not repriced:
        return
    asks = "(x.code = ANY(:asking) OR (x.record_id = ANY(CAST(:short AS bigint[])) AND (x.suggestion IS NOT NULL OR x.code = ANY(:asking_when_short))))"
    conn.execute(text(f"""
        UPDATE staging.issues AS x SET points = (i.points_to_gain ->> x.code)::float, asks = {asks} FROM {incoming.source} AS i
        WHERE x.record_id = i.record_id AND x.state = 'open' AND (x.points IS DISTINCT FROM (i.points_to_gain ->> x.code)::float OR x.asks <> {asks})
        AND (CAST(:repriced AS bigint[]) IS NULL OR x.record_id = ANY(CAST(:repriced AS bigint[])))
    """), {  # noqa: S608
        **incoming.values, "repriced": None if repriced is None else sorted(repriced), "short": [each.record_id for each in scored if each.is_short],
        "asking": [code for code, known in catalogue.items() if known.asks],
        "asking_when_short": [code for code, known in catalogue.items() if known.asks_when_short],
    })  # fmt: skip


def as_saved(conn: Connection, run_id: int, record_ids: Sequence[int]) -> set[int]:
    """Those of these records that stand as this run wrote them: nobody answered on them meanwhile, and nothing scored them anew."""
    query = select(RecordRow.record_id).where(RecordRow.record_id == func.any(list(record_ids)), RecordRow.run_id == run_id, RecordRow.stage == "enrich")
    return set(conn.execute(query).scalars())


def state_of(record: str, run: str = "run_id") -> str:
    """SQL: where a staged record (its name in the statement) stands. What was scored when it was written has its state already; until the score stage of
    its run is done, and it was not scored anew, it counts as new all the same: other records of the run may still change it. To write states twice would
    write every record twice. With `run` (SQL of a number) only what that run wrote counts so."""
    return f"""CASE WHEN {record}.stage = 'enrich' AND {record}.state IN ('ready', 'to_review', 'held')
        AND {record}.run_id = ANY(ARRAY(SELECT run_id FROM ops.stage_reports WHERE stage = 'score' AND status <> 'done' AND run_id = {run}))
        THEN 'new' ELSE {record}.state END"""  # noqa: S608 (fragments of this program)


def any_facility(conn: Connection) -> bool:
    """Whether any source record feeds a facility."""
    return bool(conn.execute(text("SELECT EXISTS (SELECT FROM facility_sources)")).scalar_one())


def note_known(conn: Connection, run_id: int, first: int, last: int) -> None:
    """Give the records of the run with these ids, among those that were scored when they were written, the facilities that they feed. A ready one whose
    content the registry already holds counts as committed; one that a steward answered on meanwhile has its state already."""
    conn.execute(text("""
        UPDATE staging.records AS r SET facility_id = s.facility_id,
            state = CASE WHEN r.state = 'ready' AND s.record_hash = r.record_hash THEN 'committed' ELSE r.state END
        FROM facility_sources AS s
        WHERE s.record_key = r.record_key AND r.record_id BETWEEN :first AND :last AND r.run_id = :run_id AND r.stage = 'enrich'
        AND r.state IN ('ready', 'to_review', 'held')
    """), {"run_id": run_id, "first": first, "last": last})


def part_clusters(conn: Connection, run_id: int) -> None:
    """Every record of the run stands alone, as it does when it is written."""
    elsewhere = RecordRow.file_id.in_(run_file_ids(run_id)) & RecordRow.cluster_id.is_distinct_from(RecordRow.record_id)
    conn.execute(update(RecordRow).where(elsewhere).values(cluster_id=RecordRow.record_id))


def load_clusters(conn: Connection, run_id: int) -> dict[int, int]:
    """The clusters of the run's records that do not stand alone: record id → smallest record id."""
    query = select(RecordRow.record_id, RecordRow.cluster_id).where(RecordRow.file_id.in_(run_file_ids(run_id)), RecordRow.cluster_id != RecordRow.record_id)
    return {row.record_id: row.cluster_id for row in conn.execute(query)}


def set_clusters(conn: Connection, clusters: Mapping[int, int]) -> None:
    """Write which of these records are one place: record id → smallest record id of its cluster."""
    if clusters:
        incoming = incoming_rows(conn, "staging.records", ("record_id", "cluster_id"), clusters.items(), name="incoming_clusters")
        conn.execute(text(f"UPDATE staging.records AS r SET cluster_id = i.cluster_id FROM {incoming.source} AS i WHERE r.record_id = i.record_id"), incoming.values)  # noqa: S608


def count_states(conn: Connection, run_id: int) -> dict[str, int]:
    """How many records of the run stand in which state. What another run of the same files is writing anew stands as it is."""
    query = text(f"""
        SELECT {state_of("r", ":run_id")} AS state, count(*) AS records FROM staging.records r JOIN staging.run_files f USING (file_id) WHERE f.run_id = :run_id GROUP BY 1
    """)  # noqa: S608 (fragments of this program)
    return {row.state: row.records for row in conn.execute(query, {"run_id": run_id})}


def question_key_of(record_key: str, issue: Issue, ordinal: int) -> str:
    """The name of an issue question, the same in every edition of the list."""
    return digest(["issue", record_key, issue.code, issue.field_name, ordinal])


class _RecordLines:
    """Writes the records of a chunk as lines of staging.records."""

    def __init__(self, context: ChunkContext, sealer: Sealer) -> None:
        self._context, self._sealer = context, sealer
        self._qualities: dict[int, str] = {}
        self._reached = f"{context.run_id}\t{context.stage}"

    def line(self, draft: RecordDraft) -> str:
        """The columns of a record, without its id."""
        record, place, point = draft.record, draft.record.place, draft.record.point
        said = (
            record.name, record.facility_type, place.county_code, place.constituency_code, place.ward_code,
            point.latitude if point else None, point.longitude if point else None, place.confidence, record.mfl_code, str(record.visibility),
        )
        fingerprint, data = hashed(said, self._sealer.data(record))
        changes = json_cell(dump_json(self._sealer.changes(record))) if record.changes else "[]"
        return (
            f"{self._context.file_id}\t{draft.row_number}\t{cell(record.pointer)}\t{cell(record.source)}\t{cell(record.record_key)}\t{self._reached}\t"
            f"{cell(record.name)}\t{cell(record.facility_type)}\t{cell(place.county_code)}\t{cell(place.constituency_code)}\t{cell(place.ward_code)}\t"
            f"{_number(said[5])}\t{_number(said[6])}\t{_number(place.confidence)}\t{cell(record.mfl_code)}\t{said[9]}\t{json_cell(data)}\t{changes}\t"
            f"{cell(draft.content_hash)}\t{fingerprint}\t{RecordState.REJECTED if draft.is_rejected else draft.state or RecordState.NEW}\t{cell(draft.reason)}\t{self._quality(draft.quality)}"
        )

    def _quality(self, quality: QualityScore | None) -> str:
        """Records with the same facts share their score; it is written out once. Drafts hold theirs while a chunk is saved, so its identity is its name."""
        cells = self._qualities.get(id(quality))
        if cells is None:
            *values, parts, points = _quality_row(quality)
            cells = self._qualities[id(quality)] = "\t".join([*map(_number, values), json_cell(dump_json(parts)), json_cell(dump_json(points))])
        return cells


def _number(value: float | None) -> str:
    return NOTHING if value is None else repr(float(value))


def _quality_row(quality: QualityScore | None) -> tuple[Any, ...]:
    """Quality score, the value of each dimension, the parts with their reasons, and points to gain as columns."""
    if quality is None:
        return None, *(None for _ in QUALITY_DIMENSIONS), [], {}
    values = {part.dimension: part.value for part in quality.parts}
    return quality.total, *map(values.get, QUALITY_DIMENSIONS), [part.to_row() for part in quality.parts], quality.points_to_gain


class _IssueLines:
    """Writes the issues of a chunk as lines of staging.issues."""

    def __init__(self, context: ChunkContext, sealer: Sealer) -> None:
        self._context, self._sealer = context, sealer
        self._types: dict[str, tuple[str, str]] = {}
        self._bare: dict[tuple[str, str | None], str] = {}

    def lines(self, record_id: int, record_key: str, issues: Sequence[Issue], quality: QualityScore | None = None, *, is_short: bool = False) -> Iterator[str]:
        """The columns of each issue of a record; with its quality, the points that mending each would gain. `is_short`: it waits for its score alone."""
        context = self._context
        points = quality.points_to_gain if quality is not None else {}
        seen: dict[tuple[str, str], int] = {}
        for issue in issues:
            code, field_name = issue.code, issue.field_name
            ordinal = seen.get((code, field_name), 0)
            seen[code, field_name] = ordinal + 1
            known, asks = self._types.get(code) or self._type(code)
            key = question_key_of(record_key, issue, ordinal)
            value, detail, suggestion = self._sealer.issue(issue)
            if is_short and asks == "f" and (suggestion is not None or context.catalogue[code].asks_when_short):
                asks = "t"
            evidence = digest([code, value, detail]) if detail else self._bare.get((code, value)) or self._bare_evidence(code, value)
            verdict = context.verdicts.get(key) if context.verdicts else None
            if verdict is not None and verdict.evidence_hash == evidence:
                state, answer = verdict.state, f"{cell(verdict.decided_by)}\t{verdict.decided_at.isoformat()}\t{cell(verdict.why)}\t{NOTHING}"
            else:
                state, answer = "open", f"{_UNANSWERED}{_number(points.get(code))}"
            yield (
                f"{record_id}\t{context.file_id}\t{code}\t{cell(field_name)}\t{ordinal}\t{known}\t{cell(value)}\t{json_cell(dump_json(detail)) if detail else '{}'}\t"
                f"{NOTHING if suggestion is None else json_cell(dump_json(suggestion))}\t{state}\t{asks}\t{key}\t{evidence}\t{answer}"
            )

    def _type(self, code: str) -> tuple[str, str]:
        """The cells that all issues of a code have in common."""
        issue_type = self._context.catalogue[code]
        told = self._types[code] = (f"{issue_type.severity}\t{issue_type.dimension}\t{issue_type.stage}", "t" if issue_type.asks else "f")
        return told

    def _bare_evidence(self, code: str, value: str | None) -> str:
        """The evidence of an issue without a detail, which many records have in common."""
        evidence = self._bare[code, value] = digest([code, value, {}])
        return evidence


_UNANSWERED = f"{NOTHING}\t{NOTHING}\t{NOTHING}\t"
"""By whom, when and why an issue was decided that nobody decided on."""


def _score_row(scored: ScoredRecord) -> tuple[Any, ...]:
    return (scored.record_id, scored.state.value, scored.reason, *_quality_row(scored.quality))


def _stored(row: Mapping[Any, Any]) -> StoredRecord:
    return StoredRecord(
        record_id=row["record_id"], file_id=row["file_id"], row_number=row["row_number"], state=RecordState(row["state"]),
        facility_id=row["facility_id"], cluster_id=row["cluster_id"], quality_score=row["quality_score"], content_hash=row["content_hash"],
        record_hash=row["record_hash"], record=record_from_row(row),
    )


def _stored_issue(row: Mapping[Any, Any]) -> StoredIssue:
    return StoredIssue(
        issue_id=row["issue_id"], record_id=row["record_id"], state=row["state"], asks=row["asks"], question_key=row["question_key"],
        evidence_hash=row["evidence_hash"], ordinal=row["ordinal"], issue=issue_from_row(row, row["record_key"]),
    )


def count_issues(conn: Connection, run_id: int) -> dict[str, int]:
    """How many open issues of which kind the run's records have."""
    query = select(IssueRow.code, func.count().label("issues")).where(IssueRow.file_id.in_(run_file_ids(run_id)), IssueRow.state == "open")
    return {row.code: row.issues for row in conn.execute(query.group_by(IssueRow.code).order_by(func.count().desc(), IssueRow.code))}


def count_open_questions(conn: Connection, run_id: int) -> int:
    """How many issues of the run wait for a person's answer."""
    query = select(func.count()).select_from(IssueRow).join(RecordRow, RecordRow.record_id == IssueRow.record_id)
    waiting = query.where(IssueRow.file_id.in_(run_file_ids(run_id)), IssueRow.state == "open", IssueRow.asks, RecordRow.state != "rejected")
    return conn.execute(waiting).scalar_one()


def count_dead_letters(conn: Connection, run_id: int) -> int:
    """How many rows of the run could not be taken at all; one whose record of an earlier pass still stands is counted there."""
    has_record = select(RecordRow.record_id).where(RecordRow.file_id == DeadLetter.file_id, RecordRow.pointer == DeadLetter.pointer).exists()
    query = select(func.count()).where(DeadLetter.file_id.in_(run_file_ids(run_id)), DeadLetter.state == "open", DeadLetter.stage != "commit", ~has_record)
    return conn.execute(query).scalar_one()


def mean_quality(conn: Connection, run_id: int) -> dict[str, float]:
    """The mean of each quality dimension over the run's records, and of the total."""
    means = ", ".join(f"round(avg({name})::numeric, 1) AS {name}" for name in QUALITY_DIMENSIONS)
    query = text(f"""
        SELECT {means}, round(avg(quality_score)::numeric, 1) AS total FROM staging.records
        WHERE file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id)
    """)  # noqa: S608 (names of this program)
    return {name: float(mean) for name, mean in conn.execute(query, {"run_id": run_id}).one()._mapping.items() if mean is not None}
