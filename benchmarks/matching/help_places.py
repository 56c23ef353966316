"""Places that are not health facilities: `python -m benchmarks.matching.help_places [--seeds 1,2,3,4,5] [--pairs]`.

Pairs of lists of police stations, posts and gender desks, of support organisations and hotlines, and of shelters, courts and offices, with known truth: the
places and names that the same place goes by stand in help_places.csv (public names, shelters invented; which place a name means is said by hand), the contacts
are invented. By chance (seeded) a list holds most of the places, writes them as one of the ways of real lists (formal, in capitals, shortened, the bare name with
or without a column for the kind), gives counties for all or most, finer places and points for some, an officer's or a division's number.
Each pair of lists is matched as lists of distinct places (`--link`), as lists that may repeat themselves, and through the stage of a run.
"""

from __future__ import annotations

import argparse
import csv
import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import kenya_data

from benchmarks.matching import generator
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import BANDS, MatchOptions, MatchSet, match
from gvrc.model.match import Band
from gvrc.model.record import Record
from gvrc.model.source import SourceFile, SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.sources.detect import detect
from gvrc.stages.dedupe import JudgedPair, dedupe
from gvrc.stages.extract import extract
from gvrc.stages.standardise import Knowledge, load_knowledge, standardise

PLACES_FILE = Path(__file__).parent / "help_places.csv"
SETS = ("police", "organisations", "public")
TOGETHER = "together"
NOT_LISTED = "-"
PRESENT = 0.88
"""Share of the places that each list holds."""
DIVISION_SIZE = 4
"""Neighbouring stations that may give the one number of their division."""
AUTOMATIC, REVIEW = BANDS.index(Band.AUTOMATIC), BANDS.index(Band.REVIEW)
POLICE_WORDS: Mapping[str, Mapping[str, str]] = {
    "formal": {"police_station": "{} Police Station", "police_post": "{} Police Post", "gender_desk": "{} Police Station Gender Desk"},
    "capitals": {"police_station": "{} P/STN", "police_post": "{} P/POST", "gender_desk": "{} P/STN GENDER DESK"},
    "short": {"police_station": "{} Police Stn", "police_post": "{} Pol. Post", "gender_desk": "{} Police Stn - Gender Desk"},
    "bare": {"police_station": "{}", "police_post": "{}", "gender_desk": "{}"},
    "untold": {"police_station": "{}", "police_post": "{} Post", "gender_desk": "{} Gender Desk"},
}
"""How a list writes a police station, by its style; `bare` has a column for the kind, `untold` has none."""
KIND_LABELS = {"police_station": "Police Station", "police_post": "Police Post", "gender_desk": "Gender Desk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place with the names by which the first and the second list call it; those of one family belong together and are not the same."""

    number: int
    group: str
    case: str
    kind: str
    county: str
    names: tuple[str, str]
    family: str
    short_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a list writes its places: `county`, `fine` and `point` are the shares of rows that give a county, a ward and a point."""

    police: str
    has_kind: bool
    is_capitals: bool
    county: float
    fine: float
    point: float
    contact: float


def places(group: str) -> list[Place]:
    """The places of one of the SETS."""
    with PLACES_FILE.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return [
        Place(
            number=number, group=row["set"], case=row["case"], kind=row["kind"], county=row["county"], names=(row["first"], row["second"]),
            family=row["family"] or (f"{row['first']} {row['county']}" if row["set"] == "police" else ""), short_code=row["short_code"],
        )
        for number, row in enumerate(rows)
        if row["set"] == group
    ]


@cache
def _wards() -> dict[str, list[tuple[str, float, float]]]:
    """The wards of each county, by its name in small letters without signs: name and centre."""
    with sqlite3.connect(Path(kenya_data.__file__).parent / "kenya.db") as conn:
        names = dict(conn.execute("select code, name from counties").fetchall())
    found: dict[str, list[tuple[str, float, float]]] = {}
    for ward in generator.wards():
        found.setdefault(_plain(names[ward.county]), []).append((ward.name, ward.latitude, ward.longitude))
    return found


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalpha())


def style(random: Random) -> Style:
    """One of the ways in which lists are written."""
    police = random.choice(list(POLICE_WORDS))
    is_rich = random.random() < 0.4
    return Style(
        police=police, has_kind=police == "bare" or (police != "untold" and random.random() < 0.5), is_capitals=police == "capitals" or random.random() < 0.2,
        county=random.choice((1.0, 1.0, 0.9)), fine=0.8 if is_rich else random.choice((0.0, 0.1)), point=0.6 if is_rich else 0.0, contact=random.choice((0.3, 0.7, 0.9)),
    )


@dataclass(slots=True)
class Writer:
    """Writes lists of the places of one group; what is true of a place (where it lies, its own number) is the same in every list of one seed."""

    random: Random
    places: Sequence[Place]
    own: dict[int, int]
    officers: dict[tuple[int, int], int]
    divisions: dict[int, int]

    @classmethod
    def of(cls, group: str, seed: int) -> Writer:
        random, found = Random(f"{group}{seed}"), places(group)
        numbers = iter(random.sample(range(1000), 1000))
        own = {place.number: next(numbers) for place in found}
        officers = {(place.number, side): next(numbers) for place in found for side in (0, 1)}
        counties: dict[str, list[int]] = {}
        for place in found:
            if place.kind.startswith("police"):
                counties.setdefault(place.county, []).append(place.number)
        divisions = {number: own[stations[at - at % DIVISION_SIZE]] for stations in counties.values() for at, number in enumerate(stations)}
        families: dict[str, int] = {}
        for place in found if group == "organisations" else ():
            shared = families.setdefault(place.family, own[place.number]) if place.family else own[place.number]
            own[place.number] = random.choice((shared, own[place.number]))
        return cls(random=random, places=found, own=own, officers=officers, divisions=divisions)

    def rows(self, side: int, written: Style) -> list[dict[str, Any]]:
        """The rows of one list; `id` is the number of the place."""
        kept = [place for place in self.places if place.names[side] != NOT_LISTED and self.random.random() < PRESENT]
        self.random.shuffle(kept)
        return [self._row(place, side, written) for place in kept]

    def _row(self, place: Place, side: int, written: Style) -> dict[str, Any]:
        name = place.names[side]
        if place.group == "police":
            name = POLICE_WORDS[written.police][place.kind].format(name)
        row: dict[str, Any] = {"id": f"P{place.number}", "name": name.upper() if written.is_capitals else name}
        if written.has_kind and place.group == "police":
            row["type"] = KIND_LABELS[place.kind]
        if place.county and self.random.random() < written.county:
            row["county"] = place.county
        if place.county and self.random.random() < written.fine:
            ward, latitude, longitude = self._site(place)
            row["ward"] = ward
            if self.random.random() < written.point:
                row |= {"latitude": round(latitude + self.random.gauss(0, 0.001), 5), "longitude": round(longitude + self.random.gauss(0, 0.001), 5)}
        if number := self._number(place, side, written):
            row["phone"] = number
        return row

    def _site(self, place: Place) -> tuple[str, float, float]:
        """Where a place lies: in the ward of its name, else in one that its name picks; what belongs together lies together."""
        choices = _wards()[_plain(place.county)]
        called = [ward for ward in choices if _plain(ward[0]) == _plain(place.names[0])]
        fixed = Random(f"{place.family or place.number}{place.county}")
        ward, latitude, longitude = called[0] if called else fixed.choice(choices)
        return ward, latitude + fixed.uniform(-0.01, 0.01), longitude + fixed.uniform(-0.01, 0.01)

    def _number(self, place: Place, side: int, written: Style) -> str:
        """The number of the place, of its officer (another in each list), of its division, or none."""
        if place.short_code:
            return place.short_code
        if self.random.random() >= written.contact:
            return ""
        kind = self.random.choice(("own", "own", "officer", "division"))
        number = self.own[place.number]
        if kind == "officer":
            number = self.officers[place.number, side]
        elif kind == "division":
            number = self.divisions.get(place.number, number)
        return f"+254700000{number:03}"


# ------------------------------------------------------------------------------------------------------------------------ judged


def _records(rows: Sequence[Mapping[str, Any]], group: str, folder: Path, name: str) -> list[Record]:
    """The rows through the project's own rooms, as a file."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"police_stations" if group == "police" else "organisations" if group == "organisations" else "services": list(rows)}), encoding="utf-8")
    detection = detect(path, path.name)
    file = SourceFile(name=path.name, sha256="", size_bytes=path.stat().st_size, path=path, kind=detection.kind, source=detection.source)
    found = [row for row in extract(file, detection) if isinstance(row, SourceRow)]
    return list(standardise(found, _knowledge(), {}).records)


@cache
def _knowledge() -> Knowledge:
    return load_knowledge(Corrections())


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Pairs of lists as columns, with the place behind each row (None: the row was not read as one)."""

    columns: MatchColumns
    truth: Sequence[Place | None]

    @classmethod
    def of(cls, groups: Sequence[str], seed: int) -> Made:
        records: list[Record] = []
        list_ids: list[int] = []
        truth: list[Place | None] = []
        with tempfile.TemporaryDirectory() as name:
            for group in groups:
                writer = Writer.of(group, seed)
                by_number = {f"P{place.number}": place for place in writer.places}
                for side in (0, 1):
                    found = _records(writer.rows(side, style(writer.random)), group, Path(name), f"{group}{side}")
                    list_ids += [len(set(list_ids))] * len(found)
                    records += found
                    truth += [by_number.get(record.source_id or "") for record in found]
        return cls(columns=MatchColumns.from_records(records, list_ids), truth=truth)

    def rows(self, pairs: Iterable[JudgedPair]) -> set[tuple[int, int]]:
        """Pairs by their rows, the lower first."""
        row = {str(key): number for number, key in enumerate(self.columns.keys)}
        numbered = ((row[pair.left_key], row[pair.right_key]) for pair in pairs)
        return {(min(pair), max(pair)) for pair in numbered}


@dataclass(slots=True)
class Tally:
    """Counts of one way of matching, over all lists of a group."""

    counts: Counter[str]
    lines: list[str]

    def take(self, found: MatchSet, truth: Sequence[Place | None], decided: Mapping[str, set[tuple[int, int]]] | None) -> None:
        """Judges the pairs of lists; `decided` says by rows what a run's stage asks and merges, else the bands do."""
        lists = found.columns.list_ids
        true = {
            (left, right) for left, one in enumerate(truth) for right, two in enumerate(truth)
            if one is not None and two is not None and one.number == two.number and lists[left] < lists[right]
        }
        chosen: dict[str, set[tuple[int, int]]] = {name: set() for name in ("accepted", "automatic", "asked")}
        for index, pair in enumerate(zip(found.left.tolist(), found.right.tolist(), strict=True)):
            rows = (min(pair), max(pair))
            if not found.is_chosen[index] or found.hard_evidence[index] > 1:
                continue
            if found.match_score[index] >= found.options.threshold:
                chosen["accepted"].add(rows)
            if found.bands[index] >= REVIEW:
                chosen["automatic" if found.bands[index] == AUTOMATIC else "asked"].add(rows)
        chosen |= decided or {}
        self._count(found, truth, true, chosen)

    def _count(self, found: MatchSet, truth: Sequence[Place | None], true: set[tuple[int, int]], chosen: Mapping[str, set[tuple[int, int]]]) -> None:
        self.counts["true"] += len(true)
        self.counts["unread"] += sum(place is None for place in truth)
        for name, pairs in chosen.items():
            self.counts[f"{name} right"] += len(pairs & true)
            self.counts[f"{name} wrong"] += len(pairs - true)
        held = chosen["automatic"] | chosen["asked"]
        self.counts["held"] += len(true & held)
        score = {(min(a, b), max(a, b)): float(value) for a, b, value in zip(found.left.tolist(), found.right.tolist(), found.match_score.tolist(), strict=True)}
        names = found.columns.names

        def told(word: str, pair: tuple[int, int]) -> str:
            one, two = truth[pair[0]], truth[pair[1]]
            return f"{word} {score.get(pair, 0):.2f} [{one.case if one else '?'}] {names[pair[0]]} ({one.county if one else ''}) / {names[pair[1]]} ({two.county if two else ''})"

        for left, right in true:
            place = truth[left]
            if place is not None:
                self.counts[f"true {place.case}"] += 1
                self.counts[f"held {place.case}"] += (left, right) in held
        self.lines += [told("missed", pair) for pair in sorted(true - held)]
        self.lines += [told("WRONG AUTOMATIC", pair) for pair in sorted(chosen["automatic"] - true)]
        self.lines += [told("wrongly accepted", pair) for pair in sorted(chosen["accepted"] - true)]
        self.lines += [told("asked for nothing", pair) for pair in sorted(chosen["asked"] - chosen["accepted"] - true)]

    def row(self) -> str:
        """A line of the table."""
        count = self.counts
        true = max(count["true"], 1)
        accepted = count["accepted right"] + count["accepted wrong"]
        asked, open_pairs = count["asked right"] + count["asked wrong"], max(count["true"] - count["automatic right"], 1)
        cells = [count["true"], f"{count['accepted right'] / true:.3f}", f"{count['accepted right'] / max(accepted, 1):.4f}", count["accepted wrong"]]
        cells += [f"{count['automatic right'] / true:.3f}", count["automatic wrong"], f"{count['held'] / true:.3f}", f"{asked / open_pairs:.2f}"]
        return " | ".join(map(str, cells))

    def cases(self) -> str:
        """Share of the true pairs of each case that are merged or asked."""
        names = sorted(name[5:] for name in self.counts if name.startswith("true "))
        return ", ".join(f"{name} {self.counts[f'held {name}'] / self.counts[f'true {name}']:.2f}" for name in names)


WAYS = ("link", "lists", "run")
HEAD = "| places | way | true pairs | found | right | wrong | merged | wrongly | merged or asked | questions for each not merged |"


def tallies(group: str, seeds: Sequence[int]) -> dict[str, Tally]:
    """Every way of matching over pairs of lists made with these seeds; all groups `TOGETHER` are lists of one run."""
    ways = ("run",) if group == TOGETHER else WAYS
    found = {way: Tally(counts=Counter(), lines=[]) for way in ways}
    for seed in seeds:
        made = Made.of(SETS if group == TOGETHER else (group,), seed)
        if "link" in found:
            found["link"].take(match(made.columns, MatchOptions(link=True)), made.truth, None)
        judged = dedupe(made.columns, MatchOptions())
        if "lists" in found:
            found["lists"].take(judged.matches, made.truth, None)
        found["run"].take(judged.matches, made.truth, {"asked": made.rows(judged.questions), "automatic": made.rows(judged.automatic)})
    return found


def report(seeds: Sequence[int], with_pairs: bool) -> Iterator[str]:
    """The table, and the cases below it."""
    yield f"{HEAD}\n| --- | --- |{' ---: |' * 8}"
    cases = []
    for group in (*SETS, TOGETHER):
        for way, tally in tallies(group, seeds).items():
            yield f"| {group} | {way} | {tally.row()} |"
            cases.append(f"{group}, {way}: {tally.cases()}")
            if with_pairs:
                cases += [f"  {times} x {line}" for line, times in Counter(tally.lines).most_common()]
    yield from ("", *cases)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching.help_places", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1,2,3,4,5,6,7,8")
    parser.add_argument("--pairs", action="store_true", help="also list what was missed and what was wrongly taken")
    options = parser.parse_args()
    for line in report([int(seed) for seed in options.seeds.split(",")], options.pairs):
        print(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
