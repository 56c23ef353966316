"""The matcher: columns in, scored pairs out, each able to explain itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np

from gvrc.matching import hard, rivals, specialties
from gvrc.matching.arrays import BoolArray, ByteArray, IntArray, LongArray, SmallFloatArray, order_of, ranks_within
from gvrc.matching.blocking import BIT, RULES, Candidates, Scope, names_of, proposed
from gvrc.matching.columns import MatchColumns
from gvrc.matching.evidence import NEIGHBOURHOOD, RIVAL, EvidenceTable, evidence_table, logistic
from gvrc.matching.explain import Explainer
from gvrc.matching.features import CLASS_OF_NAME, FEATURES, NAME_CLASSES, NAME_LEVELS, spelling
from gvrc.matching.forked import Copies, buried, copies
from gvrc.matching.hard import HARD_EVIDENCE, NOTHING, SAME_CODE
from gvrc.matching.meeting import parting_words, words_met
from gvrc.matching.pairs import PairRows
from gvrc.matching.prepared import Prepared, completed, groundwork
from gvrc.matching.reference_formula import reference_scores
from gvrc.matching.standard_names import StandardNames
from gvrc.model.match import Band, MatchResult

EXPLAINED_AT_ONCE = 5000
COMPARED_AT_ONCE, COMPARED_WORTH_SHARING = 500_000, 20_000
"""Candidate pairs of which the comparisons are held in memory at once, and from how many they are shared with the copies that are there."""
MOST_PARTNERS = 20
"""Pairs of one record that are kept: the strongest. In a crowd of one name nobody looks at more, and all of them would fill the memory."""
BANDS: tuple[Band, ...] = (Band.DROPPED, Band.POSSIBLE, Band.REVIEW, Band.AUTOMATIC)
"""Bands by number."""
STRATEGIES: tuple[str, ...] = ("weak", "near_point", "fuzzy_name", "shared_contact", "exact_name_and_place", "registration_number", "exact_code")
"""Strategies by number: the strongest kind of evidence a pair rests on."""
STAGES_OF_COST: tuple[tuple[str, ...], ...] = (
    ("place", "kind", "owner", "contact", "registration", "markers", "distance", "namesakes", "besides"),
    ("name",),
    ("consonants", "shared_word", "qualifier", "sponsor", "confirmed", "surroundings", "services"),
    ("words",),
)
"""Features by what they cost: the dearer are compared only for pairs that can still be of interest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchOptions:
    """How to match. `threshold` from which a pair counts as a match, `review_threshold` from which it is asked, `automatic_threshold` from which
    it may be merged and marked, `possible_threshold` below which it is forgotten. `link`: each list holds distinct places, so only pairs across lists
    and one partner each. Pairs within `registry_list` are not proposed. `workers` are the processors for comparing."""

    threshold: float = 0.8
    review_threshold: float = 0.55
    automatic_threshold: float = 0.98
    possible_threshold: float = 0.02
    link: bool = False
    registry_list: int | None = None
    workers: int = 1


DEFAULT_OPTIONS = MatchOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchSet:
    """Scored pairs as arrays, strongest first. `left` and `right` are row numbers of the columns; `strategies`, `bands` and `hard_evidence` are numbers into
    STRATEGIES, BANDS and hard.HARD_EVIDENCE; `rules` the bit mask of the blocking rules; `levels` the level of every feature. `is_chosen` is False for
    the pairs that gave way to another partner (`link`)."""

    columns: MatchColumns
    prepared: Prepared
    table: EvidenceTable
    options: MatchOptions
    left: LongArray
    right: LongArray
    match_score: SmallFloatArray
    log_odds: SmallFloatArray
    strategies: ByteArray
    rules: IntArray
    bands: ByteArray
    hard_evidence: ByteArray
    is_chosen: BoolArray
    levels: Mapping[str, ByteArray]
    rival_rows: LongArray
    counts: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.left)

    def explain(self, index: int) -> MatchResult:
        """One pair in words: every feature with its weight; base and weights add up to the match score's log-odds."""
        return next(self.taken(np.array([index])).explained())

    def explained(self) -> Iterator[MatchResult]:
        """Every pair in words, in order, as `explain` tells it; a slice of pairs is worked out at a time."""
        for start in range(0, len(self), EXPLAINED_AT_ONCE):
            part = self.taken(np.arange(start, min(start + EXPLAINED_AT_ONCE, len(self))))
            explainer, reference = Explainer(part), part.reference_score.tolist()
            yield from (part._explained(explainer, reference[index], index) for index in range(len(part)))

    def _explained(self, explainer: Explainer, reference_score: float, index: int) -> MatchResult:
        return MatchResult(
            left_key=str(self.columns.keys[self.left[index]]),
            right_key=str(self.columns.keys[self.right[index]]),
            match_score=float(self.match_score[index]),
            base=float(self.table.base),
            features=explainer.features(index),
            strategy=STRATEGIES[self.strategies[index]],
            band=BANDS[self.bands[index]],
            rules=tuple(rule for rule in RULES if self.rules[index] & BIT[rule]),
            hard_evidence=HARD_EVIDENCE[self.hard_evidence[index]] or None,
            reference_score=reference_score,
            scorer_version=self.table.version,
        )

    def taken(self, rows: LongArray | BoolArray) -> MatchSet:
        """Some of the pairs."""
        arrays = {name: getattr(self, name)[rows] for name in _PAIR_ARRAYS}
        return MatchSet(
            columns=self.columns, prepared=self.prepared, table=self.table, options=self.options, counts=self.counts,
            levels={name: level[rows] for name, level in self.levels.items()}, **arrays,
        )

    @property
    def left_out(self) -> int:
        """Pairs that gave way, in crowds of like names, to MOST_PARTNERS stronger ones of both records."""
        return self.counts.get("left_out", 0)

    @property
    def reference_score(self) -> SmallFloatArray:
        """The reference formula of every pair."""
        pairs = PairRows(left=self.left, right=self.right, rules=self.rules)
        return reference_scores(self.prepared, pairs, (self.levels["contact"] == 1).astype(np.float64))

    @property
    def matches(self) -> MatchSet:
        """The pairs at or above the threshold that kept their partner."""
        return self.taken((self.match_score >= self.options.threshold) & self.is_chosen & (self.hard_evidence <= SAME_CODE))


_PAIR_ARRAYS = (
    "left", "right", "match_score", "log_odds", "strategies", "rules", "bands", "hard_evidence", "is_chosen", "rival_rows",
)


def match(
    columns: MatchColumns,
    options: MatchOptions = DEFAULT_OPTIONS,
    *,
    standard_names: StandardNames | None = None,
    prepared: Prepared | None = None,
    executor: Executor | None = None,
    tables: tuple[EvidenceTable, EvidenceTable] | None = None,
) -> MatchSet:
    """Every pair of records that may be one place, scored. `standard_names` saves standardising the names again, `prepared` the whole preparation;
    `executor` compares names elsewhere than
    on this thread, `tables` (for pairs alone, with rivals) replaces the shipped evidence."""
    scope = Scope(list_ids=columns.list_ids, link=options.link, registry_list=options.registry_list)
    plain_table, link_table = tables or (evidence_table(), evidence_table(link=True))
    table = link_table if options.link else plain_table
    ground = prepared or groundwork(columns, standard_names)
    names = names_of(ground, scope)
    elsewhere = names.submitted(executor) if executor is not None else None
    prepared = prepared or completed(columns, ground)
    comparison = Comparison(prepared, table, options.possible_threshold)
    with copies((names.swept, comparison.of), names.workers(options.workers) if elsewhere is None else 1) as others:
        found = proposed(prepared, scope, names.cells, elsewhere or others.begin(names.swept, names.numbers))
        compared = comparison.of_all(found, others)
    pairs, levels, log_odds = compared.pairs, compared.levels, compared.log_odds
    verdict = hard.verdicts(prepared, pairs, levels)
    choice = rivals.everyone(len(pairs))
    if options.link:
        linked = rivals.link(prepared, pairs, levels, table, verdict)
        levels, log_odds, choice = linked.levels, linked.log_odds, linked.choice
    score = np.where(verdict == SAME_CODE, 1.0, np.where(verdict != NOTHING, 0.0, logistic(log_odds))).astype(np.float32)
    result = MatchSet(
        columns=columns, prepared=prepared, table=table, options=options, left=pairs.left, right=pairs.right, match_score=score, log_odds=log_odds,
        strategies=_strategies(pairs, levels, verdict), rules=pairs.rules, bands=np.zeros(len(pairs), dtype=np.uint8), hard_evidence=verdict,
        is_chosen=choice.is_chosen, levels=levels, rival_rows=choice.rival_rows,
        counts={"candidate_pairs": len(found.left), "names_compared": found.compared, "split_blocks": found.split_blocks, "left_out": compared.left_out},
    )
    banded = _banded(result)
    buried()
    return banded


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Pairs with the level of every feature and the summed evidence; `left_out` counts those that gave way to MOST_PARTNERS stronger ones of both records."""

    pairs: PairRows
    levels: dict[str, ByteArray]
    log_odds: SmallFloatArray
    left_out: int = 0

    def without_crowds(self, prepared: Prepared) -> Compared:
        """The pairs that are among the MOST_PARTNERS strongest of either record, or rest on an official code."""
        kept = _strongest(prepared, self.pairs, self.log_odds) | ((self.pairs.rules & BIT["official_code"]) != 0)
        if kept.all():
            return self
        levels = {name: level[kept] for name, level in self.levels.items()}
        return Compared(pairs=self.pairs.taken(kept), levels=levels, log_odds=self.log_odds[kept], left_out=self.left_out + int((~kept).sum()))


def _strongest(prepared: Prepared, pairs: PairRows, log_odds: SmallFloatArray) -> BoolArray:
    """Whether each pair is among the MOST_PARTNERS strongest of either record; the values of the records decide between equal ones."""
    records, others = np.r_[pairs.left, pairs.right], np.r_[pairs.right, pairs.left]
    is_crowded = (np.bincount(records, minlength=1) > MOST_PARTNERS)[records]
    if not is_crowded.any():
        return np.ones(len(pairs), dtype=np.bool_)
    at = np.flatnonzero(is_crowded)
    at = at[np.lexsort((prepared.fingerprints[others[at]], -log_odds[at % len(pairs)], records[at]))]
    kept = ~is_crowded
    kept[at[ranks_within(records[at]) < MOST_PARTNERS]] = True
    either: BoolArray = kept[: len(pairs)] | kept[len(pairs) :]
    return either


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparing of candidates that can still reach `possible_threshold`."""

    prepared: Prepared
    table: EvidenceTable
    possible_threshold: float

    def of(self, pairs: PairRows) -> Compared:
        """Levels and summed evidence of some pairs; crowds are thinned on the way, so that memory holds them."""
        return _compared(self.prepared, pairs, self.table, self.possible_threshold).without_crowds(self.prepared)

    def of_all(self, found: Candidates, others: Copies) -> Compared:
        """The same of all candidates, in slices that are shared."""
        count = len(found.left)
        size = max(min(COMPARED_AT_ONCE, -(-count // others.workers) if count >= COMPARED_WORTH_SHARING else count), 1)
        slices = [
            PairRows(left=found.left[start : start + size], right=found.right[start : start + size], rules=found.rules[start : start + size], ratios=found.ratios[start : start + size])
            for start in range(0, max(count, 1), size)
        ]
        parts = others.begin(self.of, slices)()
        left, right, rules = (np.concatenate([getattr(part.pairs, name) for part in parts]) for name in ("left", "right", "rules"))
        levels = {name: np.concatenate([part.levels[name] for part in parts]) for name in parts[0].levels}
        log_odds, left_out = np.concatenate([part.log_odds for part in parts]), sum(part.left_out for part in parts)
        return Compared(pairs=PairRows(left=left, right=right, rules=rules), levels=levels, log_odds=log_odds, left_out=left_out).without_crowds(self.prepared)


def _compared(prepared: Prepared, pairs: PairRows, table: EvidenceTable, possible_threshold: float) -> Compared:
    """The comparisons, the cheap ones first; the dear ones only of pairs that can still be of interest."""
    pairs = replace(pairs, spelled=spelling(prepared, pairs))
    least = float(np.log(max(possible_threshold, 1e-9) / (1 - possible_threshold)))
    by_name = {feature.name: feature.compare for feature in FEATURES}
    waiting = [feature.name for feature in FEATURES if feature.name not in _idle(prepared)]
    levels = {feature: np.zeros(len(pairs), dtype=np.uint8) for feature in by_name if feature not in waiting}
    for stage in STAGES_OF_COST:
        wanted = [feature for feature in waiting if feature in stage]
        levels |= {feature: by_name[feature](prepared, pairs) for feature in wanted}
        waiting = [feature for feature in waiting if feature not in stage]
        coming = [feature for feature in (*waiting, NEIGHBOURHOOD, RIVAL) if feature != "name"]
        most = _most(table, levels, coming) if "name" in levels else _bound(table, levels, pairs) + sum(table.most(feature).max() for feature in coming)
        kept = np.flatnonzero((most >= least) | ((pairs.rules & BIT["official_code"]) != 0))
        pairs, levels = pairs.taken(kept), {name: level[kept] for name, level in levels.items()}
        pairs = pairs if pairs.met is not None else replace(pairs, met=words_met(prepared, pairs))
        pairs = pairs if pairs.parting is not None else replace(pairs, parting=parting_words(prepared, pairs))
    told = PairRows(left=pairs.left, right=pairs.right, rules=pairs.rules)
    return Compared(pairs=told, levels=levels, log_odds=table.weigh(levels, CLASS_OF_NAME[levels["name"]]))


def _idle(prepared: Prepared) -> set[str]:
    """Features that no pair of these records can have: nobody states what they compare."""
    same = prepared.names.same
    silent = {
        "qualifier": not (same["qualifiers"] >= 0).any(), "sponsor": not (same["sponsors"] >= 0).any(), "services": not prepared.has_services.any(),
        "surroundings": not prepared.has_surroundings, "confirmed": not prepared.has_surroundings,
    }
    return {feature for feature, is_silent in silent.items() if is_silent}


def _most(table: EvidenceTable, levels: Mapping[str, ByteArray], coming: Sequence[str]) -> SmallFloatArray:
    """The most that the comparisons made and those still coming can come to, each pair in its name class."""
    classes = CLASS_OF_NAME[levels["name"]]
    room = np.sum([table.most(feature) for feature in coming], axis=0, initial=0.0)
    most: SmallFloatArray = table.weigh(levels, classes) + np.broadcast_to(room, len(NAME_CLASSES)).astype(np.float32)[classes]
    return most


def _bound(table: EvidenceTable, levels: Mapping[str, ByteArray], pairs: PairRows) -> SmallFloatArray:
    """The most that cheap comparisons and names can come to, when of the names only the spelling is known: one may still hold the other."""
    spelled = pairs.spelled if pairs.spelled is not None else np.zeros(len(pairs), dtype=np.uint8)
    classes = CLASS_OF_NAME[spelled]
    bound = table.weigh(levels, classes) + table.weights["name"][classes, spelled]
    rows = np.flatnonzero(spelled > NAME_LEVELS.index("r95"))
    holds = np.full(len(rows), NAME_CLASSES.index("holds"), dtype=np.uint8)
    bound[rows] = np.maximum(bound[rows], table.weigh({name: level[rows] for name, level in levels.items()}, holds) + table.most_held)
    return bound


def _strategies(pairs: PairRows, levels: Mapping[str, ByteArray], verdict: ByteArray) -> ByteArray:
    same_name = (levels["name"] >= 1) & (levels["name"] <= 3)
    same_place = (levels["place"] >= 1) & (levels["place"] <= 3)
    near = (levels["distance"] >= 1) & (levels["distance"] <= 3)
    alike = hard.is_level(levels, "name", *(level for level in NAME_LEVELS[1:] if level not in ("r60", "r50", "unlike", "heavy_extra")))
    return np.select(
        [(verdict == SAME_CODE), levels["registration"] == 1, same_name & (same_place | near), levels["contact"] == 1, alike, near],
        [6, 5, 4, 3, 2, 1], 0,
    ).astype(np.uint8)


def _worded_differently(result: MatchSet) -> BoolArray:
    """Whether two names have other words; with the same words they tell the same specialty."""
    same = result.prepared.names.same
    differ: BoolArray = (same["full"][result.left] != same["full"][result.right]) | (same["qualifiers"][result.left] != same["qualifiers"][result.right])
    return differ


def _banded(result: MatchSet) -> MatchSet:
    """The pairs with their bands, strongest first, the dropped ones left out."""
    options, score = result.options, result.match_score
    open_pair = (result.hard_evidence <= SAME_CODE) & result.is_chosen
    automatic = (score >= options.automatic_threshold) & open_pair & hard.may_be_automatic(result.levels, result.hard_evidence, options.link)
    automatic &= result.prepared.is_guess[result.left] == result.prepared.is_guess[result.right]
    automatic &= ~hard.is_elsewhere(result.prepared, PairRows(left=result.left, right=result.right, rules=result.rules), result.levels)
    sure = np.flatnonzero(automatic & _worded_differently(result))
    automatic[sure] = ~specialties.differ(result.columns.names, result.left[sure], result.right[sure])
    bands = np.select(
        [
            automatic,
            (score >= options.review_threshold) & open_pair,
            (score >= options.possible_threshold) | (result.hard_evidence != 0),
        ],
        [3, 2, 1], 0,
    ).astype(np.uint8)
    result.bands[:] = bands
    kept = np.flatnonzero(bands > 0)
    return result.taken(kept[_strongest_first(score[kept], result.log_odds[kept])])


def _strongest_first(score: SmallFloatArray, log_odds: SmallFloatArray) -> LongArray:
    """Positions by score (0 to 1), then by log-odds, both falling; equal ones as they stand, which is by their rows."""
    return order_of((_falling(score) << 32) | _falling(log_odds))


def _falling(numbers: SmallFloatArray) -> LongArray:
    """Whole numbers of 32 bits that fall as the numbers rise: what IEEE 754 writes of a positive number, and of a negative one turned round."""
    bits = (numbers + np.float32(0)).view(np.uint32)  # makes -0 a 0
    rising = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return (~rising).astype(np.int64)
