"""Acts that need a second signature, and whether it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gvrc.commit.golden import VISIBILITY_ORDER, GoldenUnit
from gvrc.commit.units import Hold, Risk, Risky
from gvrc.model.record import Visibility
from gvrc.model.review import Answer
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.store.registry import FACILITY_PREFIX, FacilityStanding, PlaceDecision

_SENSITIVE_GROUP = "shelter"
"""The group of kinds of place that begin withheld."""
TIER_WORDS = {"public": "public", "ward_only": "shown with its ward only", "office_line": "shown with an office line only", "withheld": "withheld"}
"""How visible a place is, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Whether the person who commits has signed for risky acts. `approvers` is how many active accounts may sign."""

    username: str
    is_signed: bool
    approvers: int

    @property
    def is_single_operator(self) -> bool:
        """Signed by the only person who could: allowed, and audited as such."""
        return self.is_signed and self.approvers <= 1

    def refuses(self, risks: Sequence[Risky], golden: GoldenUnit, decisions: Sequence[PlaceDecision]) -> Hold | None:
        """Why a risky place must wait, or None."""
        if not risks:
            return None
        if not self.is_signed:
            return Hold.SECOND_SIGNATURE
        own = not self.is_single_operator and self.username in deciders(golden, decisions)
        return Hold.OTHER_PERSON if own else None


def deciders(golden: GoldenUnit, decisions: Sequence[PlaceDecision]) -> set[str]:
    """Who judged the records and facilities of this unit to be one place."""
    unit = golden.unit
    keys = unit.record_keys | {f"{FACILITY_PREFIX}{number}" for number in unit.facility_ids}
    return {d.decided_by for d in decisions if d.answer == Answer.SAME and set(d.record_keys) <= keys}


def risks_of(golden: GoldenUnit, standings: Mapping[int, FacilityStanding]) -> tuple[Risky, ...]:
    """The risky acts in committing this unit."""
    known = [standings[number] for number in golden.unit.facility_ids]
    risks = []
    if len(known) > 1:
        names = ", ".join(f"{s.facility_name} ({s.facility_code})" for s in known)
        risks.append(_risky(golden, Risk.MERGE, f"Places already in the registry become one: {names}."))
    risks += _more_visible(golden, known)
    return tuple(risks)


def _more_visible(golden: GoldenUnit, known: Sequence[FacilityStanding]) -> list[Risky]:
    """A place that would be more visible than today, or than its kind begins."""
    hidden = max(known, key=lambda s: VISIBILITY_ORDER[s.visibility], default=None)
    now = str(golden.content["visibility"])
    if hidden is not None and VISIBILITY_ORDER[now] < VISIBILITY_ORDER[hidden.visibility]:
        detail = f"{hidden.facility_code} would be {TIER_WORDS[now]}; today it is {TIER_WORDS[hidden.visibility]}."
        return [_risky(golden, Risk.MORE_VISIBLE, detail)]
    if not known and load_vocabularies().group(golden.content["facility_type"]) == _SENSITIVE_GROUP and now != Visibility.WITHHELD:
        return [_risky(golden, Risk.MORE_VISIBLE, f"{golden.content['name']} would be {TIER_WORDS[now]}; a shelter begins withheld.")]
    return []


def _risky(golden: GoldenUnit, risk: Risk, detail: str) -> Risky:
    return Risky(risk=risk, record_id=golden.unit.unit_id, facility_ids=golden.unit.facility_ids, detail=detail)
