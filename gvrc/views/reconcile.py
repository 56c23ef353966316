"""Finding the places that a name, and what else is known, may mean: for the reconciliation API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, utils

from gvrc.model.access import Actor
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.store.session import Database
from gvrc.views.facilities import FacilityView, facility_list

CANDIDATES = 50
"""Places of the name search that are compared; the search is by trigrams and puts the likeliest first."""
SURE, MARGIN = 95.0, 5.0
"""A candidate is a match at this score when the next is this much below."""
NAME_SHARE = 0.7
"""How much of the score is the name when properties are given too; the rest is the share of them that agree."""

PROPERTIES: Mapping[str, tuple[str, str]] = {
    "county": ("County", "Name or code of the county"),
    "constituency": ("Constituency", "Name of the constituency"),
    "ward": ("Ward", "Name of the ward"),
    "kind": ("Kind of place", "Code or name of the kind, such as hospital"),
    "mfl_code": ("MFL code", "Official code in the master facility list"),
    "registration_number": ("Registration number", "Number of the licence or registration"),
    "facility_code": ("GVRC code", "Code of this registry"),
}
"""What candidates are compared by besides the name: label and description."""
_CODES = ("mfl_code", "registration_number", "facility_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place that may be meant: `score` 0 to 100, `features` what it is made of, `is_match` when it is sure."""

    facility: FacilityView
    score: float
    is_match: bool
    features: Mapping[str, float | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfPlace:
    code: str
    label: str


def kinds_of_place(prefix: str = "") -> list[KindOfPlace]:
    """The kinds whose code or label begins with, or holds, these letters."""
    wanted = prefix.strip().casefold()
    found = [KindOfPlace(code=term.code, label=term.label) for term in load_vocabularies().facility_types.terms.values()]
    return [kind for kind in found if wanted in kind.label.casefold() or wanted in kind.code]


def candidates(
    db: Database, actor: Actor, words: str, *, kinds: Sequence[str] = (), known: Mapping[str, Sequence[str]] | None = None, limit: int = 10,
) -> list[Candidate]:
    """The likeliest places, best first. `known` holds values by property. Raises NotAllowedError."""
    given = {name: values for name, values in (known or {}).items() if name in PROPERTIES and values}
    found = {view.facility_id: view for text in _searches(words, given) for view in _search(db, actor, text, kinds)}
    scored = sorted((_scored(view, words, given) for view in found.values() if view.name), key=lambda item: (-item.score, item.facility.facility_id))
    return _decided(scored[:limit])


def _searches(words: str, given: Mapping[str, Sequence[str]]) -> list[str]:
    return [text for text in (words.strip(), *(value for name in _CODES for value in given.get(name, ()))) if text]


def _search(db: Database, actor: Actor, words: str, kinds: Sequence[str]) -> list[FacilityView]:
    return [
        view for kind in (kinds or (None,)) for view in facility_list(db, actor, words=words, facility_type=kind, limit=CANDIDATES).rows
    ]


def _scored(view: FacilityView, words: str, given: Mapping[str, Sequence[str]]) -> Candidate:
    name = max((fuzz.token_sort_ratio(words, text, processor=utils.default_process) for text in (view.name or "", *view.aliases)), default=0.0) if words else 0.0
    agrees = {prop: _agrees(view, prop, values) for prop, values in given.items()}
    if any(agrees.get(code) for code in _CODES):
        score = 100.0
    elif not agrees:
        score = name
    else:
        share = 100.0 * sum(agrees.values()) / len(agrees)
        score = NAME_SHARE * name + (1 - NAME_SHARE) * share if words else share
    return Candidate(facility=view, score=round(score, 1), is_match=False, features={"name": round(name, 1)} | agrees)


def _agrees(view: FacilityView, prop: str, values: Sequence[str]) -> bool:
    own = {
        "county": (view.county, view.county_code), "constituency": (view.constituency,), "ward": (view.ward,), "kind": (view.facility_type, view.facility_type_label),
        "mfl_code": (view.mfl_code,), "registration_number": (view.registration_number,), "facility_code": (view.facility_code,),
    }[prop]
    return bool({text.strip().casefold() for text in values} & {text.casefold() for text in own if text})


def _decided(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The first is a match when it is sure and stands alone."""
    if not ranked:
        return []
    first, next_score = ranked[0], ranked[1].score if len(ranked) > 1 else 0.0
    is_match = first.score >= SURE and first.score - next_score >= MARGIN
    return [Candidate(facility=first.facility, score=first.score, is_match=is_match, features=first.features), *ranked[1:]]
