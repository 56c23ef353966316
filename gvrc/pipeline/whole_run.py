"""The two stages that need the whole run: duplicates, and the score with what only many records together can tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import structlog

from gvrc.checks.places import shared_points
from gvrc.checks.run import RunColumns, run_issues
from gvrc.heap import no_sweeps
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MOST_PARTNERS, MatchOptions
from gvrc.matching.partitions import cluster as dask_cluster
from gvrc.model.issue import Issue
from gvrc.model.record import RecordState
from gvrc.model.review import Answer, Decision, QuestionKind, Relation
from gvrc.pipeline.foresight import Places, RunRow
from gvrc.pipeline.statistics import RunStatistics, Shapes, SourceGatherings
from gvrc.quality.score import NO_PLACE
from gvrc.settings import Settings
from gvrc.stages.dedupe import DedupeResult, dedupe
from gvrc.staging import FINAL_CODES, RUN_WIDE_STAGES, ToldAnew, add_run_issues, matcher_tables, registry_record, rescore, score_told
from gvrc.store import decisions as decision_store
from gvrc.store import facilities as facility_store
from gvrc.store import files as file_store
from gvrc.store import matches as match_store
from gvrc.store import records as record_store
from gvrc.store import registry as registry_store
from gvrc.store.decisions import StoredDecision
from gvrc.store.matches import PairDraft
from gvrc.store.records import StoredRecord
from gvrc.store.session import Connection

if TYPE_CHECKING:
    from gvrc.pipeline.execute import RunContext

log = structlog.get_logger("gvrc.pipeline")
REGISTRY_LIST = 0
"""The registry is a list of its own; files have their ids, which begin at 1."""
SCORE_CHUNK = 1000
TOLD_CHUNK = 4_000
"""Records that are scored anew by what is at hand in one transaction."""
RESCORERS = 2
"""Threads that score records anew: one works while the database writes for the other."""
PATIENCE_RECORDS = 100_000
"""Records for which looking for duplicates may take as long again as a chunk may."""
READ_CHUNK = 5_000
"""Records that are read back at a time."""
SETTLE_CHUNK = 10_000
"""Records that get the facilities they feed in one transaction."""


def records_together(context: RunContext) -> int:
    """How many records the stages of the whole run look at together: those of the run and of the registry."""
    with context.db.read() as conn:
        return sum(file.records or 0 for file in file_store.load_files(conn, run_id=context.run_id)) + facility_store.count_live(conn)


def find_duplicates(context: RunContext) -> tuple[int, Counter[str]]:
    """Pairs of the run's records with each other and with the registry; what people answered holds. Returns the rows seen."""
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        states = record_store.count_states(conn, context.run_id)
        places = context.foresight.places() if context.foresight.holds(states) else None
        ids, own = places or _judgeable(conn, context.run_id)
        facilities = _registry_columns(conn, list(ids))
        columns = MatchColumns.joined([own, *facilities]) if facilities else own
        decisions = _decisions(conn, columns.keys.tolist())
        settings = context.workshop.settings
        patience = 1 + len(columns) // PATIENCE_RECORDS
        with no_sweeps(), dask_cluster(settings.dask_scheduler) as executor, context.heartbeat.time_limit("looking for duplicates", times=patience):
            result = dedupe(columns, match_options(settings), decisions, executor=executor, tables=matcher_tables(conn))
        if result.matches.left_out:
            log.warning("pairs of crowds left out", pairs=result.matches.left_out, kept_of_a_record=MOST_PARTNERS)
        match_store.replace_pairs(conn, context.run_id, _drafts(result, ids))
        context.foresight.homes = homes = _homes(result, ids)
        if places is None:
            record_store.part_clusters(conn, context.run_id)
        record_store.set_clusters(conn, homes)
    return sum(states.values()), Counter()


def match_options(settings: Settings) -> MatchOptions:
    """How this installation matches."""
    return MatchOptions(
        threshold=settings.match_threshold, review_threshold=settings.review_threshold, automatic_threshold=settings.automatic_threshold,
        registry_list=REGISTRY_LIST, workers=2,
    )


def _judgeable(conn: Connection, run_id: int) -> Places:
    """The run's records that can be a place: with a name, no heading, not rejected. Two editions of one source record are one, the newest."""
    files = [file.file_id for file in file_store.load_files(conn, run_id=run_id)]
    no_place = record_store.records_with_issue(conn, run_id, NO_PLACE)
    parts: list[MatchColumns] = []
    said: dict[object, object] = {}  # what many records say is kept once
    ids: list[int] = []
    for chunk in _stored(conn, files):
        places = [item for item in chunk if item.record.name and item.state is not RecordState.REJECTED and item.record_id not in no_place]
        part = MatchColumns.from_records([item.record for item in places], [item.file_id for item in places])
        parts.append(part.sharing(said))
        ids += [item.record_id for item in places]
    columns = MatchColumns.strung(parts)
    newest = {key: row for row, key in enumerate(columns.keys.tolist())}
    if len(newest) < len(ids):
        columns = columns.taken(np.fromiter(newest.values(), dtype=np.int32, count=len(newest)))
    return Places({key: ids[row] for key, row in newest.items()}, columns)


def _stored(conn: Connection, files: Sequence[int]) -> Iterator[list[StoredRecord]]:
    """The records of files, READ_CHUNK at a time: whole, those of a million would take some gigabytes."""
    after = 0
    while chunk := record_store.load_records(conn, file_ids=files, after=after, limit=READ_CHUNK, with_changes=False):
        yield chunk
        after = chunk[-1].record_id


def _registry_columns(conn: Connection, keys: Sequence[str]) -> list[MatchColumns]:
    """Live facilities that none of these records feeds already."""
    standing = facility_store.live_facility_ids(conn)
    if not standing:
        return []
    fed = {link.facility_id for link in registry_store.links_of(conn, record_keys=keys)}
    others = [facility_id for facility_id in standing if facility_id not in fed]
    parts = []
    for start in range(0, len(others), READ_CHUNK):
        said = registry_store.contents(conn, others[start : start + READ_CHUNK])
        parts.append(MatchColumns.from_records([registry_record(facility_id, each) for facility_id, each in said.items()], [REGISTRY_LIST] * len(said)))
    return parts


def _decisions(conn: Connection, keys: Sequence[str]) -> list[Decision]:
    if not decision_store.any_decisions(conn):
        return []
    return [_decision(stored) for stored in decision_store.live_decisions(conn, record_keys=keys) if stored.kind == QuestionKind.DUPLICATE]


def _decision(stored: StoredDecision) -> Decision:
    return Decision(
        question_key=stored.question_key, kind=QuestionKind(stored.kind), record_keys=tuple(stored.record_keys), answer=Answer(stored.answer),
        evidence_hash=stored.evidence_hash, decided_by=stored.decided_by, relation=Relation(stored.relation) if stored.relation else None,
        decision_id=stored.decision_id, decided_at=stored.decided_at,
    )


def _drafts(result: DedupeResult, ids: dict[str, int]) -> Iterator[PairDraft]:
    for pair in result.pairs:
        explained = result.explain(pair)
        left, right = ids.get(pair.left_key), ids.get(pair.right_key)
        if left is None and right is None:
            continue
        yield PairDraft(
            question_key=pair.question_key, left_record_id=left, right_record_id=right, evidence_hash=pair.evidence_hash, is_open=pair.is_open,
            pair_state=pair.state.value, relation=pair.relation.value if pair.relation else None, is_sample=pair.is_sample, priority=pair.priority,
            reason=pair.reason or None, result=explained,
        )


def _homes(result: DedupeResult, ids: dict[str, int]) -> dict[int, int]:
    """Record id → smallest record id of its cluster."""
    homes: dict[int, int] = {}
    for cluster in result.clusters:
        members = [ids[key] for key in cluster.members if key in ids]
        homes |= dict.fromkeys(members, min(members)) if members else {}
    return homes


def score_run(context: RunContext, shapes: Shapes) -> tuple[int, Counter[str]]:
    """Issues that only the run can tell, then every record's quality score and state. Returns the rows scored."""
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        record_store.forget_issues(conn, context.run_id, RUN_WIDE_STAGES, besides=FINAL_CODES)
        files = [file.file_id for file in file_store.load_files(conn, run_id=context.run_id)]
        states = record_store.count_states(conn, context.run_id)
        is_foreseen = context.foresight.holds(states)
        rows = context.foresight.rows if is_foreseen and context.foresight.keeps_rows else _run_rows(conn, files)
        issues = _whole_run_issues(context, conn, rows)
        if not is_foreseen:
            add_run_issues(conn, context.workshop, context.run_id, {row.record_key: (row.record_id, row.file_id) for row in rows}, issues)
        asked = match_store.records_in_question(conn, context.run_id)
    if is_foreseen:
        _settle(context, rows, issues, asked)
        gatherings = context.foresight.gatherings
    else:
        gatherings = _score_all(context, files)
    RunStatistics(context, gatherings, shapes).keep()
    return sum(states.values()), Counter(issue.code for issue in issues)


def _settle(context: RunContext, rows: Sequence[RunRow], issues: Sequence[Issue], asked: Collection[int]) -> None:
    """Every record was scored when it was saved and has its state: what the registry holds already is noted, what the whole run told is scored anew."""
    with context.db.read() as conn:
        is_registry_empty = not record_store.any_facility(conn)
    ids = [] if is_registry_empty else sorted(row.record_id for row in rows)
    for start in range(0, len(ids), SETTLE_CHUNK):
        chunk = ids[start : start + SETTLE_CHUNK]
        with context.heartbeat.time_limit(f"noting what is known of {len(chunk):,} records"):
            context.db.retrying(partial(_note_known, context, chunk[0], chunk[-1]))
        context.moved()
    speaking = {row.record_key: row.record_id for row in rows}  # of several editions of a record the last
    by_record: dict[int | None, list[Issue]] = {}
    for issue in issues:
        by_record.setdefault(speaking.get(issue.record_key or ""), []).append(issue)
    told = [(row, by_record.get(row.record_id, ())) for row in rows if row.record_id in by_record or row.record_id in asked]
    told.sort(key=lambda each: each[0].record_id)
    chunks = [told[start : start + TOLD_CHUNK] for start in range(0, len(told), TOLD_CHUNK)]
    with ThreadPoolExecutor(max_workers=RESCORERS, thread_name_prefix="score") as pool:
        for _done in pool.map(lambda known, chunk: known.run(_score_told, context, chunk, asked), [copy_context() for _ in chunks], chunks):
            context.moved()


def _score_told(context: RunContext, chunk: Sequence[tuple[RunRow, Sequence[Issue]]], asked: Collection[int]) -> None:
    """Save the issues that the whole run told of records, and score them anew: by what is at hand, or read back where that does not do."""
    quick = [
        ToldAnew(record_id=row.record_id, file_id=row.file_id, record_key=row.record_key, standing=row.standing, issues=told, is_asked=row.record_id in asked)
        for row, told in chunk if row.standing is not None
    ]
    with context.heartbeat.time_limit(f"scoring {len(chunk):,} records"), context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        left = {each.record_id for each in score_told(conn, context.workshop, context.run_id, quick)} if quick else set()
        slow = [(row, told) for row, told in chunk if row.standing is None or row.record_id in left]
        if not slow:
            return
        ids = {row.record_key: (row.record_id, row.file_id) for row, _told in slow}
        add_run_issues(conn, context.workshop, context.run_id, ids, [issue for _row, told in slow for issue in told])
        rescore(conn, context.workshop, context.run_id, record_store.load_records(conn, record_ids=[row.record_id for row, _told in slow], with_changes=False))


def _note_known(context: RunContext, first: int, last: int) -> None:
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        record_store.note_known(conn, context.run_id, first, last)


def _score_all(context: RunContext, files: Sequence[int]) -> SourceGatherings:
    """Score every record of the run, chunk by chunk."""
    gatherings, after = SourceGatherings(context.settings), 0
    while True:
        with context.heartbeat.time_limit("scoring 1,000 records"), context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
            chunk = record_store.load_records(conn, file_ids=files, after=after, limit=SCORE_CHUNK, with_changes=False)
            rescore(conn, context.workshop, context.run_id, chunk)
        if not chunk:
            return gatherings
        gatherings.add((item.record_id, item.record) for item in chunk)
        after = chunk[-1].record_id
        context.moved()


def _run_rows(conn: Connection, files: Sequence[int]) -> list[RunRow]:
    return [
        RunRow.of(item.record_id, item.file_id, item.record)
        for chunk in _stored(conn, files) for item in chunk if item.state is not RecordState.REJECTED
    ]


def _whole_run_issues(context: RunContext, conn: Connection, rows: Sequence[RunRow]) -> list[Issue]:
    """The issues that only the run can tell, of records of the run."""
    keys = {row.record_id: row.record_key for row in rows}
    homes = record_store.load_clusters(conn, context.run_id) if context.foresight.homes is None else context.foresight.homes
    # records of one cluster are one place: what they share is not shared by several, and one of them carries the issue
    speakers = [keys.get(homes.get(row.record_id, row.record_id), row.record_key) for row in rows]
    return [*run_issues(_run_columns(rows, speakers)), *_shared_points(rows, speakers)]


def _run_columns(rows: Sequence[RunRow], speakers: Sequence[str]) -> RunColumns:
    phones = [(key, value) for key, row in zip(speakers, rows, strict=True) for value in row.phones]
    emails = [(key, value) for key, row in zip(speakers, rows, strict=True) for value in row.emails]
    return RunColumns(
        record_keys=speakers, mfl_codes=[row.mfl_code for row in rows], fid_codes=[row.fid_code for row in rows], names=[row.name for row in rows],
        registration_numbers=[row.registration_number for row in rows], sources=[row.source for row in rows],
        phone_record_keys=[key for key, _ in phones], phones=[value for _, value in phones],
        email_record_keys=[key for key, _ in emails], emails=[value for _, value in emails],
    )


def _shared_points(rows: Sequence[RunRow], speakers: Sequence[str]) -> list[Issue]:
    placed = {key: row.point for key, row in zip(speakers, rows, strict=True) if row.point is not None}
    return list(shared_points(list(placed), [point[0] for point in placed.values()], [point[1] for point in placed.values()]))
