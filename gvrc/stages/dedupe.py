"""Which records are one place: the matcher, what people already answered, and what is left to ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gvrc.matching import hard
from gvrc.matching.arrays import BoolArray
from gvrc.matching.clusters import Judgements, KeyPair, clusters
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import BANDS, DEFAULT_OPTIONS, MatchOptions, MatchSet, match
from gvrc.matching.evidence import RIVAL, EvidenceTable
from gvrc.matching.features import CLASS_OF_NAME
from gvrc.matching.memory import changed_aspects, question_key, seen_pair
from gvrc.model.match import Band, Cluster, MatchResult
from gvrc.model.review import DUPLICATE_ANSWERS, Answer, Decision, QuestionKind, Relation

SENSITIVE_FACTOR = 2.0
"""A question about a place that must not be given away is worth twice as much."""
LEAST_UNCERTAINTY = 0.05
SAMPLE_ONE_IN = 20
"""One automatic pair in so many is put before a steward; which ones depends on the pair alone."""


class PairState(StrEnum):
    """Where a pair stands: asked, or why it is not."""

    OPEN = "open"
    AUTOMATIC = "automatic"
    SAME = "same"
    DIFFERENT = "different"
    RELATED = "related"
    PARKED = "parked"
    IMPLIED_SAME = "implied_same"
    IMPLIED_DIFFERENT = "implied_different"
    CONFLICT = "conflict"
    CONTEST = "contest"
    PROPOSED_RELATION = "proposed_relation"
    POSSIBLE = "possible"


_AUTOMATIC, _REVIEW = BANDS.index(Band.AUTOMATIC), BANDS.index(Band.REVIEW)
_BY_ANSWER = {Answer.SAME: PairState.SAME, Answer.DIFFERENT: PairState.DIFFERENT, Answer.RELATED: PairState.RELATED, Answer.UNSURE: PairState.PARKED}
_BY_IMPLICATION = {Answer.SAME: PairState.IMPLIED_SAME, Answer.DIFFERENT: PairState.IMPLIED_DIFFERENT}
_ASKED = frozenset({PairState.OPEN, PairState.CONFLICT, PairState.CONTEST, PairState.PROPOSED_RELATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPair:
    """One pair of the match set (`index`) with where it stands. `changed` says what changed since it was answered, `relation` what is proposed
    instead of "same", `priority` the expected value of an answer, `reason` why it is asked, in a sentence; `is_sample` that an automatic pair is
    shown to a steward to be looked over."""

    index: int
    left_key: str
    right_key: str
    question_key: str
    evidence_hash: str
    state: PairState
    priority: float = 0.0
    reason: str = ""
    changed: tuple[str, ...] = ()
    relation: Relation | None = None
    is_sample: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a person is asked."""
        return self.state in _ASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One record with two or more strong partners in one list of distinct places: a question of its own. The pairs are indices of the match set."""

    record_key: str
    partner_keys: tuple[str, ...]
    pairs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupeResult:
    """`pairs` hold every pair in the automatic and the review band, everything answered and every proposed relation, strongest first (the merely
    possible ones stay in `matches`); `questions` the open ones, most valuable first; `clusters` what is accepted so far; `conflicts` strong pairs across a
    "different", each with the pair that was called different."""

    matches: MatchSet
    pairs: tuple[JudgedPair, ...]
    questions: tuple[JudgedPair, ...]
    clusters: tuple[Cluster, ...]
    conflicts: tuple[tuple[KeyPair, KeyPair], ...]
    contests: tuple[Contest, ...]

    def explain(self, pair: JudgedPair) -> MatchResult:
        """The pair feature by feature."""
        return self.matches.explain(pair.index)

    @property
    def automatic(self) -> tuple[JudgedPair, ...]:
        """Pairs accepted without asking."""
        return tuple(pair for pair in self.pairs if pair.state is PairState.AUTOMATIC)


def dedupe(
    columns: MatchColumns, options: MatchOptions = DEFAULT_OPTIONS, decisions: Sequence[Decision] = (), *, executor: Executor | None = None,
    tables: tuple[EvidenceTable, EvidenceTable] | None = None,
) -> DedupeResult:
    """Matches the records (by the shipped weights, or by these `tables`), applies the answers in force (`decisions`: one per question, the latest) and
    tells what is left to ask.

    A question is asked again only when its evidence changed since; a "same" that still matches stands. What follows from answers is not asked.
    """
    return _Judging(columns, match(columns, options, executor=executor, tables=tables), decisions).result()


class _Judging:
    """One pass over the pairs with the answers at hand."""

    def __init__(self, columns: MatchColumns, matches: MatchSet, decisions: Sequence[Decision]) -> None:
        self._columns = columns
        self._matches = matches
        self._decisions = {
            decision.question_key: decision for decision in decisions if decision.kind is QuestionKind.DUPLICATE and decision.answer in DUPLICATE_ANSWERS
        }
        self._hashes: dict[int, str] = {}
        self._answered_pairs = self._find_answered()
        self._reopened = self._find_reopened()
        self._judged = self._judgements()
        self._contests = tuple(self._find_contests())
        self._contested = self._open_contests()

    def result(self) -> DedupeResult:
        automatic = [index for index in np.flatnonzero(self._matches.bands == _AUTOMATIC).tolist() if self._decision(index) is None]
        crossing = {index for index in automatic if not self._judged.join(*self._keys(index))}
        pairs = tuple(self._pairs(crossing))
        accepted = [*self._answered(Answer.SAME), *(self._keys(index) for index in automatic if index not in crossing)]
        found = clusters([str(key) for key in self._columns.keys], accepted, self._answered(Answer.DIFFERENT))
        questions = sorted((pair for pair in pairs if pair.is_open), key=lambda pair: (-pair.priority, pair.question_key))
        conflicts = tuple(sorted((pair, foe) for pair, foe in self._judged.conflicts.items()))
        return DedupeResult(
            matches=self._matches, pairs=pairs, questions=tuple(questions), clusters=tuple(found), conflicts=conflicts, contests=self._contests
        )

    def _keys(self, index: int) -> KeyPair:
        return str(self._columns.keys[self._matches.left[index]]), str(self._columns.keys[self._matches.right[index]])

    def _find_answered(self) -> BoolArray:
        """Pairs of which an answer may speak: both records stand in one. Of millions of merely possible pairs these alone are looked at one by one."""
        asked = {key for decision in self._decisions.values() for key in decision.record_keys}
        named = np.array([key in asked for key in self._columns.keys.tolist()], dtype=np.bool_) if asked else np.zeros(len(self._columns), dtype=np.bool_)
        answered: BoolArray = named[self._matches.left] & named[self._matches.right]
        return answered

    def _band(self, index: int) -> Band:
        return BANDS[int(self._matches.bands[index])]

    def _hash(self, index: int) -> str:
        if index not in self._hashes:
            self._hashes[index] = seen_pair(self._columns, (int(self._matches.left[index]), int(self._matches.right[index])))
        return self._hashes[index]

    def _find_reopened(self) -> dict[str, tuple[str, ...]]:
        """Answered questions whose evidence changed, with what changed."""
        found: dict[str, tuple[str, ...]] = {}
        for index in np.flatnonzero(self._answered_pairs).tolist():
            key = question_key(*self._keys(index))
            decision = self._decisions.get(key)
            if decision is None or self._is_still_same(decision, index):
                continue
            changed = changed_aspects(decision.evidence_hash, self._hash(index))
            if changed and self._band(index) in (Band.AUTOMATIC, Band.REVIEW):
                found[key] = changed
        return found

    def _is_still_same(self, decision: Decision, index: int) -> bool:
        return decision.answer is Answer.SAME and bool(self._matches.match_score[index] >= self._matches.options.threshold)

    def _judgements(self) -> Judgements:
        return Judgements(self._answered(Answer.SAME), self._answered(Answer.DIFFERENT))

    def _answered(self, answer: Answer) -> list[KeyPair]:
        """Pairs of records with this answer in force; a relation tells two places apart as well."""
        answers = (Answer.DIFFERENT, Answer.RELATED) if answer is Answer.DIFFERENT else (answer,)
        return [
            pair
            for key, decision in self._decisions.items()
            if decision.answer in answers and key not in self._reopened
            for pair in zip(decision.record_keys, decision.record_keys[1:], strict=False)
        ]

    def _decision(self, index: int) -> Decision | None:
        """The answer in force for a pair."""
        if not self._answered_pairs[index]:
            return None
        key = question_key(*self._keys(index))
        return None if key in self._reopened else self._decisions.get(key)

    def _pairs(self, crossing: set[int]) -> Iterator[JudgedPair]:
        told = (self._matches.bands >= _REVIEW) | (self._matches.hard_evidence == hard.SITS_IN) | self._answered_pairs
        told[list(self._contested)] = True
        for index in np.flatnonzero(told).tolist():
            state, relation = self._state(index, crossing)
            if state is not PairState.POSSIBLE:
                yield self._judged_pair(index, state, relation)

    def _state(self, index: int, crossing: set[int]) -> tuple[PairState, Relation | None]:
        decision, band = self._decision(index), self._band(index)
        if decision is not None:
            return _BY_ANSWER[decision.answer], decision.relation
        if index in crossing:
            return PairState.CONFLICT, None
        if band is Band.AUTOMATIC:
            return PairState.AUTOMATIC, None
        if self._proposes_relation(index):
            return PairState.PROPOSED_RELATION, Relation.LOCATED_IN
        implied = self._judged.implied(*self._keys(index))
        if implied is None and index in self._contested:
            return PairState.CONTEST, None
        if band is not Band.REVIEW:
            return PairState.POSSIBLE, None
        if implied is Answer.DIFFERENT and self._crosses_a_different(index):
            return PairState.CONFLICT, None
        return (_BY_IMPLICATION[implied] if implied else PairState.OPEN), None

    def _crosses_a_different(self, index: int) -> bool:
        """Whether a strong match stands across records that a person called different; it is noted as a conflict."""
        foe = self._judged.foe(*self._keys(index))
        is_strong = self._matches.match_score[index] >= self._matches.options.automatic_threshold
        if not is_strong or foe is None or foe == tuple(sorted(self._keys(index))):
            return False
        self._judged.conflicts[self._keys(index)] = foe
        return True

    def _proposes_relation(self, index: int) -> bool:
        """Two places that belong together: kinds of which one sits in the other, with evidence that would otherwise make them one."""
        sits_in = self._matches.hard_evidence[index] == hard.SITS_IN
        return bool(sits_in and hard.belongs_together(self._matches.levels, index))

    def _judged_pair(self, index: int, state: PairState, relation: Relation | None) -> JudgedPair:
        left, right = self._keys(index)
        key = question_key(left, right)
        changed = self._reopened.get(key, ())
        return JudgedPair(
            index=index, left_key=left, right_key=right, question_key=key, evidence_hash=self._hash(index), state=state, relation=relation, changed=changed,
            priority=self._priority(index) if state in _ASKED else 0.0,
            reason=self._reason(index, state, changed),
            is_sample=state is PairState.AUTOMATIC and int(key[:8], 16) % SAMPLE_ONE_IN == 0,
        )

    def _priority(self, index: int) -> float:
        """Uncertainty of the pair, times the records that hang on it, times what is at stake."""
        score = float(self._matches.match_score[index])
        uncertainty = max(1.0 - abs(2.0 * score - 1.0), LEAST_UNCERTAINTY)
        affected = sum(len(self._judged.members(key)) for key in self._keys(index))
        sensitive = self._columns.is_sensitive[self._matches.left[index]] or self._columns.is_sensitive[self._matches.right[index]]
        return uncertainty * affected * (SENSITIVE_FACTOR if sensitive else 1.0)

    def _reason(self, index: int, state: PairState, changed: tuple[str, ...]) -> str:
        if changed and state in _ASKED:
            return f"Answered before; since then {' and '.join(changed)} changed."
        if state is PairState.CONFLICT:
            return "A strong match across records that a person called different."
        if state is PairState.CONTEST:
            return f"One record, {len(self._contested[index].partner_keys)} strong partners: at most one of them is the same place."
        if state is PairState.PROPOSED_RELATION:
            return "One kind of place often sits in the other: probably related, not the same."
        if state is PairState.OPEN:
            return self._why_asked(float(self._matches.match_score[index]))
        return ""

    def _why_asked(self, score: float) -> str:
        if score >= self._matches.options.automatic_threshold:
            return "A strong match, yet it rests on one kind of evidence or something speaks against it."
        if score >= self._matches.options.threshold:
            return "Probably one place, not sure enough to merge without asking."
        return "Perhaps one place: the evidence goes both ways."

    def _find_contests(self) -> Iterator[Contest]:
        """Records that gave way to another although the evidence alone was above the threshold."""
        matches = self._matches
        if not matches.options.link or len(matches) == 0:
            return
        alone = matches.log_odds - matches.table.weights[RIVAL][CLASS_OF_NAME[matches.levels["name"]], matches.levels[RIVAL]]
        strong = (alone >= np.log(matches.options.threshold / (1 - matches.options.threshold))) & (matches.hard_evidence == hard.NOTHING)
        lost = np.flatnonzero(strong & ~matches.is_chosen)
        partners: dict[int, set[int]] = {}
        for index in np.flatnonzero(strong):
            for row in (matches.left[index], matches.right[index]):
                partners.setdefault(int(row), set()).add(int(index))
        wanted = {int(row) for index in lost for row in (matches.left[index], matches.right[index])}
        for row in sorted(wanted):
            if len(partners[row]) > 1:
                yield self._contest(row, tuple(sorted(partners[row])))

    def _open_contests(self) -> dict[int, Contest]:
        """The pairs of contests that neither the matcher nor a person has settled."""
        settled = set(np.flatnonzero(self._matches.bands == _AUTOMATIC).tolist()) if self._contests else set()
        return {
            index: contest
            for contest in self._contests
            if not settled & set(contest.pairs) and all((given := self._decision(each)) is None or given.answer is not Answer.SAME for each in contest.pairs)
            for index in contest.pairs
        }

    def _contest(self, row: int, pairs: tuple[int, ...]) -> Contest:
        others = [int(self._matches.left[index]) + int(self._matches.right[index]) - row for index in pairs]
        return Contest(record_key=str(self._columns.keys[row]), partner_keys=tuple(str(self._columns.keys[other]) for other in others), pairs=pairs)
