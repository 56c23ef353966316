"""The bar on suggestions: of the rows that ask a steward something, how many come with a suggestion, and how many first suggestions are right.

    python -m benchmarks.intake.suggestions

Good rows (official places, with their points) are broken in one way each, as lists break them, so the right answer is known: a wrong county, a stuck
heading, columns in each other's place, slips of the hand, blanks, an ambiguous ward, points in the wrong place or with a sign or decimal point lost.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.intake.dirt import misspelt
from benchmarks.intake.lists import Maker
from benchmarks.intake.rows import Row, at_least, at_most, show
from gvrc.checks.catalogue import CATALOGUE
from gvrc.model.issue import Issue
from gvrc.model.place import Ward
from gvrc.model.record import Record
from gvrc.model.source import SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.stages.standardise import load_knowledge, standardise

Values = dict[str, object]
CASES = 2_400
CHUNK = 200
PLACE_FIELDS = ("county", "constituency", "ward")


def _wrong_county(values: Values, ward: Ward, make: Maker) -> Values:
    return values | {"county": make.chance.choice([county for county in make.counties if county != ward.county])}


def _stuck(values: Values, ward: Ward, make: Maker) -> Values:
    return values | {"county": "Kwale", "ward": ""}


def _exchanged(values: Values, ward: Ward, make: Maker) -> Values:
    return values | {"constituency": ward.ward, "ward": ward.constituency}


def _slips(values: Values, ward: Ward, make: Maker) -> Values:
    return values | {"ward": misspelt(misspelt(ward.ward, make.chance), make.chance), "constituency": misspelt(ward.constituency, make.chance)}


def _slipped_county(values: Values, ward: Ward, make: Maker) -> Values:
    return values | {"county": misspelt(misspelt(ward.county, make.chance), make.chance)}


def _no_county(values: Values, ward: Ward, make: Maker) -> Values:
    return values | {"county": ""}


def _no_constituency(values: Values, ward: Ward, make: Maker) -> Values:
    return values | {"constituency": "", "latitude": "", "longitude": ""}


def _only_name(values: Values, ward: Ward, make: Maker) -> Values:
    return values | {"constituency": "", "ward": ""}


def _far_point(values: Values, ward: Ward, make: Maker) -> Values:
    other = make.ward()
    return values | dict(zip(("latitude", "longitude"), make.point(other), strict=True))


def _no_sign(values: Values, ward: Ward, make: Maker) -> Values:
    return values | {"latitude": str(values["latitude"]).lstrip("-")}


def _no_point(values: Values, ward: Ward, make: Maker) -> Values:
    return values | {name: str(values[name]).replace(".", "") for name in ("latitude", "longitude")}


BREAKS: tuple[Callable[[Values, Ward, Maker], Values], ...] = (
    _wrong_county, _stuck, _exchanged, _slips, _slipped_county, _no_county, _no_constituency, _only_name, _far_point, _no_sign, _no_point,
)  # fmt: skip


def _row(number: int, values: Values) -> SourceRow:
    data = {name: value for name, value in values.items() if value != ""}
    return SourceRow(source="bench", pointer=f"/{number}", number=number, data=data, context={}, values=data, record_key=str(number), content_hash="")


def _good(make: Maker, number: int) -> tuple[Values, Ward]:
    ward = make.ward()
    latitude, longitude = make.point(ward)
    return {
        "name": f"{ward.ward} Dispensary", "facility_type": "Dispensary", "county": ward.county, "constituency": ward.constituency, "ward": ward.ward, "latitude": latitude, "longitude": longitude,
        "phone": "0700000111", "operational_status": "Operational",
    }, ward  # fmt: skip


def outcomes(broken: bool, seed: int = 5) -> list[tuple[str, Ward, Values, Record, list[Issue]]]:
    """Rows through the stages: how each was broken, its true ward and values, its record and its issues."""
    make = Maker(seed)
    cases = []
    for number in range(CASES):
        values, ward = _good(make, number)
        how = BREAKS[number % len(BREAKS)] if broken else None
        cases.append((how.__name__.strip("_") if how else "", ward, values, _row(number, how(values, ward, make) if how else values)))
    make.chance.shuffle(cases)
    knowledge = load_knowledge(Corrections())
    found: list[tuple[str, Ward, Values, Record, list[Issue]]] = []
    for start in range(0, CASES, CHUNK):
        chunk = cases[start : start + CHUNK]
        done = standardise([row for *_, row in chunk], knowledge, {})
        issues = done.issues_by_key()
        found += [(how, ward, values, record, issues.get(record.record_key, [])) for (how, ward, values, _), record in zip(chunk, done.records, strict=True)]
    return found


def _is_right(issue: Issue, ward: Ward, values: Values) -> bool:
    """Whether every value of a suggestion is the true one; a ward's centre is right for a point in that ward."""
    assert issue.suggestion is not None
    said = issue.suggestion.values
    if any(said[name] != getattr(ward, name) for name in PLACE_FIELDS if name in said):
        return False
    is_centre = said.get("accuracy_level") == "ward_centre"
    near = 0.02 if is_centre else 1e-4
    return all(abs(float(str(said[name])) - float(str(values[name]))) <= near for name in ("latitude", "longitude") if name in said)


def rows(seed: int = 5) -> list[Row]:
    """The figures of this module."""
    found = outcomes(True, seed)
    asked = [(ward, values, next(issue for issue in issues if CATALOGUE[issue.code].asks), issues) for _, ward, values, _, issues in found if any(CATALOGUE[issue.code].asks for issue in issues)]
    helped = [(ward, values, issue) for ward, values, issue, _ in asked if issue.suggestion]
    every = [(ward, values, issue) for _, ward, values, _, issues in found for issue in issues if issue.suggestion]
    placed = [(ward, record) for _, ward, _, record, _ in found if record.place.ward_code]
    clean = outcomes(False, seed)
    return [
        at_least("rows that ask: with a suggestion", len(helped), len(asked), 0.7),
        at_least("rows that ask: first suggestion right", sum(_is_right(issue, ward, values) for ward, values, issue in helped), len(helped), 0.9),
        at_least("all suggestions, of notes too: right", sum(_is_right(issue, ward, values) for ward, values, issue in every), len(every), 0.9),
        at_least("broken rows placed in a ward: in the right one", sum(record.place.ward_code == ward.ward_code for ward, record in placed), len(placed), 0.98),
        at_most("good rows that ask something", sum(any(CATALOGUE[issue.code].asks for issue in issues) for *_, issues in clean), len(clean), 0.003),
    ]


if __name__ == "__main__":
    show(rows())
    for how in sorted({how for how, *_ in outcomes(True)}):
        found = [(ward, values, issue) for name, ward, values, _, issues in outcomes(True) if name == how for issue in issues if issue.suggestion]
        right = sum(_is_right(issue, ward, values) for ward, values, issue in found)
        wrong = [(issue.code, issue.value, issue.suggestion and issue.suggestion.shown, f"{ward.ward} ({ward.constituency}, {ward.county})") for ward, values, issue in found if not _is_right(issue, ward, values)]
        print(f"{how:<18}{right} of {len(found)} suggestions right", wrong[:5])
