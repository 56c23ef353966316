"""What a steward does: answer, undo, claim. Every answer is on disk before the function returns."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from gvrc import known_corrections
from gvrc.checks.catalogue import CATALOGUE
from gvrc.cleaning.headings import section_names
from gvrc.cleaning.services import stated_services
from gvrc.cleaning.spellings import UNKNOWN_WORD_CODES
from gvrc.errors import NotAllowedError, ReviewError, StaleItemError
from gvrc.known_corrections import CorrectionIn
from gvrc.matching.clusters import Judgements, clusters
from gvrc.model.access import Actor
from gvrc.model.issue import Severity
from gvrc.model.match import Band
from gvrc.model.quick import replaced
from gvrc.model.record import PERSONAL_FIELDS, RecordState
from gvrc.model.review import DUPLICATE_ANSWERS, ISSUE_ANSWERS, Answer, QuestionKind, Relation
from gvrc.model.source import SourceRow
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.security.crypto import KeyRing
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.stages.dedupe import PairState
from gvrc.stages.standardise import ROW_STAGES
from gvrc.staging import (
    APPROVED,
    FIELD_GROUPS,
    Workshop,
    approval_key,
    given_answers,
    keep_rows,
    open_workshop,
    prepare_rows,
    raw_fingerprint,
    rescore,
    seal_texts,
    unseal,
)
from gvrc.store import decisions as decision_store
from gvrc.store import matches as match_store
from gvrc.store import raw as raw_store
from gvrc.store import records as record_store
from gvrc.store.codec import digest, replace_texts, texts_in
from gvrc.store.decisions import DecisionDraft, StoredDecision
from gvrc.store.matches import StoredPair
from gvrc.store.records import StoredIssue, StoredRecord
from gvrc.store.session import Connection, Database

STATE_OF_ANSWER: Mapping[Answer, PairState] = {
    Answer.SAME: PairState.SAME, Answer.DIFFERENT: PairState.DIFFERENT, Answer.RELATED: PairState.RELATED, Answer.UNSURE: PairState.PARKED,
}
NEIGHBOURS = 50
"""Rows on each side that are read with a row that is made anew: whether a stated county can be trusted is told from its list."""
POINT_FIELD, POINT_BY_HAND, VALUE_BY_HAND = "coordinates", "point.by_hand", "value.by_hand"
"""The field of a point, and what stands in place of an issue when a person gives a record a point, or other values, that nobody asked for."""
DROPPED = "dropped"
"""A pair one side of which a person rejected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerIn:
    """An answer on its way in. `relation` reads from the second record of the question to the first when `is_turned`.

    `seen_evidence` is the fingerprint of what the person saw, `seen_decision` the last word on the question that they saw (0: none); when given and
    outdated, the answer is refused.
    """

    key: str
    answer: Answer
    values: dict[str, Any] = field(default_factory=dict)
    relation: Relation | None = None
    is_turned: bool = False
    note: str | None = None
    seen_evidence: str | None = None
    seen_decision: int | None = None
    seconds_taken: float | None = None


def load_reference() -> None:
    """Loads what the first answer of a process wants: a quarter of a second that nobody need wait for. Raises ReferenceDataError."""
    load_gazetteer()
    section_names()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAnswer:
    """An answer to a question that stands among more than two records: those of `same` are one place, each of `apart` is another place than that.

    Both name record keys. What is in neither is left as it is. The rest is as in `AnswerIn`.
    """

    key: str
    same: tuple[str, ...]
    apart: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    seen_evidence: str | None = None
    seen_decision: int | None = None
    seconds_taken: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpellingAnswer:
    """Unknown words of one field that mean the term `term` (its label): each as it is written, with the ids of the records that write it so."""

    field_name: str
    term: str
    records: Mapping[str, Sequence[int]]


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
    """One steward at work on one run, inside one transaction. Answers given together carry the same `batch`, and the ids of the known `corrections`
    that were learnt with them."""

    conn: Connection
    workshop: Workshop
    actor: Actor
    run_id: int
    batch: str | None = None
    corrections: tuple[int, ...] = ()


def decide(db: Database, settings: Settings, actor: Actor, run_id: int, answers: Sequence[AnswerIn]) -> DecideOutcome:
    """Take answers, each in a transaction of its own; those that cannot be taken are told with the reason and change nothing."""
    require(actor, Permission.DECIDE)
    return _decide_each(db, settings, actor, run_id, answers)


def problem_with(db: Database, settings: Settings, actor: Actor, run_id: int, answer: AnswerIn) -> str | None:
    """Why an answer would be refused, in words, or None: the answer is given in a transaction that is always rolled back. Raises NotAllowedError."""
    require(actor, Permission.DECIDE)

    def give_and_take_back(desk: Desk) -> int:
        _decide_one(desk, answer)
        raise _OnlyTried

    try:
        _at_desk(db, settings, actor, run_id, give_and_take_back)
    except _OnlyTried:
        return None
    except ReviewError as error:
        return f"{error.detail} {error.hint}".strip()
    return None


class _OnlyTried(Exception):
    """Rolls an answer back that was given to see whether it can be."""


def decide_group(db: Database, settings: Settings, actor: Actor, run_id: int, answer: GroupAnswer) -> DecideOutcome:
    """Say in one step which of several records are one place. Every pair of them that was compared gets its answer, in one transaction; the answers
    are one batch, so `undo_batch` takes them back together.

    Raises NotAllowedError; ReviewError when fewer than two records are the same or one is told both ways; StaleItemError when the question changed,
    was answered meanwhile or is open at a colleague's desk. Then nothing was answered.
    """
    require(actor, Permission.DECIDE)
    ids: list[int] = []
    _at_desk(db, settings, actor, run_id, lambda desk: _decide_group(desk, answer, ids), uuid.uuid4().hex)
    return DecideOutcome(applied=len(ids), refused=(), decision_ids=tuple(ids))


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


def settle_spellings(db: Database, settings: Settings, actor: Actor, run_id: int, answer: SpellingAnswer) -> DecideOutcome:
    """Say what unknown words mean: every spelling becomes a known correction for every source, and the records are made anew with it, each in a
    transaction of its own; those that do not write the word any more, or lie outside the counties of the account, are refused with the reason. The
    answers are one batch: `undo_batch` takes them back in one step, and the corrections with them.

    Raises NotAllowedError; ConfigError when the term is not of the field's list; ReviewError when a spelling is known to mean something else.
    """
    require(actor, Permission.DECIDE)
    wanted = [CorrectionIn(field_name=answer.field_name, bad_value=spelling, right_value=answer.term) for spelling in answer.records]
    learnt = tuple(known_corrections.remember(db, actor, wanted))
    batch, refused, ids = uuid.uuid4().hex, [], []
    for spelling, record_ids in answer.records.items():
        for record_id in dict.fromkeys(record_ids):
            try:
                ids.append(_at_desk(db, settings, actor, run_id, partial(_settle_spelling, record_id=record_id, spelling=spelling, answer=answer), batch, learnt))
            except (ReviewError, NotAllowedError) as error:
                refused.append(Refusal(key=spelling, why=str(error)))
    if not ids:
        known_corrections.forget(db, actor, learnt)
    return DecideOutcome(applied=len(ids), refused=tuple(refused), decision_ids=tuple(ids))


def set_point(db: Database, settings: Settings, actor: Actor, run_id: int, record_id: int, values: dict[str, Any]) -> int:
    """Give a record of a run a point (`latitude`, `longitude`, `accuracy_level`) though nothing about its point is in question; the id of the
    decision, which `undo` takes back. Raises NotAllowedError, ReviewError when the record is not of this run or was rejected."""
    require(actor, Permission.DECIDE)
    return _at_desk(db, settings, actor, run_id, lambda desk: _set_point(desk, record_id, values))


def last_answer(db: Database, actor: Actor, record_id: int) -> int:
    """The newest answer about a record that stands (0: none): what `correct_record` compares to tell whether somebody spoke since."""
    require(actor, Permission.DECIDE)
    with db.read(actor) as conn:
        return max((_last_answer(conn, each.record.record_key) for each in record_store.load_records(conn, record_ids=[record_id])), default=0)


def correct_record(
    db: Database, settings: Settings, actor: Actor, run_id: int, record_id: int, values: Mapping[str, Any], *, seen_answer: int | None = None
) -> int:
    """Give a record of a run values nobody asked about, by their canonical names: all of them or, when one raises a new question or error, none.

    Returns the id of the last decision; `undo_batch` takes all of them back. `seen_answer` is what `last_answer` said when the person began.
    Raises NotAllowedError, ReviewError, StaleItemError when somebody answered about the record since.
    """
    require(actor, Permission.DECIDE)
    if not values:
        raise ReviewError("Nothing was changed.", "Change a value first.")
    return _at_desk(db, settings, actor, run_id, lambda desk: _correct_record(desk, record_id, values, seen_answer), uuid.uuid4().hex)


def approve_record(db: Database, settings: Settings, actor: Actor, run_id: int, record_id: int, why: str) -> int:
    """Let a record stand as it is though its quality score is below the final threshold, with the reason; the id of the decision, which `undo` takes back.
    It holds until its source's row says something else.

    Raises NotAllowedError, ReviewError when something else about it is open, or no reason is given.
    """
    require(actor, Permission.DECIDE)
    if not why.strip():
        raise ReviewError("Say why it may stand as it is.", "The reason is kept with the answer.")
    return _at_desk(db, settings, actor, run_id, lambda desk: _approve_record(desk, record_id, why.strip()))


def undo(db: Database, settings: Settings, actor: Actor, decision_id: int) -> None:
    """Take an answer back, whatever was answered since; its question is open again.

    Raises ReviewError when there is no such answer, StaleItemError when it was replaced already.
    """
    decision, run_id = _answer_given(db, actor, decision_id)
    _undo_alone(db, settings, actor, run_id, decision)


def _undo_alone(db: Database, settings: Settings, actor: Actor, run_id: int, decision: StoredDecision) -> None:
    _at_desk(db, settings, actor, run_id, lambda desk: _undo(desk, decision))


def undo_batch(db: Database, settings: Settings, actor: Actor, decision_id: int) -> int:
    """Take back an answer and all that were given together with it and still stand, in one transaction; how many that were.

    An answer that was given alone is taken back alone. Raises what `undo` raises; then nothing was taken back.
    """
    decision, run_id = _answer_given(db, actor, decision_id)
    batch = decision.evidence.get("batch")
    if batch is None:
        _undo_alone(db, settings, actor, run_id, decision)
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


def _at_desk(db: Database, settings: Settings, actor: Actor, run_id: int, act: Callable[[Desk], int], batch: str | None = None, corrections: tuple[int, ...] = ()) -> int:
    keyring = KeyRing.load(settings)

    def attempt() -> int:
        with db.unit_of_work(actor, run_id=run_id, reason="review") as conn:
            workshop = open_workshop(conn, settings, keyring, datetime.now(UTC).date())
            return act(Desk(conn=conn, workshop=workshop, actor=actor, run_id=run_id, batch=batch, corrections=corrections))

    return db.retrying(attempt)


def _decide_one(desk: Desk, answer: AnswerIn) -> int:
    _take_up(desk, answer.key, answer.seen_decision)
    ways = (_as_issue, _as_pair) if answer.answer in ISSUE_ANSWERS else (_as_pair, _as_issue)
    for way in ways:  # where the answer says it is first; an answer of the wrong kind is refused by the question itself
        decision_id = way(desk, answer)
        if decision_id is not None:
            return decision_id
    raise StaleItemError("This question is not there any more.", "Its record changed or was answered; take the next one.")


def _as_pair(desk: Desk, answer: AnswerIn) -> int | None:
    pairs = match_store.load_pairs(desk.conn, desk.run_id, question_keys=[answer.key])
    return _decide_pair(desk, pairs[0], answer) if pairs else None


def _as_issue(desk: Desk, answer: AnswerIn) -> int | None:
    issue = record_store.load_issue(desk.conn, desk.run_id, answer.key)
    return _decide_issue(desk, issue, answer) if issue is not None else None


def _take_up(desk: Desk, key: str, seen_decision: int | None) -> None:
    """Nobody else answers this question until the transaction ends. Raises StaleItemError when somebody has it open, or spoke since."""
    decision_store.lock_question(desk.conn, key)
    last, holder = decision_store.standing(desk.conn, key)
    if seen_decision is not None and (last.decision_id if last else 0) != seen_decision:
        raise StaleItemError(_who_spoke(last, desk.actor), "Nothing of yours was lost: look at the question again, or take the next one.")
    if holder not in (None, desk.actor.username):
        raise StaleItemError(f"{holder} has this question open.", "Take the next one.")


def _who_spoke(last: StoredDecision | None, actor: Actor) -> str:
    if last is None:
        return "The answer you saw is not there any more."
    who = "You" if last.decided_by == actor.username else last.decided_by
    when = f"{last.decided_at.astimezone():%H:%M}"
    if last.answer == Answer.UNDONE:
        return f"{who} took the answer back at {when}."
    return f"{who} answered this with {_SAID[Answer(last.answer)]} at {when}."


_SAID: Mapping[Answer, str] = {
    Answer.SAME: "Same", Answer.DIFFERENT: "Different", Answer.RELATED: "Related", Answer.UNSURE: "Not sure", Answer.ACCEPT: "Accept",
    Answer.CORRECT: "Correct", Answer.WAIVE: "Waive", Answer.REJECT: "Reject",
}


# --------------------------------------------------------------------------------------------------------- pairs


def _decide_group(desk: Desk, answer: GroupAnswer, ids: list[int]) -> int:
    same, apart = dict.fromkeys(answer.same), dict.fromkeys(answer.apart)
    if len(same) < 2:
        raise ReviewError("Say which records are one place: at least two of them.", "Or answer Different.")
    if same.keys() & apart.keys():
        raise ReviewError("A record cannot be the same place and another one.", "")
    _take_up(desk, answer.key, answer.seen_decision)
    pairs = [pair for pair in match_store.pairs_among(desk.conn, desk.run_id, [*same, *apart]) if {pair.left_key, pair.right_key} & same.keys()]
    asked = next((pair for pair in pairs if pair.question_key == answer.key), None)
    if asked is None:
        raise StaleItemError("This question is not there any more.", "Its record changed or was answered; take the next one.")
    if answer.seen_evidence is not None and answer.seen_evidence != asked.evidence_hash:
        raise StaleItemError("The evidence changed since you opened this question.", "Look at it again before you answer.")
    stored = _records_of(desk, pairs)
    _check_scope(desk.actor, stored)
    _check_joined(same, pairs)
    for pair in pairs:
        is_same = {pair.left_key, pair.right_key} <= same.keys()
        values = answer.values if pair is asked else {}
        given = AnswerIn(key=pair.question_key, answer=Answer.SAME if is_same else Answer.DIFFERENT, values=values if is_same else {}, seconds_taken=answer.seconds_taken if pair is asked else None)
        if pair is not asked:
            decision_store.lock_question(desk.conn, pair.question_key)
        ids.append(_note_pair(desk, pair, given))
    _settle(desk, {record.record_id for record in stored})
    return len(ids)


def _check_joined(same: Iterable[str], pairs: Sequence[StoredPair]) -> None:
    """The records called the same must hang together by pairs that were compared: what was never compared nobody has looked at."""
    judged = Judgements([(pair.left_key, pair.right_key) for pair in pairs if {pair.left_key, pair.right_key} <= set(same)])
    if len({judged.group(key) for key in same}) > 1:
        raise ReviewError("Not all of these were compared with each other.", "Answer for those that were, and the rest pair by pair.")


def _decide_pair(desk: Desk, pair: StoredPair, answer: AnswerIn) -> int:
    if answer.answer not in DUPLICATE_ANSWERS:
        raise ReviewError("A pair is answered with same, different, related or unsure.", "")
    if answer.answer is Answer.RELATED and answer.relation is None:
        raise ReviewError("Say how the two are related.", "part of, located in, branch of or successor of.")
    _check_seen(answer, pair.evidence_hash)
    stored = _records_of(desk, [pair])
    _check_scope(desk.actor, stored)
    decision_id = _note_pair(desk, pair, answer)
    _settle(desk, {record.record_id for record in stored})
    return decision_id


def _note_pair(desk: Desk, pair: StoredPair, answer: AnswerIn) -> int:
    """Record an answer to a pair; what follows from it is settled afterwards."""
    keys = (pair.right_key, pair.left_key) if answer.is_turned else (pair.left_key, pair.right_key)
    sealer = seal_texts(desk.conn, desk.workshop.keyring, _personal_texts(answer.values))
    draft = DecisionDraft(
        question_key=pair.question_key, kind=QuestionKind.DUPLICATE, record_keys=keys, answer=answer.answer,
        relation=answer.relation, evidence_hash=pair.evidence_hash, evidence={"match_score": pair.match_score} | _batch_mark(desk), decided_by=desk.actor.username,
        decided_values=_sealed(answer.values, sealer.swap), note=answer.note, run_id=desk.run_id, session_id=desk.actor.session_id,
        seconds_taken=answer.seconds_taken,
    )
    decision_id = decision_store.add_decision(desk.conn, draft)
    decision_store.release(desk.conn, pair.question_key, desk.actor.username)
    return decision_id


def _settle(desk: Desk, record_ids: set[int]) -> None:
    """After a judgement on these records: which are one place now, which questions it answers or opens, and the states of all they touch."""
    component, every = _component(desk, record_ids)
    ids = {item.record.record_key: item.record_id for item in component if item.state is not RecordState.REJECTED}
    rejected = {item.record.record_key for item in component} - set(ids)
    pairs = [pair for pair in every if pair.left_key not in rejected and pair.right_key not in rejected]
    dropped = {pair.question_key: (DROPPED, False) for pair in every if pair not in pairs}
    said = decision_store.live_decisions(desk.conn, question_keys=[pair.question_key for pair in pairs]) if pairs else []
    live = {decision.question_key: decision for decision in said}
    # in the order in which people answered, as a run takes them: where a "different" stands between, the earlier "same" joins
    turn = {key: number for number, key in enumerate(live)}
    pairs.sort(key=lambda pair: turn.get(pair.question_key, len(turn)))
    answers = {pair.question_key: _answer_in_force(pair, live.get(pair.question_key)) for pair in pairs}
    states = dropped | _pair_states(pairs, answers, desk.workshop.settings.automatic_threshold)
    was = {pair.question_key: (pair.pair_state, pair.is_open) for pair in every}
    match_store.set_states(desk.conn, desk.run_id, {key: state for key, state in states.items() if state != was[key]})
    homes = _homes(pairs, answers, ids)
    settled = [replaced(item, cluster_id=homes.get(item.record_id, item.cluster_id)) for item in component]
    record_store.set_clusters(desk.conn, {now.record_id: now.cluster_id for now, before in zip(settled, component, strict=True) if now.cluster_id is not None and now.cluster_id != before.cluster_id})
    rescore(desk.conn, desk.workshop, desk.run_id, settled)


def _answer_in_force(pair: StoredPair, decision: StoredDecision | None) -> Answer | None:
    """The answer to a pair, unless its evidence changed since; a "same" stands as long as the pair still matches."""
    if decision is None:
        return None
    answer = Answer(decision.answer)
    return answer if decision.evidence_hash == pair.evidence_hash or (answer is Answer.SAME and not pair.is_open) else None


def _pair_states(pairs: Sequence[StoredPair], answers: Mapping[str, Answer | None], strong: float) -> dict[str, tuple[str, bool]]:
    """Where each pair stands now, and whether it waits for an answer."""
    same, negative = _accepted(pairs, answers), _negative(pairs, answers)
    judged = Judgements(same, negative)
    return {pair.question_key: _pair_state(pair, answers[pair.question_key], judged, strong) for pair in pairs}


def _pair_state(pair: StoredPair, answer: Answer | None, judged: Judgements, strong: float) -> tuple[str, bool]:
    if answer is not None:
        return STATE_OF_ANSWER[answer].value, False
    implied = judged.implied(pair.left_key, pair.right_key)
    if pair.band == Band.AUTOMATIC:
        return (PairState.CONFLICT.value, True) if implied is Answer.DIFFERENT else (PairState.AUTOMATIC.value, False)
    if pair.relation is not None:
        return PairState.PROPOSED_RELATION.value, True
    if implied is Answer.DIFFERENT and pair.match_score >= strong:
        return PairState.CONFLICT.value, True
    if implied is None and pair.pair_state == PairState.CONTEST:
        return PairState.CONTEST.value, True
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


def _component(desk: Desk, record_ids: set[int]) -> tuple[list[StoredRecord], list[StoredPair]]:
    """All records that pairs of the run connect with these, and all pairs that touch any of them."""
    seen: set[int] = set()
    found: dict[int, StoredPair] = {}
    fresh = set(record_ids)
    while fresh:
        seen |= fresh
        pairs = match_store.load_pairs(desk.conn, desk.run_id, record_ids=sorted(fresh))
        found |= {pair.match_id: pair for pair in pairs}
        sides = {side for pair in pairs if pair.band != Band.DROPPED for side in (pair.left_record_id, pair.right_record_id) if side is not None}
        fresh = sides - seen
    return record_store.load_records(desk.conn, record_ids=sorted(seen)), [found[number] for number in sorted(found)]


def _records_of(desk: Desk, pairs: Sequence[StoredPair]) -> list[StoredRecord]:
    return record_store.load_records(desk.conn, record_ids=sorted(_sides_of(pairs)))


def _sides_of(pairs: Sequence[StoredPair]) -> set[int]:
    """The ids of the records of these pairs."""
    return {side for pair in pairs for side in (pair.left_record_id, pair.right_record_id) if side is not None}


# --------------------------------------------------------------------------------------------------------- issues


def _decide_issue(desk: Desk, stored: StoredIssue, answer: AnswerIn) -> int:
    if answer.answer not in ISSUE_ANSWERS:
        raise ReviewError("A flagged value is answered with accept, correct, waive or reject.", "")
    _check_seen(answer, stored.evidence_hash)
    record = record_store.load_records(desk.conn, record_ids=[stored.record_id])[0]
    _check_scope(desk.actor, [record])
    values = _issue_values(desk, stored, answer)
    rows = _rows_around(desk, record)
    sealer = seal_texts(desk.conn, desk.workshop.keyring, _personal_texts(values))
    draft = DecisionDraft(
        question_key=stored.question_key, kind=QuestionKind.ISSUE, record_keys=(record.record.record_key,), answer=answer.answer,
        evidence_hash=stored.evidence_hash, evidence={"raw": raw_fingerprint(_own_row(record, rows), stored.issue.field_name)} | _batch_mark(desk), decided_by=desk.actor.username,
        decided_values=_sealed(values, sealer.swap), issue_code=stored.issue.code, field_name=stored.issue.field_name, note=answer.note,
        run_id=desk.run_id, session_id=desk.actor.session_id, seconds_taken=answer.seconds_taken,
    )
    decision_id = decision_store.add_decision(desk.conn, draft)
    decision_store.release(desk.conn, stored.question_key, desk.actor.username)
    _remake(desk, record, rows)
    if answer.answer in (Answer.ACCEPT, Answer.CORRECT):
        _check_mended(desk, stored)
    return decision_id


def _set_point(desk: Desk, record_id: int, values: dict[str, Any]) -> int:
    """The same as the answer to an issue about the point, under a question of the record's own."""
    record = _of_this_run(desk, record_id)
    if record is None:
        raise ReviewError("This record takes no point.", "It was rejected, or belongs to another run.")
    return _set_values(desk, record, digest(["point", record.record.record_key]), POINT_FIELD, values, POINT_BY_HAND)


def _correct_record(desk: Desk, record_id: int, values: Mapping[str, Any], seen_answer: int | None) -> int:
    """One decision for each group of fields that hang together, for an answer holds until the source itself says something else there."""
    record = _of_this_run(desk, record_id)
    if record is None:
        raise ReviewError("This record cannot be corrected.", "It was rejected, or belongs to another run.")
    key = record.record.record_key
    decision_store.lock_question(desk.conn, digest(["values", key]))
    if seen_answer is not None and _last_answer(desk.conn, key) != seen_answer:
        raise StaleItemError("Somebody answered about this record since you opened it.", "Look at it again; nothing was changed.")
    before = _standing_problems(desk, record_id)
    decision_id = 0
    for field_name, part in _by_group(values).items():
        decision_id = _set_values(desk, record, digest(["value", key, field_name]), field_name, part, VALUE_BY_HAND)
    fresh = [title for code, title in _standing_problems(desk, record_id).items() if code not in before]
    if fresh:
        raise ReviewError(f"With these values something else would stand: {', '.join(fresh).lower()}.", "Check them; nothing was changed.")
    return decision_id


def _approve_record(desk: Desk, record_id: int, why: str) -> int:
    record = _of_this_run(desk, record_id)
    if record is None:
        raise ReviewError("This record cannot be approved.", "It was rejected, or belongs to another run.")
    key = approval_key(record.record.record_key)
    decision_store.lock_question(desk.conn, key)
    rows = _rows_around(desk, record)
    decision_id = decision_store.add_decision(desk.conn, DecisionDraft(
        question_key=key, kind=QuestionKind.ISSUE, record_keys=(record.record.record_key,), answer=Answer.WAIVE, evidence_hash=record.content_hash,
        evidence={"raw": raw_fingerprint(_own_row(record, rows), "")} | _batch_mark(desk), decided_by=desk.actor.username, decided_values={}, issue_code=APPROVED,
        note=why, run_id=desk.run_id, session_id=desk.actor.session_id,
    ))
    _remake(desk, record, rows)
    now = record_store.load_records(desk.conn, record_ids=[record_id])[0]
    if now.state not in (RecordState.READY, RecordState.COMMITTED):
        raise ReviewError("Something else about this record is open.", "Answer that first; nothing was changed.")
    return decision_id


def _of_this_run(desk: Desk, record_id: int) -> StoredRecord | None:
    """The record when it is one of this run that may be answered about. Raises NotAllowedError outside the person's counties."""
    record = next(iter(record_store.load_records(desk.conn, record_ids=[record_id])), None)
    of_run = record_store.find_records(desk.conn, desk.run_id, (record.record.record_key,)) if record is not None else []
    if record is None or record.state is RecordState.REJECTED or record_id not in {each.record_id for each in of_run}:
        return None
    _check_scope(desk.actor, [record])
    return record


def _by_group(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        head = next((min(group) for group in FIELD_GROUPS if name in group), POINT_FIELD if name == "accuracy_level" else name)
        found.setdefault(head, {})[name] = value
    return found


def _last_answer(conn: Connection, record_key: str) -> int:
    return max((decision.decision_id for decision in decision_store.live_decisions(conn, record_keys=[record_key])), default=0)


def _standing_problems(desk: Desk, record_id: int) -> dict[str, str]:
    """Titles of the open issues of a record by their code; what is only worth knowing is no problem."""
    open_issues = [each.issue for each in record_store.load_issues(desk.conn, [record_id]).get(record_id, ()) if each.state == "open"]
    kinds = {issue.code: CATALOGUE[issue.code] for issue in open_issues}
    return {code: kind.title for code, kind in kinds.items() if kind.asks or kind.severity is not Severity.INFO}


def _set_values(desk: Desk, record: StoredRecord, key: str, field_name: str, values: Mapping[str, Any], code: str) -> int:
    decision_store.lock_question(desk.conn, key)
    rows = _rows_around(desk, record)
    raw = raw_fingerprint(_own_row(record, rows), field_name)
    sealer = seal_texts(desk.conn, desk.workshop.keyring, _personal_texts(values))
    decision_id = decision_store.add_decision(desk.conn, DecisionDraft(
        question_key=key, kind=QuestionKind.ISSUE, record_keys=(record.record.record_key,), answer=Answer.CORRECT, evidence_hash=raw,
        evidence={"raw": raw} | _batch_mark(desk), decided_by=desk.actor.username, decided_values=_sealed(values, sealer.swap), issue_code=code,
        field_name=field_name, run_id=desk.run_id, session_id=desk.actor.session_id,
    ))
    _remake(desk, record, rows)
    return decision_id


def _settle_spelling(desk: Desk, record_id: int, spelling: str, answer: SpellingAnswer) -> int:
    """Under a question of the record's own, for a cell may hold several unknown words. Of services the whole cell is said again, as it stands: the
    word is known now, and what else is in the cell stays what it was."""
    record = next(iter(record_store.load_records(desk.conn, record_ids=[record_id])), None)
    issue = next((each for each in record_store.load_issues(desk.conn, [record_id]).get(record_id, ()) if _is_unknown(each, spelling, answer)), None)
    of_run = record_store.find_records(desk.conn, desk.run_id, (record.record.record_key,)) if record is not None else []
    if record is None or issue is None or record.state is RecordState.REJECTED or record_id not in {each.record_id for each in of_run}:
        raise StaleItemError("This record does not write the word any more.", "It was answered since you looked.")
    _check_scope(desk.actor, [record])
    key = digest(["spelling", record.record.record_key, answer.field_name, spelling])
    decision_store.lock_question(desk.conn, key)
    rows = _rows_around(desk, record)
    row = _own_row(record, rows)
    value: Any = answer.term
    if answer.field_name == "services":
        said = given_answers(desk.conn, desk.workshop, [row]).overrides.get(row.record_key, {})
        value = stated_services(said.get("services", row.values.get("services")))
    decision_id = decision_store.add_decision(desk.conn, DecisionDraft(
        question_key=key, kind=QuestionKind.ISSUE, record_keys=(record.record.record_key,), answer=Answer.CORRECT, evidence_hash=issue.evidence_hash,
        evidence={"raw": raw_fingerprint(row, answer.field_name)} | _batch_mark(desk), decided_by=desk.actor.username, decided_values={answer.field_name: value},
        issue_code=issue.issue.code, field_name=answer.field_name, run_id=desk.run_id, session_id=desk.actor.session_id,
    ))
    _remake(desk, record, rows)
    return decision_id


def _is_unknown(stored: StoredIssue, spelling: str, answer: SpellingAnswer) -> bool:
    issue = stored.issue
    return stored.state == "open" and issue.code in UNKNOWN_WORD_CODES and issue.field_name == answer.field_name and issue.value == spelling


def _batch_mark(desk: Desk) -> dict[str, Any]:
    mark = {} if desk.batch is None else {"batch": desk.batch}
    return mark | {"corrections": list(desk.corrections)} if desk.corrections else mark


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


def _rows_around(desk: Desk, record: StoredRecord) -> list[SourceRow]:
    """The row of a record between those around it."""
    return raw_store.load_rows_around(desk.conn, record.file_id, record.row_number, NEIGHBOURS)


def _own_row(record: StoredRecord, rows: Sequence[SourceRow]) -> SourceRow:
    return next(row for row in rows if row.pointer == record.record.pointer)


def _remake(desk: Desk, record: StoredRecord, rows: Sequence[SourceRow]) -> None:
    """Make the record anew from its row, one of `rows`, with every answer given so far, and settle what hangs on it."""
    kept = record_store.keep_run_wide_issues(desk.conn, record.record_id)
    prepared = prepare_rows(desk.conn, desk.workshop, rows, up_to=ROW_STAGES[-1], only=record.record.pointer)
    keep_rows(desk.conn, desk.workshop, record.file_id, desk.run_id, prepared)
    record_store.restore_run_wide_issues(desk.conn, record.record_id, kept)
    _settle(desk, {record.record_id})


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
    records = record_store.find_records(desk.conn, desk.run_id, decision.record_keys)
    _check_scope(desk.actor, records)
    undone = decision_store.add_decision(desk.conn, DecisionDraft(
        question_key=decision.question_key, kind=QuestionKind(decision.kind), record_keys=decision.record_keys, answer=Answer.UNDONE,
        evidence_hash=decision.evidence_hash, evidence={"undoes": decision.decision_id}, decided_by=desk.actor.username, decided_values={},
        issue_code=decision.issue_code, field_name=decision.field_name, run_id=desk.run_id, session_id=desk.actor.session_id,
    ))
    if decision.kind == QuestionKind.DUPLICATE:
        _reopen_pair(desk, decision.question_key)
    else:
        for record in records:
            _remake(desk, record, _rows_around(desk, record))
    return undone


def _undo_batch(desk: Desk, batch: str) -> int:
    given = decision_store.batch_of(desk.conn, batch)
    if not given:
        raise StaleItemError("These answers were replaced or taken back already.", "Reload the page to see the latest answers.")
    desk = _unlearnt(desk, sorted({each for decision in given for each in decision.evidence.get("corrections", ())}))
    for decision in given:
        _undo(desk, decision)
    return len(given)


def _unlearnt(desk: Desk, corrections: Sequence[int]) -> Desk:
    """The desk without the corrections that were learnt with an answer; the records are made anew by what is known without them."""
    if not corrections:
        return desk
    for correction_id in corrections:
        decision_store.retire_correction(desk.conn, correction_id, desk.actor.username)
    workshop = desk.workshop
    return replace(desk, workshop=open_workshop(desk.conn, workshop.settings, workshop.keyring, workshop.as_of))


def _reopen_pair(desk: Desk, question_key: str) -> None:
    _settle(desk, _sides_of(match_store.load_pairs(desk.conn, desk.run_id, question_keys=[question_key])))


# --------------------------------------------------------------------------------------------------------- checks


def _check_seen(answer: AnswerIn, evidence_hash: str) -> None:
    if answer.seen_evidence is not None and answer.seen_evidence != evidence_hash:
        raise StaleItemError("The evidence changed since you opened this question.", "Look at it again before you answer.")


def _check_scope(actor: Actor, records: Sequence[StoredRecord]) -> None:
    counties = {record.record.place.county_code for record in records}
    if actor.counties and not counties <= (actor.counties | {None}):
        raise NotAllowedError("This record lies outside the counties of your account.", "Leave it to a colleague.")


def _personal_texts(values: Mapping[str, Any]) -> list[str]:
    return [text for name, value in values.items() if name in PERSONAL_FIELDS for text in texts_in(value)]


def _sealed(values: Mapping[str, Any], swap: Callable[[str], str]) -> dict[str, Any]:
    return {name: replace_texts(value, swap) if name in PERSONAL_FIELDS else value for name, value in values.items()}


__all__ = ["AlikePreview", "AnswerIn", "DecideOutcome", "GroupAnswer", "Refusal", "SpellingAnswer", "accept_alike", "alike", "claim", "correct_record", "decide", "decide_group", "last_answer", "load_reference", "problem_with", "release", "settle_spellings", "undo", "undo_batch"]
