"""The place bars on real lists: right counties and wards, wrong counties found and mended, swapped and misplaced points, speed.

Run: `GVRC_BENCH_DATA=<folder with kmhfl_2020_dev.json and mfl_2014_dev.csv> python -m benchmarks.intake.places`. Wrong counties and misplaced
points are put into the list here, so their truth is known. Add `--spellings` to read every ward that was placed by likeness.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import random
import re
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from gvrc.checks.places import PLACE_ISSUES
from gvrc.cleaning.coordinates import CleanPoint, clean_point
from gvrc.cleaning.text import clean_text
from gvrc.model.issue import Issue
from gvrc.model.place import Place
from gvrc.model.record import Record
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.stages.geomap import geomap

FOLDER = "GVRC_BENCH_DATA"
KMHFL, MFL = "kmhfl_2020_dev.json", "mfl_2014_dev.csv"
KMHFL_FIELDS = {"county": "county_name", "constituency": "constituency_name", "sub_county": "sub_county_name", "ward": "ward_name"}
MFL_FIELDS = {"county": "County", "district": "District", "constituency": "Constituency", "location": "Location", "town": "Nearest Town"}
CHUNK = 1_000
KM_OUT = 20.0
ASKS = frozenset(issue_type.code for issue_type in PLACE_ISSUES if issue_type.asks)

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Records after geo-mapping with the issues of each."""

    records: list[Record]
    issues: dict[str, list[Issue]]


def main() -> None:
    folder = Path(os.environ.get(FOLDER, ""))
    if not os.environ.get(FOLDER) or not (folder / KMHFL).is_file():
        print(f"{FOLDER} is not set to a folder with {KMHFL}: the place bars need the real lists.")
        return
    rows: Rows = json.loads((folder / KMHFL).read_text(encoding="utf-8"))["results"]
    with (folder / MFL).open(encoding="utf-8", newline="") as file:
        old_rows: Rows = list(csv.DictReader(file))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    unchanged(rows, old_rows)
    points(rows)
    wrong_counties(rows)
    speed(rows)


# ---------------------------------------------------------------------- the lists


def records_of(rows: Rows, fields: dict[str, str], name: str, *, without: Iterable[str] = (), with_points: bool = True) -> list[Record]:
    """The rows as records that state the given fields, less those `without`."""
    kept = {canonical: column for canonical, column in fields.items() if canonical not in set(without)}
    return [record_of(index, row, kept, name, with_points) for index, row in enumerate(rows)]


def record_of(index: int, row: dict[str, Any], fields: dict[str, str], name: str, with_points: bool) -> Record:
    texts = {canonical: clean_text(row[column]) for canonical, column in fields.items()}
    point = point_of(row).point if with_points else None
    stated = {canonical: text for canonical, text in texts.items() if text}
    return Record(record_key=str(index), source="list", pointer=f"/rows/{index}", name=clean_text(row[name]), stated=stated, point=point)


def point_of(row: dict[str, Any]) -> CleanPoint:
    return clean_point({"latitude": row.get("lat"), "longitude": row.get("long")})


def mapped(records: Sequence[Record]) -> Outcome:
    """Geo-mapping in chunks, as a run does it."""
    gazetteer = load_gazetteer()
    found: list[Record] = []
    issues: dict[str, list[Issue]] = defaultdict(list)
    for start in range(0, len(records), CHUNK):
        result = geomap(records[start : start + CHUNK], gazetteer)
        found += result.records
        for issue in result.issues:
            issues[issue.record_key or ""].append(issue)
    return Outcome(records=found, issues=issues)


def letters(text: str | None) -> str:
    return re.sub(r"[^a-z]", "", (text or "").lower())


def line(what: str, value: str, bar: str) -> None:
    print(f"{what:<58}{value:>22}   {bar}")


def share(part: float, whole: float) -> str:
    return f"{part / whole:.4f}" if whole else "-"


# ---------------------------------------------------------------------- the bars


def unchanged(rows: Rows, old_rows: Rows) -> None:
    """Counties and wards of both lists as they are."""
    outcome = mapped(records_of(rows, KMHFL_FIELDS, "name"))
    line("KMHFL 2020", "", "bar")
    right = sum(letters(record.place.county) == letters(row["county_name"]) for record, row in zip(outcome.records, rows, strict=True))
    line("county right", share(right, len(rows)), ">= 0.999")
    wards = [ward_outcome(record, outcome.issues[record.record_key], row) for record, row in zip(outcome.records, rows, strict=True)]
    line("ward as stated, by alias or likeness, or suggested", share(sum(kind != "none" for kind in wards), len(rows)), ">= 0.98")
    line("  of these by likeness (--spellings lists them)", str(wards.count("alike")), "read by a person")
    line("units not in the reference", str(invented(record.place for record in outcome.records)), "0")
    line("rows with a question", share(asked(outcome), len(rows)), "<= 0.2 over all kinds")
    if "--spellings" in sys.argv:
        spellings(outcome, rows, wards)
    old = mapped(records_of(old_rows, MFL_FIELDS, "Facility Name"))
    line("MFL 2014, county right", share(same_county(old, [row["County"] for row in old_rows]), len(old_rows)), ">= 0.999")
    for without, what in ((("county",), "county left out"), (("county", "constituency", "location", "town"), "old district alone")):
        hidden = mapped(records_of(old_rows, MFL_FIELDS, "Facility Name", without=without))
        line(f"MFL 2014, {what}, right", share(same_county(hidden, [row["County"] for row in old_rows]), len(old_rows)), "")
    print()


def ward_outcome(record: Record, issues: list[Issue], row: dict[str, Any]) -> str:
    if record.place.ward is None:
        return "suggested" if any(issue.suggestion and "ward" in issue.suggestion.values for issue in issues) else "none"
    stated, placed = letters(row["ward_name"]), letters(record.place.ward)
    return "same" if sorted(stated) == sorted(placed) else "alike"


def spellings(outcome: Outcome, rows: Rows, wards: list[str]) -> None:
    alike = Counter(
        (row["constituency_name"], row["ward_name"], record.place.ward, record.place.constituency)
        for record, row, kind in zip(outcome.records, rows, wards, strict=True) if kind == "alike"
    )  # fmt: skip
    for (constituency, stated, ward, placed), count in alike.most_common():
        print(f"    {count:>3}  {stated} ({constituency})  ->  {ward} ({placed})")


def same_county(outcome: Outcome, counties: Sequence[str]) -> int:
    return sum(letters(record.place.county) == letters(county) for record, county in zip(outcome.records, counties, strict=True))


def invented(places: Iterable[Place]) -> int:
    """Places with a code or name that the reference data does not hold, or that do not lie within each other."""
    gazetteer = load_gazetteer()
    counties = {(county.county_code, county.county) for county in gazetteer.counties}
    seats = {(seat.constituency_code, seat.constituency, seat.county_code) for seat in gazetteer.constituencies}
    wards = {(ward.ward_code, ward.ward, ward.constituency_code) for ward in gazetteer.wards}
    return sum(
        (place.county_code is not None and (place.county_code, place.county) not in counties)
        or (place.constituency_code is not None and (place.constituency_code, place.constituency, place.county_code) not in seats)
        or (place.ward_code is not None and (place.ward_code, place.ward, place.constituency_code) not in wards)
        for place in places
    )


def asked(outcome: Outcome) -> int:
    return sum(any(issue.code in ASKS for issue in issues) for issues in outcome.issues.values())


def points(rows: Rows) -> None:
    """Swapped coordinates, and points moved into another county."""
    located = [row for row in rows if row["lat"] is not None]
    cleaned = [point_of(row) for row in located]
    mended = sum(point.point is not None and any(change.rule == "swapped" for change in point.changes) for point in cleaned)
    line("swapped rows mended (others lie outside Kenya)", f"{mended} of {len(located)}", "all in Kenya")
    good = [clean_point({"latitude": point.point.latitude, "longitude": point.point.longitude}) for point in cleaned if point.point]
    line("good points touched", str(sum(bool(point.changes) for point in good)), "0")
    records = [record for record in records_of(rows, KMHFL_FIELDS, "name") if record.point]
    issues = mapped(records).issues
    flagged = [record for record in records if is_far(issues[record.record_key])]
    line("points flagged in the list as it is", share(len(flagged), len(records)), "")
    line(f"of these less than {KM_OUT:.0f} km from several places of their county", share(len(flagged) - far_out(flagged, records), len(records)), "<= 0.003")
    moved = moved_out(records)
    line(f"points moved {KM_OUT:.0f} km or more out: flagged", share(flagged_of(moved), len(moved)), "1.0")
    print()


def far_out(flagged: Sequence[Record], records: Sequence[Record]) -> int:
    """How many of the flagged points are KM_OUT or more from all other places of their county but one: two that were wrong in the same way stand together."""
    trees = {county: cKDTree(flat_km(own)) for county, own in in_counties(records).items()}
    return sum(trees[record.stated["county"]].query(flat_km([record])[0], k=3)[0][2] >= KM_OUT for record in flagged)


def in_counties(records: Sequence[Record]) -> dict[str, list[Record]]:
    by_county = defaultdict(list)
    for record in records:
        by_county[record.stated["county"]].append(record)
    return by_county


def flagged_of(records: list[Record]) -> int:
    issues = mapped(records).issues
    return sum(is_far(issues[record.record_key]) for record in records)


def is_far(issues: list[Issue]) -> bool:
    return any(issue.code in ("point.far_from_county", "place.county_contradicted") for issue in issues)


def moved_out(records: list[Record]) -> list[Record]:
    """A tenth of the records, each at the point of a facility that is KM_OUT from every located facility of its own county."""
    chance = random.Random(2020)
    trees = {county: cKDTree(flat_km(own)) for county, own in in_counties(records).items()}
    moved = []
    for record in chance.sample(records, len(records) // 10):
        donor = chance.choice(records)
        if trees[record.stated["county"]].query(flat_km([donor])[0])[0] >= KM_OUT:
            moved.append(replace(record, point=donor.point))
    return moved


def flat_km(records: Sequence[Record]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Points in kilometres on a plane: Kenya lies on the equator, so a degree is 111 km both ways, to one per cent."""
    return np.array([(record.point.latitude * 111.2, record.point.longitude * 111.2) for record in records if record.point])


def wrong_counties(rows: Rows) -> None:
    """A heading that stuck over the whole list, and single wrong counties, told by less and less of the rest."""
    print(f"{'wrong counties put into KMHFL 2020':<58}{'suggested':>10}{'first right':>12}{'asked':>8}   bar: first right >= 0.9")
    variants: tuple[tuple[str, tuple[str, ...], bool], ...] = (
        ("all columns", (), False),
        ("constituency only", ("ward", "sub_county"), False),
        ("ward only", ("constituency", "sub_county"), False),
        ("sub-county only", ("constituency", "ward"), False),
        ("name only", ("constituency", "sub_county", "ward"), False),
        ("name and point", ("constituency", "sub_county", "ward"), True),
    )
    chance = random.Random(5)
    single = {str(index) for index in range(len(rows)) if chance.random() < 0.05}
    for what, without, with_points in variants:
        records = records_of(rows, KMHFL_FIELDS, "name", without=without, with_points=with_points)
        report(f"every county is Kwale; {what}", records, rows, lambda _: True, "Kwale")
    for what, without, with_points in variants[:3]:
        records = records_of(rows, KMHFL_FIELDS, "name", without=without, with_points=with_points)
        report(f"one in twenty is Kwale; {what}", records, rows, single.__contains__, "Kwale")
    records = records_of(rows, KMHFL_FIELDS, "name", without=("constituency", "sub_county", "ward"))
    line("right counties, name and point: rows asked", share(asked(mapped(records)), len(rows)), "few")
    print()


def report(what: str, records: list[Record], rows: Rows, is_wrong: Callable[[str], bool], county: str) -> None:
    stuck = [replace(record, stated={**record.stated, "county": county}) if is_wrong(record.record_key) else record for record in records]
    issues = mapped(stuck).issues
    wrong = [(record, row) for record, row in zip(stuck, rows, strict=True) if is_wrong(record.record_key)]
    firsts = [(first_county(issues[record.record_key]), row["county_name"]) for record, row in wrong]
    suggested = [letters(first) == letters(truth) for first, truth in firsts if first]
    asks = sum(any(issue.code in ASKS for issue in issues[record.record_key]) for record, _ in wrong)
    print(f"{what:<58}{share(len(suggested), len(wrong)):>10}{share(sum(suggested), len(suggested)):>12}{share(asks, len(wrong)):>8}")


def first_county(issues: list[Issue]) -> str | None:
    return next((issue.suggestion.values["county"] for issue in issues if issue.suggestion and "county" in issue.suggestion.values), None)


def speed(rows: Rows) -> None:
    """Records per second of processor time on one core, once the places of the list are known (median of five)."""
    records = records_of(rows, KMHFL_FIELDS, "name")
    geomap(records[:1], load_gazetteer())
    seconds = []
    for _ in range(6):
        start = time.process_time()
        mapped(records)
        seconds.append(time.process_time() - start)
    line("records a second and core, after warm-up", f"{len(records) / statistics.median(seconds[1:]):,.0f}", ">= 30,000")


if __name__ == "__main__":
    main()
