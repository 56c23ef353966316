"""Cleaning, checks and quality on the real lists: speed per stage, headings, phones, questions.

    GVRC_BENCH_DATA=<folder of the real lists> python benchmarks/intake/cleaning.py [--rounds 3]

Speed is the median of the rounds on one core, chunk by chunk as in a run, with empty caches at the start of each round. Headings are
planted into the lists as rows of their own; every real name is tried as a bare row (nothing but its name) and as it stands. Phones are
planted into every text field of a row in the ways people write them; what is found beyond the planted ones and the row's own counts as invented.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gvrc.checks.catalogue import CATALOGUE
from gvrc.cleaning import codes, contacts, headings, kinds, names, personal, phones, services, text
from gvrc.model.issue import Issue
from gvrc.model.record import ContactType
from gvrc.model.source import SourceFile, SourceRow
from gvrc.reference import vocabularies
from gvrc.reference.corrections import Corrections
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.sources.detect import detect
from gvrc.stages.enrich import enrich
from gvrc.stages.extract import extract
from gvrc.stages.geomap import geomap
from gvrc.stages.score import Scoring, Thresholds, score
from gvrc.stages.transform import transform
from gvrc.stages.validate import validate

LISTS = ("kmhfl_2020_dev.json", "mfl_2014_dev.csv")
CHUNK = 1_000
OWN_STAGES = ("validate", "transform", "enrich", "score")
HEADINGS = ("{n}. {upper}", "{n}) {name}", "{upper}", "{name} County", "{upper} COUNTY", "{upper} POLICE STATIONS", "Sub-total - {name}", "({n}) {upper}", "--- {upper} ---")
OTHER_HEADINGS = ("TOTAL", "Grand Total", "Total: {n}", "NIL", "N/A", "-", "Name of Facility", "Station Name", "S/No", "Page {n} of 9", "List of facilities", "Unknown")
COUNTIES = ("Kwale", "Nairobi", "Murang'a", "Taita Taveta", "Homa Bay", "Tharaka-Nithi", "Elgeyo Marakwet", "Trans Nzoia", "Uasin Gishu", "West Pokot")
WAYS = ("0700{s}000{s}{n}", "+254{s}700{s}000{s}{n}", "254{s}700{s}000{s}{n}", "+254(0)700{s}000{s}{n}", "+2540700{s}000{s}{n}", "(0700){s}000{s}{n}")


def rows_of(path: Path) -> list[SourceRow]:
    """The rows of a list as the first stage gives them."""
    detection = detect(path, path.name)
    file = SourceFile(name=path.name, sha256="", size_bytes=path.stat().st_size, path=path, kind=detection.kind)
    return [row for row in extract(file, detection) if isinstance(row, SourceRow)]


def chunks(rows: Sequence[SourceRow]) -> Iterator[Sequence[SourceRow]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def forget() -> None:
    """Empties the caches of the cleaning, so that no round profits from the one before."""
    for module in (codes, contacts, headings, kinds, names, personal, phones, services, text, vocabularies):
        for cached in list(vars(module).values()):
            if hasattr(cached, "cache_clear") and cached is not load_vocabularies:
                cached.cache_clear()


def run(rows: Sequence[SourceRow]) -> tuple[dict[str, float], Counter[str], list[Issue]]:
    """Seconds per stage, records per state, and every issue."""
    seconds: dict[str, float] = dict.fromkeys((*OWN_STAGES, "geomap"), 0.0)
    states: Counter[str] = Counter()
    everything: list[Issue] = []
    known, gazetteer, corrections = load_vocabularies(), load_gazetteer(), Corrections()
    forget()
    for chunk in chunks(rows):
        marks = [time.process_time()]
        found = [validate(chunk, known)]
        marks.append(time.process_time())
        found.append(transform(chunk, known, corrections))
        marks.append(time.process_time())
        found.append(geomap(found[-1].records, gazetteer))
        marks.append(time.process_time())
        found.append(enrich(found[-1].records, known))
        marks.append(time.process_time())
        issues = [issue for result in found for issue in result.issues]
        by_key: dict[str, list[Issue]] = {}
        for issue in issues:
            by_key.setdefault(issue.record_key or "", []).append(issue)
        marks_before_score = time.process_time()
        scored = score([Scoring(record=record, open_issues=by_key.get(record.record_key, ())) for record in found[-1].records], known, Thresholds(), date(2026, 11, 20))
        seconds["score"] += time.process_time() - marks_before_score
        for stage, begun, ended in zip(("validate", "transform", "geomap", "enrich"), marks, marks[1:], strict=False):
            seconds[stage] += ended - begun
        states.update(result.state.value for result in scored)
        everything.extend(issues)
    return seconds, states, everything


def tell_speed(name: str, rows: Sequence[SourceRow], rounds: int) -> None:
    results = [run(rows) for _ in range(rounds)]
    medians = {stage: statistics.median(seconds[stage] for seconds, _, _ in results) for stage in (*OWN_STAGES, "geomap")}
    own = sum(medians[stage] for stage in OWN_STAGES)
    told = "  ".join(f"{stage} {1e6 * value / len(rows):.0f}" for stage, value in medians.items())
    print(f"| {name} | {len(rows):,} rows | {len(rows) / own:,.0f} a second without geomap | µs a record: {told} |")
    _, states, issues = results[-1]
    questions = [issue for issue in issues if CATALOGUE[issue.code].asks]
    helped = sum(issue.suggestion is not None for issue in questions)
    print(f"|   | {dict(states)} | {100 * len(questions) / len(rows):.1f} questions per 100 | {100 * helped / max(1, len(questions)):.0f} % with a suggestion |")


def planted_headings(chance: random.Random) -> list[str]:
    texts = [form.format(n=chance.randint(1, 47), name=name, upper=name.upper()) for form in HEADINGS for name in COUNTIES]
    return texts + [form.format(n=chance.randint(1, 99)) for form in OTHER_HEADINGS for _ in range(5)]


def is_called_heading(rows: Sequence[SourceRow]) -> list[bool]:
    result = transform(rows, load_vocabularies(), Corrections())
    called = {issue.record_key for issue in result.issues if issue.code in ("name.heading", "row.empty")}
    return [row.record_key in called for row in rows]


def bare(name: str, number: int) -> SourceRow:
    return SourceRow(
        source="bench", pointer=f"/{number}", number=number, data={"name": name, "phone": "", "ward": None}, context={"county": "Kwale"},
        values={"name": name, "county": "Kwale", "phone": "", "ward": None}, record_key=f"bench:{number}", content_hash="",
    )  # fmt: skip


def tell_headings(every_name: Sequence[str], rows: Sequence[SourceRow]) -> None:
    planted = planted_headings(random.Random(7))
    found = sum(is_called_heading([bare(name, number) for number, name in enumerate(planted)]))
    wrong_bare = sum(is_called_heading([bare(name, number) for number, name in enumerate(every_name)]))
    wrong = sum(is_called_heading(rows))
    print(f"| headings | {100 * found / len(planted):.1f} % of {len(planted)} planted recognised | bar 95 | {len(headings.section_names())} section names |")
    print(f"| real places called a heading | {100 * wrong / len(rows):.2f} % as they stand, {100 * wrong_bare / len(every_name):.2f} % as bare rows | bar 1 |  |")


def tell_phones(rows: Sequence[SourceRow]) -> None:
    chance = random.Random(11)
    planted: list[SourceRow] = []
    wanted: list[str] = []
    for number, row in enumerate(rows):
        digits = f"{chance.randint(0, 999):03}"
        written = chance.choice(WAYS).format(s=chance.choice(("", " ", "-", ".")), n=digits)
        place = chance.choice(("phone", "contact", "name", "description", "location"))
        before = str(row.values.get(place) or "")
        planted.append(row._replace(values={**row.values, place: f"{before} {written}".strip()}, record_key=str(number)))
        wanted.append(f"+254700000{digits}")
    found = invented = 0
    without = transform(rows, load_vocabularies(), Corrections()).records
    for number, (record, plain) in enumerate(zip(transform(planted, load_vocabularies(), Corrections()).records, without, strict=True)):
        numbers = _phones(record.contacts)
        found += wanted[number] in numbers
        invented += bool(numbers - {wanted[number]} - _phones(plain.contacts))
    print(f"| phones | {100 * found / len(rows):.2f} % of {len(rows):,} planted found | bar 99 | {invented} rows with an invented number (bar 0) |")


def _phones(contacts: Iterable[object]) -> set[str]:
    return {contact.value for contact in contacts if getattr(contact, "contact_type", None) is ContactType.PHONE}  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    folder = os.environ.get("GVRC_BENCH_DATA")
    if not folder:
        sys.exit("GVRC_BENCH_DATA is not set: name the folder that holds the real lists.")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; one core used, {rounds} rounds\n")
    lists = {name: rows_of(Path(folder) / name) for name in LISTS}
    for name, rows in lists.items():
        tell_speed(name, rows, rounds)
    every_row = [row for rows in lists.values() for row in rows]
    tell_headings([str(row.values.get("name") or "x") for row in every_row], every_row)
    tell_phones(every_row)


if __name__ == "__main__":
    main()
