"""Score: the final validation, the quality score of each record, and the two gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from gvrc.checks.catalogue import CATALOGUE
from gvrc.checks.values import STALE_DAYS, final_issues
from gvrc.model.issue import Issue, Severity
from gvrc.model.quality import QualityFacts, QualityScore, Standing
from gvrc.model.quick import quick
from gvrc.model.record import Record, RecordState
from gvrc.quality.score import NO_PLACE, facts_anew, facts_of, quality_of
from gvrc.quality.weights import QualityWeights, load_weights
from gvrc.reference.vocabularies import Vocabularies


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The two gates (quality scores, 0 to 100) and the age in days after which a verification is stale."""

    quality: float = 50.0
    final: float = 80.0
    stale_days: int = STALE_DAYS


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """A record on its way to the gates: its open issues from the stages before, whether a question about a duplicate is open, and the codes
    of the issues that a steward waived."""

    record: Record
    open_issues: Sequence[Issue] = ()
    has_open_duplicate: bool = False
    waived: frozenset[str] = frozenset()
    is_approved: bool = False
    """Whether a steward said that it may stand as it is, though its score is below the final threshold."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What became of a record: its state with the reason in a sentence, its quality score, what those follow from, and the issues of the final validation."""

    record_key: str
    state: RecordState
    reason: str
    quality: QualityScore
    standing: Standing
    issues: tuple[Issue, ...] = ()
    is_short: bool = False
    """Whether it waits for review for its quality score alone."""


def score(records: Sequence[Scoring], vocabularies: Vocabularies, thresholds: Thresholds, as_of: date, weights: QualityWeights | None = None) -> list[Scored]:
    """One result per record, in their order, on the day `as_of`.

    Below `thresholds.quality` a record is held; below `thresholds.final`, or with an open error or question, it goes to review; else it
    is ready. Rejected and committed records are not decided here.
    """
    known_weights = weights or load_weights()
    return [_scored(item, vocabularies, thresholds, as_of, known_weights) for item in records]


def _scored(item: Scoring, vocabularies: Vocabularies, thresholds: Thresholds, as_of: date, weights: QualityWeights) -> Scored:
    key = item.record.record_key
    found = tuple(issue for issue in final_issues(item.record, as_of, thresholds.stale_days) if issue.code not in item.waived)
    known = {issue.code for issue in found}
    issues = [issue for issue in item.open_issues if issue.code not in known]
    issues.extend(found)
    codes = tuple([issue.code for issue in issues])
    facts = facts_of(item.record, codes, as_of, item.has_open_duplicate, vocabularies, weights)
    quality = quality_of(facts, weights)
    state, reason, is_short = gate(quality, codes, item.has_open_duplicate, thresholds, is_approved=item.is_approved)
    own = len(codes) - len(found)
    return Scored(
        record_key=key, state=state, reason=reason, quality=quality, standing=_standing(facts, codes[:own], codes[own:]), issues=found, is_short=is_short
    )


@lru_cache(maxsize=16_384)
def _standing(facts: QualityFacts, codes: tuple[str, ...], final_codes: tuple[str, ...]) -> Standing:
    """Records that stand alike share what they follow from, for a run holds it of each."""
    return Standing(facts=facts, codes=codes, final_codes=final_codes)


def score_anew(
    record_key: str, standing: Standing, codes: Sequence[str], has_open_duplicate: bool, thresholds: Thresholds, weights: QualityWeights | None = None
) -> Scored:
    """What becomes of a record that was scored by its own row, once the whole run told further issues of these codes or asks whether it is a duplicate."""
    every = (*standing.codes, *codes, *standing.final_codes)
    facts = facts_anew(standing.facts, every, has_open_duplicate)
    quality = quality_of(facts, weights or load_weights())
    state, reason, is_short = gate(quality, every, has_open_duplicate, thresholds)
    known = _standing(facts, (*standing.codes, *codes), standing.final_codes)
    return Scored(record_key=record_key, state=state, reason=reason, quality=quality, standing=known, is_short=is_short)


def gate(
    quality: QualityScore, open_codes: Sequence[str], has_open_duplicate: bool, thresholds: Thresholds, *, is_approved: bool = False
) -> tuple[RecordState, str, bool]:
    """The state of a record at the two gates, why, and whether it is its score alone that keeps it from being ready; `open_codes` are those of its open
    issues, in their order."""
    asking = next((code for code in open_codes if CATALOGUE[code].asks), None)
    if quality.total < thresholds.quality and not (asking and asking in NO_PLACE):
        return RecordState.HELD, f"Its quality score {quality.total:g} is below {thresholds.quality:g}.", False
    if asking is not None:
        return RecordState.TO_REVIEW, f"A question is open: {CATALOGUE[asking].title.lower()}.", False
    if has_open_duplicate:
        return RecordState.TO_REVIEW, "A question about a duplicate is open.", False
    error = next((code for code in open_codes if CATALOGUE[code].severity is Severity.ERROR), None)
    if error is not None:
        return RecordState.TO_REVIEW, f"An error is open: {CATALOGUE[error].title.lower()}.", False
    if quality.total < thresholds.final and is_approved:
        return RecordState.READY, f"A person approved it, though its quality score {quality.total:g} is below {thresholds.final:g}.", False
    if quality.total < thresholds.final:
        return RecordState.TO_REVIEW, f"Its quality score {quality.total:g} is below {thresholds.final:g}.", True
    return RecordState.READY, f"Its quality score {quality.total:g} reaches {thresholds.final:g} and nothing is open.", False
