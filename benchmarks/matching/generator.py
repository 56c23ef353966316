"""Made-up lists of Kenyan places with known truth: real administrative units, invented places, corrupted copies. Seeded, so that anyone gets the same."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kenya_data
import numpy as np
import numpy.typing as npt

from gvrc.matching.columns import MatchColumns
from gvrc.settings import DATA_DIR

KINDS: tuple[tuple[str, str, float], ...] = (
    ("dispensary", "Dispensary", 22), ("clinic", "Medical Clinic", 18), ("health_centre", "Health Centre", 9), ("hospital", "Hospital", 3),
    ("hospital", "Sub County Hospital", 2), ("medical_centre", "Medical Centre", 4), ("nursing_home", "Nursing Home", 2), ("maternity_home", "Maternity Home", 1),
    ("vct_centre", "VCT Centre", 2), ("laboratory", "Laboratory", 1), ("pharmacy", "Pharmacy", 3), ("dental_clinic", "Dental Clinic", 1), ("eye_clinic", "Eye Clinic", 1),
    ("gbv_recovery_centre", "GBV Recovery Centre", 1), ("police_station", "Police Station", 6), ("police_post", "Police Post", 4), ("police_post", "Patrol Base", 2),
    ("gender_desk", "Police Gender Desk", 2), ("support_organisation", "Women Network", 3), ("support_organisation", "Community Organisation", 3),
    ("legal_aid", "Legal Aid Centre", 2), ("counselling_centre", "Counselling Centre", 2), ("shelter", "Rescue Centre", 2), ("shelter", "Safe House", 1),
    ("government_office", "Children Office", 2),
)
ABBREVIATIONS = {
    "Dispensary": ("Disp", "Disp.", "Dispensery"), "Hospital": ("Hosp", "Hosp.", "Hspt"), "Centre": ("Center", "Ctr"), "Health Centre": ("H/C", "HC"),
    "Medical": ("Med", "Med."), "Clinic": ("Clin", "Clinik"), "Police Station": ("P/Stn", "Police Stn"), "Saint": ("St", "St."), "Community": ("Comm",),
    "Laboratory": ("Lab",), "Organisation": ("Organization", "Org"),
}
_STARTS = ("k", "m", "n", "g", "b", "t", "s", "w", "l", "r", "ch", "ki", "mu", "nya", "ka", "ma", "si", "ol", "em", "i", "u", "nd", "ng")
_MIDDLES = ("a", "e", "i", "o", "u", "abu", "angi", "eru", "ito", "omo", "usi", "ang", "eny", "ithi", "uru", "aka", "ebe", "ika", "oro", "unda", "amba", "engo")
_ENDS = ("ni", "ra", "ta", "ko", "la", "go", "ri", "ti", "mo", "wa", "ya", "si", "li", "ndu", "ngi", "mba", "nga", "ro", "chi", "a", "et")
_FIRST_WORDS = ("Saint", "New", "AIC", "Kwa", "Upper", "Mama", "Good Hope", "Ebenezer")
_TITLES = ("Mary", "Peter", "Joseph", "Grace", "Hope", "Faith", "Neema", "Baraka", "Amani", "Tumaini", "Huruma", "Upendo")
_LETTERS = "abcdefghijklmnoprstuwyz"
KM_PER_DEGREE = 111.2

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeList:
    """Records with the number of the place behind each: equal numbers are one place."""

    columns: MatchColumns
    truth: Integers

    def true_pairs(self) -> set[tuple[int, int]]:
        """Every pair of rows that is one place, lower row first."""
        order = np.argsort(self.truth, kind="stable")
        found: set[tuple[int, int]] = set()
        for group in np.split(order, np.flatnonzero(np.diff(self.truth[order])) + 1):
            members = sorted(group.tolist())
            found |= {(left, right) for place, left in enumerate(members) for right in members[place + 1 :]}
        return found


@dataclass(frozen=True, slots=True)
class _Ward:
    code: str
    constituency: str
    county: str
    name: str
    latitude: float
    longitude: float


def wards() -> list[_Ward]:
    """The official wards that have a centre."""
    database = sqlite3.connect(Path(kenya_data.__file__).parent / "kenya.db")
    centres = {}
    for line in (DATA_DIR / "reference" / "ward_centres.csv").read_text(encoding="utf-8").splitlines()[1:]:
        parts = line.rsplit(",", 2)
        centres[parts[0].split(",", 1)[0]] = (float(parts[1]), float(parts[2]))
    rows = database.execute(
        "select w.code, c.code, k.code, w.name from wards w join constituencies c on c.id = w.constituency_id join counties k on k.id = c.county_id order by w.code"
    )
    return [_Ward(ward, seat, county, name, *centres[ward]) for ward, seat, county, name in rows if ward in centres]


class Maker:
    """Invents places and copies them badly."""

    def __init__(self, seed: int, copies: float = 0.2) -> None:
        self.random = np.random.default_rng(seed)
        self.copies = copies
        self.wards = wards()
        self.by_seat: dict[str, list[int]] = {}
        for number, ward in enumerate(self.wards):
            self.by_seat.setdefault(ward.constituency, []).append(number)
        self.localities = self._localities(17_000)

    def _localities(self, count: int) -> list[str]:
        found = dict.fromkeys(ward.name for ward in self.wards)
        while len(found) < count:
            parts = [self._any(_STARTS), self._any(_MIDDLES), *([self._any(_STARTS)[:1], self._any(_MIDDLES)] if self._chance(0.35) else []), self._any(_ENDS)]
            found["".join(parts).capitalize()] = None
        return list(found)

    def _any(self, choices: Any) -> Any:
        return choices[int(self.random.integers(len(choices)))]

    def _chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def make(self, count: int) -> MadeList:
        """`count` records, of which the share `copies` are corrupted copies of others."""
        originals = count - int(count * self.copies)
        rows = [self._place(number) for number in range(originals)]
        rows += [self._copied(rows[int(self.random.integers(originals))]) for _ in range(count - originals)]
        order = self.random.permutation(count)
        return _as_list([rows[number] for number in order])

    def make_two(self, count: int) -> MadeList:
        """Two lists of distinct places: the second holds copies of `copies` of the first's, and as many of its own."""
        first = [self._place(number) for number in range(count)]
        shared = self.random.permutation(count)[: int(count * self.copies)]
        second = [self._copied(first[number]) for number in shared] + [self._place(count + number) for number in range(count - len(shared))]
        return _as_list([row | {"list_ids": 0} for row in first] + [row | {"list_ids": 1} for row in second])

    def _place(self, number: int) -> dict[str, Any]:
        ward_number = int(self.random.integers(len(self.wards)))
        ward = self.wards[ward_number]
        weights = np.array([kind[2] for kind in KINDS])
        code, words, _ = KINDS[int(self.random.choice(len(KINDS), p=weights / weights.sum()))]
        phone = f"+254{self.random.integers(700_000_000, 799_999_999)}"
        return {
            "truth": number, "ward_number": ward_number, "names": f"{self._stem(ward_number)} {words}", "facility_types": code, "county_codes": ward.county,
            "constituency_codes": ward.constituency, "ward_codes": ward.code, "latitudes": ward.latitude + float(self.random.normal(0, 0.03)),
            "longitudes": ward.longitude + float(self.random.normal(0, 0.03)), "contacts": self._contacts(phone, number), "list_ids": 0,
        } | ({"latitudes": None, "longitudes": None} if self._chance(0.1) else {})

    def _stem(self, ward_number: int) -> str:
        local = self._chance(0.1)
        stem = self.localities[(ward_number * 12 + int(self.random.integers(12))) % len(self.localities)] if local else str(self._any(self.localities))
        if self._chance(0.15):
            stem = f"{self._any(_FIRST_WORDS)} {self._any(_TITLES)} {stem}" if self._chance(0.5) else f"{self._any(_FIRST_WORDS)} {stem}"
        if self._chance(0.08):
            stem = f"{self._any(_TITLES)} {stem}"
        return f"{stem} {self._any(('A', 'B', '1', '2', 'North', 'South', 'East'))}" if self._chance(0.05) else stem

    def _contacts(self, phone: str, number: int) -> tuple[str, ...]:
        if self._chance(0.25):
            return ()
        if self._chance(0.03):
            return (f"+25420{int(self.random.integers(1_000_000, 1_000_400))}",)
        return (phone, f"place{number}@example.org") if self._chance(0.25) else (phone,)

    def _copied(self, row: dict[str, Any]) -> dict[str, Any]:
        copy = dict(row)
        copy["names"] = self._corrupted(row["names"])
        self._move_ward(copy)
        self._move_point(copy)
        if self._chance(0.35):
            copy["contacts"] = () if self._chance(0.5) else self._contacts(f"+254{self.random.integers(700_000_000, 799_999_999)}", -1)
        if self._chance(0.1):
            copy["facility_types"] = ""
        return copy

    def _move_ward(self, copy: dict[str, Any]) -> None:
        chance = self.random.random()
        if chance < 0.15:
            copy["ward_codes"] = ""
            if chance < 0.04:
                copy["constituency_codes"] = ""
        elif chance < 0.22:
            copy["ward_codes"] = self.wards[self._any(self.by_seat[copy["constituency_codes"]])].code
        elif chance < 0.25:
            copy["ward_codes"], copy["constituency_codes"] = self._other_seat(copy["county_codes"])

    def _other_seat(self, county: str) -> tuple[str, str]:
        seats = [ward for ward in self.wards if ward.county == county]
        chosen = self._any(seats)
        return chosen.code, chosen.constituency

    def _move_point(self, copy: dict[str, Any]) -> None:
        chance = self.random.random()
        if copy["latitudes"] is None:
            return
        if chance < 0.2:
            copy["latitudes"] = copy["longitudes"] = None
            return
        km = 0.13 if chance < 0.65 else (1.0 if chance < 0.88 else (5.0 if chance < 0.97 else 30.0))
        turn = float(self.random.random()) * 2 * np.pi
        far = km * float(np.abs(self.random.normal(1, 0.4))) / KM_PER_DEGREE
        copy["latitudes"] += far * np.sin(turn)
        copy["longitudes"] += far * np.cos(turn)

    def _corrupted(self, name: str) -> str:
        chance = self.random.random()
        if chance < 0.15:
            return name
        if chance < 0.45:
            name = self._typo(name)
        if 0.35 < chance < 0.75:
            name = self._abbreviated(name)
        words = name.split()
        if chance > 0.75 and len(words) > 1:
            place = int(self.random.integers(len(words) - 1))
            if chance < 0.87:
                words[place], words[place + 1] = words[place + 1], words[place]
            elif len(words) > 2 or chance > 0.97:
                words.pop(place if len(words) > 3 else -1)
        name = " ".join(words)
        return name.upper() if self._chance(0.1) else (self._typo(name) if self._chance(0.1) else name)

    def _typo(self, name: str) -> str:
        place = int(self.random.integers(len(name)))
        letter = str(self._any(_LETTERS))
        kind = int(self.random.integers(4))
        if kind == 0:
            return name[:place] + letter + name[place:]
        if kind == 1:
            return name[:place] + name[place + 1 :]
        if kind == 2:
            return name[:place] + letter + name[place + 1 :]
        return name[:place] + name[place + 1 : place + 2] + name[place : place + 1] + name[place + 2 :]

    def _abbreviated(self, name: str) -> str:
        for words, short in ABBREVIATIONS.items():
            if words in name and self._chance(0.7):
                name = name.replace(words, str(self._any(short)))
        return name


def _as_list(rows: list[dict[str, Any]]) -> MadeList:
    plain = {name: [row[name] for row in rows] for name in rows[0] if name not in ("truth", "ward_number")}
    columns = MatchColumns.from_plain([f"r{number}" for number in range(len(rows))], plain.pop("names"), plain.pop("list_ids"), **plain)
    return MadeList(columns=columns, truth=np.array([row["truth"] for row in rows], dtype=np.int64))
