"""The bar on section headings and placeholders: how many are recognised, how many real places are called one.

    python -m benchmarks.intake.headings

Real places are every ward, constituency and known town with the words of kinds, and their bare names too, each in a row that says nothing else.
"""

from __future__ import annotations

import random

from benchmarks.intake.lists import HEALTH_WORDS, ORGANISATION_WORDS, POLICE_WORDS
from benchmarks.intake.rows import Row, at_least, at_most, show
from gvrc.model.source import SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.gazetteer_tables import read_place_tables
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.stages.transform import transform

OF_COUNTIES = (
    "{n}. {upper}", "{n}) {name}", "{n}.{upper}", "({n}) {upper}", "{upper}", "{name} County", "{upper} COUNTY", "COUNTY: {upper}", "{upper} COUNTY POLICE STATIONS", "Police Stations in {name}", "--- {upper} ---", "** {upper} **", "{upper} REGION", "Sub-total - {name}",
    "TOTAL {upper}", "Total for {name}", "{roman}. {upper}", "{upper} (CONT.)", "{upper} - CONTINUED", "COUNTY OF {upper}", "{n} {upper} COUNTY", "{upper} COUNTY HOSPITALS", "List of health facilities in {name}",
)  # fmt: skip
OF_LISTS = (
    "TOTAL", "Grand Total", "Total: {n}", "TOTALS", "NIL", "N/A", "-", "--", "n.a.", "None", "Unknown", "TBD", "To be verified", "NOT IN LIST", "Name of Facility", "Station Name", "FACILITY NAME", "S/No", "No.", "Page {n} of 9", "List of facilities", "END OF LIST", "COAST REGION", "RIFT VALLEY PROVINCE",
    "A. HOSPITALS", "2. LEGAL AID", "SHELTERS", "b) Safe Houses", "Police Stations", "POLICE POSTS", "GENDER DESKS", "Psychosocial Support", "Annex 2", "Table 3", "Note:", "......", "***", "x", "Name", "Organization", "Hotlines", "HEALTH FACILITIES", "Source: Ministry of Health", "Prepared by:", "Updated 2023",
)  # fmt: skip
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


def planted(chance: random.Random) -> list[str]:
    """Texts that are no places."""
    names = [county.county for county in load_gazetteer().counties]
    found = [form.format(n=number, name=name, upper=name.upper(), roman=ROMAN[number % 10]) for number, name in enumerate(names, start=1) for form in OF_COUNTIES]
    return found + [form.format(n=chance.randint(1, 99)) for form in OF_LISTS for _ in range(5)]


def real_places(chance: random.Random) -> list[str]:
    """Names of places, most with a word of their kind."""
    gazetteer = load_gazetteer()
    words = [word for word, _ in (*POLICE_WORDS, *HEALTH_WORDS, *ORGANISATION_WORDS)]
    names = [ward.ward for ward in gazetteer.wards] + [seat.constituency for seat in gazetteer.constituencies] + [county.county for county in gazetteer.counties] + [town for town, _ in read_place_tables().towns]
    return [f"{name} {chance.choice(words)}" for name in names for _ in range(2)]


def called_none(texts: list[str]) -> list[bool]:
    """Which names are called no place, in rows that say nothing else but a county."""
    rows = [
        SourceRow(source="bench", pointer=f"/{number}", number=number, data={"name": text, "phone": ""}, context={}, values={"name": text, "county": "Kwale"}, record_key=str(number), content_hash="")
        for number, text in enumerate(texts)
    ]  # fmt: skip
    issues = transform(rows, load_vocabularies(), Corrections()).issues
    none = {issue.record_key for issue in issues if issue.code in ("name.heading", "row.empty", "name.missing")}
    return [row.record_key in none for row in rows]


def missed(seed: int = 7) -> tuple[list[str], list[str]]:
    """Headings that were not recognised, and places that were called one."""
    headings, places = planted(random.Random(seed)), real_places(random.Random(seed))
    return [text for text, is_none in zip(headings, called_none(headings), strict=True) if not is_none], [text for text, is_none in zip(places, called_none(places), strict=True) if is_none]


def rows(seed: int = 7) -> list[Row]:
    """The figures of this module."""
    unseen, wronged = missed(seed)
    headings, places = len(planted(random.Random(seed))), len(real_places(random.Random(seed)))
    return [at_least("headings and placeholders recognised", headings - len(unseen), headings, 0.95), at_most("real places called a heading", len(wronged), places, 0.01)]


if __name__ == "__main__":
    show(rows())
    unseen, wronged = missed()
    print("not recognised:", sorted(set(unseen))[:40])
    print("called none:", sorted(set(wronged))[:40])
