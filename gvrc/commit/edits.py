"""An edit of a live facility: what a person typed, cleaned and checked as a list's row would be, then committed as an act of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gvrc import staging
from gvrc.checks.catalogue import CATALOGUE, message
from gvrc.commit import acts
from gvrc.commit.golden import content
from gvrc.commit.units import ActOutcome
from gvrc.errors import CommitError
from gvrc.model.access import Actor
from gvrc.model.issue import Issue, Severity
from gvrc.model.record import ABOUT_CONTACTS, Record
from gvrc.model.source import SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.reference.gazetteer import Gazetteer, load_gazetteer
from gvrc.reference.vocabularies import Vocabulary, load_vocabularies
from gvrc.security.crypto import KeyRing
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.stages.standardise import Knowledge, standardise
from gvrc.store import history
from gvrc.store.codec import replace_texts, texts_in
from gvrc.store.session import Database

TYPED_FIELDS: tuple[str, ...] = ("name", "contacts", "address", "officer", "opening_hours", "description", "registration_number", "mfl_code", "point")
"""Fields that a person writes as text; contacts as a list of texts."""
CHOSEN_FIELDS: tuple[str, ...] = ("facility_type", "operational_status", "visibility")
"""Fields of which a person chooses a code."""
PLACE_FIELDS: tuple[str, ...] = ("county", "constituency", "ward")
"""Codes of administrative units; they move together."""
LIST_FIELDS: tuple[str, ...] = ("services", "gbv_categories", "aliases")
"""Fields that hold several codes, or names."""
_PERSONAL = ("contacts", "address", "officer")
_RAW_NAMES: Mapping[str, str] = {"contacts": "contact", "point": "coordinates"}
"""Canonical names under which a list would bring what a person typed."""
_FOUND_UNDER: Mapping[str, frozenset[str]] = {
    "contacts": ABOUT_CONTACTS, "point": frozenset({"point", "coordinates", "latitude", "longitude"}),
    "county": frozenset({"place", "county", "constituency", "ward", "point"}),
}
"""Fields on which an issue concerns an edited field, where their names differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a person wants changed, and why. `values` are as typed or chosen; `version` is the one they had before their eyes."""

    facility_id: int
    version: int
    values: Mapping[str, Any]
    reason: str


def edit(db: Database, settings: Settings, actor: Actor, wanted: Edit, *, confirmed: bool = False) -> ActOutcome:
    """Check an edit by the rules that hold for lists, and commit it; a risky one waits for a second person.

    Raises NotAllowedError, CommitError (a value that cannot stand, in words), FacilityMovedError (somebody else was quicker).
    """
    require(actor, Permission.COMMIT)
    with db.read() as conn:
        acts.check_scope(conn, actor, wanted.facility_id)
        state = history.current_states(conn, [wanted.facility_id])[wanted.facility_id]
    values = _checked(state, wanted)
    if personal := {name: values[name] for name in _PERSONAL if name in values}:
        with db.unit_of_work(actor, reason="edit") as conn:
            sealer = staging.seal_texts(conn, KeyRing.load(settings), _personal_texts(personal))
        values |= {name: _sealed(name, value, sealer.swap) for name, value in personal.items()}
    changed = {name: value for name, value in values.items() if value != state[name]}
    if not changed:
        raise CommitError("Nothing would change.", "The place says this already.")
    return acts.change(db, settings, actor, wanted.facility_id, changed, wanted.reason, version=wanted.version, confirmed=confirmed)


def _checked(state: Mapping[str, Any], wanted: Edit) -> dict[str, Any]:
    unknown = set(wanted.values) - {*TYPED_FIELDS, *CHOSEN_FIELDS, *PLACE_FIELDS, *LIST_FIELDS}
    if unknown:
        raise CommitError(f"{', '.join(sorted(unknown))} cannot be edited here.", "")
    chosen = _chosen(wanted.values) | _place(state, wanted.values)
    lists = _lists(wanted.values)
    record, issues = _as_a_row(dict(state) | chosen, wanted.values)
    wrong = [issue for issue in issues if _concerns(issue, wanted.values) and (CATALOGUE[issue.code].severity is Severity.ERROR or CATALOGUE[issue.code].asks)]
    if wrong:
        raise CommitError(message(wrong[0]), "Nothing was written. Mend it and save again.")
    said = content(record)
    typed = {name: said[name] for name in TYPED_FIELDS if name in wanted.values}
    if "name" in typed and not typed["name"]:
        raise CommitError("A place needs a name.", "Nothing was written.")
    _all_read(wanted.values, typed)
    return typed | chosen | lists


def _all_read(given: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
    """What was typed and could not be read at all is told, never dropped."""
    unread = [name for name, value in typed.items() if given[name] and not value]
    lines = [line for line in given.get("contacts") or () if str(line).strip()]
    if unread or len(typed.get("contacts", lines)) < len({str(line).strip() for line in lines}):
        name = (unread or ["contacts"])[0]
        raise CommitError(f"What stands under {name.replace('_', ' ')} cannot be read.", "Nothing was written. Write one value per line.")


def _chosen(given: Mapping[str, Any]) -> dict[str, Any]:
    vocabularies = load_vocabularies()
    known = {"facility_type": vocabularies.facility_types, "operational_status": vocabularies.operational_statuses, "visibility": vocabularies.visibilities}
    return {name: _code(name, given[name], known[name]) for name in CHOSEN_FIELDS if name in given}


def _code(name: str, value: Any, vocabulary: Vocabulary) -> str | None:
    if value in (None, "") and name == "operational_status":
        return None
    if value not in vocabulary:
        raise CommitError(f"{value} is no {name.replace('_', ' ')} of the registry.", "Choose one from the list.")
    return str(value)


def _lists(given: Mapping[str, Any]) -> dict[str, Any]:
    vocabularies = load_vocabularies()
    known = {"services": vocabularies.services, "gbv_categories": vocabularies.gbv_categories}
    found = {name: sorted({str(_code(name, code, known[name])) for code in given[name]}) for name in known if name in given}
    if "aliases" in given:
        found["aliases"] = sorted({alias.strip() for alias in given["aliases"]} - {""})
    return found


def _place(state: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """County, constituency and ward as they lie within each other; a unit outside the one above it is refused."""
    if not any(name in given for name in PLACE_FIELDS):
        return {}
    county, constituency, ward = (given.get(name, state[name]) or None for name in PLACE_FIELDS)
    gazetteer = load_gazetteer()
    seats = {unit.constituency_code for unit in gazetteer.constituencies_of(county)} if county else set()
    wards = {unit.ward_code for unit in gazetteer.wards_of(constituency)} if constituency else set()
    if (constituency and constituency not in seats) or (ward and ward not in wards):
        raise CommitError("Ward, constituency and county do not lie within each other.", "Choose the county first, then its constituency, then its ward.")
    return {"county": county, "constituency": constituency, "ward": ward}


def _as_a_row(state: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Record, Sequence[Issue]]:
    """The edit as a list would bring it, through the stages that every row goes through."""
    gazetteer = load_gazetteer()
    values: dict[str, Any] = {"name": state["name"], "facility_type": load_vocabularies().facility_types.label(state["facility_type"])}
    values |= {name: unit for name, unit in _unit_names(gazetteer, state).items() if unit}
    if state["point"] is not None:
        values["coordinates"] = f"{state['point'][0]}, {state['point'][1]}"
    values |= {_RAW_NAMES.get(name, name): given[name] for name in TYPED_FIELDS if name in given}
    row = SourceRow(source="registry", pointer="/edit", number=1, data={}, context={}, values=values, record_key="edit", content_hash="0" * 64)
    made = standardise([row], Knowledge(gazetteer=gazetteer, vocabularies=load_vocabularies(), corrections=Corrections(())), {})
    return made.records[0], made.issues_by_key().get("edit", [])


def _unit_names(gazetteer: Gazetteer, state: Mapping[str, Any]) -> dict[str, str | None]:
    names: dict[str, str | None] = dict.fromkeys(PLACE_FIELDS)
    if state["county"]:
        names["county"] = gazetteer.county(state["county"]).county
        names["constituency"] = next((u.constituency for u in gazetteer.constituencies_of(state["county"]) if u.constituency_code == state["constituency"]), None)
    if state["constituency"]:
        names["ward"] = next((u.ward for u in gazetteer.wards_of(state["constituency"]) if u.ward_code == state["ward"]), None)
    return names


def _concerns(issue: Issue, given: Mapping[str, Any]) -> bool:
    return any(issue.field_name == name or issue.field_name in _FOUND_UNDER.get("county" if name in PLACE_FIELDS else name, ()) for name in given)


def _personal_texts(values: Mapping[str, Any]) -> Iterable[str]:
    for name, value in values.items():
        yield from (contact[1] for contact in value) if name == "contacts" else texts_in(value)


def _sealed(name: str, value: Any, swap: Any) -> Any:
    if name == "contacts":
        return sorted([kind, swap(text), label, primary] for kind, text, label, primary in value)
    return replace_texts(value, swap)
