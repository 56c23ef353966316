"""The quality score of a record and of a run: five dimensions from 0 to 100, each with the sentences that explain it.

Completeness is the weighted share of the fields that a place of its kind should have. Accuracy and consistency start from how much there
is to check a record by (its kind, its county, anything finer) and lose points for each open issue. Timeliness falls from the last
verification. Uniqueness falls with issues about shared values and an open question about a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from gvrc.checks.catalogue import CATALOGUE
from gvrc.model.issue import Dimension, Issue, IssueType
from gvrc.model.quality import QualityFacts, QualityPart, QualityScore
from gvrc.model.quick import replaced
from gvrc.model.record import ContactType, Record
from gvrc.quality.weights import UNKNOWN_GROUP, GroupWeights, QualityWeights
from gvrc.reference.vocabularies import Vocabularies

EVIDENCE = {"facility_type": 0.3, "county": 0.5, "finer": 0.2}
"""How much each fact lets one check a record: its kind, its county, and anything finer (ward, constituency, point, contact or code)."""
AGE_STEP_DAYS = 30
"""Ages are scored in steps of this many days, so that records of one age share a score."""
NO_PLACE = frozenset({"name.heading", "row.empty", "name.missing", "row.abroad", "row.country_doubtful", "row.deleted"})
"""Issues of rows that are no place of Kenya or cannot be named: their quality is 0."""

_REACHABLE = (ContactType.PHONE, ContactType.HOTLINE, ContactType.EMAIL)
_FINER = ("ward", "constituency", "point", "contacts", "mfl_code")
_NOWHERE = ("hotline",)
_NATIONWIDE = "place.nationwide"
_LABELS = {
    "name": "the name", "facility_type": "the kind of place", "county": "the county", "constituency": "the constituency", "ward": "the ward",
    "point": "the point on the map", "contacts": "a contact", "services": "the services", "owner": "the owner", "operational_status": "the status",
    "mfl_code": "the official code", "keph_level": "the KEPH level",
}  # fmt: skip


def record_quality(
    record: Record, issues: Sequence[Issue], as_of: date, has_open_duplicate: bool, vocabularies: Vocabularies, weights: QualityWeights
) -> QualityScore:
    """The quality score of a record with its open `issues` on the day `as_of`. Treat its parts as read-only: equal records share them."""
    return quality_of(facts_of(record, [issue.code for issue in issues], as_of, has_open_duplicate, vocabularies, weights), weights)


def facts_of(
    record: Record, codes: Iterable[str], as_of: date, has_open_duplicate: bool, vocabularies: Vocabularies, weights: QualityWeights
) -> QualityFacts:
    """What the score of a record with open issues of these codes depends on."""
    told = tuple(sorted(set(codes)))
    return QualityFacts(
        group=vocabularies.group(record.facility_type) or UNKNOWN_GROUP,
        filled=_filled(record),
        codes=told,
        age_days=_age_days(record.last_verified_at, as_of, weights),
        has_open_duplicate=has_open_duplicate,
        is_nationwide=_NATIONWIDE in told,
    )


def facts_anew(facts: QualityFacts, codes: Iterable[str], has_open_duplicate: bool) -> QualityFacts:
    """The same facts with open issues of these codes."""
    told = tuple(sorted(set(codes)))
    return replaced(facts, codes=told, has_open_duplicate=has_open_duplicate, is_nationwide=_NATIONWIDE in told)


def _filled(record: Record) -> frozenset[str]:
    """The required fields that a record fills."""
    place = record.place
    facts = (
        ("name", record.name), ("facility_type", record.facility_type), ("county", place.county_code), ("constituency", place.constituency_code),
        ("ward", place.ward_code), ("point", record.point), ("services", record.services), ("owner", record.owner),
        ("operational_status", record.operational_status), ("mfl_code", record.mfl_code), ("keph_level", record.keph_level),
        ("contacts", any(contact.contact_type in _REACHABLE for contact in record.contacts)),
    )  # fmt: skip
    return frozenset([name for name, value in facts if value])


def _age_days(verified: date | None, as_of: date, weights: QualityWeights) -> int | None:
    """Days since the last verification in steps, None when it is unknown or has not come yet; all fresh ages are 0."""
    if verified is None or verified > as_of:
        return None
    days = (as_of - verified).days
    if days <= weights.fresh_days:
        return 0
    return min(days - days % AGE_STEP_DAYS, int(weights.stale_days))


@lru_cache(maxsize=16_384)
def quality_of(facts: QualityFacts, weights: QualityWeights) -> QualityScore:
    """The quality score that follows from facts. Treat its parts as read-only: equal records share them."""
    group = weights.group(facts.group)
    if NO_PLACE & set(facts.codes):
        return _no_place(facts, group)
    parts = (
        _completeness(facts, group),
        _checked(facts, Dimension.ACCURACY, weights, group),
        _checked(facts, Dimension.CONSISTENCY, weights, group),
        _timeliness(facts, weights, group),
        _uniqueness(facts, weights, group),
    )
    total = sum(part.value * part.weight for part in parts)
    return QualityScore(total=round(total, 1), parts=parts, points_to_gain=_points_to_gain(facts, parts, weights, group))


def _no_place(facts: QualityFacts, group: GroupWeights) -> QualityScore:
    reason = "The row is no place that could be published." if "name.missing" not in facts.codes else "A place without a name cannot be published."
    parts = tuple(QualityPart(dimension=dimension, value=0.0, weight=weight, reasons=(reason,)) for dimension, weight in group.dimensions.items())
    return QualityScore(total=0.0, parts=parts, points_to_gain={code: 100.0 for code in facts.codes if code in NO_PLACE})


def _wanted(facts: QualityFacts, group: GroupWeights) -> dict[str, float]:
    """The required fields with their weights; a place for the whole country needs no place on the map."""
    nowhere = ("county", "constituency", "ward", "point") if facts.is_nationwide else ()
    return {name: weight for name, weight in group.fields.items() if name not in nowhere}


def _completeness(facts: QualityFacts, group: GroupWeights) -> QualityPart:
    wanted = _wanted(facts, group)
    value = 100 * sum(weight for name, weight in wanted.items() if name in facts.filled) / sum(wanted.values())
    missing = [_LABELS[name] for name in wanted if name not in facts.filled]
    reasons = (f"Missing: {', '.join(missing)}.",) if missing else ()
    return QualityPart(dimension=Dimension.COMPLETENESS.value, value=round(value, 1), weight=group.dimensions["completeness"], reasons=reasons)


def _evidence(facts: QualityFacts) -> float:
    """How much there is to check the record by, 0 to 1."""
    has_county = "county" in facts.filled or facts.is_nationwide or facts.group in _NOWHERE
    has_finer = any(name in facts.filled for name in _FINER)
    return EVIDENCE["facility_type"] * ("facility_type" in facts.filled) + EVIDENCE["county"] * has_county + EVIDENCE["finer"] * has_finer


def _issue_types(facts: QualityFacts, dimension: Dimension) -> list[IssueType]:
    return [CATALOGUE[code] for code in facts.codes if code in CATALOGUE and CATALOGUE[code].dimension is dimension]


def _checked(facts: QualityFacts, dimension: Dimension, weights: QualityWeights, group: GroupWeights) -> QualityPart:
    """Accuracy or consistency: what can be checked, less the penalties of the open issues."""
    evidence, issue_types = _evidence(facts), _issue_types(facts, dimension)
    lost = sum(weights.penalties[issue_type.severity] for issue_type in issue_types)
    reasons = [f"{issue_type.title}." for issue_type in issue_types]
    if evidence < 1:
        reasons.append("Too little is known to check the record by: its kind, its county and one finer fact are needed.")
    value = max(0.0, 100 * evidence - lost)
    return QualityPart(dimension=dimension.value, value=round(value, 1), weight=group.dimensions[dimension], reasons=tuple(reasons))


def _timeliness(facts: QualityFacts, weights: QualityWeights, group: GroupWeights) -> QualityPart:
    """100 while the verification is fresh, then falling in a straight line to the value for stale."""
    reasons: tuple[str, ...]
    if facts.age_days is None:
        value, reasons = weights.timeliness_unknown, ("When it was last verified is not known.",)
    else:
        overdue = max(0.0, facts.age_days - weights.fresh_days) / (weights.stale_days - weights.fresh_days)
        value = 100 - min(1.0, overdue) * (100 - weights.timeliness_stale)
        reasons = (f"Last verified about {round(facts.age_days / 30.44)} months ago.",) if facts.age_days else ()
    return QualityPart(dimension=Dimension.TIMELINESS.value, value=round(value, 1), weight=group.dimensions["timeliness"], reasons=reasons)


def _uniqueness(facts: QualityFacts, weights: QualityWeights, group: GroupWeights) -> QualityPart:
    issue_types = _issue_types(facts, Dimension.UNIQUENESS)
    lost = sum(weights.penalties[issue_type.severity] for issue_type in issue_types)
    reasons = [f"{issue_type.title}." for issue_type in issue_types]
    value = 100.0 - lost
    if facts.has_open_duplicate:
        value = min(value, weights.duplicate_open)
        reasons.append("It may be the same place as another record; the question is open.")
    return QualityPart(dimension=Dimension.UNIQUENESS.value, value=round(max(0.0, value), 1), weight=group.dimensions["uniqueness"], reasons=tuple(reasons))


def _points_to_gain(facts: QualityFacts, parts: Sequence[QualityPart], weights: QualityWeights, group: GroupWeights) -> dict[str, float]:
    """What mending each open issue would add to the total, highest first. The gains of several issues need not add up exactly, where a
    dimension is already at 0."""
    wanted = _wanted(facts, group)
    field_of = {code: name for name, code in group.issue_of.items()}
    value_of = {part.dimension: part for part in parts}
    gains: dict[str, float] = {}
    for code in facts.codes:
        issue_type = CATALOGUE.get(code)
        if issue_type is None:
            continue
        part = value_of[issue_type.dimension]
        name = field_of.get(code)
        if name in wanted and name not in facts.filled:
            gain = part.weight * 100 * wanted[name] / sum(wanted.values())
        elif issue_type.dimension in (Dimension.COMPLETENESS, Dimension.TIMELINESS):
            gain = part.weight * (100 - part.value) if issue_type.dimension is Dimension.TIMELINESS else 0.0
        else:
            gain = part.weight * min(weights.penalties[issue_type.severity], 100 - part.value)
        gains[code] = round(gain, 1)
    return dict(sorted(gains.items(), key=lambda entry: (-entry[1], entry[0])))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuality:
    """The quality of a run or source: the mean of each dimension over its records, beside its target; `is_met` where it reaches it."""

    records: int
    dimensions: Mapping[str, float]
    targets: Mapping[str, float]
    total: float

    @property
    def is_met(self) -> dict[str, bool]:
        return {dimension: value >= self.targets[dimension] for dimension, value in self.dimensions.items()}


def run_quality(scores: Iterable[QualityScore], weights: QualityWeights) -> RunQuality:
    """The means over the records of a run against the targets. A run without records has no quality: every mean is 0."""
    sums = dict.fromkeys((dimension.value for dimension in Dimension), 0.0)
    total, count = 0.0, 0
    for score in scores:
        count += 1
        total += score.total
        for part in score.parts:
            sums[part.dimension] += part.value
    means = {dimension: round(value / count, 1) if count else 0.0 for dimension, value in sums.items()}
    return RunQuality(records=count, dimensions=means, targets=weights.targets, total=round(total / count, 1) if count else 0.0)
