"""The two stages that need the whole run: duplicates, and the score with what only many records together can tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from gvrc.checks.places import shared_points
from gvrc.checks.run import RunColumns, run_issues
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MatchOptions
from gvrc.model.issue import Issue
from gvrc.model.record import ContactType, Record, RecordState
from gvrc.model.review import Answer, Decision, QuestionKind, Relation
from gvrc.quality.profile import RunProfile
from gvrc.quality.score import NO_PLACE
from gvrc.settings import Settings
from gvrc.stages.dedupe import DedupeResult, JudgedPair, dedupe
from gvrc.staging import RUN_WIDE_STAGES, add_run_issues, registry_record, rescore
from gvrc.store import decisions as decision_store
from gvrc.store import facilities as facility_store
from gvrc.store import files as file_store
from gvrc.store import matches as match_store
from gvrc.store import quality as quality_store
from gvrc.store import records as record_store
from gvrc.store import registry as registry_store
from gvrc.store.decisions import StoredDecision
from gvrc.store.matches import PairDraft
from gvrc.store.records import StoredRecord
from gvrc.store.session import Connection

if TYPE_CHECKING:
    from gvrc.pipeline.execute import RunContext

REGISTRY_LIST = 0
"""The registry is a list of its own; files have their ids, which begin at 1."""
SCORE_CHUNK = 1000


def find_duplicates(context: RunContext) -> tuple[int, Counter[str]]:
    """Pairs of the run's records with each other and with the registry; what people answered holds. Returns the rows seen."""
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        stored = _judgeable(conn, context.run_id)
        facilities = _registry_records(conn, stored)
        records = [item.record for item in stored] + list(facilities)
        columns = MatchColumns.from_records(records, [item.file_id for item in stored] + [REGISTRY_LIST] * len(facilities))
        result = dedupe(columns, match_options(context.workshop.settings), _decisions(conn, [record.record_key for record in records]))
        ids = {item.record.record_key: item.record_id for item in stored}
        match_store.replace_pairs(conn, context.run_id, _drafts(result, ids))
        record_store.save_clusters(conn, context.run_id, _homes(result, ids))
        seen = sum(record_store.count_states(conn, context.run_id).values())
    return seen, Counter()


def match_options(settings: Settings) -> MatchOptions:
    """How this installation matches."""
    return MatchOptions(
        threshold=settings.match_threshold, review_threshold=settings.review_threshold, automatic_threshold=settings.automatic_threshold,
        registry_list=REGISTRY_LIST, workers=2,
    )


def _judgeable(conn: Connection, run_id: int) -> list[StoredRecord]:
    """The run's records that can be a place: with a name, no heading, not rejected. Two editions of one source record are one, the newest."""
    files = [file.file_id for file in file_store.load_files(conn, run_id=run_id)]
    no_place = record_store.records_with_issue(conn, run_id, NO_PLACE)
    newest: dict[str, StoredRecord] = {}
    for item in record_store.load_records(conn, file_ids=files, with_changes=False):
        if item.record.name and item.state is not RecordState.REJECTED and item.record_id not in no_place:
            newest[item.record.record_key] = item
    return list(newest.values())


def _registry_records(conn: Connection, stored: Sequence[StoredRecord]) -> list[Record]:
    """Live facilities that none of these records feeds already."""
    fed = {link.facility_id for link in registry_store.links_of(conn, record_keys=[item.record.record_key for item in stored])}
    others = [facility_id for facility_id in facility_store.live_facility_ids(conn) if facility_id not in fed]
    return [registry_record(facility_id, said) for facility_id, said in registry_store.contents(conn, others).items()] if others else []


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
            reason=pair.reason or _contest_reason(result, pair), result=explained,
        )


def _contest_reason(result: DedupeResult, pair: JudgedPair) -> str | None:
    rivals = next((contest for contest in result.contests if pair.index in contest.pairs), None)
    return None if rivals is None else f"One record, {len(rivals.partner_keys)} strong partners."


def _homes(result: DedupeResult, ids: dict[str, int]) -> dict[int, int]:
    """Record id → smallest record id of its cluster."""
    homes: dict[int, int] = {}
    for cluster in result.clusters:
        members = [ids[key] for key in cluster.members if key in ids]
        homes |= dict.fromkeys(members, min(members)) if members else {}
    return homes


def score_run(context: RunContext) -> tuple[int, Counter[str]]:
    """Issues that only the run can tell, then every record's quality score and state. Returns the rows scored."""
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        record_store.forget_issues(conn, context.run_id, RUN_WIDE_STAGES)
        files = [file.file_id for file in file_store.load_files(conn, run_id=context.run_id)]
        found = _whole_run_issues(context, conn, files)
    rows, after = 0, 0
    profiles: dict[str, RunProfile] = {}
    while True:
        with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
            chunk = record_store.load_records(conn, file_ids=files, after=after, limit=SCORE_CHUNK, with_changes=False)
            rescore(conn, context.workshop, context.run_id, chunk)
        if not chunk:
            break
        for item in chunk if context.settings.profiling else ():
            profiles.setdefault(item.record.source, RunProfile()).add([item.record])
        rows, after = rows + len(chunk), chunk[-1].record_id
        context.moved()
    _keep_statistics(context, profiles)
    return rows, found


def _whole_run_issues(context: RunContext, conn: Connection, files: Sequence[int]) -> Counter[str]:
    stored = [item for item in record_store.load_records(conn, file_ids=files, with_changes=False) if item.state is not RecordState.REJECTED]
    spoken_for = {item.record_id: item for item in stored}
    # records of one cluster are one place: what they share is not shared by several, and one of them carries the issue
    speakers = [spoken_for.get(item.cluster_id or item.record_id, item).record.record_key for item in stored]
    issues = [*run_issues(_run_columns(stored, speakers)), *_shared_points(stored, speakers)]
    ids = {item.record.record_key: (item.record_id, item.file_id) for item in stored}
    add_run_issues(conn, context.workshop, context.run_id, ids, issues)
    return Counter(issue.code for issue in issues)


def _run_columns(stored: Sequence[StoredRecord], speakers: Sequence[str]) -> RunColumns:
    contacts = [(key, contact) for key, item in zip(speakers, stored, strict=True) for contact in item.record.contacts]
    phones = [(key, contact.value) for key, contact in contacts if contact.contact_type is ContactType.PHONE]
    emails = [(key, contact.value) for key, contact in contacts if contact.contact_type is ContactType.EMAIL]
    return RunColumns(
        record_keys=speakers, mfl_codes=[item.record.mfl_code or "" for item in stored],
        registration_numbers=[item.record.registration_number or "" for item in stored], sources=[item.record.source for item in stored],
        phone_record_keys=[key for key, _ in phones], phones=[value for _, value in phones],
        email_record_keys=[key for key, _ in emails], emails=[value for _, value in emails],
    )


def _shared_points(stored: Sequence[StoredRecord], speakers: Sequence[str]) -> list[Issue]:
    placed = {key: item.record.point for key, item in zip(speakers, stored, strict=True) if item.record.point is not None}
    keys = list(placed)
    return list(shared_points(keys, [placed[key].latitude for key in keys], [placed[key].longitude for key in keys]))


def _keep_statistics(context: RunContext, profiles: Mapping[str, RunProfile]) -> None:
    """Quality per run, source and county, and the profile of every source, for trends."""
    with context.db.unit_of_work(run_id=context.run_id, reason="run") as conn:
        quality_store.save_snapshots(conn, context.run_id)
        for source, gathered in profiles.items():
            quality_store.save_profile(conn, context.run_id, source, {"fields": [asdict(field) for field in gathered.result()]})
