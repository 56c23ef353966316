"""Whole dirty lists with known truth: police stations, support organisations, shelters, hotlines, legal aid and hospitals, each in a shape of its own.

Every list is made from the official places and known towns, with invented contacts, and written to a file that is read like any other.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.intake.dirt import (
    EMAIL_FORMS,
    JOINTS,
    LANDLINE_FORMS,
    MOBILE_FORMS,
    TEXT_FORMS,
    landline,
    misspelt,
    mobile,
    point_forms,
    written_landline,
    written_mobile,
)  # fmt: skip
from gvrc.model.place import Ward
from gvrc.reference.gazetteer import load_gazetteer

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is true of one row. `told` is the finest level of place that the row's own text tells beyond doubt (county, constituency, ward or
    empty); a heading is no place."""

    is_place: bool = True
    ward: Ward | None = None
    told: str = "ward"
    kind: str = ""
    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    point: tuple[float, float] | None = None
    is_county_wrong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DirtyList:
    """A list: its file name, what to write, and the truth by the row's reference (`ref`)."""

    name: str
    document: Any
    truths: dict[str, Truth] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """The list as a file: JSON, or CSV for a list of rows of cells."""
        path = folder / self.name
        if path.suffix == ".csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(self.document)
        else:
            path.write_text(json.dumps(self.document, ensure_ascii=False), encoding="utf-8")
        return path


class Maker:
    """Makes the parts of rows with one source of chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.serial = 0
        gazetteer = load_gazetteer()
        self.wards = [ward for ward in gazetteer.wards if ward.latitude is not None]
        self.by_county: dict[str, list[Ward]] = {}
        for ward in self.wards:
            self.by_county.setdefault(ward.county, []).append(ward)
        self.counties = sorted(self.by_county)

    def ref(self) -> str:
        self.serial += 1
        return f"ref-{self.serial:05d}"

    def ward(self) -> Ward:
        return self.chance.choice(self.wards)

    def pick(self, *choices: Any) -> Any:
        return self.chance.choice(choices)

    def point(self, ward: Ward) -> tuple[float, float]:
        """A point near the ward's centre, with five decimals."""
        assert ward.latitude is not None
        assert ward.longitude is not None
        return round(ward.latitude + self.chance.uniform(-0.01, 0.01), 5), round(ward.longitude + self.chance.uniform(-0.01, 0.01), 5)

    def phones(self, most: int = 3, landlines: bool = True) -> tuple[str, frozenset[str]]:
        """A contact cell with one or more numbers, and the numbers in it."""
        texts, found = [], set()
        count = self.chance.randint(1, most)
        for _ in range(count):
            number = self.chance.randint(0, 999)
            if landlines and self.chance.random() < 0.25:
                texts.append(written_landline(number, self.chance.choice(LANDLINE_FORMS)))
                found.add(landline(number))
            else:
                texts.append(written_mobile(number, self.chance.choice(MOBILE_FORMS if count == 1 else MOBILE_FORMS[:13])))
                found.add(mobile(number))
        return self.chance.choice(JOINTS[:9]).join(texts), frozenset(found)

    def email(self) -> tuple[str, frozenset[str]]:
        user = f"office{self.chance.randint(1, 999)}"
        form, is_readable = self.chance.choice(EMAIL_FORMS)
        return form.format(u=user, U=user.upper()), frozenset({f"{user}@example.org"} if is_readable else ())

    def cased(self, text: str) -> str:
        return self.pick(text, text.upper(), text.upper(), f" {text}  ", text.replace(" ", "  "), text.lower())

    def county_text(self, county: str) -> str:
        plain = county.replace("'", "").replace("-", " ")
        return str(self.pick(county, county.upper(), f"{county} County", f"{county.upper()} COUNTY", plain, plain.upper(), f"County of {county}", misspelt(county, self.chance), f" {county} ", plain.replace(" ", "-")))

    def unit_text(self, name: str, word: str) -> str:
        """A constituency or ward as lists write it."""
        plain = name.replace("'", "")
        forms = [name, name.upper(), f"{name} {word}", plain, plain.upper(), name.lower(), name.replace("/", " / "), name.replace("/", "-"), name.replace("-", " "), misspelt(name, self.chance) if len(name) > 6 else name]
        return str(self.chance.choice(forms))


POLICE_WORDS = (
    ("Police Station", "police_station"), ("P/STN", "police_station"), ("P/Station", "police_station"), ("POL. STN", "police_station"), ("Police Stn.", "police_station"), ("PS", "police_station"), ("Police Post", "police_post"),
    ("P/POST", "police_post"), ("Patrol Base", "police_post"), ("P/BASE", "police_post"), ("P/Base", "police_post"), ("Police Patrol Base", "police_post"), ("AP Post", "police_post"), ("Police Station Gender Desk", "gender_desk"), ("Gender Desk", "gender_desk"),
    ("DIV. HQTS", "police_station"), ("Divisional Police HQ", "police_station"), ("Traffic Base", "police_post"), ("Police Out Post", "police_post"),
)  # fmt: skip
HEALTH_WORDS = (
    ("Hospital", "hospital"), ("HOSP.", "hospital"), ("Sub-County Hospital", "hospital"), ("SCH", "hospital"), ("Sub County Referral Hosp", "hospital"), ("Health Centre", "health_centre"), ("H/C", "health_centre"), ("Health Center", "health_centre"), ("HC", "health_centre"),
    ("Dispensary", "dispensary"), ("Disp.", "dispensary"), ("DISPENSRY", "dispensary"), ("Disp", "dispensary"), ("Medical Clinic", "clinic"), ("Med. Clinic", "clinic"), ("Medical Centre", "medical_centre"), ("Nursing Home", "nursing_home"), ("Maternity Home", "maternity_home"), ("GBVRC", "gbv_recovery_centre"),
)  # fmt: skip
ORGANISATION_WORDS = (
    ("Women Support Group", "support_organisation"), ("CBO", "support_organisation"), ("Foundation", "support_organisation"), ("Youth Network", "support_organisation"), ("Paralegal Network", "legal_aid"), ("Legal Aid Centre", "legal_aid"),
    ("Counselling Centre", "counselling_centre"), ("Rescue Centre", "shelter"), ("Safe House", "shelter"), ("Children's Office", "government_office"), ("Community Based Organization", "support_organisation"), ("Human Rights Initiative", "support_organisation"),
)  # fmt: skip


def police_csv(seed: int, *, is_stuck: bool) -> DirtyList:
    """A table of police places with section headings between the rows; with `is_stuck` the county column says one county in every row."""
    make = Maker(seed)
    header = ["S/NO", "REF", "STATION NAME", "COUNTY", "SUB COUNTY", "WARD", "OCS MOBILE", "OFFICE LINE", "GPS", "REMARKS"]
    rows: list[list[Any]] = [["NATIONAL POLICE SERVICE"], ["LIST OF POLICE STATIONS, POSTS AND PATROL BASES"], header]
    truths: dict[str, Truth] = {}
    number = 0
    for index, county in enumerate(make.chance.sample(make.counties, 24), start=1):
        ref = make.ref()
        rows.append(["", ref, make.pick(f"{index}. {county.upper()}", county.upper(), f"{county} County", f"{index}) {county}", f"{county.upper()} COUNTY POLICE STATIONS"), *[""] * 7])
        truths[ref] = Truth(is_place=False)
        for _ in range(12):
            number += 1
            ward, ref = make.chance.choice(make.by_county[county]), make.ref()
            word, kind = make.chance.choice(POLICE_WORDS)
            phones, found = make.phones(2, landlines=False)
            office, more = make.phones(1) if make.chance.random() < 0.4 else (make.pick("", "-", "N/A", "NIL", "999"), frozenset())
            point = make.point(ward) if make.chance.random() < 0.7 else None
            told = make.pick("ward", "ward", "constituency", "name")
            remark, note = "", frozenset[str]()
            if make.chance.random() < 0.2:
                extra = make.chance.randint(0, 999)
                remark, note = f"Deputy reachable on {written_mobile(extra, make.chance.choice(TEXT_FORMS))} at night", frozenset({mobile(extra)})
            rows.append([
                number, ref, make.cased(f"{ward.ward if told != 'constituency' else ward.constituency} {word}"), "Kwale" if is_stuck else make.county_text(county), make.unit_text(ward.constituency, "Constituency") if told != "name" else "",
                make.unit_text(ward.ward, "Ward") if told == "ward" else make.pick("", "-"), phones, office, f"{point[0]}, {point[1]}" if point else make.pick("", "0,0", "N/A"), remark,
            ])  # fmt: skip
            truths[ref] = Truth(ward=ward, told=told, kind=kind, phones=found | more | note, point=point, is_county_wrong=is_stuck and county != "Kwale")
        ref = make.ref()
        rows.append(["", ref, make.pick("TOTAL", "Sub-total", f"Total {county}", "NIL", "-", "STATION NAME"), *[""] * 7])
        truths[ref] = Truth(is_place=False)
    return DirtyList(name="police_stuck.csv" if is_stuck else "police.csv", document=rows, truths=truths)


def police_json(seed: int) -> DirtyList:
    """Police places keyed by county, with objects for place and contacts, points in every form."""
    make = Maker(seed)
    truths: dict[str, Truth] = {}
    document: dict[str, Any] = {}
    for county in make.counties:
        stations = []
        for _ in range(8):
            ward, ref, point = make.chance.choice(make.by_county[county]), make.ref(), None
            word, kind = make.chance.choice(POLICE_WORDS)
            phones, found = make.phones(2)
            point = make.point(ward)
            station: Row = {"ref": ref, "station": make.cased(f"{ward.ward} {word}"), "sub_county": make.unit_text(ward.constituency, "Sub-County"), "ward": make.unit_text(ward.ward, "Ward"), "officer_in_charge": {"rank": "OCS", "phone": phones}}
            station |= point_forms(*point, make.chance)
            stations.append(station)
            truths[ref] = Truth(ward=ward, kind=kind, phones=found, point=point)
        document[make.pick(county, county.upper(), f"{county} County")] = {"stations": stations}
    return DirtyList(name="police_by_county.json", document={"meta": {"year": 2023}, "police": document}, truths=truths)


def organisations_csv(seed: int) -> DirtyList:
    """Support organisations with one free text for the place and one cell for all contacts."""
    make = Maker(seed)
    rows: list[list[Any]] = [["ref", "Name of Organization", "Physical Location", "Contacts", "Services Offered", "County"]]
    truths: dict[str, Truth] = {}
    for number in range(500):
        ref = make.ref()
        if number % 25 == 0:
            rows.append([ref, make.pick(f"{number // 25 + 1}. LEGAL AID", "SHELTERS", "Psychosocial Support", f"{make.chance.choice(make.counties).upper()}", "TOTAL", "NIL", "b) Safe Houses", "Name of Organization"), *[""] * 4])
            truths[ref] = Truth(is_place=False)
            continue
        ward = make.ward()
        word, kind = make.chance.choice(ORGANISATION_WORDS)
        phones, found = make.phones(3)
        email, mails = make.email() if make.chance.random() < 0.6 else ("", frozenset())
        located = make.pick(
            f"{ward.ward}, {ward.constituency}, {ward.county} County", f"{ward.ward} Ward, {ward.constituency} Constituency", f"Opposite the market, {ward.ward}, {ward.constituency} Sub-County, {ward.county}", f"{ward.county} - {ward.constituency} - {ward.ward}",
            f"{ward.constituency}, {ward.county}", f"{ward.ward.upper()} WARD", "",
        )  # fmt: skip
        county = "" if ", " in located and make.chance.random() < 0.5 and ward.county in located else make.county_text(ward.county)
        told = "ward" if located not in ("", f"{ward.constituency}, {ward.county}") and ward.constituency in located else "county"
        extra = make.chance.random() < 0.1
        name = f"{make.pick('Tumaini', 'Haki', 'Nuru', 'Sauti', 'Upendo', 'Amani')} {word} {ward.ward if make.chance.random() < 0.4 else ''}".strip()
        if extra:
            n = make.chance.randint(0, 999)
            name, found = f"{name} {written_mobile(n, make.chance.choice(TEXT_FORMS))}", found | {mobile(n)}
        rows.append([ref, make.cased(name), located, make.chance.choice((f"{phones}, {email}", f"{email} {phones}", f"Tel: {phones} Email: {email}", f"{phones}\n{email}")) if email else phones, make.pick("Counselling, Legal aid", "Shelter; Referral", "Psychosocial support / Legal aid", "Rescue"), county])
        truths[ref] = Truth(ward=ward, told=told, kind=kind, phones=found, emails=mails)
    return DirtyList(name="organisations.csv", document=rows, truths=truths)


def hospitals_csv(seed: int) -> DirtyList:
    """Health facilities with separate columns, old words for kinds and owners, points in two columns, some swapped or without sign."""
    make = Maker(seed)
    rows: list[list[Any]] = [["ref", "MFL Code", "Facility Name", "Type", "KEPH Level", "Owner", "County", "Constituency", "Ward", "Lat", "Long", "Phone", "E-mail", "Status"]]
    truths: dict[str, Truth] = {}
    for number in range(700):
        ward, ref = make.ward(), make.ref()
        word, kind = make.chance.choice(HEALTH_WORDS)
        phones, found = make.phones(2)
        email, mails = make.email() if make.chance.random() < 0.4 else ("", frozenset())
        point = make.point(ward)
        form = point_forms(*point, make.chance)
        lat, lon = (form["latitude"], form["longitude"]) if "latitude" in form else point
        wrong = make.chance.random() < 0.05
        county = make.chance.choice([name for name in make.counties if name != ward.county]) if wrong else ward.county
        rows.append([
            ref, 30_000 + number, make.cased(f"{ward.ward} {word}"), make.pick("", word, word.upper()), make.pick("Level 2", "LEVEL 3", "L4", "", "3"), make.pick("MOH", "Ministry of Health", "Private", "FBO", "GOK", "County Government", "Faith Based", "NGO", "Private Enterprise (Institution)"),
            make.county_text(county), make.unit_text(ward.constituency, "Constituency"), make.unit_text(ward.ward, "Ward") if make.chance.random() < 0.9 else "", lat, lon, phones, email, make.pick("Operational", "OPERATIONAL", "Functional", "Open", "Active", "Closed", "Not operational", ""),
        ])  # fmt: skip
        truths[ref] = Truth(ward=ward, kind=kind, phones=found, emails=mails, point=point, is_county_wrong=wrong)
    return DirtyList(name="hospitals.csv", document=rows, truths=truths)


def shelters_json(seed: int) -> DirtyList:
    """Shelters and hotlines, nested by region; hotlines with short codes and toll-free numbers."""
    make = Maker(seed)
    truths: dict[str, Truth] = {}
    regions: list[Row] = []
    for index in range(6):
        items = []
        for _ in range(20):
            ward, ref = make.ward(), make.ref()
            phones, found = make.phones(2)
            items.append({"ref": ref, "organisation": f"{make.pick('Amani', 'Nuru', 'Zinduka')} {make.pick('Safe House', 'Rescue Home', 'Shelter')}", "where": {"county": make.county_text(ward.county), "town": ward.ward}, "tel": phones.split(","), "visible": make.pick("yes", "Public", "confidential")})
            truths[ref] = Truth(ward=ward, told="county", kind="shelter", phones=found)
        for code in ("1195", "116", "0800 720 123"):
            ref = make.ref()
            items.append({"ref": ref, "organisation": f"GBV Helpline {index}", "where": "Nationwide", "tel": [code], "visible": "Public"})
            truths[ref] = Truth(kind="hotline", told="", phones=frozenset({"+254800720123" if "720" in code else code}))
        regions.append({"region": f"Region {index}", "list": items})
    return DirtyList(name="shelters.json", document={"data": regions}, truths=truths)


def legal_aid_geojson(seed: int) -> DirtyList:
    """Legal aid offices as GeoJSON features, a Kiswahili key here and there."""
    make = Maker(seed)
    truths: dict[str, Truth] = {}
    features = []
    for _ in range(150):
        ward, ref = make.ward(), make.ref()
        point = make.point(ward)
        phones, found = make.phones(1)
        features.append({
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [point[1], point[0]]},
            "properties": {"ref": ref, "name": make.cased(f"{ward.constituency} {make.pick('Legal Aid Clinic', 'Legal Aid Centre', 'Paralegal Office')}"), "kaunti": make.county_text(ward.county), "constituency": make.unit_text(ward.constituency, "Constituency"), "simu": phones},
        })  # fmt: skip
        truths[ref] = Truth(ward=ward, told="constituency", kind="legal_aid", phones=found, point=point)
    return DirtyList(name="legal_aid.json", document={"type": "FeatureCollection", "features": features}, truths=truths)


MAKERS: Sequence[Callable[[int], DirtyList]] = (
    lambda seed: police_csv(seed, is_stuck=False), lambda seed: police_csv(seed, is_stuck=True), police_json, organisations_csv, hospitals_csv, shelters_json, legal_aid_geojson,
)  # fmt: skip


def dirty_lists(seed: int = 2026) -> Iterator[DirtyList]:
    """Every list of this module, made anew and always the same."""
    for number, maker in enumerate(MAKERS):
        yield maker(seed + number)
