"""What a steward does: answer, undo, claim. Every answer is on disk before the function returns."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from gvrc.errors import NotAllowedError, ReviewError, StaleItemError
from gvrc.matching.clusters import Judgements, clusters
from gvrc.model.access import Actor
from gvrc.model.match import Band
from gvrc.model.record import PERSONAL_FIELDS, RecordState
from gvrc.model.review import DUPLICATE_ANSWERS, ISSUE_ANSWERS, Answer, QuestionKind, Relation
from gvrc.security.crypto import KeyRing
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.stages.dedupe import PairState
from gvrc.stages.standardise import ROW_STAGES
from gvrc.staging import Workshop, open_workshop, raw_fingerprint, rescore, save_rows, seal_texts, unseal
from gvrc.store import decisions as decision_store
from gvrc.store import files as file_store
from gvrc.store import matches as match_store
from gvrc.store import raw as raw_store
from gvrc.store import records as record_store
from gvrc.store.codec import replace_texts, texts_in
from gvrc.store.decisions import DecisionDraft, StoredDecision
from gvrc.store.matches import StoredPair
from gvrc.store.records import StoredIssue, StoredRecord
from gvrc.store.session import Connection, Database

STATE_OF_ANSWER: Mapping[Answer, PairState] = {
    Answer.SAME: PairState.SAME, Answer.DIFFERENT: PairState.DIFFERENT, Answer.RELATED: PairState.RELATED, Answer.UNSURE: PairState.PARKED,
}
NEIGHBOURS = 50
"""Rows on each side that are read with a row that is made anew: whether a stated county can be trusted is told from its list."""
DROPPED = "dropped"
"""A pair one side of which a person rejected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerIn:
    """An answer on its way in. `seen_evidence` is the fingerprint of what the person saw; when given and outdated, the answer is refused."""

    key: str
    answer: Answer
    values: dict[str, Any] = field(default_factory=dict)
    relation: Relation | None = None
    note: str | None = None
    seen_evidence: str | None = None
    seconds_taken: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer that was not taken, and why, in words."""

    key: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideOutcome:
    """How many answers were taken, which were refused, and the ids of the decisions made."""

    applied: int
    refused: tuple[Refusal, ...]
    decision_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikePreview:
    """Open questions that wait for the same answer: the same kind of issue with the same shown suggestion, the one asked about first.

    `gvrc.views.questions.questions_by_key` tells them in words.
    """

    keys: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One steward at work on one run, inside one transaction. Answers given together carry the same `batch`."""

    conn: Connection
    workshop: Workshop
    actor: Actor
    run_id: int
    batch: str | None = None


def decide(db: Database, settings: Settings, actor: Actor, run_id: int, answers: Sequence[AnswerIn]) -> DecideOutcome:
    """Take answers, each in a transaction of its own; those that cannot be taken are told with the reason and change nothing."""
    require(actor, Permission.DECIDE)
    return _decide_each(db, settings, actor, run_id, answers)


def _decide_each(db: Database, settings: Settings, actor: Actor, run_id: int, answers: Sequence[AnswerIn], batch: str | None = None) -> DecideOutcome:
    refused, ids = [], []
    for answer in answers:
        try:
            ids.append(_at_desk(db, settings, actor, run_id, partial(_decide_one, answer=answer), batch))
        except (ReviewError, NotAllowedError) as error:
            refused.append(Refusal(key=answer.key, why=str(error)))
    return DecideOutcome(applied=len(ids), refused=tuple(refused), decision_ids=tuple(ids))


def alike(db: Database, settings: Settings, actor: Actor, run_id: int, key: str) -> AlikePreview:
    """The open questions of a run that the answer to this one would answer too, within the counties of the account. None when this one is
    not open or has no suggestion. Raises NotAllowedError."""
    require(actor, Permission.DECIDE)
    with db.read() as conn:
        return AlikePreview(keys=tuple(record_store.alike_questions(conn, run_id, key, actor.counties)))


def accept_alike(db: Database, settings: Settings, actor: Actor, run_id: int, key: str, seen_keys: Sequence[str]) -> DecideOutcome:
    """Accept the suggestion of a question on all questions alike that the person saw (`seen_keys`), each in a transaction of its own.

    What came up since is left open; what is not alike any more, or a colleague has open, is refused with the reason. The answers are one
    batch: `undo_batch` takes them back in one step. Raises NotAllowedError, StaleItemError when the question itself was answered meanwhile.
    """
    now = alike(db, settings, actor, run_id, key)
    if not now.keys:
        raise StaleItemError("This question is not there any more.", "Its record changed or was answered; take the next one.")
    seen, same = list(dict.fromkeys(seen_keys)), frozenset(now.keys)
    gone = [Refusal(key=each, why="Its suggestion changed or it was answered since you looked.") for each in seen if each not in same]
    answers = [AnswerIn(key=each, answer=Answer.ACCEPT) for each in seen if each in same]
    outcome = _decide_each(db, settings, actor, run_id, answers, batch=uuid.uuid4().hex)
    return DecideOutcome(applied=outcome.applied, refused=(*gone, *outcome.refused), decision_ids=outcome.decision_ids)


def undo(db: Database, settings: Settings, actor: Actor, decision_id: int) -> None:
    """Take an answer back, whatever was answered since; its question is open again.

    Raises ReviewError when there is no such answer, StaleItemError when it was replaced already.
    """
    decision, run_id = _answer_given(db, actor, decision_id)
    _at_desk(db, settings, actor, run_id, lambda desk: _undo(desk, decision))


def undo_batch(db: Database, settings: Settings, actor: Actor, decision_id: int) -> int:
    """Take back an answer and all that were given together with it and still stand, in one transaction; how many that were.

    An answer that was given alone is taken back alone. Raises what `undo` raises; then nothing was taken back.
    """
    decision, run_id = _answer_given(db, actor, decision_id)
    batch = decision.evidence.get("batch")
    if batch is None:
        undo(db, settings, actor, decision_id)
        return 1
    return _at_desk(db, settings, actor, run_id, lambda desk: _undo_batch(desk, str(batch)))


def _answer_given(db: Database, actor: Actor, decision_id: int) -> tuple[StoredDecision, int]:
    """An answer and the run it was given in."""
    require(actor, Permission.DECIDE)
    with db.read() as conn:
        decision = decision_store.load_decision(conn, decision_id)
    if decision is None or decision.run_id is None:
        raise ReviewError("There is no such answer.", "Reload the page to see the latest answers.")
    return decision, decision.run_id


def claim(db: Database, settings: Settings, actor: Actor, question_key: str) -> None:
    """Take a question for oneself for some minutes, or renew it. Raises StaleItemError naming who has it open."""
    require(actor, Permission.DECIDE)
    with db.unit_of_work(actor, reason="claim") as conn:
        holder = decision_store.claim(conn, question_key, actor.username, settings.claim_minutes)
    if holder is not None:
        raise StaleItemError(f"{holder} has this question open.", "Take the next one.")


def release(db: Database, actor: Actor, question_key: str) -> None:
    """Give a claimed question back."""
    with db.unit_of_work(actor, reason="claim") as conn:
        decision_store.release(conn, question_key, actor.username)


def _at_desk(db: Database, settings: Settings, actor: Actor, run_id: int, act: Callable[[Desk], int], batch: str | None = None) -> int:
    keyring = KeyRing.load(settings)

    def attempt() -> int:
        with db.unit_of_work(actor, run_id=run_id, reason="review") as conn:
            workshop = open_workshop(conn, settings, keyring, datetime.now(UTC).date())
            return act(Desk(conn=conn, workshop=workshop, actor=actor, run_id=run_id, batch=batch))

    return db.retrying(attempt)


def _decide_one(desk: Desk, answer: AnswerIn) -> int:
    decision_store.lock_question(desk.conn, answer.key)
    holder = decision_store.holder(desk.conn, answer.key)
    if holder not in (None, desk.actor.username):
        raise StaleItemError(f"{holder} has this question open.", "Take the next one.")
    pairs = match_store.load_pairs(desk.conn, desk.run_id, question_keys=[answer.key])
    if pairs:
        return _decide_pair(desk, pairs[0], answer)
    issue = record_store.load_issue(desk.conn, desk.run_id, answer.key)
    if issue is None:
        raise StaleItemError("This question is not there any more.", "Its record changed or was answered; take the next one.")
    return _decide_issue(desk, issue, answer)


# --------------------------------------------------------------------------------------------------------- pairs


def _decide_pair(desk: Desk, pair: StoredPair, answer: AnswerIn) -> int:
    if answer.answer not in DUPLICATE_ANSWERS:
        raise ReviewError("A pair is answered with same, different, related or unsure.", "")
    if answer.answer is Answer.RELATED and answer.relation is None:
        raise ReviewError("Say how the two are related.", "part of, located in, branch of or successor of.")
    _check_seen(answer, pair.evidence_hash)
    stored = _records_of(desk, [pair])
    _check_scope(desk.actor, stored)
    sealer = seal_texts(desk.conn, desk.workshop.keyring, _personal_texts(answer.values))
    draft = DecisionDraft(
        question_key=pair.question_key, kind=QuestionKind.DUPLICATE, record_keys=(pair.left_key, pair.right_key), answer=answer.answer,
        relation=answer.relation, evidence_hash=pair.evidence_hash, evidence={"match_score": pair.match_score}, decided_by=desk.actor.username,
        decided_values=_sealed(answer.values, sealer.swap), note=answer.note, run_id=desk.run_id, session_id=desk.actor.session_id,
        seconds_taken=answer.seconds_taken,
    )
    decision_id = decision_store.add_decision(desk.conn, draft)
    decision_store.release(desk.conn, pair.question_key, desk.actor.username)
    match_store.set_states(desk.conn, desk.run_id, {pair.question_key: (STATE_OF_ANSWER[answer.answer].value, False)})
    _settle(desk, stored)
    return decision_id


def _settle(desk: Desk, stored: Sequence[StoredRecord]) -> None:
    """After a judgement: which records are one place now, which questions it answers or opens, and the states of all they touch."""
    component = _component(desk, {record.record_id for record in stored})
    ids = {item.record.record_key: item.record_id for item in component if item.state is not RecordState.REJECTED}
    rejected = {item.record.record_key for item in component} - set(ids)
    every = match_store.load_pairs(desk.conn, desk.run_id, record_ids=[item.record_id for item in component])
    pairs = [pair for pair in every if pair.left_key not in rejected and pair.right_key not in rejected]
    dropped = {pair.question_key: (DROPPED, False) for pair in every if pair not in pairs}
    live = {d.question_key: d for d in decision_store.live_decisions(desk.conn, question_keys=[pair.question_key for pair in pairs])}
    answers = {pair.question_key: _answer_in_force(pair, live.get(pair.question_key)) for pair in pairs}
    match_store.set_states(desk.conn, desk.run_id, dropped | _pair_states(pairs, answers))
    record_store.set_clusters(desk.conn, _homes(pairs, answers, ids))
    rescore(desk.conn, desk.workshop, desk.run_id, record_store.load_records(desk.conn, record_ids=[item.record_id for item in component]))


def _answer_in_force(pair: StoredPair, decision: StoredDecision | None) -> Answer | None:
    """The answer to a pair, unless its evidence changed since; a "same" stands as long as the pair still matches."""
    if decision is None:
        return None
    answer = Answer(decision.answer)
    return answer if decision.evidence_hash == pair.evidence_hash or (answer is Answer.SAME and not pair.is_open) else None


def _pair_states(pairs: Sequence[StoredPair], answers: Mapping[str, Answer | None]) -> dict[str, tuple[str, bool]]:
    """Where each pair stands now, and whether it waits for an answer."""
    same, negative = _accepted(pairs, answers), _negative(pairs, answers)
    judged = Judgements(same, negative)
    return {pair.question_key: _pair_state(pair, answers[pair.question_key], judged) for pair in pairs}


def _pair_state(pair: StoredPair, answer: Answer | None, judged: Judgements) -> tuple[str, bool]:
    if answer is not None:
        return STATE_OF_ANSWER[answer].value, False
    implied = judged.implied(pair.left_key, pair.right_key)
    if pair.band == Band.AUTOMATIC:
        return (PairState.CONFLICT.value, True) if implied is Answer.DIFFERENT else (PairState.AUTOMATIC.value, False)
    if pair.relation is not None:
        return PairState.PROPOSED_RELATION.value, True
    if implied is not None:
        return (PairState.IMPLIED_SAME if implied is Answer.SAME else PairState.IMPLIED_DIFFERENT).value, False
    return PairState.OPEN.value, True


def _homes(pairs: Sequence[StoredPair], answers: Mapping[str, Answer | None], ids: Mapping[str, int]) -> dict[int, int]:
    """Record id → smallest record id of its cluster."""
    keys = sorted({key for pair in pairs for key in (pair.left_key, pair.right_key)} | set(ids))
    homes = {record_id: record_id for record_id in ids.values()}
    for cluster in clusters(keys, _accepted(pairs, answers), _negative(pairs, answers)):
        members = [ids[key] for key in cluster.members if key in ids]
        homes |= dict.fromkeys(members, min(members)) if members else {}
    return homes


def _accepted(pairs: Sequence[StoredPair], answers: Mapping[str, Answer | None]) -> list[tuple[str, str]]:
    """Pairs taken for one place: those a person called same first, then the automatic ones, strongest first."""
    said = [pair for pair in pairs if answers[pair.question_key] is Answer.SAME]
    made = [pair for pair in pairs if answers[pair.question_key] is None and pair.band == Band.AUTOMATIC]
    return [(pair.left_key, pair.right_key) for pair in [*said, *sorted(made, key=lambda pair: -pair.match_score)]]


def _negative(pairs: Sequence[StoredPair], answers: Mapping[str, Answer | None]) -> list[tuple[str, str]]:
    apart = (Answer.DIFFERENT, Answer.RELATED)
    return [(pair.left_key, pair.right_key) for pair in pairs if answers[pair.question_key] in apart]


def _component(desk: Desk, record_ids: set[int]) -> list[StoredRecord]:
    """All records that pairs of the run connect with these."""
    seen: set[int] = set()
    fresh = set(record_ids)
    while fresh:
        seen |= fresh
        pairs = match_store.load_pairs(desk.conn, desk.run_id, record_ids=sorted(fresh))
        sides = {side for pair in pairs if pair.band != Band.DROPPED for side in (pair.left_record_id, pair.right_record_id) if side is not None}
        fresh = sides - seen
    return record_store.load_records(desk.conn, record_ids=sorted(seen))


def _records_of(desk: Desk, pairs: Sequence[StoredPair]) -> list[StoredRecord]:
    ids = {side for pair in pairs for side in (pair.left_record_id, pair.right_record_id) if side is not None}
    return record_store.load_records(desk.conn, record_ids=sorted(ids))


# --------------------------------------------------------------------------------------------------------- issues


def _decide_issue(desk: Desk, stored: StoredIssue, answer: AnswerIn) -> int:
    if answer.answer not in ISSUE_ANSWERS:
        raise ReviewError("A flagged value is answered with accept, correct, waive or reject.", "")
    _check_seen(answer, stored.evidence_hash)
    record = record_store.load_records(desk.conn, record_ids=[stored.record_id])[0]
    _check_scope(desk.actor, [record])
    values = _issue_values(desk, stored, answer)
    row = raw_store.load_rows_at(desk.conn, record.file_id, [record.record.pointer])[0]
    sealer = seal_texts(desk.conn, desk.workshop.keyring, _personal_texts(values))
    draft = DecisionDraft(
        question_key=stored.question_key, kind=QuestionKind.ISSUE, record_keys=(record.record.record_key,), answer=answer.answer,
        evidence_hash=stored.evidence_hash, evidence={"raw": raw_fingerprint(row, stored.issue.field_name)} | _batch_mark(desk), decided_by=desk.actor.username,
        decided_values=_sealed(values, sealer.swap), issue_code=stored.issue.code, field_name=stored.issue.field_name, note=answer.note,
        run_id=desk.run_id, session_id=desk.actor.session_id, seconds_taken=answer.seconds_taken,
    )
    decision_id = decision_store.add_decision(desk.conn, draft)
    decision_store.release(desk.conn, stored.question_key, desk.actor.username)
    _remake(desk, record)
    if answer.answer in (Answer.ACCEPT, Answer.CORRECT):
        _check_mended(desk, stored)
    return decision_id


def _batch_mark(desk: Desk) -> dict[str, str]:
    return {} if desk.batch is None else {"batch": desk.batch}


def _issue_values(desk: Desk, stored: StoredIssue, answer: AnswerIn) -> dict[str, Any]:
    if answer.answer is Answer.ACCEPT:
        if stored.issue.suggestion is None:
            raise ReviewError("There is no suggestion to accept.", "Correct the value, waive the issue or reject the record.")
        suggested: dict[str, Any] = unseal(desk.conn, desk.workshop.keyring, stored.issue.suggestion.values)
        return suggested
    if answer.answer is Answer.CORRECT:
        if not answer.values:
            raise ReviewError("A correction needs the right value.", "Give it under its field's name.")
        return answer.values
    if answer.answer is Answer.WAIVE and not (answer.note or "").strip():
        raise ReviewError("Say why the issue may stay.", "The reason is kept with the answer.")
    return {}


def _remake(desk: Desk, record: StoredRecord) -> None:
    """Make the record anew from its row with every answer given so far, and settle what hangs on it."""
    file = file_store.load_files(desk.conn, file_ids=[record.file_id])[0]
    rows = raw_store.load_rows_around(desk.conn, record.file_id, record.row_number, NEIGHBOURS)
    kept = record_store.keep_run_wide_issues(desk.conn, record.record_id)
    save_rows(desk.conn, desk.workshop, file, desk.run_id, rows, up_to=ROW_STAGES[-1], only=record.record.pointer)
    record_store.restore_run_wide_issues(desk.conn, record.record_id, kept)
    _settle(desk, record_store.load_records(desk.conn, record_ids=[record.record_id]))


def _check_mended(desk: Desk, stored: StoredIssue) -> None:
    """A correction that leaves the very same issue standing is no correction."""
    again = record_store.load_issue(desk.conn, desk.run_id, stored.question_key)
    if again is not None and again.state == "open" and again.evidence_hash == stored.evidence_hash:
        raise ReviewError("With this value the same issue would still stand.", "Check the value, or waive the issue with a reason.")


# --------------------------------------------------------------------------------------------------------- undo


def _undo(desk: Desk, decision: StoredDecision) -> int:
    decision_store.lock_question(desk.conn, decision.question_key)
    now = decision_store.load_decision(desk.conn, decision.decision_id)
    if now is None or now.replaced_at is not None:
        raise StaleItemError("This answer was replaced or taken back already.", "Reload the page to see the latest answers.")
    undone = decision_store.add_decision(desk.conn, DecisionDraft(
        question_key=decision.question_key, kind=QuestionKind(decision.kind), record_keys=decision.record_keys, answer=Answer.UNDONE,
        evidence_hash=decision.evidence_hash, evidence={"undoes": decision.decision_id}, decided_by=desk.actor.username, decided_values={},
        issue_code=decision.issue_code, field_name=decision.field_name, run_id=desk.run_id, session_id=desk.actor.session_id,
    ))
    if decision.kind == QuestionKind.DUPLICATE:
        _reopen_pair(desk, decision.question_key)
    else:
        for record in record_store.find_records(desk.conn, desk.run_id, decision.record_keys):
            _remake(desk, record)
    return undone


def _undo_batch(desk: Desk, batch: str) -> int:
    given = decision_store.batch_of(desk.conn, batch)
    if not given:
        raise StaleItemError("These answers were replaced or taken back already.", "Reload the page to see the latest answers.")
    for decision in given:
        _undo(desk, decision)
    return len(given)


def _reopen_pair(desk: Desk, question_key: str) -> None:
    _settle(desk, _records_of(desk, match_store.load_pairs(desk.conn, desk.run_id, question_keys=[question_key])))


# --------------------------------------------------------------------------------------------------------- checks


def _check_seen(answer: AnswerIn, evidence_hash: str) -> None:
    if answer.seen_evidence is not None and answer.seen_evidence != evidence_hash:
        raise StaleItemError("The evidence changed since you opened this question.", "Look at it again before you answer.")


def _check_scope(actor: Actor, records: Sequence[StoredRecord]) -> None:
    counties = {record.record.place.county_code for record in records}
    if actor.counties and not counties <= (actor.counties | {None}):
        raise NotAllowedError("This record lies outside the counties of your account.", "Leave it to a colleague.")


def _personal_texts(values: dict[str, Any]) -> list[str]:
    return [text for name, value in values.items() if name in PERSONAL_FIELDS for text in texts_in(value)]


def _sealed(values: dict[str, Any], swap: Callable[[str], str]) -> dict[str, Any]:
    return {name: replace_texts(value, swap) if name in PERSONAL_FIELDS else value for name, value in values.items()}


__all__ = ["AlikePreview", "AnswerIn", "DecideOutcome", "Refusal", "accept_alike", "alike", "claim", "decide", "release", "undo", "undo_batch"]
